package query

import (
	"context"
	"maps"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/shopspring/decimal"
)

// followUps are the lists of the dashboards about one matter each.
func followUps() map[string]listFunc {
	out := map[string]listFunc{}
	for _, more := range []map[string]listFunc{subscriptionLists(), savingLists(), invoiceLists(), travelLists(), watchLists(), qualityLists(), evidenceLists()} {
		maps.Copy(out, more)
	}
	return out
}

// followUpFields is what they can be filtered on.
func followUpFields(metric string) map[string]string {
	switch metric {
	case "subscriptions_held", "subscription_fees", "subscription_idle", "subscriptions_to_check", "subscription_units", "subscription_questions", "subscription_plans", "subscription_checks",
		"savings_year", "savings_found", "savings_kinds", "savings_units", "savings_list":
		return map[string]string{"month": "", "unit": ""}
	case "invoice_billed", "invoice_mismatch", "invoice_claimed", "invoice_documents", "invoice_outcomes", "invoice_disputes":
		return map[string]string{"month": ""}
	case "subscriptions":
		return map[string]string{"month": "local_day", "unit": "unit_id", "cost_centre": "cost_centre"}
	case "roaming_networks", "forwarding_lines":
		return map[string]string{"month": "local_day", "unit": "unit_id", "cost_centre": "cost_centre"}
	case "watches_age", "watches_over_time", "watches_by_unit", "watches_over_30d":
		return map[string]string{"unit": "unit_id"}
	case "restatement_list", "restatements", "late_records":
		return map[string]string{"unit": "unit_id", "cost_centre": "cost_centre"}
	case "violation_value", "violation_limit", "violation_events", "violation_sum", "violation_facts", "violation_history", "violation_evidence", "violation_evidence_daily":
		return map[string]string{"violation": ""}
	}
	return nil
}

// oneNumber makes a list of one number that may be missing.
func oneNumber(unit string, f func(ctx context.Context, r *Runner, l *listing) (*decimal.Decimal, error)) listFunc {
	return func(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
		d, err := f(ctx, r, l)
		if err != nil {
			return nil, err
		}
		c := &columns{texts: l.texts}
		c.number(l.q.Metric, unit, rows{nil}, func([]any) *decimal.Decimal { return d })
		return c.frame(l.q.Metric), nil
	}
}

// shown puts things into rows, up to the limit.
func shown[T any](l *listing, all []T) (got rows, more bool) {
	if more = len(all) > l.q.Limit; more {
		all = all[:l.q.Limit]
	}
	got = make(rows, len(all))
	for i, x := range all {
		got[i] = []any{x}
	}
	return got, more
}

// of reads a thing that shown put into a row.
func of[T, V any](f func(x T) V) func(row []any) V {
	return func(row []any) V { return f(row[0].(T)) }
}

func count(n int) *decimal.Decimal { d := decimal.NewFromInt(int64(n)); return &d }
