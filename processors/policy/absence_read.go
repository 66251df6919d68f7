package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linesman/schema"
)

// absenceSQL reads of every line the last day of each month on which something happened. The
// last event before the end of a month or year is among them, and nothing else is asked. Of
// approvals it reads each: one may be for a whole unit.
func (r *Rule) absenceSQL() string {
	conditions := []string{"occurred_at >= " + moment3(r.start().Start(r.location))}
	if r.ValidTo != 0 {
		conditions = append(conditions, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	conditions = append(conditions, r.usedSQL()...)
	from := "FROM " + sourcePlace + "\n"
	if r.From != SourceUsage {
		return "SELECT line_id AS line, toString(unit_id) AS unit, toUnixTimestamp64Milli(occurred_at) AS moment\n" + from +
			"WHERE " + strings.Join(conditions, "\n    AND ") + rowsPlace + "\nORDER BY line, unit, moment\n" + settings
	}
	return r.usesSQL(r.lastUses().general([]string{"toString(line_id)"}, r.monthSQL(), r.usesRows()+rowsPlace))
}

// usesSQL lists the days that were read of each line.
func (r *Rule) usesSQL(last string) string {
	return "SELECT line, groupArray(toInt32(toDate32(last, " + quote(r.Zone) + "))) AS uses\nFROM (\n" + last + "\n)\nGROUP BY line\nORDER BY line\n" + settings
}

// lastUses asks for the last moment of use, which is on the last day: no clock goes back over a
// midnight that it had passed, since Newfoundland's last did in 2011.
func (r *Rule) lastUses() adding {
	return adding{keys: []string{"line"}, sums: []sum{{"last", "maxIf(occurred_at, " + condPlace + ")"}}, some: "last != toDateTime64(0, 3, 'UTC')"}
}

func (r *Rule) usesRows() string {
	conditions := []string{"line_id != ''", "occurred_at >= " + moment3(r.start().Start(r.location))}
	if r.ValidTo != 0 {
		conditions = append(conditions, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	return sourcePlace + "\nWHERE " + strings.Join(append(conditions, r.usedSQL()...), "\n    AND ")
}

// usesWithin is [Query.Within] where months are settled: in each, the line alone tells what is
// to be grouped.
func (q Query) usesWithin(parts []Part) string {
	if !q.divided(parts) {
		return q.Within(parts)
	}
	r, a, rows := q.rule, q.rule.lastUses(), q.rule.usesRows()+q.rule.rowBounds(parts)
	return r.usesSQL(q.unite(func(t rested) []string {
		return []string{a.divided(t, []string{"toString(line_id)"}, "line_id", rows+"\n    AND "+t.as())}
	}, a.general([]string{"toString(line_id)"}, r.monthSQL(), rows)))
}

// usedSQL writes what counts as use. A line with a use that is protected is not judged, as if
// it had been used: to say that it was not would tell of the protected use.
func (r *Rule) usedSQL() []string {
	guards := r.guardsOf(r.source().table())
	if len(guards) == 0 {
		return r.whereSQL()
	}
	conditions := []string{"1"}
	for _, c := range r.Where {
		conditions = append(conditions, c.sql())
	}
	ors := []string{"(" + strings.Join(conditions, " AND ") + ")"}
	for _, g := range guards {
		ors = append(ors, "("+g.sql+")")
	}
	return append(r.exemptLinesSQL(), "("+strings.Join(ors, " OR ")+")")
}

// absenceBounds bounds what is read to the days looked at.
func (r *Rule) absenceBounds(parts []Part) string {
	if r.From != SourceUsage {
		return ""
	}
	ors := []string{"0"}
	for _, p := range parts {
		from := r.lookback(windowFrom(r.Window, p.From))
		ors = append(ors, "(occurred_at >= "+moment3(from.Start(r.location))+" AND occurred_at < "+moment3(p.To.Start(r.location))+inList("line_id", p.Subjects)+")")
	}
	return "\n        AND (" + strings.Join(ors, "\n            OR ") + ")" + r.keyBounds(parts)
}

// readUses reads the days on which something happened, by line.
func (e *Evaluator) readUses(ctx context.Context, q Query, parts []Part, stated *roster) (map[string][]schema.Day, error) {
	uses := map[string][]schema.Day{}
	if q.rule.From != SourceUsage {
		return uses, e.readDecisions(ctx, q, stated, uses)
	}
	err := e.each(ctx, q.usesWithin(parts), func(scan func(...any) error) error {
		var line string
		var days []int32
		if err := scan(&line, &days); err != nil {
			return err
		}
		for _, d := range days {
			uses[line] = append(uses[line], schema.Day(d))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what rule %s counts as use: %w", q.Rule, err)
	}
	return uses, nil
}

// readDecisions notes approvals as uses. One without a line is for every line that the unit
// held when it was decided.
func (e *Evaluator) readDecisions(ctx context.Context, q Query, stated *roster, uses map[string][]schema.Day) error {
	byUnit := map[string][]schema.Time{}
	err := e.each(ctx, q.Within(nil), func(scan func(...any) error) error {
		var line, unit string
		var at int64
		if err := scan(&line, &unit, &at); err != nil {
			return err
		}
		if line != "" {
			uses[line] = append(uses[line], schema.DayOf(schema.Time(at), q.rule.location))
		} else if unit != "" {
			byUnit[unit] = append(byUnit[unit], schema.Time(at))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the approvals that rule %s asks for: %w", q.Rule, err)
	}
	if len(byUnit) == 0 {
		return nil
	}
	for line, list := range stated.lines {
		for _, h := range list {
			for _, at := range byUnit[h.unit] {
				if now, ok := stated.line(line, at); ok && now.event == h.event {
					uses[line] = append(uses[line], schema.DayOf(at, q.rule.location))
				}
			}
		}
	}
	return nil
}

type feeOf struct {
	line   string
	window schema.Day
}

// readFees reads the fees of silent lines in their windows.
func (e *Evaluator) readFees(ctx context.Context, r *Rule, silent []silence) (map[feeOf]fees, error) {
	wanted := map[feeOf]bool{}
	part := Part{From: silent[0].window}
	for _, s := range silent {
		wanted[feeOf{s.line, s.window}] = true
		part.From, part.To = min(part.From, s.window), max(part.To, windowTo(r.Window, s.window))
		part.Subjects = append(part.Subjects, s.line)
	}
	slices.Sort(part.Subjects)
	part.Subjects = slices.Compact(part.Subjects)
	out := map[feeOf]fees{}
	text := r.feesSQL(part)
	relevant := func(s settled) settled { return s.between(part.From, part.To) }
	err := e.steadilyFrom(ctx, r.Name(), usageColumns(text), relevant, func(source string) error {
		clear(out)
		return e.each(ctx, strings.Replace(text, "FROM usage\n", "FROM "+source+"\n", 1), func(scan func(...any) error) error {
			at, f, err := scanFees(scan)
			if err == nil && wanted[at] {
				out[at] = f
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the fees of what rule %s found: %w", r.Name(), err)
	}
	return out, nil
}

func scanFees(scan func(...any) error) (at feeOf, f fees, err error) {
	var from int32
	var ids []string
	if err := scan(&at.line, &from, &f.total, &f.fingerprint, (*int64)(&f.cost), (*int64)(&f.first), (*int64)(&f.last), &ids); err != nil {
		return at, f, err
	}
	at.window = schema.Day(from)
	for _, s := range ids {
		id, err := toID(s)
		if err != nil {
			return at, f, err
		}
		f.ids = append(f.ids, id)
	}
	return at, f, nil
}

// feesSQL reads the fees of lines in windows. Many lines are not named: their months are read.
func (r *Rule) feesSQL(part Part) string {
	where := "kind = 'fee' AND line_id != '' AND occurred_at >= " + moment3(part.From.Start(r.location)) + " AND occurred_at < " + moment3(part.To.Start(r.location)) + " AND " + r.unprotectedUsageSQL()
	if len(part.Subjects) <= maxKeys {
		where += inList("line_id", part.Subjects) + "\n    AND (1" + inList("recorded_line_id", part.Subjects) +
			"\n        OR recorded_line_id IN (SELECT alias_id FROM lines WHERE alias_id != ''" + inList("line_id", part.Subjects) + "))"
	}
	return "SELECT toString(line_id) AS line, toInt32(" + r.windowSQL("toDate32(occurred_at, "+quote(r.Zone)+")") + ") AS window_from, count(), groupBitXor(reinterpretAsUInt64(substring(event_id, 1, 8))),\n" +
		"    toInt64(sum(cost) * 1000000), toUnixTimestamp64Milli(min(occurred_at)), toUnixTimestamp64Milli(max(occurred_at)),\n" +
		"    " + orderedIDs(fmt.Sprintf("groupArraySorted(%d)(%s)", MaxEvidence, evidenceOrder)) + "\n" +
		"FROM usage\nWHERE " + where + "\nGROUP BY line, window_from\n" + settings
}
