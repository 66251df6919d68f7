import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { formatNumber } from '../format';
import { msg } from '../language';
import { Result } from './Result';
import { caretAt, plainLines, type Problem, problemsOf, type Progress, type Report, runBacktest } from './types';

const draftKey = 'linesman.draft';
const maxDraft = 512 * 1024;

type State = { kind: 'idle' } | { kind: 'loading'; progress?: Progress } | { kind: 'done'; report: Report } | { kind: 'failed'; message: string; problems: Problem[] };

/** Tries a draft of the rules on the past: what it would have found, beside what is in force. */
export function BacktestPage() {
  const styles = useStyles2(getStyles);
  // A change of language loads the page anew; what was written must outlive it.
  const [draft, setDraft] = useState(() => window.sessionStorage.getItem(draftKey) ?? '');
  const [name, setName] = useState('draft.yaml');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [asDated, setAsDated] = useState(false);
  const [state, setState] = useState<State>({ kind: 'idle' });
  const text = useRef<HTMLTextAreaElement>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(() => {
    document.title = `${msg('backtest')} – ${msg('product')}`;
    return () => running.current?.abort();
  }, []);

  const write = (raw: string) => {
    const value = plainLines(raw); // problems are placed by the lines that the text area shows
    setDraft(value);
    try {
      window.sessionStorage.setItem(draftKey, value);
    } catch {
      // Full or forbidden: the draft then lasts as long as the page.
    }
  };
  const choose = async (file: File | undefined) => {
    if (!file) {
      return;
    }
    if (file.size > maxDraft) {
      setState({ kind: 'failed', message: msg('backtestTooLong'), problems: [] });
      return;
    }
    write(await file.text());
    setName(file.name);
    setState({ kind: 'idle' });
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (draft.trim() === '') {
      setState({ kind: 'failed', message: msg('backtestEmpty'), problems: [] });
      text.current?.focus();
      return;
    }
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setState({ kind: 'loading' });
    try {
      const report = await runBacktest({ draft: plainLines(draft), name, from, to, asDated }, own.signal, (progress) => {
        if (!own.signal.aborted) {
          setState({ kind: 'loading', progress });
        }
      });
      if (!own.signal.aborted) {
        setState({ kind: 'done', report });
      }
    } catch (error) {
      if (!own.signal.aborted) {
        const problems = problemsOf(error);
        setState({ kind: 'failed', message: (error as Error).message, problems });
        if (problems[0]) {
          jump(problems[0]);
        }
      }
    }
  };
  /** Puts the caret where something is wrong, in sight. */
  const jump = (problem: Problem) => {
    const area = text.current;
    if (!area) {
      return;
    }
    const at = caretAt(area.value, problem.line, problem.column);
    area.focus();
    area.setSelectionRange(at, at);
    area.scrollTop = (area.scrollHeight / area.value.split('\n').length) * Math.max(problem.line - 4, 0);
  };
  return (
    <main className={styles.page}>
      <h1 className={styles.title}>{msg('backtest')}</h1>
      <p className={styles.intro}>{msg('backtestIntro')}</p>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <label className={styles.wide}>
          {msg('backtestDraft')}
          <textarea ref={text} className={styles.text} value={draft} onChange={(event) => write(event.target.value)} spellCheck={false} rows={14} data-testid="draft" />
        </label>
        <div className={styles.row}>
          <label className={styles.file}>
            {msg('backtestFile')}
            <input type="file" accept=".yaml,.yml,text/yaml" onChange={(event) => void choose(event.target.files?.[0])} />
          </label>
          <label>
            {msg('backtestFrom')}
            <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
          </label>
          <label>
            {msg('backtestTo')}
            <input type="date" value={to} min={from || undefined} onChange={(event) => setTo(event.target.value)} />
          </label>
          <label className={styles.check}>
            <input type="checkbox" checked={asDated} onChange={(event) => setAsDated(event.target.checked)} />
            {msg('backtestAsDated')}
          </label>
          <Button type="submit" disabled={state.kind === 'loading'}>
            {msg('backtestRun')}
          </Button>
        </div>
      </form>
      <div aria-live="polite" aria-busy={state.kind === 'loading'}>
        {state.kind === 'loading' && <LoadingPlaceholder text={progressText(state.progress)} />}
        {state.kind === 'done' && <Result report={state.report} />}
      </div>
      {state.kind === 'failed' && (
        <div role="alert" className={styles.failed}>
          <p>{state.problems.length > 0 ? msg('backtestUnreadable') : state.message}</p>
          {state.problems.length > 0 && (
            <ol>
              {state.problems.map((problem) => (
                <li key={`${problem.line}:${problem.column}:${problem.text}`}>
                  <button type="button" className={styles.jump} onClick={() => jump(problem)}>
                    {name}:{problem.line}:{problem.column}
                  </button>{' '}
                  {problem.text}
                </li>
              ))}
            </ol>
          )}
        </div>
      )}
    </main>
  );
}

/** Says how far it is. */
function progressText(progress: Progress | undefined): string {
  if (!progress) {
    return msg('backtestRunning');
  }
  if (progress.waiting) {
    return msg('backtestWaiting');
  }
  const step = msg('backtestStep', { rule: progress.what, done: formatNumber(Math.min(progress.done + 1, progress.total), 0), total: formatNumber(progress.total, 0) });
  return progress.of > 0 ? `${step} ${msg('backtestRows', { share: formatNumber(Math.floor((100 * progress.rows) / progress.of), 0) })}` : step;
}

const getStyles = (theme: GrafanaTheme2) => {
  const field = {
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: 4,
    background: theme.components.input.background,
    color: theme.components.input.text,
    padding: '6px 8px',
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 1 },
  };
  return {
    page: css({ padding: '12px 16px 32px', maxWidth: 1400, margin: '0 auto' }),
    title: css({ fontSize: 20, lineHeight: 1.25, fontWeight: 600, margin: 0, letterSpacing: '-0.01em' }),
    intro: css({ color: theme.colors.text.secondary, maxWidth: '90ch', margin: '4px 0 14px' }),
    form: css({ display: 'grid', gap: 12, marginBottom: 22, label: { fontSize: 12, fontWeight: 500, color: theme.colors.text.secondary } }),
    wide: css({ display: 'grid', gap: 4 }),
    text: css({ ...field, width: '100%', resize: 'vertical', fontFamily: theme.typography.fontFamilyMonospace, fontSize: 12.5, lineHeight: 1.5, tabSize: 2 }),
    row: css({
      display: 'flex',
      flexWrap: 'wrap',
      gap: 16,
      alignItems: 'end',
      '& > label': { display: 'grid', gap: 4 },
      'input[type="date"]': { ...field, colorScheme: theme.isDark ? 'dark' : 'light' },
    }),
    // The browser's own button for files speaks the browser's language; it lies unseen over ours.
    file: css({
      '&&': { position: 'relative', display: 'flex', alignItems: 'center', height: 32, padding: '0 12px', borderRadius: 6, border: `1px solid ${theme.colors.border.medium}`, color: theme.colors.text.primary, fontSize: 14 },
      '&:hover': { background: theme.colors.action.hover },
      '&:focus-within': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: 2 },
      input: { position: 'absolute', inset: 0, width: '100%', height: '100%', opacity: 0, cursor: 'pointer' },
    }),
    check: css({ '&&': { display: 'flex', alignItems: 'center', gap: 6, minHeight: 32 } }),
    failed: css({ borderLeft: `4px solid ${theme.colors.error.main}`, padding: '4px 16px', p: { margin: '6px 0' }, ol: { margin: '6px 0', paddingLeft: 20 }, li: { margin: '4px 0' } }),
    jump: css({
      border: 0,
      background: 'none',
      padding: 0,
      color: theme.colors.text.link,
      fontFamily: theme.typography.fontFamilyMonospace,
      textDecoration: 'underline',
      cursor: 'pointer',
      '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` },
    }),
  };
};
