import type { DataFrame } from '@grafana/data';
import type { UPlotConfigBuilder } from '@grafana/ui';

/** Something that happened on a day and may explain a curve: a rule took effect, a goal was due. */
export interface Mark {
  time: number;
  text: string;
}

/** The marks of annotation frames, in order, each once. */
export function marksOf(frames: DataFrame[] | undefined): Mark[] {
  const found = new Map<string, Mark>();
  for (const frame of frames ?? []) {
    const time = frame.fields.find((field) => field.name === 'time');
    const text = frame.fields.find((field) => field.name === 'text');
    for (let i = 0; time && i < frame.length; i++) {
      const mark = { time: Number(time.values[i]), text: String(text?.values[i] ?? '') };
      if (Number.isFinite(mark.time)) {
        found.set(`${mark.time} ${mark.text}`, mark);
      }
    }
  }
  return [...found.values()].sort((a, b) => a.time - b.time);
}

/** The marks that belong to a point: those from it on and before the next one, for a month's point stands on its first day. */
export function marksAt(marks: Mark[], times: ArrayLike<number>, index: number): Mark[] {
  const from = index > 0 ? Number(times[index]) : -Infinity;
  const to = index + 1 < times.length ? Number(times[index + 1]) : Infinity;
  return marks.filter((mark) => mark.time >= from && mark.time < to);
}

/** The part of uPlot that drawing needs. */
interface Plot {
  ctx: CanvasRenderingContext2D;
  bbox: { left: number; top: number; width: number; height: number };
  valToPos(value: number, scale: string, canvas: boolean): number;
}

/** Where the lines of marks stand on the canvas; those outside the plot do not. */
export function linePositions(marks: Mark[], plot: Pick<Plot, 'bbox' | 'valToPos'>): number[] {
  const { left, width } = plot.bbox;
  return [...new Set(marks.map((mark) => Math.round(plot.valToPos(mark.time, 'x', true))))].filter((x) => x >= left && x <= left + width);
}

/** Draws a dashed line with a small arrow on the axis at every mark. Given to TimeSeries as a renderer, as the axis is. */
export function markLines(marks: Mark[], color: string) {
  return {
    fieldMap: {},
    indicesOnly: [],
    init: (builder: UPlotConfigBuilder) => {
      if (marks.length === 0) {
        return;
      }
      builder.addHook('draw', (drawn: unknown) => {
        const plot = drawn as Plot;
        const { ctx, bbox } = plot;
        const size = 4 * (globalThis.devicePixelRatio || 1);
        const bottom = bbox.top + bbox.height;
        ctx.save();
        ctx.strokeStyle = color;
        ctx.fillStyle = color;
        ctx.lineWidth = globalThis.devicePixelRatio || 1;
        for (const x of linePositions(marks, plot)) {
          ctx.setLineDash([size, size]);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bottom);
          ctx.stroke();
          ctx.beginPath();
          ctx.moveTo(x - size, bottom + size);
          ctx.lineTo(x + size, bottom + size);
          ctx.lineTo(x, bottom);
          ctx.fill();
        }
        ctx.restore();
      });
    },
  };
}
