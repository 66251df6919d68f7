package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/barchart"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"linesman/dashboards/query"
)

// Every builder below sets what would otherwise be a zero value that hides something: the
// legend, the tooltip's mode, the orientation, the length of labels, the reducer.

// step is a colour from a value on; the first step has no value.
type step struct {
	from  *float64
	color string
}

func from(v float64, color string) step { return step{&v, color} }

func base(color string) step { return step{nil, color} }

func thresholds(steps ...step) *dashboard.ThresholdsConfigBuilder {
	out := make([]dashboard.Threshold, len(steps))
	for i, s := range steps {
		out[i] = dashboard.Threshold{Value: s.from, Color: s.color}
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(out)
}

func colored(mode dashboard.FieldColorModeId) *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(mode)
}

func fixed(color string) map[string]any { return map[string]any{"mode": "fixed", "fixedColor": color} }

func legend(show bool) *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().ShowLegend(show).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).Calcs([]string{})
}

func tooltip(mode common.TooltipDisplayMode) *common.VizTooltipOptionsBuilder {
	return common.NewVizTooltipOptionsBuilder().Mode(mode).Sort(common.SortOrderNone)
}

func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

// number shows one value. The key names title and help; empty is what an empty panel says.
func (b *board) number(key, empty string, t cog.Builder[variants.Dataquery], steps ...step) *stat.PanelBuilder {
	if len(steps) == 0 {
		steps = []step{base("text")}
	}
	return stat.NewPanelBuilder().Title(b.texts.T(key)).Description(b.texts.T(key + ".help")).NoValue(b.texts.T(empty)).
		WithTarget(t).Thresholds(thresholds(steps...)).ColorScheme(colored(dashboard.FieldColorModeIdThresholds)).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Fields("").Values(false)).
		GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeValue).TextMode(common.BigValueTextModeValue).
		JustifyMode(common.BigValueJustifyModeAuto).Orientation(common.VizOrientationAuto).WideLayout(true)
}

func (b *board) overTime(key, empty string, targets ...cog.Builder[variants.Dataquery]) *timeseries.PanelBuilder {
	p := timeseries.NewPanelBuilder().Title(b.texts.T(key)).Description(b.texts.T(key + ".help")).NoValue(b.texts.T(empty)).
		Legend(legend(true)).Tooltip(tooltip(common.TooltipDisplayModeMulti)).
		ColorScheme(colored(dashboard.FieldColorModeIdPaletteClassic)).Thresholds(thresholds(base("blue"))).
		AxisPlacement(common.AxisPlacementAuto).AxisSoftMin(0).AxisColorMode(common.AxisColorModeText).
		GradientMode(common.GraphGradientModeNone).LineInterpolation(common.LineInterpolationLinear).
		SpanNulls(common.BoolOrFloat64{Bool: cog.ToPtr(false)})
	for _, t := range targets {
		p.WithTarget(t)
	}
	return p
}

// lines draws curves over time.
func (b *board) lines(key, empty string, targets ...cog.Builder[variants.Dataquery]) *timeseries.PanelBuilder {
	return b.overTime(key, empty, targets...).DrawStyle(common.GraphDrawStyleLine).LineWidth(2).FillOpacity(0).PointSize(5).
		ShowPoints(common.VisibilityModeAuto).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNone).Group("A"))
}

// bars draws stacked bars over time.
func (b *board) bars(key, empty string, targets ...cog.Builder[variants.Dataquery]) *timeseries.PanelBuilder {
	return b.overTime(key, empty, targets...).DrawStyle(common.GraphDrawStyleBars).LineWidth(0).FillOpacity(85).PointSize(5).
		BarAlignment(common.BarAlignmentCenter).BarWidthFactor(0.7).ShowPoints(common.VisibilityModeNever).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// asLine shows one field of stacked bars as a line over them.
func asLine(color string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("custom.drawStyle", "line"), property("custom.stacking", map[string]any{"mode": "none", "group": "B"}),
		property("custom.lineWidth", 2), property("custom.fillOpacity", 0), property("custom.showPoints", "always"),
		property("color", fixed(color)),
	}
}

// dashed shows a field as a broken line: a level that was decided, not measured.
func dashed(color string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("custom.lineStyle", map[string]any{"fill": "dash", "dash": []int{8, 6}}),
		property("custom.showPoints", "never"), property("color", fixed(color)),
	}
}

// categories draws one lying bar for each value of a field.
func (b *board) categories(key, empty, xField, color string, t Target) *barchart.PanelBuilder {
	return barchart.NewPanelBuilder().Title(b.texts.T(key)).Description(b.texts.T(key + ".help")).NoValue(b.texts.T(empty)).
		WithTarget(t).XField(xField).Orientation(common.VizOrientationHorizontal).ShowValue(common.VisibilityModeAuto).
		Stacking(common.StackingModeNone).GroupWidth(0.7).BarWidth(0.9).BarRadius(0).FullHighlight(false).
		XTickLabelRotation(0).XTickLabelMaxLength(0).XTickLabelSpacing(0).
		Legend(legend(false)).Tooltip(tooltip(common.TooltipDisplayModeSingle)).
		LineWidth(0).FillOpacity(85).GradientMode(common.GraphGradientModeNone).AxisPlacement(common.AxisPlacementAuto).AxisSoftMin(0).
		Thresholds(thresholds(base("blue"))).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdFixed).FixedColor(color))
}

// tall is the height of a table panel that shows so many rows without scrolling: title,
// heading and notice take as much as three rows more. Pixels as the console and Grafana draw
// them: 38 for a unit of the grid less a gap of 8, 36 for a row.
func tall(rows uint32) uint32 { return ((rows+3)*36 + 8 + 37) / 38 }

func (b *board) rows(key, empty string, t Target) *table.PanelBuilder {
	return table.NewPanelBuilder().Title(b.texts.T(key)).Description(b.texts.T(key+".help")).NoValue(b.texts.T(empty)).
		WithTarget(t).ShowHeader(true).CellHeight(common.TableCellHeightSm).Align(common.FieldTextAlignmentAuto).Inspect(false).Filterable(false).
		Thresholds(thresholds(base("text"))).ColorScheme(colored(dashboard.FieldColorModeIdThresholds)).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"}).CountRows(false)).
		// What an empty panel says is for the panel: in a cell it would say so of one number.
		OverrideByFieldType("number", []dashboard.DynamicConfigValue{property("noValue", b.texts.T("none"))})
}

// words colours the words of a text column.
func (b *board) words(field string, colors map[string]string) dashboard.DynamicConfigValue {
	options := map[string]any{}
	for value, color := range colors {
		text := b.texts.T(field + "." + value)
		options[text] = map[string]any{"text": text, "color": color}
	}
	return property("mappings", []any{map[string]any{"type": "value", "options": options}})
}

func cell(kind string) dashboard.DynamicConfigValue {
	return property("custom.cellOptions", map[string]any{"type": kind})
}

func stats(metric string) query.Query { return query.Query{Metric: metric, Format: query.FormatStat} }

func compared(how string) query.Query {
	return query.Query{Metric: "cost", Format: query.FormatStat, Compare: how}
}
