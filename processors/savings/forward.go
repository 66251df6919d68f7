package savings

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// forwarded is a leg that a forwarding line caused, to outside the organisation.
const forwarded = "service = '" + schema.ServiceVoiceForward + "' AND other_class != 'internal'"

// forwarding finds what calls forwarded to outside cost, as a year.
func (f *finder) forwarding(ctx context.Context) error {
	type leg struct {
		id   string
		cost schema.Money
	}
	var legs []leg
	err := f.each(ctx, `SELECT line_id, reinterpretAsInt64(toDecimal64(sum(cost), 6)) AS amount FROM usage_line_daily WHERE local_day BETWEEN {first:Date32} AND {last:Date32} AND `+forwarded+`
GROUP BY line_id HAVING amount > 0 ORDER BY line_id`, func(rows driver.Rows) error {
		var l leg
		var amount int64
		if err := rows.Scan(&l.id, &amount); err != nil {
			return err
		}
		l.cost = schema.Money(amount)
		legs = append(legs, l)
		return nil
	}, clickhouse.Named("first", f.from().String()), clickhouse.Named("last", f.end.String()))
	if err != nil {
		return err
	}
	events, err := f.forwardedEvents(ctx)
	if err != nil {
		return err
	}
	for _, leg := range legs {
		l := f.byID[leg.id]
		if l == nil {
			continue // ended meanwhile, or not one of ours
		}
		year, err := leg.cost.MulDiv(12, int64(f.months()))
		if err != nil {
			return err
		}
		e := Evidence{From: f.from().String(), To: f.end.String(), Months: f.months(), Sums: []Sum{{Name: "cost", Amount: leg.cost}}, Events: events[leg.id].ids, Records: events[leg.id].n}
		f.add(Forwarding, l, "", year, e)
	}
	return nil
}

// listed are events of a line, and how many there are.
type listed struct {
	ids []string
	n   uint64
}

// forwardedEvents lists the legs that cost something, of all lines at once.
func (f *finder) forwardedEvents(ctx context.Context) (map[string]listed, error) {
	out := map[string]listed{}
	err := f.each(ctx, `SELECT line_id, arrayMap(x -> lower(hex(x.2)), arraySlice(arraySort(groupArray((occurred_at, event_id))), 1, 20)), count() FROM usage WHERE `+within+` AND `+forwarded+` AND cost > 0 GROUP BY line_id`, func(rows driver.Rows) error {
		var id string
		var l listed
		if err := rows.Scan(&id, &l.ids, &l.n); err != nil {
			return err
		}
		out[id] = l
		return nil
	}, f.days(f.from())...)
	return out, err
}
