import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { LegendDisplayMode, type VizLegendOptions } from '@grafana/schema';
import { VizLayout, VizLegend, VizTooltipContainer, VizTooltipContent, VizTooltipHeader, Portal, useStyles2, useTheme2 } from '@grafana/ui';
import { type MouseEvent, useMemo, useState } from 'react';
import { type BarModel, type BarOptions, barModel } from './bars';
import { HorizontalBars } from './HorizontalBars';
import { VerticalBars } from './VerticalBars';
import type { Drawn } from './Frame';

export interface BarChartOptions extends BarOptions {
  orientation?: 'auto' | 'horizontal' | 'vertical';
  showValue?: 'auto' | 'always' | 'never';
  groupWidth?: number;
  barWidth?: number;
  barRadius?: number;
  xTickLabelMaxLength?: number;
  legend?: Partial<VizLegendOptions>;
  tooltip?: { mode?: 'single' | 'multi' | 'none' };
}

export interface BarsProps {
  model: BarModel;
  width: number;
  height: number;
  options: BarChartOptions;
  styles: ReturnType<typeof getStyles>;
  onHover: (band: number | undefined, event?: MouseEvent) => void;
  hovered: number | undefined;
  /** There are more rows than the server sent. */
  more: boolean;
}

interface Hover {
  band: number;
  x: number;
  y: number;
}

/** Bars per category, standing or lying. @grafana/ui has no bar chart of its own to offer. */
export function BarChart({ frames, width, height, options, title, timeZone, more }: Drawn<BarChartOptions>) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const [hover, setHover] = useState<Hover>();
  const { xField, colorByField, stacking } = options;
  const model = useMemo(() => barModel(frames, { xField, colorByField, stacking }, theme, timeZone), [frames, xField, colorByField, stacking, theme, timeZone]);
  if (!model) {
    return null;
  }
  const legend: VizLegendOptions = { showLegend: true, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [], ...options.legend };
  const showLegend = legend.showLegend && legend.displayMode !== LegendDisplayMode.Hidden && model.series.length > 1;
  const horizontal = options.orientation === 'horizontal';
  const Bars = horizontal ? HorizontalBars : VerticalBars;
  const onHover = (band: number | undefined, event?: MouseEvent) =>
    setHover(band === undefined || !event ? undefined : { band, x: event.clientX, y: event.clientY });
  return (
    <div role="img" aria-label={describe(title, model)}>
      <VizLayout
        width={width}
        height={height}
        legend={
          showLegend ? (
            <VizLayout.Legend placement={legend.placement} maxHeight="35%" maxWidth="40%">
              <VizLegend
                placement={legend.placement}
                displayMode={legend.displayMode}
                readonly
                items={model.series.map((one) => ({ label: one.name, color: one.color, yAxis: 1 }))}
              />
            </VizLayout.Legend>
          ) : null
        }
      >
        {(w, h) => <Bars model={model} width={w} height={h} options={options} styles={styles} onHover={onHover} hovered={hover?.band} more={more} />}
      </VizLayout>
      {hover && options.tooltip?.mode !== 'none' && (
        <Portal>
          <VizTooltipContainer position={{ x: hover.x, y: hover.y }} offset={{ x: 12, y: 12 }}>
            <VizTooltipHeader item={{ label: '', value: model.labels[hover.band] ?? '' }} />
            <VizTooltipContent
              items={(model.bands[hover.band] ?? []).map((segment) => ({
                label: model.series[segment.series]!.name,
                value: segment.text,
                color: segment.color,
              }))}
            />
          </VizTooltipContainer>
        </Portal>
      )}
    </div>
  );
}

/** The chart in words, for those who do not see it. */
function describe(title: string, model: BarModel): string {
  const most = 20;
  const rows = model.labels.slice(0, most).map((label, band) => {
    const values = (model.bands[band] ?? []).map((s) => (model.series.length > 1 ? `${model.series[s.series]!.name} ${s.text}` : s.text));
    return `${label}: ${values.join(', ')}`;
  });
  return `${title}. ${rows.join('; ')}`;
}

export const getStyles = (theme: GrafanaTheme2) => ({
  svg: css({ display: 'block', overflow: 'visible', fontFamily: theme.typography.fontFamily }),
  label: css({ fontSize: 12, fill: theme.colors.text.primary }),
  tick: css({ fontSize: 11, fill: theme.colors.text.secondary, fontVariantNumeric: 'tabular-nums' }),
  value: css({ fontSize: 12, fill: theme.colors.text.primary, fontVariantNumeric: 'tabular-nums' }),
  grid: css({ stroke: theme.colors.border.weak, strokeWidth: 1, shapeRendering: 'crispEdges' }),
  base: css({ stroke: theme.colors.border.strong, strokeWidth: 1, shapeRendering: 'crispEdges' }),
  hover: css({ fill: theme.colors.action.hover }),
});
