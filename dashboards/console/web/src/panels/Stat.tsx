import { css, cx } from '@emotion/css';
import { type FieldDisplay, type GrafanaTheme2, formattedValueToString } from '@grafana/data';
import { Sparkline, measureText, useStyles2, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import type { Drawn } from './Frame';
import { type ReduceOptions, reducedValues } from './values';

export interface StatOptions {
  reduceOptions?: ReduceOptions;
  colorMode?: 'value' | 'background' | 'background_solid' | 'none';
  graphMode?: 'none' | 'area' | 'line';
  textMode?: 'auto' | 'value' | 'value_and_name' | 'name' | 'none';
  orientation?: 'auto' | 'horizontal' | 'vertical';
  justifyMode?: 'auto' | 'center';
  text?: { valueSize?: number; titleSize?: number };
}

const largest = 30;
const smallest = 14;

/** The largest of the usual sizes at which every value fits, so that neighbours look alike. */
function valueSize(texts: string[], width: number, height: number): number {
  let size = Math.min(largest, Math.max(smallest, Math.floor(height * 0.6)));
  for (const text of texts) {
    while (size > smallest && measureText(text, size, 600).width > width) {
      size--;
    }
  }
  return size;
}

/** Key figures: one number each, perhaps with its course over the period. */
export function Stat({ frames, width, height, fieldConfig, options, replaceVariables, timeZone }: Drawn<StatOptions>) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const graph = options.graphMode !== undefined && options.graphMode !== 'none';
  const values = useMemo(
    () => reducedValues({ frames, fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, timeZone, theme, sparkline: graph }),
    [frames, fieldConfig, options.reduceOptions, replaceVariables, timeZone, theme, graph],
  );
  // "vertical" in Grafana's stat panel means: values below one another.
  const across = options.orientation === 'vertical' ? false : options.orientation === 'horizontal' ? true : width > height;
  const count = Math.max(values.length, 1);
  const cellWidth = across ? width / count : width;
  const cellHeight = across ? height : height / count;
  const showName = options.textMode === 'value_and_name' || options.textMode === 'name' || ((options.textMode ?? 'auto') === 'auto' && count > 1);
  const texts = values.map((value) => formattedValueToString(value.display));
  const size = options.text?.valueSize ?? valueSize(texts, cellWidth - 16, cellHeight - (showName ? 20 : 0));
  return (
    <div className={styles.row} style={{ width, height, flexDirection: across ? 'row' : 'column' }}>
      {values.map((value, i) => (
        <OneValue key={i} value={value} options={options} size={size} showName={showName} width={cellWidth} height={cellHeight} graph={graph} />
      ))}
    </div>
  );
}

interface OneProps {
  value: FieldDisplay;
  options: StatOptions;
  size: number;
  showName: boolean;
  width: number;
  height: number;
  graph: boolean;
}

function OneValue({ value, options, size, showName, width, height, graph }: OneProps) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const { display, sparkline } = value;
  const mode = options.colorMode ?? 'value';
  const filled = mode === 'background' || mode === 'background_solid';
  const color = filled
    ? theme.colors.getContrastText(display.color ?? theme.colors.background.primary)
    : mode === 'value'
      ? readable(display.color, theme)
      : theme.colors.text.primary;
  const text = formattedValueToString(display);
  const sparkHeight = Math.min(44, height - size * 1.25 - (showName ? 20 : 0) - 4);
  const name = display.title ?? '';
  const link = value.hasLinks ? value.getLinks?.()[0] : undefined;
  const number = link ? <a href={link.href}>{text}</a> : text;
  return (
    <div
      className={cx(styles.cell, options.justifyMode === 'center' && styles.center)}
      style={{ width, height, background: filled ? display.color : undefined, padding: filled ? '4px 10px' : '0 0 0 3px', borderRadius: filled ? 4 : 0 }}
    >
      {showName && (
        <div className={styles.name} style={{ fontSize: options.text?.titleSize, color: filled ? color : undefined }} title={name}>
          {name}
        </div>
      )}
      {options.textMode !== 'name' && options.textMode !== 'none' && (
        <div className={styles.value} style={{ fontSize: size, color }} data-testid="stat-value">
          {number}
        </div>
      )}
      {graph && sparkline?.y && sparkHeight > 14 && (
        <Sparkline
          width={Math.floor(width - (filled ? 20 : 8))}
          height={Math.floor(sparkHeight)}
          theme={theme}
          sparkline={sparkline}
          config={{ custom: { lineColor: filled ? color : display.color, fillOpacity: options.graphMode === 'line' ? 0 : 14, lineWidth: 1.5 } }}
        />
      )}
    </div>
  );
}

/** Plain orange or yellow text is hard to read on white; darkened it keeps its meaning. */
function readable(color: string | undefined, theme: GrafanaTheme2): string {
  if (!color) {
    return theme.colors.text.primary;
  }
  return theme.isLight ? `color-mix(in srgb, ${color} 78%, black)` : color;
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', overflow: 'hidden' }),
  cell: css({ display: 'flex', flexDirection: 'column', justifyContent: 'center', minWidth: 0, overflow: 'hidden' }),
  center: css({ alignItems: 'center', textAlign: 'center' }),
  name: css({
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    maxWidth: '100%',
  }),
  // A figure that leads somewhere keeps the colour that says how it stands.
  value: css({ a: { color: 'inherit', '&:hover': { textDecoration: 'underline' } }, fontWeight: 600, lineHeight: 1.2, whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums', letterSpacing: '-0.01em' }),
});
