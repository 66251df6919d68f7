import { getValueFormatterIndex, type FormattedValue } from '@grafana/data';
import { localeTag, language } from './language';

type Formatter = (value: number | null | undefined, decimals?: number | null) => FormattedValue;

/** How one unit is written: what stands around the number, and how many decimals if nobody said. */
interface Unit {
  prefix?: string;
  suffix?: string | (() => string);
  factor?: number;
  decimals?: number;
  maxDecimals?: number;
}

const nbsp = '\u00a0';
/** Swedish thousands are parted by a narrow no-break space; Intl gives the wide one. */
const narrowNbsp = '\u202f';

const numberFormats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${localeTag()} ${JSON.stringify(options)}`;
  let found = numberFormats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(localeTag(), options);
    numberFormats.set(key, found);
  }
  return found;
}

/** A number in the language's own writing: 1 234,5 in Swedish, 1,234.5 in English. */
export function formatNumber(value: number, decimals?: number | null, maxDecimals = 2): string {
  const fixed = decimals ?? undefined;
  const text = numberFormat({
    minimumFractionDigits: fixed ?? 0,
    maximumFractionDigits: fixed ?? Math.max(maxDecimals, 0),
    useGrouping: 'always' as unknown as boolean,
  }).format(value);
  // "-0" says nothing a reader wants to know.
  const clean = /[1-9]/.test(text) ? text : text.replace(/^[-−]/, '');
  return language() === 'sv' ? clean.replaceAll(nbsp, narrowNbsp) : clean;
}

/** Decimals that keep about three significant digits of a number nobody set decimals for. */
function naturalDecimals(value: number, most: number): number {
  const size = Math.abs(value);
  if (size === 0 || size >= 100 || Number.isInteger(value)) {
    return 0;
  }
  if (size >= 10) {
    return Math.min(1, most);
  }
  return size >= 1 ? Math.min(2, most) : Math.min(most, 4);
}

function makeFormatter(unit: Unit): Formatter {
  return (value, decimals) => {
    if (value == null || Number.isNaN(value)) {
      return { text: '' };
    }
    const scaled = value * (unit.factor ?? 1);
    const fixed = decimals ?? unit.decimals;
    const text = formatNumber(scaled, fixed, fixed ?? naturalDecimals(scaled, unit.maxDecimals ?? 2));
    const suffix = typeof unit.suffix === 'function' ? unit.suffix() : unit.suffix;
    return { text, prefix: unit.prefix, suffix: suffix ? nbsp + suffix : undefined };
  };
}

/** Large numbers with the language's own short words: "1,2 mn" in Swedish, "1.2M" in English. */
const short: Formatter = (value, decimals) => {
  if (value == null || Number.isNaN(value)) {
    return { text: '' };
  }
  if (Math.abs(value) < 100_000) {
    return { text: formatNumber(value, decimals, decimals ?? naturalDecimals(value, 2)) };
  }
  const options: Intl.NumberFormatOptions = { notation: 'compact', maximumSignificantDigits: 3 };
  return { text: numberFormat(options).format(value) };
};

/** Seconds as the two largest parts a person says: "2 tim 5 min". */
export function formatDuration(seconds: number): string {
  const hour = language() === 'sv' ? 'tim' : 'h';
  const sign = seconds < 0 ? '−' : '';
  const total = Math.round(Math.abs(seconds));
  const part = (n: number, name: string) => `${formatNumber(n, 0)}${nbsp}${name}`;
  if (total < 60) {
    return sign + part(total, 's');
  }
  if (total < 3600) {
    const rest = total % 60;
    return sign + part(Math.floor(total / 60), 'min') + (rest ? ` ${part(rest, 's')}` : '');
  }
  const minutes = Math.floor((total % 3600) / 60);
  return sign + part(Math.floor(total / 3600), hour) + (minutes ? ` ${part(minutes, 'min')}` : '');
}

/** Bytes in decimal units, as operators bill them. */
export function formatBytes(bytes: number, decimals?: number | null): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const size = Math.abs(bytes);
  const step = size < 1 ? 0 : Math.min(steps.length - 1, Math.floor(Math.log10(size) / 3));
  const scaled = bytes / 1000 ** step;
  return formatNumber(scaled, decimals, decimals ?? naturalDecimals(scaled, 2)) + nbsp + steps[step];
}

function durationIn(secondsPerUnit: number): Formatter {
  return (value) => ({ text: value == null ? '' : formatDuration(value * secondsPerUnit) });
}

function bytesIn(bytesPerUnit: number): Formatter {
  return (value, decimals) => ({ text: value == null ? '' : formatBytes(value * bytesPerUnit, decimals) });
}

const suffixed = (suffix: Unit['suffix'], decimals?: number): Formatter => makeFormatter({ suffix, decimals });
const inLanguage = (svWord: string, enWord: string) => () => (language() === 'sv' ? svWord : enWord);

/** The units the dashboards use, and Grafana's own that may appear in them. */
const known: Record<string, Formatter> = {
  none: makeFormatter({}),
  locale: makeFormatter({}),
  short,
  antal: makeFormatter({ decimals: 0 }),
  kr: suffixed('kr', 0),
  kr2: suffixed('kr', 2),
  currencySEK: suffixed('kr', 0),
  tkr: suffixed('tkr', 0),
  percent: makeFormatter({ suffix: '%', maxDecimals: 1 }),
  percentunit: makeFormatter({ suffix: '%', factor: 100, maxDecimals: 1 }),
  MB: suffixed('MB'),
  GB: suffixed('GB'),
  min: suffixed('min'),
  tim: suffixed(inLanguage('tim', 'h')),
  st: suffixed(inLanguage('st', 'pcs'), 0),
  s: durationIn(1),
  dtdurations: durationIn(1),
  clocks: durationIn(1),
  m: durationIn(60),
  dtdurationm: durationIn(60),
  h: durationIn(3600),
  ms: makeFormatter({ suffix: 'ms' }),
  bytes: bytesIn(1),
  decbytes: bytesIn(1),
  kbytes: bytesIn(1000),
  deckbytes: bytesIn(1000),
  mbytes: bytesIn(1_000_000),
  decmbytes: bytesIn(1_000_000),
  gbytes: bytesIn(1_000_000_000),
  decgbytes: bytesIn(1_000_000_000),
  days: suffixed(inLanguage('dygn', 'days')),
  d: suffixed(inLanguage('dygn', 'days')),
};

/** A formatter for a unit that is not in the list: a prefix, a suffix, a currency, or the word itself. */
function derived(id: string): Formatter | undefined {
  const colon = id.indexOf(':');
  if (colon <= 0) {
    return id === 'string' || id.startsWith('bool') || id.startsWith('dateTime') ? undefined : suffixed(id.trim());
  }
  const rest = id.slice(colon + 1).trim();
  switch (id.slice(0, colon)) {
    case 'suffix':
      return suffixed(rest);
    case 'prefix':
      return makeFormatter({ prefix: rest });
    case 'currency':
      return suffixed(rest, 0);
    case 'count':
      return suffixed(rest, 0);
    default:
      return undefined;
  }
}

/** The formatter of a unit, or undefined where Grafana's own is right (dates, booleans, strings). */
export function unitFormatter(id: string): Formatter | undefined {
  return known[id] ?? derived(id);
}

/**
 * Puts our formatters in the place Grafana's display processor looks first, so that panels,
 * axes, tables and tooltips all write numbers the same way.
 */
export function installUnits(): void {
  const index = getValueFormatterIndex() as Record<string, Formatter>;
  for (const [id, formatter] of Object.entries(known)) {
    index[id] = formatter;
  }
}

/** Makes a unit found in a dashboard or a data frame known. Grafana's own remaining units are left as they are. */
export function installUnit(id: string | undefined): void {
  const index = getValueFormatterIndex() as Record<string, Formatter | undefined>;
  if (!id || index[id]) {
    return;
  }
  const formatter = unitFormatter(id);
  if (formatter) {
    index[id] = formatter;
  }
}

/** One value with its unit as a single string. */
export function formatUnit(value: number | null | undefined, unit: string | undefined, decimals?: number | null): string {
  const found = (unitFormatter(unit || 'none') ?? known.none)!(value, decimals);
  return `${found.prefix ?? ''}${found.text}${found.suffix ?? ''}`;
}
