package reference

import (
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
)

// homeCurrency is that of prices and costs. It is worth one of itself.
const homeCurrency = "SEK"

func exchangeKind() kind {
	const currency, rate, from, to = 0, 1, 2, 3
	return kind{
		name: "exchange_rates", marks: []string{"currency", "rate"},
		columns: []table.Column{{Name: "currency", Field: "currency", Needed: true}, {Name: "rate", Field: "rate", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			r := schema.ExchangeRate{Currency: strings.ToUpper(w.needed(currency)), Rate: w.money(rate, true), FileRow: w.line.Number}
			r.ValidFrom, r.ValidTo = w.valid(from, to)
			r.StatedAt = w.stated()
			switch {
			case w.bad != nil:
			case !letters(r.Currency, 3):
				w.refuse(currency, ingest.CodeUnknown, "not an ISO 4217 code of three letters")
			case r.Currency == homeCurrency:
				w.refuse(currency, ingest.CodeRange, "costs are in SEK: it has no exchange rate")
			case r.Rate == 0:
				w.refuse(rate, ingest.CodeRange, "a currency is worth more than nothing")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			r.EventID = eventID(w, schema.ExchangeRateTable(), &r)
			return nil, out.ExchangeRate(&r)
		},
	}
}
