import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';

/** One column: its heading and what stands in it. */
export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  number?: boolean;
}

interface Props<T> {
  rows: T[];
  columns: Array<Column<T>>;
  rowKey: (row: T, index: number) => string;
  empty: string;
}

/** A plain table for the drawers; wide ones scroll sideways on small screens. */
export function DataTable<T>({ rows, columns, rowKey, empty }: Props<T>) {
  const styles = useStyles2(getStyles);
  if (rows.length === 0) {
    return <p className={styles.empty}>{empty}</p>;
  }
  return (
    <div className={styles.scroll} tabIndex={0} role="group">
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={cx(column.number && styles.number)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={rowKey(row, i)}>
              {columns.map((column) => (
                <td key={column.title} className={cx(column.number && styles.number)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ overflowX: 'auto' }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    fontSize: 13,
    'th, td': { padding: '6px 12px 6px 0', textAlign: 'left', verticalAlign: 'top', borderBottom: `1px solid ${theme.colors.border.weak}` },
    'th:last-child, td:last-child': { paddingRight: 0 },
    th: { fontSize: 12, fontWeight: 600, color: theme.colors.text.secondary, whiteSpace: 'nowrap' },
  }),
  number: css({ '&&': { textAlign: 'right', whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' } }),
  empty: css({ color: theme.colors.text.secondary }),
});
