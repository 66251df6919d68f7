import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { msg, msgFor } from '../language';
import { type CaseChoice, type CaseDetail, takeStep } from './api';
import { byText, codeOf, failureText } from './words';

const roleKey = 'linesman.role';
const maxNote = 500;

/** Buttons for the steps that are possible now; one that is chosen asks for reason, role and, if wanted, more. */
export function StepForm({ one, onTaken, onStale }: { one: CaseDetail; onTaken: (detail: CaseDetail) => void; onStale: () => void }) {
  const styles = useStyles2(getStyles);
  const [step, setStep] = useState<string>();
  const choice = one.choices.find((each) => each.step === step);
  const [moved, setMoved] = useState<string>();
  const buttons = useRef<HTMLDivElement>(null);
  const shown = useRef(one.lastStep);
  useEffect(() => {
    if (shown.current !== one.lastStep) {
      // What was chosen was for another state; whoever works without a mouse goes on at the buttons.
      shown.current = one.lastStep;
      setStep(undefined);
      buttons.current?.querySelector('button')?.focus();
    }
  }, [one.lastStep]);
  if (one.choices.length === 0) {
    return <p className={styles.quiet}>{msg('caseNothing')}</p>;
  }
  const leave = () => {
    setStep(undefined);
    buttons.current?.querySelector('button')?.focus();
  };
  const choose = (next: string | undefined) => {
    setMoved(undefined);
    setStep(next);
  };
  const beaten = (problem: string) => {
    setMoved(problem);
    setStep(undefined);
    onStale();
  };
  return (
    <>
      {moved && (
        <p role="alert" className={styles.problem}>
          {moved}
        </p>
      )}
      <div className={styles.buttons} role="group" aria-label={msg('caseNext')} ref={buttons}>
        {one.choices.map((each) => (
          <Button key={each.step} variant={each.step === step ? 'primary' : 'secondary'} aria-expanded={each.step === step} onClick={() => choose(each.step === step ? undefined : each.step)}>
            {msgFor('case_do', each.step)}
          </Button>
        ))}
      </div>
      {choice && <Fields key={choice.step} one={one} choice={choice} onTaken={onTaken} onMoved={beaten} onCancel={leave} />}
    </>
  );
}

interface FieldsProps {
  one: CaseDetail;
  choice: CaseChoice;
  onTaken: (detail: CaseDetail) => void;
  onMoved: (problem: string) => void;
  onCancel: () => void;
}

function Fields({ one, choice, onTaken, onMoved, onCancel }: FieldsProps) {
  const styles = useStyles2(getStyles);
  const [reason, setReason] = useState((choice.reasons.length === 1 && choice.reasons[0]) || '');
  const [by, setBy] = useState(() => rememberedRole(choice.roles));
  const [note, setNote] = useState('');
  const [deadline, setDeadline] = useState('');
  const [until, setUntil] = useState('');
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const first = useRef<HTMLSelectElement>(null);
  const help = useId();
  useEffect(() => first.current?.focus(), []);
  const dated = !['approved', 'closed'].includes(choice.step);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setState({ busy: true });
    rememberRole(by);
    try {
      onTaken(await takeStep(one.id, { step: choice.step, by, reason, note: note.trim(), deadline, until, previous: one.lastStep, seen: one.event }));
    } catch (error) {
      if (['moved', 'step'].includes(codeOf(error as Error) ?? '')) {
        onMoved(failureText(error as Error)); // what is shown is no longer so
      } else {
        setState({ busy: false, problem: failureText(error as Error) });
      }
    }
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label={msgFor('case_do', choice.step)}>
      {choice.until && <p className={styles.quiet}>{msg('caseApproveHelp')}</p>}
      <label>
        {msg('caseReason')}
        <select ref={first} required value={reason} onChange={(event) => setReason(event.target.value)}>
          <option value="" disabled>
            {msg('caseChoose')}
          </option>
          {choice.reasons.map((each) => (
            <option key={each} value={each}>
              {msgFor('case_reason', each)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {msg('caseRole')}
        <select required value={by} onChange={(event) => setBy(event.target.value)}>
          <option value="" disabled>
            {msg('caseChoose')}
          </option>
          {choice.roles.map((each) => (
            <option key={each} value={each}>
              {byText(each)}
            </option>
          ))}
        </select>
      </label>
      {dated && (
        <label>
          {msg('caseNewDeadline')}
          <input type="date" value={deadline} onChange={(event) => setDeadline(event.target.value)} />
        </label>
      )}
      {choice.until && (
        <label>
          {msg('caseUntilDay')}
          <input type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
        </label>
      )}
      <label className={styles.wide}>
        {msg('caseNote')}
        <textarea rows={3} maxLength={maxNote} value={note} aria-describedby={help} onChange={(event) => setNote(event.target.value)} />
      </label>
      <p id={help} className={styles.quiet}>
        {msg('caseNoteHelp')}
      </p>
      {state.problem && (
        <p role="alert" className={styles.problem}>
          {state.problem}
        </p>
      )}
      <div className={styles.buttons}>
        <Button type="submit" disabled={state.busy}>
          {msg('caseSave')}
        </Button>
        <Button type="button" variant="secondary" fill="text" onClick={onCancel}>
          {msg('caseCancel')}
        </Button>
      </div>
    </form>
  );
}

/** The role chosen last on this computer, where it may take the step. */
function rememberedRole(roles: string[]): string {
  let last: string | null = null;
  try {
    last = window.localStorage.getItem(roleKey);
  } catch {
    // Storage is forbidden: the role is chosen each time.
  }
  return last !== null && roles.includes(last) ? last : '';
}

function rememberRole(role: string): void {
  try {
    window.localStorage.setItem(roleKey, role);
  } catch {
    // As above.
  }
}

const getStyles = (theme: GrafanaTheme2) => {
  const field = {
    font: 'inherit',
    fontSize: 14,
    padding: '6px 8px',
    color: theme.colors.text.primary,
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: 4,
    colorScheme: theme.isDark ? 'dark' : 'light',
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` },
  };
  return {
    buttons: css({ display: 'flex', flexWrap: 'wrap', gap: 8 }),
    form: css({
      display: 'grid',
      gridTemplateColumns: 'repeat(auto-fit, minmax(180px, 1fr))',
      gap: 12,
      marginTop: 14,
      padding: 14,
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: 6,
      label: { display: 'grid', gap: 4, fontSize: 12, color: theme.colors.text.secondary, alignContent: 'start' },
      'select, input, textarea': field,
      'select, input': { height: 36, width: '100%', boxSizing: 'border-box' },
      '> p, > div': { gridColumn: '1 / -1', margin: 0 },
    }),
    wide: css({ gridColumn: '1 / -1' }),
    problem: css({ color: theme.colors.error.text }),
    quiet: css({ color: theme.colors.text.secondary, fontSize: 13 }),
  };
};
