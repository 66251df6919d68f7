// Package budgets follows up budgets: what each cost centre and unit may spend a month (goals
// of metric cost_month), what it spent, what is left, where month and year end, and whether a
// budget is likely to be exceeded: when, and by how much.
//
// What was spent is the sum of cost in the roll-up usage_daily, exact to the millionth: the same
// as the console's dashboards show. What is foreseen is processors/forecast's. The budget year
// is the calendar year. Everything is as of a day that the data cover, never of today: asked
// again, it says the same. docs/budgets.md says how each figure comes about.
package budgets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"linesman/processors/forecast"
	"linesman/schema"
)

// Whether a budget is kept.
const (
	Exceeded = "exceeded" // it is, whatever comes
	Likely   = "likely"   // what is foreseen is above it
	Possible = "possible" // what is foreseen is not, the upper end of its interval of 80 % is
	Unlikely = "unlikely" // neither
	Kept     = "kept"     // it is over and was not exceeded
	Unknown  = "unknown"  // nothing can be foreseen, or there is no budget
)

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) driver.Row
}

// Input says what is asked.
type Input struct {
	Zone       *time.Location // in which days begin
	Month      schema.Day     // any day of the month that is asked for; 0: the newest with data, over or not
	CostCentre string         // its budgets only; empty: all
	Unit       string         // its budgets only; empty: all
	// Workday tells a working day from a weekend or a public holiday.
	Workday func(schema.Day) bool
}

// Line is a budget and what came of it, in SEK.
type Line struct {
	Budget  schema.Money     `json:"budget"`
	Outcome schema.Money     `json:"outcome"`
	Left    schema.Money     `json:"left"`              // below zero: exceeded
	Percent *decimal.Decimal `json:"percent,omitempty"` // outcome of budget; none of a budget of nothing
}

// Month is one month of the budget year. Without a budget in force on its first day, Line holds the outcome alone.
type Month struct {
	Month    string             `json:"month"` // first day
	Budgeted bool               `json:"budgeted"`
	Covered  bool               `json:"covered"` // something is recorded in it
	Line                        // of what is recorded so far
	Forecast *forecast.Forecast `json:"forecast,omitempty"` // of a month that is not over: what it comes to
}

// Verdict says whether a budget is likely to be exceeded.
type Verdict struct {
	State string       `json:"state"`
	By    schema.Money `json:"by"`             // what is foreseen (of what is over: the outcome) less the budget, SEK; below zero: so much is left
	When  string       `json:"when,omitempty"` // first day of the month in which the year's budget is used up
}

// Rate is the run rate of a month under way.
type Rate struct {
	Month schema.Money    `json:"month"` // what the month comes to if it goes on as it began, SEK, rounded to öre
	Share decimal.Decimal `json:"share"` // per cent of a usual month's use that falls on the days that are over
	Until string          `json:"until"` // last day that is counted as over
}

// Year is the budget year: the sums of those of its months that have a budget.
type Year struct {
	Line
	Forecast *forecast.Forecast `json:"forecast,omitempty"` // what the year comes to
	Method   string             `json:"method,omitempty"`   // of the forecast
	Why      string             `json:"why,omitempty"`      // why that method is shown
	History  int                `json:"history"`            // whole months that the forecast is made from
	Errors   []forecast.Error   `json:"errors,omitempty"`   // of the methods on the last months
	Missing  []string           `json:"missing,omitempty"`  // months over, with a budget, of which nothing is recorded: left out on both sides
	Verdict  Verdict            `json:"verdict"`
}

// Budget is the follow-up of one place: a cost centre, a unit, or a cost centre within a unit.
type Budget struct {
	CostCentre string   `json:"cost_centre,omitempty"`
	Unit       string   `json:"unit,omitempty"`
	Name       string   `json:"name"`
	Goals      []string `json:"goals"` // identities of the goals that make up its budget this month, or this year where none does this month

	Month      Month         `json:"month"`
	Verdict    Verdict       `json:"verdict"` // of the month
	YearToDate Line          `json:"year_to_date"`
	RunRate    *Rate         `json:"run_rate,omitempty"`   // of a month under way
	Annualised *schema.Money `json:"annualised,omitempty"` // what the place spends in a year if it goes on as it did this year, SEK
	Year       Year          `json:"year"`
	Months     []Month       `json:"months"` // January to December
}

// Report is the follow-up of all budgets.
type Report struct {
	Month      string       `json:"month"` // first day
	AsOf       string       `json:"as_of"` // last day that is looked at
	Whole      bool         `json:"whole"` // the month is over by what the data cover
	Cost       schema.Money `json:"cost"`  // of the month, of everything, SEK
	Unbudgeted schema.Money `json:"unbudgeted"`
	Total      Line         `json:"total"` // of the cost centres that have a budget this month
	Budgets    []Budget     `json:"budgets"`
}

// Follow makes the report: cost centres first, then units. A store without usage gives
// covered.ErrNoMonth, and so does a month that the data do not reach.
func Follow(ctx context.Context, store Store, in Input) (Report, error) {
	if in.Zone == nil || in.Workday == nil {
		return Report{}, errors.New("following up budgets needs a zone and a calendar")
	}
	l := &loader{store: store, in: in}
	if err := l.load(ctx); err != nil {
		return Report{}, fmt.Errorf("following up budgets: %w", err)
	}
	return l.report()
}

// line sets an outcome against a budget.
func line(budget, outcome schema.Money) Line {
	out := Line{Budget: budget, Outcome: outcome, Left: budget - outcome}
	if budget != 0 {
		p := decimal.New(int64(outcome), 0).Mul(decimal.NewFromInt(100)).DivRound(decimal.New(int64(budget), 0), 6)
		out.Percent = &p
	}
	return out
}

// add adds up lines.
func (l Line) add(o Line) Line { return line(l.Budget+o.Budget, l.Outcome+o.Outcome) }
