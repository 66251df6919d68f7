import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { formatMonth } from '../dates';
import { formatNumber } from '../format';
import { msg, pick } from '../language';
import { type Column, DataTable } from '../shell/DataTable';
import { money } from '../shell/evidence';
import { addMoney, type Change, finds, type Reign, type Report, type Row, type RuleReport, type Sum } from './types';

/** What a back-test found: for each rule both versions side by side, then by unit and month. */
export function Result({ report }: { report: Report }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.result} data-testid="backtest-result">
      {report.rules.length + report.reworded.length === 0 && <p className={styles.quiet}>{msg('backtestNoDifference')}</p>}
      {report.rules.map((rule) => (
        <RuleResult key={`${rule.id}/${rule.draft}`} rule={rule} units={report.units} />
      ))}
      {report.reworded.map((rule) => (
        <section key={`${rule.id}/${rule.to}`} className={styles.rule} aria-label={pick(rule.title)}>
          <h2 className={styles.heading}>
            {pick(rule.title)} <span className={styles.quiet}>{rule.id}</span>
          </h2>
          <p className={styles.quiet}>{msg('backtestReworded')}</p>
          <Changes words={rule.words} />
        </section>
      ))}
      {report.same.length > 0 && <p className={styles.quiet}>{msg('backtestSame', { rules: report.same.join(', ') })}</p>}
    </div>
  );
}

function RuleResult({ rule, units }: { rule: RuleReport; units: Record<string, string> }) {
  const styles = useStyles2(getStyles);
  return (
    <section className={styles.rule} aria-label={pick(rule.title)}>
      <h2 className={styles.heading}>
        {pick(rule.title)} <span className={styles.quiet}>{rule.id}</span>
      </h2>
      {rule.withheld ? <p role="note">{msg('backtestWithheld')}</p> : <Figures rule={rule} />}
      <h3 className={styles.part}>{msg('backtestDiff')}</h3>
      <Changes words={rule.diff} />
      <p className={styles.quiet}>
        {[judgedFrom(rule), ...rule.notes.map(pick)].join('; ')}.
      </p>
      <p className={styles.quiet}>{msg('backtestJudges', { versions: rule.judges.map(reign).join(', ') })}</p>
      {!rule.withheld && <Tables rule={rule} units={units} />}
    </section>
  );
}

function Changes({ words }: { words: Change[] }) {
  const styles = useStyles2(getStyles);
  return (
    <ul className={styles.list}>
      {words.map((one, i) => (
        <li key={i}>{pick(one)}</li>
      ))}
    </ul>
  );
}

function judgedFrom(rule: RuleReport): string {
  const since = rule.as_dated ? msg('backtestOwnDates') : msg('backtestSince', { day: rule.since || msg('backtestBeginning') });
  return rule.from || rule.to ? `${since}; ${msg('backtestWindows', { from: rule.from || '…', to: rule.to || '…' })}` : since;
}

function reign(one: Reign): string {
  const version = one.draft ? msg('backtestDraftReigns', { version: one.version }) : msg('ruleVersion', { version: one.version });
  return one.to ? msg('backtestReign', { version, from: one.from, to: one.to }) : msg('backtestReignOpen', { version, from: one.from });
}

/** Both versions side by side, and what became of each violation. */
function Figures({ rule }: { rule: RuleReport }) {
  const styles = useStyles2(getStyles);
  const found = finds(rule);
  return (
    <>
      <div className={styles.sides}>
        <Side name={msg('backtestInForce')} version={rule.in_force} sum={found.inForce} subjects={rule.subjects.in_force} />
        <Side name={msg('backtestDraftVersion')} version={rule.draft} sum={found.draft} subjects={rule.subjects.draft} />
      </div>
      <dl className={styles.kinds}>
        <Kind name={msg('backtestNew')} sum={rule.new} id="new" />
        <Kind name={msg('backtestGone')} sum={rule.gone} id="gone" />
        <Kind name={msg('backtestChanged')} sum={rule.changed} id="changed" />
        <Kind name={msg('backtestUnchanged')} sum={rule.unchanged} id="unchanged" />
      </dl>
    </>
  );
}

function Tables({ rule, units }: { rule: RuleReport; units: Record<string, string> }) {
  const styles = useStyles2(getStyles);
  const few = (row: Row, one: string) => (row.folded ? msg('backtestFolded', { rows: formatNumber(row.folded, 0) }) : one);
  return (
    <>
      <h3 className={styles.part}>{msg('backtestByUnit')}</h3>
      <DataTable rows={rule.by_unit} columns={columns(msg('unit'), (row) => few(row, units[row.key] || row.key || msg('backtestNoUnit')))} rowKey={(row) => row.key} empty={msg('backtestNothing')} />
      {rule.by_month.length > 0 && (
        <>
          <h3 className={styles.part}>{msg('backtestByMonth')}</h3>
          <DataTable rows={rule.by_month} columns={columns(msg('period'), (row) => few(row, row.folded ? '' : formatMonth(row.key.slice(0, 7))))} rowKey={(row) => row.key} empty={msg('backtestNothing')} />
        </>
      )}
    </>
  );
}

function columns(title: string, name: (row: Row) => string): Array<Column<Row>> {
  const count = (heading: string, of: (row: Row) => number): Column<Row> => ({ title: heading, cell: (row) => formatNumber(of(row), 0), number: true });
  return [
    { title, cell: name },
    count(msg('backtestNew'), (row) => row.new.count),
    count(msg('backtestGone'), (row) => row.gone.count),
    count(msg('backtestChanged'), (row) => row.changed.count),
    count(msg('backtestUnchanged'), (row) => row.unchanged.count),
    { title: msg('backtestCostInForce'), cell: (row) => money(finds(row).inForce.cost), number: true },
    { title: msg('backtestCostDraft'), cell: (row) => money(finds(row).draft.cost), number: true },
    { title: msg('backtestCostDifference'), cell: (row) => money(addMoney(finds(row).draft.cost, negative(finds(row).inForce.cost))), number: true },
  ];
}

function negative(amount: string): string {
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

function Side({ name, version, sum, subjects }: { name: string; version: number; sum: Sum; subjects: number }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.side} role="group" aria-label={name}>
      <div className={styles.sideName}>
        {name}
        {version > 0 ? `, ${msg('ruleVersion', { version })}` : `: ${msg('backtestNone')}`}
      </div>
      <div className={styles.big}>{msg('backtestFinds', { count: formatNumber(sum.count, 0) })}</div>
      <div>{money(sum.cost)}</div>
      <div className={styles.quiet}>{msg('backtestConcerned', { count: formatNumber(subjects, 0) })}</div>
    </div>
  );
}

function Kind({ name, sum, id }: { name: string; sum: Sum; id: string }) {
  return (
    <div data-testid={`kind-${id}`}>
      <dt>{name}</dt>
      <dd>
        <strong>{formatNumber(sum.count, 0)}</strong>
        <div>{money(sum.cost)}</div>
      </dd>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  result: css({ display: 'grid', gap: 24 }),
  rule: css({ minWidth: 0, padding: 16, border: `1px solid ${theme.colors.border.weak}`, borderRadius: 6, background: theme.colors.background.primary }),
  heading: css({ fontSize: 16, fontWeight: 600, margin: '0 0 12px' }),
  part: css({ fontSize: 14, fontWeight: 600, margin: '16px 0 6px' }),
  sides: css({ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(240px, 1fr))', gap: 12 }),
  side: css({ padding: '10px 14px', background: theme.colors.background.secondary, borderRadius: 6 }),
  sideName: css({ fontSize: 12, fontWeight: 600, color: theme.colors.text.secondary }),
  big: css({ fontSize: 20, fontWeight: 600, fontVariantNumeric: 'tabular-nums' }),
  kinds: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px 32px',
    margin: '14px 0 0',
    dt: { fontSize: 12, fontWeight: 400, color: theme.colors.text.secondary },
    dd: { margin: 0, fontVariantNumeric: 'tabular-nums', strong: { fontSize: 16 }, div: { fontSize: 13 } },
  }),
  list: css({ margin: 0, paddingLeft: 18, li: { margin: '3px 0', overflowWrap: 'anywhere' } }),
  quiet: css({ color: theme.colors.text.secondary, fontSize: 13, fontWeight: 400 }),
});
