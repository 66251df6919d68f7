package charges

import (
	"cmp"
	"slices"
	"strings"

	"linesman/processors/rate"
	"linesman/schema"
)

// What a price row of a month is for (schema: prices.per).
const (
	perMonth   = "month"
	perPercent = "percent"
	perBundle  = "bundle"
	perFairUse = "fair_use"
)

// reasonBundle is why a record that draws from a bundle is rated 0 (schema: usage.rate_reason).
const reasonBundle = "bundle"

// Tariff holds the price books as months need them. It is immutable and safe for concurrent use.
type Tariff struct {
	months, percents, bundles, fair []schema.Price
	uses                            map[string][]schema.Price // prices of use by id, the latest begun first
	rates                           map[string][]schema.ExchangeRate
	edges                           []schema.Time   // moments at which a row begins or ends, ascending
	hours                           map[string]bool // bundles of which a price holds at some hours or weekdays only

	stated []schema.Price
	worth  []schema.ExchangeRate
}

// Book returns a book of the same prices that rates records.
func (t *Tariff) Book() *rate.Book { return rate.New(t.stated, t.worth) }

// NewTariff prepares price books. Of two statements with the same identity and valid_from the
// one of the higher rank holds, and of equal ranks the later in the log.
func NewTariff(prices []schema.Price, rates []schema.ExchangeRate) *Tariff {
	t := &Tariff{uses: map[string][]schema.Price{}, rates: map[string][]schema.ExchangeRate{}, hours: map[string]bool{}, stated: prices, worth: rates}
	for _, p := range latest(prices) {
		t.edges = append(t.edges, p.ValidFrom)
		if p.ValidTo != 0 {
			t.edges = append(t.edges, p.ValidTo)
		}
		switch p.Per {
		case perMonth:
			t.months = append(t.months, p)
		case perPercent:
			t.percents = append(t.percents, p)
		case perBundle:
			t.bundles = append(t.bundles, p)
		case perFairUse:
			t.fair = append(t.fair, p)
		default:
			t.uses[p.PriceID] = append(t.uses[p.PriceID], p)
			if p.Bundle != "" && p.Weekdays+p.Hours != "" {
				t.hours[p.Bundle] = true
			}
		}
	}
	slices.Sort(t.edges)
	t.edges = slices.Compact(t.edges)
	for _, r := range rates {
		t.rates[r.Currency] = append(t.rates[r.Currency], r)
	}
	for _, list := range t.rates {
		slices.SortFunc(list, func(a, b schema.ExchangeRate) int {
			return cmp.Or(cmp.Compare(b.ValidFrom, a.ValidFrom), cmp.Compare(b.Rank, a.Rank), cmp.Compare(b.Offset, a.Offset))
		})
	}
	return t
}

// latest drops statements that were replaced and orders the others: the latest begun first.
func latest(prices []schema.Price) []schema.Price {
	type identity struct {
		id   string
		from schema.Time
	}
	kept := map[identity]schema.Price{}
	for _, p := range prices {
		k := identity{p.PriceID, p.ValidFrom}
		if old, ok := kept[k]; !ok || old.Rank < p.Rank || old.Rank == p.Rank && old.Offset <= p.Offset {
			kept[k] = p
		}
	}
	out := make([]schema.Price, 0, len(kept))
	for _, p := range kept {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b schema.Price) int {
		return cmp.Or(cmp.Compare(b.ValidFrom, a.ValidFrom), strings.Compare(a.PriceID, b.PriceID))
	})
	return out
}

// use is what tells which prices of a month a record or a group of records comes under.
type use struct {
	line, unit, centre            string
	operator, plan, service       string
	class, country, zone, visited string
	price                         string // the row that rated it
	at                            schema.Time
}

func inForce(p *schema.Price, at schema.Time) bool {
	return p.ValidFrom <= at && (p.ValidTo == 0 || at < p.ValidTo)
}

func fits(want, have string) bool { return want == "" || want == have }

// visits tells whether a row holds in a visited country.
func visits(p *schema.Price, country string) bool {
	if p.Visited == "" {
		return true
	}
	return among(p.Visited, country)
}

// among tells whether a country is one of those between commas.
func among(countries, country string) bool {
	for c := range strings.SplitSeq(countries, ",") {
		if strings.TrimSpace(c) == country {
			return true
		}
	}
	return false
}

// covers tells whether a row of a month is about a use, whatever the bundle.
func covers(p *schema.Price, u *use) bool {
	if !inForce(p, u.at) || !fits(p.Operator, u.operator) || !fits(p.Plan, u.plan) || !fits(p.Service, u.service) || !fits(p.OtherClass, u.class) || !fits(p.Zone, u.zone) || !visits(p, u.visited) {
		return false
	}
	if p.OtherCountry == "*" {
		return u.country != "" && u.country != "SE"
	}
	return p.OtherCountry == "" || among(p.OtherCountry, u.country)
}

// price returns the row with an id that held at a time, or nil.
func (t *Tariff) price(id string, at schema.Time) *schema.Price {
	list := t.uses[id]
	for i := range list {
		if inForce(&list[i], at) {
			return &list[i]
		}
	}
	return nil
}

// holding returns the row of rows that is about the use's bundle, the most specific one, of
// equals the latest begun; nil when there is none.
func holding(rows []schema.Price, bundle string, u *use) *schema.Price {
	var best *schema.Price
	most := -1
	for i := range rows {
		p := &rows[i]
		if p.Bundle != bundle || !covers(p, u) {
			continue
		}
		if n := specificity(p); n > most {
			best, most = p, n
		}
	}
	return best
}

func specificity(p *schema.Price) int {
	n := 0
	for _, s := range [...]string{p.Operator, p.Plan, p.Service, p.OtherClass, p.Zone, p.Visited} {
		if s != "" {
			n += 2
		}
	}
	switch p.OtherCountry {
	case "":
	case "*":
		n++
	default:
		n += 2
	}
	return n
}

// fees lists the monthly rows of an operator's plan at a time: every one that fits. Where
// versions of a book overlap, the rows of the latest replace those of earlier ones that are for
// the same.
func (t *Tariff) fees(operator, plan string, at schema.Time) []*schema.Price {
	var out []*schema.Price
	for i := range t.months {
		if p := &t.months[i]; inForce(p, at) && fits(p.Operator, operator) && fits(p.Plan, plan) {
			out = append(out, p)
		}
	}
	return newest(out)
}

// rebates lists the rows per cent that a use comes under.
func (t *Tariff) rebates(u *use) []*schema.Price {
	var out []*schema.Price
	for i := range t.percents {
		if p := &t.percents[i]; covers(p, u) {
			out = append(out, p)
		}
	}
	return newest(out)
}

// newest keeps, of rows for the same thing, those of the version that began last, each once.
// The rows come with the latest begun first.
func newest(rows []*schema.Price) []*schema.Price {
	type same struct {
		book, operator, plan, service, class, country, zone, visited, bundle string
		negative                                                             bool
	}
	version, known := map[same]string{}, map[string]bool{}
	return slices.DeleteFunc(rows, func(p *schema.Price) bool {
		k := same{p.Book, p.Operator, p.Plan, p.Service, p.OtherClass, p.OtherCountry, p.Zone, p.Visited, p.Bundle, p.Price < 0}
		if _, ok := version[k]; !ok {
			version[k] = p.BookVersion
		}
		if version[k] != p.BookVersion || known[p.PriceID] {
			return true
		}
		known[p.PriceID] = true
		return false
	})
}

// kronor turns an amount of a row's currency into SEK by the rate that held at a time; false
// when nobody stated one.
func (t *Tariff) kronor(amount schema.Money, currency string, at schema.Time) (schema.Money, string) {
	if currency == "" || currency == "SEK" || amount == 0 {
		return amount, ""
	}
	for _, r := range t.rates[currency] {
		if r.ValidFrom <= at && (r.ValidTo == 0 || at < r.ValidTo) {
			out, err := amount.MulDiv(int64(r.Rate), int64(schema.Micro))
			if err != nil {
				return 0, NoteTooLarge
			}
			return out, ""
		}
	}
	return 0, NoteNoRate
}

// baseUnits is how many of the units that are counted make one of the units that are included.
func baseUnits(per string) int64 {
	switch per {
	case rate.PerMinute:
		return 60
	case rate.PerMB:
		return 1_000_000
	}
	return 1
}

// unitOf names the unit that is counted.
func unitOf(per string) string {
	switch per {
	case rate.PerMinute:
		return UnitSecond
	case rate.PerMB:
		return UnitByte
	case rate.PerSMS:
		return UnitSMS
	}
	return UnitCall
}

// cost is what a quantity costs under a row, in the row's currency. The opening fee is that of
// the call's beginning, of a call only.
func cost(p *schema.Price, quantity int64, begins bool) (schema.Money, error) {
	m, err := p.Price.MulDiv(quantity, baseUnits(p.Per))
	if err != nil {
		return 0, err
	}
	if begins && (p.Per == rate.PerMinute || p.Per == rate.PerCall) {
		m += p.Opening
	}
	return m.MulDiv(1, 1)
}
