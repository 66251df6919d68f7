package query

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// ReportSource works out what a month comes to that cannot be read off the store: what the
// organisation subscribes to, what could be saved, and what invoices bill beside what was used.
// That is the processors' work, and dashboards do not know those: whoever puts the program
// together hands it in, as with goals. So panels, commands and reports cannot come to say
// different things. A month that usage does not cover to its end gives ok false.
//
// Reports are about every unit; the lists leave out what is outside the row scope.
type ReportSource interface {
	Subscriptions(ctx context.Context, month schema.Day) (r SubscriptionReport, ok bool, err error)
	Savings(ctx context.Context, month schema.Day) (r SavingReport, ok bool, err error)
	Invoices(ctx context.Context, month schema.Day) (r InvoiceReport, ok bool, err error)
}

// SubscriptionReport is what the organisation subscribes to at the end of a month. Amounts are SEK
// of that month.
type SubscriptionReport struct {
	Units []SubscriptionUnit
	Lines []SubscriptionLine // those that somebody should ask about
}

// SubscriptionUnit adds up the lines of a unit.
type SubscriptionUnit struct {
	Unit              string
	Lines, ToCheck    int
	Fees, Usage, Idle decimal.Decimal
	Asked             map[string]int // lines to ask about, by question
	Plans             []SubscriptionPlan
}

// SubscriptionPlan is the lines of a unit with one plan.
type SubscriptionPlan struct {
	Kind, Operator, Plan string
	Lines                int
	Fees                 decimal.Decimal
}

// SubscriptionLine is a line that somebody should ask about.
type SubscriptionLine struct {
	Line, Unit, CostCentre, Kind, Role, Operator, Plan string
	Fees                                               decimal.Decimal
	LastUse, Reviewed                                  string // days; empty: never
	Questions                                          []string
}

// SavingReport is what could be saved as of the end of a month. Amounts are SEK a year.
type SavingReport struct{ Findings []Saving }

// Saving is one line of which something could be saved.
type Saving struct {
	Kind, Line, Unit, CostCentre, Role, Operator, Plan string
	Other                                              string // the plan to change to, or the line to keep
	Year                                               decimal.Decimal
}

// InvoiceReport is what the invoices of a month bill, beside what was subscribed to and used.
type InvoiceReport struct {
	Billed, Claimed decimal.Decimal // SEK
	Documents       []InvoiceDocument
	Outcomes        []InvoiceOutcome
	Disputes        []InvoiceDispute
}

// InvoiceDocument is one invoice or credit note. Amounts are in its currency.
type InvoiceDocument struct {
	Number, Kind, Operator, Issued, Currency string
	Lines, Findings                          int // findings: where the document contradicts itself or another
	Billed, Claimed                          decimal.Decimal
}

// InvoiceOutcome adds up the lines of an operator that came to the same. SEK.
type InvoiceOutcome struct {
	Operator, Outcome string
	Lines             int
	Billed, Claimed   decimal.Decimal
}

// InvoiceDispute is an invoice line of which something is claimed back. Billed and Expected are
// SEK, Claimed is in the document's currency.
type InvoiceDispute struct {
	Document, LineNo, Operator, Line, Mask, Item, Outcome, Reason, Currency string
	Billed, Expected, Claimed                                               decimal.Decimal
}

// reportMonth is the month that a list over a report is about: the one that is chosen, else the
// last one of the period.
func (l *listing) reportMonth() schema.Day { return dayOf(monthOf(l.period.to)) }

// sees tells whether a row of a unit is inside the scope and the filter on units.
func (l *listing) sees(unit string) bool {
	if !l.scope.sees(unit) {
		return false
	}
	return !slices.ContainsFunc(l.filters, func(f Filter) bool {
		return f.Field == "unit" && slices.Contains(f.Values, unit) == (f.Op == OpNotIn)
	})
}

// wholeReports keeps the row scope of a question away from reports: they are about every unit, and
// worked out once for everybody who asks.
type wholeReports struct{ ReportSource }

// Subscriptions asks for what is subscribed to.
func (w wholeReports) Subscriptions(ctx context.Context, month schema.Day) (SubscriptionReport, bool, error) {
	return w.ReportSource.Subscriptions(whole(ctx), month)
}

// Savings asks for what could be saved.
func (w wholeReports) Savings(ctx context.Context, month schema.Day) (SavingReport, bool, error) {
	return w.ReportSource.Savings(whole(ctx), month)
}

// Invoices asks for what is billed.
func (w wholeReports) Invoices(ctx context.Context, month schema.Day) (InvoiceReport, bool, error) {
	return w.ReportSource.Invoices(whole(ctx), month)
}
