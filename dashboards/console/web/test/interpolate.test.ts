import { describe, expect, it } from 'vitest';
import { everything, interpolateQuery, type VariableValue } from '../src/interpolate';

const values: Record<string, VariableValue> = { unit: ['Akuten', 'Röntgen'], month: '2026-03', all: everything, none: ['$__all'] };
const resolve = (name: string) => values[name];
const fill = (query: object) => interpolateQuery(query, resolve);

describe('variables in a query', () => {
  it.each([
    ['one value in its place', { a: '$month' }, { a: '2026-03' }],
    ['braces', { a: '${month}' }, { a: '2026-03' }],
    ['a format is not ours to apply', { a: '${month:csv}' }, { a: '2026-03' }],
    ['inside a text', { a: 'since ${month}-01' }, { a: 'since 2026-03-01' }],
    ['several values in a list', { a: ['${unit}'] }, { a: ['Akuten', 'Röntgen'] }],
    ['several values beside a fixed one', { a: ['x', '$unit'] }, { a: ['x', 'Akuten', 'Röntgen'] }],
    ['several values in a scalar place', { a: '$unit' }, { a: ['Akuten', 'Röntgen'] }],
    ['an unknown name stays', { a: '$__interval' }, { a: '$__interval' }],
    ['all: the filter goes', { filters: { unit: ['${all}'], month: '$month' } }, { filters: { month: '2026-03' } }],
    ['all in a scalar place', { filters: { unit: '$all' } }, { filters: {} }],
    ['the value of all', { filters: { unit: ['${none}'] } }, { filters: {} }],
    ['literal all', { filters: { unit: ['$__all'] } }, { filters: {} }],
    ['a condition set to all goes whole', { filters: [{ field: 'unit', op: 'in', values: ['$all'] }, { field: 'month', values: ['$month'] }] }, { filters: [{ field: 'month', values: ['2026-03'] }] }],
    ['the last condition goes too', { filters: [{ field: 'unit', values: ['$all'] }] }, { filters: [] }],
    ['numbers and nulls are left', { a: 5, b: null, c: true }, { a: 5, b: null, c: true }],
    ['deep', { a: [{ b: { c: ['$unit'] } }] }, { a: [{ b: { c: ['Akuten', 'Röntgen'] } }] }],
  ])('%s', (_name, query, want) => expect(fill(query)).toEqual(want));

  it('does not change the dashboard it came from', () => {
    const query = { filters: [{ field: 'unit', values: ['$unit'] }] };
    fill(query);
    expect(query).toEqual({ filters: [{ field: 'unit', values: ['$unit'] }] });
  });
});
