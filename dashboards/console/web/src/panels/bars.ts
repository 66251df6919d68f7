import { type DataFrame, type Field, type GrafanaTheme2, FieldType, formattedValueToString, getFieldDisplayName, getFieldSeriesColor } from '@grafana/data';
import { formatTick, granularity } from '../dates';
import { tickDecimals, ticks } from './axis';

/** One number field of the bar chart. */
export interface BarSeries {
  name: string;
  color: string;
  unit?: string;
  field: Field;
  values: Array<number | null>;
  /** 0 to 1. */
  opacity: number;
}

/** A piece of one bar, in the units of the value axis. */
export interface Segment {
  series: number;
  from: number;
  to: number;
  value: number;
  color: string;
  text: string;
}

export interface BarModel {
  /** Labels of the bands in full, and as the axis writes them. */
  labels: string[];
  ticksText: string[];
  series: BarSeries[];
  /** Per band, the segments in the order they are drawn. */
  bands: Segment[][];
  min: number;
  max: number;
  ticks: number[];
  decimals: number;
  unit?: string;
  /** Bars of a band stand on one another instead of side by side. */
  stacked: boolean;
}

export interface BarOptions {
  xField?: string;
  colorByField?: string;
  stacking?: 'none' | 'normal' | 'percent';
}

interface Hide {
  hideFrom?: { viz?: boolean };
  fillOpacity?: number;
}

function drawn(field: Field): boolean {
  return field.type === FieldType.number && !(field.config.custom as Hide | undefined)?.hideFrom?.viz;
}

function categoryField(frame: DataFrame, wanted: string | undefined): Field | undefined {
  const named = wanted ? frame.fields.find((f) => f.name === wanted || getFieldDisplayName(f, frame) === wanted) : undefined;
  return named ?? frame.fields.find((f) => f.type === FieldType.string) ?? frame.fields.find((f) => f.type === FieldType.time);
}

function categories(field: Field | undefined, length: number, zone: string): { labels: string[]; ticksText: string[] } {
  if (!field) {
    const numbers = Array.from({ length }, (_, i) => String(i + 1));
    return { labels: numbers, ticksText: numbers };
  }
  const values: unknown[] = field.values;
  const labels = values.map((value) => (field.display ? formattedValueToString(field.display(value)) : String(value ?? '')));
  if (field.type !== FieldType.time || field.config.unit) {
    return { labels, ticksText: labels };
  }
  const coarse = granularity(values as number[], zone);
  let year = '';
  const ticksText = (values as number[]).map((value) => {
    const now = new Date(value + 43_200_000).toISOString().slice(0, 4);
    const text = formatTick(value, coarse, zone, now !== year);
    year = now;
    return text;
  });
  return { labels, ticksText };
}

function seriesOf(frame: DataFrame, frames: DataFrame[], category: Field | undefined, theme: GrafanaTheme2): BarSeries[] {
  return frame.fields
    .filter((field) => field !== category && drawn(field))
    .map((field) => ({
      name: getFieldDisplayName(field, frame, frames),
      color: getFieldSeriesColor(field, theme).color,
      unit: field.config.unit,
      field,
      values: field.values as Array<number | null>,
      opacity: ((field.config.custom as Hide | undefined)?.fillOpacity ?? 85) / 100,
    }));
}

/** A bar takes the colour of its value where the colour mode says so (thresholds, continuous). */
function segmentColor(series: BarSeries, value: number): string {
  const mode = series.field.config.color?.mode ?? '';
  const byValue = mode === 'thresholds' || mode.startsWith('continuous');
  return (byValue && series.field.display?.(value).color) || series.color;
}

function segmentsOf(series: BarSeries[], band: number, stacking: BarOptions['stacking']): Segment[] {
  const out: Segment[] = [];
  const sum = series.reduce((total, one) => total + Math.abs(one.values[band] ?? 0), 0);
  let up = 0;
  let down = 0;
  series.forEach((one, index) => {
    const value = one.values[band];
    if (value == null || Number.isNaN(value)) {
      return;
    }
    const text = one.field.display ? formattedValueToString(one.field.display(value)) : String(value);
    const size = stacking === 'percent' ? (sum === 0 ? 0 : value / sum) : value;
    let from = 0;
    if (stacking === 'normal' || stacking === 'percent') {
      from = size >= 0 ? up : down;
      if (size >= 0) {
        up += size;
      } else {
        down += size;
      }
    }
    out.push({ series: index, from, to: from + size, value, color: segmentColor(one, value), text });
  });
  return out;
}

/** Turns the first frame with numbers into bands and segments; undefined when there is nothing to draw. */
export function barModel(frames: DataFrame[], options: BarOptions, theme: GrafanaTheme2, zone: string): BarModel | undefined {
  const frame = frames.find((one) => one.length > 0 && one.fields.some(drawn));
  if (!frame) {
    return undefined;
  }
  const category = categoryField(frame, options.xField);
  const series = seriesOf(frame, frames, category, theme);
  const { labels, ticksText } = categories(category, frame.length, zone);
  const bands = labels.map((_, band) => segmentsOf(series, band, options.stacking));
  const ends = bands.flat().flatMap((segment) => [segment.from, segment.to]);
  const config = series[0]?.field.config;
  const min = Math.min(0, config?.min ?? 0, ...ends);
  const max = Math.max(0, config?.max ?? 0, ...ends);
  const counted = options.stacking !== 'percent' && series.every((one) => one.values.every((value) => value == null || Number.isInteger(value)));
  const steps = ticks(min, max > min ? max : min + 1, 5, counted);
  const stacked = options.stacking === 'normal' || options.stacking === 'percent';
  return {
    labels,
    ticksText,
    series,
    bands,
    min: steps[0]!,
    max: steps[steps.length - 1]!,
    ticks: steps,
    decimals: tickDecimals(steps),
    unit: options.stacking === 'percent' ? 'percentunit' : config?.unit,
    stacked,
  };
}
