package policy

import (
	"fmt"
	"strings"
)

// trendSQL judges the weekly counts of units. Of each unit, day and profession group the
// latest extract counts; groups are added up; of a week the latest day speaks. A window
// exists where the unit has a count in a week that begins in it; its series are the counts
// of the last weeks up to the last counted one, numbered 0 … n−1.
//
// Slope is Theil–Sen's (the median of all pairwise slopes); z is Mann–Kendall's with the
// correction for ties and for continuity.
func (r *Rule) trendSQL() string {
	t := r.Trend
	if t.statistical() {
		return r.seriesSQL()
	}
	var b strings.Builder
	b.WriteString("WITH\nlatest AS (\n    SELECT *\n    FROM " + sourcePlace + "\n")
	b.WriteString("    WHERE unit_id != '' AND day >= " + dayLiteral(r.start()))
	if r.ValidTo != 0 {
		b.WriteString(" AND day < " + dayLiteral(r.ValidTo))
	}
	b.WriteString(rowsPlace + "\n    ORDER BY extract_at DESC, event_id DESC\n    LIMIT 1 BY unit_id, day, profession_group\n),\n")
	fmt.Fprintf(&b, "daily AS (\n    SELECT unit_id, day, toInt64(sum(%s)) AS total, arraySort(groupArray(event_id)) AS ids\n    FROM latest\n", t.Column)
	b.WriteString(r.narrowedSQL())
	b.WriteString("    GROUP BY unit_id, day\n),\n")
	b.WriteString("weekly AS (\n    SELECT unit_id, toDate32(toMonday(day)) AS week, max(daily.day) AS counted, argMax(total, daily.day) AS total, argMax(ids, daily.day) AS ids\n" +
		"    FROM daily\n    GROUP BY unit_id, week\n),\n")
	b.WriteString("series AS (\n    SELECT unit_id, arraySort(groupArray(tuple(week, counted, total, ids))) AS points\n    FROM weekly\n    GROUP BY unit_id\n),\n")
	fmt.Fprintf(&b, "windows AS (\n    SELECT unit_id, points, window_from,\n        arrayMax(p -> p.1, arrayFilter(p -> %s = window_from, points)) AS anchor\n"+
		"    FROM series\n    ARRAY JOIN arrayDistinct(arrayMap(p -> %s, points)) AS window_from\n    WHERE 1%s\n),\n", r.windowSQL("p.1"), r.windowSQL("p.1"), windowsPlace)
	fmt.Fprintf(&b, "counts AS (\n    SELECT unit_id, window_from,\n        arrayFilter(p -> p.1 <= anchor AND p.1 > anchor - %d, points) AS used,\n"+
		"        arrayMap(p -> p.3, used) AS y,\n        arrayFlatten(arrayMap(p -> p.4, used)) AS ids,\n        toInt64(length(y)) AS n,\n        used[1].2 AS first_counted,\n        used[-1].2 AS last_counted,\n        toDateTime64(last_counted, 3, %s) AS moment\n    FROM windows\n    WHERE n >= %d\n),\n", 7*t.Lookback, quote(r.Zone), t.AtLeast)
	b.WriteString(r.measuredSQL())
	b.WriteString(r.verdictSQL())
	return b.String()
}

// measuredSQL computes the statistics of each series: first the arrays, then what is read
// off them.
func (r *Rule) measuredSQL() string {
	pairs := func(each string) string {
		return "arrayFlatten(arrayMap(i -> arrayMap(j -> " + each + ", range(i + 1, toUInt64(n) + 1)), range(1, toUInt64(n))))"
	}
	const kept = "unit_id, window_from, ids, n, moment, first_counted, last_counted"
	return "arrays AS (\n    SELECT " + kept + ",\n" +
		"        arraySort(" + pairs("(y[j] - y[i]) / (toInt64(j) - toInt64(i))") + ") AS slopes,\n" +
		"        toInt64(arraySum(" + pairs("toInt64(sign(y[j] - y[i]))") + ")) AS s,\n" +
		"        arraySum(arrayMap(t -> t * (t - 1) * (2 * t + 5), arrayMap(v -> toInt64(countEqual(y, v)), arrayDistinct(y)))) AS ties,\n" +
		fmt.Sprintf("        arraySort(y) AS sorted,\n        arraySort(arraySlice(y, -%d)) AS latest_counts\n    FROM counts\n),\n", r.Trend.Recent) +
		"measured AS (\n    SELECT " + kept + ",\n        " + medianSQL("slopes") + " AS slope,\n" +
		"        if(s > 0, (s - 1) / sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18), 0) AS z,\n" +
		"        " + medianSQL("sorted") + " AS middle,\n        " + medianSQL("latest_counts") + " AS recent,\n" +
		"        slope * (n - 1) AS rise\n    FROM arrays\n),\n"
}

// medianSQL writes the median of a sorted array: the middle one, or half the sum of the two.
func medianSQL(a string) string {
	return fmt.Sprintf("(%[1]s[intDiv(length(%[1]s) + 1, 2)] + %[1]s[intDiv(length(%[1]s), 2) + 1]) / 2", a)
}

// verdictSQL joins the goal and the cost centre in force on the last counted day and keeps
// the series that rise.
func (r *Rule) verdictSQL() string {
	t, named := r.Trend, fmt.Sprintf("arraySlice(ids, 1, %d)", MaxEvidence)
	if r.NoEvidence {
		named = noEvidence
	}
	var b strings.Builder
	force := func(columns, table, where string) string {
		return "(\n    SELECT toString(unit_id) AS owner, groupArray(tuple(valid_from, valid_to, " + columns + ")) AS stated\n" +
			"    FROM " + table + "\n    WHERE " + where + "\n    GROUP BY owner\n)"
	}
	inForce := func(alias string) string {
		return "arraySort(arrayFilter(g -> g.1 <= moment AND (g.2 = toDateTime64(0, 3, 'UTC') OR moment < g.2), " + alias + ".stated))"
	}
	b.WriteString("placed AS (\n    SELECT m.*, arrayElement(" + inForce("u") + ", -1).3 AS unit_cost_centre")
	if t.Goal != "" {
		b.WriteString(",\n        " + inForce("g") + " AS goals_in_force, notEmpty(goals_in_force) AS has_goal, goals_in_force[-1].4 AS target")
	} else {
		b.WriteString(",\n        toUInt8(0) AS has_goal, toFloat64(0) AS target")
	}
	b.WriteString("\n    FROM measured AS m\n    LEFT JOIN " + indentTail(force("toString(cost_centre)", "units", "unit_id != ''")) + " AS u ON toString(m.unit_id) = u.owner\n")
	if t.Goal != "" {
		b.WriteString("    LEFT JOIN " + indentTail(force("goal_id, target", "goals", "metric = "+quote(t.Goal)+" AND unit_id != ''")) + " AS g ON toString(m.unit_id) = g.owner\n")
	}
	b.WriteString(")\nSELECT\n    toString(unit_id) AS subject,\n    toInt32(window_from) AS window_day,\n    unit_cost_centre,\n" +
		"    toInt32(first_counted) AS first_day,\n    toInt32(last_counted) AS last_day,\n    n,\n    slope,\n    z,\n    rise,\n    middle,\n    recent,\n" +
		"    has_goal,\n    target,\n    toUInt64(length(ids)) AS total,\n" +
		"    arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint,\n" +
		"    " + named + " AS evidence\n")
	fmt.Fprintf(&b, "FROM placed\nWHERE slope > 0 AND z > %v AND rise * %d >= %d * middle AND (NOT has_goal OR recent > target)\nORDER BY subject, window_day\n%s",
		t.Z, t.riseDen, t.riseNum, settings)
	return b.String()
}

func indentTail(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }
