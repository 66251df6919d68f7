package policy

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"linesman/schema"
)

// KindBudget is the kind of a rule that compares cost with budgets.
const KindBudget = "budget"

// SubjectCostCentre is the subject of rules about cost centres, of kind budget and goal.
const SubjectCostCentre = "cost_centre"

// metricBudget is the metric of the goals that are budgets: cost of a month, in kronor.
const metricBudget = "cost_month"

// measureBudget is the measure of a budget: the cost.
const measureBudget = "budget"

// Budget compares the cost of a subject with the goals in force. Of a year, the budgets of its
// months are added up, and the cost of those months that have one.
type Budget struct {
	Metric    string
	Above     *big.Rat // per cent of the budget: trips when the cost is above
	HighAbove *big.Rat // severity is high above it; nil: never
}

// statedGoal is one statement of a goal.
type statedGoal struct {
	id, metric, unit, centre string
	target                   schema.Money // rounded to six decimals
	from, to                 schema.Time
	event                    schema.ID
}

// readGoals reads the goals that were ever about a metric, with all their statements, by goal,
// the latest first.
func (e *Evaluator) readGoals(ctx context.Context, metric string) ([][]statedGoal, error) {
	query := "SELECT goal_id, toString(metric), toString(unit_id), toString(cost_centre), if(amount != 0, reinterpretAsInt64(amount), toInt64(toDecimal128(target, 6) * 1000000)), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), event_id\n" +
		"FROM goals\nORDER BY goal_id, valid_from DESC\n" + settings
	var out [][]statedGoal
	err := e.each(ctx, query, func(scan func(...any) error) error {
		var g statedGoal
		var event string
		if err := scan(&g.id, &g.metric, &g.unit, &g.centre, (*int64)(&g.target), (*int64)(&g.from), (*int64)(&g.to), &event); err != nil {
			return err
		}
		var err error
		g.event, err = toID(event)
		if n := len(out); n > 0 && out[n-1][0].id == g.id {
			out[n-1] = append(out[n-1], g)
			return err
		}
		out = append(out, []statedGoal{g})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading goals: %w", err)
	}
	return slices.DeleteFunc(out, func(list []statedGoal) bool {
		return !slices.ContainsFunc(list, func(g statedGoal) bool { return g.metric == metric })
	}), nil
}

// goalAt finds the statement of a goal that holds at a moment; of several the one that began
// to hold last.
func goalAt(list []statedGoal, at schema.Time) (statedGoal, bool) {
	for _, g := range list {
		if holds(g.from, g.to, at) {
			return g, true
		}
	}
	return statedGoal{}, false
}

// subject says for whom a goal is, in the sense of a rule: a unit, or a cost centre as a whole.
func (g statedGoal) subject(kind string) string {
	switch {
	case kind == SubjectUnit:
		return g.unit
	case g.unit == "":
		return g.centre
	}
	return ""
}

// budgeted is what a budget of one subject and window comes to.
type budgeted struct {
	goal          string
	target, spent schema.Money
	events        uint64
	fingerprint   uint64
	stated        []schema.ID
	first, last   schema.Time
	months        int
	centre        string // of the goal, when it is for a part of the unit
}

// exceeds tells whether what was spent is above a percentage of the budget, exactly.
func (b *budgeted) exceeds(percent *big.Rat) bool {
	if percent == nil {
		return false
	}
	limit := new(big.Rat).Mul(new(big.Rat).SetInt64(int64(b.target)), percent)
	return new(big.Rat).SetInt64(int64(b.spent)).Cmp(limit.Quo(limit, big.NewRat(100, 1))) > 0
}

// findBudget compares the cost of the windows in parts with their budgets. The events are
// named later, when it is known what is told: see [Evaluator.addSpending].
func (e *Evaluator) findBudget(ctx context.Context, q Query, parts []Part) ([]schema.Violation, error) {
	r := q.rule
	goals, err := e.readGoals(ctx, r.Budget.Metric)
	if err != nil {
		return nil, err
	}
	goals = slices.DeleteFunc(goals, func(list []statedGoal) bool {
		return !slices.ContainsFunc(list, func(g statedGoal) bool { return g.subject(r.Subject) != "" })
	})
	if len(goals) == 0 {
		return nil, nil
	}
	spent, err := e.readExceeded(ctx, q, parts, goals)
	if err != nil {
		return nil, err
	}
	stated, err := e.readRoster(ctx, "0", []string{""})
	if err != nil {
		return nil, err
	}
	var out []schema.Violation
	for _, place := range spent.places() {
		if spent.small[smallGroup{place, ""}] {
			continue
		}
		shown := slices.DeleteFunc(slices.Clone(goals), func(list []statedGoal) bool {
			return slices.ContainsFunc(list, func(g statedGoal) bool { return g.centre != "" && spent.small[smallGroup{place, g.centre}] })
		})
		if b := r.worst(place, shown, spent); b != nil {
			out = append(out, r.budgetViolation(place, b, stated))
		}
	}
	return out, nil
}

// readExceeded reads what was spent where it is above a budget: first the cost of everything,
// and then, of what is above, all that is told of it. In between the store may go on; what is
// told is what the second reading finds.
func (e *Evaluator) readExceeded(ctx context.Context, q Query, parts []Part, goals [][]statedGoal) (*spending, error) {
	r, split, divided := q.rule, q.rule.split(goals), q.divided(parts)
	spent, exceeded := newSpending(r.Window), newSpending(r.Window)
	if err := e.readSpent(ctx, q, q.spentSQL(parts, split, divided, false), nil, false, spent); err != nil {
		return nil, err
	}
	places := slices.DeleteFunc(spent.places(), func(place spendPlace) bool {
		return !within(parts, place.window, place.subject) || r.worst(place, goals, spent) == nil
	})
	for _, some := range r.exceeding(places, cmp.Or(e.cfg.listed, maxListBytes/2)) {
		asked := map[spendPlace]bool{} // of other windows a reading finds the hours around the ends of months
		for _, place := range places {
			asked[place] = within(some, place.window, place.subject)
		}
		if err := e.readSpent(ctx, q, q.spentSQL(some, split, divided, true), asked, true, exceeded); err != nil {
			return nil, err
		}
	}
	return exceeded, nil
}

// worst adds up each budget of a subject and window, and returns the one that is exceeded
// the most; of equal ones the first by its id. nil: none is exceeded.
func (r *Rule) worst(at spendPlace, goals [][]statedGoal, spent *spending) *budgeted {
	var worst *budgeted
	for _, list := range goals {
		b := r.add(at, list, spent)
		if b == nil || !b.exceeds(r.Budget.Above) {
			continue
		}
		if worst == nil || ratio(b).Cmp(ratio(worst)) > 0 {
			worst = b
		}
	}
	return worst
}

// ratio is how great the cost is beside the budget; that of a budget of nothing is above all.
func ratio(b *budgeted) *big.Rat {
	if b.target <= 0 {
		return new(big.Rat).SetInt64(1 << 62)
	}
	return big.NewRat(int64(b.spent), int64(b.target))
}

// add adds up one budget over the months of a window in which it is in force on the last day.
func (r *Rule) add(at spendPlace, list []statedGoal, spent *spending) *budgeted {
	b := &budgeted{goal: list[0].id}
	for month := at.window; month < windowTo(r.Window, at.window); month = nextMonth(month) {
		g, ok := goalAt(list, nextMonth(month).Start(r.location)-1)
		if !ok || g.metric != r.Budget.Metric || g.subject(r.Subject) != at.subject {
			continue
		}
		b.months++
		b.target += g.target
		b.stated = append(b.stated, g.event)
		if r.Subject == SubjectUnit {
			b.centre = g.centre
		}
		centre := ""
		if r.Subject == SubjectUnit {
			centre = g.centre
		}
		s, ok := spent.in(spendPlace{at.subject, month}, centre)
		if !ok {
			continue
		}
		if b.events == 0 {
			b.first, b.last = s.first, s.last
		}
		b.spent, b.events, b.fingerprint = b.spent+s.cost, b.events+s.events, b.fingerprint^s.fingerprint
		b.first, b.last = min(b.first, s.first), max(b.last, s.last)
	}
	if b.months == 0 || b.events == 0 {
		return nil
	}
	b.stated = slices.Compact(b.stated)
	return b
}

// budgetViolation makes the violation of a budget.
func (r *Rule) budgetViolation(at spendPlace, b *budgeted, stated *roster) schema.Violation {
	v := r.base(at.subject, at.window)
	switch r.Subject {
	case SubjectUnit:
		v.UnitID, v.CostCentre = at.subject, cmp.Or(b.centre, stated.unitCentre(at.subject, v.WindowTo.Start(r.location)-1))
	default:
		v.CostCentre = at.subject
	}
	v.Measure, v.Value, v.ValueUnit, v.Cost = measureBudget, float64(b.spent)/1e6, "SEK", b.spent
	limit := new(big.Rat).Mul(big.NewRat(int64(b.target), int64(schema.Micro)*100), r.Budget.Above)
	exact, _ := limit.Float64()
	v.Limit = round6(exact)
	if b.exceeds(r.Budget.HighAbove) {
		v.Severity = SeverityHigh
	}
	if v.FirstEventAt, v.LastEventAt = b.first, b.last; r.guarded() { // when protected use was is told to the day
		v.FirstEventAt, v.LastEventAt = schema.DayOf(b.first, r.location).Start(r.location), schema.DayOf(b.last, r.location).Start(r.location)
	}
	v.Evidence = append([]schema.ID{}, b.stated...)
	v.EvidenceTotal = uint32(min(uint64(len(b.stated))+b.events, 1<<32-1))
	var d detail
	d.add("goal", b.goal)
	d.add("spent", b.spent.String())
	d.add("budget", b.target.String())
	d.add("above_percent", strings.TrimSuffix(plain(r.Budget.Above), ".0"))
	if r.Window == WindowYear {
		d.add("months", strconv.Itoa(b.months))
	}
	d.add("events", strconv.FormatUint(b.events, 10))
	d.add("digest", digest(b.stated, b.events, b.fingerprint))
	v.Detail = d.String()
	return v
}

// explainBudget: "cost 12 500 kr in March 2026, budget 10 000 kr: 125 %".
func (w wording) explainBudget(v schema.Violation, r *Rule, d map[string]string) string {
	text := ""
	if l, ok := r.limitNamed(measureBudget); ok {
		text = strings.ReplaceAll(l.Says.In(w.lang), "{value}", strings.TrimSuffix(w.quantity(d["spent"], "SEK"), "\u00a0kr"))
	}
	if text == "" {
		text = w.say("cost ", "kostnad ", "omkostning ") + w.quantity(d["spent"], "SEK")
	}
	text += " " + w.period(v) + ", " + w.say("budget ", "budget ", "budget ") + w.quantity(d["budget"], "SEK")
	spent, err1 := schema.ParseMoney(d["spent"])
	budget, err2 := schema.ParseMoney(d["budget"])
	if err1 == nil && err2 == nil && budget > 0 {
		text += ": " + swedish(new(big.Rat).SetFrac64(100*int64(spent), int64(budget)).FloatString(1)) + "\u00a0%"
	}
	if p := d["above_percent"]; p != "" && p != "100" {
		text += w.say(", limit ", ", gräns ", ", grænse ") + swedish(p) + "\u00a0%"
	}
	if m := d["months"]; m != "" && m != "12" {
		text += fmt.Sprintf(w.say(" (%s months with a budget)", " (%s månader med budget)", " (%s måneder med budget)"), m)
	}
	return text
}
