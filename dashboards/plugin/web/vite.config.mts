import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

// What Grafana gives a plugin at run time; bundling it would bring a second copy.
const external = ['react', '@grafana/data', '@grafana/runtime', '@grafana/ui', 'rxjs'];

export default defineConfig({
  oxc: { jsx: { runtime: 'classic' } },
  build: {
    outDir: fileURLToPath(new URL('dist', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: fileURLToPath(new URL('src/module.ts', import.meta.url)), formats: ['umd'], name: 'linesman', fileName: () => 'module.js' },
    rolldownOptions: { external, output: { globals: Object.fromEntries(external.map((name) => [name, name])) } },
  },
});
