import { measureText } from '@grafana/ui';
import { msg } from '../language';
import { axisText } from './axis';
import type { BarsProps } from './BarChart';
import { fitText } from './text';

const smallestBand = 18;
const largestBand = 46;
const axisHeight = 18;

/** Lying bars: the label to the left, the value at the end of the bar. */
export function HorizontalBars({ model, width, height, options, styles, onHover, hovered, more }: BarsProps) {
  const { bands, labels, series, stacked } = model;
  const fits = Math.max(1, Math.floor((height - axisHeight) / smallestBand));
  const cut = more || bands.length > fits;
  const shown = cut ? Math.min(bands.length, Math.max(1, Math.floor((height - axisHeight - 16) / smallestBand))) : bands.length;
  const plotHeight = height - axisHeight - (cut ? 16 : 0);
  const band = Math.min(largestBand, plotHeight / shown);
  const showValues = options.showValue !== 'never' && (stacked || series.length === 1 || band / series.length >= 14);

  const wide = (text: string) => measureText(text, 12).width;
  const labelWidth = Math.min(width * 0.42, Math.max(...labels.slice(0, shown).map(wide)) + 10);
  const endTexts = bands.map((segments) => endText(segments, model));
  const valueWidth = showValues ? Math.max(0, ...endTexts.slice(0, shown).flat().map(wide)) + 12 : 8;
  const plot = Math.max(20, width - labelWidth - valueWidth);
  const x = (value: number) => labelWidth + ((value - model.min) / (model.max - model.min)) * plot;
  const thickness = band * Math.min(0.74, options.barWidth ?? 0.74);
  const each = stacked ? thickness : thickness / Math.max(series.length, 1);
  const bottom = band * shown;
  const every = Math.max(1, Math.ceil((model.ticks.length * 64) / plot));

  return (
    <svg width={width} height={height} className={styles.svg} onMouseLeave={() => onHover(undefined)}>
      {model.ticks.map((tick, i) => (
        <g key={tick}>
          <line x1={x(tick)} x2={x(tick)} y1={0} y2={bottom} className={tick === 0 ? styles.base : styles.grid} />
          {i % every === 0 && (
            <text x={x(tick)} y={bottom + 14} textAnchor="middle" className={styles.tick}>
              {axisText(tick, model.unit, tickPlaces(model.decimals))}
            </text>
          )}
        </g>
      ))}
      {bands.slice(0, shown).map((segments, index) => {
        const top = index * band + (band - thickness) / 2;
        return (
          <g key={index} onMouseMove={(event) => onHover(index, event)}>
            <rect x={0} y={index * band} width={width} height={band} fill="transparent" className={hovered === index ? styles.hover : undefined} />
            <text x={labelWidth - 8} y={index * band + band / 2} textAnchor="end" dominantBaseline="central" className={styles.label}>
              {fitText(labels[index] ?? '', labelWidth - 10)}
            </text>
            {segments.map((segment) => {
              const left = Math.min(x(segment.from), x(segment.to));
              const size = Math.abs(x(segment.to) - x(segment.from));
              const offset = stacked ? 0 : segment.series * each;
              return (
                <rect
                  key={segment.series}
                  x={left}
                  y={top + offset}
                  width={Math.max(size, segment.value === 0 ? 0 : 1)}
                  height={Math.max(1, each - (stacked || series.length === 1 ? 0 : 1))}
                  rx={2}
                  fill={segment.color}
                  fillOpacity={series[segment.series]!.opacity}
                />
              );
            })}
            {showValues &&
              endTexts[index]!.map((text, k) => (
                <text
                  key={k}
                  x={x(Math.max(0, ...(stacked ? segments.map((s) => s.to) : [segments[k]?.to ?? 0]))) + 6}
                  y={stacked ? index * band + band / 2 : top + k * each + each / 2}
                  dominantBaseline="central"
                  className={styles.value}
                >
                  {text}
                </text>
              ))}
          </g>
        );
      })}
      {cut && (
        <text x={width} y={height - 3} textAnchor="end" className={styles.tick}>
          {more ? msg('shownFirst', { shown }) : msg('shownOf', { shown, total: bands.length })}
        </text>
      )}
    </svg>
  );
}

function tickPlaces(decimals: number): number | undefined {
  return decimals > 0 ? decimals : undefined;
}

/** What stands at the end of a bar: each value, or the sum of a stack. */
function endText(segments: BarsProps['model']['bands'][number], model: BarsProps['model']): string[] {
  if (!model.stacked) {
    return segments.map((segment) => segment.text);
  }
  const field = model.series[0]?.field;
  const sum = segments.reduce((total, segment) => total + segment.value, 0);
  const shown = field?.display?.(sum);
  return [shown ? `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}` : String(sum)];
}
