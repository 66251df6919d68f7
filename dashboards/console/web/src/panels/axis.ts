import { formatBytes, formatNumber, formatUnit } from '../format';

/** Units whose text is made of parts and would be wrong with a fixed number of decimals. */
const wholeUnits = new Set(['s', 'dtdurations', 'clocks', 'm', 'dtdurationm', 'h']);
const byteUnits: Record<string, number> = { bytes: 1, decbytes: 1, mbytes: 1e6, decmbytes: 1e6, gbytes: 1e9, decgbytes: 1e9 };

/** One label of a number axis: no more decimals than the steps need, whatever the values show. */
export function axisText(value: number, unit: string | undefined, decimals?: number | null): string {
  if (unit && wholeUnits.has(unit)) {
    return formatUnit(value, unit);
  }
  if (unit && byteUnits[unit]) {
    return formatBytes(value * byteUnits[unit]!);
  }
  if (unit === 'short') {
    return formatUnit(value, unit, decimals);
  }
  if (unit === 'percentunit') {
    return formatUnit(value, unit, Math.max(0, (decimals ?? 0) - 2));
  }
  return unit ? formatUnit(value, unit, decimals ?? 0) : formatNumber(value, decimals ?? 0);
}

/** Round ticks that cover [min, max], about as many as asked for; of things that are counted, whole ones only. */
export function ticks(min: number, max: number, about: number, whole = false): number[] {
  const span = max - min;
  if (!(span > 0) || about < 1) {
    return [min];
  }
  const rough = span / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const found = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const step = whole ? Math.max(1, Math.ceil(found)) : found;
  const out: number[] = [];
  for (let i = Math.floor(min / step); i <= Math.ceil(max / step - 1e-9); i++) {
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

/** The distance uPlot keeps between the ticks of a number axis, in CSS pixels, in low panels and in others (Grafana's choice). */
const closeTicks = { upTo: 150, space: 15 };
const usualSpace = 30;

/**
 * The least top of a number axis from zero that lies on a tick, so that the highest bar or line
 * has a number above it. Height is that of the plot in CSS pixels.
 */
export function roundTop(most: number, height: number): number {
  if (!(most > 0) || !(height > 0)) {
    return most > 0 ? most : 1;
  }
  const fits = Math.max(1, Math.floor(height / (height <= closeTicks.upTo ? closeTicks.space : usualSpace)));
  const power = 10 ** (Math.floor(Math.log10(most)) - 2);
  for (let scale = power; ; scale *= 10) {
    for (const step of [1, 2, 2.5, 5]) {
      const count = Math.ceil(most / (step * scale) - 1e-9);
      if (count <= fits) {
        return Number((count * step * scale).toPrecision(12));
      }
    }
  }
}

/** Decimals that tell neighbouring ticks apart. */
export function tickDecimals(all: number[]): number {
  const step = all.length > 1 ? Math.abs(all[1]! - all[0]!) : 1;
  const text = String(Number(step.toPrecision(6)));
  const dot = text.indexOf('.');
  return dot < 0 ? 0 : Math.min(text.length - dot - 1, 6);
}
