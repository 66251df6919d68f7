package policy

import (
	"fmt"
	"strings"

	"linesman/schema"
)

// seriesSQL reads what a statistical trend is judged by: one row a unit, with its numbers
// per period, the statements about it, and what they are to be divided by. The statistics
// are computed from it in Go. The comment names what they depend on, so that another
// threshold is another text.
func (r *Rule) seriesSQL() string {
	if !r.source().counted {
		return r.seriesOf(r.usagePeriodsSQL(r.partialPeriodsSQL(false), false))
	}
	return r.seriesOf("WITH\n" + r.watchPeriodsSQL())
}

// seriesOf is seriesSQL over numbers by unit and period.
func (r *Rule) seriesOf(periods string) string {
	t := r.Trend
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s per %s over %d, season %d, at least %d, z %v %t, rise %d/%d of %s to %s, recent %d, exposure %q, false discoveries %v, scale %d to %x, from %s */\n", t.Test, t.Per, t.Lookback,
		t.Season, t.AtLeast, t.Z, t.hasZ, t.riseNum, t.riseDen, t.Baseline.From, t.Baseline.To, t.Recent, t.Exposure, t.FalseDiscovery, t.Scale,
		t.Unit, r.start()) // the unit is somebody's text: in hexadecimal it cannot end the comment
	b.WriteString(periods)
	if t.Exposure == ExposureLines {
		b.WriteString(lineStepsSQL())
	}
	b.WriteString("series AS (\n    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points\n    FROM periods\n    GROUP BY unit\n)\n")
	b.WriteString("SELECT\n    s.unit AS subject,\n")
	for i, name := range []string{"period", "counted", "value", "total", "fingerprint", "cost", "uses"} {
		fmt.Fprintf(&b, "    arrayMap(p -> p.%d, s.points) AS %s_of,\n", i+1, name)
	}
	b.WriteString("    arrayMap(p -> p.1, u.stated) AS unit_from,\n    arrayMap(p -> p.2, u.stated) AS unit_to,\n    arrayMap(p -> p.3, u.stated) AS centres,\n    arrayMap(p -> p.4, u.stated) AS employees_of,\n")
	if t.Exposure == ExposureLines {
		b.WriteString("    arrayMap(p -> p.1, l.steps) AS line_at,\n    arrayMap(p -> p.2, l.steps) AS line_delta,\n")
	} else {
		b.WriteString("    CAST([], 'Array(Int64)') AS line_at,\n    CAST([], 'Array(Int64)') AS line_delta,\n")
	}
	if t.Goal != "" {
		b.WriteString("    arrayMap(p -> p.1, g.stated) AS goal_from,\n    arrayMap(p -> p.2, g.stated) AS goal_to,\n    arrayMap(p -> p.4, g.stated) AS targets\n")
	} else {
		b.WriteString("    CAST([], 'Array(Int64)') AS goal_from,\n    CAST([], 'Array(Int64)') AS goal_to,\n    CAST([], 'Array(Float64)') AS targets\n")
	}
	b.WriteString("FROM series AS s\nLEFT JOIN " + statedSQL("toString(cost_centre), toInt64(employees)", "units", "unit_id != ''") + " AS u ON s.unit = u.owner\n")
	if t.Exposure == ExposureLines {
		b.WriteString("LEFT JOIN line_steps AS l ON s.unit = l.owner\n")
	}
	if t.Goal != "" {
		b.WriteString("LEFT JOIN " + statedSQL("goal_id, target", "goals", "metric = "+quote(t.Goal)+" AND unit_id != ''") + " AS g ON s.unit = g.owner\n")
	}
	return b.String() + "ORDER BY subject\n" + settings
}

// statedSQL collects the statements about units in the order in which they begin.
func statedSQL(columns, table, where string) string {
	return "(\n    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), " + columns + "))) AS stated\n" +
		"    FROM " + table + "\n    WHERE " + where + "\n    GROUP BY owner\n)"
}

// periodSQL writes the first day of the period that holds a day.
func (t *Trend) periodSQL(day string) string {
	if t.Per == WindowMonth {
		return "toDate32(toStartOfMonth(" + day + "))"
	}
	return "toDate32(toMonday(" + day + "))"
}

// watchPeriodsSQL is the number of a unit's watches per period: as for the plain trend, of
// each day and profession group the latest extract counts, groups are added up, and the
// latest day of a period speaks.
func (r *Rule) watchPeriodsSQL() string {
	t := r.Trend
	var b strings.Builder
	life := "day >= " + dayLiteral(r.start())
	if r.ValidTo != 0 {
		life += " AND day < " + dayLiteral(r.ValidTo)
	}
	if t.Baseline.To != 0 {
		life = "(" + life + " OR day >= " + dayLiteral(t.Baseline.From) + " AND day < " + dayLiteral(t.Baseline.To) + ")"
	}
	b.WriteString("latest AS (\n    SELECT *\n    FROM " + sourcePlace + "\n    WHERE unit_id != '' AND " + life + rowsPlace + "\n    ORDER BY extract_at DESC, event_id DESC\n    LIMIT 1 BY unit_id, day, profession_group\n),\n")
	fmt.Fprintf(&b, "daily AS (\n    SELECT unit_id, day, toInt64(sum(%s)) AS value, arraySort(groupArray(event_id)) AS ids\n    FROM latest\n", t.Column)
	b.WriteString(r.narrowedSQL())
	b.WriteString("    GROUP BY unit_id, day\n),\n")
	fmt.Fprintf(&b, "spoken AS (\n    SELECT unit_id, %s AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids\n    FROM daily\n    GROUP BY unit_id, period\n),\n", t.periodSQL("daily.day"))
	b.WriteString("periods AS (\n    SELECT toString(unit_id) AS unit, period, counted, value, toUInt64(length(ids)) AS total,\n" +
		"        arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint, toInt64(0) AS costs, toUInt64(1) AS uses\n    FROM spoken\n),\n")
	return b.String()
}

// extraColumn names the summed column where it is not read anyway.
func (t *Trend) extraColumn() string {
	if t.Column == "" || t.Column == "cost" {
		return ""
	}
	return ", " + t.Column
}

// trendStart is the first day that is read: the rule's, or its baseline's.
func (r *Rule) trendStart() schema.Day {
	if b := r.Trend.Baseline; b.To != 0 {
		return min(r.start(), b.From)
	}
	return r.start()
}

// selectedWith opens a WITH clause that holds the usage the rule selects, approvals taken
// into account, from the beginning of the rule or of its baseline on. Whether a period may
// be flagged is decided afterwards.
func (r *Rule) selectedWith() string {
	wide := *r
	wide.ValidFrom, wide.InformedAt, wide.NegotiatedAt, wide.ValidTo = r.trendStart(), r.trendStart(), 0, 0
	if r.Trend.Column != "" {
		wide.Limits = []Limit{{How: r.Trend.How, Column: r.Trend.Column}}
	}
	with := wide.permitsSQL()
	if with == "" {
		with = "WITH\n"
	} else {
		with = strings.TrimSuffix(with, "\n") + ",\n"
	}
	return with + "selected AS (\n" + wide.selectedSQL() + "),\n"
}

// lineStepsSQL tells for each unit at which moments the number of its lines changes, and by
// how much. Where statements about a line overlap, the one that began last holds.
func lineStepsSQL() string {
	const end = "toUnixTimestamp64Milli(toDateTime64('2299-12-31 00:00:00', 3, 'UTC'))"
	return "line_cuts AS (\n    SELECT arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), if(valid_to = toDateTime64(0, 3, 'UTC'), " + end + ", toUnixTimestamp64Milli(valid_to)), toString(unit_id)))) AS stated,\n" +
		"        arraySort(arrayDistinct(arrayConcat(arrayMap(s -> s.1, stated), arrayMap(s -> s.2, stated)))) AS cuts,\n" +
		"        arrayMap(c -> arrayElement(arrayFilter(s -> s.1 <= c AND c < s.2, stated), -1).3, cuts) AS holders,\n" +
		"        arrayConcat(arrayMap((h, c) -> tuple(h, c, toInt64(1)), holders, cuts), arrayMap((h, c) -> tuple(h, c, toInt64(-1)), arrayPopBack(holders), arrayPopFront(cuts))) AS changes\n" +
		"    FROM lines\n    WHERE line_id != ''\n    GROUP BY line_id\n),\n" +
		"line_changes AS (\n    SELECT change.1 AS owner, change.2 AS moment, sum(change.3) AS delta\n    FROM line_cuts\n    ARRAY JOIN changes AS change\n    WHERE owner != ''\n    GROUP BY owner, moment\n),\n" +
		"line_steps AS (\n    SELECT owner, arraySort(groupArray(tuple(moment, delta))) AS steps\n    FROM line_changes\n    GROUP BY owner\n),\n"
}

// trendBounds writes the bounds on rows of a statistical trend: whole periods, as many as
// the windows look back on, and of usage one more, which tells that the last is over. Rows
// of other units are read too where they matter.
func (r *Rule) trendBounds(parts []Part) string {
	if parts == nil {
		return ""
	}
	t := r.Trend
	between := func(from, to schema.Day) string {
		if !r.source().counted {
			return "occurred_at >= " + moment3(from.Start(r.location)) + " AND occurred_at < " + moment3(to.Start(r.location))
		}
		return "day >= " + dayLiteral(from) + " AND day < " + dayLiteral(to)
	}
	ors := []string{"0"}
	for _, p := range parts {
		if len(ors) == 1 && t.Baseline.To != 0 {
			ors = append(ors, "("+between(t.period(t.Baseline.From), t.after(t.period(t.Baseline.To-1), 2))+")")
		}
		subjects := ""
		if r.source().counted && !t.coupled() {
			subjects = inList("unit_id", p.Subjects)
		}
		ors = append(ors, "("+between(t.after(t.period(p.From), 1-t.Lookback), t.after(t.period(p.To-1), 2))+subjects+")")
	}
	return "\n        AND (" + strings.Join(ors, "\n            OR ") + ")"
}

// narrowedSQL writes the conditions on counts as a clause; empty when there are none.
func (r *Rule) narrowedSQL() string {
	if len(r.Where) == 0 {
		return ""
	}
	return "    WHERE " + strings.Join(r.whereSQL(), " AND ") + "\n"
}
