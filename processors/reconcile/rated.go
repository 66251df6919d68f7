package reconcile

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// PriceBook tells the monthly fees and credits of the price books (per = month) and nothing else:
// of the prices with the same service and sign the one holds that names operator and plan most closely.
type PriceBook struct{}

// Charges tells the fees of a month: of every line that is held on a day of it, by the plan of the
// first of these days, counted by days where the price says so.
func (PriceBook) Charges(ctx context.Context, store Store, zone *time.Location, month schema.Day) ([]Charge, error) {
	next := (month + 31).Month()
	rows, err := store.Query(ctx, `WITH {begin:DateTime64(3)} AS begins, {end:DateTime64(3)} AS ends,
prices_of AS (SELECT price_id, operator, plan, service, price, prorated, valid_from FROM prices WHERE per = 'month' AND valid_from < ends AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to > begins))
SELECT line_id, toString(l.operator), toString(p.service), toString(argMax(p.price_id, best)), toInt64(toDecimal128(argMax(p.price, best), 6) * 1000000), argMax(p.prorated, best), any(days)
FROM (
    SELECT line_id, operator, argMin(plan, valid_from) AS plan, sum(dateDiff('day', toDate32(greatest(valid_from, begins), {zone:String}), toDate32(if(toUnixTimestamp64Milli(valid_to) = 0, ends, least(valid_to, ends)), {zone:String}))) AS days
    FROM lines WHERE operator != '' AND valid_from < ends AND (toUnixTimestamp64Milli(valid_to) = 0 OR valid_to > begins) GROUP BY line_id, operator
) AS l
CROSS JOIN (SELECT *, (operator != '') * 2 + (plan != '') AS weight, (weight, toUnixTimestamp64Milli(valid_from), price_id) AS best FROM prices_of) AS p
WHERE (p.operator = '' OR p.operator = l.operator) AND (p.plan = '' OR p.plan = l.plan) AND days > 0
GROUP BY line_id, l.operator, p.service, p.price < 0
ORDER BY line_id, l.operator, p.service
SETTINGS final = 1`, clickhouse.Named("begin", moment(month.Start(zone))), clickhouse.Named("end", moment(next.Start(zone))), clickhouse.Named("zone", zone.String()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return scanCharges(rows, month, int64(next-month))
}

func scanCharges(rows driver.Rows, month schema.Day, whole int64) (out []Charge, err error) {
	for rows.Next() {
		c := Charge{Month: month}
		var amount, days int64
		var prorated bool
		if err := rows.Scan(&c.LineID, &c.Operator, &c.Service, &c.PriceID, &amount, &prorated, &days); err != nil {
			return nil, err
		}
		c.Amount = schema.Money(amount)
		if prorated && days < whole {
			if c.Amount, err = c.Amount.MulDiv(days, whole); err != nil {
				return nil, err
			}
		}
		switch {
		case c.Amount < 0:
			c.Service = schema.ServiceCredit
		case c.Service == "":
			c.Service = schema.ServiceSubscription
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
