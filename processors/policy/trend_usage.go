package policy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// usagePeriodsSQL is what a unit's lines used per period, and whether they were used at all:
// a period in which the unit used no telephone is missing, one in which nothing of what is
// measured happened is 0. Fees do not tell whether a telephone was used. It adds up sums of
// parts of periods. What identifies the events, and what they cost, is asked only where
// something is told (marked).
func (r *Rule) usagePeriodsSQL(partial string, marked bool) string {
	t, with := r.Trend, "WITH\n"
	if r.Exempt.Approval != "" {
		with = r.selectedWith()
	}
	value := "toInt64(sum(added))"
	if t.money {
		value = "toInt64(sum(added) * 1000000)"
	}
	uses := "sum(used_rows)"
	if few := r.tooFew(); few != "" {
		uses = "if(" + few + ", toUInt64(" + strconv.FormatUint(withheld, 10) + "), " + uses + ")"
	}
	next := "period + 7"
	if t.Per == WindowMonth {
		next = "toDate32(addMonths(period, 1))"
	}
	marks, costs := "toUInt64(0)", "toInt64(0)"
	if marked {
		marks, costs = "groupBitXor(marks)", "toInt64(sum(picked_cost) * 1000000)"
	}
	return with + "periods AS (\n    SELECT unit, toDate32(month) AS period, " + next + " - 1 AS counted, " + value + " AS value, sum(picked_rows) AS total, " + marks + " AS fingerprint,\n" +
		"        " + costs + " AS costs, " + uses + " AS uses\n    FROM (\n" + partial + "\n    )\n    GROUP BY unit, month\n),\n"
}

// partialPeriodsSQL adds up usage by period.
func (r *Rule) partialPeriodsSQL(marked bool) string {
	rows := r.pickedUsageSQL("(picked OR used)")
	if r.Exempt.Approval != "" { // usage is read twice where approvals take some of it away
		rows = "        SELECT unit_id, occurred_at, event_id, cost" + r.Trend.extraColumn() + r.guardNames() + ", true AS picked, false AS used FROM selected\n        UNION ALL\n" +
			"        SELECT unit_id, occurred_at, event_id, " + r.source().column("cost") + r.Trend.extraColumn() + r.guardColumns() + ", false AS picked, true AS used FROM " + sourcePlace + " WHERE unit_id != '' AND " + r.source().used + rowsPlace + "\n"
	}
	period := "toInt32(" + r.Trend.periodSQL("toDate32(occurred_at, "+quote(r.Zone)+")") + ")"
	return r.addingPeriods(marked).general([]string{"toString(unit_id)"}, period, "(\n"+rows+"    )")
}

func (r *Rule) addingPeriods(marked bool) adding {
	picked := "picked AND " + condPlace
	added := "sumIf(" + r.Trend.Column + ", " + picked + ")"
	if r.Trend.How == measureCount {
		added = "countIf(" + picked + ")"
	}
	sums := []sum{{"added", added}, {"picked_rows", "countIf(" + picked + ")"}, {"used_rows", "countIf(used AND " + condPlace + ")"}}
	if marked {
		sums = append(sums, sum{"marks", "groupBitXorIf(reinterpretAsUInt64(substring(event_id, 1, 8)), " + picked + ")"}, sum{"picked_cost", "sumIf(cost, " + picked + ")"})
	}
	return adding{keys: []string{"unit"}, sums: append(sums, r.fewLines(picked)...), some: "picked_rows > 0 OR used_rows > 0"}
}

// pickedUsageSQL reads usage and says of each row whether the rule selects it. where bounds the
// rows.
func (r *Rule) pickedUsageSQL(where string) string {
	conditions := []string{"occurred_at >= " + moment3(r.trendStart().Start(r.location))}
	conditions = append(conditions, r.whereSQL()...)
	return "        SELECT unit_id, occurred_at, event_id, " + r.source().column("cost") + r.Trend.extraColumn() + r.guardColumns() + ", (" + strings.Join(conditions, " AND ") + ") AS picked, " + r.source().used + " AS used\n" +
		"        FROM " + sourcePlace + "\n        WHERE unit_id != '' AND " + where + rowsPlace + "\n"
}

// periodsWithin writes the numbers by unit and period where months are settled: in each, the
// unit alone tells what is to be grouped.
func (q Query) periodsWithin(parts []Part, marked bool) string {
	r := q.rule
	rest := r.partialPeriodsSQL(marked)
	if len(q.lies) == 0 || !whole(parts) || r.Trend.Per != WindowMonth || r.Exempt.Approval != "" {
		return q.from(r.usagePeriodsSQL(rest, marked))
	}
	a := r.addingPeriods(marked)
	return r.usagePeriodsSQL(q.unite(func(t rested) []string {
		return []string{a.divided(t, []string{"toString(unit_id)"}, "unit_id", "(\n"+r.pickedUsageSQL(t.as())+"    )")}
	}, rest), marked)
}

// seriesWithin is [Query.Within].
func (q Query) seriesWithin(parts []Part) string {
	if q.rule.source().counted {
		return q.Within(parts)
	}
	return strings.ReplaceAll(q.rule.seriesOf(q.periodsWithin(parts, false)), rowsPlace, q.rule.rowBounds(parts))
}

// mark reads what identifies the events of units that are flagged, and what they cost.
func (e *Evaluator) mark(ctx context.Context, q Query, parts []Part, found []Judgement) error {
	var units []string
	for _, j := range found {
		if j.Flagged {
			units = append(units, j.Unit)
		}
	}
	if len(units) == 0 || q.rule.source().counted {
		return nil
	}
	slices.Sort(units)
	units = slices.Compact(units)
	bounds := q.rule.rowBounds(parts)
	if size := len(strings.Join(units, "','")); size <= maxListBytes {
		bounds += inList("unit_id", units)
	}
	type place struct {
		unit   string
		period schema.Day
	}
	type mark struct {
		fingerprint uint64
		cost        schema.Money
	}
	marks := map[place]mark{}
	text := strings.TrimSuffix(q.periodsWithin(parts, true), ",\n") + "\nSELECT unit, toInt32(period), fingerprint, costs\nFROM periods\n" + settings
	err := e.each(ctx, strings.ReplaceAll(text, rowsPlace, bounds), func(scan func(...any) error) error {
		var at place
		var period int32
		var m mark
		err := scan(&at.unit, &period, &m.fingerprint, (*int64)(&m.cost))
		at.period = schema.Day(period)
		marks[at] = m
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what rule %s found: %w", q.Rule, err)
	}
	for _, j := range found {
		for k := range j.used {
			m := marks[place{j.Unit, j.used[k].period}]
			j.used[k].fingerprint, j.used[k].cost = m.fingerprint, m.cost
		}
	}
	return nil
}
