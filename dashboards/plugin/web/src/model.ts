import type { Choices, Filter, LinesmanQuery, MetricChoice, Option } from './types';

/** New violations as they are found: not asked of the server's queries but listened to. */
export const liveMetric = 'live_violations';

export const formats: Option[] = [
  { text: 'Table', value: 'table' },
  { text: 'Time series', value: 'timeseries' },
  { text: 'One number', value: 'stat' },
];

export const intervals: Option[] = [
  { text: 'Month', value: 'month' },
  { text: 'Week', value: 'week' },
  { text: 'Day', value: 'day' },
];

const compares: Record<string, string> = {
  previous: 'With the months before',
  previous_percent: 'With the months before, per cent',
  budget: 'With the budget',
  budget_percent: 'With the budget, per cent',
};

/** The metrics to choose from, live updates last. */
export function metricsOf(choices: Choices | undefined): Option[] {
  const out = (choices?.metrics ?? []).map((m) => ({ text: m.text === m.value ? m.text : `${m.text} (${m.value})`, value: m.value }));
  out.sort((a, b) => a.text.localeCompare(b.text));
  return [...out, { text: `New violations, live (${liveMetric})`, value: liveMetric }];
}

export function metricOf(choices: Choices | undefined, query: LinesmanQuery): MetricChoice | undefined {
  if (query.metric === liveMetric) {
    return { text: '', value: liveMetric, unit: '', list: true, group: [], filter: ['unit'], compare: [] };
  }
  return choices?.metrics.find((m) => m.value === query.metric);
}

/** Fields by name, with their words. */
export function fieldsOf(choices: Choices | undefined, names: readonly string[]): Option[] {
  return names.map((value) => ({ value, text: choices?.fields.find((f) => f.value === value)?.text ?? value }));
}

export function comparesOf(metric: MetricChoice | undefined): Option[] {
  return [{ text: 'With nothing', value: '' }, ...(metric?.compare ?? []).map((value) => ({ value, text: compares[value] ?? value }))];
}

/** Another metric: what it does not have is taken out of the query, so that it can be answered. */
export function withMetric(choices: Choices | undefined, query: LinesmanQuery, name: string): LinesmanQuery {
  const next: LinesmanQuery = { ...query, metric: name };
  const metric = metricOf(choices, next);
  if (!metric) {
    return next;
  }
  next.groupBy = (query.groupBy ?? []).filter((f) => metric.group.includes(f));
  next.filters = (query.filters ?? []).filter((f) => metric.filter.includes(f.field));
  next.also = [];
  if (!metric.compare.includes(query.compare ?? '')) {
    next.compare = undefined;
  }
  if (metric.list) {
    next.format = 'table';
  }
  return tidy(next);
}

/** Another format: one number has no groups, and only one number is compared. */
export function withFormat(query: LinesmanQuery, format: string): LinesmanQuery {
  const next: LinesmanQuery = { ...query, format };
  if (format === 'stat') {
    next.groupBy = [];
    next.also = [];
  } else {
    next.compare = undefined;
    if (format === 'timeseries') {
      next.also = [];
    }
  }
  return tidy(next);
}

export function withGroup(query: LinesmanQuery, groupBy: string[]): LinesmanQuery {
  return tidy({ ...query, groupBy });
}

export function withFilter(query: LinesmanQuery, at: number, filter: Filter | undefined): LinesmanQuery {
  const filters = [...(query.filters ?? [])];
  if (filter) {
    filters.splice(at, 1, filter);
  } else {
    filters.splice(at, 1);
  }
  return tidy({ ...query, filters });
}

/** Values as they are typed, separated by commas; a variable such as ${unit} is one of them. */
export function valuesOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** A limit as it is typed; nothing when it is not one. */
export function limitOf(text: string): number | undefined {
  const n = Number(text);
  return Number.isInteger(n) && n >= 1 && n <= 10_000 ? n : undefined;
}

/** Leaves out what says nothing, so that a saved query holds what was chosen and no more. */
export function tidy(query: LinesmanQuery): LinesmanQuery {
  const out = { ...query } as Record<string, unknown>;
  for (const key of ['groupBy', 'filters', 'also', 'compare', 'limit', 'interval']) {
    const value = out[key];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) {
      delete out[key];
    }
  }
  return out as unknown as LinesmanQuery;
}

/** What is wrong with the settings; empty when nothing is. */
export function settingsFault(url: string | undefined): string {
  if (!url) {
    return '';
  }
  try {
    const parsed = new URL(url);
    if (!['http:', 'https:'].includes(parsed.protocol) || parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
      return 'An address begins with https:// or http:// and holds no user, query or fragment.';
    }
    return '';
  } catch {
    return 'This is not an address, such as https://linesman.example.se';
  }
}

/** The path of a unit's stream: Grafana permits few characters, so any other byte is = and two hex digits. */
export function livePath(unit: string): string {
  let out = 'violations/';
  for (const byte of new TextEncoder().encode(unit)) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9_.-]/.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** How many units one panel listens to. */
export const mostStreams = 20;

/** The units that a live query names, after variables were filled in. */
export function liveUnits(query: LinesmanQuery): string[] {
  const named = (query.filters ?? []).filter((f) => f.field === 'unit' && f.op !== 'not_in').flatMap((f) => f.values);
  return [...new Set(named)].slice(0, mostStreams);
}

/** The language of a query: its own, else the user's where Linesman speaks it, else nothing. */
export function languageOf(query: LinesmanQuery, user: string | undefined): string | undefined {
  const code = (user ?? '').slice(0, 2);
  return query.lang ?? (['en', 'sv'].includes(code) ? code : undefined);
}
