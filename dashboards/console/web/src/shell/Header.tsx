import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import type { DashboardEntry, Status } from '../api';
import { formatDateTime } from '../dates';
import { formatNumber } from '../format';
import { type ColourMode, language, type Language, msg } from '../language';
import { logout, may, type Me, nameOf, rolesOf } from '../me';
import { Flag } from './Flag';
import { Nav } from './Nav';

export interface HeaderProps {
  boards: DashboardEntry[];
  current?: string;
  search: string;
  status?: Status;
  zone: string;
  mode: ColourMode;
  me?: Me;
  onLanguage: (language: Language) => void;
  onMode: (mode: ColourMode) => void;
}

/** Product, organisation, the dashboards, how fresh the data are, language and colours. */
export function Header({ boards, current, search, status, zone, mode, me, onLanguage, onMode }: HeaderProps) {
  const styles = useStyles2(getStyles);
  return (
    <header className={styles.header}>
      <div className={styles.brand}>
        <Flag />
        <div>
          <div className={styles.product}>{msg('product')}</div>
          <div className={styles.organisation}>{status?.organisation ?? '\u00a0'}</div>
        </div>
        {status?.demo && <span className={styles.demo}>{msg('demo')}</span>}
      </div>
      <Nav boards={boards} current={current} search={search} me={me} />
      <div className={styles.end}>
        <Freshness status={status} zone={zone} search={search} open={may(me, 'flow')} />
        <div className={styles.languages} role="group" aria-label={msg('language')}>
          {(['sv', 'en'] as const).map((one) => (
            <button key={one} type="button" className={styles.small} aria-pressed={language() === one} lang={one} title={one === 'sv' ? 'Svenska' : 'English'} onClick={() => onLanguage(one)}>
              {one.toUpperCase()}
            </button>
          ))}
        </div>
        <button
          type="button"
          className={styles.small}
          aria-label={msg(mode === 'light' ? 'switchToDark' : 'switchToLight')}
          title={msg(mode === 'light' ? 'switchToDark' : 'switchToLight')}
          onClick={() => onMode(mode === 'light' ? 'dark' : 'light')}
        >
          <ModeIcon mode={mode} />
        </button>
        {me && <Who me={me} />}
      </div>
    </header>
  );
}

/** Who is logged in, and the way out. */
function Who({ me }: { me: Me }) {
  const styles = useStyles2(getStyles);
  const name = nameOf(me);
  return (
    <div className={styles.who} role="group" aria-label={msg('loggedIn')} data-testid="who">
      <span className={styles.name} title={[name, rolesOf(me)].filter(Boolean).join(': ')}>
        {name}
      </span>
      {me.logout && (
        <button type="button" className={styles.small} aria-label={`${msg('logout')}: ${name}`} title={`${msg('logout')}: ${name}`} onClick={() => void logout()}>
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" fill="none">
            <path d="M9.5 2.5H3.5v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5" />
          </svg>
        </button>
      )}
    </div>
  );
}

function ModeIcon({ mode }: { mode: ColourMode }) {
  return mode === 'light' ? (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M13.5 10.2A6 6 0 0 1 5.8 2.5a6 6 0 1 0 7.7 7.7z" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  ) : (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" fill="none">
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />
    </svg>
  );
}

/** One line that says how far the data reach and whether every stage works; a click shows the flow. */
function Freshness({ status, zone, search, open }: { status?: Status; zone: string; search: string; open: boolean }) {
  const styles = useStyles2(getStyles);
  if (!status) {
    return (
      <span className={styles.fresh}>
        <Icon name="question-circle" /> {msg('statusUnknown')}
      </span>
    );
  }
  const until = status.lastEventAt ? `${msg('dataUntil')} ${formatDateTime(status.lastEventAt, zone)}` : msg('noDataYet');
  const state = msg(status.healthy ? 'allWell' : 'notWell');
  const said = (
    <>
      {status.healthy ? <Icon name="check-circle" className={styles.good} aria-label={state} /> : <Icon name="exclamation-triangle" className={styles.bad} aria-label={state} />}
      <span className={styles.until}>{until}</span>
      <span className={styles.counts}>
        {formatNumber(status.files.done, 0)} {msg('files')}
        {status.files.failed > 0 && ` (${formatNumber(status.files.failed, 0)} ${msg('failedFiles')})`} · {formatNumber(status.rows, 0)} {msg('rows')}
      </span>
    </>
  );
  return open ? (
    <Link to={{ pathname: '/flow', search }} className={styles.fresh} title={`${state}. ${msg('flowTitle')}`} data-testid="freshness">
      {said}
    </Link>
  ) : (
    <span className={styles.fresh} title={state} data-testid="freshness">
      {said}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    columnGap: 20,
    padding: '0 16px',
    minHeight: 56,
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  brand: css({ display: 'flex', alignItems: 'center', gap: 10, height: 56, flex: 'none' }),
  product: css({ fontWeight: 600, fontSize: 16, lineHeight: 1.15, letterSpacing: '-0.01em' }),
  organisation: css({ fontSize: 12, lineHeight: 1.2, color: theme.colors.text.secondary, whiteSpace: 'nowrap' }),
  demo: css({
    fontSize: 11,
    fontWeight: 600,
    padding: '2px 7px',
    borderRadius: 10,
    background: theme.isLight ? '#fdf0d6' : '#4a3a16',
    color: theme.isLight ? '#6b4900' : '#f7d88d',
    whiteSpace: 'nowrap',
  }),
  end: css({ display: 'flex', alignItems: 'center', gap: 12, marginLeft: 'auto', height: 56, minWidth: 0 }),
  fresh: css({
    display: 'flex',
    alignItems: 'center',
    gap: 7,
    fontSize: 12,
    color: theme.colors.text.secondary,
    minWidth: 0,
    padding: '4px 8px',
    borderRadius: 6,
    whiteSpace: 'nowrap',
    'a&:hover': { background: theme.colors.action.hover, color: theme.colors.text.primary },
  }),
  until: css({ color: theme.colors.text.primary }),
  counts: css({ '@media (max-width: 1500px)': { display: 'none' } }),
  good: css({ color: theme.colors.success.text, flex: 'none' }),
  bad: css({ color: theme.colors.warning.text, flex: 'none' }),
  languages: css({ display: 'flex' }),
  who: css({ display: 'flex', alignItems: 'center', minWidth: 0 }),
  name: css({ fontSize: 12, maxWidth: 160, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', color: theme.colors.text.secondary, '@media (max-width: 1300px)': { display: 'none' } }),
  small: css({
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'center',
    minWidth: 30,
    height: 28,
    padding: '0 7px',
    border: 0,
    borderRadius: 5,
    background: 'none',
    color: theme.colors.text.secondary,
    fontSize: 12,
    fontWeight: 500,
    cursor: 'pointer',
    '&:hover': { background: theme.colors.action.hover },
    '&[aria-pressed="true"]': { color: theme.colors.text.primary, background: theme.colors.background.secondary, fontWeight: 600 },
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` },
  }),
});
