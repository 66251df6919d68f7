import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import type { DashboardEntry } from '../api';
import { language, msg } from '../language';
import { may, type Me } from '../me';

export function titleOf(board: DashboardEntry): string {
  return (language() === 'sv' && board.titleSv) || board.title;
}

export interface Tab {
  key: string;
  title: string;
  path: string;
}

export interface NavGroup {
  key: string;
  title: string;
  tabs: Tab[];
}

/** Pages of the console that are no dashboards, and the group each stands in. */
const pages: Array<{ key: 'cases' | 'money' | 'backtest' | 'access'; group: string }> = [
  { key: 'money', group: 'money' },
  { key: 'cases', group: 'rules' },
  { key: 'backtest', group: 'rules' },
  { key: 'access', group: 'data' },
];

const titles: Record<string, string> = { start: 'groupStart', money: 'groupMoney', usage: 'groupUsage', goals: 'groupGoals', rules: 'groupRules', data: 'groupData' };

/**
 * The dashboards by what they are about, in the order of the server. A dashboard without a group
 * stands by itself, and so does a page whose group is not there.
 */
export function navGroups(boards: DashboardEntry[], me?: Me): NavGroup[] {
  const groups: NavGroup[] = [];
  const put = (group: string | undefined, tab: Tab) => {
    const title = group ? titles[group] : undefined;
    const found = title ? groups.find((one) => one.key === group) : undefined;
    if (found) {
      found.tabs.push(tab);
    } else {
      groups.push({ key: title ? group! : tab.key, title: title ? msg(title as never) : tab.title, tabs: [tab] });
    }
  };
  for (const board of boards) {
    put(board.group, { key: board.uid, title: titleOf(board), path: `/d/${encodeURIComponent(board.uid)}` });
  }
  for (const page of pages.filter((one) => may(me, one.key))) {
    put(groups.some((one) => one.key === page.group) ? page.group : undefined, { key: page.key, title: msg(page.key), path: `/${page.key}` });
  }
  return groups;
}

export interface NavProps {
  boards: DashboardEntry[];
  current?: string;
  search: string;
  me?: Me;
}

/** One line with the groups, and under it one with what the present group holds: both are plain links. */
export function Nav({ boards, current, search, me }: NavProps) {
  const styles = useStyles2(getStyles);
  const groups = navGroups(boards, me);
  const open = groups.find((group) => group.tabs.some((tab) => tab.key === current));
  return (
    <>
      <nav className={styles.groups} aria-label={msg('navLabel')}>
        {groups.map((group) => (
          <Link key={group.key} to={{ pathname: group.tabs[0]!.path, search }} className={styles.tab} aria-current={group === open ? (group.tabs.length > 1 ? 'true' : 'page') : undefined}>
            {group.title}
          </Link>
        ))}
      </nav>
      {open && open.tabs.length > 1 && (
        <nav className={styles.tabs} aria-label={open.title}>
          {open.tabs.map((tab) => (
            <Link key={tab.key} to={{ pathname: tab.path, search }} className={styles.small} aria-current={tab.key === current ? 'page' : undefined}>
              {tab.title}
            </Link>
          ))}
        </nav>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const line = { scrollbarWidth: 'thin' as const, overflowX: 'auto' as const, borderTop: `1px solid ${theme.colors.border.weak}`, margin: '0 -16px', padding: '0 4px' };
  const link = {
    display: 'flex',
    alignItems: 'center',
    color: theme.colors.text.secondary,
    whiteSpace: 'nowrap' as const,
    '&:hover': { color: theme.colors.text.primary, background: theme.colors.action.hover },
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: -2 },
  };
  return {
    groups: css({ display: 'flex', alignSelf: 'stretch', flex: 'none', '@media (max-width: 1100px)': { ...line, order: 3, flex: '0 0 calc(100% + 32px)', minHeight: 40 } }),
    tabs: css({ ...line, display: 'flex', order: 4, flex: '0 0 calc(100% + 32px)', minHeight: 36, padding: '0 8px', background: theme.colors.background.canvas }),
    tab: css({
      ...link,
      padding: '0 12px',
      fontWeight: 500,
      borderBottom: '3px solid transparent',
      borderTop: '3px solid transparent',
      '&[aria-current]': { color: theme.colors.text.primary, borderBottomColor: theme.colors.primary.main, fontWeight: 600 },
    }),
    small: css({
      ...link,
      padding: '0 10px',
      fontSize: 13,
      borderBottom: '2px solid transparent',
      borderTop: '2px solid transparent',
      '&[aria-current]': { color: theme.colors.text.primary, borderBottomColor: theme.colors.primary.main, fontWeight: 600 },
    }),
  };
};
