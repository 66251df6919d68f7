package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"linesman/dashboards/messages"
)

// personLists are the lists whose rows are single lines. Whoever adds such a list names it here:
// then it is refused without the right to see persons, narrowed to the units that the right is
// about, and recorded.
func personLists() []string {
	return []string{"lines_top", "subscriptions", "subscription_checks", "savings_list", "forwarding_lines", "invoice_disputes"}
}

// noPersons says that rows of single persons may not be seen.
func (r *Runner) noPersons(lang string) error {
	return &refusal{r.cfg.Messages.In(lang).T("scope.persons"), fmt.Errorf("%w: rows of single persons need an open case", ErrScope)}
}

// notePersons says so when rows of single persons are shown of some of the units only.
func notePersons(f *data.Frame, texts messages.Texts, whole, narrowed Scope) {
	if whole.All != narrowed.All || len(whole.units()) != len(narrowed.units()) {
		note(f, texts.T("notice.persons"))
	}
}

func (a *aggregate) notePersons(f *data.Frame, texts messages.Texts) {
	notePersons(f, texts, a.asked, a.scope)
}

// audit records a read before its rows are given.
func (r *Runner) audit(ctx context.Context, read Read) error {
	if r.cfg.Audit == nil || read.Rows == 0 {
		return nil
	}
	if err := r.cfg.Audit(ctx, read); err != nil {
		return fmt.Errorf("recording who reads rows of single persons: %w", err)
	}
	return nil
}

// read is what there is to record about an answer of an aggregate.
func (a *aggregate) read(n int) Read {
	return Read{Metric: a.q.Metric, Subject: only(a.filters, "line"), Unit: oneUnit(a.scope, a.filters), Rows: n}
}

// only is the one value that filters leave of a field; empty when there may be several.
func only(filters []Filter, field string) string {
	for _, f := range filters {
		if f.Field == field && f.Op != OpNotIn && len(f.Values) == 1 {
			return f.Values[0]
		}
	}
	return ""
}

// oneUnit is the one unit that an answer is about; empty when there may be several.
func oneUnit(scope Scope, filters []Filter) string {
	if units := scope.units(); !scope.All && len(units) == 1 {
		return units[0]
	}
	return only(filters, "unit")
}

// auditList records a list whose rows are single lines.
func (r *Runner) auditList(ctx context.Context, l *listing, f *data.Frame) error {
	read := Read{Metric: l.q.Metric, Unit: oneUnit(l.scope, l.filters), Rows: f.Rows()}
	if i := slices.IndexFunc(f.Fields, func(f *data.Field) bool { return f.Name == "line" }); i >= 0 && read.Rows == 1 {
		read.Subject, _ = f.Fields[i].At(0).(string)
	}
	return r.audit(ctx, read)
}
