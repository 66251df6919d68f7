import { beforeEach, describe, expect, it, vi } from 'vitest';
import { lastValueFrom, of, toArray } from 'rxjs';
import type { DataQueryRequest } from '@grafana/data';

// What Grafana gives a plugin at run time, as far as the data source uses it.
const grafana = vi.hoisted(() => ({
  asked: [] as unknown[],
  resources: [] as unknown[],
  streams: [] as unknown[],
  language: 'sv-SE',
}));

vi.mock('@grafana/data', () => ({ LiveChannelScope: { DataSource: 'ds' }, LoadingState: { Done: 'Done' } }));
vi.mock('@grafana/runtime', () => ({
  config: {
    get bootData() {
      return { user: { language: grafana.language } };
    },
  },
  getTemplateSrv: () => ({ getVariables: () => [{ name: 'unit', current: { value: ['a', 'b'] } }, { name: 'month', current: { value: '2026-03' } }] }),
  getGrafanaLiveSrv: () => ({
    getDataStream: (options: unknown) => {
      grafana.streams.push(options);
      return of({ data: ['live'] });
    },
  }),
  DataSourceWithBackend: class {
    query(request: { targets: unknown[] }) {
      grafana.asked.push(request.targets);
      return of({ data: ['asked'] });
    }
    async getResource(path: string, params: unknown) {
      grafana.resources.push([path, params]);
      return path === 'options/none' ? { error: 'x' } : [{ text: 'Akut', value: 'a' }];
    }
  },
}));

const { LinesmanDataSource } = await import('../src/datasource');
const source = new LinesmanDataSource({ uid: 'linesman' } as never);
const request = (...targets: unknown[]) => ({ targets, scopedVars: {} }) as unknown as DataQueryRequest<never>;
const answers = async (...targets: unknown[]) => (await lastValueFrom(source.query(request(...targets)).pipe(toArray()))).map((a) => a.data);

beforeEach(() => {
  grafana.asked = [];
  grafana.resources = [];
  grafana.streams = [];
  grafana.language = 'sv-SE';
});

describe('the data source', () => {
  it('asks what has a metric and is not hidden', async () => {
    expect(await answers({ refId: 'A', metric: 'cost' }, { refId: 'B' }, { refId: 'C', metric: 'cost', hide: true })).toEqual([['asked']]);
    expect(grafana.asked).toEqual([[{ refId: 'A', metric: 'cost' }]]);
    expect(await answers({ refId: 'B' })).toEqual([[]]);
    expect(grafana.asked).toHaveLength(1);
  });
  it('fills variables in and speaks the language of the user', () => {
    const query = { refId: 'A', metric: 'cost', filters: [{ field: 'unit', values: ['${unit}'] }] };
    expect(source.applyTemplateVariables(query, {})).toEqual({ refId: 'A', metric: 'cost', filters: [{ field: 'unit', values: ['a', 'b'] }], lang: 'sv' });
    grafana.language = 'de-DE';
    expect(source.applyTemplateVariables(query, {})).not.toHaveProperty('lang');
    expect(source.applyTemplateVariables({ ...query, lang: 'en' }, {}).lang).toBe('en');
  });
  it('listens to one stream for each unit and asks the server nothing for it', async () => {
    expect(await answers({ refId: 'A', metric: 'live_violations', filters: [{ field: 'unit', values: ['${unit}'] }] })).toEqual([['live'], ['live']]);
    expect(grafana.streams).toEqual(['a', 'b'].map((u) => ({ key: `A/${u}`, addr: { scope: 'ds', namespace: 'linesman', stream: 'linesman', path: `violations/${u}` } })));
    expect(grafana.asked).toEqual([]);
    expect(await answers({ refId: 'A', metric: 'live_violations' }, { refId: 'B', metric: 'cost' })).toEqual([['asked']]);
  });
  it('reads the choices of variables', async () => {
    expect(await source.metricFindQuery('units')).toEqual([{ text: 'Akut', value: 'a' }]);
    await source.metricFindQuery({ query: 'lines()?month=$month' });
    await source.choices();
    expect(grafana.resources).toEqual([
      ['options/units', { lang: 'sv' }],
      ['options/lines', { month: '2026-03', lang: 'sv' }],
      ['catalogue', { lang: 'sv' }],
    ]);
    expect(await source.metricFindQuery('none')).toEqual([]);
    expect(await source.metricFindQuery('')).toEqual([]);
  });
  it('asks annotations as any other query', () => {
    expect(source.annotations.getDefaultQuery()).toEqual({ metric: 'annotations', format: 'table' });
  });
});
