import { FieldType, LoadingState, toDataFrame } from '@grafana/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { installDates } from '../src/dates';
import { setLanguage } from '../src/language';
import { errorText, hasNumbers, hasValues, isEmpty, noticesOf, prepareFrames } from '../src/panels/frames';

const zone = 'Europe/Stockholm';

beforeAll(() => {
  setLanguage('sv');
  installDates();
});

describe('frames before they are drawn', () => {
  it('write months and weeks that come as text', () => {
    const [frame] = prepareFrames(
      [toDataFrame({ fields: [{ name: 'month', type: FieldType.string, values: ['2026-03'], config: { unit: 'month' } }, { name: 'week', type: FieldType.string, values: ['2026-W12'], config: { unit: 'week' } }] })],
      zone,
    );
    expect(frame!.fields.map((field) => field.display!(field.values[0]).text)).toEqual(['mars 2026', 'v. 12']);
  });

  it('write times as coarse as they are', () => {
    const times = [Date.parse('2026-02-01T00:00:00+01:00'), Date.parse('2026-03-01T00:00:00+01:00')];
    const [frame] = prepareFrames([toDataFrame({ fields: [{ name: 'time', type: FieldType.time, values: times }] })], zone);
    expect(frame!.fields[0]!.display!(times[1]).text).toBe('mars 2026');
  });

  it('give colours to numbers only, across frames', () => {
    const one = () => toDataFrame({ fields: [{ name: 'unit', values: ['a'] }, { name: 'cost', type: FieldType.number, values: [1] }] });
    const prepared = prepareFrames([one(), one()], zone);
    expect(prepared.map((frame) => frame.fields[1]!.state!.seriesIndex)).toEqual([0, 1]);
  });

  it('know when there is nothing to show', () => {
    const nulls = [toDataFrame({ fields: [{ name: 'cost', type: FieldType.number, values: [null] }] })];
    expect([isEmpty(nulls), hasNumbers(nulls), hasValues(nulls)]).toEqual([false, false, false]);
    const text = [toDataFrame({ fields: [{ name: 'unit', type: FieldType.string, values: ['a'] }] })];
    expect([isEmpty(text), hasNumbers(text), hasValues(text)]).toEqual([false, false, true]);
    expect(isEmpty([])).toBe(true);
  });

  it('show each notice once, and the words of an error', () => {
    const frame = toDataFrame({ fields: [], meta: { notices: [{ severity: 'warning', text: 'Avkortat' }] } });
    expect(noticesOf([frame, frame])).toEqual([{ severity: 'warning', text: 'Avkortat' }]);
    const data = { state: LoadingState.Error, series: [], error: { message: 'Okänt mått' } };
    expect(errorText(data as never)).toBe('Okänt mått');
    expect(errorText({ ...data, state: LoadingState.Done, error: undefined } as never)).toBeUndefined();
  });
});
