import {
  behaviors,
  ConstantVariable,
  CustomVariable,
  dataLayers,
  EmbeddedScene,
  IntervalVariable,
  QueryVariable,
  SceneControlsSpacer,
  SceneDataLayerSet,
  SceneDataTransformer,
  SceneQueryRunner,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  type SceneVariable,
  SceneVariableSet,
  TextBoxVariable,
  VariableValueSelectors,
  VizPanel,
} from '@grafana/scenes';
import { datasourceType, datasourceUid } from '../datasource';
import { installUnit } from '../format';
import { msg } from '../language';
import { type Annotation, type Dashboard, type GridPos, isRow, type Panel, type PanelOrRow, type Target, type Variable } from './dashboard';
import { Cell, Grid, Section } from './Grid';

const source = { type: datasourceType, uid: datasourceUid };
const defaultPos: GridPos = { x: 0, y: 0, w: 12, h: 8 };

/** Makes every unit a panel mentions known to the formatters. */
function noteUnits(panel: Panel): void {
  const { defaults, overrides } = panel.fieldConfig ?? {};
  installUnit(defaults?.unit as string | undefined);
  for (const override of overrides ?? []) {
    for (const property of override.properties ?? []) {
      if (property.id === 'unit') {
        installUnit(property.value as string);
      }
    }
  }
}

/** Thresholds in JSON write the lowest step as null; Grafana's code wants minus infinity. */
function repairThresholds(value: unknown): unknown {
  const thresholds = value as { steps?: Array<{ value: number | null }> } | undefined;
  if (!thresholds?.steps) {
    return value;
  }
  return { ...thresholds, steps: thresholds.steps.map((step) => ({ ...step, value: step.value ?? -Infinity })) };
}

/**
 * Grafana shows the evidence of a violation on a dashboard. Here a page does, with the case that people make of it:
 * the server's own link leads there, and an override would replace it.
 */
function leadsToEvidence({ id, value }: { id: string; value?: unknown }): boolean {
  return id === 'links' && Array.isArray(value) && value.some((link: { url?: string }) => link.url?.startsWith('/d/violation-evidence?'));
}

export function readFieldConfig(panel: Panel): VizPanel['state']['fieldConfig'] {
  const { defaults = {}, overrides } = panel.fieldConfig ?? {};
  return {
    defaults: { ...defaults, ...(defaults.thresholds ? { thresholds: repairThresholds(defaults.thresholds) } : {}) },
    overrides: (overrides ?? []).map((override) => ({
      ...override,
      properties: (override.properties ?? []).filter((property) => !leadsToEvidence(property)).map((property) =>
        property.id === 'thresholds' ? { ...property, value: repairThresholds(property.value) } : property,
      ),
    })),
  } as VizPanel['state']['fieldConfig'];
}

function queries(targets: Target[]) {
  return targets.map((target, i) => ({ ...target, refId: target.refId || String.fromCharCode(65 + i), datasource: source }));
}

function toPanel(panel: Panel, zone: string): VizPanel {
  noteUnits(panel);
  const targets = panel.targets ?? [];
  const runner =
    targets.length > 0
      ? new SceneQueryRunner({ datasource: source, queries: queries(targets), maxDataPoints: panel.maxDataPoints, minInterval: panel.interval })
      : undefined;
  const transformations = panel.transformations ?? [];
  return new VizPanel({
    key: `panel-${panel.id ?? `${panel.gridPos?.x}-${panel.gridPos?.y}`}`,
    title: panel.title ?? '',
    description: panel.description,
    pluginId: panel.type,
    options: panel.options ?? {},
    fieldConfig: readFieldConfig(panel),
    displayMode: panel.transparent ? 'transparent' : 'default',
    hoverHeader: !panel.title,
    // A panel may always look back its own while, whatever period the page shows.
    $timeRange: panel.timeFrom ? new SceneTimeRange({ from: `now-${panel.timeFrom}`, to: 'now', timeZone: zone }) : undefined,
    $data: runner && transformations.length > 0 ? new SceneDataTransformer({ $data: runner, transformations: transformations as never }) : runner,
  });
}

function toCell(panel: Panel, zone: string): Cell {
  return new Cell({ pos: { ...defaultPos, ...panel.gridPos }, body: toPanel(panel, zone) });
}

/** Rows become sections; panels after a row that is not collapsed belong to it, as in Grafana. */
export function toSections(panels: PanelOrRow[], zone: string): Section[] {
  const sections: Section[] = [];
  let open: { title: string; collapsed: boolean; cells: Cell[] } = { title: '', collapsed: false, cells: [] };
  const close = () => {
    if (open.title || open.cells.length > 0) {
      sections.push(new Section(open));
    }
  };
  const inOrder = [...panels].sort((a, b) => (a.gridPos?.y ?? 0) - (b.gridPos?.y ?? 0) || (a.gridPos?.x ?? 0) - (b.gridPos?.x ?? 0));
  for (const panel of inOrder) {
    if (isRow(panel)) {
      close();
      open = { title: panel.title ?? '', collapsed: panel.collapsed ?? false, cells: (panel.panels ?? []).map((inner) => toCell(inner, zone)) };
    } else {
      open.cells.push(toCell(panel, zone));
    }
  }
  close();
  return sections;
}

function queryText(query: Variable['query']): string {
  return typeof query === 'string' ? query : (query?.query ?? '');
}

/** Custom variables in Swedish and English carry their texts in the query: "Samtal : calls, Data : data". */
export function toVariable(variable: Variable): SceneVariable {
  const base = {
    name: variable.name,
    label: variable.label ?? variable.name,
    description: variable.description,
    hide: variable.hide ?? 0,
    skipUrlSync: variable.skipUrlSync ?? false,
  };
  const current = variable.current?.value as string | string[] | undefined;
  const text = variable.current?.text as string | string[] | undefined;
  const choice = {
    isMulti: variable.multi ?? false,
    includeAll: variable.includeAll ?? false,
    allValue: variable.allValue || undefined,
    allowCustomValue: false,
  };
  const value = current ?? (choice.includeAll ? (choice.isMulti ? ['$__all'] : '$__all') : '');
  switch (variable.type) {
    case 'query':
      return new QueryVariable({
        ...base,
        ...choice,
        datasource: source,
        query: queryText(variable.query),
        refresh: variable.refresh ?? 1,
        regex: variable.regex ?? '',
        sort: variable.sort ?? 0,
        value,
        text: text ?? value,
      } as never);
    case 'custom':
      return new CustomVariable({ ...base, ...choice, query: queryText(variable.query), value, text: text ?? value } as never);
    case 'textbox':
      return new TextBoxVariable({ ...base, value: typeof current === 'string' ? current : queryText(variable.query) } as never);
    case 'interval':
      return new IntervalVariable({ ...base, intervals: queryText(variable.query).split(','), value: current as string } as never);
    case 'datasource':
      // There is one data source here, and nothing to choose.
      return new ConstantVariable({ ...base, value: datasourceUid, hide: 2 } as never);
    default:
      return new ConstantVariable({ ...base, value: (current as string) ?? queryText(variable.query) } as never);
  }
}

/** Marks that every panel below gets with its data. */
export function toLayers(annotations: Annotation[]): SceneDataLayerSet | undefined {
  const layers = annotations
    .filter((one) => one.target && one.enable !== false && !one.builtIn)
    .map(
      (one) =>
        new dataLayers.AnnotationsDataLayer({
          name: one.name,
          isEnabled: true,
          isHidden: one.hide ?? false,
          query: { name: one.name, enable: true, iconColor: one.iconColor ?? 'purple', datasource: source, target: { ...one.target, refId: 'Anno' } } as never,
        }),
    );
  return layers.length > 0 ? new SceneDataLayerSet({ layers }) : undefined;
}

/** The periods people who follow up costs ask for. */
export function quickRanges() {
  return [
    { from: 'now/M', to: 'now/M', display: msg('rangeThisMonth') },
    { from: 'now-1M/M', to: 'now-1M/M', display: msg('rangePreviousMonth') },
    { from: 'now-30d/d', to: 'now', display: msg('range30Days') },
    { from: 'now-3M/M', to: 'now', display: msg('range3Months') },
    { from: 'now-6M/M', to: 'now', display: msg('range6Months') },
    { from: 'now-12M/M', to: 'now', display: msg('range12Months') },
    { from: 'now/y', to: 'now/y', display: msg('rangeThisYear') },
    { from: 'now-1y/y', to: 'now-1y/y', display: msg('rangePreviousYear') },
  ];
}

/** Builds the scene of one dashboard. `zone` is used when the dashboard leaves the time zone to the reader. */
export function toScene(dashboard: Dashboard, zone: string): EmbeddedScene {
  const named = dashboard.timezone && dashboard.timezone !== 'browser' ? dashboard.timezone : zone;
  const picker = dashboard.timepicker?.hidden
    ? []
    : [
        new SceneTimePicker({ quickRanges: quickRanges() }),
        new SceneRefreshPicker({
          refresh: typeof dashboard.refresh === 'string' ? dashboard.refresh : '',
          intervals: dashboard.timepicker?.refresh_intervals ?? ['30s', '1m', '5m', '15m', '1h'],
          withText: false,
        }),
      ];
  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({
      from: dashboard.time?.from ?? 'now-6M/M',
      to: dashboard.time?.to ?? 'now',
      timeZone: named,
      fiscalYearStartMonth: dashboard.fiscalYearStartMonth,
    }),
    $variables: new SceneVariableSet({ variables: (dashboard.templating?.list ?? []).map(toVariable) }),
    $data: toLayers(dashboard.annotations?.list ?? []),
    $behaviors: [new behaviors.CursorSync({ sync: dashboard.graphTooltip ?? 0 })],
    controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), ...picker],
    body: new Grid({ sections: toSections(dashboard.panels ?? [], named) }),
  });
}

