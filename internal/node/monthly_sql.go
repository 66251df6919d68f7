package node

import (
	"fmt"
	"strings"

	"linesman/dashboards/report"
	"linesman/processors/covered"
	"linesman/processors/goals"
	"linesman/schema"
)

// monthlySQL writes the queries of a report. Each gives one text: an exact decimal, or nothing
// where nothing is known. They hold ids of units, cost centres and rules, never of lines or persons.
type monthlySQL struct {
	scope report.Scope
	zone  string
}

// sqlText writes a text as a literal.
func sqlText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// within is what tells the scope's rows, with AND behind it.
func (q monthlySQL) within() string {
	switch q.scope.Kind {
	case report.ScopeCostCentre:
		return "cost_centre = " + sqlText(q.scope.ID) + " AND "
	case report.ScopeUnit:
		return "unit_id = " + sqlText(q.scope.ID) + " AND "
	}
	return ""
}

// days are the days of a month.
func (q monthlySQL) days(month schema.Day) string {
	return fmt.Sprintf("local_day BETWEEN '%s' AND '%s'", month, covered.End(month))
}

// daily asks the roll-up for a month of the scope; more narrows it further, with AND before it.
func (q monthlySQL) daily(expr string, month schema.Day, more string) string {
	return fmt.Sprintf("SELECT if(sum(events) = 0, '', toString(%s)) FROM usage_daily WHERE %s%s%s", expr, q.within(), q.days(month), more)
}

// zero is daily where nothing recorded means 0.
func (q monthlySQL) zero(expr string, month schema.Day, more string) string {
	return fmt.Sprintf("SELECT toString(%s) FROM usage_daily WHERE %s%s%s", expr, q.within(), q.days(month), more)
}

// usage is the condition on the usage table for a month: a day in the zone lies within a day of the same
// date in UTC on either side, and the table is divided by UTC.
func (q monthlySQL) usage(month schema.Day) string {
	return fmt.Sprintf("%s%s AND occurred_at >= '%s 00:00:00' AND occurred_at < '%s 00:00:00'", q.within(), q.days(month), month-1, covered.Next(month)+1)
}

func (q monthlySQL) records(month schema.Day, expr, more string) string {
	return fmt.Sprintf("SELECT %s FROM usage WHERE %s%s", expr, q.usage(month), more)
}

// few hides a text where it would rest on one to four of something.
func few(count, text string) string {
	return fmt.Sprintf("if(%s BETWEEN 1 AND 4, '%s', toString(%s))", count, report.Hidden, text)
}

// budget is what the budgets in force on the first day of the month come to.
func (q monthlySQL) budget(month schema.Day) string {
	within := q.within()
	if within == "" { // the same money may be planned by unit and by cost centre
		within = "cost_centre != '' AND "
	}
	day := func(column string) string {
		return fmt.Sprintf("toDate32(toTimeZone(%s, %s))", column, sqlText(q.zone))
	}
	return fmt.Sprintf("SELECT if(count() = 0, '', toString(sum(planned))) FROM (SELECT argMax(if(amount != 0, amount, toDecimal64(target, 6)), valid_from) AS planned FROM goals "+
		"WHERE %smetric = 'cost_month' AND %s <= '%s' AND (toUnixTimestamp64Milli(valid_to) = 0 OR '%s' < %s) GROUP BY goal_id)", within, day("valid_from"), month, month, day("valid_to"))
}

// unusedLines selects the lines of the scope that were in force on the last 90 days of a month, in a role
// that is counted, and had nothing but fees on any of them.
func (q monthlySQL) unusedLines(month schema.Day, zone func(schema.Day) string) string {
	next := covered.Next(month)
	from := next - goals.UnusedDays
	at := func(day schema.Day) string {
		moment := fmt.Sprintf("toDateTime64('%s', 3, 'UTC')", zone(day))
		return fmt.Sprintf("valid_from < %s AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to >= %s)", moment, moment)
	}
	roles := make([]string, 0, len(goals.CountedRoles()))
	for _, r := range goals.CountedRoles() {
		roles = append(roles, sqlText(r))
	}
	where := ""
	switch q.scope.Kind {
	case report.ScopeUnit:
		where = " AND t.2 = " + sqlText(q.scope.ID)
	case report.ScopeCostCentre: // a line that names none has that of its unit
		where = fmt.Sprintf(" AND if(t.3 != '', t.3, transform(t.2, (SELECT groupArray(toString(unit_id)) FROM (SELECT unit_id FROM units WHERE valid_from < toDateTime64('%[1]s', 3, 'UTC') GROUP BY unit_id ORDER BY unit_id)), "+
			"(SELECT groupArray(c) FROM (SELECT unit_id, toString(argMax(cost_centre, valid_from)) AS c FROM units WHERE valid_from < toDateTime64('%[1]s', 3, 'UTC') GROUP BY unit_id ORDER BY unit_id)), '')) = %[2]s", zone(next), sqlText(q.scope.ID))
	}
	return fmt.Sprintf("SELECT line_id FROM (SELECT line_id, argMaxIf((toString(role), toString(unit_id), toString(cost_centre)), valid_from, %[1]s) AS t, countIf(%[1]s) AS now, countIf(%[2]s) AS held FROM lines GROUP BY line_id) "+
		"WHERE now > 0 AND held > 0 AND t.1 IN (%[3]s)%[4]s AND line_id NOT IN (SELECT line_id FROM usage_line_daily WHERE local_day BETWEEN '%[5]s' AND '%[6]s' AND kind != 'fee')",
		at(next), at(from), strings.Join(roles, ", "), where, from, next-1)
}

// violations is the condition on violations whose window ended in the month: the end of a window is
// the day after its last.
func (q monthlySQL) violations(month schema.Day) string {
	return fmt.Sprintf("%swindow_to > '%s' AND window_to <= '%s'", q.within(), month, covered.Next(month))
}
