import { css } from '@emotion/css';
import { ThemeContext, type GrafanaTheme2 } from '@grafana/data';
import { locationService, LocationServiceProvider } from '@grafana/runtime';
import { GlobalStyles, PortalContainer, useStyles2 } from '@grafana/ui';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'react-router-dom';
import { AccessPage } from '../access/AccessPage';
import { type DashboardEntry, fetchStatus, type Status } from '../api';
import { BacktestPage } from '../backtest/BacktestPage';
import { CasesPage } from '../cases/CasesPage';
import { type ColourMode, type Language, msg, setLanguage, storeColours } from '../language';
import { may, type Me, type Page } from '../me';
import { MoneyPage } from '../money/MoneyPage';
import { Board } from './Board';
import { FlowDrawer } from './FlowDrawer';
import { Header } from './Header';
import { followInnerLinks, go, placeOf, SharedRouter } from './router';
import { useLoaded } from './useLoaded';
import { ViolationDrawer } from './ViolationDrawer';

const statusEveryMs = 30_000;

export interface AppProps {
  theme: GrafanaTheme2;
  mode: ColourMode;
  zone: string;
  boards: DashboardEntry[];
  status?: Status;
  me: Me;
}

export function App(props: AppProps) {
  return (
    <SharedRouter>
      <LocationServiceProvider service={locationService}>
        <ThemeContext.Provider value={props.theme}>
          <GlobalStyles />
          <Shell {...props} />
          <PortalContainer />
        </ThemeContext.Provider>
      </LocationServiceProvider>
    </SharedRouter>
  );
}

/** Formats, texts and colours are set when the page starts, so a change of either loads it again; the URL keeps the rest. */
function restart(): void {
  const url = new URL(window.location.href);
  url.searchParams.delete('lang');
  window.location.replace(url);
}

function changeLanguage(language: Language): void {
  setLanguage(language, window.localStorage);
  restart();
}

function changeMode(mode: ColourMode): void {
  storeColours(mode, window.localStorage);
  restart();
}

function Shell({ boards, mode, zone, status: first, me }: AppProps) {
  const styles = useStyles2(getStyles);
  const { pathname, search } = useLocation();
  const status = useLoaded('status', fetchStatus, statusEveryMs).value ?? first;
  // Who only follows up who read what has no dashboards.
  const asked = placeOf(pathname);
  const place = asked.kind === 'board' && !asked.uid && boards.length === 0 && may(me, 'access') ? ({ kind: 'access' } as const) : asked;
  const behind = useRef<string>(undefined);
  if (place.kind === 'board') {
    behind.current = place.uid ?? boards[0]?.uid;
  } else if (place.kind === 'violation') {
    behind.current ??= 'violations';
  } else if (place.kind === 'flow') {
    behind.current ??= boards[0]?.uid;
  }
  useEffect(() => {
    document.addEventListener('click', followInnerLinks);
    return () => document.removeEventListener('click', followInnerLinks);
  }, []);
  const back = () => {
    // Escape may reach both the drawer and us; one step back is enough.
    if (['violation', 'flow'].includes(placeOf(locationService.getLocation().pathname).kind)) {
      go(`/d/${encodeURIComponent(behind.current ?? '')}`);
    }
  };
  const uid = behind.current;
  const closed = ['backtest', 'cases', 'money', 'flow', 'access'].includes(place.kind) && !may(me, place.kind as Page);
  return (
    <div className={styles.shell}>
      <Header boards={boards} current={['backtest', 'cases', 'money', 'access'].includes(place.kind) ? place.kind : place.kind === 'unknown' ? undefined : uid} search={search} status={status} zone={zone} mode={mode} me={me} onLanguage={changeLanguage} onMode={changeMode} />
      {closed ? (
        <div className={styles.middle}>
          <p>{msg('notForYou')}</p>
          <Link to="/">{msg('toStart')}</Link>
        </div>
      ) : place.kind === 'backtest' ? (
        <BacktestPage />
      ) : place.kind === 'access' ? (
        <AccessPage zone={zone} />
      ) : place.kind === 'money' ? (
        <MoneyPage />
      ) : place.kind === 'cases' ? (
        <CasesPage id={place.id} zone={zone} />
      ) : place.kind === 'unknown' || !uid ? (
        <div className={styles.middle}>
          <p>{msg('notFound')}</p>
          <Link to="/">{msg('toStart')}</Link>
        </div>
      ) : (
        <Board key={uid} uid={uid} zone={zone} />
      )}
      {place.kind === 'violation' && <ViolationDrawer id={place.id} zone={zone} onClose={back} />}
      {place.kind === 'flow' && !closed && <FlowDrawer status={status} zone={zone} onClose={back} />}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  shell: css({ minHeight: '100vh', background: theme.colors.background.canvas, color: theme.colors.text.primary, fontSize: 14 }),
  middle: css({ padding: '15vh 16px', textAlign: 'center', a: { color: theme.colors.text.link, textDecoration: 'underline' } }),
});
