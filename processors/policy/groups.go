package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linesman/schema"
)

// flagged is whom rules that select much must be judged for: the subjects that have, in some
// window, more than a limit allows. It may hold some that turn out to be within it, never too
// few. all is how many subjects were measured: those that were handed on.
type flagged map[*Rule]flags

type flags struct {
	subjects []string
	all      int
}

// flaggable tells whether the rule's groups can be measured lightly, with those of others:
// what approvals cover is not taken away there, so that only counts, which it can but lower,
// may be under them.
func (r *Rule) flaggable() bool {
	if !r.planned() {
		return false
	}
	if r.commonest() != "" && (len(r.Limits) > 1 || r.shares()) {
		return false
	}
	return r.Exempt.Approval == "" || !slices.ContainsFunc(r.Limits, func(l Limit) bool { return l.How != measureCount && l.How != measureMost })
}

// flag measures rules that select much, those of the same subject and months in one reading.
// Nothing but sums is read: what is to be told of a group costs ten times that.
func (e *Evaluator) flag(ctx context.Context, queries []Query, parts []Part) (flagged, error) {
	out := flagged{}
	for len(queries) > 0 {
		class, others := queries[:1:1], []Query(nil)
		for _, q := range queries[1:] {
			if class[0].rule.measuredWith(q.rule) && (parts == nil || class[0].rule.Zone == q.rule.Zone) { // days of zones may begin at other moments than months do
				class = append(class, q)
			} else {
				others = append(others, q)
			}
		}
		if err := e.flagClass(ctx, class, parts, out); err != nil {
			return nil, err
		}
		queries = others
	}
	return out, nil
}

// measuredWith tells whether two rules' groups are the same.
func (r *Rule) measuredWith(other *Rule) bool {
	if r.Subject != other.Subject || r.Window != other.Window || r.commonest() != other.commonest() {
		return false
	}
	return r.Zone == other.Zone || r.Window == WindowMonth && sameMonths(r.location, other.location, min(r.start(), other.start()))
}

// commonest returns the column whose commonest value the rule counts, if it does.
func (r *Rule) commonest() string {
	for _, l := range r.Limits {
		if l.How == measureMost {
			return l.Column
		}
	}
	return ""
}

func (e *Evaluator) flagClass(ctx context.Context, class []Query, parts []Part, out flagged) error {
	columns := columnsOf(class)
	relevant := func(s settled) settled { return s.among(class[0], parts) }
	return e.steadilyIn(ctx, class[0].Rule+" and others alike", relevant, func(months settled) error {
		sums := sumsOf{}
		for _, text := range groupSQL(class, months, columns, parts) {
			if err := e.readSums(ctx, text, class[0].rule.commonest() != "", sums); err != nil {
				return fmt.Errorf("measuring groups of rule %s and %d others: %w", class[0].Rule, len(class)-1, err)
			}
		}
		for i, list := range above(class, sums) {
			out[class[i].rule] = list
		}
		return nil
	})
}

// sumsOf holds what was measured of subjects in windows, of all rules of a class one after
// the other.
type sumsOf map[string]map[schema.Day][]int64

// readSums adds what a query measured; of commonest values the largest stays.
func (e *Evaluator) readSums(ctx context.Context, text string, largest bool, sums sumsOf) error {
	return e.each(ctx, text, func(scan func(...any) error) error {
		var subject string
		var from int32
		var list []int64
		if err := scan(&subject, &from, &list); err != nil {
			return err
		}
		windows := sums[subject]
		if windows == nil {
			windows = map[schema.Day][]int64{}
			sums[subject] = windows
		}
		have := windows[schema.Day(from)]
		if have == nil {
			windows[schema.Day(from)] = list
			return nil
		}
		for i, n := range list {
			if largest {
				have[i] = max(have[i], n)
			} else {
				have[i] += n
			}
		}
		return nil
	})
}

// above lists, for each rule, the subjects that are above one of its limits in some window.
func above(class []Query, sums sumsOf) []flags {
	out := make([]flags, len(class))
	for _, subject := range slices.Sorted(maps.Keys(sums)) {
		at := 0
		for i, q := range class {
			out[i].all++
			for _, list := range sums[subject] {
				if q.rule.mayExceed(list[at:]) {
					out[i].subjects = append(out[i].subjects, subject)
					break
				}
			}
			at += q.rule.measuredSums()
		}
	}
	return out
}

// mayExceed tells whether sums are above a limit, of all that may hold for the subject the
// lowest one.
func (r *Rule) mayExceed(sums []int64) bool {
	for _, l := range r.Limits {
		part, whole := sums[0], int64(0)
		switch sums = sums[1:]; l.How {
		case measureShare:
			whole, sums = sums[0], sums[1:]
		case measureMost: // a value's rows in a window may lie in two groups: one of them holds half
			part *= 2
		}
		if l.exceeds(part, whole, l.least()) {
			return true
		}
	}
	return false
}

// measuredSums is how many sums tell whether the rule's limits are exceeded.
func (r *Rule) measuredSums() int {
	n := len(r.Limits)
	for _, l := range r.Limits {
		if l.How == measureShare {
			n++
		}
	}
	return n
}

// sumsSQL writes those sums, over rows that were at the earliest at the moment from.
func (r *Rule) sumsSQL(from schema.Time) []string {
	base := []string{"1"}
	if begin := r.start().Start(r.location); begin != from {
		base = append(base, "occurred_at >= "+moment3(begin))
	}
	if r.ValidTo != 0 {
		base = append(base, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	picked := strings.Join(append(slices.Clone(base), r.whereSQL()...), " AND ")
	if r.shares() { // as in rowsSQL: exempt numbers are in neither
		if len(r.ExemptNumbers) > 0 {
			base = append(append(base, r.notExempt().sql()), r.exemptLinesSQL()...)
		}
		base = append(base, r.unprotectedSQL()...)
	}
	var out []string
	for _, l := range r.Limits {
		switch {
		case l.How == measureShare:
			whole := strings.Join(append(slices.Clone(base), "("+l.Share.SQL()+")"), " AND ")
			out = append(out, "toInt64(countIf("+whole+" AND "+picked+"))", "toInt64(countIf("+whole+"))")
		case l.How == measureCount:
			out = append(out, "toInt64(countIf("+picked+"))")
		case l.How == measureMost:
			out = append(out, "toInt64(countIf("+picked+" AND "+r.knownSQL(l.Column)+"))")
		case l.money:
			out = append(out, "toInt64(sumIf("+l.Column+", "+picked+") * 1000000)")
		default:
			out = append(out, "toInt64(sumIf("+l.Column+", "+picked+"))")
		}
	}
	return out
}

// least is the lowest limit that holds for anybody.
func (l Limit) least() int64 {
	least := l.above
	for _, x := range l.Except {
		least = min(least, x.above)
	}
	return least
}

// groupSQL writes the queries that measure rules of a class: one for each settled month, and one
// for all else; one for everything where groups are many or no months.
func groupSQL(class []Query, months settled, columns []string, parts []Part) []string {
	r := class[0].rule
	from := r.start().Start(r.location)
	for _, q := range class {
		from = min(from, q.rule.start().Start(q.rule.location))
	}
	var sums []string
	for _, q := range class {
		sums = append(sums, q.rule.sumsSQL(from)...)
	}
	bounds := r.subjectColumn() + " != '' AND occurred_at >= " + moment3(from) + r.rowBounds(parts)
	window := "toInt32(" + r.windowSQL("toDate32(occurred_at, "+quote(r.Zone)+")") + ")"
	set := strings.TrimPrefix(settings, "SETTINGS ")
	list, torn := months.restedIn(r.location)
	if r.Window != WindowMonth || r.Subject == SubjectLine || len(list) == 0 {
		return []string{groupedSQL(class, window, sums, months.source(columns), bounds, aboveSQL(class), set)}
	}
	var out []string
	for _, t := range list {
		out = append(out, groupedSQL(class, t.monthSQL(), sums, "usage", t.as()+" AND "+bounds, "1", "final = 0, enable_positional_arguments = 0"))
	}
	return append(out, groupedSQL(class, window, sums, months.outside(columns, torn), bounds, "1", set))
}

// aboveSQL writes which sums are worth handing on where they are of whole groups: of lines, and
// of days, there are millions.
func aboveSQL(class []Query) string {
	var ors []string
	at := 1
	for _, q := range class {
		for _, l := range q.rule.Limits {
			switch l.How {
			case measureShare:
				ors = append(ors, fmt.Sprintf("sums[%[2]d] >= %[3]d AND toInt128(sums[%[1]d]) * 100000000 > toInt128(%[4]d) * sums[%[2]d]", at, at+1, l.AtLeast, l.least()))
				at++
			default:
				ors = append(ors, fmt.Sprintf("sums[%d] > %d", at, l.least()))
			}
			at++
		}
	}
	return strings.Join(ors, " OR ")
}

// groupedSQL writes one such query. A subject is a number of 128 bits to it, as events are to
// all of us: several keys of numbers are what the engine groups by fastest. Of commonest values
// it groups by them too, and hands on those that may be above a limit. What several conditions
// have in common, such as the hour, is worked out once for every row, and not for those that
// each leaves.
func groupedSQL(class []Query, window string, sums []string, source, where, having, set string) string {
	r := class[0].rule
	subject, keys := "toString(any("+r.subjectColumn()+")) AS subject", "sipHash128("+r.subjectColumn()+"), window_from"
	set += ", short_circuit_function_evaluation = 'disable'"
	most := r.commonest()
	if most == "" {
		return "SELECT " + subject + ", " + window + " AS window_from,\n    [" + strings.Join(sums, ",\n    ") + "] AS sums\nFROM " + source + "\nWHERE " + where + "\nGROUP BY " + keys + "\nHAVING " + having + "\nSETTINGS " + set
	}
	var halves, largest, ors []string
	for i, q := range class {
		halves = append(halves, fmt.Sprintf("s[%d] * 2 > %d", i+1, q.rule.Limits[0].least()))
		largest = append(largest, fmt.Sprintf("max(s[%d])", i+1))
		ors = append(ors, q.rule.concernSQL())
	}
	return "SELECT subject, window_from, [" + strings.Join(largest, ", ") + "] AS sums\nFROM (\n" +
		"    SELECT " + subject + ", " + window + " AS window_from, [" + strings.Join(sums, ",\n        ") + "] AS s\n    FROM " + source + "\n    WHERE " + where + " AND (" + strings.Join(ors, "\n        OR ") + ")" +
		"\n    GROUP BY " + keys + ", " + most + "\n    HAVING " + strings.Join(halves, " OR ") + "\n)\nGROUP BY subject, window_from\nSETTINGS " + set
}
