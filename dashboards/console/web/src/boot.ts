import { chooseLanguage, msg } from './language';

/**
 * What @grafana/runtime expects to find on the page before it is evaluated.
 * This module must run before anything of Grafana's is imported (see main.ts).
 */
declare global {
  interface Window {
    __grafana_public_path__?: string;
    grafanaBootData?: unknown;
    linesmanAllText?: string;
    __zod_globalConfig?: { jitless: boolean };
  }
}

chooseLanguage(window.location.search, window.localStorage);
// The schema library would otherwise try to compile code, which our content security policy forbids.
window.__zod_globalConfig = { jitless: true };
window.linesmanAllText = msg('allOptions');
window.__grafana_public_path__ = '/public/';
window.grafanaBootData = {
  settings: { buildInfo: { version: '13.2.2' }, featureToggles: {}, panels: {}, datasources: {}, apps: {} },
  user: { locale: 'sv-SE', language: 'sv-SE', timezone: 'Europe/Stockholm' },
  navTree: [],
};
