import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';

/** The state of a case; what nobody has begun with stands out. */
export function Badge({ kind, children }: { kind: string; children: ReactNode }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.badge} data-kind={kind}>
      {children}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  badge: css({
    display: 'inline-block',
    fontSize: 12,
    fontWeight: 600,
    padding: '1px 9px',
    borderRadius: 10,
    whiteSpace: 'nowrap',
    border: `1px solid ${theme.colors.border.medium}`,
    color: theme.colors.text.primary,
    '&[data-kind="open"], &[data-kind="candidate"]': { background: theme.isLight ? '#fbe6d8' : '#56290d', borderColor: 'transparent' },
    '&[data-kind="acknowledged"], &[data-kind="explained"]': { background: theme.isLight ? '#e2f0f8' : '#17384a', borderColor: 'transparent' },
    '&[data-kind="retracted"]': { color: theme.colors.text.secondary },
  }),
});
