package backtest

import (
	"linesman/processors/policy"
	"linesman/schema"
)

// Report is what a back-test found.
type Report struct {
	From  Day      `json:"from"` // first day asked for; empty: from the beginning
	To    Day      `json:"to"`   // last day asked for; empty: to the end
	Rules []Rule   `json:"rules"`
	Same  []string `json:"same"` // rules of the draft that say just what is in force: not run
	// Reworded are rules of the draft that find just what those in force find, because only words
	// or dates differ: not run.
	Reworded []RuleDiff `json:"reworded"`
	Total    Tally      `json:"total"`
	// Units are the names of the units that occur, by id.
	Units   map[string]string `json:"units"`
	Seconds float64           `json:"seconds"`
}

// Rule compares one rule of the draft with the version in force.
type Rule struct {
	ID      string `json:"id"`
	Draft   uint32 `json:"draft"`    // version of the draft
	InForce uint32 `json:"in_force"` // version compared with; 0: there is none
	Title   Text   `json:"title"`
	Subject string `json:"subject"`
	Window  string `json:"window"`
	// Since is the day from which both versions are taken to hold; empty: the beginning, or, with
	// AsDated, for each the day that it names itself.
	Since   Day  `json:"since"`
	AsDated bool `json:"as_dated"`
	// Judges says which version judges when once the draft is in force.
	Judges []Reign `json:"judges"`
	// From and To bound the windows of the draft that were judged: the first day of the first
	// and the last day of the last; empty where nothing bounds them.
	From  Day     `json:"from"`
	To    Day     `json:"to"`
	Notes []Text  `json:"notes"` // what the reader must know to read the figures rightly
	Diff  []Words `json:"diff"`  // what the draft changes
	// Withheld: too few lines are concerned for any figure to be shown; all are 0.
	Withheld bool `json:"withheld,omitempty"`
	Tally
	Subjects Subjects `json:"subjects"`
	ByUnit   []Row    `json:"by_unit"`  // costliest difference first
	ByMonth  []Row    `json:"by_month"` // a window belongs to the month in which it begins
	Examples []Case   `json:"examples,omitempty"`
}

// Text is a text in both languages.
type Text struct {
	EN string `json:"en"`
	SV string `json:"sv"`
}

// In returns the text in a language: "sv", otherwise English.
func (t Text) In(lang string) string {
	if lang == "sv" {
		return t.SV
	}
	return t.EN
}

// Tally counts violations and adds up what they cost. Each violation of either version is
// counted once: the draft finds New + Changed + Unchanged of them, the version in force
// Gone + Changed + Unchanged.
type Tally struct {
	New       Sum    `json:"new"`
	Gone      Sum    `json:"gone"`
	Changed   Sum    `json:"changed"` // cost as the draft has it
	Unchanged Sum    `json:"unchanged"`
	Before    Amount `json:"changed_cost_in_force"` // cost of the changed ones as the version in force has it
}

// Sum is a number of violations and their cost.
type Sum struct {
	Count int    `json:"count"`
	Cost  Amount `json:"cost"`
}

// DraftFinds is the sum of what the draft finds.
func (t Tally) DraftFinds() Sum {
	return Sum{t.New.Count + t.Changed.Count + t.Unchanged.Count, t.New.Cost + t.Changed.Cost + t.Unchanged.Cost}
}

// InForceFinds is the sum of what the version in force finds.
func (t Tally) InForceFinds() Sum {
	return Sum{t.Gone.Count + t.Changed.Count + t.Unchanged.Count, t.Gone.Cost + t.Before + t.Unchanged.Cost}
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	t.New.add(o.New)
	t.Gone.add(o.Gone)
	t.Changed.add(o.Changed)
	t.Unchanged.add(o.Unchanged)
	t.Before += o.Before
}

func (s *Sum) add(o Sum) { s.Count, s.Cost = s.Count+o.Count, s.Cost+o.Cost }

// Subjects counts who is concerned at all, however often.
type Subjects struct {
	Draft   int `json:"draft"`
	InForce int `json:"in_force"`
	Both    int `json:"both"`
}

// Row is the tally of one unit or one month. A changed violation that another unit answers
// for stands at the unit where the draft finds it.
type Row struct {
	Key    string `json:"key"`              // unit id, or the first day of the month
	Folded int    `json:"folded,omitempty"` // of how many rows it is made, each about too few lines to be shown
	Tally
}

// Kinds of a [Case].
const (
	New     = "new"
	Gone    = "gone"
	Changed = "changed"
)

// Case is one violation in which draft and version in force differ.
type Case struct {
	Kind     string   `json:"kind"`
	Subject  string   `json:"subject"`
	Unit     string   `json:"unit"`
	From     Day      `json:"from"` // first day of the window
	To       Day      `json:"to"`   // its last day
	What     []string `json:"what,omitempty"`
	Draft    *Finding `json:"draft,omitempty"`
	InForce  *Finding `json:"in_force,omitempty"`
	Evidence []string `json:"evidence"` // a few event ids
	Total    uint32   `json:"evidence_total"`
}

// Finding is what one version says.
type Finding struct {
	Value    float64 `json:"value"`
	Limit    float64 `json:"limit"`
	Measure  string  `json:"measure"`
	Unit     string  `json:"unit"`
	Severity string  `json:"severity"`
	Cost     Amount  `json:"cost"`
	Explain  Text    `json:"explain"`
}

// Amount is money that is written as a decimal in JSON: exact in every reader.
type Amount schema.Money

// String writes the amount with a point and at least two decimals.
func (a Amount) String() string { return schema.Money(a).String() }

// MarshalText implements encoding.TextMarshaler.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Amount) UnmarshalText(b []byte) error {
	m, err := schema.ParseMoney(string(b))
	*a = Amount(m)
	return err
}

// Day is a calendar day that is written as yyyy-mm-dd; zero is empty.
type Day schema.Day

// String writes the day, or nothing for zero.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return schema.Day(d).String()
}

// MarshalText implements encoding.TextMarshaler.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(b []byte) error {
	*d = 0
	if len(b) == 0 {
		return nil
	}
	day, err := schema.ParseDay(string(b))
	*d = Day(day)
	return err
}

// finding says what a verdict says, without who and when.
func finding(v schema.Violation, set *policy.Set) *Finding {
	return &Finding{Value: v.Value, Limit: v.Limit, Measure: v.Measure, Unit: v.ValueUnit, Severity: v.Severity, Cost: Amount(v.Cost),
		Explain: Text{EN: set.Explain(v, "en"), SV: set.Explain(v, "sv")}}
}

// Rounded rounds an amount to öre, for people.
func Rounded(a Amount) Amount { return Amount(schema.Money(a).RoundOre()) }
