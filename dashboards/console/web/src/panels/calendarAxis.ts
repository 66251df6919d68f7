import { type DataFrame, FieldType } from '@grafana/data';
import type { UPlotConfigBuilder } from '@grafana/ui';
import { formatTick, granularity } from '../dates';

/** The part of uPlot these ticks need. */
interface Plot {
  bbox: { width: number };
}

interface TimeAxis {
  props: {
    scaleKey: string;
    size?: number;
    splits?: (plot: Plot, axis: number, min: number, max: number) => number[];
    values?: (plot: Plot, splits: number[]) => string[];
  };
}

type Coarse = 'month' | 'week' | 'day';

/** Room one label takes, in CSS pixels. */
const labelRoom: Record<Coarse, number> = { month: 66, week: 46, day: 60 };
/** Grafana's own height ends at the base line of the letters, and cuts the feet of "maj" and "aug". */
const axisHeight = 28;
const mostPoints = 400;

/** All points in time of the frames, in order, each once. */
function pointsOf(frames: DataFrame[]): number[] {
  const all = new Set<number>();
  for (const frame of frames) {
    for (const time of frame.fields.find((field) => field.type === FieldType.time)?.values ?? []) {
      all.add(Number(time));
    }
  }
  return [...all].sort((a, b) => a - b);
}

/** The points that get a label: every one, or every n-th when they stand close, as they do in a part of the period. */
export function labelled(points: number[], plot: Plot, min: number, max: number, coarse: Coarse): number[] {
  const inside = points.filter((time) => time >= min && time <= max);
  const width = plot.bbox.width / (globalThis.devicePixelRatio || 1);
  const apart = (((inside.at(-1) ?? 0) - (inside[0] ?? 0)) / Math.max(1, inside.length - 1) / (max - min)) * width;
  const every = apart > 0 ? Math.ceil(labelRoom[coarse] / apart) : 1;
  return inside.filter((_, i) => i % every === 0);
}

function labels(splits: number[], coarse: Coarse, zone: string): string[] {
  let year = '';
  return splits.map((time) => {
    const now = new Date(time + 43_200_000).toISOString().slice(0, 4);
    const text = formatTick(time, coarse, zone, now !== year);
    year = now;
    return text;
  });
}

/**
 * Months, weeks and days as they are in the calendar: ticks stand at the points themselves
 * ("mars", "v. 12"), where uPlot would put them at even distances (17 September, 2 October).
 * Finer series keep uPlot's ticks. Given to TimeSeries as a renderer, the only place where it
 * hands out its plot configuration.
 */
export function calendarAxis(frames: DataFrame[], zone: string) {
  return {
    fieldMap: {},
    indicesOnly: [],
    init: (builder: UPlotConfigBuilder) => {
      const points = pointsOf(frames);
      const coarse = points.length > mostPoints ? 'time' : granularity(points, zone);
      // The builder keeps its axes to itself and offers no way to change one.
      const axes = Object.values((builder as unknown as { axes: Record<string, TimeAxis> }).axes);
      const axis = axes.find((one) => one.props.scaleKey === 'x');
      if (!axis) {
        return;
      }
      axis.props.size = axisHeight;
      if (coarse === 'time') {
        return;
      }
      axis.props.splits = (plot, _axis, min, max) => labelled(points, plot, min, max, coarse);
      axis.props.values = (_plot, splits) => labels(splits, coarse, zone);
    },
  };
}
