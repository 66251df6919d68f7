package schema

// Steps of a case: what somebody does about a violation. Each names the state that it leads
// to; a violation without a step is a candidate or open, as its rule says.
const (
	StepOpen         = "open"         // a candidate is confirmed, or what was settled is taken up again
	StepAcknowledged = "acknowledged" // somebody has seen it and looks into it
	StepExplained    = "explained"    // the holder or the manager has said how it came about
	StepApproved     = "approved"     // it was permitted: exempt
	StepClosed       = "closed"       // it is dealt with
)

// States that no step leads to.
const (
	StateCandidate = "candidate" // the rule only suspects; somebody must settle it
	StateRetracted = "retracted" // the data withdrew the violation
)

// Case is one step that somebody took about a violation. The first record in the log that
// follows the step before holds; another one that names the same step before does not.
type Case struct {
	EventID     ID
	ViolationID ID
	Previous    ID
	Step        string
	By          string
	ReasonCode  string
	Note        string
	Deadline    Day
	ApprovalID  string
	SeenEvent   ID
	SeenValue   float64
	At          Time
	Offset      uint64
}

// CaseTable declares the cases table.
func CaseTable() *Table[Case] {
	return &Table[Case]{
		Name: "cases", Record: "Case", Topic: TopicCases, Key: "violation id",
		Meaning: "Steps that were taken about violations. The view cases_current shows the present state of each.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "violation_id, event_id",
		Columns: []Column[Case]{
			{1, "event_id", TypeID, "", "SHA-256 over violation, step before, step, by, reason, deadline and note.", "", func(c *Case) any { return &c.EventID }, false},
			{2, "violation_id", TypeID, "", "Violation it is about.", "", func(c *Case) any { return &c.ViolationID }, false},
			{3, "previous", TypeID, "", "Event id of the step before; zero for the first. Of several steps with the same one the first in the log holds. What was reminded names itself.", "", func(c *Case) any { return &c.Previous }, false},
			{4, "step", TypeSymbol, "", "open, acknowledged, explained, approved or closed; reminded is no step: the case stood in a list of reminders that was sent.", "", func(c *Case) any { return &c.Step }, false},
			{5, "by", TypeText, "", "Who took the step: a role (holder, manager, finance, auditor, dpo, operations) or a person's pseudonym; empty: the program.", "never a name; keyed hash of the person's id", func(c *Case) any { return &c.By }, false},
			{6, "reason_code", TypeSymbol, "", "Why, from the vocabulary of the step; see docs/cases.md.", "", func(c *Case) any { return &c.ReasonCode }, false},
			{7, "note", TypeText, "", "A remark of at most 500 characters.", "refused with a personnummer, an address or digits like a number in it", func(c *Case) any { return &c.Note }, false},
			{8, "deadline", TypeDay, "", "Day by which it is to be settled, as decided with this step; of an approved step the last day that is permitted. 1970-01-01: not changed.", "", func(c *Case) any { return &c.Deadline }, false},
			{9, "approval_id", TypeText, "", "Approval that an approved step stated; empty: the rule knows no approval, or the step is another.", "", func(c *Case) any { return &c.ApprovalID }, false},
			{10, "seen_event", TypeID, "", "Violation event that was the latest one when the step was taken.", "", func(c *Case) any { return &c.SeenEvent }, false},
			{11, "seen_value", TypeFloat, "as value_unit of the violation", "Value of the violation then: with another one a closed or approved violation is open again.", "", func(c *Case) any { return &c.SeenValue }, false},
			{12, "at", TypeTime, "ms, UTC", "When the step was taken.", "", func(c *Case) any { return &c.At }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(c *Case) any { return &c.Offset }, false},
		},
	}
}
