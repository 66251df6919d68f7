import {
  type AdHocVariableFilter,
  type DataQuery,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type DataSourceJsonData,
  type MetricFindValue,
  type ScopedVars,
  PluginType,
} from '@grafana/data';
import { DataSourceWithBackend } from '@grafana/runtime';
import type { Observable } from 'rxjs';
import { sceneGraph, type SceneObject } from '@grafana/scenes';
import { language } from './language';
import { everything, interpolateQuery, type Resolve, type VariableValue } from './interpolate';

export const datasourceType = 'linesman-datasource';
export const datasourceUid = 'linesman';

/** A structured query; what it may hold is decided by the server. */
export interface LinesmanQuery extends DataQuery {
  metric?: string;
  groupBy?: string[];
  filters?: unknown;
  format?: string;
}

type Settings = DataSourceInstanceSettings<DataSourceJsonData>;

const meta = {
  id: datasourceType,
  type: PluginType.datasource,
  name: 'Linesman',
  module: '',
  baseUrl: '',
  metrics: true,
  backend: true,
  info: {
    author: { name: 'Linesman' },
    description: '',
    links: [],
    logos: { small: '', large: '' },
    screenshots: [],
    updated: '',
    version: '',
  },
};

export const instanceSettings: Settings = {
  id: 1,
  uid: datasourceUid,
  type: datasourceType,
  name: 'Linesman',
  meta,
  jsonData: {},
  access: 'proxy',
  readOnly: true,
  isDefault: true,
} as Settings;

/** A variable that can hold "all"; scenes would otherwise give us the list of every option. */
interface MaybeAll {
  hasAllValue?: () => boolean;
}

/** Reads variables where the query stands in the scene, so that a row or panel may have its own. */
export function sceneResolver(scene: SceneObject | undefined, scopedVars: ScopedVars = {}): Resolve {
  return (name) => {
    const scoped = scopedVars[name];
    if (scoped && typeof scoped.value !== 'object') {
      return String(scoped.value);
    }
    const variable = scene ? sceneGraph.lookupVariable(name, scene) : null;
    if (!variable) {
      return undefined;
    }
    if ((variable as MaybeAll).hasAllValue?.()) {
      return everything;
    }
    const value = variable.getValue();
    if (Array.isArray(value)) {
      return value.length === 0 ? everything : value.map(String);
    }
    // An empty choice narrows nothing.
    return value === '' || value == null ? everything : (String(value) as VariableValue);
  };
}

/** The scene object a request comes from; scenes puts it among the scoped variables. */
function sceneOf(scopedVars: ScopedVars | undefined): SceneObject | undefined {
  const wrapped = scopedVars?.['__sceneObject']?.value as { valueOf(): SceneObject } | undefined;
  return wrapped?.valueOf();
}

/** The same data source the Grafana plugin offers, talking to the server the page came from. */
export class LinesmanDataSource extends DataSourceWithBackend<LinesmanQuery> {
  /** Annotations are queries like any other; Grafana's own reading of their frames does. */
  annotations = {};

  constructor(settings: Settings = instanceSettings) {
    super(settings);
    this.meta = meta;
  }

  /** There is one data source, so a query need not say which; naming it would start a look-up at a Grafana server. */
  query(request: DataQueryRequest<LinesmanQuery>): Observable<DataQueryResponse> {
    return super.query({ ...request, targets: request.targets.map((target) => ({ ...target, datasource: undefined })) });
  }

  filterQuery(query: LinesmanQuery): boolean {
    return !query.hide;
  }

  applyTemplateVariables(query: LinesmanQuery, scopedVars: ScopedVars, _filters?: AdHocVariableFilter[]): LinesmanQuery {
    const filled = interpolateQuery(query, sceneResolver(sceneOf(scopedVars), scopedVars));
    return { ...filled, lang: language() } as LinesmanQuery;
  }

  /** Options of a query variable; the query is the name of the list, perhaps with parameters: "units" or "units?month=$month". */
  async metricFindQuery(query: string | { query?: string }, options?: { scopedVars?: ScopedVars }): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : (query.query ?? '');
    const [name = '', search = ''] = text.split('?');
    const params = new URLSearchParams(search);
    const filled = interpolateQuery(Object.fromEntries(params), sceneResolver(sceneOf(options?.scopedVars)));
    const found: unknown = await this.getResource(`options/${encodeURIComponent(name.replace(/\(\)$/, ''))}`, {
      ...filled,
      lang: language(),
    });
    return Array.isArray(found) ? (found as MetricFindValue[]) : [];
  }
}
