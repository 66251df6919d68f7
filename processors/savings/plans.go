package savings

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/charges"
	"linesman/schema"
)

// Why a line's plan was compared with no other.
const (
	fewMonths  = "few_months"  // the data cover fewer than three months
	changed    = "changed"     // the line or its plan is younger
	noPlan     = "no_plan"     // no operator or plan is stated
	noOther    = "no_other"    // the price book knows its plan only, or not at all
	noItemised = "no_itemised" // the operator itemised nothing in one of the months
	noPrice    = "no_price"    // some of its use has no price on its plan, or its plan shares one pool
)

// plans compares, of every line of which nothing was found, what three months would have cost on
// each other plan of its operator.
func (f *finder) plans(ctx context.Context) error {
	if f.months() < compared {
		f.notCompared[fewMonths] += len(f.lines)
		return nil
	}
	itemised, err := f.itemised(ctx)
	if err != nil {
		return err
	}
	open := map[string]*line{}
	for _, l := range f.lines {
		if f.taken[l.id] {
			continue
		}
		if why := f.comparable(l, itemised); why != "" {
			f.notCompared[why]++
		} else {
			open[l.id] = l
		}
	}
	if len(open) == 0 {
		return nil
	}
	firsts := f.firsts()
	var id string
	var of *line // that records are gathered of; nil: of one that is not compared
	var months byMonths
	judge := func() error {
		if of == nil {
			return nil
		}
		delete(open, id)
		return f.compare(of, &months)
	}
	err = f.records(ctx, func(u *schema.Usage) error {
		if u.Line != id {
			if err := judge(); err != nil {
				return err
			}
			id, of = u.Line, open[u.Line]
			months.reset()
		}
		if of != nil && of.now().operator == u.Operator {
			months.add(&firsts, u)
		}
		return nil
	})
	if err == nil {
		err = judge()
	}
	if err != nil {
		return err
	}
	for _, l := range f.lines { // of which nothing was itemised: they pay for use that they do not make
		if open[l.id] != nil {
			if err := f.compare(l, &byMonths{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// comparable tells why a line's plan cannot be compared; empty: it can.
func (f *finder) comparable(l *line, itemised map[string]int) string {
	n := l.now()
	switch {
	case n.operator == "" || n.plan == "":
		return noPlan
	case !f.throughout(l, f.from(), f.end, true):
		return changed
	}
	if known := f.tariff.Plans(n.operator, l.end); len(known) < 2 || !slices.Contains(known, n.plan) {
		return noOther
	}
	if itemised[n.operator] < compared {
		return noItemised
	}
	return ""
}

// itemised counts the months in which each operator itemised something.
func (f *finder) itemised(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	err := f.each(ctx, `SELECT toString(operator), uniqExact(toStartOfMonth(local_day)) FROM usage_daily WHERE local_day BETWEEN {first:Date32} AND {last:Date32} AND operator != '' AND kind != 'fee' GROUP BY operator`, func(rows driver.Rows) error {
		var operator string
		var n uint64
		if err := rows.Scan(&operator, &n); err != nil {
			return err
		}
		out[operator] = int(n)
		return nil
	}, f.days(f.from())[:2]...)
	return out, err
}

// records reads what operators itemised in the three months, line by line. What was forwarded is
// left out: it is found by itself. A record is do's until the next one is read.
func (f *finder) records(ctx context.Context, do func(*schema.Usage) error) error {
	var u schema.Usage
	return f.each(ctx, `SELECT line_id, event_id, toUnixTimestamp64Milli(occurred_at), toInt32(local_day), toString(kind), toString(service), answered, duration_s, volume_bytes, messages, toString(other_class), toString(other_country),
    toString(visited_country), toString(roaming_zone), toString(operator), toString(zone)
FROM usage WHERE `+within+` AND kind != 'fee' AND operator != '' AND service != '`+schema.ServiceVoiceForward+`'
ORDER BY line_id, occurred_at, event_id`, func(rows driver.Rows) error {
		var id string
		var at int64
		var day int32
		if err := rows.Scan(&u.Line, &id, &at, &day, &u.Kind, &u.Service, &u.Answered, &u.DurationS, &u.VolumeBytes, &u.Messages, &u.Class, &u.OtherCountry, &u.VisitedCtry, &u.RoamingZone, &u.Operator, &u.Zone); err != nil {
			return err
		}
		copy(u.EventID[:], id)
		u.OccurredAt, u.LocalDay = schema.Time(at), schema.Day(day)
		return do(&u)
	}, f.days(f.from())...)
}

// byMonths are the records of a line in each of the months that are judged, in order of time.
type byMonths [compared][]schema.Usage

func (b *byMonths) reset() {
	for i := range b {
		b[i] = b[i][:0]
	}
}

// add puts a record into its month, of which the first days are given.
func (b *byMonths) add(firsts *[compared + 1]schema.Day, u *schema.Usage) {
	for i := range b {
		if firsts[i] <= u.LocalDay && u.LocalDay < firsts[i+1] {
			b[i] = append(b[i], *u)
		}
	}
}

// firsts are the first days of the months that are judged, and of the month after them.
func (f *finder) firsts() (out [compared + 1]schema.Day) {
	for i := range compared {
		out[i] = back(f.month, compared-1-i)
	}
	out[compared] = f.end + 1
	return out
}

// course is what the months would have cost on a plan.
type course struct {
	plan   string
	months [compared]charges.Tried
	total  schema.Money
	fees   schema.Money
	usable bool
}

// try works a plan out for the three months of a line.
func (f *finder) try(l *line, plan string, months *byMonths) (course, error) {
	c := course{plan: plan, usable: true}
	for i := range c.months {
		t, err := f.trials.Try(charges.Trial{Month: back(f.month, compared-1-i), Operator: l.now().operator, Plan: plan, Records: months[i]})
		if err != nil {
			return course{}, fmt.Errorf("plan %s: %w", plan, err)
		}
		c.months[i] = t
		c.total, c.fees = c.total+t.Total, c.fees+t.Fees
		c.usable = c.usable && t.Unpriced == 0 && !t.Shares && len(t.Prices) > 0
	}
	return c, nil
}

// compare finds the plan that would have cost least, and the package that would have paid in the
// months in which the line roamed. The one that saves more is told, the package where both save
// the same.
func (f *finder) compare(l *line, months *byMonths) error {
	own, err := f.try(l, l.now().plan, months)
	if err != nil {
		return err
	}
	if !own.usable {
		f.notCompared[noPrice]++
		return nil
	}
	var plan, pack *course
	var packed schema.Money
	for _, other := range f.tariff.Plans(l.now().operator, l.end) {
		if other == own.plan {
			continue
		}
		c, err := f.try(l, other, months)
		if err != nil {
			return err
		}
		if !c.usable {
			continue
		}
		if c.total < own.total && (plan == nil || c.total < plan.total) {
			plan = &c
		}
		if !f.tariff.Packaged(l.now().operator, other, l.end) {
			continue
		}
		if saved := months.saved(&own, &c); saved > packed {
			pack, packed = &c, saved
		}
	}
	return f.cheaper(l, &own, plan, pack, packed, months)
}

// saved is what a plan would have saved, had it been had only in the months with roaming in which
// it pays.
func (b *byMonths) saved(own, c *course) (saved schema.Money) {
	for i := range b {
		if b.roamed(i) {
			saved += max(0, own.months[i].Total-c.months[i].Total)
		}
	}
	return saved
}

// roamed tells whether the line was used abroad in a month.
func (b *byMonths) roamed(i int) bool {
	for j := range b[i] {
		if roams(&b[i][j]) {
			return true
		}
	}
	return false
}

// roams tells whether a record was made abroad.
func roams(u *schema.Usage) bool { return u.RoamingZone != "" && u.RoamingZone != "home" }

// cheaper tells the better of a plan and a package.
func (f *finder) cheaper(l *line, own, plan, pack *course, packed schema.Money, months *byMonths) error {
	kind, best, saved := Roaming, pack, packed
	if plan != nil && own.total-plan.total > packed {
		kind, best, saved = PlanTooSmall, plan, own.total-plan.total
		if plan.fees < own.fees {
			kind = PlanTooLarge
		}
	}
	if best == nil {
		return nil
	}
	e := Evidence{From: f.from().String(), To: f.end.String(), Months: compared}
	for i := range months {
		now, then, month := &own.months[i], &best.months[i], back(f.month, compared-1-i).String()
		if kind == Roaming {
			if !months.roamed(i) || now.Total <= then.Total {
				continue // the package would not have paid
			}
			for j := range months[i] {
				u := &months[i][j]
				if !roams(u) {
					continue
				}
				if e.Records++; len(e.Events) < mostIDs {
					e.Events = append(e.Events, u.EventID.String())
				}
			}
		}
		e.Sums = append(e.Sums, Sum{Name: "now", Month: month, Plan: own.plan, Amount: now.Total}, Sum{Name: "then", Month: month, Plan: best.plan, Amount: then.Total})
		e.Prices = append(append(e.Prices, now.Prices...), then.Prices...)
	}
	slices.Sort(e.Prices)
	e.Prices = slices.Compact(e.Prices)
	year, err := saved.MulDiv(12, compared)
	if err != nil {
		return err
	}
	f.add(kind, l, best.plan, year, e)
	return nil
}
