import { afterEach, describe, expect, it } from 'vitest';
import { setLanguage } from '../src/language';
import { roundTop } from '../src/panels/axis';
import { labelled } from '../src/panels/calendarAxis';
import { aboutRows } from '../src/panels/frames';
import { hopDetail } from '../src/shell/FlowDrawer';
import { toDataFrame } from '@grafana/data';

afterEach(() => setLanguage('sv'));

describe('the top of a number axis', () => {
  it.each([
    [1_020_000, 200, 1_200_000],
    [1_000_000, 200, 1_000_000],
    [7, 200, 8],
    [0.34, 100, 0.4],
    [3, 10, 5],
    [0, 200, 1],
    [12, 0, 12],
  ])('%s in %s pixels ends at %s', (most, height, top) => expect(roundTop(most, height)).toBe(top));
});

describe('the labels of months', () => {
  const month = (at: number) => Date.UTC(2026, at, 1);
  const months = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => month(from + i));
  const shown = (points: number[], width: number) => labelled(points, { bbox: { width } }, month(0), month(12), 'month').map((time) => new Date(time).getUTCMonth());

  it('stand at every point that has room, over the whole period', () => {
    expect(shown(months(0, 11), 900)).toHaveLength(12);
    expect(shown(months(0, 11), 450)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(shown([month(3)], 100)).toEqual([3]);
    expect(shown([], 100)).toEqual([]);
  });
  it('do not stand over each other where the points take a part of it', () => {
    expect(shown(months(5, 10), 450)).toEqual([5, 7, 9]);
    expect(shown(months(8, 9), 200)).toEqual([8]);
  });
});

describe('a notice about rows', () => {
  const frame = toDataFrame({ fields: [{ name: 'unit', values: ['a', 'b', 'c'] }] });
  it('names how many came', () => {
    expect(aboutRows({ severity: 'info', text: 'Bara de första 3 raderna visas; det finns fler.' }, [frame])).toBe(true);
    expect(aboutRows({ severity: 'info', text: 'Målen gäller 31 av 38 enheter.' }, [frame])).toBe(false);
  });
});

describe('what a stage says of itself', () => {
  it('is said in the language of the page when it follows a pattern', () => {
    setLanguage('sv');
    expect([hopDetail('0 files waiting'), hopDetail('12 records behind')]).toEqual(['filer som väntar: 0', 'poster som återstår: 12']);
    expect(hopDetail('embedded 26.7.2.1, 338 MB, 0 restarts')).toBe('inbyggd 26.7.2.1, 338 MB, omstarter: 0');
    setLanguage('en');
    expect(hopDetail('12 records behind')).toBe('records behind: 12');
    expect(hopDetail('dial tcp: refused')).toBe('dial tcp: refused');
  });
});
