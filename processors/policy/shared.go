package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// found is what rules find.
type found map[*Rule][]schema.Violation

// reading is what several rules found in one reading, for whom others are to be judged, and how
// often each had told something before.
type reading struct {
	found found
	only  map[*Rule][]string
	told  map[string]int
}

// findUnless is find for rules that were not judged with others.
func (e *Evaluator) findUnless(ctx context.Context, together reading, q Query, parts []Part) ([]schema.Violation, usedPeriods, error) {
	if list, ok := together.found[q.rule]; ok {
		return list, nil, nil
	}
	if only, ok := together.only[q.rule]; ok {
		return e.findOf(ctx, q.of(only), parts)
	}
	return e.find(ctx, q, parts)
}

// findShared judges several rules over the whole store in one reading: rows that any of them
// selects are read once and lie in memory while each rule judges them. Rules that select much
// are measured before, together, and take part for whom they are judged for. Rules that are
// left with too much are left out, and all are where the store is small.
func (e *Evaluator) findShared(ctx context.Context, queries []Query, parts []Part) (reading, error) {
	out := reading{found: found{}, only: map[*Rule][]string{}}
	if e.cfg.Exact || !whole(parts) {
		return out, nil
	}
	fit, rows, err := e.together(ctx, queries, parts)
	if err != nil {
		return out, err
	}
	for _, kin := range apart(fit) {
		sum, some := 0.0, []Query(nil)
		for _, c := range kin {
			if c.only != nil {
				out.only[c.rule] = c.only
			}
			if c.only != nil && len(c.only) == 0 {
				out.found[c.rule] = nil // nobody is above its limits
			} else if sum += c.share * float64(rows); sum <= sharedRows {
				some = append(some, c.Query)
			}
		}
		for some := range slices.Chunk(some, maxTogether) {
			if len(some) < 2 {
				break
			}
			list, err := e.findTogether(ctx, some, parts)
			if err != nil {
				return out, err
			}
			maps.Copy(out.found, list)
		}
	}
	return out, nil
}

// sharer is a rule that may be judged with others, and the share of usage that it looks at.
type sharer struct {
	Query
	share float64
}

// maxTogether is how many rules one reading can tell apart.
const maxTogether = 64

func (e *Evaluator) findTogether(ctx context.Context, together []Query, parts []Part) (found, error) {
	columns := columnsOf(together)
	relevant := func(s settled) settled { return s.among(together[0], parts) } // bounds are the same for all, but for their zones
	var out found
	err := e.steadilyFrom(ctx, "several", columns, relevant, func(source string) (err error) {
		out, err = e.readShared(ctx, together, sharedSQL(together, source, columns, parts))
		return err
	})
	return out, err
}

// columnsOf lists the columns of usage that some of the queries may mention.
func columnsOf(queries []Query) []string {
	return slices.DeleteFunc(schema.UsageTable().Info().Readable(), func(name string) bool {
		return !slices.ContainsFunc(queries, func(q Query) bool { return slices.Contains(q.Columns(), name) })
	})
}

// together chooses the rules that can be judged in one reading, those first that select least,
// and tells how many rows of usage there are. Of one that nobody is above a limit of, the list
// of whom it is about is empty.
func (e *Evaluator) together(ctx context.Context, queries []Query, parts []Part) ([]sharer, uint64, error) {
	var fit, broad []Query
	var rules []*Rule
	for _, q := range queries {
		if q.rule.planned() && q.read == "" && q.kept == nil {
			fit, rules = append(fit, q), append(rules, q.rule)
		}
	}
	if len(fit) == 0 {
		return nil, 0, nil
	}
	shares, rows, err := e.shares(ctx, rules)
	if err != nil || shares == nil {
		return nil, 0, err
	}
	for _, q := range fit {
		if shares[q.rule] > broadShare && q.rule.flaggable() {
			broad = append(broad, q)
		}
	}
	above, err := e.flag(ctx, broad, parts)
	if err != nil {
		return nil, 0, err
	}
	var out []sharer
	for _, q := range fit {
		s := sharer{Query: q, share: shares[q.rule]}
		a, ok := above[q.rule]
		switch {
		case ok && fitsList(a.subjects):
			s.only = append([]string{}, a.subjects...)
			s.share *= float64(len(a.subjects)) / float64(max(a.all, 1))
		case ok || q.rule.slowToSelect():
			continue
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b sharer) int { return cmp.Compare(a.share, b.share) })
	return out, rows, nil
}

// slowToSelect tells whether the rule's conditions work out days and hours: alone, it does so
// for the rows that its other conditions leave, and together for all.
func (r *Rule) slowToSelect() bool {
	c := r.concernSQL()
	return strings.Contains(c, "toDate32(occurred_at") || strings.Contains(c, "toTimeZone(")
}

// sharedName is what the rows that any of the rules selects are called.
const sharedName = "selected_usage"

// sharedSQL writes one query of several. What they have in common is kept while they run.
func sharedSQL(queries []Query, source string, columns []string, parts []Part) string {
	var conditions, branches, marks []string
	for i, q := range queries {
		c := q.rule.concernSQL()
		if q.only != nil {
			c = "(1" + inList(q.rule.subjectColumn(), q.only) + " AND " + c + ")"
		}
		if !slices.Contains(conditions, c) {
			conditions = append(conditions, c)
		}
		marks = append(marks, fmt.Sprintf("bitShiftLeft(toUInt64(%s), %d)", c, i))
		layers := "wholes, chosen"
		if !q.rule.layered() {
			layers = "CAST([], 'Array(Int64)') AS wholes, CAST([], 'Array(Int64)') AS chosen"
		}
		text := strings.TrimSuffix(q.of(nil).Reading(fmt.Sprintf("(SELECT * FROM %s WHERE bitTest(judged_by, %d))", sharedName, i)).Within(parts), settings)
		branches = append(branches, fmt.Sprintf("SELECT toUInt32(%d) AS rule, subject, window_from, last_unit, last_cost_centre, days, cost_micro, first_ms, last_ms, countries, fingerprint, evidence, events, measures, %s\nFROM (\n%s)\n", i, layers, text))
	}
	from, to := queries[0].rule.start(), schema.Day(0)
	for _, q := range queries {
		from = min(from, q.rule.start())
	}
	for _, p := range parts {
		to = max(to, p.To)
	}
	if parts != nil {
		from = parts[0].From
		for _, p := range parts {
			from = min(from, p.From)
		}
	}
	bounds := "occurred_at >= toDateTime64('" + (from - 1).String() + " 00:00:00', 3, 'UTC')" // a day of any zone may begin on the day before in UTC
	if to > 0 && to < schema.LastDay {
		bounds += " AND occurred_at < toDateTime64('" + (to + 1).String() + " 00:00:00', 3, 'UTC')"
	}
	if !slices.ContainsFunc(queries, func(q Query) bool { return !q.rule.uncommon() }) {
		bounds += " AND " + schema.ColumnUncommon
	}
	return "WITH " + sharedName + " AS MATERIALIZED (\n    SELECT " + strings.Join(columns, ", ") + ",\n        " + strings.Join(marks, "\n        + ") + " AS judged_by\n    FROM " + source + "\n    WHERE " + bounds + " AND (" + strings.Join(conditions, "\n        OR ") + ")\n)\n" +
		strings.Join(branches, "UNION ALL\n") + settings + ", enable_materialized_cte = 1"
}

func (e *Evaluator) readShared(ctx context.Context, queries []Query, text string) (found, error) {
	rows, err := e.store.Query(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("evaluating %d rules together: %w", len(queries), err)
	}
	defer rows.Close()
	out := found{}
	for _, q := range queries {
		out[q.rule] = nil
	}
	for rows.Next() {
		var number uint32
		var u usageRow
		if err := rows.Scan(append([]any{&number}, u.into(true)...)...); err != nil {
			return nil, fmt.Errorf("reading a verdict of %d rules: %w", len(queries), err)
		}
		r := queries[number].rule
		v, err := r.usageVerdict(u)
		if err != nil {
			return nil, fmt.Errorf("reading a verdict of rule %s: %w", r.Name(), err)
		}
		out[r] = append(out[r], v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("evaluating %d rules together: %w", len(queries), err)
	}
	return out, nil
}
