import { language } from './language';

/** One dashboard in the list of GET /api/dashboards. */
export interface DashboardEntry {
  uid: string;
  title: string;
  titleSv?: string;
  description?: string;
  descriptionSv?: string;
  /** What it is about, by which the navigation groups: money, usage, … */
  group?: string;
}

/** GET /api/status. */
export interface Status {
  version: string;
  organisation: string;
  /** The zone usage is judged in, for example Europe/Stockholm. */
  zone: string;
  demo: boolean;
  lastEventAt?: string | null;
  files: { done: number; failed: number };
  rows: number;
  /** Records in the log that are not in the store yet. */
  lag: number;
  healthy: boolean;
  hops: Array<{ name: string; ok: boolean; detail?: string }> | null;
}

/** One row of GET /api/files. */
export interface CollectedFile {
  name: string;
  collector: string;
  at: string;
  read: number;
  accepted: number;
  duplicate: number;
  rejected: number;
  state: string;
}

type Texts = { sv?: string; en?: string };

export interface HistoryEntry {
  at: string;
  change: string;
  value?: number | null;
  limit?: number | null;
  reason?: Texts | string;
}

export interface EvidenceRow {
  eventId: string;
  occurredAt: string;
  service?: string;
  otherClass?: string;
  otherCountry?: string;
  otherMask?: string;
  visitedCountry?: string;
  durationS?: number | null;
  volumeBytes?: number | null;
  charged?: number | string | null;
  rated?: number | string | null;
  /** Set where the row is a count and not an event: of open watches on that day. */
  count?: number | null;
  file?: string;
  row?: number | null;
}

/** GET /api/violations/{id}. */
export interface Violation {
  id: string;
  rule: string;
  ruleVersion: string | number;
  title: Texts;
  policy?: { document?: string; section?: string; quote?: string };
  severity: string;
  state: string;
  subject: { kind: string; id: string; label: string; unit?: string; costCentre?: string };
  window: { from: string; to: string; label?: string };
  value: number;
  valueUnit?: string;
  limit: number;
  reason: Texts;
  history: HistoryEntry[] | null;
  evidence: EvidenceRow[] | null;
  evidenceTotal: number;
}

/** A request that the server answered with an error, with the server's own words. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly data: unknown,
  ) {
    super(message);
  }
}

function words(data: unknown, status: number): string {
  if (typeof data === 'object' && data !== null) {
    const { message, error } = data as { message?: unknown; error?: unknown };
    if (typeof message === 'string') {
      return message;
    }
    if (typeof error === 'string') {
      return error;
    }
  }
  return typeof data === 'string' && data.length > 0 && data.length < 300 ? data.trim() : `HTTP ${status}`;
}

/** Leads to the page for logging in, and from there back to here. */
export function toLogin(): void {
  const { pathname, search } = window.location;
  window.location.replace(`/login?${new URLSearchParams({ lang: language(), next: pathname + search })}`);
}

/** Sends one request to our own server and reads its JSON. */
export async function request<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, {
    ...init,
    credentials: 'same-origin',
    headers: { accept: 'application/json', ...(init.body ? { 'content-type': 'application/json' } : {}), ...init.headers },
  });
  const text = await response.text();
  let data: unknown = text;
  try {
    data = text ? JSON.parse(text) : {};
  } catch {
    // Left as text: an error page from a proxy in between, shown as it is.
  }
  if (response.status === 401) {
    toLogin();
  }
  if (!response.ok) {
    throw new RequestError(response.status, words(data, response.status), data);
  }
  return data as T;
}

export const fetchDashboards = () => request<DashboardEntry[]>('/api/dashboards');
export const fetchStatus = () => request<Status>('/api/status');
export const fetchFiles = () => request<CollectedFile[] | null>('/api/files');
export const fetchDashboard = (uid: string) =>
  request<unknown>(`/api/dashboards/${encodeURIComponent(uid)}?lang=${language()}`);
export const fetchViolation = (id: string) =>
  request<Violation>(`/api/violations/${encodeURIComponent(id)}?lang=${language()}`);
