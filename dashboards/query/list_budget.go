package query

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// budgetShare says of each cost centre with a budget how much of it is used: the one number that an
// alert rule can compare with a limit, where the follow-up has several.
func budgetShare(ctx context.Context, r *Runner, l *listing) (*data.Frame, error) {
	all, err := costCentreFollowUp(ctx, r, l)
	if err != nil {
		return nil, err
	}
	where, _ := all.FieldByName("cost_centre")
	share, _ := all.FieldByName("share")
	out := data.NewFrame(l.q.Metric, data.NewFieldFromFieldType(where.Type(), 0), data.NewFieldFromFieldType(share.Type(), 0))
	for i, from := range []*data.Field{where, share} {
		out.Fields[i].Name, out.Fields[i].Config = from.Name, from.Config
	}
	for i := range where.Len() {
		if _, ok := share.ConcreteAt(i); ok {
			out.AppendRow(where.At(i), share.At(i))
		}
	}
	out.Meta = all.Meta
	return out, nil
}
