import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { fileHref, type MoneySection, type MoneyTable } from './api';

/** A section: its figures, notices, tables and the files it offers. */
export function Section({ section, month }: { section: MoneySection; month: string }) {
  const styles = useStyles2(getStyles);
  return (
    <>
      <div className={styles.head}>
        <h2 className={styles.title}>{section.title}</h2>
        {section.files && section.files.length > 0 && (
          <ul className={styles.files}>
            {section.files.map((file) => (
              <li key={file.id}>
                <a href={fileHref(file.id, month)} download>
                  {file.title}
                </a>
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className={styles.intro}>{section.intro}</p>
      {section.figures && section.figures.length > 0 && (
        <dl className={styles.figures}>
          {section.figures.map((figure) => (
            <div key={figure.label} className={cx(figure.bad && styles.bad)}>
              <dt>{figure.label}</dt>
              <dd>{figure.value}</dd>
              {figure.note && <dd className={styles.note}>{figure.note}</dd>}
            </div>
          ))}
        </dl>
      )}
      {section.notices && section.notices.length > 0 && (
        <ul className={styles.notices}>
          {section.notices.map((notice) => (
            <li key={notice}>{notice}</li>
          ))}
        </ul>
      )}
      <div className={styles.tables}>{section.tables?.map((table) => <Table key={table.id} table={table} month={month} />)}</div>
    </>
  );
}

function Table({ table, month }: { table: MoneyTable; month: string }) {
  const styles = useStyles2(getStyles);
  const rows = table.rows ?? [];
  if (rows.length === 0) {
    return (
      <div>
        <h3 className={styles.caption}>{table.title}</h3>
        <p className={styles.empty}>{table.empty}</p>
      </div>
    );
  }
  const cells = (row: string[], link?: string) =>
    table.columns.map((column, i) => {
      const className = cx(column.number && styles.number);
      return i === 0 ? (
        <th key={i} scope="row" className={className}>
          {link ? (
            <a href={fileHref(link, month)} download>
              {row[i]}
            </a>
          ) : (
            row[i]
          )}
        </th>
      ) : (
        <td key={i} className={className}>
          {row[i]}
        </td>
      );
    });
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={table.title}>
      <table className={styles.table} data-testid={`table-${table.id}`}>
        <caption>{table.title}</caption>
        <thead>
          <tr>
            {table.columns.map((column, i) => (
              <th key={i} scope="col" className={cx(column.number && styles.number)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>{cells(row, table.links?.[i])}</tr>
          ))}
        </tbody>
        {table.total && (
          <tfoot>
            <tr>{cells(table.total)}</tr>
          </tfoot>
        )}
      </table>
      {table.more && <p className={styles.empty}>{table.more}</p>}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  head: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', gap: '4px 20px' }),
  title: css({ fontSize: 16, fontWeight: 600, margin: 0 }),
  intro: css({ color: theme.colors.text.secondary, maxWidth: '100ch', margin: '4px 0 10px' }),
  files: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: 14,
    listStyle: 'none',
    marginLeft: 'auto',
    a: { color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' }, '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 2 } },
  }),
  figures: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: '10px 32px',
    margin: '0 0 12px',
    '& > div': { minWidth: 120 },
    dt: { fontSize: 12, fontWeight: 500, color: theme.colors.text.secondary },
    dd: { margin: 0, fontSize: 20, fontWeight: 600, fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  }),
  bad: css({ borderLeft: `3px solid ${theme.colors.warning.main}`, paddingLeft: 9 }),
  note: css({ '&&': { fontSize: 12, fontWeight: 400, color: theme.colors.text.secondary, whiteSpace: 'normal' } }),
  notices: css({ borderLeft: `4px solid ${theme.colors.warning.main}`, padding: '2px 12px', margin: '0 0 12px', listStyle: 'none', li: { margin: '4px 0' } }),
  tables: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'start', columnGap: 48 }),
  scroll: css({ overflowX: 'auto', maxWidth: '100%', marginTop: 12, '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 2 } }),
  caption: css({ fontSize: 13, fontWeight: 600, margin: '12px 0 0' }),
  table: css({
    borderCollapse: 'collapse',
    fontSize: 13,
    minWidth: 'min(100%, 480px)',
    a: { color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' } },
    caption: { captionSide: 'top', textAlign: 'left', fontWeight: 600, padding: '0 0 4px', whiteSpace: 'nowrap' },
    'th, td': { padding: '5px 20px 5px 0', textAlign: 'left', verticalAlign: 'top', borderBottom: `1px solid ${theme.colors.border.weak}`, fontWeight: 400 },
    'thead th': { fontSize: 12, fontWeight: 600, color: theme.colors.text.secondary, whiteSpace: 'nowrap' },
    'tfoot th, tfoot td': { fontWeight: 600, borderBottom: 0, borderTop: `1px solid ${theme.colors.border.strong}` },
    'th:last-child, td:last-child': { paddingRight: 0 },
  }),
  number: css({ '&&': { textAlign: 'right', whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' } }),
  empty: css({ color: theme.colors.text.secondary, margin: '4px 0' }),
});
