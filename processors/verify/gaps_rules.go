package verify

import (
	"context"
	"fmt"
	"slices"

	"linesman/processors/store"
	"linesman/schema"
)

// ruleMonth is a rule and a first day of a month.
type ruleMonth struct {
	rule  string
	month schema.Day
}

func violationMonths(ctx context.Context, st *store.Store) (map[ruleMonth]uint64, error) {
	rows, err := st.Conn().Query(store.Exact(ctx), "SELECT toString(rule), toInt32(toStartOfMonth(window_from)), count() FROM violations_current WHERE change != 'retracted' GROUP BY 1, 2")
	if err != nil {
		return nil, fmt.Errorf("counting violations by month: %w", err)
	}
	defer rows.Close()
	out := map[ruleMonth]uint64{}
	for rows.Next() {
		var rule string
		var month int32
		var n uint64
		if err := rows.Scan(&rule, &month, &n); err != nil {
			return nil, fmt.Errorf("counting violations by month: %w", err)
		}
		out[ruleMonth{rule, schema.Day(month)}] = n
	}
	return out, rows.Err()
}

// feeds tells whether a rule looks at records of a series.
func (r *GapRule) feeds(s *series) bool {
	switch {
	case r.Watches:
		return len(s.units) > 0
	case r.Contacts:
		return s.contacts
	case r.Stated:
		return false
	}
	if len(s.kinds) == 0 || r.Forwarded && !s.forwarded {
		return false
	}
	return len(r.Kinds) == 0 || slices.ContainsFunc(r.Kinds, func(k string) bool { return s.kinds[k] })
}

// ruleMonths says for each rule and month whether there was something to judge.
func ruleMonths(opt GapOptions, today schema.Day, all []*series, covers map[*series][]cover, found map[ruleMonth]uint64) []RuleMonth {
	out := []RuleMonth{}
	var first schema.Day
	for _, days := range covers {
		if len(days) > 0 && (first == 0 || days[0].day < first) {
			first = days[0].day
		}
	}
	if first == 0 {
		return out
	}
	for _, r := range opt.Rules {
		for m := max(first, opt.Since, r.Start).Month(); m <= today; m = nextMonth(m) {
			rm := RuleMonth{Rule: r.ID, Month: m.String()[:7], Violations: found[ruleMonth{r.ID, m}]}
			data := false
			for _, s := range all {
				if !r.feeds(s) {
					continue
				}
				some, whole := within(covers[s], m, min(nextMonth(m)-1, today))
				data = data || some
				if !whole {
					rm.Wanting = append(rm.Wanting, s.source)
				}
			}
			switch {
			case rm.Violations > 0:
				rm.State = RuleViolations
			case !data && !r.Stated:
				rm.State = RuleNoData
			case len(rm.Wanting) > 0:
				rm.State = RuleIncomplete
			default:
				rm.State = RuleNone
			}
			out = append(out, rm)
		}
	}
	return out
}

// within tells whether there are data of some of the days, and of all.
func within(days []cover, from, to schema.Day) (some, whole bool) {
	n := 0
	for _, c := range days {
		if c.day < from || c.day > to {
			continue
		}
		some = some || c.events > 0
		if c.state == CoverComplete {
			n++
		}
	}
	return some, n == int(to-from)+1
}
