package policy

import (
	"math/big"
	"slices"

	"linesman/schema"
)

// specialBody reads what a rule of one of these kinds needs; false: it is of another kind.
func (f fields) specialBody(rule *Rule) bool {
	for kind, key := range map[string]string{KindAbsence: "absence", KindSchedule: "schedule", KindBudget: "budget", KindGoal: "goal"} {
		if rule.Kind != kind && f.has(key) {
			f.r.problem(f.value[key], "%s: %q is for kind %s", f.what, key, kind)
		}
	}
	if f.has("days") && !rule.rolling() {
		f.r.problem(f.value["days"], "%s: \"days\" is for the window %s", f.what, WindowRolling)
	}
	if rule.rolling() {
		f.rollingForm(rule)
		return false
	}
	if rule.Subject == SubjectCostCentre && rule.Kind != KindBudget && rule.Kind != KindGoal {
		f.r.problem(f.at("subject"), "%s: the subject %s is for the kinds %s and %s", f.what, SubjectCostCentre, KindBudget, KindGoal)
	}
	bodies := map[string]func(*Rule){KindAbsence: f.absenceBody, KindSchedule: f.scheduleBody, KindBudget: f.budgetBody, KindGoal: f.goalBody}
	body, ok := bodies[rule.Kind]
	if !ok {
		return false
	}
	for _, key := range []string{"limits", "trend", "exempt"} {
		if f.has(key) {
			f.r.problem(f.value[key], "%s: kind %s has no %q", f.what, rule.Kind, key)
		}
	}
	body(rule)
	return true
}

// fits checks subject and window of a rule of one of these kinds.
func (f fields) fits(rule *Rule, subjects, windows []string) {
	if rule.Subject != "" && !slices.Contains(subjects, rule.Subject) {
		f.r.problem(f.at("subject"), "%s: kind %s is about %s", f.what, rule.Kind, either(subjects))
	}
	if rule.Window != "" && !slices.Contains(windows, rule.Window) {
		f.r.problem(f.at("window"), "%s: kind %s has the window %s", f.what, rule.Kind, either(windows))
	}
}

func either(words []string) string {
	out := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			out += " or " + w
		} else {
			out += ", " + w
		}
	}
	return out
}

func (f fields) absenceBody(rule *Rule) {
	f.fits(rule, []string{SubjectLine}, []string{WindowMonth, WindowYear})
	n := f.need("absence")
	if n == nil {
		return
	}
	rule.Absence = &Absence{}
	if a, ok := f.r.mapping(n, f.what+" absence", names(absenceKeys())...); ok {
		if a.has("days") {
			if rule.Absence.Days = int(a.integer("days", true, 90, 1)); rule.Absence.Days > 1100 {
				f.r.problem(a.value["days"], "%s absence: \"days\" is at most 1100", f.what)
			}
		}
		table := schema.LineTable().Info()
		rule.Absence.Lines = a.when("lines", table, usable(table), rule.location)
	}
	rule.Limits = []Limit{{Measure: measureAbsence, How: measureCount, Scale: 1, Unit: "days", Says: f.both("says", false)}}
}

func absenceKeys() []key {
	return []key{
		{name: "days", form: formInteger, says: "days up to the window's end on which nothing happened; the window itself when left out"},
		{name: "lines", form: formCondition, says: "condition over the columns of lines, as of the window's last day"},
	}
}

func (f fields) scheduleBody(rule *Rule) {
	f.fits(rule, []string{SubjectLine, SubjectUnit}, []string{WindowDay})
	n := f.need("schedule")
	if n == nil {
		return
	}
	s, ok := f.r.mapping(n, f.what+" schedule", names(scheduleKeys())...)
	if !ok {
		return
	}
	rule.Schedule = &Schedule{}
	for _, m := range []struct {
		key, measure string
		into         **big.Rat
		most         int64
	}{{"weekly_hours", measureWeekly, &rule.Schedule.Weekly, 168}, {"shortest_hours", measureShortest, &rule.Schedule.Shortest, 168}} {
		v, ok := s.decimal(m.key, false)
		if !ok {
			continue
		}
		if v.Sign() <= 0 || v.Cmp(big.NewRat(m.most, 1)) > 0 {
			f.r.problem(s.value[m.key], "%s schedule: %q is a number of hours, above 0 and at most %d", f.what, m.key, m.most)
		}
		*m.into = v
		hours, _ := v.Float64()
		rule.Limits = append(rule.Limits, Limit{Measure: m.measure, How: measureSum, Scale: 1, Unit: "h", aboveUnit: hours})
	}
	if rule.Schedule.Weekly == nil && rule.Schedule.Shortest == nil {
		f.r.problem(n, "%s schedule: give weekly_hours or shortest_hours, or both", f.what)
	}
	f.says(rule)
}

// says takes words for explanations over to the first limit.
func (f fields) says(rule *Rule) {
	if says := f.both("says", false); len(rule.Limits) > 0 {
		rule.Limits[0].Says = says
	}
}

func scheduleKeys() []key {
	return []key{
		{name: "weekly_hours", form: formNumber, says: "hours a week, at least"},
		{name: "shortest_hours", form: formNumber, says: "hours of each occasion, at least"},
	}
}

func (f fields) budgetBody(rule *Rule) {
	f.fits(rule, []string{SubjectUnit, SubjectCostCentre}, []string{WindowMonth, WindowYear})
	n := f.need("budget")
	if n == nil {
		return
	}
	b, ok := f.r.mapping(n, f.what+" budget", names(budgetKeys())...)
	if !ok {
		return
	}
	rule.Budget = &Budget{Metric: b.word("metric", true, metricBudget), Above: big.NewRat(100, 1)}
	for key, into := range map[string]**big.Rat{"above_percent": &rule.Budget.Above, "high_above_percent": &rule.Budget.HighAbove} {
		if v, ok := b.decimal(key, false); ok {
			if *into = v; v.Sign() <= 0 || v.Cmp(big.NewRat(100000, 1)) > 0 {
				f.r.problem(b.value[key], "%s budget: %q is a percentage, above 0 and at most 100000", f.what, key)
			}
		}
	}
	if h := rule.Budget.HighAbove; h != nil && h.Cmp(rule.Budget.Above) < 0 {
		f.r.problem(b.value["high_above_percent"], "%s budget: high_above_percent is below above_percent", f.what)
	}
	percent, _ := rule.Budget.Above.Float64()
	rule.Limits = []Limit{{Measure: measureBudget, How: measureCost, Column: "cost", Scale: 1, Unit: "SEK", aboveUnit: percent}}
	f.says(rule)
}

func budgetKeys() []key {
	return []key{
		{name: "metric", form: formText, required: true, says: "metric of the goals that are budgets", words: []string{metricBudget}},
		{name: "above_percent", form: formNumber, says: "per cent of the budget above which it trips; 100 when left out"},
		{name: "high_above_percent", form: formNumber, says: "the severity is high above this"},
	}
}

func (f fields) goalBody(rule *Rule) {
	f.fits(rule, []string{SubjectUnit, SubjectCostCentre}, []string{WindowMonth})
	for _, key := range []string{"where", "when", "exempt_numbers"} {
		if f.has(key) {
			f.r.problem(f.value[key], "%s: goals are measured as docs/goals.md says; kind goal has no %q", f.what, key)
		}
	}
	rule.Where, rule.ExemptNumbers = nil, nil
	n := f.need("goal")
	if n == nil {
		return
	}
	g, ok := f.r.mapping(n, f.what+" goal", names(goalKeys())...)
	if !ok {
		return
	}
	rule.GoalRule = &GoalRule{Metric: g.text("metric", true)}
	for _, item := range g.list("status", true) {
		if !slices.Contains(GoalStatuses(), item.Value) {
			f.r.problem(item, "%s goal: status cannot be %q%s", f.what, item.Value, didYouMean(item.Value, GoalStatuses()))
			continue
		}
		rule.GoalRule.Status = append(rule.GoalRule.Status, item.Value)
	}
	rule.Limits = []Limit{{Measure: measureGoal, How: measureCount, Scale: 1, Unit: rule.GoalRule.Metric}}
	f.says(rule)
}

func goalKeys() []key {
	return []key{
		{name: "metric", form: formText, required: true, says: "metric of the goal, such as watches_open or unused_lines"},
		{name: "status", form: formList, item: formText, required: true, says: "states that trip: missed, off_track, too_little_data, on_track or reached"},
	}
}

// rollingForm reads the length of a rolling window.
func (f fields) rollingForm(rule *Rule) {
	if rule.Kind != KindThreshold {
		f.r.problem(f.at("window"), "%s: the window %s is for the kind %s", f.what, WindowRolling, KindThreshold)
	}
	rule.Days = int(f.integer("days", true, 30, 2))
	if rule.Days > 400 {
		f.r.problem(f.value["days"], "%s: \"days\" is at most 400", f.what)
	}
}

// rollingLimits checks that the limits of a rolling window are sums.
func (f fields) rollingLimits(rule *Rule) {
	for _, l := range rule.Limits {
		if !slices.Contains([]string{measureCount, measureSum, measureCost}, l.How) || len(l.Except) > 0 {
			f.r.problem(f.at("limits"), "%s: a rolling window has limits of count, sum and cost, without except", f.what)
			return
		}
	}
}

// specialKeys are the keys of rules of these kinds.
func specialKeys() []key {
	return []key{
		{name: "absence", form: formMapping, says: "kind absence: what is missed, and of which lines", keys: absenceKeys()},
		{name: "schedule", form: formMapping, says: "kind schedule: how many telephone hours there must be", keys: scheduleKeys()},
		{name: "budget", form: formMapping, says: "kind budget: which budgets, and how much of them", keys: budgetKeys()},
		{name: "goal", form: formMapping, says: "kind goal: which goals, and in which state they trip", keys: goalKeys()},
		{name: "days", form: formInteger, says: "window rolling: its length, 2 to 400"},
	}
}

// is tells which kind the file gives, before it is checked.
func (f fields) is(kind string) bool { return f.has("kind") && f.value["kind"].Value == kind }

// kinds lists the words that a rule may have as its kind.
func kinds() []string {
	return []string{KindMatch, KindThreshold, KindTrend, KindAbsence, KindSchedule, KindBudget, KindGoal}
}

// subjects lists the words that a rule may have as its subject.
func subjects() []string { return []string{SubjectLine, SubjectUnit, SubjectCostCentre} }
