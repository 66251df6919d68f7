import {
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type FieldConfigPropertyItem,
  type PanelData,
  type TransformerRegistryItem,
  displayNameOverrideProcessor,
  EventBusSrv,
  identityOverrideProcessor,
  LoadingState,
  numberOverrideProcessor,
  setTimeZoneResolver,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
  dataLinksOverrideProcessor,
} from '@grafana/data';
import {
  type BackendSrv,
  type BackendSrvRequest,
  config,
  setAppEvents,
  setBackendSrv,
  setDataSourceSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
} from '@grafana/runtime';
import { catchError, from, map, of, startWith, type Observable } from 'rxjs';
import { request, RequestError } from './api';
import { instanceSettings, LinesmanDataSource } from './datasource';
import { installUnit } from './format';
import { panels, unknownPanel } from './panels';
import type { GrafanaTheme2 } from '@grafana/data';

const noEditor = () => null;

/** The properties every field can have, and how an override is read. */
function standardProperties(): FieldConfigPropertyItem[] {
  const property = (id: string, process: unknown, extra: object = {}) => ({
    id,
    path: id,
    name: id,
    editor: noEditor,
    override: noEditor,
    process,
    shouldApply: () => true,
    ...extra,
  });
  return [
    property('unit', unitOverrideProcessor),
    property('min', numberOverrideProcessor),
    property('max', numberOverrideProcessor),
    property('decimals', numberOverrideProcessor),
    property('displayName', displayNameOverrideProcessor),
    property('description', stringOverrideProcessor),
    property('noValue', stringOverrideProcessor),
    property('thresholds', thresholdsOverrideProcessor, {
      defaultValue: { mode: 'absolute', steps: [{ value: -Infinity, color: 'blue' }] },
    }),
    property('mappings', valueMappingsOverrideProcessor),
    property('color', identityOverrideProcessor, { defaultValue: { mode: 'palette-classic' } }),
    property('links', dataLinksOverrideProcessor),
    property('filterable', identityOverrideProcessor),
  ] as unknown as FieldConfigPropertyItem[];
}

/** Carries the runtime's requests over our own fetch. */
function backend(): BackendSrv {
  const send = async (options: BackendSrvRequest) => {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries((options.params ?? {}) as Record<string, unknown>)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        query.append(key, String(one));
      }
    }
    const path = options.url.startsWith('/') ? options.url : `/${options.url}`;
    const url = query.size > 0 ? `${path}${path.includes('?') ? '&' : '?'}${query.toString()}` : path;
    try {
      const data: unknown = await request(url, {
        method: options.method ?? 'GET',
        headers: options.headers as Record<string, string> | undefined,
        body: options.data === undefined ? undefined : JSON.stringify(options.data),
        signal: options.abortSignal ?? null,
      });
      return { data, status: 200, statusText: 'OK', ok: true, headers: new Headers(), url, config: options };
    } catch (error) {
      if (error instanceof RequestError) {
        // The shape the data source base class knows how to turn into an error of the panel.
        throw { status: error.status, statusText: error.message, data: asErrorData(error), config: options };
      }
      throw error;
    }
  };
  return {
    fetch: (options: BackendSrvRequest) => from(send(options)),
    datasourceRequest: send,
    get: (url: string, params?: unknown) => send({ url, params } as BackendSrvRequest).then((r) => r.data),
    post: (url: string, data?: unknown) => send({ url, data, method: 'POST' }).then((r) => r.data),
    resolveCancelerIfExists: () => undefined,
  } as unknown as BackendSrv;
}

function asErrorData(error: RequestError): unknown {
  const { data } = error;
  return typeof data === 'object' && data !== null && 'results' in data ? data : { message: error.message };
}

/** Makes the units a frame brings known before its fields are formatted. */
function noteUnits(response: DataQueryResponse): void {
  for (const frame of response.data as Array<{ fields?: Array<{ config?: { unit?: string } }> }>) {
    frame.fields?.forEach((field) => installUnit(field.config?.unit));
  }
}

function runRequest(source: DataSourceApi, asked: DataQueryRequest): Observable<PanelData> {
  const base = { request: asked, timeRange: asked.range };
  return from(source.query(asked) as Observable<DataQueryResponse>).pipe(
    map((response): PanelData => {
      noteUnits(response);
      const error = response.error ?? response.errors?.[0];
      return {
        ...base,
        state: error ? LoadingState.Error : (response.state ?? LoadingState.Done),
        series: response.data as PanelData['series'],
        error,
        errors: response.errors,
      };
    }),
    catchError((cause: unknown) => {
      const failed = cause as { data?: { message?: string }; message?: string };
      const message = failed.data?.message ?? failed.message ?? String(cause);
      return of<PanelData>({ ...base, state: LoadingState.Error, series: [], error: { message } });
    }),
    startWith<PanelData>({ ...base, state: LoadingState.Loading, series: [] }),
  );
}

/** Gives Grafana's libraries the services a Grafana server's front end would give them. Call once, before rendering. */
export function installServices(theme: GrafanaTheme2, zone: string): void {
  config.theme2 = theme;
  config.bootData.user.timezone = zone;
  setTimeZoneResolver(() => zone);
  setAppEvents(new EventBusSrv());
  standardFieldConfigEditorRegistry.setInit(standardProperties);
  standardTransformersRegistry.setInit(() =>
    Object.values(standardTransformers).map(
      (one) => ({ id: one.id, name: one.name, transformation: () => Promise.resolve(one), editor: noEditor }) as unknown as TransformerRegistryItem,
    ),
  );
  setBackendSrv(backend());

  const source = new LinesmanDataSource();
  config.datasources = { [instanceSettings.name]: instanceSettings } as never;
  config.defaultDatasource = instanceSettings.name;
  setDataSourceSrv({
    get: () => Promise.resolve(source),
    getList: () => [instanceSettings],
    getInstanceSettings: () => instanceSettings,
    reload: () => undefined,
    registerRuntimeDataSource: () => undefined,
  } as never);
  setTemplateSrv({
    replace: (text?: string) => text ?? '',
    getVariables: () => [],
    containsTemplate: () => false,
    updateTimeRange: () => undefined,
  });
  setRunRequest(runRequest as never);
  setPluginImportUtils({
    importPanelPlugin: (id: string) => Promise.resolve(panels[id] ?? unknownPanel(id)),
    getPanelPluginFromCache: (id: string) => panels[id] ?? unknownPanel(id),
  });
}


