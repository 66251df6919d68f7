import { describe, expect, it } from 'vitest';
import { comparesOf, fieldsOf, languageOf, limitOf, liveMetric, livePath, liveUnits, metricOf, metricsOf, mostStreams, settingsFault, tidy, valuesOf, withFilter, withFormat, withGroup, withMetric } from '../src/model';
import type { Choices, LinesmanQuery } from '../src/types';

const choices: Choices = {
  metrics: [
    { text: 'Cost', value: 'cost', unit: 'kr', list: false, group: ['kind', 'unit'], filter: ['kind', 'month', 'unit'], compare: ['previous', 'budget'] },
    { text: 'Open watches', value: 'watches_open', unit: '', list: false, group: ['profession_group', 'unit'], filter: ['month', 'unit'], compare: ['previous'] },
    { text: 'Violations', value: 'violation_list', unit: '', list: true, group: [], filter: ['rule', 'unit'], compare: [] },
  ],
  fields: [{ text: 'Unit', value: 'unit' }],
  lists: { unit: 'units' },
};

const cost: LinesmanQuery = { refId: 'A', metric: 'cost', format: 'stat', compare: 'budget', groupBy: ['kind', 'unit'], filters: [{ field: 'kind', values: ['call'] }, { field: 'unit', values: ['$unit'] }], limit: 5 };

describe('the query editor', () => {
  it('takes out what another metric does not have', () => {
    expect(withMetric(choices, cost, 'watches_open')).toEqual({ refId: 'A', metric: 'watches_open', format: 'stat', groupBy: ['unit'], filters: [{ field: 'unit', values: ['$unit'] }], limit: 5 });
    expect(withMetric(choices, cost, 'violation_list')).toEqual({ refId: 'A', metric: 'violation_list', format: 'table', filters: [{ field: 'unit', values: ['$unit'] }], limit: 5 });
    expect(withMetric(choices, cost, liveMetric)).toEqual({ refId: 'A', metric: liveMetric, format: 'table', filters: [{ field: 'unit', values: ['$unit'] }], limit: 5 });
  });
  it('leaves a query alone whose metric it does not know', () => {
    expect(withMetric(choices, cost, 'newer')).toEqual({ ...cost, metric: 'newer' });
    expect(withMetric(undefined, cost, 'cost')).toEqual(cost);
  });
  it('one number has no groups, and only one number is compared', () => {
    expect(withFormat(cost, 'stat').groupBy).toBeUndefined();
    expect(withFormat(cost, 'table')).not.toHaveProperty('compare');
    expect(withFormat({ ...cost, also: ['calls'] }, 'timeseries')).not.toHaveProperty('also');
  });
  it('changes groups and filters', () => {
    expect(withGroup(cost, [])).not.toHaveProperty('groupBy');
    expect(withFilter(cost, 0, undefined).filters).toEqual([{ field: 'unit', values: ['$unit'] }]);
    expect(withFilter(cost, 1, { field: 'unit', op: 'not_in', values: ['x'] }).filters?.[1]).toEqual({ field: 'unit', op: 'not_in', values: ['x'] });
    expect(cost.filters).toHaveLength(2); // the query before is as it was
  });
  it('offers metrics, fields and comparisons in words', () => {
    expect(metricsOf(choices).map((m) => m.value)).toEqual(['cost', 'watches_open', 'violation_list', liveMetric]);
    expect(fieldsOf(choices, ['unit', 'kind'])).toEqual([{ text: 'Unit', value: 'unit' }, { text: 'kind', value: 'kind' }]);
    expect(comparesOf(metricOf(choices, cost)).map((c) => c.value)).toEqual(['', 'previous', 'budget']);
    expect(metricsOf(undefined)).toHaveLength(1);
  });
  it('reads what is typed', () => {
    expect(valuesOf(' a, ${unit} ,,b ')).toEqual(['a', '${unit}', 'b']);
    expect(['5', '0', '-1', '1.5', '', '10001', 'x'].map(limitOf)).toEqual([5, undefined, undefined, undefined, undefined, undefined, undefined]);
    expect(tidy({ refId: 'A', metric: 'cost', filters: [], compare: '' })).toEqual({ refId: 'A', metric: 'cost' });
  });
});

describe('live updates', () => {
  it('has a path that Grafana permits for any unit', () => {
    expect(livePath('SE0001-E')).toBe('violations/SE0001-E');
    expect(livePath('Vård 3/=')).toBe('violations/V=C3=A5rd=203=2F=3D');
  });
  it('listens to the units of the query, and to no more than that', () => {
    expect(liveUnits({ refId: 'A', filters: [{ field: 'unit', values: ['a', 'b', 'a'] }, { field: 'unit', op: 'not_in', values: ['c'] }, { field: 'rule', values: ['d'] }] })).toEqual(['a', 'b']);
    expect(liveUnits({ refId: 'A', filters: [{ field: 'unit', values: Array.from({ length: 50 }, (_, i) => `u${i}`) }] })).toHaveLength(mostStreams);
  });
});

describe('settings', () => {
  it.each([
    ['https://linesman.example.se', true],
    ['http://127.0.0.1:8080', true],
    ['', true],
    ['linesman.example.se', false],
    ['ftp://linesman', false],
    ['https://a:b@linesman', false],
    ['https://linesman/?x=1', false],
  ])('%s', (url, fine) => {
    expect(settingsFault(url) === '').toBe(fine);
  });
  it('speaks the language of the query, then of the user', () => {
    expect(languageOf({ refId: 'A', lang: 'en' }, 'sv-SE')).toBe('en');
    expect(languageOf({ refId: 'A' }, 'sv-SE')).toBe('sv');
    expect(languageOf({ refId: 'A' }, 'de-DE')).toBeUndefined();
    expect(languageOf({ refId: 'A' }, undefined)).toBeUndefined();
  });
});
