package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// late is how many days before the lines' periods itemised records of a document are looked for:
// visited networks report roaming months after it was used.
const late = 92

// poolKey names a pool: what a line of an invoice may be billed for. Every record and every charge
// is in one pool, so nothing is counted twice.
type poolKey struct {
	operator, line, service string
	number                  string     // of the document that the records name; empty: they name none that is known
	from                    schema.Day // of records that name no document, and of charges: first day of the segment
	charge                  bool
	item                    string // of a pool without content that ties lines together which bill the same
}

// pool is what is in it, and who bills it.
type pool struct {
	key     poolKey
	used    Used
	itemSEK schema.Money // of the records: rated, or charged where no price covers them
	unrated uint64       // of them no price covers
	amount  schema.Money // of charges
	prices  []string
	events  []string
	lines   []*line
	comp    *component
}

// segments finds the days at which the periods of lines begin or have ended, and months begin: a
// segment between two of them lies wholly in a period or wholly outside it.
func (w *work) segments() {
	seen := map[schema.Day]bool{}
	for _, l := range w.lines {
		seen[l.from], seen[l.to+1] = true, true
	}
	for m := w.first.Month(); m <= w.last+1; m = (m + 31).Month() {
		seen[m] = true
	}
	w.edges = w.edges[:0]
	for d := range seen {
		w.edges = append(w.edges, d)
	}
	slices.Sort(w.edges)
}

// within lists where the segments of a period begin.
func (w *work) within(from, to schema.Day) []schema.Day {
	i, _ := slices.BinarySearch(w.edges, from)
	j, _ := slices.BinarySearch(w.edges, to+1)
	return w.edges[i:j]
}

// loadUse reads what the operators' itemised records add up to: by the document that they name
// where it is one that was read, else by the segment of their day.
func (w *work) loadUse(ctx context.Context) error {
	w.pools, w.detail = map[poolKey]*pool{}, map[string]bool{}
	w.segments()
	if len(w.lines) == 0 {
		return nil
	}
	edges := make([]string, len(w.edges))
	for i, d := range w.edges {
		edges[i] = fmt.Sprint(int32(d))
	}
	args := append(w.args(), clickhouse.Named("first", w.first.String()), clickhouse.Named("last", w.last.String()),
		clickhouse.Named("since", moment((w.first-late).Start(w.in.Zone))), clickhouse.Named("until", moment((w.last+1+late).Start(w.in.Zone))))
	const unrated = "rate_reason IN ('no_price', 'out_of_range', 'no_exchange_rate')"
	return w.each(ctx, `SELECT toString(operator), names, line_id, toString(service), toInt32(part), count(), sum(duration_s), sum(intDiv(duration_s + 59, 60)), sum(volume_bytes), sum(intDiv(volume_bytes + 999999, 1000000)),
    sum(messages), toInt64(sum(cost) * 1000000), toInt64(sum(rated) * 1000000), toInt64(sum(if(`+unrated+`, cost, rated)) * 1000000), countIf(`+unrated+`), groupUniqArrayIf(20)(toString(price_id), price_id != ''),
    arrayMap(x -> lower(hex(x)), groupArraySorted(20)(event_id))
FROM (
    SELECT *, if((operator, invoice) IN (SELECT operator, number FROM invoices), toString(invoice), '') AS names,
        if(names = '', arrayElement([`+strings.Join(edges, ", ")+`], arrayCount(x -> x <= toInt32(local_day), [`+strings.Join(edges, ", ")+`])), 0) AS part
    FROM usage WHERE occurred_at >= {since:DateTime64(3)} AND occurred_at < {until:DateTime64(3)} AND operator IN (SELECT operator FROM invoices WHERE `+w.asked()+`)
)
WHERE if(names = '', local_day BETWEEN {first:Date32} AND {last:Date32}, (operator, names) IN (SELECT operator, number FROM invoice_lines WHERE `+w.selected()+`))
GROUP BY operator, names, line_id, service, part`, func(rows driver.Rows) error {
		p := &pool{}
		var from int32
		var charged, rated, expected int64
		err := rows.Scan(&p.key.operator, &p.key.number, &p.key.line, &p.key.service, &from, &p.used.Records, &p.used.Seconds, &p.used.Minutes, &p.used.Bytes, &p.used.MB,
			&p.used.Count, &charged, &rated, &expected, &p.unrated, &p.prices, &p.events)
		if err != nil {
			return err
		}
		p.key.from = schema.Day(from)
		p.used.Charged, p.used.Rated, p.itemSEK = schema.Money(charged), schema.Money(rated), schema.Money(expected)
		slices.Sort(p.prices)
		w.pools[p.key] = p
		if !isFee(p.key.service) {
			w.detail[p.key.operator] = true
		}
		return nil
	}, args...)
}

func moment(t schema.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// isFee tells whether a service is money without traffic.
func isFee(service string) bool {
	switch service {
	case schema.ServiceSubscription, schema.ServiceOneTime, schema.ServiceCredit, serviceRebate:
		return true
	}
	return false
}

// loadCharges reads what the price books expect of the months of the lines, and divides each charge
// between the segments of its month by the days on which the subscription was held.
func (w *work) loadCharges(ctx context.Context) error {
	if len(w.lines) == 0 {
		return nil
	}
	for m := w.first.Month(); m <= w.last; m = (m + 31).Month() {
		charges, err := w.in.Rated.Charges(ctx, w.store, w.in.Zone, m)
		if err != nil {
			return fmt.Errorf("of %s: %w", m, err)
		}
		for _, c := range charges {
			if slices.Contains(w.operators, c.Operator) {
				w.divide(c)
			}
		}
	}
	return nil
}

func (w *work) divide(c Charge) {
	end := (c.Month + 31).Month() - 1
	parts := w.within(c.Month, end)
	if len(parts) == 0 || parts[0] != c.Month {
		parts = append([]schema.Day{c.Month}, parts...)
	}
	days := func(from, to schema.Day) (n int64) {
		for d := from; d <= to; d++ {
			if slices.ContainsFunc(w.held[c.LineID], func(s statement) bool { return s.on(d) }) {
				n++
			}
		}
		return n
	}
	if len(parts) == 1 { // the whole month is one segment
		days = func(from, to schema.Day) int64 { return int64(to - from + 1) }
	}
	all := days(c.Month, end)
	if all == 0 {
		days = func(from, to schema.Day) int64 { return int64(to - from + 1) }
		all = days(c.Month, end)
	}
	var given, so schema.Money
	for i, from := range parts {
		to := end
		if i+1 < len(parts) {
			to = parts[i+1] - 1
		}
		so += schema.Money(days(from, to))
		upTo, err := c.Amount.MulDiv(int64(so), all)
		if err != nil {
			upTo = c.Amount
		}
		key := poolKey{operator: c.Operator, line: c.LineID, service: c.Service, from: from, charge: true}
		p := w.pools[key]
		if p == nil {
			p = &pool{key: key}
			w.pools[key] = p
		}
		p.amount += upTo - given
		if c.PriceID != "" && !slices.Contains(p.prices, c.PriceID) {
			p.prices = append(p.prices, c.PriceID)
			slices.Sort(p.prices)
		}
		given = upTo
	}
}
