package query

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"linesman/dashboards/messages"
	"linesman/schema"
)

// ErrNotFound says that there is no such violation, or none that the caller may see.
var ErrNotFound = errors.New("no such violation")

// refusal says in the reader's language what is wrong with an id; the cause stays for
// errors.Is.
type refusal struct {
	words string
	cause error
}

func (e *refusal) Error() string { return e.words }

func (e *refusal) Unwrap() error { return e.cause }

// evidenceRows is how many events of the evidence are shown; the total is always told.
const evidenceRows = 1_000

// Violation is a violation with its history and evidence, as the console shows it. Amounts
// are decimal texts in SEK, but for what an operator charged.
type Violation struct {
	ID            string     `json:"id"`
	Rule          string     `json:"rule"`
	RuleVersion   uint32     `json:"ruleVersion"`
	Title         Text       `json:"title"`
	Policy        Policy     `json:"policy"`
	Severity      string     `json:"severity"`
	State         string     `json:"state"` // open or retracted
	Subject       Subject    `json:"subject"`
	Window        Window     `json:"window"`
	Value         float64    `json:"value"`
	ValueUnit     string     `json:"valueUnit"`
	Limit         float64    `json:"limit"`
	Cost          string     `json:"cost"`
	Reason        Text       `json:"reason"`
	History       []Change   `json:"history"`
	Evidence      []Evidence `json:"evidence"`
	EvidenceTotal uint64     `json:"evidenceTotal"`
	Withheld      bool       `json:"withheld,omitempty"` // subject and evidence are a person's, which the caller may not see
}

// Subject is who a violation concerns: a line by pseudonym, or a unit.
type Subject struct {
	Kind       string `json:"kind"`
	ID         string `json:"id"`
	Label      string `json:"label"` // masked number of a line, name of a unit
	Unit       string `json:"unit"`
	CostCentre string `json:"costCentre"`
}

// Window is the time in which a violation was measured; To is exclusive. Days in the judging zone.
type Window struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Label string `json:"label"`
}

// Change is one event in the life of a violation.
type Change struct {
	At     time.Time `json:"at"`
	Change string    `json:"change"`
	Value  float64   `json:"value"`
	Limit  float64   `json:"limit"`
	Reason Text      `json:"reason"`
}

// Evidence is one event that a violation rests on. Charged is in the operator's currency. For counts of watches only OccurredAt,
// Service and Count are set, and groups of a unit are summed.
type Evidence struct {
	EventID        string    `json:"eventId"`
	OccurredAt     time.Time `json:"occurredAt"`
	Service        string    `json:"service"`
	OtherClass     string    `json:"otherClass"`
	OtherCountry   string    `json:"otherCountry"`
	OtherMask      string    `json:"otherMask"`
	VisitedCountry string    `json:"visitedCountry"`
	DurationS      uint64    `json:"durationS"`
	VolumeBytes    uint64    `json:"volumeBytes"`
	Charged        string    `json:"charged"`
	Currency       string    `json:"currency"` // of Charged; empty: SEK
	Rated          string    `json:"rated"`
	Cost           string    `json:"cost"` // what the violation's cost is the sum of
	Count          *uint64   `json:"count,omitempty"`
	File           string    `json:"file"`
	Row            uint64    `json:"row"`
}

// Violation reads one violation by its id of 32 hexadecimal digits. Errors wrap [ErrQuery]
// when the id is malformed and [ErrNotFound] when there is none within the scope; both speak
// the language asked for. Without the right to see persons of the unit the violation has neither
// a subject nor evidence where that is a line.
func (r *Runner) Violation(ctx context.Context, scope Scope, id, lang string) (*Violation, error) {
	return r.violation(ctx, scope, id, lang, "violation")
}

// violation reads one violation for a metric or page, which the record of the read names.
func (r *Runner) violation(ctx context.Context, scope Scope, id, lang, metric string) (*Violation, error) {
	texts := r.cfg.Messages.In(lang)
	if _, err := schema.ParseID(id); err != nil {
		return nil, &refusal{texts.T("violation.bad_id", "id", strconv.Quote(id)), fmt.Errorf("%w: %w", ErrQuery, err)}
	}
	if err := scope.check(); err != nil {
		return nil, err
	}
	ctx = r.within(ctx, scope)
	s := &statement{}
	c := conditions{"violation_id = unhex(" + s.bind("String", id) + ")"}
	s.scope(&c, scope, "unit_id")
	s.write("SELECT rule, rule_version, severity, change, subject_kind, subject_id, unit_id, cost_centre, window_kind, window_from, window_to, value, value_unit, `limit`, cost, detail, evidence_total, first_event_at, last_event_at\nFROM violations_current%s\nLIMIT 1\nSETTINGS final = 1", c.where())
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	if len(got) == 0 {
		return nil, &refusal{texts.T("violation.not_found", "id", id), fmt.Errorf("%w: %s", ErrNotFound, id)}
	}
	row := got[0]
	v := &Violation{ID: id, Rule: asText(row[0]), RuleVersion: uint32(asCount(row[1])), Severity: asText(row[2]), State: stateOf(asText(row[3])),
		Subject: Subject{Kind: asText(row[4]), ID: asText(row[5]), Unit: asText(row[6]), CostCentre: asText(row[7])},
		Window:  Window{asTime(row[9]).Format(time.DateOnly), asTime(row[10]).Format(time.DateOnly), windowLabel(texts, asText(row[8]), asTime(row[9]))},
		Value:   asNumber(row[11]).InexactFloat64(), ValueUnit: asText(row[12]), Limit: asNumber(row[13]).InexactFloat64(), Cost: amount(row[14]), EvidenceTotal: asCount(row[16])}
	v.Withheld = v.Subject.Kind == subjectLine && !scope.seesPersons(v.Subject.Unit)
	r.explain(v, row)
	if v.History, err = r.history(ctx, id); err != nil {
		return nil, err
	}
	unit := v.Subject.Unit
	if err := r.nameSubject(ctx, v, texts); err != nil || v.Withheld {
		return v, err
	}
	if v.Subject.Kind != subjectLine {
		if v.Subject.Kind == subjectUnit {
			v.Evidence, err = r.watchEvidence(ctx, v)
		}
		return v, err
	}
	if v.Evidence, err = r.usageEvidence(ctx, v, asTime(row[17]), asTime(row[18])); err != nil {
		return nil, err
	}
	if err := r.audit(ctx, Read{Metric: metric, Subject: id, Unit: unit, Rows: 1 + len(v.Evidence)}); err != nil {
		return nil, err
	}
	return v, nil
}

// Kinds of subjects.
const (
	subjectLine = "line"
	subjectUnit = "unit"
)

func amount(v any) string {
	d := asNumber(v)
	if d.Equal(d.Truncate(2)) {
		return d.StringFixed(2)
	}
	return d.String()
}

// explain fills in the words about the rule, and why it flagged this.
func (r *Runner) explain(v *Violation, row []any) {
	text, _ := r.ruleText(v.Rule, v.RuleVersion)
	v.Policy = text.Policy
	say := func(lang string) (title, reason string) {
		texts := r.cfg.Messages.In(lang)
		// What else explains it, as countries and other numbers, may tell whose line it is.
		if reason = text.Reason.In(lang); reason == "" || v.Withheld {
			reason = texts.T("violation.reason")
		}
		pairs := []string{"value", texts.Measured(asNumber(row[11]), v.ValueUnit), "limit", texts.Measured(asNumber(row[13]), v.ValueUnit),
			"window", windowLabel(texts, asText(row[8]), asTime(row[9])), "cost", texts.Number(asNumber(row[14]), 2) + "\u00a0kr", "count", texts.Number(decimal.NewFromUint64(v.EvidenceTotal), 0)}
		for _, pair := range strings.Split(asText(row[15]), ";") {
			if name, value, ok := strings.Cut(pair, "="); ok {
				pairs = append(pairs, name, value)
			}
		}
		return r.ruleTitle(lang, v.Rule, v.RuleVersion), messages.Fill(reason, pairs...)
	}
	v.Title.EN, v.Reason.EN = say(messages.English)
	v.Title.SV, v.Reason.SV = say(messages.Swedish)
}

// nameSubject replaces the unit's id by its name, and labels the subject.
func (r *Runner) nameSubject(ctx context.Context, v *Violation, texts messages.Texts) error {
	units, err := r.names(ctx, "unit")
	if err != nil {
		return err
	}
	label := labels{texts: texts, names: map[string]map[string]string{"unit": units}}
	v.Subject.Unit = label.text("unit", v.Subject.Unit)
	switch {
	case v.Subject.Kind == subjectUnit:
		v.Subject.Label = label.text("unit", v.Subject.ID)
		return nil
	case v.Withheld:
		v.Subject.ID, v.Subject.Label = "", texts.T("subject.line_of", "unit", v.Subject.Unit)
		return nil
	}
	s := &statement{}
	s.write("SELECT argMax(number_mask, valid_from) FROM lines WHERE line_id = %s\nSETTINGS final = 1", s.bind("String", v.Subject.ID))
	got, err := read(ctx, r.store, s)
	if err != nil {
		return err
	}
	v.Subject.Label = v.Subject.ID
	if len(got) > 0 && asText(got[0][0]) != "" {
		v.Subject.Label = asText(got[0][0])
	}
	return nil
}

func (r *Runner) history(ctx context.Context, id string) ([]Change, error) {
	s := &statement{}
	s.write("SELECT recorded_at, change, value, `limit`, reason_code FROM violations WHERE violation_id = unhex(%s) ORDER BY log_offset LIMIT %d\nSETTINGS final = 1", s.bind("String", id), usualRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]Change, 0, len(got))
	for _, row := range got {
		c := Change{At: asTime(row[0]).UTC(), Change: asText(row[1]), Value: asNumber(row[2]).InexactFloat64(), Limit: asNumber(row[3]).InexactFloat64()}
		code := asText(row[4])
		if code == "" {
			code = c.Change
		}
		c.Reason = Text{EN: r.cfg.Messages.In(messages.English).Value("reason", code), SV: r.cfg.Messages.In(messages.Swedish).Value("reason", code)}
		out = append(out, c)
	}
	return out, nil
}

// usageEvidence reads the usage behind a violation. The line's own ids and the span of the
// evidence keep the store from looking anywhere else.
func (r *Runner) usageEvidence(ctx context.Context, v *Violation, from, to time.Time) ([]Evidence, error) {
	s := &statement{}
	line := s.bind("String", v.Subject.ID)
	s.write(`SELECT lower(hex(u.event_id)), u.occurred_at, u.service, u.other_class, u.other_country, u.other_mask, u.visited_country, u.duration_s, u.volume_bytes, u.charged, u.rated, f.name, u.file_row, u.currency, u.cost
FROM usage AS u LEFT JOIN (SELECT file_id, any(name) AS name FROM file_reports GROUP BY file_id) AS f ON f.file_id = u.file_id
WHERE u.recorded_line_id IN (SELECT arrayJoin([line_id, alias_id]) FROM lines WHERE line_id = %s UNION ALL SELECT %s)
  AND u.occurred_at BETWEEN fromUnixTimestamp64Milli(%s, 'UTC') AND fromUnixTimestamp64Milli(%s, 'UTC')
  AND u.event_id IN (SELECT arrayJoin(evidence) FROM violations_current WHERE violation_id = unhex(%s))
ORDER BY u.occurred_at, u.event_id
LIMIT %d
SETTINGS final = 1`, line, line, s.bind("Int64", from.UnixMilli()), s.bind("Int64", to.UnixMilli()), s.bind("String", v.ID), evidenceRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]Evidence, 0, len(got))
	for _, row := range got {
		out = append(out, Evidence{EventID: asText(row[0]), OccurredAt: asTime(row[1]).UTC(), Service: asText(row[2]), OtherClass: asText(row[3]), OtherCountry: asText(row[4]), OtherMask: asText(row[5]),
			VisitedCountry: asText(row[6]), DurationS: asCount(row[7]), VolumeBytes: asCount(row[8]), Charged: amount(row[9]), Rated: amount(row[10]), File: asText(row[11]), Row: asCount(row[12]),
			Currency: asText(row[13]), Cost: amount(row[14])})
	}
	return out, nil
}

// watchEvidence reads the weekly counts behind a violation of a unit, as totals of the unit:
// a profession group may be too small to be shown.
func (r *Runner) watchEvidence(ctx context.Context, v *Violation) ([]Evidence, error) {
	s := &statement{}
	s.write(`SELECT w.day, sum(w.open), any(f.name), lower(hex(min(w.event_id)))
FROM watches AS w LEFT JOIN (SELECT file_id, any(name) AS name FROM file_reports GROUP BY file_id) AS f ON f.file_id = w.file_id
WHERE w.unit_id = %s AND w.event_id IN (SELECT arrayJoin(evidence) FROM violations_current WHERE violation_id = unhex(%s))
GROUP BY w.day
ORDER BY w.day
LIMIT %d
SETTINGS final = 1`, s.bind("String", v.Subject.ID), s.bind("String", v.ID), evidenceRows)
	got, err := read(ctx, r.store, s)
	if err != nil {
		return nil, err
	}
	out := make([]Evidence, 0, len(got))
	for _, row := range got {
		count := asCount(row[1])
		out = append(out, Evidence{EventID: asText(row[3]), OccurredAt: midnight(asTime(row[0]), r.cfg.Zone).UTC(), Service: "watches", Count: &count, File: asText(row[2]), Charged: "0.00", Rated: "0.00", Cost: "0.00"})
	}
	return out, nil
}
