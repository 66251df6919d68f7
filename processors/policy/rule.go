// Package policy holds the rules of the organisation's policies: rules as data, the
// compiler that makes one ClickHouse query of each, and the evaluator that compares what
// the queries find with the violations that are known.
//
// A rule reads usage, watches or another source, groups what its conditions select by subject
// (a line or a unit) and window (a day, week, month or year in the rule's zone), leaves out
// what an approval covers, and trips when a measure is above its limit. The same rows and the
// same rules always give the same violations.
package policy

import (
	"fmt"
	"time"

	"linesman/schema"
)

// Subjects of a rule: what a violation is about.
const (
	SubjectLine = "line"
	SubjectUnit = "unit"
)

// Windows of a rule: the calendar span, in the rule's zone, over which it measures.
const (
	WindowDay   = "day"
	WindowWeek  = "week"
	WindowMonth = "month"
	WindowYear  = "year"
)

// Sources of a rule: what it reads; see [sources].
const (
	SourceUsage    = "usage"
	SourceWatches  = "watches"
	SourceContacts = "contacts"
)

// Severities of a violation.
const (
	SeverityLow    = "low"
	SeverityMedium = "medium"
	SeverityHigh   = "high"
)

// Reasons why a violation changed or was retracted.
const (
	ReasonData      = "data"      // more usage or other counts
	ReasonAmended   = "amended"   // usage records were cancelled or corrected
	ReasonReference = "reference" // lines, units, approvals, prices or goals were restated
	ReasonRule      = "rule"      // the rule was changed or retired
)

// Kinds of a rule: what makes it trip.
const (
	KindMatch     = "match"     // one matching event is enough
	KindThreshold = "threshold" // a measure of a subject and window is above its limit
	KindTrend     = "trend"     // a number rises
)

// Text is a text in the languages of the product; Danish may be empty.
type Text struct{ EN, SV, DA string }

// In returns the text in a language ("sv" or "da"; otherwise, and where it is missing, English).
func (t Text) In(lang string) string {
	switch {
	case lang == "sv" && t.SV != "":
		return t.SV
	case lang == "da" && t.DA != "":
		return t.DA
	}
	return t.EN
}

// Source says which paragraph of a written policy a rule puts to work.
type Source struct {
	Document string // title and owner of the document
	Section  string
	Quote    string // in the language of the document
	Date     string // when it was decided: yyyy or yyyy-mm-dd; empty when the document does not say
}

// Exempt says which approvals make usage permitted. An approval counts when it is for the
// line, or for the unit that held it, and in force at the moment of the event.
type Exempt struct {
	Approval      string // kind: trip, premium or forwarding; empty: nothing is exempt
	CountryColumn string // column that must be among the approval's countries; empty: countries are not looked at
}

// Rule is one rule of a policy, loaded and checked.
type Rule struct {
	ID          string
	Version     uint32
	Pack        string
	File        string
	Line        int // line of the file where the rule begins
	Title       Text
	Description Text
	Severity    string
	Policy      []Source
	ValidFrom   schema.Day // first day, in Zone, on which it holds
	ValidTo     schema.Day // day on which it no longer holds; 0: until further notice
	InformedAt  schema.Day // the staff knew from this day on: nothing earlier is ever flagged
	// NegotiatedAt is the day from which the rule was negotiated with the unions: nothing
	// earlier is ever flagged; 0: the rule does not say.
	NegotiatedAt schema.Day
	Kind         string // match, threshold or trend
	Candidate    bool   // what it finds needs an answer before it is a violation
	Zone         string
	Subject      string
	Window       string
	From         string      // source it reads
	Where        []Condition // all must hold: those of where, then that of when, then the exempt numbers
	Exempt       Exempt
	// ExemptNumbers are keyed hashes of other parties (unions, occupational health,
	// whistle-blowing): what is between them and a line never counts and is never evidence.
	ExemptNumbers []uint64
	Limits        []Limit
	Trend         *Trend
	Absence       *Absence  // of kind absence
	Schedule      *Schedule // of kind schedule
	Budget        *Budget   // of kind budget
	GoalRule      *GoalRule // of kind goal
	Days          int       // of a rolling window: its length
	// NoEvidence: verdicts name no events, only how many there are.
	NoEvidence bool
	location   *time.Location
	mentioned  []mention  // columns that it names
	guards     []guard    // what the set it belongs to protects
	succeeded  schema.Day // start of the later version of the set that ended it; 0: none
}

// Name returns "id/version", which names a rule in logs and messages.
func (r *Rule) Name() string { return fmt.Sprintf("%s/%d", r.ID, r.Version) }

// start is the first day whose events the rule may flag.
func (r *Rule) start() schema.Day { return max(r.ValidFrom, r.InformedAt, r.NegotiatedAt) }

// Starts returns the first day whose events the rule may flag: the latest of ValidFrom,
// InformedAt and NegotiatedAt.
func (r *Rule) Starts() schema.Day { return r.start() }

// ViolationID identifies a violation of the rule: the same subject and window, found
// again, is the same violation.
func (r *Rule) ViolationID(subject string, windowFrom schema.Day) schema.ID {
	return schema.NewID("violation", r.ID, fmt.Sprint(r.Version), r.Subject, subject, windowFrom.String())
}
