import { type DataFrame, FieldType } from '@grafana/data';
import { describe, expect, it } from 'vitest';
import { linePositions, marksAt, marksOf } from '../src/panels/marks';
import { toLayers } from '../src/scene/toScene';

const day = (text: string) => Date.parse(`${text}T00:00:00Z`);

function frame(rows: Array<[string, string]>): DataFrame {
  return {
    length: rows.length,
    fields: [
      { name: 'time', type: FieldType.time, config: {}, values: rows.map(([at]) => day(at)) },
      { name: 'text', type: FieldType.string, config: {}, values: rows.map(([, text]) => text) },
    ],
  };
}

describe('marks on curves', () => {
  const marks = marksOf([
    frame([
      ['2026-03-29', 'a rule changes'],
      ['2026-02-01', 'a rule starts'],
    ]),
    frame([
      ['2026-02-01', 'a rule starts'],
      ['2026-06-30', 'goals due'],
    ]),
  ]);

  it('come in order, each once', () => {
    expect(marks.map((mark) => mark.text)).toEqual(['a rule starts', 'a rule changes', 'goals due']);
    expect(marksOf(undefined)).toEqual([]);
    expect(marksOf([{ length: 1, fields: [] }])).toEqual([]);
  });

  it('belong to the point whose month they are in', () => {
    const months = ['2026-01-01', '2026-02-01', '2026-03-01'].map(day);
    expect(marksAt(marks, months, 0)).toEqual([]);
    expect(marksAt(marks, months, 1).map((mark) => mark.text)).toEqual(['a rule starts']);
    expect(marksAt(marks, [...months, day('2026-04-01')], 2).map((mark) => mark.text)).toEqual(['a rule changes']);
    // Nothing is left without a point that tells it.
    expect(marksAt(marks, months, 2).map((mark) => mark.text)).toEqual(['a rule changes', 'goals due']);
    expect(marksAt(marks, [day('2026-06-01')], 0)).toHaveLength(3);
  });

  it('stand inside the plot only, and once where two fall together', () => {
    const plot = { bbox: { left: 10, top: 0, width: 100, height: 50 }, valToPos: (time: number) => 10 + (time - day('2026-02-01')) / 86_400_000 };
    expect(linePositions([...marks, { time: day('2026-02-01'), text: 'another' }], plot)).toEqual([10, 66]);
  });
});

describe('queries for marks', () => {
  it('become one layer each, except those of Grafana itself', () => {
    const target = { metric: 'annotations' };
    const layers = toLayers([
      { name: 'Rules', target },
      { name: 'Off', enable: false, target },
      { name: 'Annotations & Alerts', builtIn: 1, target },
      { name: 'nothing to ask' },
    ]);
    expect(layers?.state.layers.map((layer) => layer.state.name)).toEqual(['Rules']);
    expect(toLayers([])).toBeUndefined();
  });
});
