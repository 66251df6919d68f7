// Package charges works out what a month costs beyond what single records cost: monthly fees
// and credits, what was used beyond bundles, pools and fair use, and rebates. It is the rated
// side of an invoice. Nothing of it is recorded: it is worked out from usage, lines and price
// books whenever it is asked for, and the same rows always give the same charges. docs/charges.md
// says how each is worked out.
package charges

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Kinds of charges, in the order in which they are told.
const (
	KindFee     = "fee"      // of a month, or of the days of it on which the line was held
	KindCredit  = "credit"   // a monthly fee that is negative
	KindOverage = "overage"  // used beyond what the bundle or pool holds
	KindFairUse = "fair_use" // used in a zone beyond what may be used there of the bundle
	KindRebate  = "rebate"   // per cent of what the month's use of a service costs
)

// Units of quantities. Time and volume are told in seconds and bytes, so that they are exact.
const (
	UnitMonth  = "month"
	UnitDay    = "day"
	UnitSecond = "s"
	UnitByte   = "byte"
	UnitSMS    = "SMS"
	UnitCall   = "call"
)

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Input says what is asked.
type Input struct {
	Zone  *time.Location // in which days and months begin
	Month schema.Day     // any day of the month
	Line  string         // charges of this line only (its canonical pseudonym); empty: every line
}

// Charge is one amount of a month that no single record carries.
type Charge struct {
	Kind       string       `json:"kind"`
	LineID     string       `json:"line"` // pseudonym
	UnitID     string       `json:"unit"`
	CostCentre string       `json:"cost_centre"`
	Operator   string       `json:"operator"`
	Plan       string       `json:"plan"`
	PriceID    string       `json:"price_id"`         // of a fee, rebate or fair use its own row, of an overage the row of the use
	Bundle     string       `json:"bundle,omitempty"` // overage and fair use
	Service    string       `json:"service,omitempty"`
	Quantity   int64        `json:"quantity"`
	Unit       string       `json:"quantity_unit,omitempty"` // month, day, s, byte, SMS or call
	Amount     schema.Money `json:"amount"`                  // SEK excluding VAT; negative where it is given back
	Detail     string       `json:"detail,omitempty"`        // name=value pairs separated by semicolons
}

// Used is the rated use of a line and service in the month, fees left out.
type Used struct {
	LineID   string       `json:"line"`
	Operator string       `json:"operator"` // that itemised it, else that of the line
	Plan     string       `json:"plan"`
	Service  string       `json:"service"`
	Records  uint64       `json:"records"`
	Seconds  uint64       `json:"seconds"` // connected time, without increments
	Bytes    uint64       `json:"bytes"`
	Messages uint64       `json:"messages"`
	Bundled  uint64       `json:"bundled"` // records that drew from a bundle
	Rated    schema.Money `json:"rated"`   // SEK, of the records themselves
}

// What a note can be about: what could not be worked out, and is not in the charges.
const (
	NoteNoBundle  = "no_bundle"        // use draws from a bundle of which no row tells what it holds
	NoteNoPrice   = "no_price"         // use was rated with a price that the books do not hold any more
	NoteNoRate    = "no_exchange_rate" // a price is in a currency whose worth nobody stated
	NoteTooLarge  = "out_of_range"     // price times quantity is more than an amount can be
	maxVolume     = 1 << 50            // bytes of one record; a sum of thousands still fits
	percentOfUnit = 100 * int64(schema.Micro)
)

// Note tells what is missing from the charges.
type Note struct {
	Kind     string `json:"kind"`
	Operator string `json:"operator"`
	Plan     string `json:"plan"`
	PriceID  string `json:"price_id,omitempty"`
	Bundle   string `json:"bundle,omitempty"`
	Records  uint64 `json:"records,omitempty"`
}

// Result is a month of charges.
type Result struct {
	Month   string                  `json:"month"` // its first day
	Charges []Charge                `json:"charges"`
	Usage   []Used                  `json:"usage"`
	Sums    map[string]schema.Money `json:"sums"`  // of the charges, by kind
	Total   schema.Money            `json:"total"` // of the charges and the rated use
	Notes   []Note                  `json:"notes,omitempty"`
}

// Month works out the charges of a month. Only sums are read of lines that stay within their
// bundles.
func Month(ctx context.Context, store Store, in Input) (Result, error) {
	if in.Zone == nil {
		return Result{}, errors.New("working out the charges of a month needs a zone")
	}
	month := in.Month.Month()
	m := &monthly{store: store, zone: in.Zone, span: newSpan(month, in.Zone), book: newLedger()}
	if err := m.work(ctx); err != nil {
		return Result{}, fmt.Errorf("working out the charges of %s: %w", month.String()[:7], err)
	}
	return m.result(in.Line)
}

// monthly is the work on a month.
type monthly struct {
	store  Store
	zone   *time.Location
	span   span
	tariff *Tariff
	lines  []heldLine
	groups []group
	meter  *meter
	book   *ledger
}

func (m *monthly) work(ctx context.Context) (err error) {
	if m.tariff, err = LoadTariff(ctx, m.store); err != nil {
		return err
	}
	if m.lines, err = loadLines(ctx, m.store, m.span); err != nil {
		return err
	}
	for i := range m.lines {
		m.book.fees(m.tariff, m.span, &m.lines[i])
	}
	if m.groups, err = loadGroups(ctx, m.store, m.span, m.tariff); err != nil {
		return err
	}
	m.meter = newMeter(m.tariff, m.tariff.Book(), newShares(m.span, m.lines).holds)
	if err := m.beyond(ctx); err != nil {
		return err
	}
	for i := range m.groups {
		g := &m.groups[i]
		if !g.bundled {
			m.book.use(m.tariff, &g.use, g.rated)
		}
	}
	m.book.rebates()
	return nil
}

// beyond finds the bundles that were used up, by sums, and reads the records of those.
func (m *monthly) beyond(ctx context.Context) error {
	sums := map[*account]int64{}
	type drawn struct {
		g     *group
		to    draw
		price *schema.Price
	}
	var all []drawn
	for i := range m.groups {
		g := &m.groups[i]
		if !g.bundled {
			continue
		}
		p := m.tariff.price(g.use.price, g.use.at)
		if p == nil || p.Bundle == "" {
			m.book.note(Note{Kind: NoteNoPrice, Operator: g.use.operator, Plan: g.use.plan, PriceID: g.use.price, Records: g.records})
			continue
		}
		to, ok := m.meter.find(&g.use, p)
		if !ok {
			m.book.note(Note{Kind: NoteNoBundle, Operator: g.use.operator, Plan: g.use.plan, Bundle: p.Bundle, Records: g.records})
			continue
		}
		q := g.quantity(p)
		sums[to.bundle] += q
		if to.fair != nil {
			sums[to.fair] += q
		}
		all = append(all, drawn{g, to, p})
	}
	full := func(a *account) bool { return a != nil && sums[a] >= a.holds }
	want := wanted{prices: map[string]bool{}, lines: map[string]bool{}}
	for _, d := range all {
		if full(d.to.bundle) || full(d.to.fair) {
			want.prices[d.g.use.price] = true
			want.lines[d.g.use.line] = true
		}
	}
	if len(want.prices) == 0 {
		return nil
	}
	return eachRecord(ctx, m.store, m.span, want, func(u *use, r *schema.Usage) error {
		p := m.tariff.price(u.price, u.at)
		if p == nil {
			return nil // noted with the sums
		}
		to, ok := m.meter.find(u, p)
		if !ok {
			return nil
		}
		m.book.beyond(m.tariff, u, p, to, m.meter.take(to, u, p, r))
		return nil
	})
}

// result orders what was found.
func (m *monthly) result(line string) (Result, error) {
	r := Result{Month: m.span.first.String(), Sums: map[string]schema.Money{}, Charges: []Charge{}, Usage: usedOf(m.groups, line), Notes: m.book.noted()}
	sum := adder{}
	for _, c := range m.book.list() {
		if line == "" || c.LineID == line {
			r.Charges = append(r.Charges, c)
			r.Sums[c.Kind] = sum.add(r.Sums[c.Kind], c.Amount)
			r.Total = sum.add(r.Total, c.Amount)
		}
	}
	for _, u := range r.Usage {
		r.Total = sum.add(r.Total, u.Rated)
	}
	if sum.err != nil {
		return Result{}, fmt.Errorf("adding up the charges of %s: %w", m.span.first, sum.err)
	}
	return r, nil
}

// usedOf adds the groups up by line and service.
func usedOf(groups []group, line string) []Used {
	type key struct{ line, operator, plan, service string }
	at := map[key]int{}
	out := []Used{}
	for i := range groups {
		g := &groups[i]
		if line != "" && g.use.line != line {
			continue
		}
		k := key{g.use.line, g.use.operator, g.use.plan, g.use.service}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k] = n
			out = append(out, Used{LineID: k.line, Operator: k.operator, Plan: k.plan, Service: k.service})
		}
		u := &out[n]
		u.Records, u.Seconds, u.Bytes, u.Messages = u.Records+g.records, u.Seconds+g.duration, u.Bytes+g.bytes, u.Messages+g.messages
		if u.Rated += g.rated; g.bundled {
			u.Bundled += g.records
		}
	}
	slices.SortFunc(out, func(a, b Used) int {
		return cmp.Or(cmp.Compare(a.LineID, b.LineID), cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Service, b.Service))
	})
	return out
}

// adder adds amounts and remembers that a sum was beyond what an amount can be.
type adder struct{ err error }

func (a *adder) add(x, y schema.Money) schema.Money {
	sum, err := (x + y).MulDiv(1, 1) // each fits, so their sum fits the type
	if err != nil {
		a.err = err
		return x
	}
	return sum
}
