package demo

import (
	"encoding/json"
	"os"
)

// Truth is what was put into the files: what has to be found, what must not be, and how
// many records there are. Counts are of distinct records that can be read, unless a field
// says otherwise.
type Truth struct {
	Seed         uint64         `json:"seed"`
	Size         string         `json:"size"`
	From         string         `json:"from"` // first day of usage, Europe/Stockholm
	To           string         `json:"to"`   // last day of usage, inclusive
	Zone         string         `json:"zone"`
	Organisation string         `json:"organisation"`
	Units        int            `json:"units"`
	Lines        int            `json:"lines"`
	Records      Records        `json:"records"`
	Files        []File         `json:"files"`
	Duplicates   []Duplicate    `json:"duplicates"`
	Rejects      []Reject       `json:"rejects"`
	FailedFiles  []Reject       `json:"failedFiles"` // files that must be refused as a whole (row 0)
	Moves        []Move         `json:"moves"`
	Violations   []Expectation  `json:"violations"`
	NearMisses   []Expectation  `json:"nearMisses"`
	BilledWrong  []BilledWrong  `json:"billedWrong"`
	Goals        []GoalStanding `json:"goals"` // where the goals stand at the end of the period
}

// Records counts distinct records that can be read, by kind and by collector.
type Records struct {
	Calls    int64 `json:"calls"`
	Data     int64 `json:"data"`
	SMS      int64 `json:"sms"`
	Fees     int64 `json:"fees"`
	CUCM     int64 `json:"cucm"`
	Itemised int64 `json:"itemised"`
	Watches  int64 `json:"watches"`
	Usage    int64 `json:"usage"`
}

// File is one file and the data rows in it. Rows = Accepted + Rejected + Duplicate, when
// files are collected in the order of this list.
type File struct {
	Name      string `json:"name"` // below the folder of the collector
	Collector string `json:"collector"`
	Profile   string `json:"profile,omitempty"`
	Month     string `json:"month,omitempty"`
	Rows      int64  `json:"rows"`
	Accepted  int64  `json:"accepted"`
	Rejected  int64  `json:"rejected,omitempty"`
	Duplicate int64  `json:"duplicate,omitempty"`
	Charged   string `json:"charged,omitempty"` // SEK excluding VAT, sum over the accepted rows of an itemised file
}

// Duplicate is material that was delivered twice.
type Duplicate struct {
	File    string `json:"file"`
	Of      string `json:"of"`
	Records int64  `json:"records"`
}

// Reject is a row (or, with row 0, a file) that cannot be accepted.
type Reject struct {
	File   string `json:"file"`
	Row    int64  `json:"row"` // line number from 1
	Column string `json:"column,omitempty"`
	Kind   string `json:"kind"`
}

// Move is a change of a line in the middle of a month.
type Move struct {
	Number string `json:"number"`
	At     string `json:"at"`
	From   string `json:"from"`
	To     string `json:"to"`
	What   string `json:"what"` // unit or holder
}

// Kinds of expectation.
const (
	KindViolation = "violation"
	KindNearMiss  = "near_miss"
)

// Expectation is one planted thing: a violation that has to be found, or a near miss that
// must not be.
type Expectation struct {
	Kind      string   `json:"kind"`
	Rule      string   `json:"rule"`
	Number    string   `json:"number,omitempty"`    // E.164, for rules about lines
	Extension string   `json:"extension,omitempty"` // as the exchange writes the same line
	Unit      string   `json:"unit"`                // HSA-id; of the line at the end of the month, for rules about lines
	Month     string   `json:"month"`
	Value     *float64 `json:"value,omitempty"` // of the measure that decides, where it is exactly known
	Measure   string   `json:"measure,omitempty"`
	Count     int64    `json:"count,omitempty"`
	Cost      string   `json:"cost,omitempty"` // SEK by the price book
	Bytes     int64    `json:"bytes,omitempty"`
	Note      string   `json:"note"`
}

// Rules that things are planted for.
const (
	RuleRoaming    = "private-roaming"
	RuleForwarding = "excessive-forwarding"
	RulePremium    = "premium-call"
	RuleWatches    = "rising-watches"
)

// tally counts what a task wrote, and roughly what it costs.
type tally struct {
	calls, data, sms, fees, cucm, itemised, watches int64

	cost    map[centreMonth]micro // as the price book and the operators have it; for budgets
	each    map[unitMonth]micro   // the same by unit
	forward map[unitMonth]int64
	used    map[lineMonth]int // last day on which a line of the exchange had a call
}

type (
	centreMonth struct{ centre, month int }
	unitMonth   struct{ unit, month int }
	lineMonth   struct{ line, month int }
)

func newTally() tally {
	return tally{cost: map[centreMonth]micro{}, each: map[unitMonth]micro{}, forward: map[unitMonth]int64{}, used: map[lineMonth]int{}}
}

func (t *tally) add(o *tally) {
	t.calls += o.calls
	t.data += o.data
	t.sms += o.sms
	t.fees += o.fees
	t.cucm += o.cucm
	t.itemised += o.itemised
	t.watches += o.watches
	for k, v := range o.cost {
		t.cost[k] += v
	}
	for k, v := range o.each {
		t.each[k] += v
	}
	for k, v := range o.used {
		t.used[k] = max(t.used[k], v)
	}
	for k, v := range o.forward {
		t.forward[k] += v
	}
}

// sum adds up the tallies of all tasks.
func (g *generator) sum() tally {
	t := newTally()
	for _, o := range g.results {
		t.add(&o.tally)
	}
	return t
}

// truth puts together what the tasks wrote and what was planted.
func (g *generator) truth() Truth {
	s := g.sum()
	t := Truth{
		Seed: g.seed, Size: g.size.String(), From: g.days[0].label, To: g.days[len(g.days)-1].label, Zone: zoneName,
		Organisation: organisation, Units: len(g.units), Lines: len(g.lines),
		Records: Records{Calls: s.calls, Data: s.data, SMS: s.sms, Fees: s.fees, CUCM: s.cucm, Itemised: s.itemised,
			Watches: s.watches, Usage: s.cucm + s.itemised},
		Moves: g.plan.moves, Goals: g.standings,
	}
	for _, o := range g.results {
		t.Files = append(t.Files, o.files...)
		t.Duplicates = append(t.Duplicates, o.dups...)
		t.BilledWrong = append(t.BilledWrong, o.wrong...)
		for _, r := range o.rejects {
			if r.Row == 0 {
				t.FailedFiles = append(t.FailedFiles, r)
				continue
			}
			t.Rejects = append(t.Rejects, r)
		}
	}
	for _, e := range g.plan.expectations {
		if e.Kind == KindViolation {
			t.Violations = append(t.Violations, e)
			continue
		}
		t.NearMisses = append(t.NearMisses, e)
	}
	return t
}

func (t *Truth) write(path string) error {
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o640)
}
