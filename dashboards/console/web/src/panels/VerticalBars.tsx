import { measureText } from '@grafana/ui';
import { axisText } from './axis';
import type { BarsProps } from './BarChart';
import { fitText } from './text';

const topRoom = 16;

/** Standing bars: categories below, the value axis to the left. */
export function VerticalBars({ model, width, height, options, styles, onHover, hovered }: BarsProps) {
  const { bands, series, stacked } = model;
  const tickText = model.ticks.map((tick) => axisText(tick, model.unit, model.decimals > 0 ? model.decimals : undefined));
  const axisWidth = Math.max(...tickText.map((text) => measureText(text, 11).width)) + 10;
  const plotWidth = Math.max(20, width - axisWidth);
  const band = plotWidth / Math.max(bands.length, 1);

  const widest = Math.max(0, ...model.ticksText.map((text) => measureText(text, 12).width));
  const turned = widest + 8 > band && band > 16;
  const labelHeight = turned ? Math.min(height * 0.4, Math.min(widest, 130) * 0.72 + 16) : 22;
  const every = turned ? Math.max(1, Math.ceil(16 / band)) : Math.max(1, Math.ceil((widest + 8) / band));
  const bottom = height - labelHeight;
  const plot = Math.max(10, bottom - topRoom);
  const y = (value: number) => bottom - ((value - model.min) / (model.max - model.min)) * plot;
  const thickness = band * Math.min(0.72, options.groupWidth ?? 0.72);
  const each = stacked ? thickness : thickness / Math.max(series.length, 1);
  const valueFits = (text: string) => measureText(text, 12).width < (stacked ? band : each) - 2;
  const showValues =
    options.showValue !== 'never' &&
    !stacked &&
    (options.showValue === 'always' || bands.flat().every((segment) => valueFits(segment.text)));
  const skip = Math.max(1, Math.ceil((model.ticks.length * 20) / plot));

  return (
    <svg width={width} height={height} className={styles.svg} onMouseLeave={() => onHover(undefined)}>
      {model.ticks.map((tick, i) => (
        <g key={tick}>
          <line x1={axisWidth} x2={width} y1={y(tick)} y2={y(tick)} className={tick === 0 ? styles.base : styles.grid} />
          {i % skip === 0 && (
            <text x={axisWidth - 6} y={y(tick)} textAnchor="end" dominantBaseline="central" className={styles.tick}>
              {tickText[i]}
            </text>
          )}
        </g>
      ))}
      {bands.map((segments, index) => {
        const left = axisWidth + index * band + (band - thickness) / 2;
        const middle = axisWidth + index * band + band / 2;
        return (
          <g key={index} onMouseMove={(event) => onHover(index, event)}>
            <rect x={axisWidth + index * band} y={0} width={band} height={height} fill="transparent" className={hovered === index ? styles.hover : undefined} />
            {segments.map((segment) => {
              const top = Math.min(y(segment.from), y(segment.to));
              const size = Math.abs(y(segment.to) - y(segment.from));
              const offset = stacked ? 0 : segment.series * each;
              return (
                <g key={segment.series}>
                  <rect
                    x={left + offset}
                    y={top}
                    width={Math.max(1, each - (stacked || series.length === 1 ? 0 : 1))}
                    height={Math.max(size, segment.value === 0 ? 0 : 1)}
                    rx={stacked ? 0 : 2}
                    fill={segment.color}
                    fillOpacity={series[segment.series]!.opacity}
                  />
                  {showValues && (
                    <text x={left + offset + each / 2} y={top - 4} textAnchor="middle" className={styles.value}>
                      {segment.text}
                    </text>
                  )}
                </g>
              );
            })}
            {index % every === 0 && (
              <text
                className={styles.label}
                textAnchor={turned ? 'end' : 'middle'}
                transform={turned ? `translate(${middle + 4}, ${bottom + 12}) rotate(-40)` : `translate(${middle}, ${bottom + 16})`}
              >
                {fitText(model.ticksText[index] ?? '', turned ? Math.min((labelHeight - 12) / 0.66, middle / 0.78) : Math.max(band * every - 4, 20), options.xTickLabelMaxLength)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
