package rate

import (
	"cmp"
	"slices"
	"strings"

	"linesman/schema"
)

// Book rates records. It is immutable after New, but caches its choices, so it is not safe
// for concurrent use: Clone it for every goroutine.
type Book struct {
	rows    []row         // prices of records, in the order in which they are looked at
	monthly []row         // fees, credits, rebates, bundles and fair use, in the same order
	edges   []schema.Time // moments at which a price begins or ends, ascending
	visited bool          // some price names visited countries
	worth   exchange
	cache   map[key]*choice
	clocks  map[string]*clock
}

// row is a price with its conditions made ready.
type row struct {
	schema.Price
	visited, countries []string // sorted; empty: any
	band               *band    // nil: at every hour
	points             int
}

// key is everything the choice of a price depends on, but for the hour.
type key struct {
	segment                                                    int32
	kind, operator, plan, service, class, country, zon, abroad string
}

// choice is the prices that hold for records of one key, at some hours or at every hour.
type choice struct {
	rows   []*row
	edges  []int // minutes of the day at which one of them may begin or end, ascending
	always bool  // the first one holds at every hour; the others are left out
}

// maxCache bounds the cache against sources with ever new plans or countries.
const maxCache = 1 << 16

// New prepares a book from all prices and exchange rates that were ever stated. Of two
// statements with the same identity and valid_from the one of the higher rank holds.
func New(stated []schema.Price, rates []schema.ExchangeRate) *Book {
	type identity struct {
		id   string
		from schema.Time
	}
	latest := map[identity]schema.Price{}
	for _, p := range stated {
		k := identity{p.PriceID, p.ValidFrom}
		if old, ok := latest[k]; !ok || old.Rank < p.Rank || old.Rank == p.Rank && old.Offset <= p.Offset {
			latest[k] = p
		}
	}
	b := &Book{worth: newExchange(rates)}
	for _, p := range latest {
		r := newRow(p)
		if Monthly(p.Per) {
			b.monthly = append(b.monthly, r)
			continue
		}
		b.rows = append(b.rows, r)
		b.visited = b.visited || len(r.visited) > 0
		b.edges = append(b.edges, p.ValidFrom)
		if p.ValidTo != 0 {
			b.edges = append(b.edges, p.ValidTo)
		}
	}
	slices.SortFunc(b.rows, order)
	slices.SortFunc(b.monthly, order)
	slices.Sort(b.edges)
	b.edges = slices.Compact(b.edges)
	return b.Clone()
}

// Clone returns a book with the same prices and a cache of its own.
func (b *Book) Clone() *Book {
	c := *b
	c.cache, c.clocks = map[key]*choice{}, map[string]*clock{}
	return &c
}

func newRow(p schema.Price) row {
	r := row{Price: p, visited: list(p.Visited), countries: list(p.OtherCountry), band: newBand(p.Weekdays, p.Hours)}
	if p.OtherCountry == anyAbroad {
		r.countries = nil
	}
	r.points = points(&r)
	return r
}

// anyAbroad stands for every country but Sweden.
const anyAbroad = "*"

// list reads codes between commas.
func list(s string) []string {
	codes := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' })
	slices.Sort(codes)
	return slices.Compact(codes)
}

// points counts what a price states of who used what, and where: two for each, one for "any
// abroad".
func points(r *row) int {
	n := 0
	for _, s := range [7]string{r.Operator, r.Plan, r.Service, r.OtherClass, r.Zone, r.Visited, r.OtherCountry} {
		if s != "" {
			n += 2
		}
	}
	if r.OtherCountry == anyAbroad {
		n--
	}
	return n
}

// order sorts the more specific price first: that which states more of who, what and where;
// of those that state as much the one that states a thing which comes earlier in the list of
// stands; then that of fewer countries; then that of hours, of weekdays, of neither; then the
// one that began later. The identity decides between the rest, so that no two are equal.
func order(x, y row) int {
	return cmp.Or(cmp.Compare(y.points, x.points), cmp.Compare(stands(&y), stands(&x)),
		cmp.Compare(len(x.visited), len(y.visited)), cmp.Compare(len(x.countries), len(y.countries)),
		cmp.Compare(timed(&y), timed(&x)), cmp.Compare(y.ValidFrom, x.ValidFrom), strings.Compare(x.PriceID, y.PriceID))
}

// stands weighs what a price states: plan, operator, visited countries, countries of the
// other party, any abroad, zone, class, service, each more than all that follow.
func stands(r *row) int {
	n := 0
	for _, stated := range [8]bool{r.Plan != "", r.Operator != "", len(r.visited) > 0, len(r.countries) > 0, r.OtherCountry == anyAbroad, r.Zone != "", r.OtherClass != "", r.Service != ""} {
		n *= 2
		if stated {
			n++
		}
	}
	return n
}

// timed is 0 for a price of every hour, 1 for weekdays, 2 for hours, 3 for both.
func timed(r *row) int {
	n := 0
	if r.Weekdays != "" {
		n++
	}
	if r.Hours != "" {
		n += 2
	}
	return n
}

// choose returns the prices that hold for a record when it began, whatever the hour.
func (b *Book) choose(u *schema.Usage) *choice {
	k := b.key(u)
	if c, ok := b.cache[k]; ok {
		return c
	}
	c := &choice{}
	for i := range b.rows {
		r := &b.rows[i]
		if inForce(&r.Price, u.OccurredAt) && ruledOut(r, &k) == "" {
			c.rows = append(c.rows, r)
			if c.always = c.rows[0].band == nil; c.always {
				break
			}
		}
	}
	if !c.always {
		c.edges = edges(c.rows)
	}
	if len(b.cache) < maxCache {
		b.cache[k] = c
	}
	return c
}

func (b *Book) key(u *schema.Usage) key {
	seg, _ := slices.BinarySearch(b.edges, u.OccurredAt+1)
	k := key{int32(seg), u.Kind, operator(u), u.Plan, u.Service, u.Class, u.OtherCountry, u.RoamingZone, ""}
	if b.visited {
		k.abroad = u.VisitedCtry
	}
	return k
}

func operator(u *schema.Usage) string {
	if u.Operator != "" {
		return u.Operator
	}
	return u.Subscription
}

func inForce(p *schema.Price, t schema.Time) bool {
	return p.ValidFrom <= t && (p.ValidTo == 0 || t < p.ValidTo)
}

// ruledOut names the first condition of a price that a record does not fulfil; "" if it
// fulfils all.
func ruledOut(r *row, k *key) string {
	differs := func(want, have string) bool { return want != "" && want != have }
	misses := func(want []string, have string) bool {
		if len(want) == 0 {
			return false
		}
		_, found := slices.BinarySearch(want, have)
		return !found
	}
	switch {
	case !fits(r.Per, k.kind):
		return OutPer
	case differs(r.Operator, k.operator):
		return OutOperator
	case differs(r.Plan, k.plan):
		return OutPlan
	case differs(r.Service, k.service):
		return OutService
	case differs(r.OtherClass, k.class):
		return OutClass
	case r.OtherCountry == anyAbroad && (k.country == "" || k.country == "SE"), misses(r.countries, k.country):
		return OutCountry
	case differs(r.Zone, k.zon):
		return OutZone
	case misses(r.visited, k.abroad):
		return OutVisited
	}
	return ""
}

// fits tells whether a price of a unit can rate records of a kind: minutes are of calls,
// megabytes of data, messages of messages. A price per call is one for each record.
func fits(per, kind string) bool {
	switch per {
	case PerMinute:
		return kind == schema.KindCall
	case PerMB:
		return kind == schema.KindData
	case PerSMS:
		return kind == schema.KindSMS
	}
	return true
}

// Price returns the price that holds for a record when it begins to be charged, or nil.
func (b *Book) Price(u *schema.Usage) *schema.Price {
	c := b.choose(u)
	if r := b.first(c, u); r != nil {
		return &r.Price
	}
	return nil
}

// first returns the price in whose hours the record begins to be charged.
func (b *Book) first(c *choice, u *schema.Usage) *row {
	if c.always {
		return c.rows[0]
	}
	if len(c.rows) == 0 {
		return nil
	}
	return c.at(b.clock(u.Zone), begin(u), nil)
}

// begin is when a record begins to be charged: a call when somebody answered.
func begin(u *schema.Usage) schema.Time { return u.OccurredAt + schema.Time(u.RingS)*1000 }
