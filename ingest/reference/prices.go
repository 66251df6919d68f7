package reference

import (
	"slices"
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// Columns of a price file. Those from priceWeekdays on need not be there.
const (
	priceBook = iota
	priceVersion
	priceRow
	priceOperator
	pricePlan
	priceService
	priceClass
	priceCountry
	priceZone
	pricePer
	pricePrice
	priceOpening
	priceFirst
	priceNext
	priceCurrency
	priceFrom
	priceTo
	priceWeekdays
	priceHours
	priceVisited
	priceBundle
	priceIncluded
	pricePool
	priceProrated
)

// Units of prices.
const (
	perCall    = "call"
	perMinute  = "minute"
	perMB      = "MB"
	perSMS     = "SMS"
	perMonth   = "month"
	perPercent = "percent"
	perBundle  = "bundle"
	perFairUse = "fair_use"
)

func priceKind() kind {
	k := kind{
		name: "prices", marks: []string{"book", "version", "row"},
		text: []int{priceBook, priceVersion, priceRow, priceOperator, pricePlan, priceBundle},
		read: readPrice,
	}
	for i, c := range [][2]string{{"book", "book, price_id"}, {"version", "book_version, price_id"}, {"row", "price_id"}, {"operator", "operator"}, {"plan", "plan"},
		{"service", "service"}, {"other_class", "other_class"}, {"other_country", "other_country"}, {"zone", "zone"}, {"per", "per"}, {"price", "price"}, {"opening", "opening"},
		{"first_s", "first_s"}, {"next_s", "next_s"}, {"currency", "currency"}, {"valid_from", "valid_from"}, {"valid_to", "valid_to"}, {"weekdays", "weekdays"},
		{"hours", "hours"}, {"visited", "visited"}, {"bundle", "bundle"}, {"included", "included"}, {"pool", "pool"}, {"prorated", "prorated"}} {
		k.columns = append(k.columns, table.Column{Name: c[0], Field: c[1], Needed: i < priceWeekdays})
	}
	return k
}

func readPrice(w *row, out ingest.Sink) (*ingest.Reject, error) {
	p := schema.Price{Book: w.needed(priceBook), BookVersion: w.needed(priceVersion), Operator: w.text(priceOperator), Plan: w.text(pricePlan),
		Service: w.oneOf(priceService, services()...), OtherClass: w.oneOf(priceClass, classes()...), OtherCountry: w.others(priceCountry),
		Zone: w.oneOf(priceZone, "", "home", "eea", "world"), Per: w.oneOf(pricePer, perCall, perMinute, perMB, perSMS, perMonth, perPercent, perBundle, perFairUse),
		Price: w.signed(pricePrice), Opening: w.money(priceOpening, false), FirstS: w.uint(priceFirst, 86_400), NextS: w.uint(priceNext, 86_400),
		Currency: strings.ToUpper(w.needed(priceCurrency)), FileRow: w.line.Number,
		Weekdays: w.weekdays(priceWeekdays), Hours: w.hours(priceHours), Visited: w.countries(priceVisited),
		Bundle: w.text(priceBundle), Included: w.quantity(priceIncluded), Pool: w.oneOf(pricePool, "", "shared", "fixed"), Prorated: w.yes(priceProrated)}
	p.PriceID = p.Book + "/" + p.BookVersion + "/" + w.needed(priceRow)
	p.ValidFrom, p.ValidTo = w.valid(priceFrom, priceTo)
	p.StatedAt = w.stated()
	if w.bad == nil && !letters(p.Currency, 3) {
		w.refuse(priceCurrency, ingest.CodeUnknown, "not an ISO 4217 code of three letters")
	}
	if w.bad == nil {
		w.price(&p)
	}
	if w.bad != nil {
		return w.bad, nil
	}
	p.EventID = eventID(w, schema.PriceTable(), &p)
	return nil, out.Price(&p)
}

// objection is something that a price states against itself.
type objection struct {
	wrong bool
	col   int
	code  string
	why   string
}

// price refuses a price that contradicts itself: one that could never hold, or of which a part
// would be ignored.
func (w *row) price(p *schema.Price) {
	monthly := slices.Contains([]string{perMonth, perPercent, perBundle, perFairUse}, p.Per)
	held := p.Per == perBundle || p.Per == perFairUse
	missing, odd := ingest.CodeMissing, ingest.CodeRange
	for _, o := range []objection{
		{p.Price < 0 && p.Per != perMonth && p.Per != perPercent, pricePrice, odd, "negative: only a credit per month and a rebate in percent can be"},
		{p.Per == perPercent && p.Price < schema.Kronor(-100), pricePrice, odd, "a rebate of more than 100 percent"},
		{p.Per == perBundle && p.Price != 0, pricePrice, odd, "what a bundle holds has no price of its own: its fee is a row per month"},
		{!suits(p.Per, p.Service), pricePer, odd, "the service is not counted by that: it would never hold"},
		{p.Opening != 0 && p.Per != perMinute && p.Per != perCall, priceOpening, odd, "only calls have an opening fee"},
		{monthly && p.Per != perFairUse && p.FirstS+p.NextS != 0, priceFirst, odd, "only calls are charged by increments"},
		{monthly && p.Weekdays != "", priceWeekdays, odd, "what is per month knows no weekdays"},
		{monthly && p.Hours != "", priceHours, odd, "what is per month knows no hours"},
		{monthly && p.Per != perFairUse && p.Visited != "", priceVisited, odd, "what is per month knows no visited countries"},
		{held && p.Bundle == "", priceBundle, missing, "which bundle is it about?"},
		{held && p.Included == 0, priceIncluded, missing, "how much is included?"},
		{!held && p.Included != 0, priceIncluded, odd, "only a row per bundle or fair_use includes something"},
		{monthly && !held && p.Bundle != "", priceBundle, odd, "a fee or a rebate draws from no bundle"},
		{p.Per == perFairUse && p.Zone == "" && p.Visited == "", priceZone, missing, "a fair use needs the zone, or the visited countries, in which it is limited"},
		{p.Pool != "" && p.Per != perBundle, pricePool, odd, "only a bundle is shared"},
		{p.Prorated && p.Per != perMonth && p.Per != perBundle, priceProrated, odd, "only a monthly fee or a bundle counts by days"},
	} {
		if o.wrong {
			w.refuse(o.col, o.code, o.why)
			return
		}
	}
}

// suits tells whether a service is counted by a unit.
func suits(per, service string) bool {
	message := service == schema.ServiceSMS || service == schema.ServiceMMS
	switch per {
	case perMinute:
		return !message && service != schema.ServiceData
	case perMB:
		return service == "" || service == schema.ServiceData
	case perSMS:
		return service == "" || message || service == schema.ServicePremium
	}
	return true
}

// others reads the countries of the other party: codes between commas, or *.
func (w *row) others(col int) string {
	if w.text(col) == "*" {
		return "*"
	}
	return w.countries(col)
}

// signed reads an amount that must be there and may be negative.
func (w *row) signed(col int) schema.Money {
	m, err := table.Money(w.line.Get(col))
	if err != nil {
		w.fail(col, err)
	}
	return m
}

// maxIncluded bounds what a bundle holds: more than anybody uses, and its seconds and bytes
// can be counted.
const maxIncluded = 1_000_000_000

// quantity reads a whole number; empty counts as 0.
func (w *row) quantity(col int) uint64 {
	if len(w.line.Get(col)) == 0 {
		return 0
	}
	v, err := table.Uint(w.line.Get(col), maxIncluded)
	if err != nil {
		w.fail(col, err)
	}
	return v
}

// weekdays reads digits and h, and writes them in order.
func (w *row) weekdays(col int) string {
	text := w.text(col)
	if text == "" {
		return ""
	}
	days, err := schema.ParseWeekdays(text)
	if err != nil {
		w.refuse(col, ingest.CodeUnknown, schema.ErrWeekdays.Error())
		return ""
	}
	var sorted strings.Builder
	for n, c := range "01234567h" {
		if days&(1<<n) != 0 {
			sorted.WriteRune(c)
		}
	}
	return sorted.String()
}

func (w *row) hours(col int) string {
	text := w.text(col)
	if text == "" {
		return ""
	}
	if _, _, err := schema.ParseHours(text); err != nil {
		w.refuse(col, ingest.CodeTime, schema.ErrHours.Error())
	}
	return text
}

// yes reads yes or no; empty is no.
func (w *row) yes(col int) bool {
	switch w.oneOf(col, "", "yes", "no", "ja", "nej", "true", "false", "1", "0") {
	case "yes", "ja", "true", "1":
		return true
	}
	return false
}
