import { request } from '../api';
import { language } from '../language';

/** GET /api/money. Months are 2026-10, the newest first. */
export interface MoneyPlan {
  months: string[];
  sections: string[];
}

export interface MoneyColumn {
  title: string;
  number?: boolean;
}

export interface MoneyTable {
  id: string;
  title: string;
  columns: MoneyColumn[];
  rows: string[][] | null;
  /** Of each row: the file that its first cell leads to. */
  links?: string[];
  total?: string[];
  empty: string;
  more?: string;
}

/** One section, with texts as they are to be shown. */
export interface MoneySection {
  id: string;
  title: string;
  intro: string;
  figures?: Array<{ label: string; value: string; note?: string; bad?: boolean }>;
  tables?: MoneyTable[];
  files?: Array<{ id: string; title: string }>;
  notices?: string[];
}

export function fetchPlan(): Promise<MoneyPlan> {
  return request<MoneyPlan>('/api/money');
}

const asked = (month: string) => new URLSearchParams({ month, lang: language() }).toString();

export function fetchSection(id: string, month: string): Promise<MoneySection> {
  return request<MoneySection>(`/api/money/${encodeURIComponent(id)}?${asked(month)}`);
}

/** Where a file of a section is downloaded. */
export function fileHref(id: string, month: string): string {
  return `/api/money/files/${encodeURIComponent(id)}?${asked(month)}`;
}
