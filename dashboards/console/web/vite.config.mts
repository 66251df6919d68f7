import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const outDir = here('../dist');

/** The fonts Grafana's style sheet asks for, and the package files that are those fonts. */
const fonts: Record<string, string> = {
  'inter/Inter-Regular.woff2': '@fontsource/inter/files/inter-latin-400-normal.woff2',
  'inter/Inter-Medium.woff2': '@fontsource/inter/files/inter-latin-500-normal.woff2',
  'inter/Inter-SemiBold.woff2': '@fontsource/inter/files/inter-latin-600-normal.woff2',
  'inter/Inter-Italic.woff2': '@fontsource/inter/files/inter-latin-400-italic.woff2',
  'inter/Inter-MediumItalic.woff2': '@fontsource/inter/files/inter-latin-500-italic.woff2',
  'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};

function copyIcons(): void {
  const from = here('node_modules/@grafana/ui/dist/public/img/icons');
  for (const folder of readdirSync(from)) {
    const to = `${outDir}/public/build/img/icons/${folder}`;
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(`${from}/${folder}`)) {
      // Ours (public/) win: they stand in for icons the package uses but does not ship.
      if (!existsSync(`${to}/${name}`)) {
        cpSync(`${from}/${folder}/${name}`, `${to}/${name}`, { recursive: true });
      }
    }
  }
}

/** Copies the icons and fonts that @grafana/ui fetches at run time, and puts back the placeholder git keeps. */
function assets(): Plugin {
  return {
    name: 'linesman-assets',
    apply: 'build',
    closeBundle() {
      copyIcons();
      for (const [name, source] of Object.entries(fonts)) {
        mkdirSync(`${outDir}/public/fonts/${name.split('/')[0]}`, { recursive: true });
        copyFileSync(here(`node_modules/${source}`), `${outDir}/public/fonts/${name}`);
      }
      writeFileSync(`${outDir}/.gitkeep`, '');
    },
  };
}

/** Texts that Grafana's libraries hold as constants and offer no translation for. */
const wording = [
  {
    file: '@grafana/scenes/dist/esm/variables/constants.js',
    from: 'const ALL_VARIABLE_TEXT = "All";',
    to: 'const ALL_VARIABLE_TEXT = globalThis.linesmanAllText ?? "All";',
  },
  { file: '@grafana/data/dist/esm/datetime/rangeutil.mjs', from: '" to "', to: '" – "' },
];

/** Puts our wording in place of those constants; stops the build when a new version has moved them. */
function words(): Plugin {
  return {
    name: 'linesman-words',
    transform(code, id) {
      const found = wording.find((one) => id.replaceAll('\\', '/').split('?')[0]!.endsWith(one.file));
      if (!found) {
        return undefined;
      }
      if (!code.includes(found.from)) {
        this.error(`${found.file} no longer holds ${found.from}`);
      }
      return { code: code.replaceAll(found.from, found.to), map: null };
    },
  };
}

const nothing = here('src/nothing.ts');

export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'globalThis' },
  resolve: {
    alias: [
      // One copy of moment: its locales extend the CommonJS one.
      { find: /^moment$/, replacement: here('node_modules/moment/moment.js') },
      // Editors and maps that no dashboard of ours shows.
      { find: /^monaco-editor(\/.*)?$/, replacement: nothing },
      { find: /^@monaco-editor\/react$/, replacement: nothing },
    ],
    dedupe: ['react', 'react-dom', 'rxjs', '@grafana/data', '@grafana/ui', '@grafana/runtime', '@emotion/css'],
  },
  build: {
    outDir,
    emptyOutDir: true,
    chunkSizeWarningLimit: 10000,
    target: 'es2022',
    rolldownOptions: { checks: { moduleLevelDirective: false } as never },
  },
  plugins: [words(), assets()],
  server: { proxy: { '/api': 'http://127.0.0.1:8099', '/public': 'http://127.0.0.1:8099' } },
});
