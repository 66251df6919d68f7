package query

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
)

// evidenceLists are about one violation, named by the filter violation. All of them read it where
// the page about a violation does, so that who may see what is decided there. Without the filter
// they are empty.
func evidenceLists() map[string]listFunc {
	figure := func(unit string, f func(v *Violation) decimal.Decimal) listFunc {
		return oneNumber(unit, func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error) {
			v, err := r.chosenViolation(ctx, l)
			if err != nil || v == nil {
				return nil, err
			}
			d := f(v)
			return &d, nil
		})
	}
	return map[string]listFunc{
		"violation_value":          violationMeasure(func(v *Violation) float64 { return v.Value }),
		"violation_limit":          violationMeasure(func(v *Violation) float64 { return v.Limit }),
		"violation_sum":            figure(unitKronor, func(v *Violation) decimal.Decimal { return asAmount(v.Cost) }),
		"violation_events":         figure(unitCount, func(v *Violation) decimal.Decimal { return decimal.NewFromUint64(v.EvidenceTotal) }),
		"violation_facts":          violationFacts,
		"violation_history":        violationHistory,
		"violation_evidence":       violationEvidence,
		"violation_evidence_daily": violationEvidenceDaily,
	}
}

// chosenViolation is the one that the filter names; nil when it names none.
func (r *Runner) chosenViolation(ctx context.Context, l *listing) (*Violation, error) {
	for _, f := range l.filters {
		if f.Field == "violation" && len(f.Values) > 0 && f.Values[0] != "" {
			scope := l.scope
			if !slices.Contains([]string{"violation_facts", "violation_evidence", "violation_evidence_daily"}, l.q.Metric) {
				scope.Persons = Persons{} // figures and their history need no subject and no evidence
			}
			return r.violation(ctx, scope, f.Values[0], l.q.Lang, l.q.Metric)
		}
	}
	return nil, nil
}

func asAmount(text string) decimal.Decimal {
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Zero // Violation writes decimals only
	}
	return d
}

// violationMeasure shows what was measured, or its limit, in the rule's own unit.
func violationMeasure(of func(v *Violation) float64) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		v, err := r.chosenViolation(ctx, l)
		if err != nil {
			return nil, err
		}
		var value *float64
		unit := unitCount
		if v != nil {
			n := of(v)
			value = &n
			if u := map[string]string{"SEK": unitKronor, "MB": unitMB, "min": unitMinutes, "%": unitPercent}[v.ValueUnit]; u != "" {
				unit = u
			}
		}
		f := data.NewFrame(l.q.Metric, numberField(l.q.Metric, l.texts.T("metric."+l.q.Metric), unit, []*float64{value}))
		f.Meta = &data.FrameMeta{}
		return f, nil
	}
}

// violationFacts says in words what was found, about whom, and which rule it breaks.
func violationFacts(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	v, err := r.chosenViolation(ctx, l)
	if err != nil {
		return nil, err
	}
	var got rows
	add := func(key, value string) {
		if value != "" {
			got = append(got, []any{l.texts.T("field." + key), value})
		}
	}
	if v != nil {
		subject := v.Subject.Label
		if v.Subject.Kind == "unit" {
			subject = l.texts.T("subject.unit")
		}
		add("rule", v.Title.In(l.texts.Lang()))
		add("why", v.Reason.In(l.texts.Lang()))
		add("severity", l.texts.Value("severity", v.Severity))
		add("state", l.texts.Value("state", v.State))
		add("subject", subject)
		add("unit", v.Subject.Unit)
		add("cost_centre", v.Subject.CostCentre)
		add("window", v.Window.Label)
		if v.Policy.Document != "" {
			add("policy", v.Policy.Document+", "+v.Policy.Section+": "+v.Policy.Quote)
		}
	}
	c := &columns{texts: l.texts}
	c.text("fact", got, at(0))
	c.text("summary", got, at(1))
	return c.frame(l.q.Metric), nil
}

// violationHistory lists what became of the violation, the newest change first.
func violationHistory(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	v, err := r.chosenViolation(ctx, l)
	if err != nil {
		return nil, err
	}
	var all []Change
	if v != nil {
		all = slices.Clone(v.History)
		slices.Reverse(all)
	}
	got, more := shown(l, all)
	measured := func(f func(c Change) float64) func(row []any) string {
		return of(func(c Change) string { return l.texts.Measured(decimal.NewFromFloat(f(c)), v.ValueUnit) })
	}
	c := &columns{texts: l.texts}
	c.time("changed_at", got, of(func(c Change) time.Time { return c.At }))
	c.text("change", got, of(func(c Change) string { return l.texts.Value("change", c.Change) }))
	c.text("why", got, of(func(c Change) string { return c.Reason.In(l.texts.Lang()) }))
	c.text("value", got, measured(func(c Change) float64 { return c.Value }))
	c.text("limit", got, measured(func(c Change) float64 { return c.Limit }))
	return c.capped(l.q.Metric, more, l.q.Limit), nil
}

// kronor is the currency of every amount that states no other.
const kronor = "SEK"

// violationEvidence lists the events that the violation rests on.
func violationEvidence(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	v, err := r.chosenViolation(ctx, l)
	if err != nil {
		return nil, err
	}
	var all []Evidence
	var total uint64
	if v != nil {
		all, total = v.Evidence, v.EvidenceTotal
	}
	got, _ := shown(l, all)
	none := l.texts.T("none")
	number := func(f func(e Evidence) uint64) func(row []any) *decimal.Decimal {
		return of(func(e Evidence) *decimal.Decimal { return present(f(e) > 0, decimal.NewFromUint64(f(e))) })
	}
	c := &columns{texts: l.texts}
	c.time("occurred_at", got, of(func(e Evidence) time.Time { return e.OccurredAt }))
	c.text("service", got, of(func(e Evidence) string { return l.texts.Value("service", e.Service) }))
	c.text("other_mask", got, of(func(e Evidence) string { return cmp.Or(e.OtherMask, none) }))
	c.text("visited_country", got, of(func(e Evidence) string { return cmp.Or(e.VisitedCountry, none) }))
	c.number("duration", unitMinutes, got, of(func(e Evidence) *decimal.Decimal {
		return present(e.DurationS > 0, decimal.NewFromUint64(e.DurationS).DivRound(decimal.NewFromInt(60), 2))
	}))
	c.number("volume", unitMB, got, of(func(e Evidence) *decimal.Decimal {
		return present(e.VolumeBytes > 0, decimal.NewFromUint64(e.VolumeBytes).Shift(-6))
	}))
	c.number("watches_open", unitCount, got, number(func(e Evidence) uint64 {
		if e.Count == nil {
			return 0
		}
		return *e.Count
	}))
	foreign := slices.ContainsFunc(all, func(e Evidence) bool { return cmp.Or(e.Currency, kronor) != kronor })
	charged := unitKronor
	if foreign {
		charged = unitCount // the currency stands beside it
	}
	c.number("charged", charged, got, of(func(e Evidence) *decimal.Decimal { d := asAmount(e.Charged); return &d }))
	if foreign {
		c.text("currency", got, of(func(e Evidence) string { return cmp.Or(e.Currency, kronor) }))
	}
	c.number("rated", unitKronor, got, of(func(e Evidence) *decimal.Decimal { d := asAmount(e.Rated); return &d }))
	c.text("name", got, of(func(e Evidence) string { return cmp.Or(e.File, none) }))
	c.number("file_row", unitCount, got, number(func(e Evidence) uint64 { return e.Row }))
	for _, f := range c.fields {
		if f.Name == "charged" || f.Name == "rated" {
			f.Config.SetDecimals(2)
		}
	}
	f := c.frame(l.q.Metric)
	if v != nil && v.Withheld {
		note(f, l.texts.T("scope.persons"))
	} else if total > uint64(len(got)) {
		note(f, l.texts.T("notice.rows", "n", strconv.Itoa(len(got))))
	}
	return f, nil
}

// violationEvidenceDaily counts the events day by day. Their costs add up to the violation's, unless
// there is more evidence than is kept, and it says so.
func violationEvidenceDaily(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	v, err := r.chosenViolation(ctx, l)
	if err != nil {
		return nil, err
	}
	type dayCount struct {
		day  time.Time
		n    int
		cost decimal.Decimal
	}
	var days []dayCount
	if v != nil {
		for _, e := range v.Evidence { // in order of time
			day := date(e.OccurredAt, r.cfg.Zone)
			if len(days) == 0 || !days[len(days)-1].day.Equal(day) {
				days = append(days, dayCount{day: day})
			}
			last := &days[len(days)-1]
			last.n++
			last.cost = last.cost.Add(asAmount(e.Cost))
		}
	}
	got, more := shown(l, days)
	c := &columns{texts: l.texts}
	c.text("day", got, of(func(d dayCount) string { return d.day.Format("01-02") })) // short: a month of them stands side by side
	c.number("records", unitCount, got, of(func(d dayCount) *decimal.Decimal { return count(d.n) }))
	c.number("cost", unitKronor, got, of(func(d dayCount) *decimal.Decimal { return &d.cost }))
	f := c.capped(l.q.Metric, more, l.q.Limit)
	if v != nil && v.Withheld {
		note(f, l.texts.T("scope.persons"))
	} else if v != nil && v.Subject.Kind == subjectLine && v.EvidenceTotal > uint64(len(v.Evidence)) {
		note(f, l.texts.T("notice.rows", "n", strconv.Itoa(len(v.Evidence))))
	}
	return f, nil
}

// violationOptions lists violations, the newest first, by rule, unit and window.
func (r *Runner) violationOptions(ctx context.Context, scope Scope, texts messages.Texts) ([]Option, error) {
	s := &statement{}
	var c conditions
	s.scope(&c, scope, "unit_id")
	s.write("SELECT lower(hex(violation_id)), rule, rule_version, unit_id, window_kind, window_from FROM violations_current%s\nORDER BY window_from DESC, last_event_at DESC, violation_id\nLIMIT %d\nSETTINGS final = 1", c.where(), usualRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	names, err := r.labels(ctx, texts.Lang(), []string{"unit"}, got)
	if err != nil {
		return nil, err
	}
	out := make([]Option, 0, len(got))
	for _, row := range got {
		out = append(out, Option{windowLabel(texts, asText(row[4]), asTime(row[5])) + " · " + names.text("unit", asText(row[3])) + " · " + r.ruleTitle(texts.Lang(), asText(row[1]), uint32(asCount(row[2]))), asText(row[0])})
	}
	return out, nil
}
