package schema

// Causes of a restatement.
const (
	CauseLine         = "line"          // a statement about a line: another unit, cost centre, role …
	CauseUnit         = "unit"          // a statement about a unit: another cost centre
	CausePrice        = "price"         // a price book
	CauseNumberRange  = "number_range"  // what counts as internal
	CauseExchangeRate = "exchange_rate" // what a currency is worth
	CauseCancellation = "cancellation"  // a usage record was cancelled
	CauseCorrection   = "correction"    // a usage record was replaced by another
	CauseLate         = "late"          // usage of a month that had come to rest
)

// Restatement says that figures of the past which had been shown have moved: from what, to
// what, when and why. It is made for every unit and cost centre whose month changed.
type Restatement struct {
	EventID      ID
	Month        Day
	UnitID       string
	CostCentre   string
	EventsBefore uint64
	EventsAfter  uint64
	CostBefore   Money
	CostAfter    Money
	Causes       string
	CauseIDs     []ID
	CauseTotal   uint64
	RecordedAt   Time
	Offset       uint64
}

// RestatementTable declares the restatements table.
func RestatementTable() *Table[Restatement] {
	return &Table[Restatement]{
		Name: "restatements", Record: "Restatement", Topic: TopicRestatements, Key: "unit id",
		Meaning: "What of the past has moved after it had been shown: a month of a unit and cost centre, before and after, and why.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "month, unit_id, cost_centre, event_id",
		Columns: []Column[Restatement]{
			{1, "event_id", TypeID, "", "SHA-256 over month, unit, cost centre, the figures before and after, and the causes.", "", func(r *Restatement) any { return &r.EventID }, false},
			{2, "month", TypeDay, "", "First day of the month, in the judging zone.", "", func(r *Restatement) any { return &r.Month }, false},
			{3, "unit_id", TypeSymbol, "", "Unit whose figures moved; empty: lines without a unit.", "", func(r *Restatement) any { return &r.UnitID }, false},
			{4, "cost_centre", TypeSymbol, "", "Cost centre whose figures moved.", "", func(r *Restatement) any { return &r.CostCentre }, false},
			{5, "events_before", TypeUint, "", "Usage records before.", "", func(r *Restatement) any { return &r.EventsBefore }, false},
			{6, "events_after", TypeUint, "", "Usage records after.", "", func(r *Restatement) any { return &r.EventsAfter }, false},
			{7, "cost_before", TypeMoney, "SEK", "Cost before.", "", func(r *Restatement) any { return &r.CostBefore }, false},
			{8, "cost_after", TypeMoney, "SEK", "Cost after.", "", func(r *Restatement) any { return &r.CostAfter }, false},
			{9, "causes", TypeSymbol, "", "Why, separated by commas: line, unit, price, number_range, exchange_rate, cancellation, correction, late.", "", func(r *Restatement) any { return &r.Causes }, false},
			{10, "cause_ids", TypeIDs, "", "Event ids of the statements and amendments behind it; for late usage, ids of the files; at most 100.", "", func(r *Restatement) any { return &r.CauseIDs }, false},
			{11, "cause_total", TypeUint, "", "How many statements, amendments and files there are.", "", func(r *Restatement) any { return &r.CauseTotal }, false},
			{12, "recorded_at", TypeTime, "ms, UTC", "When it moved.", "", func(r *Restatement) any { return &r.RecordedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(r *Restatement) any { return &r.Offset }, false},
		},
	}
}
