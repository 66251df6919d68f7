import { systemDateFormats } from '@grafana/data';
import moment from 'moment-timezone';
import 'moment/locale/sv';
import { language, localeTag } from './language';

/** Sets the date formats of axes, tables and pickers. Must run before the first render. */
export function installDates(): void {
  moment.locale(language() === 'sv' ? 'sv' : 'en');
  // Weeks are ISO weeks in Sweden whatever language the page is read in.
  moment.updateLocale(moment.locale(), { week: { dow: 1, doy: 4 } });
  systemDateFormats.update({
    fullDate: 'YYYY-MM-DD HH:mm',
    useBrowserLocale: false,
    interval: {
      millisecond: 'HH:mm:ss.SSS',
      second: 'HH:mm:ss',
      minute: 'HH:mm',
      hour: 'D MMM HH:mm',
      day: 'D MMM',
      month: 'MMM YYYY',
      year: 'YYYY',
    },
  });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

function parse(value: string | number | Date | null | undefined): Date | undefined {
  if (value == null || value === '') {
    return undefined;
  }
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** 2026-03-14 in the given zone; an unreadable value is given back as it came. */
export function formatDate(value: string | number | Date | null | undefined, zone: string): string {
  const date = parse(value);
  const options = { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  return date ? dateFormat('sv-SE', options).format(date) : String(value ?? '');
}

/** 2026-03-14 08:12 in the given zone. */
export function formatDateTime(value: string | number | Date | null | undefined, zone: string): string {
  const date = parse(value);
  const time = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return date ? `${formatDate(date, zone)} ${dateFormat('sv-SE', time).format(date)}` : String(value ?? '');
}

/** "mars 2026" for a month written 2026-03 or 2026-03-01. */
export function formatMonth(value: string): string {
  const found = /^(\d{4})-(\d{2})/.exec(value);
  if (!found) {
    return value;
  }
  const date = new Date(Date.UTC(Number(found[1]), Number(found[2]) - 1, 1));
  return dateFormat(localeTag(), { timeZone: 'UTC', month: 'long', year: 'numeric' }).format(date);
}

/** "v. 12" for an ISO week written 2026-W12. */
export function formatWeek(value: string): string {
  const found = /^(\d{4})-?W(\d{1,2})$/.exec(value);
  return found ? `${language() === 'sv' ? 'v.' : 'week'} ${Number(found[2])}` : value;
}

/** How coarse the points of a time field are. */
export type Granularity = 'month' | 'week' | 'day' | 'time';

interface Parts {
  day: number;
  weekday: number;
  midnight: boolean;
}

function partsIn(value: number, zone: string): Parts {
  const at = moment.tz(value, zone);
  return { day: at.date(), weekday: at.isoWeekday(), midnight: at.hour() === 0 && at.minute() === 0 && at.second() === 0 };
}

/** Finds out whether all points of a time field stand at the start of a month, a week or a day in the zone. */
export function granularity(values: ArrayLike<number | null>, zone: string): Granularity {
  let seen = 0;
  let previous: number | undefined;
  let weeks = true;
  let months = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value == null) {
      continue;
    }
    const parts = partsIn(value, zone);
    if (!parts.midnight) {
      return 'time';
    }
    months &&= parts.day === 1;
    const step = previous === undefined ? 0 : Math.round((value - previous) / 86_400_000);
    weeks &&= parts.weekday === 1 && step % 7 === 0;
    previous = value;
    seen++;
  }
  if (seen === 0) {
    return 'time';
  }
  return months ? 'month' : weeks && seen > 1 ? 'week' : 'day';
}

/** A point in time, written as coarse as its series is: "mars 2026", "v. 12 2026", 2026-03-14. */
export function formatPoint(value: number, coarse: Granularity, zone: string): string {
  const at = moment.tz(value, zone);
  switch (coarse) {
    case 'month':
      return at.format('MMMM YYYY');
    case 'week':
      return `${language() === 'sv' ? 'v.' : 'week'} ${at.isoWeek()} ${at.isoWeekYear()}`;
    case 'day':
      return at.format('YYYY-MM-DD');
    default:
      return at.format('YYYY-MM-DD HH:mm');
  }
}

/** The same, short enough for an axis: "mars", "v. 12", "14 mars"; the year is added where it changes. */
export function formatTick(value: number, coarse: Granularity, zone: string, withYear: boolean): string {
  const at = moment.tz(value, zone);
  switch (coarse) {
    case 'month':
      return at.format(withYear ? 'MMM YYYY' : 'MMM');
    case 'week':
      return `${language() === 'sv' ? 'v.' : 'w'} ${at.isoWeek()}`;
    case 'day':
      return at.format('D MMM');
    default:
      return at.format('D MMM HH:mm');
  }
}
