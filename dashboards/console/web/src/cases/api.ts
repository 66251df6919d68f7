import { request } from '../api';

/** How one violation stands; see docs/cases.md. Days are 2006-01-02. */
export interface Case {
  id: string;
  state: string;
  reopened: boolean;
  candidate: boolean;
  deadline: string;
  due: boolean;
  overdue: boolean;
  lastStep: string;
  /** Latest event of the violation. */
  event: string;
  rule: string;
  ruleVersion: number;
  title: { sv?: string; en?: string };
  severity: string;
  subjectKind: string;
  subject: string;
  unit: string;
  unitName: string;
  costCentre: string;
  windowFrom: string;
  /** Exclusive. */
  windowTo: string;
  value: number;
  limit: number;
  valueUnit: string;
  cost: string;
  openedAt: string;
}

export interface CaseList {
  cases: Case[];
  total: number;
  today: string;
  units: Array<{ id: string; name: string }>;
  states: string[];
}

/** One event: data (the rule found, changed or retracted it), step, lost (a step that came second), reopened or reminded. */
export interface CaseEntry {
  kind: string;
  at: string;
  what: string;
  by?: string;
  reason?: string;
  note?: string;
  deadline?: string;
  /** Last day that an approved step permits. */
  until?: string;
  value: number;
  limit: number;
}

/** A step that can be taken now, with the reasons and roles that fit. */
export interface CaseChoice {
  step: string;
  reasons: string[];
  roles: string[];
  /** It can last until a day. */
  until?: boolean;
}

export interface CaseDetail extends Case {
  history: CaseEntry[];
  choices: CaseChoice[];
}

export interface CaseStep {
  step: string;
  by: string;
  reason: string;
  note: string;
  deadline: string;
  until: string;
  previous: string;
  seen: string;
}

export const fetchCases = (state: string, unit: string) => request<CaseList>(`/api/cases?${new URLSearchParams({ state, unit })}`);
export const fetchCase = (id: string) => request<CaseDetail>(`/api/cases/${encodeURIComponent(id)}`);
export const takeStep = (id: string, step: CaseStep) =>
  request<CaseDetail>(`/api/cases/${encodeURIComponent(id)}/steps`, { method: 'POST', body: JSON.stringify(step) });
