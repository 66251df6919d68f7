import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^moment$/, replacement: here('node_modules/moment/moment.js') },
      // Names only an ES module entry, which Vitest's resolver does not look for.
      { find: /^uwrap$/, replacement: here('node_modules/uwrap/dist/uWrap.mjs') },
    ],
  },
  test: {
    include: ['test/*.test.ts'],
    environment: 'happy-dom',
    setupFiles: ['test/setup.ts'],
    // Grafana's packages are ES modules that Node alone cannot load.
    server: { deps: { inline: [/@grafana/, /moment/, /uplot/, /rc-/, /react-/, /ol\b/] } },
  },
});
