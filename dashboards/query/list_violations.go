package query

import (
	"context"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// violationList lists violations, the newest first, each with a link to its evidence.
func violationList(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	s := &statement{}
	var c conditions
	if l.period.months != nil {
		s.span(&c, "window_from", l.period)
	} else {
		c.add("window_from <= %s", s.day(l.period.to))
		c.add("window_to > %s", s.day(l.period.from))
	}
	l.narrow(s, &c, "unit_id")
	s.write("SELECT severity, rule, rule_version, subject_kind, subject_id, unit_id, window_kind, window_from, value, value_unit, `limit`, cost, change, lower(hex(violation_id))\nFROM violations_current%s\n", c.where())
	s.write("ORDER BY window_from DESC, last_event_at DESC, violation_id\nLIMIT %d\nSETTINGS final = 1", l.q.Limit+1)
	got, more, err := l.read(ctx, r, s, l.q.Limit)
	if err != nil {
		return nil, err
	}
	labels, err := r.labels(ctx, l.q.Lang, []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := &columns{texts: l.texts}
	// The evidence comes first: it is what the list leads to, and must not lie outside the panel.
	out.text("violation_id", got, at(13))
	id := out.fields[0]
	id.Config.Links = []data.DataLink{{Title: l.texts.T("link.violation"), URL: "/violations/${__value.raw}"}}
	out.text("severity", got, func(row []any) string { return l.texts.Value("severity", asText(row[0])) })
	out.text("rule", got, func(row []any) string {
		return r.ruleTitle(l.q.Lang, asText(row[1]), uint32(asCount(row[2])))
	})
	out.text("subject", got, func(row []any) string {
		switch {
		case asText(row[3]) == subjectUnit:
			return l.texts.T("subject.unit") // named in the next column
		case asText(row[3]) == subjectLine && !l.scope.seesPersons(asText(row[5])):
			return l.texts.T("subject.line_of", "unit", labels.text("unit", asText(row[5])))
		}
		return asText(row[4])
	})
	out.text("unit", got, func(row []any) string { return labels.text("unit", asText(row[5])) })
	out.text("window", got, func(row []any) string { return windowLabel(l.texts, asText(row[6]), asTime(row[7])) })
	measured := func(i int) func(row []any) string {
		return func(row []any) string { return l.texts.Measured(asNumber(row[i]), asText(row[9])) }
	}
	out.text("value", got, measured(8))
	out.text("limit", got, measured(10))
	out.number("cost", unitKronor, got, num(11))
	out.text("state", got, func(row []any) string { return l.texts.Value("state", stateOf(asText(row[12]))) })
	if err := r.audit(ctx, l.personsOf(got)); err != nil {
		return nil, err
	}
	return out.capped(l.q.Metric, more, l.q.Limit), nil
}

// personsOf counts the violations of the list that name a line.
func (l *listing) personsOf(got rows) Read {
	read := Read{Metric: l.q.Metric, Unit: oneUnit(l.scope, l.filters)}
	for _, row := range got {
		if asText(row[3]) == subjectLine && l.scope.seesPersons(asText(row[5])) {
			read.Rows++
			read.Subject = asText(row[4])
		}
	}
	if read.Rows > 1 {
		read.Subject = ""
	}
	return read
}

func stateOf(change string) string {
	if change == "retracted" {
		return "retracted"
	}
	return "open"
}

// windowLabel names the window of a violation: "mars 2026", "vecka 12 2026", "2026-03-14".
func windowLabel(texts messages.Texts, kind string, from time.Time) string {
	switch kind {
	case "year":
		return strconv.Itoa(from.Year())
	case "month":
		return texts.Month(from)
	case "week":
		year, week := from.ISOWeek()
		return texts.T("window.week", "week", strconv.Itoa(week), "year", strconv.Itoa(year))
	}
	return from.Format(time.DateOnly)
}

// fileList lists collected files, the newest first. Files belong to no unit, so only a
// caller who may see everything sees them.
func fileList(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	files, err := r.Files(ctx, l.scope, l.q.Limit+1)
	if err != nil {
		return nil, err
	}
	more := len(files) > l.q.Limit
	if more {
		files = files[:l.q.Limit]
	}
	got := make(rows, len(files))
	for i, f := range files {
		got[i] = []any{f}
	}
	c := &columns{texts: l.texts}
	text := func(name string, f func(File) string) {
		c.text(name, got, func(row []any) string { return f(row[0].(File)) })
	}
	number := func(name string, f func(File) uint64) {
		c.number(name, unitCount, got, func(row []any) *decimal.Decimal {
			d := decimal.NewFromUint64(f(row[0].(File)))
			return &d
		})
	}
	c.time("recorded_at", got, func(row []any) time.Time { return row[0].(File).At })
	text("name", func(f File) string { return f.Name })
	text("collector", func(f File) string { return l.texts.Value("collector", f.Collector) })
	text("state", func(f File) string { return l.texts.Value("state", f.State) })
	number("read", func(f File) uint64 { return f.Read })
	number("accepted", func(f File) uint64 { return f.Accepted })
	number("duplicate", func(f File) uint64 { return f.Duplicate })
	number("rejected", func(f File) uint64 { return f.Rejected })
	text("error", func(f File) string { return f.Error })
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// dataFreshness shows, for each source, when it last delivered and how far its data reaches.
func dataFreshness(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	if !l.scope.All {
		return nil, errFilesScope()
	}
	s := &statement{}
	s.write(`SELECT collector, count(), countIf(state = 'failed'), sum(accepted), sum(rejected), max(last_at), max(recorded_at)
FROM files GROUP BY collector ORDER BY collector
SETTINGS final = 1`)
	got, _, err := l.read(ctx, r, s, usualRows)
	if err != nil {
		return nil, err
	}
	c := &columns{texts: l.texts}
	c.text("collector", got, func(row []any) string { return l.texts.Value("collector", asText(row[0])) })
	c.number("files", unitCount, got, num(1))
	c.number("failed", unitCount, got, num(2))
	c.number("accepted", unitCount, got, num(3))
	c.number("rejected", unitCount, got, num(4))
	c.time("last_at", got, when(5))
	c.time("recorded_at", got, when(6))
	return c.frame(l.q.Metric), nil
}
