import { css } from '@emotion/css';
import { type DataFrameJSON, dataFrameFromJSON, FieldType, type GrafanaTheme2 } from '@grafana/data';
import { LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect } from 'react';
import { request } from '../api';
import { formatDateTime } from '../dates';
import { formatNumber } from '../format';
import { language, msg } from '../language';
import { DataTable } from '../shell/DataTable';
import { useLoaded } from '../shell/useLoaded';

const days = 90;

interface Log {
  columns: Array<{ title: string; time: boolean; number: boolean }>;
  rows: unknown[][];
  notices: string[];
}

/** Reads of the last days, the newest first. The answer names its columns in the reader's language. */
async function fetchLog(): Promise<Log> {
  const to = Date.now();
  const query = { refId: 'A', metric: 'access_log', format: 'table', lang: language() };
  const answer = await request<{ results: { A: { error?: string; frames?: DataFrameJSON[] } } }>('/api/ds/query', {
    method: 'POST',
    body: JSON.stringify({ from: String(to - days * 24 * 3600 * 1000), to: String(to), queries: [query] }),
  });
  const { error, frames } = answer.results.A;
  if (error || !frames?.[0]) {
    throw new Error(error || msg('loadFailed'));
  }
  const frame = dataFrameFromJSON(frames[0]);
  return {
    columns: frame.fields.map((field) => ({ title: field.config.displayNameFromDS ?? field.name, time: field.type === FieldType.time, number: field.type === FieldType.number })),
    rows: Array.from({ length: frame.length }, (_, i) => frame.fields.map((field) => field.values[i])),
    notices: (frame.meta?.notices ?? []).map((one) => one.text),
  };
}

/** Who read rows of single persons, and what was refused: for the data protection officer. */
export function AccessPage({ zone }: { zone: string }) {
  const styles = useStyles2(getStyles);
  const { value, error } = useLoaded('access', fetchLog);
  useEffect(() => {
    document.title = `${msg('access')} – ${msg('product')}`;
  }, []);
  return (
    <main className={styles.page}>
      <h1 className={styles.title}>{msg('access')}</h1>
      <p className={styles.intro}>{msg('accessIntro', { days: formatNumber(days, 0) })}</p>
      {error && !value && <p role="alert">{error.message}</p>}
      {value?.notices.map((text) => <p key={text}>{text}</p>)}
      {value ? (
        <DataTable
          rows={value.rows}
          rowKey={(_, i) => String(i)}
          empty={msg('accessEmpty')}
          columns={value.columns.map((column, i) => ({
            title: column.title,
            number: column.number,
            cell: (row: unknown[]) => (row[i] == null ? '' : column.time ? formatDateTime(new Date(row[i] as number).toISOString(), zone) : column.number ? formatNumber(Number(row[i]), 0) : String(row[i])),
          }))}
        />
      ) : (
        !error && <LoadingPlaceholder text={msg('loading')} />
      )}
    </main>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: '12px 16px 32px', maxWidth: 1920, margin: '0 auto' }),
  title: css({ fontSize: 20, lineHeight: 1.25, fontWeight: 600, margin: '0 0 6px' }),
  intro: css({ color: theme.colors.text.secondary, maxWidth: 900 }),
});
