package goals

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/schema"
)

// UnusedDays is for how long before the end of a month a line must not have been used to
// count as unused, the month's last day included.
const UnusedDays = 90

// CountedRoles are the roles of lines whose silence is a question: those that somebody was
// given for daily work. Left out are on-call phones, which wait and should not be used for
// outgoing calls (Sorsele kommun, dnr 2017/393, 6), lines of machines, which speak when
// something is wrong, and loan phones, which every unit is to keep (NU-sjukvården, BUP).
func CountedRoles() []string { return []string{"personal", "shared", ""} }

// holding is one statement of a line.
type holding struct {
	stated
	role, unit, centre string
}

// idle is how many lines a unit and cost centre had unused at the end of a month.
type idle struct {
	unit, centre string
	month        schema.Day
	lines        int64
}

// place is a unit and a cost centre at the end of a month.
type place struct {
	unit, centre string
	month        schema.Day
}

// loadUnused counts the unused lines of every unit at the end of each month whose last 90
// days the store covers. A line counts when it was in force on all of
// those days, when its role on the last is one of CountedRoles, and when nothing but fees was
// recorded for it on any of them.
func (l *loader) loadUnused(ctx context.Context) error {
	months := slices.DeleteFunc(l.usage.wholes(), func(m schema.Day) bool { return !l.knows(lastDay(m)) })
	if len(months) == 0 {
		return nil
	}
	lines, err := l.holdings(ctx)
	if err != nil {
		return err
	}
	used, err := l.lastUses(ctx, lastDay(months[0])-UnusedDays+1)
	if err != nil {
		return err
	}
	counts := map[place]int64{}
	of := func(h holding) stated { return h.stated }
	for id, list := range lines {
		for _, m := range months {
			end := lastDay(m)
			h, ok := inForce(list, of, end)
			if !ok || !slices.Contains(CountedRoles(), h.role) || !throughout(list, of, end-UnusedDays+1, end) {
				continue
			}
			busy := slices.ContainsFunc(used[id], func(d schema.Day) bool { return d > end-UnusedDays && d <= end })
			centre := h.centre
			if centre == "" {
				s, _ := l.staffed(h.unit, end)
				centre = s.centre
			}
			p := place{h.unit, centre, m}
			if counts[p] += 0; !busy {
				counts[p]++
			}
		}
	}
	for p, n := range counts {
		l.unused = append(l.unused, idle{p.unit, p.centre, p.month, n})
	}
	return nil
}

// knows tells whether usage is covered for all the days before the end of a month.
func (l *loader) knows(end schema.Day) bool {
	from := end - UnusedDays + 1
	if l.usage.first > from {
		return false
	}
	for m := end.Month(); m >= from.Month(); m = (m - 1).Month() {
		if !l.usage.months[m] {
			return false
		}
	}
	return true
}

// holdings reads every line's statements, the latest first.
func (l *loader) holdings(ctx context.Context) (map[string][]holding, error) {
	out := map[string][]holding{}
	err := l.each(ctx, `SELECT line_id, toString(role), toString(unit_id), toString(cost_centre), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to)
FROM lines ORDER BY line_id, valid_from DESC`, nil, func(rows driver.Rows) error {
		var id string
		var h holding
		var from, to int64
		if err := rows.Scan(&id, &h.role, &h.unit, &h.centre, &from, &to); err != nil {
			return err
		}
		h.stated = l.stated(from, to)
		out[id] = append(out[id], h)
		return nil
	})
	return out, err
}

// lastUses reads, of every line, the last day of each month on which it was used. The last
// use before the end of a month is among them, and that is all that is asked.
func (l *loader) lastUses(ctx context.Context, from schema.Day) (map[string][]schema.Day, error) {
	out := map[string][]schema.Day{}
	err := l.each(ctx, `SELECT line_id, groupArray(toInt32(last)) FROM (
  SELECT line_id, max(local_day) AS last FROM usage_line_daily
  WHERE local_day BETWEEN {from:Date32} AND {to:Date32} AND kind != 'fee'
  GROUP BY line_id, toStartOfMonth(local_day))
GROUP BY line_id`, map[string]any{"from": from.String(), "to": l.usage.asOf.String()}, func(rows driver.Rows) error {
		var id string
		var days []int32
		if err := rows.Scan(&id, &days); err != nil {
			return err
		}
		for _, d := range days {
			out[id] = append(out[id], schema.Day(d))
		}
		return nil
	})
	return out, err
}

// idleSeries is the number of unused lines at the end of each month, from the first one on in
// which the unit had a line that counts: who gave the last one back has none that is unused.
func (l *loader) idleSeries(g Goal) []Point {
	sums := map[schema.Day]int64{}
	var first schema.Day
	for _, i := range l.unused {
		if (g.Unit != "" && i.unit == g.Unit) || (g.Unit == "" && i.centre == g.CostCentre) {
			sums[i.month] += i.lines
			if first == 0 || i.month < first {
				first = i.month
			}
		}
	}
	var out []Point
	for _, m := range l.usage.wholes() {
		if first != 0 && m >= first && l.knows(lastDay(m)) && !l.closed(g, lastDay(m)) {
			out = append(out, Point{Day: lastDay(m), Value: decimal.NewFromInt(sums[m])})
		}
	}
	return out
}
