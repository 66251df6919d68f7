import { beforeAll, describe, expect, it } from 'vitest';
import { formatDate, formatDateTime, formatMonth, formatPoint, formatTick, formatWeek, granularity, installDates } from '../src/dates';
import { setLanguage } from '../src/language';

const zone = 'Europe/Stockholm';
/** Midnight in Stockholm on a day of winter (UTC+1) or summer (UTC+2). */
const winter = (text: string) => Date.parse(`${text}T00:00:00+01:00`);
const summer = (text: string) => Date.parse(`${text}T00:00:00+02:00`);

beforeAll(() => {
  setLanguage('sv');
  installDates();
});

describe('dates', () => {
  it('are written in the judging zone, not the browser zone', () => {
    expect(formatDate('2026-03-13T23:30:00Z', zone)).toBe('2026-03-14');
    expect(formatDateTime('2026-03-14T07:12:40Z', zone)).toBe('2026-03-14 08:12');
    expect(formatDateTime('2026-07-01T22:05:00Z', zone)).toBe('2026-07-02 00:05');
  });

  it('that cannot be read are shown as they came', () => {
    expect(formatDate('snart', zone)).toBe('snart');
    expect(formatDateTime(null, zone)).toBe('');
  });

  it('name months and weeks', () => {
    expect(formatMonth('2026-03')).toBe('mars 2026');
    expect(formatWeek('2026-W12')).toBe('v. 12');
    expect(formatWeek('12')).toBe('12');
  });
});

describe('the coarseness of a series', () => {
  it.each([
    ['months across a change of clocks', [summer('2025-10-01'), winter('2025-11-01'), winter('2025-12-01')], 'month'],
    ['weeks across a change of clocks', [summer('2025-10-20'), winter('2025-10-27'), winter('2025-11-03')], 'week'],
    ['days', [winter('2026-01-01'), winter('2026-01-02')], 'day'],
    ['hours', [winter('2026-01-01'), winter('2026-01-01') + 3_600_000], 'time'],
    ['nothing', [], 'time'],
  ] as const)('%s', (_name, values, want) => expect(granularity([...values], zone)).toBe(want));

  it('decides how a point is written', () => {
    expect(formatPoint(winter('2026-03-01'), 'month', zone)).toBe('mars 2026');
    expect(formatPoint(winter('2026-03-16'), 'week', zone)).toBe('v. 12 2026');
    expect(formatPoint(winter('2026-03-14'), 'day', zone)).toBe('2026-03-14');
    expect(formatTick(winter('2026-01-01'), 'month', zone, true)).toBe('jan 2026');
  });
});
