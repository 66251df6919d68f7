package policy

import (
	"slices"

	"linesman/schema"
)

// Trend asks whether a weekly count rises: Theil–Sen slope above zero, Mann–Kendall z
// above Z, a rise of at least RiseShare of the median over the lookback, and, where the
// unit has a goal in force, a median of the Recent last counts above the goal's target.
type Trend struct {
	Column    string // the counted column of watches
	Lookback  int    // weeks, ending with the last counted week of the window
	AtLeast   int    // counts needed
	Z         float64
	RiseShare float64
	Recent    int
	Goal      string // metric of the goal; empty: no goal is asked for
	riseNum   int64  // RiseShare as an exact fraction
	riseDen   int64
}

func (f fields) trendBody(rule *Rule, table schema.Info) {
	for _, key := range []string{"exempt", "limits"} {
		if f.has(key) {
			f.r.problem(f.value[key], "%s: %q is for source usage; watches are judged by their trend", f.what, key)
		}
	}
	if rule.Subject != SubjectUnit || rule.Window == WindowDay {
		f.r.problem(f.node, "%s: a rule over watches has the subject unit and the window week or month", f.what)
	}
	n := f.need("trend")
	if n == nil {
		return
	}
	t, ok := f.r.mapping(n, f.what+" trend", "column", "lookback_weeks", "at_least", "z", "rise_share", "recent", "goal")
	if !ok {
		return
	}
	trend := &Trend{Column: "open", Lookback: int(t.integer("lookback_weeks", true, 12, 3)), AtLeast: int(t.integer("at_least", true, 8, 3)),
		Recent: int(t.integer("recent", true, 4, 1)), Goal: t.text("goal", false)}
	if t.has("column") {
		if col, ok := t.column("column", table); ok && col.Type != schema.TypeUint32 {
			f.r.problem(t.value["column"], "%s trend: column %q is not a count", f.what, col.Name)
		}
		trend.Column = t.text("column", false)
	}
	if trend.Lookback > 260 || trend.AtLeast > trend.Lookback || trend.Recent > trend.AtLeast {
		f.r.problem(n, "%s trend: want recent ≤ at_least ≤ lookback_weeks ≤ 260", f.what)
	}
	if z, ok := t.decimal("z", true); ok {
		trend.Z, _ = z.Float64()
	}
	if share, ok := t.decimal("rise_share", true); ok {
		trend.RiseShare, _ = share.Float64()
		trend.riseNum, trend.riseDen = share.Num().Int64(), share.Denom().Int64()
	}
	for _, c := range rule.Where {
		for _, name := range c.columns() {
			if !slices.Contains([]string{"unit_id", "profession_group", "source"}, name) {
				f.r.problem(f.value["where"], "%s where: a trend can be narrowed by unit_id, profession_group or source, not by %q", f.what, name)
			}
		}
	}
	rule.Trend = trend
}
