package query

import (
	"context"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// deliveryDays is for how many days with deliveries, counted from the newest, rejects and
// duplicates are shown. The period of a dashboard is about when things happened, not about when
// files of them came: years may be delivered in a day.
const deliveryDays = 90

func qualityLists() map[string]listFunc {
	whole := func(f listFunc) listFunc {
		return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
			if !l.scope.All {
				return nil, errFilesScope()
			}
			return f(ctx, r, l)
		}
	}
	files := func(expr string) listFunc {
		return whole(figureOf(unitCount, "SELECT "+expr+", count() FROM files"))
	}
	return map[string]listFunc{
		"rejected_records":     files("sum(rejected)"),
		"duplicate_records":    files("sum(duplicate)"),
		"failed_files":         files("countIf(state != 'done')"),
		"stale_days":           whole(figureOf(unitDays, "SELECT max(age), count() FROM (SELECT dateDiff('second', max(recorded_at), now64(3)) / 86400 AS age FROM files WHERE state = 'done' GROUP BY collector)")),
		"source_age":           whole(sourceAge),
		"deliveries":           whole(deliveries),
		"deliveries_by_source": whole(deliveriesBySource),
		"reject_reasons":       whole(rejectReasons),
		"restatements":         restated("count()"),
		"late_records":         restated("sumIf(toInt64(events_after) - toInt64(events_before), position(causes, 'late') > 0)"),
		"restatement_list":     restatementList,
	}
}

// unitDays is Grafana's unit of days.
const unitDays = "d"

// figureOf answers with the first column of a statement's one row, if the second counts anything.
func figureOf(unit, sql string) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		s := &statement{}
		s.write("%s\nSETTINGS final = 1", sql)
		return l.figure(ctx, r, s, unit)
	}
}

func (l *listing) figure(ctx context.Context, r *Runner, s *statement, unit string) (*data.Frame, error) {
	got, _, err := l.read(ctx, r, s, 1)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.number(l.q.Metric, unit, got, func(row []any) *decimal.Decimal { return present(asCount(row[1]) > 0, asNumber(row[0])) })
	if unit == unitDays {
		c.fields[0].Config.SetDecimals(1)
	}
	return c.frame(l.q.Metric), nil
}

// sourceAge tells of each source how long ago it delivered, and how long ago the newest thing that
// it told of happened.
func sourceAge(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	s.write(`SELECT collector, dateDiff('second', max(recorded_at), now64(3)) / 86400, if(max(last_at) > toDateTime64('1970-01-02', 3, 'UTC'), dateDiff('second', max(last_at), now64(3)) / 86400, NULL)
FROM files WHERE state = 'done' GROUP BY collector ORDER BY collector
SETTINGS final = 1`)
	got, _, err := l.read(ctx, r, s, usualRows)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("collector", got, func(row []any) string { return l.texts.Value("collector", asText(row[0])) })
	c.number("delivery_age", unitDays, got, num(1))
	c.number("event_age", unitDays, got, num(2))
	for _, f := range c.fields[1:3] {
		f.Config.SetDecimals(1)
	}
	return c.frame(l.q.Metric), nil
}

// fromDeliveries reads the newest days with deliveries.
func (r *Runner) fromDeliveries(s *statement) string {
	day := localDay(s, "recorded_at", r.cfg.Zone.String())
	return "FROM (SELECT *, " + day + " AS delivered FROM files WHERE state != 'interrupted')\n" +
		"WHERE delivered > (SELECT max(" + day + ") FROM files) - " + s.bind("UInt32", uint32(deliveryDays))
}

// deliveries adds up, day by day, what files held and what became of it.
func deliveries(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	s.write("SELECT delivered, sum(accepted), sum(duplicate), sum(rejected) %s\nGROUP BY delivered ORDER BY delivered\nLIMIT %d\nSETTINGS final = 1", r.fromDeliveries(s), maxBuckets)
	got, _, err := l.read(ctx, r, s, maxBuckets)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("delivered", got, func(row []any) string { return dayOf(asTime(row[0])).String() })
	c.number("accepted", unitCount, got, num(1))
	c.number("duplicate", unitCount, got, num(2))
	c.number("rejected", unitCount, got, num(3))
	return c.frame(l.q.Metric), nil
}

// deliveriesBySource is the same by source, the newest day first.
func deliveriesBySource(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	s.write("SELECT delivered, collector, count(), sum(read), sum(accepted), sum(duplicate), sum(rejected), countIf(state != 'done') %s\n", r.fromDeliveries(s))
	s.write("GROUP BY delivered, collector ORDER BY delivered DESC, collector\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("delivered", got, func(row []any) string { return dayOf(asTime(row[0])).String() })
	c.text("collector", got, func(row []any) string { return l.texts.Value("collector", asText(row[1])) })
	for i, name := range []string{"files", "read", "accepted", "duplicate", "rejected", "failed"} {
		c.number(name, unitCount, got, num(i+2))
	}
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// rejectReasons counts rejected records by source and by why they were refused.
func rejectReasons(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	s.write(`SELECT f.collector, j.code, j.column, count() AS n, max(j.recorded_at)
FROM rejects AS j LEFT JOIN (SELECT file_id, any(collector) AS collector FROM file_reports GROUP BY file_id) AS f ON f.file_id = j.file_id
GROUP BY f.collector, j.code, j.column ORDER BY n DESC, f.collector, j.code, j.column
LIMIT %d
SETTINGS final = 1`, l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("collector", got, func(row []any) string { return l.texts.Value("collector", asText(row[0])) })
	c.text("reject_code", got, func(row []any) string { return l.texts.Value("reject_code", asText(row[1])) })
	c.text("column", got, func(row []any) string {
		if name := asText(row[2]); name != "" {
			return name
		}
		return l.texts.T("none")
	})
	c.number("rejected", unitCount, got, num(3))
	c.time("recorded_at", got, when(4))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// restated counts what moved after it had been shown; none is 0 and not "no data".
func restated(expr string) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		s := &statement{}
		var c conditions
		s.span(&c, "month", l.wholeMonths())
		l.narrow(s, &c, "unit_id")
		s.write("SELECT %s, 1 FROM restatements%s\nSETTINGS final = 1", expr, c.where())
		return l.figure(ctx, r, s, unitCount)
	}
}

// wholeMonths is the period with the month that it begins in counted whole.
func (l *listing) wholeMonths() period {
	p := l.period
	p.from = monthOf(p.from)
	return p
}

// restatementList lists figures of the period that moved after they had been shown, the newest
// move first, and why: late data is one of the reasons.
func restatementList(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	s.span(&c, "month", l.wholeMonths())
	l.narrow(s, &c, "unit_id")
	s.write("SELECT recorded_at, month, unit_id, causes, toInt64(events_after) - toInt64(events_before), cost_before, cost_after, cost_after - cost_before FROM restatements%s\n", c.where())
	s.write("ORDER BY recorded_at DESC, month DESC, unit_id, cost_centre\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	names, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	out.time("moved_at", got, when(0))
	out.text("month", got, func(row []any) string { return l.texts.Month(asTime(row[1])) })
	out.text("unit", got, func(row []any) string { return names.text("unit", asText(row[2])) })
	out.text("causes", got, func(row []any) string {
		causes := strings.Split(asText(row[3]), ",")
		for i, cause := range causes {
			causes[i] = l.texts.Value("cause", strings.TrimSpace(cause))
		}
		return strings.Join(causes, ", ")
	})
	out.number("records", unitCount, got, num(4))
	out.number("cost_before", unitKronor, got, num(5))
	out.number("cost_after", unitKronor, got, num(6))
	out.number("moved", unitKronor, got, num(7))
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}
