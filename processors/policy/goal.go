package policy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linesman/schema"
)

// KindGoal is the kind of a rule that trips when a goal is missed, or will be.
const KindGoal = "goal"

// measureGoal is the measure of a goal: the value that it is about.
const measureGoal = "goal"

// GoalState is what is known of one goal at the end of a month.
type GoalState struct {
	ID, Metric       string
	Unit, CostCentre string       // whom it is for; with a unit it is the unit's
	Status           string       // "missed", "off_track" and so on
	AsOf             schema.Day   // last day of the newest whole month that the data cover, no later than asked for
	Measured         schema.Day   // first day of the month in which it was last measured; 0: never
	Now, Target      schema.Money // in millionths of the metric's unit, as Baseline and the others
	Baseline         schema.Money
	Expected         schema.Money // where the straight way to the target stands
	TargetDay        schema.Day
	HasForecast      bool
	Forecast         schema.Money
	Low, High        schema.Money
	Unit6            string // unit of the metric, e.g. "SEK"; empty for counts
}

// GoalJudge judges goals by the roll-ups of the store. The same rows always give the same
// answer: what came after the month does not count.
type GoalJudge interface {
	// GoalsAt judges every goal in force on the last day of a month, by what the store holds of
	// that month and those before it.
	GoalsAt(ctx context.Context, month schema.Day) ([]GoalState, error)
}

// GoalRule asks for goals of a metric in one of some states.
type GoalRule struct {
	Metric string
	Status []string // the first ones first where a subject has several goals
}

// GoalStatuses are the states of a goal that a rule can ask for; see docs/goals.md.
func GoalStatuses() []string {
	return []string{"missed", "off_track", "too_little_data", "on_track", "reached"}
}

// errNoJudge says that rules about goals cannot be judged.
var errNoJudge = errors.New("this evaluator has nobody who judges goals")

// EvaluateGoals is [Evaluator.Evaluate] for the rules of kind goal, which [Evaluator.Evaluate]
// leaves out: goals are judged by the roll-ups, so those must have been recomputed for what
// the scope names.
func (e *Evaluator) EvaluateGoals(ctx context.Context, scope Scope) ([]schema.Violation, error) {
	var events []schema.Violation
	for _, q := range e.queries {
		if q.rule.Kind != KindGoal {
			continue
		}
		changes, err := e.evaluateGoal(ctx, q.rule, scope)
		if err != nil {
			return nil, fmt.Errorf("evaluating rule %s: %w", q.Rule, err)
		}
		events = append(events, changes...)
	}
	slices.SortFunc(events, byPlace)
	return events, nil
}

// HasGoals tells whether any rule is about goals.
func (s *Set) HasGoals() bool {
	return slices.ContainsFunc(s.rules, func(r *Rule) bool { return r.Kind == KindGoal })
}

func (e *Evaluator) evaluateGoal(ctx context.Context, r *Rule, scope Scope) ([]schema.Violation, error) {
	if e.cfg.Goals == nil {
		return nil, errNoJudge
	}
	c, err := e.monthsCovered(ctx, r)
	if err != nil {
		return nil, err
	}
	months := r.goalMonths(c)
	parts := r.goalParts(scope)
	changed := e.memo.changed(r.Name(), months)
	if parts != nil && changed == nil { // nothing is known of before
		parts = nil
	}
	if parts != nil {
		for _, m := range changed {
			parts = append(parts, Part{From: m, To: nextMonth(m)})
		}
		if len(parts) == 0 {
			return nil, nil
		}
	}
	found, err := e.findGoals(ctx, r, months, parts)
	if err != nil {
		return nil, err
	}
	known, err := e.known(ctx, r, parts)
	if err != nil {
		return nil, err
	}
	events := compare(found, known, scope.reason())
	e.memo.settle(r.Name(), months, parts == nil, changed, events)
	return events, nil
}

// goalMonths lists the months that are over: there is something of their last day, or later.
func (r *Rule) goalMonths(c coverage) []schema.Day {
	var out []schema.Day
	if len(c.months) == 0 {
		return nil
	}
	for m := max(c.first, r.start()).Month(); m < c.newest; m = nextMonth(m) {
		if m >= r.start() && (r.ValidTo == 0 || nextMonth(m) <= r.ValidTo) && nextMonth(m) <= c.newest+1 {
			out = append(out, m)
		}
	}
	return out
}

// goalParts bounds a scope to months. A month's numbers tell in every later one: in its pace,
// and in what a goal whose day has passed was measured at. nil: every month.
func (r *Rule) goalParts(s Scope) []Part {
	if s.All || s.Inventory {
		return nil
	}
	first := schema.LastDay
	for _, touched := range []map[string]Days{s.Units, s.UsageUnits, s.Lines} {
		for _, days := range touched {
			for day := range days {
				first = min(first, day.Month())
			}
		}
	}
	for day := range s.Months {
		first = min(first, day.Month())
	}
	if first == schema.LastDay {
		return []Part{}
	}
	return []Part{{From: first, To: schema.LastDay}}
}

// monthsCovered says from when to when the store has usage or watches. A count of watches
// speaks for its week.
func (e *Evaluator) monthsCovered(ctx context.Context, r *Rule) (coverage, error) {
	list, err := e.readMoments(ctx)
	if err != nil {
		return coverage{}, err
	}
	c := cover(list, r.location)
	err = e.each(ctx, "SELECT toInt32(min(day)), toInt32(max(day)) FROM watches GROUP BY toYYYYMM(day)\nSETTINGS final = 0", func(scan func(...any) error) error {
		var first, last int32
		if err := scan(&first, &last); err != nil {
			return err
		}
		from, to := schema.Day(first), schema.Day(last)+6
		if len(c.months) == 0 {
			c.first, c.newest = from, to
		}
		c.first, c.newest = min(c.first, from), max(c.newest, to)
		c.months[from.Month()] = true
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("finding out which days watches cover: %w", err)
	}
	return c, nil
}

// findGoals judges months in parts.
func (e *Evaluator) findGoals(ctx context.Context, r *Rule, months []schema.Day, parts []Part) ([]schema.Violation, error) {
	var out []schema.Violation
	var goals map[string][]statedGoal
	for _, month := range months {
		if parts != nil && !slices.ContainsFunc(parts, func(p Part) bool { return p.From <= month && month < p.To }) {
			continue
		}
		if goals == nil {
			list, err := e.readGoals(ctx, r.GoalRule.Metric)
			if err != nil {
				return nil, err
			}
			if len(list) == 0 {
				return nil, nil
			}
			goals = map[string][]statedGoal{}
			for _, g := range list {
				goals[g[0].id] = g
			}
		}
		states, err := e.cfg.Goals.GoalsAt(ctx, month)
		if err != nil {
			return nil, fmt.Errorf("judging the goals at the end of %s: %w", month.String()[:7], err)
		}
		out = append(out, r.goalViolations(month, states, goals)...)
	}
	return out, nil
}

// goalViolations makes a violation of each subject with a goal in one of the states. Of
// several goals of one subject the one in the first state of the rule's list stands for all,
// of these the first by its id.
func (r *Rule) goalViolations(month schema.Day, states []GoalState, goals map[string][]statedGoal) []schema.Violation {
	end := nextMonth(month) - 1
	best := map[string]GoalState{}
	rank := func(g GoalState) int { return slices.Index(r.GoalRule.Status, g.Status) }
	for _, g := range states {
		subject := g.Unit
		if r.Subject == SubjectCostCentre {
			if subject = g.CostCentre; g.Unit != "" {
				subject = ""
			}
		}
		if subject == "" || g.Metric != r.GoalRule.Metric || rank(g) < 0 || g.AsOf != end || g.Measured != month && g.Status != "too_little_data" {
			continue
		}
		if b, ok := best[subject]; !ok || cmp.Or(cmp.Compare(rank(g), rank(b)), strings.Compare(g.ID, b.ID)) < 0 {
			best[subject] = g
		}
	}
	out := make([]schema.Violation, 0, len(best))
	for subject, g := range best {
		out = append(out, r.goalViolation(subject, month, g, goals[g.ID]))
	}
	slices.SortFunc(out, byPlace)
	return out
}

func (r *Rule) goalViolation(subject string, month schema.Day, g GoalState, stated []statedGoal) schema.Violation {
	v := r.base(subject, month)
	v.UnitID, v.CostCentre = g.Unit, g.CostCentre
	v.Measure, v.Value, v.Limit, v.ValueUnit = measureGoal, float64(g.Now)/1e6, float64(g.Target)/1e6, g.Unit6
	if s, ok := goalAt(stated, nextMonth(month).Start(r.location)-1); ok {
		v.Evidence, v.EvidenceTotal = []schema.ID{s.event}, 1
		v.FirstEventAt, v.LastEventAt = s.from, s.from
	}
	var d detail
	d.add("goal", g.ID)
	d.add("metric", g.Metric)
	d.add("status", g.Status)
	d.add("now", g.Now.String())
	d.add("target", g.Target.String())
	d.add("target_day", g.TargetDay.String())
	d.add("baseline", g.Baseline.String())
	d.add("expected", g.Expected.String())
	if g.HasForecast {
		d.add("forecast", g.Forecast.String())
		d.add("low", g.Low.String())
		d.add("high", g.High.String())
	}
	d.add("digest", digest(v.Evidence, uint64(len(v.Evidence)), 0))
	v.Detail = d.String()
	return v
}

// explainGoal: "goal off track at the end of March 2026: 120, target 80 on 31 December 2026; at
// the present pace 101".
func (w wording) explainGoal(v schema.Violation, r *Rule, d map[string]string) string {
	status := map[string]Text{
		"missed": {"goal missed", "mål missat", "mål ikke nået"}, "off_track": {"goal off track", "målet nås inte i nuvarande takt", "målet nås ikke i nuværende tempo"},
		"on_track": {"goal on track", "målet nås i nuvarande takt", "målet nås i nuværende tempo"}, "reached": {"goal reached", "mål nått", "mål nået"},
		"too_little_data": {"too little is measured to judge the goal", "för lite är mätt för att bedöma målet", "for lidt er målt til at vurdere målet"},
	}[d["status"]].In(w.lang)
	if l, ok := r.limitNamed(measureGoal); ok && l.Says.EN != "" {
		status = strings.ReplaceAll(l.Says.In(w.lang), "{value}", w.amount(d["now"]))
	}
	day := v.WindowFrom.At(time.UTC)
	text := status + w.say(" at the end of ", " i slutet av ", " ved udgangen af ") + w.month(day.Month()) + fmt.Sprintf(" %d", day.Year())
	text += ": " + w.metric(d["metric"]) + " " + w.quantity(oneDecimal(d["now"]), v.ValueUnit) + ", " + w.say("target ", "mål ", "mål ") + w.quantity(oneDecimal(d["target"]), v.ValueUnit)
	if d["metric"] != metricBudget {
		text += w.say(" by ", " till den ", " inden ") + w.date(d["target_day"])
	}
	if d["forecast"] != "" && d["status"] == "off_track" {
		text += "; " + w.say("at the present pace ", "i nuvarande takt ", "i nuværende tempo ") + w.quantity(oneDecimal(d["forecast"]), v.ValueUnit) +
			" (" + w.amount(d["low"]) + "–" + w.amount(d["high"]) + ")"
	}
	return text
}

// amount writes a number with six decimals for reading: at most one of them.
func (w wording) amount(s string) string { return swedish(oneDecimal(s)) }

// metric writes what a goal counts.
func (w wording) metric(name string) string {
	t, ok := map[string]Text{
		"watches_open": {"open watches", "öppna bevakningar", "åbne overvågninger"}, "forwarded_calls": {"forwarded calls", "medflyttade samtal", "viderestillede opkald"},
		"cost_per_employee": {"cost per employee", "kostnad per anställd", "omkostning pr. medarbejder"}, "unused_lines": {"unused lines", "oanvända abonnemang", "ubrugte numre"},
		"desk_phones": {"desk telephones", "bordstelefoner", "bordtelefoner"}, "cost_month": {"cost of the month", "månadens kostnad", "månedens omkostning"},
	}[name]
	if !ok {
		return name
	}
	return t.In(w.lang)
}
