package query

import (
	"maps"
	"slices"
)

// Units of measure in frames. Grafana writes unknown ones as a suffix; the console knows all.
const (
	unitKronor  = "kr"
	unitMB      = "MB"
	unitMinutes = "min"
	unitPercent = "percent"
	unitCount   = "locale"
)

// source is where a metric is read from.
type source int

const (
	sourceUsage      source = iota // usage_daily, or usage_line_daily when lines are asked for
	sourceWatches                  // watches_weekly, or watches_current by profession group
	sourceViolations               // violations_current
	sourceGoals                    // goals laid out over the points of the period
	sourceList                     // a list with columns of its own
)

// metric declares what can be asked for: an SQL expression over a source.
type metric struct {
	source source
	expr   string // over the rows of a group; money stays Decimal
	unit   string
	level  bool   // a state that is carried over time (open watches), not a sum over it
	daily  bool   // only in usage_daily
	lines  bool   // only in usage_line_daily
	rests  string // counts the events that the number rests on; empty: all of the group
	goal   goalLine
	list   listFunc
}

// restsOn counts the events that the number of a group rests on.
func (m metric) restsOn() string {
	if m.rests == "" {
		return "sum(events)"
	}
	return m.rests
}

// catalogue declares every metric. Built on each call: it is small, and nothing can change it.
func catalogue() map[string]metric {
	m := map[string]metric{
		"cost":            {expr: "sum(cost)", unit: unitKronor},
		"charged":         {expr: "sum(charged)", unit: unitKronor, daily: true},
		"rated":           {expr: "sum(rated)", unit: unitKronor, daily: true},
		"calls":           {expr: "sumIf(events, kind = 'call')", unit: unitCount, rests: "sumIf(events, kind = 'call')"},
		"answered_calls":  {expr: "sumIf(answered, kind = 'call')", unit: unitCount, daily: true, rests: "sumIf(answered, kind = 'call')"},
		"duration":        {expr: "sumIf(duration_s, kind = 'call') / 60", unit: unitMinutes, rests: "sumIf(events, kind = 'call')"},
		"messages":        {expr: "sum(messages)", unit: unitCount, rests: "sumIf(events, messages > 0)"},
		"volume":          {expr: "sum(volume_bytes) / 1e6", unit: unitMB, rests: "sumIf(events, volume_bytes > 0)"},
		"forwarded_calls": {expr: "sumIf(events, forwarded)", unit: unitCount, rests: "sumIf(events, forwarded)"},
		"forwarding_cost": {expr: "sumIf(cost, forwarded)", unit: unitKronor, rests: "sumIf(events, forwarded)"},
		"roaming_cost":    {expr: "sumIf(cost, roaming_zone IN ('eea', 'world'))", unit: unitKronor, rests: "sumIf(events, roaming_zone IN ('eea', 'world'))"},
		"roaming_volume":  {expr: "sumIf(volume_bytes, roaming_zone IN ('eea', 'world')) / 1e6", unit: unitMB, rests: "sumIf(events, roaming_zone IN ('eea', 'world'))"},
		"lines_used":      {expr: "uniqExactIf(line_id, kind != 'fee')", unit: unitCount, lines: true, rests: "sumIf(events, kind != 'fee')"},

		"watches_open":    {source: sourceWatches, expr: "open", unit: unitCount, level: true},
		"watches_created": {source: sourceWatches, expr: "created", unit: unitCount},
		"watches_closed":  {source: sourceWatches, expr: "closed", unit: unitCount},

		"violations":           {source: sourceViolations, expr: "count()", unit: unitCount},
		"violations_open":      {source: sourceViolations, expr: "countIf(change != 'retracted')", unit: unitCount},
		"violations_retracted": {source: sourceViolations, expr: "countIf(change = 'retracted')", unit: unitCount},
		"violations_high":      {source: sourceViolations, expr: "countIf(change != 'retracted' AND severity = 'high')", unit: unitCount},
		"violations_new":       {source: sourceViolations, expr: "countIf(change != 'retracted' AND last_event_at > " + thirtyDaysBack + ")", unit: unitCount},
		"violation_cost":       {source: sourceViolations, expr: "sumIf(cost, change != 'retracted')", unit: unitKronor},
	}
	for _, g := range []struct{ name, metric string }{{"watches", "watches_open"}, {"forwarded", "forwarded_calls"}} {
		m[g.name+"_target"] = metric{source: sourceGoals, unit: unitCount, level: true, goal: goalLine{g.metric, goalTarget}}
		m[g.name+"_baseline"] = metric{source: sourceGoals, unit: unitCount, level: true, goal: goalLine{g.metric, goalBaseline}}
		m[g.name+"_path"] = metric{source: sourceGoals, unit: unitCount, level: true, goal: goalLine{g.metric, goalPath}}
	}
	m["budget"] = metric{source: sourceGoals, unit: unitKronor, goal: goalLine{"cost_month", goalTarget}}
	for name, f := range lists() {
		m[name] = metric{source: sourceList, list: f}
	}
	return m
}

// thirtyDaysBack is 30 days before the latest event that any violation or usage rests on: the
// clock of the data, so that a delivery of old files shows what was new in them.
const thirtyDaysBack = `(SELECT greatest(
    (SELECT max(last_event_at) FROM violations_current),
    (SELECT toDateTime64(max(local_day), 3, 'UTC') FROM usage_daily)) - INTERVAL 30 DAY)`

// Metrics lists the names of all metrics.
func Metrics() []string { return slices.Sorted(maps.Keys(catalogue())) }

// dimension is a field to group by or filter on: its expression in each place it exists.
type dimension struct {
	daily, lines    string // usage_daily, usage_line_daily
	watches, groups string // watches_weekly, watches_current
	violations      string
	goals           string
}

func dimensions() map[string]dimension {
	same := func(col string) dimension { return dimension{daily: col, lines: col} }
	d := map[string]dimension{
		"unit":             {daily: "unit_id", lines: "unit_id", watches: "unit_id", groups: "unit_id", violations: "unit_id", goals: "unit_id"},
		"cost_centre":      {daily: "cost_centre", lines: "cost_centre", violations: "cost_centre", goals: "cost_centre"},
		"profession_group": {groups: "profession_group"},
		"line":             {lines: "line_id"},
		"state":            {violations: "if(change = 'retracted', 'retracted', 'open')"},
		"rule":             {violations: "rule"},
		"severity":         {violations: "severity"},
		"subject_kind":     {violations: "subject_kind"},
		"month":            {daily: "local_day", lines: "local_day", watches: "week", groups: "week", violations: "window_from", goals: "bucket"},
	}
	for _, col := range []string{"kind", "service", "other_class", "roaming_zone"} {
		d[col] = same(col)
	}
	for _, col := range []string{"direction", "visited_country", "operator", "device", "role"} {
		d[col] = dimension{daily: col}
	}
	d["forwarded"] = same("toString(forwarded)")
	d["private"] = dimension{daily: "toString(private)"}
	return d
}

// Dimensions lists the names of all fields that queries can group by or filter on. Not every
// metric has every one.
func Dimensions() []string { return slices.Sorted(maps.Keys(dimensions())) }
