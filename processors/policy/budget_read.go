package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"linesman/schema"
)

// spendPlace is a subject and a window, or a subject and a month.
type spendPlace struct {
	subject string
	window  schema.Day
}

// spentSum is what a subject spent in a month, or of one of its cost centres.
type spentSum struct {
	cost                schema.Money
	events, fingerprint uint64
	first, last         schema.Time
}

// smallGroup is a sum that a budget may add up: that of a subject in a window, or of one of its
// cost centres ("": of all).
type smallGroup struct {
	spendPlace
	centre string
}

// spending is what was spent by subject and month.
type spending struct {
	all  map[spendPlace]spentSum
	of   map[spendPlace]map[string]spentSum // and by cost centre, of units that have a budget of one
	kind string                             // window of the rule
	// small are the sums with protected use of too few lines. Budgets made of them are left
	// out: their cost would tell of persons. A year's budget may be made of some of its months
	// only, so a month that is too small leaves the year out.
	small map[smallGroup]bool
}

func newSpending(kind string) *spending {
	return &spending{all: map[spendPlace]spentSum{}, of: map[spendPlace]map[string]spentSum{}, kind: kind, small: map[smallGroup]bool{}}
}

// places lists the subjects and windows in which something was spent, in order.
func (s *spending) places() []spendPlace {
	seen := map[spendPlace]bool{}
	var out []spendPlace
	for at := range s.all {
		p := spendPlace{at.subject, windowFrom(s.kind, at.window)}
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b spendPlace) int {
		return cmp.Or(cmp.Compare(a.window, b.window), strings.Compare(a.subject, b.subject))
	})
	return out
}

// in returns what a subject spent in a month, of one cost centre or of all ("").
func (s *spending) in(at spendPlace, centre string) (spentSum, bool) {
	if centre == "" {
		sum, ok := s.all[at]
		return sum, ok
	}
	sum, ok := s.of[at][centre]
	return sum, ok
}

// note adds what was read of a month.
func (s *spending) note(at spendPlace, centre string, all bool, sum spentSum) {
	if all {
		s.all[at] = sum
		return
	}
	if s.of[at] == nil {
		s.of[at] = map[string]spentSum{}
	}
	s.of[at][centre] = sum
}

// split lists the units whose cost is added up by cost centre: those for whom a goal was ever
// stated that was ever for one.
func (r *Rule) split(goals [][]statedGoal) []string {
	var out []string
	if r.Subject != SubjectUnit {
		return nil
	}
	for _, list := range goals {
		if slices.ContainsFunc(list, func(g statedGoal) bool { return g.centre != "" }) {
			for _, g := range list {
				out = append(out, g.unit)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// budgetSQL adds cost up by subject, month and cost centre. Which subjects have a budget is
// asked in the query, so that others are not added up.
func (r *Rule) budgetSQL() string { return r.addedSQL(r.partialSQL(rowsPlace, false), false) }

// addedSQL adds up sums of parts of months. Those that are judged come with what identifies
// their events, and whether they are too small.
func (r *Rule) addedSQL(partial string, judged bool) string {
	more := ""
	if judged {
		more = ",\n    groupBitXor(marks), toUnixTimestamp64Milli(min(first_at)), toUnixTimestamp64Milli(max(last_at)), toUInt8(" + cmp.Or(r.tooFew(), "0") + ")"
	}
	return "SELECT subject, month, toUInt8(grouping(centre) = 1) AS all_centres, centre, toInt64(sum(added) * 1000000), sum(counted)" + more +
		"\nFROM (\n" + partial + "\n)\nGROUP BY GROUPING SETS ((subject, month), (subject, month, centre))\n" + settings
}

// partialSQL adds up rows of usage within bounds.
func (r *Rule) partialSQL(bounds string, judged bool) string {
	return r.addingCost(judged).general([]string{"toString(" + r.subjectColumn() + ")", "toString(cost_centre)"}, r.monthSQL(),
		r.spentRowsOf(r.budgetConditions(), bounds, judged))
}

// spentRowsOf is the usage that budgets are judged by.
func (r *Rule) spentRowsOf(conditions []string, bounds string, judged bool) string {
	where := "\n    WHERE " + strings.Join(conditions, "\n        AND ") + bounds
	if !judged || !r.guarded() {
		return sourcePlace + where
	}
	return "(\n    SELECT unit_id, cost_centre, occurred_at, event_id, cost" + r.guardColumns() + "\n    FROM " + sourcePlace + where + "\n)"
}

func (r *Rule) addingCost(judged bool) adding {
	sums := []sum{{"added", "sumIf(cost, " + condPlace + ")"}, {"counted", "countIf(" + condPlace + ")"}}
	if judged {
		sums = append(sums, sum{"marks", "groupBitXorIf(reinterpretAsUInt64(substring(event_id, 1, 8)), " + condPlace + ")"},
			sum{"first_at", "minIf(occurred_at, " + condPlace + ")"}, sum{"last_at", "maxIf(occurred_at, " + condPlace + ")"})
		sums = append(sums, r.fewLines(condPlace)...)
	}
	return adding{keys: []string{"subject", "centre"}, sums: sums, some: "counted > 0"}
}

func (r *Rule) budgetConditions() []string {
	goals := "SELECT toString(unit_id) FROM goals WHERE metric = " + quote(r.Budget.Metric)
	if r.Subject == SubjectCostCentre {
		goals = "SELECT toString(cost_centre) FROM goals WHERE unit_id = '' AND metric = " + quote(r.Budget.Metric)
	}
	return append([]string{r.subjectColumn() + " IN (" + goals + ")"}, r.spentConditions()...)
}

func (r *Rule) spentConditions() []string {
	conditions := []string{r.subjectColumn() + " != ''", "occurred_at >= " + moment3(r.start().Start(r.location))}
	if r.ValidTo != 0 {
		conditions = append(conditions, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	return append(conditions, r.whereSQL()...)
}

// spentSQL writes the reading of what was spent in the windows of parts. In a month that is
// settled most units are added up without regard to their cost centres, and those without a
// budget too: to group by one column, and to ask nothing of it, costs a fraction.
func (q Query) spentSQL(parts []Part, split []string, divided, judged bool) string {
	r := q.rule
	rest := r.partialSQL(r.rowBounds(parts), judged)
	if !divided {
		return r.addedSQL(q.from(rest), judged)
	}
	subject, a := r.subjectColumn(), r.addingCost(judged)
	return r.addedSQL(q.unite(func(t rested) []string {
		months := []schema.Day{t.month}
		if t.beyond != 0 {
			months = append(months, t.beyond)
		}
		subjects, any := subjectsIn(parts, months...)
		if !any {
			return nil
		}
		rows := func(of string) string {
			return r.spentRowsOf(append([]string{t.as()}, r.spentConditions()...), inList(subject, subjects)+of, judged)
		}
		switch {
		case r.Subject == SubjectCostCentre:
			return []string{a.divided(t, []string{"toString(cost_centre)", "toString(cost_centre)"}, subject, rows(""))}
		case len(split) == 0:
			return []string{a.divided(t, []string{"toString(" + subject + ")", "''"}, subject, rows(""))}
		}
		of := inList(subject, split)
		return []string{a.divided(t, []string{"toString(" + subject + ")", "''"}, subject, rows(strings.Replace(of, " IN (", " NOT IN (", 1))),
			a.divided(t, []string{"toString(" + subject + ")", "toString(cost_centre)"}, subject+", cost_centre", rows(of))}
	}, rest), judged)
}

// subjectsIn lists the subjects of the parts that lie in months (nil: all of them); any is
// false where none does.
func subjectsIn(parts []Part, months ...schema.Day) (subjects []string, any bool) {
	if parts == nil {
		return nil, true
	}
	for _, p := range parts {
		if !slices.ContainsFunc(months, func(m schema.Day) bool { return p.From <= m && m < p.To }) {
			continue
		}
		if any = true; p.Subjects == nil {
			return nil, true
		}
		subjects = append(subjects, p.Subjects...)
	}
	slices.Sort(subjects)
	return slices.Compact(subjects), any
}

// readSpent reads what subjects spent; asked, where set, are the subjects and windows of which all
// is read.
func (e *Evaluator) readSpent(ctx context.Context, q Query, text string, asked map[spendPlace]bool, judged bool, out *spending) error {
	err := e.each(ctx, text, func(scan func(...any) error) error {
		var at spendPlace
		var month int32
		var all, small uint8
		var centre string
		var s spentSum
		into := []any{&at.subject, &month, &all, &centre, (*int64)(&s.cost), &s.events}
		if judged {
			into = append(into, &s.fingerprint, (*int64)(&s.first), (*int64)(&s.last), &small)
		}
		if err := scan(into...); err != nil {
			return err
		}
		at.window = schema.Day(month)
		place := spendPlace{at.subject, windowFrom(q.rule.Window, at.window)}
		if asked != nil && !asked[place] {
			return nil
		}
		out.note(at, centre, all != 0, s)
		switch { // no budget is of the rows without a cost centre
		case small != 0 && all != 0:
			out.small[smallGroup{place, ""}] = true
		case small != 0 && centre != "":
			out.small[smallGroup{place, centre}] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding up cost for rule %s: %w", q.Rule, err)
	}
	return nil
}

// exceeding bounds readings to places, of so many windows at once as can be named: in so many
// bytes.
func (r *Rule) exceeding(places []spendPlace, listed int) [][]Part {
	var out [][]Part
	size := 0
	for at := 0; at < len(places); {
		part := Part{From: places[at].window, To: windowTo(r.Window, places[at].window)}
		named := 0
		for ; at < len(places) && places[at].window == part.From; at++ {
			part.Subjects = append(part.Subjects, places[at].subject)
			named += len(places[at].subject) + listOverheads
		}
		if named > listed {
			part.Subjects, named = nil, 0
		}
		if last := len(out) - 1; last >= 0 && size+named <= listed && len(out[last]) < maxParts {
			out[last], size = append(out[last], part), size+named
			continue
		}
		out, size = append(out, []Part{part}), named
	}
	return out
}

// spendingChunk is how many budgets' events are read at once: a thousand ids of each pass
// through the store's memory.
const spendingChunk = 40

// addSpending names the events behind budgets that are told: the first ones in order of time,
// after the statements of the budget. Those of months without a budget, or of another cost
// centre than the budget's, are not among them.
func (e *Evaluator) addSpending(ctx context.Context, q Query, events []schema.Violation) error {
	var told []*schema.Violation
	for i := range events {
		if v := &events[i]; v.Change != schema.ChangeRetracted && v.EvidenceTotal > uint32(len(v.Evidence)) {
			told = append(told, v)
		}
	}
	if len(told) == 0 {
		return nil
	}
	goals, err := e.readGoals(ctx, q.rule.Budget.Metric)
	if err != nil {
		return err
	}
	slices.SortStableFunc(told, func(a, b *schema.Violation) int { return cmp.Compare(a.WindowFrom, b.WindowFrom) })
	for some := range slices.Chunk(told, spendingChunk) {
		if err := e.readSpentIDs(ctx, q, some, goals); err != nil {
			return fmt.Errorf("reading the evidence of rule %s: %w", q.Rule, err)
		}
	}
	return nil
}

// readSpentIDs reads the events of some budgets.
func (e *Evaluator) readSpentIDs(ctx context.Context, q Query, told []*schema.Violation, goals [][]statedGoal) error {
	r := q.rule
	of := map[spendPlace]*schema.Violation{}
	var ors []string
	for _, v := range told {
		of[spendPlace{v.SubjectID, v.WindowFrom}] = v
		ors = append(ors, r.spentRows(v, goals)...)
	}
	if len(ors) == 0 {
		return nil
	}
	text := "SELECT toString(" + r.subjectColumn() + ") AS subject, toInt32(" + r.windowSQL("toDate32(occurred_at, "+quote(r.Zone)+")") + ") AS window_from,\n" +
		"    " + orderedIDs(fmt.Sprintf("groupArraySorted(%d)(%s)", e.evidence(), evidenceOrder)) + " AS ids\n" +
		"FROM " + sourcePlace + "\nWHERE " + strings.Join(r.budgetConditions(), "\n    AND ") + "\n    AND (" + strings.Join(ors, "\n        OR ") + ")\nGROUP BY subject, window_from\n" + settings
	ids := map[spendPlace][]string{}
	part := Part{From: told[0].WindowFrom, To: told[len(told)-1].WindowTo}
	err := e.steadilyIn(ctx, q.Rule, func(s settled) settled { return s.among(q, []Part{part}) }, func(months settled) error {
		clear(ids)
		return e.each(ctx, q.lying(months).from(text), func(scan func(...any) error) error {
			var at spendPlace
			var from int32
			var some []string
			err := scan(&at.subject, &from, &some)
			at.window = schema.Day(from)
			ids[at] = some
			return err
		})
	})
	if err != nil {
		return err
	}
	for at, v := range of {
		some := ids[at]
		for _, s := range some[:min(len(some), max(0, e.evidence()-len(v.Evidence)))] {
			id, err := toID(s)
			if err != nil {
				return err
			}
			v.Evidence = append(v.Evidence, id)
		}
	}
	return nil
}

// spentRows writes which events a budget was spent by, month by month.
func (r *Rule) spentRows(v *schema.Violation, goals [][]statedGoal) []string {
	id := parseDetail(v.Detail)["goal"]
	i := slices.IndexFunc(goals, func(list []statedGoal) bool { return plainText(list[0].id) == id })
	if i < 0 {
		return nil
	}
	var out []string
	for month := v.WindowFrom; month < v.WindowTo; month = nextMonth(month) {
		g, ok := goalAt(goals[i], nextMonth(month).Start(r.location)-1)
		if !ok || g.metric != r.Budget.Metric || g.subject(r.Subject) != v.SubjectID {
			continue
		}
		centre := ""
		if r.Subject == SubjectUnit && g.centre != "" {
			centre = " AND cost_centre = " + quote(g.centre)
		}
		out = append(out, "("+r.subjectColumn()+" = "+quote(v.SubjectID)+" AND occurred_at >= "+moment3(month.Start(r.location))+" AND occurred_at < "+moment3(nextMonth(month).Start(r.location))+centre+")")
	}
	return out
}
