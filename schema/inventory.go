package schema

// Kinds of equipment.
const (
	EquipmentDeskPhone = "desk_phone"
	EquipmentMobile    = "mobile"
	EquipmentTablet    = "tablet"
	EquipmentComputer  = "computer"
	EquipmentSIM       = "sim"
)

// States of an employment.
const (
	EmploymentEmployed   = "employed"
	EmploymentAssignment = "assignment"
	EmploymentLeave      = "leave"
)

// Equipment is a row of equipment: what was handed out to whom, and what became of it.
type Equipment struct {
	ItemID     string
	Kind       string
	LineID     string
	Holder     string
	UnitID     string
	LostAt     Time
	BlockedAt  Time
	ValidFrom  Time
	ValidTo    Time
	EventID    ID
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	StatedAt   Time
	Offset     uint64
	Rank       uint64
}

// EquipmentTable declares the equipment table.
func EquipmentTable() *Table[Equipment] {
	return &Table[Equipment]{
		Name: "equipment", Record: "Equipment", Topic: TopicReference, Key: "entity id",
		Meaning: "Equipment of the organisation that was handed out: telephones, tablets, computers and SIM cards, with when they came back, were lost and were blocked.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "item_id, valid_from",
		Columns: append([]Column[Equipment]{
			{1, "item_id", TypeText, "", "Inventory id of the item.", "", func(e *Equipment) any { return &e.ItemID }, false},
			{2, "kind", TypeSymbol, "", "desk_phone, mobile, tablet, computer or sim.", "", func(e *Equipment) any { return &e.Kind }, false},
			{3, "line_id", TypeText, "", "Pseudonym of the number that the item serves; empty if none.", "keyed hash of the number", func(e *Equipment) any { return &e.LineID }, false},
			{4, "holder", TypeText, "", "Pseudonym of whoever has it; empty for equipment without a holder.", "keyed hash of the holder's id", func(e *Equipment) any { return &e.Holder }, false},
			{5, "unit_id", TypeSymbol, "", "Unit that handed it out.", "", func(e *Equipment) any { return &e.UnitID }, false},
			{6, "lost_at", TypeTime, "ms, UTC", "When it was lost or stolen; 0 (1970): it was not.", "", func(e *Equipment) any { return &e.LostAt }, false},
			{7, "blocked_at", TypeTime, "ms, UTC", "When its subscription was blocked; 0 (1970): it was not.", "", func(e *Equipment) any { return &e.BlockedAt }, false},
			{8, "valid_from", TypeTime, "ms, UTC", "When it was handed out.", "", func(e *Equipment) any { return &e.ValidFrom }, false},
			{9, "valid_to", TypeTime, "ms, UTC", "When it was returned; 0 (1970): it is still out.", "", func(e *Equipment) any { return &e.ValidTo }, false},
		}, stated(10, (*Equipment).Origin)...),
	}
}

// Employment is a row of employments: what somebody is to the organisation, from when to when.
type Employment struct {
	Holder     string
	State      string
	UnitID     string
	ValidFrom  Time
	ValidTo    Time
	EventID    ID
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	StatedAt   Time
	Offset     uint64
	Rank       uint64
}

// EmploymentTable declares the employments table.
func EmploymentTable() *Table[Employment] {
	return &Table[Employment]{
		Name: "employments", Record: "Employment", Topic: TopicReference, Key: "entity id",
		Meaning: "Employments, assignments and leaves of holders, as far as equipment and subscriptions depend on them.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "holder, state, valid_from",
		Columns: append([]Column[Employment]{
			{1, "holder", TypeText, "", "Pseudonym of the holder.", "keyed hash of the holder's id", func(e *Employment) any { return &e.Holder }, false},
			{2, "state", TypeSymbol, "", "employed, assignment or leave.", "", func(e *Employment) any { return &e.State }, false},
			{3, "unit_id", TypeSymbol, "", "Unit of the employment; empty when it does not tell.", "", func(e *Employment) any { return &e.UnitID }, false},
			{4, "valid_from", TypeTime, "ms, UTC", "First moment of it.", "", func(e *Employment) any { return &e.ValidFrom }, false},
			{5, "valid_to", TypeTime, "ms, UTC", "End of it, exclusive; 0 (1970) means: until further notice.", "", func(e *Employment) any { return &e.ValidTo }, false},
		}, stated(6, (*Employment).Origin)...),
	}
}

// TelephoneHours is a row of telephone_hours: when a line or a unit can be called.
type TelephoneHours struct {
	LineID     string
	UnitID     string
	Weekday    uint32
	OpensMin   uint32
	ClosesMin  uint32
	ValidFrom  Time
	ValidTo    Time
	EventID    ID
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	StatedAt   Time
	Offset     uint64
	Rank       uint64
}

// TelephoneHoursTable declares the telephone_hours table.
func TelephoneHoursTable() *Table[TelephoneHours] {
	return &Table[TelephoneHours]{
		Name: "telephone_hours", Record: "TelephoneHours", Topic: TopicReference, Key: "entity id",
		Meaning: "Telephone hours: when a line, or the lines of a unit, can be called, by weekday.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "line_id, unit_id, weekday, opens_min, valid_from",
		Columns: append([]Column[TelephoneHours]{
			{1, "line_id", TypeText, "", "Pseudonym of the number; empty when the hours are the unit's.", "keyed hash of the number", func(h *TelephoneHours) any { return &h.LineID }, false},
			{2, "unit_id", TypeSymbol, "", "Unit whose hours they are, or that holds the line.", "", func(h *TelephoneHours) any { return &h.UnitID }, false},
			{3, "weekday", TypeUint32, "", "1 (Monday) to 7 (Sunday).", "", func(h *TelephoneHours) any { return &h.Weekday }, false},
			{4, "opens_min", TypeUint32, "minute", "Minutes after midnight, in the judging zone, at which it opens.", "", func(h *TelephoneHours) any { return &h.OpensMin }, false},
			{5, "closes_min", TypeUint32, "minute", "Minutes after midnight at which it closes, at most 1440; equal to opens_min: closed that day.", "", func(h *TelephoneHours) any { return &h.ClosesMin }, false},
			{6, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(h *TelephoneHours) any { return &h.ValidFrom }, false},
			{7, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(h *TelephoneHours) any { return &h.ValidTo }, false},
		}, stated(8, (*TelephoneHours).Origin)...),
	}
}
