package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/enrich"
	"linesman/processors/rate"
	"linesman/processors/store"
	"linesman/schema"
)

// onlyPrices tells whether nothing but prices changed: then no row moves to another line, unit,
// class or zone, and what a row costs follows from few columns.
func onlyPrices(c *enrich.Change) bool {
	for _, why := range c.Why {
		if why.Cause != schema.CausePrice {
			return false
		}
	}
	return c.All && len(c.Why) > 0 && len(c.Lines) == 0 && len(c.Currencies) == 0
}

// Rows whose rating does not follow from the prices: fees, and calls that cost nothing.
const priced = "kind != '" + schema.KindFee + "' AND NOT (kind = '" + schema.KindCall + "' AND (NOT answered OR service = '" + schema.ServiceVoiceIn + "'))"

// Rows of which the operator charged in another currency: what that is worth is told elsewhere.
const foreign = "(operator != '' AND currency NOT IN ('', '" + rate.HomeCurrency + "'))"

// maxKeys bounds what a statement lists: with more, rows are rated one by one.
const maxKeys = 20_000

// rerating rates in the engine what changed prices concern. The choice of a price depends on few
// columns and is made here, once for each combination of their values; the amounts are worked
// out by the engine, in whole numbers, as [rate.Amount] does. Whatever depends on more (hours,
// other currencies) is left to be rated row by row.
type rerating struct {
	p     *Pipeline
	book  *rate.Book
	from  string // condition on the time
	sorts []sort
	edges []schema.Time // between the first row and the last
	plans []plan
	keys  map[uint64]int // which plan it has
	left  []uint64       // keys of which the rows are to be rated one by one
	other bool           // there are rows that were charged in another currency
}

// rerate rates in the engine what it can, and returns the condition on the rows that are left:
// empty where none are. What the engine does not do is done row by row: at once where it says so,
// by the next try where it fell silent (it died of it, or something between cut the connection).
func (rp *referencePart) rerate(ctx context.Context, c *enrich.Change, dirty *Dirty) (left string, moved int, err error) {
	p, all := rp.p, restateWhere(c)
	if p.share != nil || !onlyPrices(c) { // where others write too, a month cannot be swapped
		return all, 0, nil
	}
	if rp.rowByRow {
		p.dropLeft(ctx)
		return all, 0, nil
	}
	r := &rerating{p: p, book: p.book.Clone(), from: all}
	left, moved, err = r.rate(ctx, dirty, newReasons(c.Why))
	if err == nil || ctx.Err() != nil {
		return left, moved, err
	}
	rp.rowByRow = true
	if !refused(err) {
		return "", moved, fmt.Errorf("the next try rates row by row: %w", err)
	}
	p.out.Warn("the engine does not rate usage again, it is done row by row", "error", err)
	return all, moved, nil // each month is as it was, or as it is to be
}

// refused tells whether the engine answered with an error. Any other one leaves open what it did.
func refused(err error) bool {
	var answer *clickhouse.Exception
	return errors.As(err, &answer)
}

// rate does it, and returns the condition on the rows that it leaves.
func (r *rerating) rate(ctx context.Context, dirty *Dirty, why *reasons) (left string, moved int, err error) {
	if ok, err := r.prepare(ctx); err != nil || !ok {
		return r.from, 0, err
	}
	spans, err := r.spans(ctx)
	if err != nil {
		return "", 0, err
	}
	for i := range spans {
		n, err := r.run(ctx, &spans[i], dirty, why)
		if moved += n; err != nil {
			return "", moved, err
		}
	}
	return r.remaining(), moved, nil
}

// run rates a span of time: first it notes what moves, then it moves it.
func (r *rerating) run(ctx context.Context, s *span, dirty *Dirty, why *reasons) (moved int, err error) {
	moved, err = r.note(ctx, s, dirty, why)
	if err != nil {
		return 0, fmt.Errorf("finding what other prices move: %w", err)
	}
	if moved == 0 {
		return 0, nil
	}
	return moved, r.move(ctx, s)
}

// prepare finds out how each row is rated. Not ok: the engine would not do it, or not faster.
func (r *rerating) prepare(ctx context.Context) (ok bool, err error) {
	var rows uint64
	var first, last int64
	stmt := "SELECT count(), toUnixTimestamp64Milli(min(occurred_at)), toUnixTimestamp64Milli(max(occurred_at)) FROM usage WHERE " + r.from
	if err := r.p.store.Conn().QueryRow(store.AsItLies(ctx), stmt).Scan(&rows, &first, &last); err != nil {
		return false, fmt.Errorf("counting what other prices concern: %w", err)
	}
	if rows < uint64(r.p.cfg.RerateRows) {
		return false, nil
	}
	for _, e := range r.book.Segments() {
		if int64(e) > first && int64(e) <= last {
			r.edges = append(r.edges, e)
		}
	}
	if len(r.edges) > maxKeys {
		return false, nil
	}
	if r.sorts, err = r.findSorts(ctx); err != nil {
		return false, fmt.Errorf("finding what prices depend on: %w", err)
	}
	if combinations(r.sorts, len(r.edges)) >= 1<<62 {
		return false, nil
	}
	return r.choose(ctx, schema.Time(first))
}

// choose finds the price of each key that there is.
func (r *rerating) choose(ctx context.Context, first schema.Time) (ok bool, err error) {
	rows, err := r.p.store.Conn().Query(store.AsItLies(ctx), fmt.Sprintf("SELECT %s AS k, max(%s) FROM usage WHERE %s AND %s GROUP BY k LIMIT %d", r.key(), foreign, r.from, priced, maxKeys+1))
	if err != nil {
		return false, fmt.Errorf("finding what is to be rated: %w", err)
	}
	r.keys = map[uint64]int{}
	known := map[plan]int{}
	err = store.EachRow(rows, func(rows driver.Rows) error {
		var k uint64
		var other uint8
		if err := rows.Scan(&k, &other); err != nil {
			return err
		}
		r.other = r.other || other != 0
		u := r.example(k, first)
		price, plain := r.book.Plain(&u)
		p, fits := newPlan(price)
		if !plain || !fits {
			r.left = append(r.left, k)
			return nil
		}
		n, ok := known[p]
		if !ok {
			n = len(r.plans)
			r.plans = append(r.plans, p)
			known[p] = n
		}
		r.keys[k] = n
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("finding what is to be rated: %w", err)
	}
	slices.Sort(r.left)
	return len(r.keys) > 0 && len(r.keys)+len(r.left) <= maxKeys, nil
}

// remaining is the condition on the rows that are to be rated one by one; empty: there are none.
func (r *rerating) remaining() string {
	either := ""
	if r.other {
		either = foreign
	}
	if len(r.left) > 0 {
		if either != "" {
			either += " OR "
		}
		either += r.key() + " IN (" + numbers(r.left) + ")"
	}
	if either == "" {
		return ""
	}
	return r.from + " AND " + priced + " AND (" + either + ")"
}
