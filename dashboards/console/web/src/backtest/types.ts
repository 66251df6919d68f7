import { RequestError, toLogin } from '../api';

export interface Texts {
  en: string;
  sv: string;
}

/** A number of violations and what they cost; money is a decimal text, exact. */
export interface Sum {
  count: number;
  cost: string;
}

export interface Tally {
  new: Sum;
  gone: Sum;
  changed: Sum;
  unchanged: Sum;
  changed_cost_in_force: string;
}

export interface Row extends Tally {
  /** Unit id, or the first day of a month. */
  key: string;
  /** Of how many rows it is made, each about too few lines to be shown. */
  folded?: number;
}

/** When a version judges once the draft is in force. */
export interface Reign {
  version: number;
  draft: boolean;
  from: string;
  /** Last day; empty: until further notice. */
  to: string;
}

export interface Change {
  field: string;
  en: string;
  sv: string;
}

export interface RuleReport extends Tally {
  id: string;
  draft: number;
  /** 0: no version is in force. */
  in_force: number;
  title: Texts;
  subject: string;
  window: string;
  /** First day from which both are judged; empty: the beginning, or each by its own dates. */
  since: string;
  as_dated: boolean;
  judges: Reign[];
  /** First and last day of the windows that were judged, where the period bounds them. */
  from: string;
  to: string;
  notes: Texts[];
  diff: Change[];
  /** Too few lines are concerned for any figure to be shown. */
  withheld?: boolean;
  subjects: { draft: number; in_force: number; both: number };
  by_unit: Row[];
  by_month: Row[];
}

/** The answer of POST /api/backtest. */
export interface Report {
  from: string;
  to: string;
  rules: RuleReport[];
  same: string[];
  /** Rules that find the same, because only words or dates differ. */
  reworded: Array<{ id: string; from: number; to: number; title: Texts; words: Change[] }>;
  total: Tally;
  units: Record<string, string>;
  seconds: number;
}

export interface Asked {
  draft: string;
  name: string;
  from: string;
  to: string;
  asDated: boolean;
}

/** A place in the draft where something is wrong; line and column count from 1. */
export interface Problem {
  line: number;
  column: number;
  text: string;
}

/** How far a back-test has come. */
export interface Progress {
  what: string;
  waiting?: boolean;
  done: number;
  total: number;
  rows: number;
  of: number;
}

type Line = { progress?: Progress; answer?: Report; status?: number; failure?: { error?: string } };

/** Sends a draft; the answer comes in lines of JSON, progress first. */
export async function runBacktest(asked: Asked, signal: AbortSignal, say: (progress: Progress) => void): Promise<Report> {
  const response = await fetch('/api/backtest', {
    method: 'POST',
    body: JSON.stringify(asked),
    signal,
    credentials: 'same-origin',
    headers: { accept: 'application/x-ndjson, application/json', 'content-type': 'application/json' },
  });
  if (response.status === 401) {
    toLogin();
  }
  // Chromium gives up a request whose answer only a script reads, if its end is read before it is
  // told; an answer that the browser reads as well comes to its end.
  response.clone().text().catch(() => undefined); // what fails, the reading below says
  let report: Report | undefined;
  await eachLine(response, (text) => {
    const line = read(text, response.status);
    if (line.progress) {
      say(line.progress);
    } else if (line.failure) {
      throw new RequestError(line.status ?? response.status, line.failure.error ?? `HTTP ${line.status}`, line.failure);
    } else {
      report = line.answer;
    }
  });
  if (!report) {
    throw new RequestError(response.status, `HTTP ${response.status}`, undefined);
  }
  return report;
}

/** A line of the answer; what is refused before it begins is one object without such lines. */
function read(text: string, status: number): Line {
  let data: Line & { error?: string };
  try {
    data = JSON.parse(text) as Line & { error?: string };
  } catch {
    throw new RequestError(status, text.length < 300 ? text.trim() : `HTTP ${status}`, text);
  }
  return data.error !== undefined || status >= 400 ? { status, failure: data } : data;
}

/** Reads to the end whatever a line says: an answer that is left unread counts as given up. */
async function eachLine(response: Response, act: (line: string) => void): Promise<void> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let failed: unknown;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = done ? '' : (lines.pop() ?? '');
    try {
      lines.filter((line) => line.trim() !== '').forEach(act);
    } catch (error) {
      failed ??= error;
    }
    if (done) {
      if (failed !== undefined) {
        throw failed;
      }
      return;
    }
  }
}

/** A text as a text area holds it: lines end with one character. */
export const plainLines = (text: string): string => text.replace(/\r\n?/g, '\n');

/** The places the server names; none when the error is of another kind. */
export function problemsOf(error: unknown): Problem[] {
  if (error instanceof RequestError && typeof error.data === 'object' && error.data !== null) {
    const { problems } = error.data as { problems?: Problem[] };
    return problems ?? [];
  }
  return [];
}

/** Where a line and column stand in a text, for the caret; columns count characters. */
export function caretAt(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, Math.max(line - 1, 0)).reduce((sum, one) => sum + one.length + 1, 0);
  const there = lines[line - 1] ?? '';
  return Math.min(before + Math.min(Math.max(column - 1, 0), there.length), text.length);
}

/** Adds decimal texts of money in millionths, so that no float comes in between. */
export function addMoney(...amounts: string[]): string {
  const micro = amounts.reduce((sum, one) => sum + parse(one), 0n);
  const sign = micro < 0n ? '-' : '';
  const digits = (micro < 0n ? -micro : micro).toString().padStart(7, '0');
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

function parse(amount: string): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d*)(?:\.(\d*))?$/.exec(amount.trim()) ?? [];
  if (whole === undefined) {
    return 0n;
  }
  const micro = BigInt((whole || '0') + (fraction + '000000').slice(0, 6));
  return sign === '-' ? -micro : micro;
}

/** What the draft finds and what the version in force finds. */
export function finds(tally: Tally): { draft: Sum; inForce: Sum } {
  const stays = tally.changed.count + tally.unchanged.count;
  return {
    draft: { count: tally.new.count + stays, cost: addMoney(tally.new.cost, tally.changed.cost, tally.unchanged.cost) },
    inForce: { count: tally.gone.count + stays, cost: addMoney(tally.gone.cost, tally.changed_cost_in_force, tally.unchanged.cost) },
  };
}
