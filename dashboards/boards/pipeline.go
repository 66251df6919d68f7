package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"

	"linesman/dashboards/messages"
)

// prometheusSource is the data source that the reader picks: which Prometheus reads /metrics is up
// to the installation.
func prometheusSource() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${prometheus}")}
}

// prom asks a Prometheus over the period; legend names the series.
func prom(ref, expr, legend string) cog.Builder[variants.Dataquery] {
	return prometheus.NewDataqueryBuilder().RefId(ref).Expr(expr).LegendFormat(legend).Range().Datasource(prometheusSource()).EditorMode(prometheus.QueryEditorModeCode)
}

// promNow asks for the newest value only.
func promNow(ref, expr string) cog.Builder[variants.Dataquery] {
	return prometheus.NewDataqueryBuilder().RefId(ref).Expr(expr).LegendFormat("__auto").Instant().Datasource(prometheusSource()).EditorMode(prometheus.QueryEditorModeCode)
}

// pipelineOperations is for whoever runs Linesman: is every stage keeping up, and for how long
// will it? It reads what /metrics tells; docs/operate.md lists that.
func pipelineOperations(texts messages.Texts) (dashboard.Dashboard, error) {
	b := &board{texts: texts, source: cog.ToPtr(prometheusSource())}
	bad := []step{base("blue"), from(1, "orange")}

	b.row("ops.row.now")
	b.add(4, 4, b.number("ops.hops", "empty.metrics", promNow("A", `count(linesman_hop_state > 0) or vector(0)`), bad...))
	b.add(4, 4, b.number("ops.store_down", "empty.metrics", promNow("A", `count(linesman_store_up == 0) or vector(0)`), base("blue"), from(1, "red")))
	b.add(4, 4, b.number("ops.lag", "empty.metrics", promNow("A", `sum(linesman_lag_records)`)))
	b.add(4, 4, b.number("ops.evaluated_lag", "empty.metrics", promNow("A", `sum(linesman_evaluated_lag_records)`)))
	b.add(4, 4, b.number("ops.waiting", "empty.metrics", promNow("A", `max(linesman_inbox_oldest_seconds)`)).Unit("s"))
	b.add(4, 4, b.number("ops.overdue", "empty.metrics", promNow("A", `sum(linesman_cases_overdue)`), bad...))

	b.row("ops.row.hops")
	b.add(12, 9, b.lines("ops.hop_state", "empty.metrics", prom("A", `max by (hop) (linesman_hop_state)`, "{{hop}}")).LineInterpolation(common.LineInterpolationStepAfter).Min(0).Max(2))
	b.add(12, 9, b.lines("ops.inbox", "empty.metrics", prom("A", `sum by (collector) (linesman_inbox_files)`, "{{collector}}")))

	b.row("ops.row.flow")
	b.add(12, 9, b.bars("ops.records", "empty.metrics", prom("A", `sum by (collector) (rate(linesman_read_records_total[$__rate_interval]))`, "{{collector}}")).Unit("rps"))
	b.add(12, 9, b.bars("ops.rejected", "empty.metrics", prom("A", `sum by (collector) (increase(linesman_rejected_records_total[$__rate_interval]))`, "{{collector}}")))
	b.add(12, 9, b.lines("ops.lag_topic", "empty.metrics", prom("A", `sum by (topic) (linesman_lag_records)`, "{{topic}}")))
	b.add(12, 9, b.lines("ops.stored", "empty.metrics", prom("A", `sum by (topic) (rate(linesman_range_records_total[$__rate_interval]))`, "{{topic}}")).Unit("rps"))

	b.row("ops.row.store")
	b.add(12, 9, b.lines("ops.insert", "empty.metrics", prom("A", `histogram_quantile(0.95, sum by (le, table) (rate(linesman_insert_seconds_bucket[$__rate_interval])))`, "{{table}}")).Unit("s"))
	b.add(12, 9, b.lines("ops.settle", "empty.metrics", prom("A", `sum(rate(linesman_settle_seconds_sum[$__rate_interval])) / sum(rate(linesman_settle_seconds_count[$__rate_interval]))`, texts.T("ops.settle.series"))).Unit("s"))
	b.add(12, 9, b.bars("ops.failures", "empty.metrics",
		prom("A", `sum(increase(linesman_insert_errors_total[$__rate_interval]))`, texts.T("ops.failures.insert")),
		prom("B", `sum(increase(linesman_range_failures_total[$__rate_interval]))`, texts.T("ops.failures.range")),
		prom("C", `sum(increase(linesman_settle_failures_total[$__rate_interval]))`, texts.T("ops.failures.settle")),
		prom("D", `sum(increase(linesman_store_restarts_total[$__rate_interval]))`, texts.T("ops.failures.restart"))))
	b.add(12, 9, b.lines("ops.memory", "empty.metrics", prom("A", `sum(linesman_store_memory_bytes)`, texts.T("ops.memory.series"))).Unit("bytes"))

	b.row("ops.row.room")
	b.add(12, 9, b.lines("ops.disk", "empty.metrics",
		prom("A", `sum(linesman_log_bytes)`, texts.T("ops.disk.log")), prom("B", `sum(linesman_store_disk_bytes)`, texts.T("ops.disk.store"))).Unit("bytes"))
	b.add(12, 9, b.lines("ops.free", "empty.metrics", prom("A", `min by (place) (linesman_disk_free_bytes)`, "{{place}}")).Unit("bytes"))
	b.add(12, 9, b.lines("ops.seal_age", "empty.metrics", prom("A", `max(linesman_seal_age_seconds)`, texts.T("ops.seal_age.series"))).Unit("s"))
	b.add(12, 9, b.lines("ops.violations", "empty.metrics", prom("A", `sum(linesman_violations)`, texts.T("metric.violations_open")), prom("B", `sum(linesman_cases_overdue)`, texts.T("ops.overdue"))))
	source := dashboard.NewDatasourceVariableBuilder("prometheus").Label(texts.T("var.prometheus")).Type("prometheus").Hide(dashboard.VariableHideDontHide).Multi(false).IncludeAll(false).AllowCustomValue(false)
	return b.operations(source)
}

// operations closes the layout of a dashboard about what happens now.
func (b *board) operations(variables ...cog.Builder[dashboard.VariableModel]) (dashboard.Dashboard, error) {
	d, err := b.build(PipelineOperations, nil, variables...)
	d.Time = &dashboard.DashboardDashboardTime{From: "now-24h", To: "now"}
	d.Refresh = cog.ToPtr("1m")
	return d, err
}
