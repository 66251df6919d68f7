import { request, RequestError } from '../api';

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
}

export interface RuleReport extends Tally {
  id: string;
  draft: number;
  /** 0: no version is in force. */
  in_force: number;
  title: Texts;
  subject: string;
  window: string;
  /** First day from which both are judged; empty: the beginning. */
  since: string;
  from: string;
  to: string;
  notes: Texts[];
  diff: Array<Texts & { field: string }>;
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

export const runBacktest = (asked: Asked, signal: AbortSignal) =>
  request<Report>('/api/backtest', { method: 'POST', body: JSON.stringify(asked), signal });

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
