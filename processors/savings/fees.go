package savings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/charges"
	"linesman/schema"
)

// fee finds what ending a line saves: the fees of a year. They are those that the operator charged
// in the whole months, up to a year, in which the line was held, else those of the price book.
func (f *finder) fee(kind, id, other string, e Evidence) error {
	l := f.byID[id]
	if l == nil {
		return nil
	}
	n, sum := 0, schema.Money(0)
	for n < feeMonths {
		m := back(f.month, n)
		if m < f.first.Month() || !f.throughout(l, m, back(f.month, n-1)-1, false) && n > 0 {
			break
		}
		sum += f.fees[id][m]
		n++
	}
	e.From, e.To, e.Months = back(f.month, n-1).String(), f.end.String(), n
	year, err := sum.MulDiv(12, int64(n))
	if err != nil {
		return err
	}
	if year <= 0 {
		tried, err := f.trials.Try(charges.Trial{Month: f.month, Operator: l.now().operator, Plan: l.now().plan})
		if err != nil {
			return err
		}
		e.From, e.Months, e.Rated, e.Prices, sum = f.month.String(), 1, true, tried.Prices, tried.Fees
		if year, err = tried.Fees.MulDiv(12, 1); err != nil {
			return err
		}
	}
	if year <= 0 {
		f.unpriced[kind]++
		f.taken[id] = true
		return nil
	}
	e.Sums = append(e.Sums, Sum{Name: "fees", Amount: sum})
	if !e.Rated {
		f.unnamed = append(f.unnamed, unnamed{len(f.findings), id, back(f.month, n-1)})
	}
	f.add(kind, l, other, year, e)
	return nil
}

// unnamed is a finding whose fees are not named yet: its place, its line and the first day from which fees count.
type unnamed struct {
	finding int
	line    string
	first   schema.Day
}

// feeEvents names the fees behind findings, of all lines in one reading: usage is not kept in the order of
// pseudonyms, so that the fees of one line cost as much to find as those of all.
func (f *finder) feeEvents(ctx context.Context) error {
	if len(f.unnamed) == 0 {
		return nil
	}
	of, from := map[string]int{}, map[schema.Day][]string{}
	for _, u := range f.unnamed {
		of[u.line] = u.finding
		from[u.first] = append(from[u.first], text(u.line))
	}
	firsts := slices.Sorted(maps.Keys(from))
	var held []string
	for _, first := range firsts {
		held = append(held, fmt.Sprintf("local_day >= '%s' AND line_id IN (%s)", first, strings.Join(from[first], ", ")))
	}
	return f.each(ctx, fmt.Sprintf(`SELECT line_id, arrayMap(x -> lower(hex(x.2)), arraySlice(arraySort(groupArray((occurred_at, event_id))), 1, %d)), count()
FROM usage WHERE %s AND kind = 'fee' AND service = '%s' AND (%s) GROUP BY line_id`, mostIDs, within, schema.ServiceSubscription, strings.Join(held, " OR ")), func(rows driver.Rows) error {
		var id string
		var l listed
		if err := rows.Scan(&id, &l.ids, &l.n); err != nil {
			return err
		}
		e := &f.findings[of[id]].Evidence
		e.Events, e.Records = l.ids, l.n
		return nil
	}, f.days(firsts[0])...)
}
