import { identityOverrideProcessor, PanelPlugin, type PanelPluginMeta, type PanelProps, PluginType } from '@grafana/data';
import { createElement, type ComponentType } from 'react';
import { msg } from '../language';
import { BarChart, type BarChartOptions } from './BarChart';
import { BarGauge } from './BarGauge';
import { framed } from './Frame';
import { Stat } from './Stat';
import { TablePanel } from './TablePanel';
import { TextPanel } from './Text';
import { TimeSeriesPanel } from './TimeSeriesPanel';

/** Custom field properties with the value they have when a dashboard does not set them. */
type CustomDefaults = Record<string, unknown>;

const hideFrom = { legend: false, tooltip: false, viz: false };

const timeSeriesDefaults: CustomDefaults = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 2,
  lineStyle: undefined,
  fillOpacity: 0,
  fillBelowTo: undefined,
  gradientMode: 'none',
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  barAlignment: 0,
  barWidthFactor: 0.6,
  barMaxWidth: 60,
  stacking: { mode: 'none', group: 'A' },
  axisPlacement: 'auto',
  axisLabel: '',
  axisColorMode: 'text',
  axisBorderShow: false,
  axisGridShow: undefined,
  axisCenteredZero: false,
  axisSoftMin: undefined,
  axisSoftMax: undefined,
  axisWidth: undefined,
  scaleDistribution: { type: 'linear' },
  thresholdsStyle: { mode: 'off' },
  transform: undefined,
  lineColor: undefined,
  hideFrom,
};

const barChartDefaults: CustomDefaults = { fillOpacity: 85, lineWidth: 0, hideFrom };

const tableDefaults: CustomDefaults = {
  align: 'auto',
  width: undefined,
  minWidth: undefined,
  cellOptions: { type: 'auto' },
  inspect: false,
  filterable: false,
  hidden: undefined,
  hideFrom,
  wrapText: undefined,
  wrapHeaderText: undefined,
  footer: undefined,
  tooltip: undefined,
};

function plugin<O extends object>(id: string, component: ComponentType<PanelProps<O>>, custom: CustomDefaults = {}): PanelPlugin {
  const made = new PanelPlugin<O>(component).useFieldConfig({
    useCustomConfig: (builder) => {
      for (const [path, defaultValue] of Object.entries(custom)) {
        builder.addCustomEditor({
          id: path,
          path,
          name: path,
          defaultValue,
          editor: () => null,
          override: () => null,
          process: identityOverrideProcessor,
          shouldApply: () => true,
        } as never);
      }
    },
  });
  made.meta = {
    id,
    name: id,
    type: PluginType.panel,
    module: '',
    baseUrl: '',
    sort: 0,
    info: { author: { name: 'Linesman' }, description: '', links: [], logos: { small: '', large: '' }, screenshots: [], updated: '', version: '' },
  } as PanelPluginMeta;
  return made as unknown as PanelPlugin;
}

const gauge = framed(BarGauge, { numbers: true });

/** The panel types a dashboard may use. */
export const panels: Record<string, PanelPlugin> = {
  stat: plugin('stat', framed(Stat, { values: true })),
  // Unless a panel says that it draws annotations, those that are there before its series are taken from it.
  timeseries: plugin('timeseries', framed(TimeSeriesPanel, { numbers: true }), timeSeriesDefaults).setDataSupport({ annotations: true, alertStates: false }),
  barchart: plugin('barchart', framed(BarChart, { numbers: true, saysMore: (options) => (options as BarChartOptions).orientation === 'horizontal' }), barChartDefaults),
  table: plugin('table', framed(TablePanel), tableDefaults),
  text: plugin('text', TextPanel),
  bargauge: plugin('bargauge', gauge),
  gauge: plugin('gauge', gauge),
};

/** A panel that says that its type is not known, instead of an empty box. */
export function unknownPanel(type: string): PanelPlugin {
  return plugin(type, () => createElement('div', { style: { padding: 8 } }, msg('unknownPanel', { type })));
}
