import './page.css';
import { fieldReducers } from '@grafana/data';
import { config } from '@grafana/runtime';
import { initPluginTranslations } from '@grafana/i18n';
import { loadResources } from '@grafana/scenes';
import i18next from 'i18next';
import { createRoot } from 'react-dom/client';
import { fetchDashboards, fetchStatus, RequestError, toLogin } from './api';
import { installDates } from './dates';
import { installUnits } from './format';
import { loadFonts } from './fonts';
import { grafanaEn, grafanaSv, nested } from './grafana.sv';
import { language, msg, storedColours } from './language';
import { fetchMe } from './me';
import { installServices } from './services';
import { App } from './shell/App';
import { makeTheme } from './theme';

const namespace = 'grafana-scenes';
const defaultZone = 'Europe/Stockholm';

/** Texts inside Grafana's components: their own Swedish for scenes, ours for the rest. */
async function loadTexts(): Promise<void> {
  const tag = language() === 'sv' ? 'sv-SE' : 'en-US';
  config.bootData.user.language = tag;
  // Set up before Grafana's libraries do it themselves, which would fix the language to English.
  await i18next.init({
    lng: tag,
    fallbackLng: 'en-US',
    returnEmptyString: false,
    resources: { [tag]: { [namespace]: nested(tag === 'sv-SE' ? grafanaSv : grafanaEn) } },
  });
  await initPluginTranslations(namespace, [loadResources]);
}

/** The words of table footers and legends. */
function nameReducers(): void {
  for (const id of ['sum', 'mean', 'max', 'min', 'last', 'lastNotNull'] as const) {
    fieldReducers.get(id).name = msg(`reducer_${id}`);
  }
}

async function start(): Promise<void> {
  document.documentElement.lang = language();
  const mode = storedColours(window.localStorage);
  const theme = makeTheme(mode);
  document.documentElement.style.background = theme.colors.background.canvas;
  document.documentElement.style.colorScheme = mode;
  installDates();
  installUnits();
  nameReducers();
  const [me, status, boards] = await Promise.all([fetchMe(), fetchStatus().catch(() => undefined), fetchDashboards(), loadTexts(), loadFonts()]);
  const zone = status?.zone || defaultZone;
  installServices(theme, zone);
  createRoot(document.getElementById('root')!).render(<App theme={theme} mode={mode} zone={zone} boards={boards} status={status} me={me} />);
}

start().catch((error: Error) => {
  if (error instanceof RequestError && [401, 403].includes(error.status)) {
    toLogin(); // says what is wrong, in a page that needs no rights
    return;
  }
  const root = document.getElementById('root')!;
  root.textContent = `${msg('loadFailed')}: ${error.message}`;
  root.setAttribute('role', 'alert');
  root.className = 'failed';
});
