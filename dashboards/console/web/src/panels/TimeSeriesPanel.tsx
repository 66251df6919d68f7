import { type DataFrame, type Field, type TimeRange, dateTime, FieldType, formattedValueToString, getFieldDisplayName, getFieldSeriesColor } from '@grafana/data';
import { GraphDrawStyle, LegendDisplayMode, type VizLegendOptions } from '@grafana/schema';
import { preparePlotFrame, TimeSeries, TooltipPlugin2, VizTooltipContent, VizTooltipHeader, VizTooltipWrapper, useTheme2 } from '@grafana/ui';
import { type ComponentProps, useMemo } from 'react';
import { axisText, roundTop } from './axis';
import { calendarAxis } from './calendarAxis';
import type { Drawn } from './Frame';
import { type Mark, marksAt, marksOf, markLines } from './marks';

type XYFieldMatchers = Parameters<typeof preparePlotFrame>[1];

export interface TimeSeriesOptions {
  legend?: Partial<VizLegendOptions>;
  tooltip?: { mode?: 'single' | 'multi' | 'none'; sort?: 'none' | 'asc' | 'desc' };
}

/** Hover modes of TooltipPlugin2, whose const enum does not survive isolated modules. */
const nearestSeries = 0;
const allSeries = 1;

/** The shortest distance between two points of a time field, in milliseconds. */
function bucket(values: ArrayLike<number>): number {
  let shortest = Infinity;
  for (let i = 1; i < values.length; i++) {
    shortest = Math.min(shortest, values[i]! - values[i - 1]!);
  }
  return Number.isFinite(shortest) && shortest > 0 ? shortest : 0;
}

function drawsBars(field: Field): boolean {
  const custom = field.config.custom as { drawStyle?: string; barAlignment?: number } | undefined;
  return field.type === FieldType.number && custom?.drawStyle === GraphDrawStyle.Bars && (custom.barAlignment ?? 0) === 0;
}

/** Grafana's own preparation appends points to the very arrays it is given, each time anew. */
function prepareCopy(frames: DataFrame[], fields: XYFieldMatchers, range?: TimeRange | null): DataFrame | null {
  const copies = frames.map((frame) => ({ ...frame, fields: frame.fields.map((field) => ({ ...field, values: [...field.values] })) }));
  return preparePlotFrame(copies, fields, range) ?? null;
}

/** Bars, stacks and filled areas lie if they do not start at nothing. */
function standsOnZero(field: Field): boolean {
  const custom = field.config.custom as { drawStyle?: string; fillOpacity?: number; stacking?: { mode?: string } } | undefined;
  return custom?.drawStyle === GraphDrawStyle.Bars || (custom?.fillOpacity ?? 0) > 0 || (custom?.stacking?.mode ?? 'none') !== 'none';
}

type Scale = Parameters<NonNullable<ComponentProps<typeof TimeSeries>['tweakScale']>>[0];

/** A scale from zero to a tick above all values; limits that the dashboard sets, and values below zero, keep Grafana's way. */
function fromZero(scale: Scale, field: Field): Scale {
  const custom = field.config.custom as { scaleDistribution?: { type?: string }; stacking?: { mode?: string } } | undefined;
  const set = [scale.min, scale.max, scale.softMin, scale.softMax].some((limit) => limit != null && limit !== 0);
  const linear = (custom?.scaleDistribution?.type ?? 'linear') === 'linear';
  const lowest = Math.min(0, ...field.values.filter((value: unknown) => typeof value === 'number'));
  if (set || !linear || lowest < 0 || custom?.stacking?.mode === 'percent') {
    return { ...scale, softMin: scale.softMin ?? 0 };
  }
  return {
    ...scale,
    range: (plot, low, high) => [Math.min(0, low ?? 0), roundTop(high ?? 0, plot.bbox.height / (globalThis.devicePixelRatio || 1))],
  };
}

/** Part of the axis that half a label takes, about. */
const labelShare = 0.06;

/**
 * Centred bars at the ends of the period would be cut in half: widen the axis by half a bar. A point
 * after the period is there on purpose, as a forecast is: widen the axis up to it.
 */
export function widened(range: TimeRange, frames: DataFrame[]): TimeRange {
  let from = range.from.valueOf();
  let to = range.to.valueOf();
  for (const frame of frames) {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    if (!time || time.values.length === 0) {
      continue;
    }
    if (!frame.fields.some(drawsBars)) {
      const last = Number(time.values[time.values.length - 1]);
      to = last > to ? last + (last - from) * labelShare : to;
      continue;
    }
    const half = bucket(time.values as number[]) / 2;
    from = Math.min(from, Number(time.values[0]) - half);
    to = Math.max(to, Number(time.values[time.values.length - 1]) + half);
  }
  return { ...range, from: dateTime(from), to: dateTime(to) };
}

/** Curves and bars over time. */
export function TimeSeriesPanel(props: Drawn<TimeSeriesOptions>) {
  const { frames, width, height, timeRange, timeZone, options, onChangeTimeRange } = props;
  const theme = useTheme2();
  const drawable = useMemo(
    () => frames.filter((frame) => frame.length > 0 && frame.fields.some((f) => f.type === FieldType.time)),
    [frames],
  );
  const range = useMemo(() => widened(timeRange, drawable), [timeRange, drawable]);
  const marks = useMemo(() => marksOf(props.data.annotations), [props.data.annotations]);
  const legend: VizLegendOptions = {
    displayMode: LegendDisplayMode.List,
    placement: 'bottom',
    calcs: [],
    showLegend: true,
    ...options.legend,
  };
  const mode = options.tooltip?.mode ?? 'multi';
  return (
    <TimeSeries
      // Marks may come after the data, and a plot takes its renderers once.
      key={marks.map((mark) => mark.time).join()}
      frames={drawable}
      width={width}
      height={height}
      timeRange={range}
      timeZone={timeZone}
      legend={legend}
      options={options}
      preparePlotFrame={prepareCopy}
      renderers={[calendarAxis(drawable, timeZone), markLines(marks, theme.colors.text.secondary)]}
      tweakScale={(scale, field) => (standsOnZero(field) || scale.min === 0 || scale.softMin === 0 ? fromZero(scale, field) : scale)}
      tweakAxis={(axis, field) => ({ ...axis, decimals: undefined, formatValue: (value, decimals) => axisText(value, field.config.unit, decimals) })}
    >
      {(config, aligned) =>
        mode === 'none' ? null : (
          <TooltipPlugin2
            config={config}
            hoverMode={mode === 'single' ? nearestSeries : allSeries}
            queryZoom={onChangeTimeRange}
            clientZoom
            render={(_plot, indexes, seriesIndex) => (
              <SeriesTooltip
                frame={aligned}
                frames={drawable}
                indexes={indexes}
                only={mode === 'single' ? seriesIndex : null}
                sort={options.tooltip?.sort}
                marks={marks}
                theme={theme}
              />
            )}
          />
        )
      }
    </TimeSeries>
  );
}

interface TooltipProps {
  frame: DataFrame;
  frames: DataFrame[];
  indexes: Array<number | null>;
  only: number | null;
  sort?: 'none' | 'asc' | 'desc';
  marks: Mark[];
  theme: ReturnType<typeof useTheme2>;
}

function SeriesTooltip({ frame, frames, indexes, only, sort, marks, theme }: TooltipProps) {
  const time = frame.fields[0]!;
  const at = time.values[indexes[0] ?? 0];
  const near = marksAt(marks, time.values as number[], indexes[0] ?? 0);
  const original = frames[0]?.fields.find((field) => field.type === FieldType.time);
  const items = frame.fields.flatMap((field, i) => {
    const index = indexes[i];
    const hidden = (field.config.custom as { hideFrom?: { tooltip?: boolean; viz?: boolean } } | undefined)?.hideFrom;
    if (i === 0 || index == null || (only !== null && only !== i) || hidden?.tooltip || hidden?.viz || field.type !== FieldType.number) {
      return [];
    }
    const value: unknown = field.values[index];
    if (value == null) {
      return [];
    }
    const display = field.display!(value);
    return [
      {
        label: getFieldDisplayName(field, frame, frames),
        value: formattedValueToString(display),
        numeric: display.numeric,
        color: getFieldSeriesColor(field, theme).color,
      },
    ];
  });
  if (sort === 'asc' || sort === 'desc') {
    items.sort((a, b) => (sort === 'asc' ? a.numeric - b.numeric : b.numeric - a.numeric));
  }
  return (
    <VizTooltipWrapper>
      <VizTooltipHeader item={{ label: '', value: original?.display ? formattedValueToString(original.display(at)) : String(at) }} />
      <VizTooltipContent items={items}>
        {near.length > 0 && (
          <div style={{ padding: theme.spacing(1), maxWidth: 320, whiteSpace: 'normal' }}>
            {near.map((mark) => (
              <div key={`${mark.time}${mark.text}`}>▾ {mark.text}</div>
            ))}
          </div>
        )}
      </VizTooltipContent>
    </VizTooltipWrapper>
  );
}
