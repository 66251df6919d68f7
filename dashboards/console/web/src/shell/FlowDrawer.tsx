import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Drawer, Icon, useStyles2 } from '@grafana/ui';
import { fetchFiles, type Status } from '../api';
import { formatDateTime } from '../dates';
import { formatNumber } from '../format';
import { msg, msgFor } from '../language';
import type { MessageKey } from '../messages.en';
import { DataTable } from './DataTable';
import { useEscape } from './useEscape';
import { useLoaded } from './useLoaded';

/** The way of the data: each stage, and the files that came last. */
export function FlowDrawer({ status, zone, onClose }: { status?: Status; zone: string; onClose: () => void }) {
  useEscape(onClose);
  const styles = useStyles2(getStyles);
  const files = useLoaded('files', fetchFiles, 30_000);
  const whole = (n: number) => formatNumber(n, 0);
  return (
    <Drawer title={msg('flowTitle')} subtitle={msg('flowIntro')} onClose={onClose} size="lg">
      {status && (
        <>
          <dl className={styles.figures}>
            <Figure name={msg('filesDone')} value={whole(status.files.done)} />
            <Figure name={msg('filesFailed')} value={whole(status.files.failed)} />
            <Figure name={msg('rowsInStore')} value={whole(status.rows)} />
            <Figure name={msg('waiting')} value={whole(status.lag)} />
          </dl>
          <h3 className={styles.heading}>{msg('stages')}</h3>
          <ol className={styles.hops}>
            {(status.hops ?? []).map((hop) => (
              <li key={hop.name} className={styles.hop}>
                <Icon name={hop.ok ? 'check-circle' : 'exclamation-triangle'} className={hop.ok ? styles.good : styles.bad} />
                <strong>{msgFor('hop', hop.name)}</strong>
                <span className={styles.detail}>{(hop.detail && hopDetail(hop.detail)) || msg(hop.ok ? 'stageOk' : 'stageBad')}</span>
              </li>
            ))}
          </ol>
        </>
      )}
      <h3 className={styles.heading}>{msg('recentFiles')}</h3>
      {files.error && !files.value ? (
        <p role="alert">{files.error.message}</p>
      ) : (
        <DataTable
          rows={files.value ?? []}
          empty={files.value === undefined && !files.error ? msg('loading') : msg('noFiles')}
          rowKey={(file, i) => `${file.name} ${i}`}
          columns={[
            { title: msg('colFile'), cell: (file) => <span className={styles.file}>{file.name}</span> },
            { title: msg('colCollector'), cell: (file) => file.collector },
            { title: msg('colTime'), cell: (file) => formatDateTime(file.at, zone) },
            { title: msg('colRead'), number: true, cell: (file) => whole(file.read) },
            { title: msg('colAccepted'), number: true, cell: (file) => whole(file.accepted) },
            { title: msg('colDuplicate'), number: true, cell: (file) => whole(file.duplicate) },
            { title: msg('colRejected'), number: true, cell: (file) => <span className={file.rejected > 0 ? styles.bad : undefined}>{whole(file.rejected)}</span> },
            { title: msg('colState'), cell: (file) => <span className={styles.nowrap}>{msgFor('file', file.state)}</span> },
          ]}
        />
      )}
      {status && (
        <p className={styles.detail} style={{ marginTop: 12 }}>
          {msg('product')} · {msg('version')} {status.version}
        </p>
      )}
    </Drawer>
  );
}

const counted: Record<string, MessageKey> = {
  'files waiting': 'detail_filesWaiting',
  'records behind': 'detail_recordsBehind',
  restarts: 'detail_restarts',
  rules: 'detail_rules',
  violations: 'detail_violations',
};

/** The server's words that follow a pattern, in the reader's language; any other (an error) stays as it came. */
export function hopDetail(detail: string): string {
  const parts = detail.split(', ').map((part) => {
    const [, number, what = ''] = /^(\d+) (.+)$/.exec(part) ?? [];
    const key = counted[what];
    return key ? msg(key, { n: formatNumber(Number(number), 0) }) : part.replace(/^embedded(?= [\d.]+$|$)/, msg('detail_embedded'));
  });
  return parts.join(', ');
}

function Figure({ name, value }: { name: string; value: string }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  figures: css({ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(140px, 1fr))', gap: 8, margin: '0 0 16px' }),
  figure: css({
    padding: '10px 14px',
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: 6,
    dt: { fontSize: 12, fontWeight: 400, color: theme.colors.text.secondary },
    dd: { margin: 0, fontSize: 20, fontWeight: 600, fontVariantNumeric: 'tabular-nums' },
  }),
  heading: css({ fontSize: 15, fontWeight: 600, margin: '18px 0 8px' }),
  hops: css({ listStyle: 'none', margin: 0, padding: 0 }),
  hop: css({ display: 'flex', alignItems: 'center', gap: 8, padding: '5px 0', borderBottom: `1px solid ${theme.colors.border.weak}` }),
  good: css({ color: theme.colors.success.text, flex: 'none' }),
  bad: css({ color: theme.colors.error.text, flex: 'none', fontWeight: 600 }),
  detail: css({ color: theme.colors.text.secondary, fontSize: 13 }),
  nowrap: css({ whiteSpace: 'nowrap' }),
  file: css({ overflowWrap: 'anywhere' }),
});
