// Package report makes the monthly report of a cost centre, a unit or the whole organisation out
// of figures that were worked out already: one HTML file that needs nothing else, and a PDF. The
// same report gives the same bytes. It holds counts and sums of units and cost centres only:
// nothing in it is about a line or a person.
package report

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"linesman/schema"
)

// Kinds of scopes, as in the publications table.
const (
	ScopeAll        = "all"
	ScopeCostCentre = "cost_centre"
	ScopeUnit       = "unit"
)

// Units of figures.
const (
	SEK   = "SEK"
	Count = "count"
	Bytes = "byte"
)

// Hidden is the value of a count of people's doings that is too small to be shown.
const Hidden = "<5"

// Scope is what a report is about.
type Scope struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`             // cost centre or unit id; empty for all
	Name string `json:"name,omitempty"` // as of the end of the month
}

// Figure is one number of a report, with the way to it.
type Figure struct {
	ID    string `json:"id"`    // what it is, the same in every month and language
	Label string `json:"label"` // what it is, in the report's language
	// Value is what the query gives: an exact decimal; empty where there is nothing to say, or Hidden.
	Value   string `json:"value"`
	Unit    string `json:"unit"`              // SEK, another currency, count or byte
	Query   string `json:"query,omitempty"`   // gives exactly the value with linesman query
	Command string `json:"command,omitempty"` // shows the value, where no one query does
	// Fixed tells that it is about the report's month and nothing but that: when later data
	// change it, a correction note says so. Other figures are those of other months, or how
	// something stood when the report was published.
	Fixed bool `json:"fixed,omitempty"`
}

// Decimal returns the value as a number; false: it is none.
func (f *Figure) Decimal() (decimal.Decimal, bool) {
	if f == nil || f.Value == "" || f.Value == Hidden {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(f.Value)
	return d, err == nil
}

// Row is something with its figures (by id) of the month and of the month before.
type Row struct {
	Label  string `json:"label"`
	Now    string `json:"now"`
	Before string `json:"before,omitempty"`
}

// Point is one month of the course of costs.
type Point struct {
	Month  string `json:"month"` // yyyy-mm-dd, first day
	Figure string `json:"figure"`
}

// Rule is what a rule of the policy found in the month.
type Rule struct {
	Title string `json:"title"` // in the report's language
	Found string `json:"found"` // figure: what the data of the month say
	Open  string `json:"open"`  // figure: of these, what nobody had settled yet
}

// Goal is a goal and how it stood at the end of the month.
type Goal struct {
	Place  string `json:"place"`
	Title  string `json:"title"`
	Status string `json:"status"` // in words
	Words  string `json:"words"`
	Good   bool   `json:"good"`
	Figure string `json:"figure,omitempty"`
}

// Source is what is known to be missing of one source of data in the month.
type Source struct {
	Name    string `json:"name"`
	State   string `json:"state"` // complete, gap, no_data
	Missing int    `json:"missing"`
	Last    string `json:"last"` // last day with data, yyyy-mm-dd
	Figure  string `json:"figure"`
}

// Report is everything that a monthly report says.
type Report struct {
	Scope        Scope  `json:"scope"`
	Month        string `json:"month"` // yyyy-mm-dd, first day
	Language     string `json:"language"`
	Organisation string `json:"organisation,omitempty"`
	Published    string `json:"published,omitempty"` // yyyy-mm-dd; empty: a draft

	Figures []Figure `json:"figures"` // in the order in which they are numbered

	Course   []Point  `json:"course"`          // thirteen months, the report's last
	Services []Row    `json:"services"`        // cost by kind and service
	Parts    []Row    `json:"parts"`           // cost by unit, by cost centre or by kind of line, as the scope has it
	Moves    []Row    `json:"moves"`           // what changed most
	Borne    []Row    `json:"borne,omitempty"` // what the scope bears after costs were divided
	VAT      []string `json:"vat"`             // figures, one a currency
	Away     []Row    `json:"away"`            // forwarding and roaming
	Rules    []Rule   `json:"rules"`
	Unsure   []string `json:"unsure,omitempty"` // titles of rules that found nothing in data that are not complete
	Goals    []Goal   `json:"goals"`
	Sources  []Source `json:"sources"`
}

// Ids of the figures that every report has.
const (
	FigureCost     = "cost"
	FigurePrevious = "cost.previous"
	FigureYearAgo  = "cost.year_ago"
	FigureBudget   = "budget"
	FigureRecords  = "records"
	FigureRepay    = "repayments"
	FigurePrivate  = "private"
	FigureUnused   = "unused.lines"
	FigureIdle     = "unused.fees"
)

// Figure returns a figure by its id; nil: the report has none of that id.
func (r *Report) Figure(id string) *Figure {
	i := slices.IndexFunc(r.Figures, func(f Figure) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Figures[i]
}

func day(text string) time.Time {
	d, err := schema.ParseDay(text)
	if err != nil {
		return time.Time{}
	}
	return d.At(time.UTC)
}

// Name is the name of a report's file without its ending. It holds no personal data: a month,
// a cost centre or unit, a language; revision 0 is the report, others are correction notes.
func Name(s Scope, month, language string, revision uint32) string {
	parts := []string{"monthly", month[:min(len(month), len("2006-01"))]}
	switch s.Kind {
	case ScopeCostCentre:
		parts = append(parts, "cc", clean(s.ID))
	case ScopeUnit:
		parts = append(parts, "unit", clean(s.ID))
	default:
		parts = append(parts, "all")
	}
	parts = append(parts, language)
	if revision > 0 {
		parts = append(parts, "correction", decimal.NewFromInt(int64(revision)).String())
	}
	return strings.Join(parts, "-")
}

// clean leaves letters and digits of an id for a file name. Two ids that would look the same are
// told apart by what else they hold.
func clean(id string) string {
	var b strings.Builder
	odd := false
	for _, r := range id {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '_':
			b.WriteRune(r)
		default:
			odd = true
			b.WriteByte('_')
		}
	}
	const most = 60
	out := b.String()
	if odd || len(out) > most || out == "" {
		out = out[:min(len(out), most)] + "-" + schema.NewID("file-name", id).String()[:8]
	}
	return out
}
