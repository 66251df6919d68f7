import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Button, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect } from 'react';
import { Link, useLocation } from 'react-router-dom';
import { formatNumber } from '../format';
import { msg, msgFor } from '../language';
import { DataTable } from '../shell/DataTable';
import { inUnit, money } from '../shell/evidence';
import { go } from '../shell/router';
import { useLoaded } from '../shell/useLoaded';
import { type Case, type CaseList, fetchCases } from './api';
import { Badge } from './Badge';
import { CaseDrawer } from './CaseDrawer';
import { deadlineText, failureText, stateText, titleText, urgency, windowText } from './words';

const listEveryMs = 60_000;

/** What is to be settled, by deadline, and what was; one case with its history and next steps beside the list. */
export function CasesPage({ id, zone }: { id?: string; zone: string }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const chosen = new URLSearchParams(search);
  const state = chosen.get('case-state') ?? 'due';
  const unit = chosen.get('case-unit') ?? '';
  const { value, error, reload } = useLoaded(`cases ${state} ${unit}`, () => fetchCases(state === 'all' ? '' : state, unit), listEveryMs);
  useEffect(() => {
    document.title = `${msg('cases')} – ${msg('product')}`;
  }, []);
  const choose = (name: string, text: string) => locationService.partial({ [name]: text || null }, true);
  return (
    <main className={styles.page}>
      <h1 className={styles.title}>{msg('cases')}</h1>
      <p className={styles.intro}>{msg('casesIntro')}</p>
      <div className={styles.filters}>
        <label>
          {msg('caseShow')}
          <select value={state} onChange={(event) => choose('case-state', event.target.value)}>
            <option value="due">{msg('caseDue')}</option>
            {(value?.states ?? [state].filter((one) => !['due', 'all'].includes(one))).map((one) => (
              <option key={one} value={one}>
                {msgFor('case_state', one)}
              </option>
            ))}
            <option value="all">{msg('caseAll')}</option>
          </select>
        </label>
        <label>
          {msg('unit')}
          <select value={unit} onChange={(event) => choose('case-unit', event.target.value)}>
            <option value="">{msg('allOptions')}</option>
            {unit && !value?.units.some((one) => one.id === unit) && <option value={unit}>{unit}</option>}
            {value?.units.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error && (
        <p role="alert" className={styles.problem}>
          {failureText(error)}{' '}
          <Button size="sm" variant="secondary" onClick={reload}>
            {msg('tryAgain')}
          </Button>
        </p>
      )}
      {value ? <List list={value} search={search} /> : !error && <LoadingPlaceholder text={msg('loading')} />}
      {id && <CaseDrawer id={id} zone={zone} onClose={() => go('/cases')} onChanged={reload} />}
    </main>
  );
}

function List({ list, search }: { list: CaseList; search: string }) {
  const styles = useStyles2(getStyles);
  const late = list.cases.filter((one) => one.overdue).length;
  const soon = list.cases.filter((one) => urgency(one, list.today) === 'soon').length;
  const parts = [msg('caseCount', { n: formatNumber(list.total, 0) })];
  if (late > 0) {
    parts.push(msg('caseLateCount', { n: formatNumber(late, 0) }));
  }
  if (soon > 0) {
    parts.push(msg('caseSoonCount', { n: formatNumber(soon, 0) }));
  }
  const rest = list.total - list.cases.length;
  return (
    <section aria-label={msg('cases')} data-testid="cases">
      <p role="status" className={styles.sum}>
        {parts.join(' · ')}
        {rest > 0 && ` · ${msg('shownOf', { shown: formatNumber(list.cases.length, 0), total: formatNumber(list.total, 0) })}`}
      </p>
      <DataTable<Case>
        rows={list.cases}
        empty={msg('casesEmpty')}
        rowKey={(one) => one.id}
        columns={[
          { title: msg('colState'), cell: (one) => <Badge kind={one.state}>{stateText(one)}</Badge> },
          { title: msg('caseDeadline'), cell: (one) => <span data-urgency={urgency(one, list.today)} className={styles.deadline}>{deadlineText(one)}</span> },
          {
            title: msg('rule'),
            cell: (one) => (
              <Link to={{ pathname: `/cases/${one.id}`, search }} className={styles.link}>
                {titleText(one)}
              </Link>
            ),
          },
          { title: msg('unit'), cell: (one) => one.unitName || one.unit },
          { title: msg('subject'), cell: (one) => (one.subjectKind === 'unit' ? msg('caseWholeUnit') : one.subject ? <code className={styles.code}>{one.subject}</code> : msg('lineHidden')) },
          { title: msg('period'), cell: (one) => <span className={styles.nowrap}>{windowText(one.windowFrom, one.windowTo)}</span> },
          { title: msg('measured'), number: true, cell: (one) => inUnit(one.value, one.valueUnit) },
          { title: msg('caseCost'), number: true, cell: (one) => money(one.cost) },
        ]}
      />
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: '20px 16px 48px', maxWidth: 1500, margin: '0 auto' }),
  title: css({ fontSize: 22, fontWeight: 600, margin: '0 0 4px' }),
  intro: css({ color: theme.colors.text.secondary, maxWidth: '90ch', margin: '0 0 16px' }),
  filters: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: 16,
    marginBottom: 16,
    label: { display: 'grid', gap: 4, fontSize: 12, color: theme.colors.text.secondary, minWidth: 0 },
    select: {
      font: 'inherit',
      fontSize: 14,
      height: 32,
      padding: '0 8px',
      minWidth: 180,
      maxWidth: 'min(360px, 90vw)',
      color: theme.colors.text.primary,
      background: theme.colors.background.primary,
      border: `1px solid ${theme.colors.border.medium}`,
      borderRadius: 4,
      '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` },
    },
  }),
  problem: css({ color: theme.colors.error.text }),
  sum: css({ fontWeight: 500, margin: '0 0 8px' }),
  deadline: css({ whiteSpace: 'nowrap', '&[data-urgency="late"]': { color: theme.colors.error.text, fontWeight: 600 }, '&[data-urgency="soon"]': { fontWeight: 600 } }),
  link: css({ color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' }, '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` } }),
  code: css({ padding: 0, margin: 0, background: 'none', border: 0, fontSize: 12, color: theme.colors.text.secondary }),
  nowrap: css({ whiteSpace: 'nowrap' }),
});
