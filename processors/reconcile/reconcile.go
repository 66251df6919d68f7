// Package reconcile holds every line of a supplier's invoices against the organisation's
// subscriptions, against the call detail that the supplier delivered and against its price books,
// and every invoice against its own sums. Nothing is put right silently: what does not agree is a
// finding or an outcome, with the amount, the tolerance and what it was found from. See
// docs/invoices-reconcile.md.
//
// It is computed on read. The same rows always give the same report.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Outcomes of a line: every line has exactly one.
const (
	Matched         = "matched"          // within the tolerance
	Credited        = "credited"         // taken back by a credit note, or the line of the credit note that does
	PriceDiffers    = "price_differs"    // the quantity agrees, the amount does not
	QuantityDiffers = "quantity_differs" // more or less is billed than was used
	NotOurs         = "not_ours"         // no number of ours, or one that another operator has
	UnknownLine     = "unknown_line"     // no subscription is told, or one that reference data do not know
	MissingUsage    = "missing_usage"    // billed use of which no call detail came
	BilledAfterEnd  = "billed_after_end" // the period begins after the contract's end, or after the SIM was blocked
	Duplicate       = "duplicate"        // billed before
	NotTelephony    = "not_telephony"    // equipment and the like
	Other           = "other"            // cannot be judged; the reason says why
)

// Outcomes lists them in the order of a report.
func Outcomes() []string {
	return []string{Matched, Credited, PriceDiffers, QuantityDiffers, NotOurs, UnknownLine, MissingUsage, BilledAfterEnd, Duplicate, NotTelephony, Other}
}

// Reasons that tell more than the outcome does.
const (
	ReasonOtherOperator  = "other_operator"   // not_ours: another operator has the subscription
	ReasonOutside        = "outside_ranges"   // not_ours: unknown, and outside the number ranges
	ReasonNotTold        = "not_told"         // unknown_line: no subscription is told
	ReasonUnknownNumber  = "unknown_number"   // unknown_line: reference data do not know the number
	ReasonBeforeStart    = "before_start"     // unknown_line: the subscription begins after the period
	ReasonEnded          = "ended"            // billed_after_end: the contract has ended
	ReasonBlocked        = "blocked"          // billed_after_end: the SIM is blocked or returned
	ReasonNoDetail       = "no_detail"        // missing_usage: no call detail of the operator came at all
	ReasonNoExchangeRate = "no_exchange_rate" // other: in a currency whose worth the document does not say
	ReasonNoService      = "service_unknown"  // other: it cannot be told what it is for
	ReasonOtherService   = "other_service"    // other: neither use nor a fee
	ReasonNoPrice        = "no_price"         // other: neither a price nor itemised records to compare with
	ReasonCreditUnnamed  = "credit_unnamed"   // other: a credit of which no line is known
	ReasonCreditExceeds  = "credit_exceeds"   // other: a credit beyond what is left of the line
)

// Bases: what the expected amount comes from.
const (
	BasisPrices   = "price_book" // rated records, fees, overage and rebates by the price books
	BasisItemised = "itemised"   // what the itemised records charge: no price covers them
	BasisBoth     = "mixed"      // partly each
)

// How a billed quantity agrees with what was used.
const (
	RoundedTotal  = "in_total"   // the sum, rounded once
	RoundedRecord = "per_record" // each record rounded up
)

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Charge is what the price books say a line is to be billed in a month beside what each record is
// rated: monthly fees, use beyond a bundle, rebates and credits.
type Charge struct {
	Month    schema.Day
	LineID   string
	Operator string
	Service  string // subscription for a fee, credit for a negative one, else the service it is about
	PriceID  string
	Amount   schema.Money // SEK excluding VAT; negative where it gives back
}

// Rated tells the charges of a month, of every line.
type Rated interface {
	Charges(ctx context.Context, store Store, zone *time.Location, month schema.Day) ([]Charge, error)
}

// Input says what is asked. Documents are selected by the day they are for: the last day of their
// period, else the day of issue.
type Input struct {
	Zone      *time.Location // in which days begin
	From, To  schema.Day     // first and last day; ignored where Number is given
	Operator  string         // empty: every operator
	Number    string         // of one document (and of others with the same number); empty: all
	Tolerance schema.Money   // SEK: a difference up to it is accepted, exactly as much included
	Percent   schema.Money   // %, of what is expected: where it is more than Tolerance, it holds
	Grace     int            // days after the end of a contract in which a period may still begin
	Rated     Rated          // nil: monthly fees of the price books
}

// Used is what the operator's itemised records of a line add up to.
type Used struct {
	Records uint64       `json:"records"`
	Seconds uint64       `json:"seconds"`
	Minutes uint64       `json:"minutes_rounded"` // each record rounded up to whole minutes
	Bytes   uint64       `json:"bytes"`
	MB      uint64       `json:"mb_rounded"` // each record rounded up to whole MB
	Count   uint64       `json:"messages"`
	Charged schema.Money `json:"charged"` // SEK, by the itemised records
	Rated   schema.Money `json:"rated"`   // SEK, by the price books
}

// Line is one line of a document with its outcome. Amounts in SEK unless said; excluding VAT.
type Line struct {
	Document   string       `json:"document"`
	Kind       string       `json:"kind"` // of the document
	Operator   string       `json:"operator"`
	LineNo     string       `json:"line_no"`
	LineID     string       `json:"line"` // pseudonym
	Mask       string       `json:"number"`
	Service    string       `json:"service"`
	Item       string       `json:"item"`
	From       string       `json:"from"` // first day of the period; the document's month where none is told
	To         string       `json:"to"`
	Quantity   schema.Money `json:"quantity"`
	Unit       string       `json:"unit"`
	Currency   string       `json:"currency"`
	Billed     schema.Money `json:"billed"` // currency, as stated
	BilledSEK  schema.Money `json:"billed_sek"`
	Credited   schema.Money `json:"credited"` // currency: what credit notes took back of it; negative
	Expected   schema.Money `json:"expected"`
	Difference schema.Money `json:"difference"` // billed, less what was credited, less expected
	Tolerance  schema.Money `json:"tolerance"`
	Claimed    schema.Money `json:"claimed"` // currency: what is to be disputed
	Outcome    string       `json:"outcome"`
	Reason     string       `json:"reason,omitempty"`
	Basis      string       `json:"basis,omitempty"`
	Rounding   string       `json:"rounding,omitempty"`
	UsedQty    schema.Money `json:"used_quantity"` // in unit; 0 with no rounding: not compared
	Compared   bool         `json:"quantity_compared"`
	Together   int          `json:"together"` // lines that were compared in one sum; expected is divided between them
	PeriodTold bool         `json:"period_told"`
	Prices     []string     `json:"prices,omitempty"`
	Used       Used         `json:"used"`              // of all lines compared together
	Earlier    string       `json:"earlier,omitempty"` // document and line that billed or credited it, number/line
	Events     []string     `json:"events,omitempty"`  // ids of up to 20 records, where something differs
	Query      string       `json:"query,omitempty"`   // that gives all of them
}

// Document is one invoice or credit note with its findings.
type Document struct {
	Number    string         `json:"number"`
	Kind      string         `json:"kind"`
	Operator  string         `json:"operator"`
	Supplier  string         `json:"supplier"`
	Issued    string         `json:"issued"`
	From      string         `json:"from,omitempty"`
	To        string         `json:"to,omitempty"`
	Corrects  string         `json:"corrects,omitempty"`
	Currency  string         `json:"currency"`
	Lines     int            `json:"lines"`
	LineTotal schema.Money   `json:"line_total"` // currency, as stated
	Billed    schema.Money   `json:"billed"`     // currency, sum of the lines
	VAT       schema.Money   `json:"vat"`
	Payable   schema.Money   `json:"payable"`
	Claimed   schema.Money   `json:"claimed"` // currency
	Outcomes  map[string]Sum `json:"outcomes"`
	Findings  []Finding      `json:"findings"`
}

// Sum is how many lines have an outcome, and their amounts.
type Sum struct {
	Lines   int          `json:"lines"`
	Billed  schema.Money `json:"billed"`  // SEK; of a document in its currency
	Claimed schema.Money `json:"claimed"` // SEK; of a document in its currency
}

// Total adds up an operator's lines, in SEK.
type Total struct {
	Operator  string `json:"operator"`
	Documents int    `json:"documents"`
	Findings  int    `json:"findings"`
	Sum
	Outcomes map[string]Sum `json:"outcomes"`
}

// Unbilled is use that the operator itemised for a document that no line of it bills.
type Unbilled struct {
	Document string `json:"document"`
	Operator string `json:"operator"`
	LineID   string `json:"line"`
	Service  string `json:"service"`
	Used
}

// NotBilled is a fee that the price books expect of a month and no document bills.
type NotBilled struct {
	Operator string       `json:"operator"`
	LineID   string       `json:"line"`
	Month    string       `json:"month"`
	Expected schema.Money `json:"expected"` // SEK
	Prices   []string     `json:"prices"`
}

// Report is what was found.
type Report struct {
	From      string       `json:"from,omitempty"`
	To        string       `json:"to,omitempty"`
	Number    string       `json:"number,omitempty"`
	Tolerance schema.Money `json:"tolerance"`
	Percent   schema.Money `json:"tolerance_percent"`
	Grace     int          `json:"grace_days"`
	Total     Total        `json:"total"`
	Operators []Total      `json:"operators"`
	Documents []Document   `json:"documents"` // by operator, day of issue, number
	Lines     []Line       `json:"lines"`     // in the order of the documents
	Unbilled  []Unbilled   `json:"unbilled"`
	NotBilled []NotBilled  `json:"not_billed"`
}

// ErrNoDocument says that there is no document with the number that was asked for.
var ErrNoDocument = errors.New("there is no such document")

// Invoices reconciles the documents that are asked for. Other documents of the same operators are
// read beside them where they credit them, are credited by them or bill the same periods: what is
// found of a line does not depend on which documents are asked for with it.
func Invoices(ctx context.Context, store Store, in Input) (Report, error) {
	if in.Zone == nil {
		return Report{}, errors.New("reconciling invoices needs a zone")
	}
	if in.Number == "" && in.To < in.From {
		return Report{}, fmt.Errorf("reconciling invoices from %s to %s: the period ends before it begins", in.From, in.To)
	}
	if in.Tolerance < 0 || in.Percent < 0 || in.Grace < 0 {
		return Report{}, errors.New("reconciling invoices: tolerances and days of grace are not negative")
	}
	if in.Rated == nil {
		in.Rated = PriceBook{}
	}
	w := &work{store: store, in: in}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"reading documents", w.loadDocuments}, {"reading lines of documents", w.loadLines}, {"crediting", w.credit},
		{"reading subscriptions", w.loadHeld}, {"reading usage", w.loadUse}, {"reading charges", w.loadCharges},
		{"judging", w.judge},
	} {
		if err := step.do(ctx); err != nil {
			return Report{}, fmt.Errorf("reconciling invoices: %s: %w", step.what, err)
		}
	}
	return w.report(), nil
}
