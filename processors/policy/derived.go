package policy

import "linesman/schema"

// Sources whose rows are made of statements; docs/policy-kinds.md says how.
const (
	SourceHours     = "hours"
	SourceReturns   = "returns"
	SourceLosses    = "losses"
	SourceApprovals = "approvals"
)

// Reasons why equipment was due back.
const (
	reasonEmployment = "employment_ended"
	reasonAssignment = "assignment_ended"
	reasonLeave      = "leave"
)

// derived tells whether the rows of the rule's source are made of statements: they are few
// and are judged whole.
func (r *Rule) derived() bool {
	switch r.From {
	case SourceHours, SourceReturns, SourceLosses, SourceApprovals:
		return true
	}
	return false
}

// followsDays tells whether rows of the rule's source depend on how far the data reach.
func (r *Rule) followsDays() bool { return r.From == SourceReturns || r.From == SourceLosses }

func hoursSource() source {
	return source{
		name: SourceHours, says: "telephone hours of a line or a unit, from the moment they hold",
		table: func() schema.Info { return hoursTable().Info() }, read: func(*Rule) string { return "(\n" + indent(hoursSQL()) + ")" },
		subjects: []string{SubjectUnit, SubjectLine}, kinds: []string{KindMatch, KindThreshold, KindSchedule},
	}
}

func returnSource() source {
	return source{
		name: SourceReturns, says: "equipment that was due back, and how late it came",
		table: func() schema.Info { return returnTable().Info() }, read: func(r *Rule) string { return "(\n" + indent(returnsSQL(r.Zone)) + ")" },
		subjects: []string{SubjectUnit, SubjectLine}, kinds: []string{KindMatch, KindThreshold},
	}
}

func lossSource() source {
	return source{
		name: SourceLosses, says: "equipment that was lost, and what happened until its subscription was blocked",
		table: func() schema.Info { return lossTable().Info() }, read: func(r *Rule) string { return "(\n" + indent(r.lossesSQL()) + ")" },
		subjects: []string{SubjectUnit, SubjectLine}, kinds: []string{KindMatch, KindThreshold},
	}
}

func approvalSource() source {
	return source{
		name: SourceApprovals, says: "approvals, at the moment they were decided",
		table: func() schema.Info { return decisionTable().Info() }, read: func(*Rule) string { return "(\n" + indent(approvalsSQL()) + ")" },
		subjects: []string{SubjectUnit, SubjectLine}, kinds: []string{KindMatch, KindThreshold, KindAbsence},
	}
}

// made is what the rows of every derived source have. They are no table of the store.
type made struct {
	event      schema.ID
	occurredAt schema.Time
	unit       string
	costCentre string
	line       string
}

func madeColumns[T any](of func(*T) *made, occurred string) []schema.Column[T] {
	return []schema.Column[T]{
		{Name: "event_id", Type: schema.TypeID, Meaning: "Event that stated it.", Ref: func(t *T) any { return &of(t).event }},
		{Name: "occurred_at", Type: schema.TypeTime, Unit: "ms, UTC", Meaning: occurred, Ref: func(t *T) any { return &of(t).occurredAt }},
		{Name: "unit_id", Type: schema.TypeSymbol, Meaning: "Unit; where the statement does not tell, the unit that held the line at that moment.", Ref: func(t *T) any { return &of(t).unit }},
		{Name: "cost_centre", Type: schema.TypeSymbol, Meaning: "Cost centre of the line, or else of the unit, at that moment.", Ref: func(t *T) any { return &of(t).costCentre }},
		{Name: "line_id", Type: schema.TypeText, Meaning: "Line; empty where there is none.", Ref: func(t *T) any { return &of(t).line }},
	}
}

// hours is a row of the source hours.
type hours struct {
	made
	weekday, opens, closes uint32
}

func hoursTable() *schema.Table[hours] {
	return &schema.Table[hours]{Name: SourceHours, Columns: append(madeColumns(func(h *hours) *made { return &h.made }, "From when the hours hold."),
		schema.Column[hours]{Name: "weekday", Type: schema.TypeUint32, Meaning: "1 (Monday) to 7 (Sunday).", Ref: func(h *hours) any { return &h.weekday }},
		schema.Column[hours]{Name: "opens_min", Type: schema.TypeUint32, Unit: "minute", Meaning: "Minutes after midnight at which it opens.", Ref: func(h *hours) any { return &h.opens }},
		schema.Column[hours]{Name: "closes_min", Type: schema.TypeUint32, Unit: "minute", Meaning: "Minutes after midnight at which it closes.", Ref: func(h *hours) any { return &h.closes }})}
}

// dueBack is a row of the source returns.
type dueBack struct {
	made
	item, reason string
	returned     bool
	lateDays     uint32
}

func returnTable() *schema.Table[dueBack] {
	return &schema.Table[dueBack]{Name: SourceReturns, Columns: append(madeColumns(func(d *dueBack) *made { return &d.made }, "When it was due back."),
		schema.Column[dueBack]{Name: "item", Type: schema.TypeSymbol, Meaning: "Kind of equipment.", Ref: func(d *dueBack) any { return &d.item }},
		schema.Column[dueBack]{Name: "reason", Type: schema.TypeSymbol, Meaning: "Why it was due: employment_ended, assignment_ended or leave.", Ref: func(d *dueBack) any { return &d.reason }},
		schema.Column[dueBack]{Name: "returned", Type: schema.TypeBool, Meaning: "Whether it is back.", Ref: func(d *dueBack) any { return &d.returned }},
		schema.Column[dueBack]{Name: "late_days", Type: schema.TypeUint32, Unit: "day", Meaning: "Days from the day it was due until it came back, or until the last day the data cover.", Ref: func(d *dueBack) any { return &d.lateDays }})}
}

// loss is a row of the source losses.
type loss struct {
	made
	item       string
	blocked    bool
	blockHours uint32
	usedAfter  uint32
	cost       schema.Money
}

func lossTable() *schema.Table[loss] {
	return &schema.Table[loss]{Name: SourceLosses, Columns: append(madeColumns(func(l *loss) *made { return &l.made }, "When it was lost."),
		schema.Column[loss]{Name: "item", Type: schema.TypeSymbol, Meaning: "Kind of equipment.", Ref: func(l *loss) any { return &l.item }},
		schema.Column[loss]{Name: "blocked", Type: schema.TypeBool, Meaning: "Whether its subscription is blocked.", Ref: func(l *loss) any { return &l.blocked }},
		schema.Column[loss]{Name: "block_hours", Type: schema.TypeUint32, Unit: "h", Meaning: "Whole hours until it was blocked, or until the end of the last day the data cover.", Ref: func(l *loss) any { return &l.blockHours }},
		schema.Column[loss]{Name: "used_after", Type: schema.TypeUint32, Meaning: "Calls, messages and data sessions of the line after the loss and before it was blocked.", Ref: func(l *loss) any { return &l.usedAfter }},
		schema.Column[loss]{Name: "cost", Type: schema.TypeMoney, Unit: "SEK", Meaning: "What these cost.", Ref: func(l *loss) any { return &l.cost }})}
}

// decision is a row of the source approvals.
type decision struct {
	made
	kind, countries string
	from, to        schema.Time
}

// decisionTable bears the name of the table of approvals: its kinds are the same words.
func decisionTable() *schema.Table[decision] {
	return &schema.Table[decision]{Name: SourceApprovals, Columns: append(madeColumns(func(d *decision) *made { return &d.made }, "When it was decided; where that is not known, from when it holds."),
		schema.Column[decision]{Name: "kind", Type: schema.TypeSymbol, Meaning: "Kind of approval.", Ref: func(d *decision) any { return &d.kind }},
		schema.Column[decision]{Name: "countries", Type: schema.TypeText, Meaning: "Countries it covers, ISO 3166 codes separated by commas; empty: all.", Ref: func(d *decision) any { return &d.countries }},
		schema.Column[decision]{Name: "valid_from", Type: schema.TypeTime, Unit: "ms, UTC", Meaning: "From when it holds.", Ref: func(d *decision) any { return &d.from }},
		schema.Column[decision]{Name: "valid_to", Type: schema.TypeTime, Unit: "ms, UTC", Meaning: "Until when it holds, exclusive; 1970: until further notice.", Ref: func(d *decision) any { return &d.to }})}
}
