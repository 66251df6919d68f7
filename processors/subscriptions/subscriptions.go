// Package subscriptions follows up what the organisation subscribes to: how many lines each
// unit holds, of which kind and plan, what their fees are, and which of them somebody should
// ask about. Region Jämtland Härjedalen found that nobody took "ett helhetsansvar för hantering
// och uppföljning av våra mobilabonnemang" (RS/412/2020, Digitala hjälpmedel för regionens
// medarbetare, Ärendebeskrivning); Laholm has every mobile holding reviewed once a year
// (Telefonpolicy, dnr 384/04, Uppföljning och kontroll).
//
// The report is as of the last day of a month that the data cover, never of today. The same
// rows always give the same report.
package subscriptions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/goals"
	"linesman/schema"
)

// What is to be asked about a line. A line may have several.
const (
	Unused     = "unused"     // not used for 90 days, see docs/goals.md
	Leaver     = "leaver"     // the holder's employment or assignment has ended
	LongLeave  = "long_leave" // the holder is on leave for more than a year
	NoHolder   = "no_holder"  // a personal line that nobody is stated to hold
	Several    = "several"    // the holder has several mobile subscriptions
	Blocked    = "blocked"    // the SIM is blocked or spare, and fees are paid
	Unreviewed = "unreviewed" // a mobile holding that was not reviewed for a year
	NoPlan     = "no_plan"    // a mobile line without a stated operator or plan: nobody can check its bill
)

// Questions lists them in the order of a report.
func Questions() []string {
	return []string{Unused, Leaver, LongLeave, NoHolder, Several, Blocked, Unreviewed, NoPlan}
}

// Store is the part of clickhouse-go's driver.Conn that is needed: it only reads.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Input says what is asked.
type Input struct {
	Zone *time.Location // in which days begin
	AsOf schema.Day     // any day of the month that is asked for; 0: the newest whole month that the data cover
	Unit string         // empty: every unit
	Days int            // for how long an unused line was not used, the last day included; 0: goals.UnusedDays
}

// Sums are what lines add up to.
type Sums struct {
	Lines   int            `json:"lines"`
	Kinds   map[string]int `json:"kinds"`    // lines by kind
	Fees    schema.Money   `json:"fees"`     // subscription and one-time fees of the month, SEK
	Usage   schema.Money   `json:"usage"`    // everything else of the month, SEK
	Idle    schema.Money   `json:"idle"`     // the month's fees of unused lines, SEK
	Asked   map[string]int `json:"asked"`    // lines to ask about, by question
	ToCheck int            `json:"to_check"` // lines to ask about at all
}

// Plan is one kind of subscription of a unit.
type Plan struct {
	Kind     string       `json:"kind"`
	Operator string       `json:"operator"`
	Plan     string       `json:"plan"`
	Lines    int          `json:"lines"`
	Fees     schema.Money `json:"fees"` // of the month, SEK
}

// Unit is the follow-up of one unit.
type Unit struct {
	UnitID string `json:"unit"`
	Name   string `json:"name"`
	Sums
	Plans []Plan `json:"plans"`
}

// Line is a line that somebody should ask about.
type Line struct {
	LineID     string       `json:"line"` // pseudonym
	UnitID     string       `json:"unit"`
	CostCentre string       `json:"cost_centre"`
	Kind       string       `json:"kind"`
	Role       string       `json:"role"`
	Operator   string       `json:"operator"`
	Plan       string       `json:"plan"`
	Fees       schema.Money `json:"fees"`               // of the month, SEK
	LastUse    string       `json:"last_use,omitempty"` // day; empty: none within 400 days
	Reviewed   string       `json:"reviewed,omitempty"` // day; empty: never
	Questions  []string     `json:"questions"`
}

// Report is the follow-up of subscriptions as of a day.
type Report struct {
	AsOf  string `json:"as_of"` // last day of the month
	Month string `json:"month"` // first day of the month
	Total Sums   `json:"total"`
	Units []Unit `json:"units"` // by what their lines cost a month, the dearest first
	Lines []Line `json:"lines"` // to be asked about, by unit and what they cost
}

// ErrNoMonth tells that no whole month is covered by the data.
var ErrNoMonth = errors.New("the store does not hold a whole month of usage yet")

// Follow makes the report.
func Follow(ctx context.Context, store Store, in Input) (Report, error) {
	if in.Zone == nil {
		return Report{}, errors.New("following up subscriptions needs a zone")
	}
	if in.Days == 0 {
		in.Days = goals.UnusedDays
	}
	if in.Days < 1 || in.Days > look {
		return Report{}, fmt.Errorf("following up lines that were not used for %d days: want 1 to %d", in.Days, look)
	}
	l := &loader{store: store, in: in}
	if err := l.load(ctx); err != nil {
		return Report{}, err
	}
	return l.report(), nil
}

// report adds the lines up.
func (l *loader) report() Report {
	r := Report{AsOf: l.asOf.String(), Month: l.asOf.Month().String(), Total: newSums(), Units: []Unit{}, Lines: []Line{}}
	units, mobiles := map[string]*Unit{}, l.mobilesByHolder()
	for _, h := range l.lines {
		if l.in.Unit != "" && h.unit != l.in.Unit {
			continue
		}
		u := units[h.unit]
		if u == nil {
			u = &Unit{UnitID: h.unit, Name: l.names[h.unit], Sums: newSums()}
			units[h.unit] = u
		}
		questions := l.ask(h, mobiles)
		use := l.uses[h.id]
		u.add(h, use, questions)
		r.Total.add(h, use, questions)
		u.plan(h, use)
		if len(questions) > 0 {
			r.Lines = append(r.Lines, l.line(h, use, questions))
		}
	}
	for _, u := range units {
		slices.SortFunc(u.Plans, func(a, b Plan) int {
			return cmp.Or(cmp.Compare(b.Fees, a.Fees), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Plan, b.Plan))
		})
		r.Units = append(r.Units, *u)
	}
	slices.SortFunc(r.Units, func(a, b Unit) int {
		return cmp.Or(cmp.Compare(b.Fees, a.Fees), cmp.Compare(a.UnitID, b.UnitID))
	})
	slices.SortFunc(r.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.UnitID, b.UnitID), cmp.Compare(b.Fees, a.Fees), cmp.Compare(a.LineID, b.LineID))
	})
	return r
}

func newSums() Sums { return Sums{Kinds: map[string]int{}, Asked: map[string]int{}} }

func (s *Sums) add(h holding, u use, questions []string) {
	s.Lines++
	s.Kinds[h.kind]++
	s.Fees += u.fees
	s.Usage += u.traffic
	if len(questions) > 0 {
		s.ToCheck++
	}
	for _, q := range questions {
		s.Asked[q]++
		if q == Unused {
			s.Idle += u.fees
		}
	}
}

// plan adds a line to its kind of subscription.
func (u *Unit) plan(h holding, of use) {
	same := func(p Plan) bool { return p.Kind == h.kind && p.Operator == h.operator && p.Plan == h.plan }
	i := slices.IndexFunc(u.Plans, same)
	if i < 0 {
		i = len(u.Plans)
		u.Plans = append(u.Plans, Plan{Kind: h.kind, Operator: h.operator, Plan: h.plan})
	}
	u.Plans[i].Lines++
	u.Plans[i].Fees += of.fees
}

func (l *loader) line(h holding, u use, questions []string) Line {
	out := Line{LineID: h.id, UnitID: h.unit, CostCentre: cmp.Or(h.centre, l.centres[h.unit]), Kind: h.kind, Role: h.role, Operator: h.operator, Plan: h.plan, Fees: u.fees, Questions: questions}
	if u.last != 0 {
		out.LastUse = u.last.String()
	}
	if d := l.reviewed[h.id]; d != 0 {
		out.Reviewed = d.String()
	}
	return out
}
