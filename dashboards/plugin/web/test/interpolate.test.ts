import { describe, expect, it } from 'vitest';
import { interpolateQuery } from '../../../console/web/src/interpolate';
import { variablesOf } from '../src/resolve';
import type { LinesmanQuery } from '../src/types';

const variables = [
  { name: 'unit', current: { value: ['SE0001-E', 'SE0001-S'] } },
  { name: 'month', current: { value: '2026-03' } },
  { name: 'rule', current: { value: ['$__all'] } },
  { name: 'state', current: { value: '$__all' } },
  { name: 'none', current: { value: [] } },
  { name: 'quoted', current: { value: ["O'Brien, 100% \"x\""] } },
  { name: 'broken' },
];

const fill = (filters: LinesmanQuery['filters'], scoped = {}) => interpolateQuery({ refId: 'A', metric: 'cost', filters }, variablesOf(variables, scoped)).filters;
const by = (field: string, ...values: string[]) => ({ field, op: 'in' as const, values });

describe('template variables', () => {
  it.each([
    ['several values become several', [by('unit', '${unit}')], [by('unit', 'SE0001-E', 'SE0001-S')]],
    ['beside fixed ones', [by('unit', 'SE0001-X', '$unit')], [by('unit', 'SE0001-X', 'SE0001-E', 'SE0001-S')]],
    ['with a format of Grafana', [by('unit', '${unit:csv}')], [by('unit', 'SE0001-E', 'SE0001-S')]],
    ['one value', [by('month', '${month}')], [by('month', '2026-03')]],
    ['everything takes the filter away', [by('rule', '${rule}'), by('month', '$month')], [by('month', '2026-03')]],
    ['everything, as one value', [by('state', '${state}')], []],
    ['an empty choice narrows nothing', [by('unit', '${none}')], []],
    ['a variable without a value', [by('unit', '${broken}')], []],
    ['what is no variable stays', [by('unit', '${other}')], [by('unit', '${other}')]],
    ['values are not quoted or split', [by('unit', '${quoted}')], [by('unit', "O'Brien, 100% \"x\"")]],
  ])('%s', (_, given, want) => {
    expect(fill(given)).toEqual(want);
  });

  it('a repeated panel has its own value', () => {
    expect(fill([by('unit', '${unit}')], { unit: { text: 'Akut', value: 'SE0001-E' } })).toEqual([by('unit', 'SE0001-E')]);
    expect(fill([by('unit', '${unit}')], { unit: { text: '', value: ['a', 'b'] } })).toEqual([by('unit', 'a', 'b')]);
  });
});
