import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Drawer, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'react-router-dom';
import { formatDateTime } from '../dates';
import { msg, msgFor } from '../language';
import { besideLimit, money } from '../shell/evidence';
import { useEscape } from '../shell/useEscape';
import { useLoaded } from '../shell/useLoaded';
import { type CaseDetail, type CaseEntry, fetchCase } from './api';
import { Badge } from './Badge';
import { StepForm } from './StepForm';
import { byText, dayText, deadlineText, failureText, stateText, titleText, windowText } from './words';

/** One violation: how it stands, what happened, and what can be done about it now. */
export function CaseDrawer({ id, zone, onClose, onChanged }: { id: string; zone: string; onClose: () => void; onChanged: () => void }) {
  useEscape(onClose);
  const { value: loaded, error, reload } = useLoaded(`case ${id}`, () => fetchCase(id));
  const [after, setAfter] = useState<CaseDetail>();
  useEffect(() => setAfter(undefined), [loaded]);
  const value = after ?? loaded;
  const taken = (detail: CaseDetail) => {
    setAfter(detail);
    onChanged();
  };
  return (
    <Drawer title={value ? titleText(value) : msg('violation')} subtitle={value ? <Subtitle one={value} /> : undefined} onClose={onClose} size="md">
      {value ? <Body one={value} zone={zone} onTaken={taken} onStale={reload} /> : error ? <p role="alert">{failureText(error)}</p> : <LoadingPlaceholder text={msg('loading')} />}
    </Drawer>
  );
}

function Subtitle({ one }: { one: CaseDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.badges}>
      <span data-testid="case-state">
        <Badge kind={one.state}>{stateText(one)}</Badge>
      </span>
      {one.due && (
        <span className={styles.deadline} data-late={one.overdue}>
          {one.overdue ? deadlineText(one) : msg('caseBy', { day: dayText(one.deadline) })}
        </span>
      )}
    </span>
  );
}

function Body({ one, zone, onTaken, onStale }: { one: CaseDetail; zone: string; onTaken: (detail: CaseDetail) => void; onStale: () => void }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const [value, limit] = besideLimit(one.value, one.limit, one.valueUnit);
  const facts = [
    [msg('measured'), value],
    [msg('limit'), limit],
    [msg('caseCost'), money(one.cost)],
    [msg('period'), windowText(one.windowFrom, one.windowTo)],
    [msg('unit'), one.unitName || one.unit],
    [msg('costCentre'), one.costCentre],
    [msg('subject'), one.subjectKind === 'unit' ? msg('caseWholeUnit') : one.subject || msg('lineHidden')],
  ].filter(([, text]) => text);
  return (
    <div className={styles.body}>
      <section>
        {one.candidate && one.state === 'candidate' && <p>{msg('caseCandidateHelp')}</p>}
        {one.reopened && <p>{msg('caseReopenedHelp')}</p>}
        <dl className={styles.facts}>
          {facts.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd data-whole={name === msg('period')}>{text}</dd>
            </div>
          ))}
        </dl>
        <Link to={{ pathname: `/violations/${one.id}`, search }} className={styles.link}>
          {msg('caseEvidence')}
        </Link>
      </section>
      <section>
        <h3 className={styles.heading}>{msg('caseNext')}</h3>
        <StepForm one={one} onTaken={onTaken} onStale={onStale} />
      </section>
      <section>
        <h3 className={styles.heading}>{msg('history')}</h3>
        <ol className={styles.history} data-testid="case-history">
          {one.history.map((entry, i) => (
            <Line key={i} entry={entry} unit={one.valueUnit} zone={zone} />
          ))}
        </ol>
      </section>
    </div>
  );
}

function Line({ entry, unit, zone }: { entry: CaseEntry; unit: string; zone: string }) {
  const styles = useStyles2(getStyles);
  const [value, limit] = besideLimit(entry.value, entry.limit, unit);
  const byRule = entry.kind === 'data';
  const byProgram = byRule || ['reopened', 'reminded'].includes(entry.kind);
  const own: Record<string, string> = { data: msgFor('change', entry.what), reopened: msg('caseOpenAgain'), reminded: msg('caseReminded') };
  const what = own[entry.kind] ?? msgFor('case_state', entry.what);
  const beside = [
    byRule && entry.what !== 'retracted' ? `${msg('measured')} ${value}, ${msg('limit').toLowerCase()} ${limit}` : '',
    entry.by ? byText(entry.by) : byRule ? msg('caseByRule') : '',
    entry.deadline ? msg('caseBy', { day: dayText(entry.deadline) }) : '',
    entry.until ? msg('caseUntil', { day: dayText(entry.until) }) : '',
  ].filter(Boolean);
  return (
    <li className={styles.entry} data-kind={entry.kind}>
      <time dateTime={entry.at}>{formatDateTime(entry.at, zone)}</time>
      <div>
        <strong>{what}</strong>
        {beside.length > 0 && <span className={styles.quiet}> · {beside.join(' · ')}</span>}
        {entry.reason && <div>{msgFor(byProgram ? 'case_data' : 'case_reason', entry.reason)}</div>}
        {entry.note && <div className={styles.note}>{entry.note}</div>}
        {entry.kind === 'lost' && <div className={styles.quiet}>{msg('caseLost')}</div>}
      </div>
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  body: css({ display: 'flex', flexDirection: 'column', gap: 22, paddingBottom: 24 }),
  badges: css({ display: 'flex', alignItems: 'center', gap: 10, flexWrap: 'wrap' }),
  deadline: css({ '&[data-late="true"]': { color: theme.colors.error.text, fontWeight: 600 } }),
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(130px, max-content))',
    gap: '10px 20px',
    margin: '0 0 12px',
    dt: { fontSize: 12, fontWeight: 400, color: theme.colors.text.secondary },
    dd: { margin: 0, overflowWrap: 'anywhere', '&[data-whole="true"]': { whiteSpace: 'nowrap' } },
  }),
  link: css({ color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' } }),
  heading: css({ fontSize: 15, fontWeight: 600, margin: '0 0 8px' }),
  history: css({ listStyle: 'none', margin: 0, padding: 0 }),
  entry: css({
    display: 'grid',
    gridTemplateColumns: '130px 1fr',
    gap: 12,
    padding: '6px 0',
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    time: { whiteSpace: 'nowrap', color: theme.colors.text.secondary },
    '&[data-kind="lost"] strong': { textDecoration: 'line-through' },
  }),
  note: css({ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }),
  quiet: css({ color: theme.colors.text.secondary, fontSize: 13 }),
});
