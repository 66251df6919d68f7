import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link, useLocation } from 'react-router-dom';
import { RequestError } from '../api';
import { msg } from '../language';
import type { Loaded } from '../shell/useLoaded';
import type { CaseDetail } from './api';
import { Badge } from './Badge';
import { deadlineText, dayText, failureText, lastStepText, stateText } from './words';

/** How the case of a violation stands, and the way to its steps. */
export function CasePart({ loaded }: { loaded: Loaded<CaseDetail> }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const { value: one, error } = loaded;
  if (!one) {
    return error ? <p role="status">{failureText(error)}</p> : <p className={styles.quiet}>{msg('loading')}</p>;
  }
  const last = lastStepText(one);
  return (
    <div className={styles.line} data-testid="violation-case">
      <Badge kind={one.state}>{stateText(one)}</Badge>
      {one.due && (
        <span className={styles.deadline} data-late={one.overdue}>
          {one.overdue ? deadlineText(one) : msg('caseBy', { day: dayText(one.deadline) })}
        </span>
      )}
      {last && <span className={styles.quiet}>{last}</span>}
      <Link to={{ pathname: `/cases/${one.id}`, search }} className={styles.link}>
        {one.choices.length > 0 ? msg('caseGo') : msg('caseSee')}
      </Link>
    </div>
  );
}

/** Whether nobody answers for cases here: then nothing is said about them. */
export function withoutCases({ value, error }: Loaded<CaseDetail>): boolean {
  return !value && error instanceof RequestError && error.status === 404;
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({ display: 'flex', alignItems: 'center', gap: '6px 14px', flexWrap: 'wrap' }),
  deadline: css({ '&[data-late="true"]': { color: theme.colors.error.text, fontWeight: 600 } }),
  link: css({ color: theme.colors.text.link, '&:hover': { textDecoration: 'underline' }, '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` } }),
  quiet: css({ color: theme.colors.text.secondary, fontSize: 13 }),
});
