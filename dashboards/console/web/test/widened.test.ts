import { type DataFrame, dateTime, FieldType } from '@grafana/data';
import { describe, expect, it } from 'vitest';
import { widened } from '../src/panels/TimeSeriesPanel';

const day = (text: string) => Date.parse(`${text}T00:00:00Z`);

function frame(days: string[], drawStyle: string): DataFrame {
  return {
    length: days.length,
    fields: [
      { name: 'time', type: FieldType.time, config: {}, values: days.map(day) },
      { name: 'value', type: FieldType.number, config: { custom: { drawStyle } }, values: days.map(() => 1) },
    ],
  };
}

describe('the axis of a period', () => {
  const range = { from: dateTime(day('2026-01-01')), to: dateTime(day('2026-04-01')), raw: { from: 'a', to: 'b' } };
  const ends = (frames: DataFrame[]) => {
    const { from, to } = widened(range, frames);
    return [from.valueOf(), to.valueOf()];
  };

  it('stays when all points lie in it', () => {
    expect(ends([frame(['2026-01-01', '2026-03-01'], 'line')])).toEqual([day('2026-01-01'), day('2026-04-01')]);
    expect(ends([frame([], 'line')])).toEqual([day('2026-01-01'), day('2026-04-01')]);
  });

  it('reaches a forecast after it, with room for its label', () => {
    const [from, to] = ends([frame(['2026-01-01', '2026-03-01', '2026-06-01'], 'line')]);
    expect(from).toBe(day('2026-01-01'));
    expect(to).toBeGreaterThan(day('2026-06-01'));
    expect(to).toBeLessThan(day('2026-06-15'));
  });

  it('shows half of the first and the last bar', () => {
    const [from, to] = ends([frame(['2026-01-01', '2026-02-01', '2026-03-01'], 'bars')]);
    expect(from).toBeLessThan(day('2026-01-01'));
    expect(to).toBe(day('2026-04-01'));
  });
});
