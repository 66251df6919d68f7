import { RequestError } from '../api';
import { formatDate } from '../dates';
import { msg, msgFor, pick } from '../language';
import type { MessageKey } from '../messages.en';
import type { Case, CaseDetail } from './api';

/** How many days before its deadline a case is shown as one that is soon due. */
const soonDays = 3;

/** A day of the calendar, which has no zone. */
export function dayText(day: string): string {
  return formatDate(`${day}T12:00:00Z`, 'UTC');
}

/** First and last day of a window whose end is exclusive. */
export function windowText(from: string, to: string): string {
  const last = new Date(Date.parse(`${to}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  return from === last ? dayText(from) : `${dayText(from)} – ${dayText(last)}`;
}

/** Whether a case that somebody has to settle is late, soon due or neither. */
export function urgency(one: Pick<Case, 'due' | 'overdue' | 'deadline'>, today: string): 'late' | 'soon' | 'none' {
  if (!one.due) {
    return 'none';
  }
  if (one.overdue) {
    return 'late';
  }
  return (Date.parse(one.deadline) - Date.parse(today)) / 86_400_000 <= soonDays ? 'soon' : 'none';
}

export function deadlineText(one: Pick<Case, 'due' | 'overdue' | 'deadline'>): string {
  if (!one.due) {
    return '';
  }
  return one.overdue ? msg('caseLate', { day: dayText(one.deadline) }) : dayText(one.deadline);
}

export function stateText(one: Pick<Case, 'state' | 'reopened'>): string {
  return one.reopened ? msg('caseAgain', { state: msgFor('case_state', one.state) }) : msgFor('case_state', one.state);
}

export function titleText(one: Pick<Case, 'title' | 'rule'>): string {
  return pick(one.title) || one.rule;
}

/** Who took a step: the name of a role; a pseudonym as it is. */
export function byText(by: string): string {
  return msgFor('case_by', by);
}

/** The last step that holds: what, by whom and why; empty where nobody has done anything yet. */
export function lastStepText(one: CaseDetail): string {
  const last = one.history.filter((entry) => entry.kind === 'step').at(-1);
  return last ? [msgFor('case_state', last.what), last.by && byText(last.by), last.reason && msgFor('case_reason', last.reason)].filter(Boolean).join(' · ') : '';
}

const failures: Record<string, MessageKey> = {
  moved: 'caseMoved',
  step: 'caseNotPossible',
  note: 'caseNoteRefused',
  invalid: 'caseInvalid',
  unknown: 'violationUnknown',
};

/** Why a step was refused, in the reader's language; what the store said as it came. */
export function failureText(error: Error): string {
  const code = codeOf(error);
  const key = code ? failures[code] : undefined;
  return key ? msg(key) : error.message;
}

export function codeOf(error: Error): string | undefined {
  const data = error instanceof RequestError ? error.data : undefined;
  const code = typeof data === 'object' && data !== null ? (data as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
