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

// spentSum is what a subject spent in a month, of one cost centre where the subject is a unit.
type spentSum struct {
	cost                schema.Money
	events, fingerprint uint64
	first, last         schema.Time
}

// spending is what was spent, by subject and month, and by cost centre within.
type spending struct {
	of   map[spendPlace]map[string]spentSum
	kind string // window of the rule
}

// places lists the subjects and windows in which something was spent, in order.
func (s *spending) places() []spendPlace {
	seen := map[spendPlace]bool{}
	var out []spendPlace
	for at := range s.of {
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

// budgetSQL adds cost up by subject, month and cost centre. Which subjects have a budget is
// asked in the query, so that others are not added up.
func (r *Rule) budgetSQL() string {
	day := "toDate32(occurred_at, " + quote(r.Zone) + ")"
	return "SELECT toString(" + r.subjectColumn() + ") AS subject, toInt32(toDate32(toStartOfMonth(" + day + "))) AS month, toString(cost_centre) AS centre,\n" +
		"    toInt64(sum(cost) * 1000000) AS cost_micro, count() AS events, groupBitXor(reinterpretAsUInt64(substring(event_id, 1, 8))) AS fingerprint,\n" +
		"    toUnixTimestamp64Milli(min(occurred_at)) AS first_ms, toUnixTimestamp64Milli(max(occurred_at)) AS last_ms\nFROM " + sourcePlace + "\nWHERE " +
		strings.Join(r.budgetConditions(), "\n    AND ") + rowsPlace + "\nGROUP BY subject, month, centre\n" + settings
}

func (r *Rule) budgetConditions() []string {
	goals := "SELECT toString(unit_id) FROM goals WHERE metric = " + quote(r.Budget.Metric)
	if r.Subject == SubjectCostCentre {
		goals = "SELECT toString(cost_centre) FROM goals WHERE unit_id = '' AND metric = " + quote(r.Budget.Metric)
	}
	conditions := []string{r.subjectColumn() + " != ''", r.subjectColumn() + " IN (" + goals + ")", "occurred_at >= " + moment3(r.start().Start(r.location))}
	if r.ValidTo != 0 {
		conditions = append(conditions, "occurred_at < "+moment3(r.ValidTo.Start(r.location)))
	}
	return append(conditions, r.whereSQL()...)
}

// readSpent reads what the subjects of goals spent in the windows of parts.
func (e *Evaluator) readSpent(ctx context.Context, q Query, parts []Part) (*spending, error) {
	out := &spending{of: map[spendPlace]map[string]spentSum{}, kind: q.rule.Window}
	err := e.each(ctx, q.Within(parts), func(scan func(...any) error) error {
		var at spendPlace
		var month int32
		var centre string
		var s spentSum
		if err := scan(&at.subject, &month, &centre, (*int64)(&s.cost), &s.events, &s.fingerprint, (*int64)(&s.first), (*int64)(&s.last)); err != nil {
			return err
		}
		at.window = schema.Day(month)
		if out.of[at] == nil {
			out.of[at] = map[string]spentSum{}
		}
		out.of[at][centre] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("adding up cost for rule %s: %w", q.Rule, err)
	}
	return out, nil
}

// smallGroup is a sum that a budget may add up: that of a subject in a window, or of one of its
// cost centres ("": of all).
type smallGroup struct {
	spendPlace
	centre string
}

// readSmall finds the sums with protected use of too few lines. Budgets made of them are left
// out: their cost would tell of persons. A year's budget may be made of some of its months
// only, so a month that is too small leaves the year out.
func (e *Evaluator) readSmall(ctx context.Context, q Query, parts []Part) (map[smallGroup]bool, error) {
	r := q.rule
	small := r.smallSQL("1")
	if small == "" {
		return nil, nil
	}
	text := "SELECT toString(subject_id) AS subject, toInt32(toDate32(month_from)) AS month, grouping(centre) = 1 AS all_centres, toString(centre) AS of_centre\nFROM (\n    SELECT " + r.subjectColumn() + " AS subject_id, cost_centre AS centre, toStartOfMonth(toDate32(occurred_at, " + quote(r.Zone) + ")) AS month_from" + r.guardColumns() +
		"\n    FROM " + sourcePlace + "\n    WHERE " + strings.Join(r.budgetConditions(), "\n        AND ") + rowsPlace + "\n)\nGROUP BY GROUPING SETS ((subject_id, month_from), (subject_id, month_from, centre))\nHAVING " + small + "\n" + settings
	out := map[smallGroup]bool{}
	err := e.each(ctx, strings.NewReplacer(sourcePlace, r.source().read(r), rowsPlace, r.rowBounds(parts)).Replace(text), func(scan func(...any) error) error {
		var at smallGroup
		var month int32
		var all uint8
		err := scan(&at.subject, &month, &all, &at.centre)
		if at.window = windowFrom(r.Window, schema.Day(month)); all != 0 {
			at.centre = ""
		}
		out[at] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for small groups of rule %s: %w", q.Rule, err)
	}
	return out, nil
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
	return e.each(ctx, q.reads(text), func(scan func(...any) error) error {
		var at spendPlace
		var from int32
		var ids []string
		if err := scan(&at.subject, &from, &ids); err != nil {
			return err
		}
		at.window = schema.Day(from)
		v := of[at]
		if v == nil {
			return nil
		}
		for _, s := range ids[:min(len(ids), max(0, e.evidence()-len(v.Evidence)))] {
			id, err := toID(s)
			if err != nil {
				return err
			}
			v.Evidence = append(v.Evidence, id)
		}
		return nil
	})
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
