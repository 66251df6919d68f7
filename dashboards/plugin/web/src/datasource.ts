import { type DataQueryRequest, type DataQueryResponse, type DataSourceInstanceSettings, type MetricFindValue, type ScopedVars, LiveChannelScope, LoadingState } from '@grafana/data';
import { config, DataSourceWithBackend, getGrafanaLiveSrv, getTemplateSrv } from '@grafana/runtime';
import { merge, type Observable, of } from 'rxjs';
import { interpolateQuery, type Resolve } from '../../../console/web/src/interpolate';
import { languageOf, liveMetric, livePath, liveUnits } from './model';
import { variablesOf } from './resolve';
import type { Choices, LinesmanQuery, Settings } from './types';

/** Asks the plugin's backend. It decides nothing: rights, SQL and words are the server's. */
export class LinesmanDataSource extends DataSourceWithBackend<LinesmanQuery, Settings> {
  /** Annotations are queries like any other, of the metric of the same name. */
  annotations = { getDefaultQuery: (): Partial<LinesmanQuery> => ({ metric: 'annotations', format: 'table' }) };

  constructor(private settings: DataSourceInstanceSettings<Settings>) {
    super(settings);
  }

  getDefaultQuery(): Partial<LinesmanQuery> {
    return { metric: 'cost', format: 'timeseries' };
  }

  filterQuery(query: LinesmanQuery): boolean {
    return !query.hide && !!query.metric;
  }

  applyTemplateVariables(query: LinesmanQuery, scopedVars: ScopedVars): LinesmanQuery {
    const filled = interpolateQuery(query, this.resolver(scopedVars));
    const lang = languageOf(filled, config.bootData?.user?.language);
    return lang ? { ...filled, lang } : filled;
  }

  query(request: DataQueryRequest<LinesmanQuery>): Observable<DataQueryResponse> {
    const live = request.targets.filter((t) => t.metric === liveMetric && this.filterQuery(t));
    const asked = request.targets.filter((t) => t.metric !== liveMetric && this.filterQuery(t));
    const streams = live.flatMap((t) => this.listen(this.applyTemplateVariables(t, request.scopedVars)));
    if (streams.length === 0) {
      return asked.length > 0 ? super.query({ ...request, targets: asked }) : of({ data: [], state: LoadingState.Done });
    }
    return asked.length > 0 ? merge(super.query({ ...request, targets: asked }), ...streams) : merge(...streams);
  }

  /** One stream for each unit: Grafana shares them among all who look at the same unit. */
  private listen(query: LinesmanQuery): Array<Observable<DataQueryResponse>> {
    return liveUnits(query).map((unit) =>
      getGrafanaLiveSrv().getDataStream({
        key: `${query.refId}/${unit}`,
        addr: { scope: LiveChannelScope.DataSource, namespace: this.settings.uid, stream: this.settings.uid, path: livePath(unit) },
      }),
    );
  }

  private resolver(scopedVars?: ScopedVars): Resolve {
    return variablesOf(getTemplateSrv().getVariables(), scopedVars);
  }

  /** Choices of a variable; the query is the name of a list, perhaps with parameters: "units" or "units?month=$month". */
  async metricFindQuery(query: string | { query?: string }, options?: { scopedVars?: ScopedVars }): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : (query.query ?? '');
    const [name = '', search = ''] = text.split('?');
    const list = name.trim().replace(/\(\)$/, '');
    if (list === '') {
      return [];
    }
    const params = interpolateQuery(Object.fromEntries(new URLSearchParams(search)), this.resolver(options?.scopedVars));
    const lang = languageOf({ refId: '' }, config.bootData?.user?.language);
    const found: unknown = await this.getResource(`options/${encodeURIComponent(list)}`, lang ? { ...params, lang } : params);
    return Array.isArray(found) ? (found as MetricFindValue[]) : [];
  }

  async choices(): Promise<Choices> {
    const lang = languageOf({ refId: '' }, config.bootData?.user?.language);
    return (await this.getResource('catalogue', lang ? { lang } : {})) as Choices;
  }
}
