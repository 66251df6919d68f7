import { getValueFormat, formattedValueToString } from '@grafana/data';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatNumber, formatUnit, installUnit, installUnits } from '../src/format';
import { setLanguage } from '../src/language';
import { axisText, tickDecimals, ticks } from '../src/panels/axis';

/** Narrow no-break space (thousands) and no-break space (before a unit). */
const n = '\u202f';
const s = '\u00a0';

const asGrafana = (unit: string, value: number, decimals?: number) => formattedValueToString(getValueFormat(unit)(value, decimals));

beforeAll(() => installUnits());
afterEach(() => setLanguage('sv'));

describe('numbers in Swedish', () => {
  it.each([
    ['thousands from four digits', formatNumber(1234.56), `1${n}234,56`],
    ['fixed decimals', formatNumber(1234.5, 2), `1${n}234,50`],
    ['whole', formatNumber(1234567, 0), `1${n}234${n}567`],
    ['minus is a minus sign', formatNumber(-42, 0), '−42'],
    ['no minus before nothing', formatNumber(-0.001, 1), '0,0'],
    ['kronor', formatUnit(1234.56, 'kr'), `1${n}235${s}kr`],
    ['kronor and öre', formatUnit(1234.56, 'kr2'), `1${n}234,56${s}kr`],
    ['Grafana currency', formatUnit(1234.56, 'currencySEK', 2), `1${n}234,56${s}kr`],
    ['suffix', formatUnit(0.5, 'suffix: kr/min', 2), `0,50${s}kr/min`],
    ['suffix without space', formatUnit(7, 'suffix:st'), `7${s}st`],
    ['percent', formatUnit(12.34, 'percent'), `12,3${s}%`],
    ['share', formatUnit(0.1234, 'percentunit', 1), `12,3${s}%`],
    ['count', formatUnit(12345, 'locale'), `12${n}345`],
    ['megabytes', formatUnit(1536.25, 'MB', 1), `1${n}536,3${s}MB`],
    ['unknown unit is a suffix', formatUnit(3, 'linjer'), `3${s}linjer`],
    ['nothing', formatUnit(null, 'kr'), ''],
  ])('%s', (_name, got, want) => expect(got).toBe(want));

  it('reaches every place Grafana formats a value', () => {
    expect(asGrafana('kr2', 1234.56)).toBe(`1${n}234,56${s}kr`);
    expect(asGrafana('none', 12.5)).toBe('12,5');
    installUnit('suffix: kr/mån');
    expect(asGrafana('suffix: kr/mån', 99.5, 1)).toBe(`99,5${s}kr/mån`);
  });

  it('leaves dates and booleans to Grafana', () => {
    installUnit('time:YYYY');
    installUnit('bool_yes_no');
    expect(asGrafana('time:YYYY', Date.UTC(2026, 5, 1))).toBe('2026');
    expect(asGrafana('bool_yes_no', 1)).toBe('Yes');
  });

  it('changes with the language', () => {
    setLanguage('en');
    expect(formatUnit(1234.56, 'kr2')).toBe(`1,234.56${s}kr`);
  });
});

describe('durations and volumes', () => {
  it.each([
    [59, `59${s}s`],
    [60, `1${s}min`],
    [125, `2${s}min 5${s}s`],
    [3600, `1${s}tim`],
    [7260, `2${s}tim 1${s}min`],
    [-90, `−1${s}min 30${s}s`],
  ])('%d seconds', (seconds, want) => expect(formatDuration(seconds)).toBe(want));

  it.each([
    [0, `0${s}B`],
    [1500, `1,5${s}kB`],
    [1_000_000, `1${s}MB`],
    [123_456_789_000, `123${s}GB`],
  ])('%d bytes', (bytes, want) => expect(formatBytes(bytes)).toBe(want));
});

describe('axes', () => {
  it('take only the decimals their steps need', () => {
    expect(axisText(200000, 'kr2')).toBe(`200${n}000${s}kr`);
    expect(axisText(0.5, 'kr2', 1)).toBe(`0,5${s}kr`);
    expect(axisText(0.25, 'percentunit', 2)).toBe(`25${s}%`);
  });

  it('have round ticks that cover the values', () => {
    expect(ticks(0, 874, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(ticks(0, 2, 5, true)).toEqual([0, 1, 2]);
    expect(ticks(-30, 55, 4)).toEqual([-50, -25, 0, 25, 50, 75]);
    expect(tickDecimals([0, 0.25, 0.5])).toBe(2);
    expect(tickDecimals([0, 200])).toBe(0);
  });
});
