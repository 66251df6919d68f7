import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Drawer, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';
import { type EvidenceRow, fetchViolation, type HistoryEntry, RequestError, type Violation } from '../api';
import { type CaseDetail, fetchCase } from '../cases/api';
import { CasePart, withoutCases } from '../cases/CasePart';
import { stateText } from '../cases/words';
import { formatDate, formatDateTime, formatPoint } from '../dates';
import { formatNumber } from '../format';
import { msg, msgFor, pick } from '../language';
import { type Column, DataTable } from './DataTable';
import { againstLimit, amount, areCounts, besideLimit, countries, inUnit, money, otherParty, riseNote, serviceName } from './evidence';
import { useEscape } from './useEscape';
import { type Loaded, useLoaded } from './useLoaded';

/** Everything behind one flagged finding, for the person who has to answer for it. */
export function ViolationDrawer({ id, zone, onClose }: { id: string; zone: string; onClose: () => void }) {
  useEscape(onClose);
  const { value, error } = useLoaded(`violation ${id}`, () => fetchViolation(id));
  const state = useLoaded(`case of ${id}`, () => fetchCase(id));
  const title = value ? pick(value.title) || value.rule : msg('violation');
  return (
    <Drawer title={title} subtitle={value ? <Subtitle violation={value} one={state.value} /> : undefined} onClose={onClose} size="lg">
      {value ? <Body violation={value} state={state} zone={zone} /> : error ? <p role="alert">{problem(error)}</p> : <LoadingPlaceholder text={msg('loading')} />}
    </Drawer>
  );
}

/** An id that is malformed and one that nothing has are the same to a reader: a link that leads nowhere. */
function problem(error: Error): string {
  return error instanceof RequestError && [400, 404].includes(error.status) ? msg('violationUnknown') : error.message;
}

/** How much of the evidence the table shows, and in which order. */
function extent(rows: EvidenceRow[], total: number): string {
  if (areCounts(rows)) {
    return msg('evidenceCounts', { shown: formatNumber(rows.length, 0) });
  }
  const texts = { shown: formatNumber(rows.length, 0), total: formatNumber(total, 0) };
  return msg(rows.length < total ? 'evidenceSome' : 'evidenceAll', texts);
}

function Subtitle({ violation, one }: { violation: Violation; one?: CaseDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.badges}>
      <span className={styles.badge} data-kind={violation.state === 'retracted' ? 'quiet' : 'state'}>
        {one ? stateText(one) : msgFor('state', violation.state)}
      </span>
      <span className={styles.badge} data-kind={['high', 'critical'].includes(violation.severity) ? 'severe' : 'quiet'}>
        {msgFor('severity', violation.severity)}
      </span>
      <span>
        {msg('rule')} {violation.rule}, {msg('ruleVersion', { version: violation.ruleVersion })}
      </span>
    </span>
  );
}

function Body({ violation, state, zone }: { violation: Violation; state: Loaded<CaseDetail>; zone: string }) {
  const styles = useStyles2(getStyles);
  const { policy, subject, window: period } = violation;
  const evidence = violation.evidence ?? [];
  return (
    <div className={styles.body}>
      <Part title={msg('whatHappened')}>
        <p className={styles.reason}>{pick(violation.reason)}</p>
        <Measure violation={violation} />
        <dl className={styles.facts}>
          <Fact name={msg('subject')} value={subject.label || subject.id} />
          <Fact name={msg('unit')} value={subject.unit} />
          <Fact name={msg('costCentre')} value={subject.costCentre} />
          <Fact name={msg('period')} value={period.label || spanText(period.from, period.to, zone)} />
        </dl>
      </Part>
      {!withoutCases(state) && (
        <Part title={msg('theCase')}>
          <CasePart loaded={state} />
        </Part>
      )}
      {policy?.quote && (
        <Part title={msg('policy')}>
          <figure className={styles.policy}>
            <blockquote>{policy.quote}</blockquote>
            <figcaption>{[policy.document, policy.section].filter(Boolean).join(', ')}</figcaption>
          </figure>
        </Part>
      )}
      <Part title={msg('history')}>
        <ol className={styles.history}>
          {(violation.history ?? []).map((entry, i) => (
            <HistoryLine key={i} entry={entry} unit={violation.valueUnit} zone={zone} />
          ))}
        </ol>
      </Part>
      <Part title={msg('evidence')}>
        {evidence.length > 0 && (
          <p className={styles.quiet}>{extent(evidence, violation.evidenceTotal)}</p>
        )}
        <EvidenceTable rows={evidence} zone={zone} />
      </Part>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const styles = useStyles2(getStyles);
  return (
    <section>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}

function Fact({ name, value }: { name: string; value?: string }) {
  return value ? (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  ) : null;
}

/** First and last day of a window whose end is exclusive. */
function spanText(from: string, to: string, zone: string): string {
  const first = formatDate(from, zone);
  const last = formatDate(new Date(Date.parse(to) - 1), zone);
  return first === last ? first : `${first} – ${last}`;
}

/** The measured value beside the limit, and both as bars on one scale. */
function Measure({ violation }: { violation: Violation }) {
  const styles = useStyles2(getStyles);
  const most = Math.max(violation.value, violation.limit, 1e-9);
  const share = (value: number) => `${Math.max(0, Math.min(100, (value / most) * 100))}%`;
  const [value, limit] = besideLimit(violation.value, violation.limit, violation.valueUnit);
  const note = [riseNote(violation), againstLimit(violation)].filter(Boolean).join(', ');
  const lines = [
    { name: msg('measured'), value: violation.value, text: value, kind: 'value', note },
    { name: msg('limit'), value: violation.limit, text: limit, kind: 'limit', note: '' },
  ];
  return (
    <div className={styles.measure}>
      {lines.map((line) => (
        <div key={line.kind} className={styles.line}>
          <span>{line.name}</span>
          <strong data-testid={`violation-${line.kind}`}>{line.text}</strong>
          <span className={styles.track}>
            <span className={styles.fill} data-kind={line.kind} style={{ width: share(line.value) }} />
          </span>
          <span className={styles.quiet}>{line.note}</span>
        </div>
      ))}
    </div>
  );
}

function HistoryLine({ entry, unit, zone }: { entry: HistoryEntry; unit?: string; zone: string }) {
  const styles = useStyles2(getStyles);
  const [value, limit] =
    entry.value != null && entry.limit != null ? besideLimit(entry.value, entry.limit, unit) : [inUnit(entry.value, unit), inUnit(entry.limit, unit)];
  const values = [value && `${msg('measured')} ${value}`, limit && `${msg('limit').toLowerCase()} ${limit}`].filter(Boolean);
  const reason = typeof entry.reason === 'string' ? entry.reason : pick(entry.reason);
  return (
    <li className={styles.entry}>
      <time dateTime={entry.at}>{formatDateTime(entry.at, zone)}</time>
      <div>
        <strong>{msgFor('change', entry.change)}</strong>
        {values.length > 0 && <span className={styles.quiet}> · {values.join(', ')}</span>}
        {reason && <div>{reason}</div>}
      </div>
    </li>
  );
}

/** Weeks and counts, or events and what they cost; never a column in which nothing stands. */
function EvidenceTable({ rows, zone }: { rows: EvidenceRow[]; zone: string }) {
  const styles = useStyles2(getStyles);
  const source = { title: msg('evSource'), cell: (row: EvidenceRow) => <Source row={row} /> };
  const time = (text: string) => <span className={styles.nowrap}>{text}</span>;
  const counts: Array<Column<EvidenceRow>> = [
    { title: msg('evWeek'), cell: (row) => time(formatPoint(Date.parse(row.occurredAt), 'week', zone)) },
    { title: msg('evDay'), cell: (row) => time(formatDate(row.occurredAt, zone)) },
    { title: msg(rows.every((row) => row.service === 'watches') ? 'evCount_watches' : 'evCount'), number: true, cell: (row) => formatNumber(row.count!, 0) },
    source,
  ];
  const events: Array<Column<EvidenceRow>> = [
    { title: msg('evOccurred'), cell: (row) => time(formatDateTime(row.occurredAt, zone)) },
    { title: msg('evService'), cell: serviceName },
    { title: msg('evOther'), cell: otherParty },
    { title: msg('evCountry'), cell: countries },
    { title: msg('evVolume'), number: true, cell: amount },
    { title: msg('evCharged'), number: true, cell: (row) => money(row.charged) },
    { title: msg('evRated'), number: true, cell: (row) => money(row.rated) },
    source,
  ];
  const columns = (areCounts(rows) ? counts : events).filter((column) => rows.some((row) => column.cell(row)));
  return <DataTable rows={rows} empty={msg('evidenceNone')} rowKey={(row, i) => `${row.eventId} ${i}`} columns={columns} />;
}

/** The file and row an event came from, and its own id. */
function Source({ row }: { row: EvidenceRow }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.source}>
      {[row.file, row.row ? msg('evRow', { row: row.row }) : ''].filter(Boolean).join(', ')}
      <code title={`${msg('evEvent')} ${row.eventId}`}>{row.eventId}</code>
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  body: css({ display: 'flex', flexDirection: 'column', gap: 22, paddingBottom: 24 }),
  badges: css({ display: 'flex', alignItems: 'center', gap: 8, flexWrap: 'wrap' }),
  badge: css({
    fontSize: 12,
    fontWeight: 600,
    padding: '1px 9px',
    borderRadius: 10,
    border: `1px solid ${theme.colors.border.medium}`,
    color: theme.colors.text.primary,
    '&[data-kind="state"]': { background: theme.isLight ? '#e2f0f8' : '#17384a', borderColor: 'transparent' },
    '&[data-kind="severe"]': { background: theme.isLight ? '#fbe6d8' : '#56290d', borderColor: 'transparent', color: theme.colors.error.text },
  }),
  heading: css({ fontSize: 15, fontWeight: 600, margin: '0 0 8px' }),
  reason: css({ fontSize: 15, lineHeight: 1.5, maxWidth: '80ch', margin: '0 0 14px' }),
  measure: css({ display: 'grid', gap: 6, marginBottom: 16, maxWidth: 760 }),
  line: css({ display: 'grid', gridTemplateColumns: '72px minmax(90px, max-content) minmax(80px, 1fr) minmax(150px, max-content)', gap: 12, alignItems: 'center', strong: { fontVariantNumeric: 'tabular-nums' } }),
  track: css({ height: 12, borderRadius: 3, background: theme.colors.background.secondary, overflow: 'hidden' }),
  fill: css({ display: 'block', height: '100%', borderRadius: 3, background: '#d55e00', '&[data-kind="limit"]': { background: theme.colors.text.disabled } }),
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(150px, max-content))',
    gap: '10px 36px',
    margin: 0,
    dt: { fontSize: 12, fontWeight: 400, color: theme.colors.text.secondary },
    dd: { margin: 0 },
  }),
  policy: css({
    margin: 0,
    padding: '12px 16px',
    borderLeft: `4px solid ${theme.colors.primary.main}`,
    background: theme.colors.background.secondary,
    borderRadius: '0 6px 6px 0',
    maxWidth: '90ch',
    blockquote: { margin: 0, padding: 0, border: 0, fontSize: 15, lineHeight: 1.5, '&::before': { content: '"”"' }, '&::after': { content: '"”"' } },
    figcaption: { marginTop: 6, fontSize: 13, color: theme.colors.text.secondary },
  }),
  history: css({ listStyle: 'none', margin: 0, padding: 0 }),
  entry: css({
    display: 'grid',
    gridTemplateColumns: '140px 1fr',
    gap: 12,
    padding: '6px 0',
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    time: { whiteSpace: 'nowrap', color: theme.colors.text.secondary },
  }),
  quiet: css({ color: theme.colors.text.secondary, fontSize: 13 }),
  nowrap: css({ whiteSpace: 'nowrap' }),
  source: css({ display: 'block', fontSize: 12, overflowWrap: 'anywhere', minWidth: 150, code: { display: 'block', padding: 0, margin: 0, background: 'none', border: 0, fontSize: 11, color: theme.colors.text.secondary } }),
});
