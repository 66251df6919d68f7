import { css } from '@emotion/css';
import { type FieldDisplay, type GrafanaTheme2, formattedValueToString } from '@grafana/data';
import { measureText, useStyles2, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import { msg } from '../language';
import type { Drawn } from './Frame';
import { fitText } from './text';
import { type ReduceOptions, reducedValues } from './values';

export interface GaugeOptions {
  reduceOptions?: ReduceOptions;
  showThresholdMarkers?: boolean;
}

const rowHeight = 26;

/** How far each value has come between its min and max; marks stand where the thresholds are. */
export function BarGauge({ frames, width, height, fieldConfig, options, replaceVariables, timeZone }: Drawn<GaugeOptions>) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const values = useMemo(
    () => reducedValues({ frames, fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, timeZone, theme }),
    [frames, fieldConfig, options.reduceOptions, replaceVariables, timeZone, theme],
  );
  const fits = Math.max(1, Math.floor(height / rowHeight));
  const cut = values.length > fits;
  const shown = cut ? values.slice(0, fits - 1) : values;
  const [min, max] = bounds(values);
  const labels = shown.map((value) => value.display.title ?? '');
  const texts = shown.map((value) => formattedValueToString(value.display));
  const labelWidth = Math.min(width * 0.4, Math.max(0, ...labels.map((text) => measureText(text, 12).width)) + 10);
  const valueWidth = Math.max(0, ...texts.map((text) => measureText(text, 12, 600).width)) + 12;
  const place = (value: number) => Math.min(100, Math.max(0, ((value - min) / (max - min || 1)) * 100));
  return (
    <div className={styles.rows} style={{ width, height }}>
      {shown.map((value, i) => (
        <div key={i} className={styles.row}>
          <span className={styles.label} style={{ width: labelWidth }} title={labels[i]}>
            {fitText(labels[i]!, labelWidth - 8)}
          </span>
          <span className={styles.track}>
            <span className={styles.bar} style={{ width: `${place(value.display.numeric)}%`, background: value.display.color }} />
            {options.showThresholdMarkers !== false && marks(value, min, max).map((at) => <span key={at} className={styles.mark} style={{ left: `${place(at)}%` }} />)}
          </span>
          <span className={styles.value} style={{ width: valueWidth }}>
            {texts[i]}
          </span>
        </div>
      ))}
      {cut && <div className={styles.more}>{msg('shownOf', { shown: shown.length, total: values.length })}</div>}
    </div>
  );
}

function bounds(values: FieldDisplay[]): [number, number] {
  const numbers = values.map((value) => value.display.numeric).filter(Number.isFinite);
  const mins = values.map((value) => value.field.min).filter((v): v is number => v != null);
  const maxs = values.map((value) => value.field.max).filter((v): v is number => v != null);
  const min = mins.length ? Math.min(...mins) : Math.min(0, ...numbers);
  return [min, maxs.length ? Math.max(...maxs) : Math.max(min + 1e-9, ...numbers)];
}

function marks(value: FieldDisplay, min: number, max: number): number[] {
  const { thresholds } = value.field;
  return (thresholds?.steps ?? [])
    .map((step) => (thresholds?.mode === 'percentage' ? min + ((max - min) * step.value) / 100 : step.value))
    .filter((at) => Number.isFinite(at) && at > min && at < max);
}

const getStyles = (theme: GrafanaTheme2) => ({
  rows: css({ display: 'flex', flexDirection: 'column', justifyContent: 'space-evenly', overflow: 'hidden', fontSize: 12 }),
  row: css({ display: 'flex', alignItems: 'center', height: rowHeight }),
  label: css({ flex: 'none', textAlign: 'right', paddingRight: 8, whiteSpace: 'nowrap' }),
  track: css({ position: 'relative', flex: 1, height: 14, borderRadius: 3, background: theme.colors.background.secondary, overflow: 'hidden' }),
  bar: css({ position: 'absolute', inset: '0 auto 0 0', borderRadius: 3 }),
  mark: css({ position: 'absolute', top: 0, bottom: 0, width: 2, background: theme.colors.text.primary, opacity: 0.55 }),
  value: css({ flex: 'none', textAlign: 'right', fontWeight: 600, fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' }),
  more: css({ textAlign: 'right', fontSize: 11, color: theme.colors.text.secondary }),
});
