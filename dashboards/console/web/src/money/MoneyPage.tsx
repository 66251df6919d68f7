import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect } from 'react';
import { useLocation } from 'react-router-dom';
import { formatMonth } from '../dates';
import { msg } from '../language';
import { go } from '../shell/router';
import { useLoaded } from '../shell/useLoaded';
import { fetchPlan, fetchSection } from './api';
import { Section } from './Section';

/** What finance follows up of a month: who bears what, budgets, invoices, savings, reports. */
export function MoneyPage() {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const plan = useLoaded('plan', fetchPlan);
  useEffect(() => {
    document.title = `${msg('money')} – ${msg('product')}`;
  }, []);
  const months = plan.value?.months ?? [];
  const asked = new URLSearchParams(search).get('month');
  const month = asked && months.includes(asked) ? asked : months[0];
  const choose = (value: string) => {
    const next = new URLSearchParams(search);
    next.set('month', value);
    go(`/money?${next.toString()}`);
  };
  return (
    <main className={styles.page}>
      <div className={styles.head}>
        <h1 className={styles.title}>{msg('money')}</h1>
        {month && (
          <label className={styles.month}>
            {msg('moneyMonth')}
            <select value={month} onChange={(event) => choose(event.target.value)} data-testid="month">
              {months.map((one) => (
                <option key={one} value={one}>
                  {formatMonth(one)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {plan.error && (
        <p role="alert" className={styles.failed}>
          {plan.error.message}
        </p>
      )}
      {plan.value && !month && <p>{msg('moneyNoMonth')}</p>}
      {month && (
        <>
          <nav className={styles.inner} aria-label={msg('moneySections')}>
            {plan.value?.sections.map((id) => (
              <a key={id} href={`#${id}`} onClick={(event) => jump(event, id)}>
                {msg(`money_${id}` as Parameters<typeof msg>[0])}
              </a>
            ))}
          </nav>
          {plan.value?.sections.map((id) => <Loaded key={`${id} ${month}`} id={id} month={month} />)}
        </>
      )}
    </main>
  );
}

/** The hash would be lost to the router; the section is brought into sight instead. */
function jump(event: { preventDefault: () => void }, id: string): void {
  event.preventDefault();
  const section = document.getElementById(id);
  section?.scrollIntoView();
  section?.focus({ preventScroll: true });
}

/** One section, which loads by itself: the others do not wait for it. */
function Loaded({ id, month }: { id: string; month: string }) {
  const styles = useStyles2(getStyles);
  const { value, error } = useLoaded(`${id} ${month}`, () => fetchSection(id, month));
  return (
    <section id={id} tabIndex={-1} className={styles.section} aria-busy={!value && !error} data-testid={`money-${id}`}>
      {value ? <Section section={value} month={month} /> : <h2 className={styles.sub}>{msg(`money_${id}` as Parameters<typeof msg>[0])}</h2>}
      {error ? (
        <p role="alert" className={styles.failed}>
          {error.message}
        </p>
      ) : (
        !value && <LoadingPlaceholder text={msg('loading')} />
      )}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: '12px 16px 32px', maxWidth: 1400, margin: '0 auto' }),
  head: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'end', gap: 20 }),
  title: css({ fontSize: 20, lineHeight: 1.25, fontWeight: 600, margin: 0, letterSpacing: '-0.01em' }),
  month: css({
    display: 'flex',
    alignItems: 'center',
    gap: 8,
    fontSize: 12,
    fontWeight: 500,
    color: theme.colors.text.secondary,
    select: {
      border: `1px solid ${theme.components.input.borderColor}`,
      borderRadius: 4,
      background: theme.components.input.background,
      color: theme.components.input.text,
      height: 32,
      padding: '0 8px',
      fontSize: 14,
      '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 1 },
    },
  }),
  inner: css({ display: 'flex', flexWrap: 'wrap', gap: 16, margin: '12px 0 4px', a: { color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' } } }),
  section: css({ marginTop: 20, padding: '14px 16px 16px', background: theme.colors.background.primary, border: `1px solid ${theme.colors.border.weak}`, borderRadius: 6, scrollMarginTop: 12, '&:focus': { outline: 'none' } }),
  sub: css({ fontSize: 16, fontWeight: 600, margin: 0 }),
  failed: css({ borderLeft: `4px solid ${theme.colors.error.main}`, padding: '4px 12px', margin: '10px 0' }),
});
