package schema

// Reference data: what the organisation states about itself, each statement with the time in
// which it holds. A correction is a later statement with the same identity and valid_from.

// Line is a row of lines: lines of the organisation, as of a time: who held the number, which unit and cost centre paid, which role it had.
type Line struct {
	LineID     string
	Alias      string
	Mask       string
	Kind       string
	Role       string
	Holder     string
	UnitID     string
	CostCentre string
	Operator   string
	Plan       string
	SIM        string
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

// LineTable declares the lines table.
func LineTable() *Table[Line] {
	return &Table[Line]{
		Name: "lines", Record: "Line", Topic: TopicReference, Key: "entity id",
		Meaning: "Lines of the organisation, as of a time: who held the number, which unit and cost centre paid, which role it had.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "line_id, valid_from",
		Columns: append([]Column[Line]{
			{1, "line_id", TypeText, "", "Pseudonym of the number; the canonical id of the line.", "keyed hash of the number", func(l *Line) any { return &l.LineID }, false},
			{2, "alias_id", TypeText, "", "Pseudonym of the extension that the exchange writes for the same line; empty if none.", "keyed hash of the extension", func(l *Line) any { return &l.Alias }, false},
			{3, "number_mask", TypeText, "", "The number with its last four digits dropped.", "last digits dropped", func(l *Line) any { return &l.Mask }, false},
			{4, "kind", TypeSymbol, "", "mobile, fixed, softphone or data.", "", func(l *Line) any { return &l.Kind }, false},
			{5, "role", TypeSymbol, "", "personal, shared, on_call, loan or m2m.", "", func(l *Line) any { return &l.Role }, false},
			{6, "holder", TypeText, "", "Pseudonym of the holder; empty for lines without one.", "keyed hash of the holder's id", func(l *Line) any { return &l.Holder }, false},
			{7, "unit_id", TypeSymbol, "", "Unit that holds the line.", "", func(l *Line) any { return &l.UnitID }, false},
			{8, "cost_centre", TypeSymbol, "", "Cost centre that pays; empty: the unit's.", "", func(l *Line) any { return &l.CostCentre }, false},
			{9, "operator", TypeSymbol, "", "Operator of the subscription.", "", func(l *Line) any { return &l.Operator }, false},
			{10, "plan", TypeSymbol, "", "Subscription plan.", "", func(l *Line) any { return &l.Plan }, false},
			{11, "sim_status", TypeSymbol, "", "active, blocked, spare or empty.", "", func(l *Line) any { return &l.SIM }, false},
			{12, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(l *Line) any { return &l.ValidFrom }, false},
			{13, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(l *Line) any { return &l.ValidTo }, false},
		}, stated(14, (*Line).Origin)...),
	}
}

// Unit is a row of units: units of the organisation (HSA catalogue).
type Unit struct {
	UnitID     string
	Name       string
	Parent     string
	CostCentre string
	Employees  uint32
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

// UnitTable declares the units table.
func UnitTable() *Table[Unit] {
	return &Table[Unit]{
		Name: "units", Record: "Unit", Topic: TopicReference, Key: "entity id",
		Meaning: "Units of the organisation (HSA catalogue).",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "unit_id, valid_from",
		Columns: append([]Column[Unit]{
			{1, "unit_id", TypeSymbol, "", "HSA-id.", "", func(u *Unit) any { return &u.UnitID }, false},
			{2, "name", TypeText, "", "Name of the unit.", "", func(u *Unit) any { return &u.Name }, false},
			{3, "parent_id", TypeSymbol, "", "Unit above; empty at the top.", "", func(u *Unit) any { return &u.Parent }, false},
			{4, "cost_centre", TypeSymbol, "", "Cost centre of the unit.", "", func(u *Unit) any { return &u.CostCentre }, false},
			{5, "employees", TypeUint32, "", "Employees, for measures per employee; 0 when unknown.", "", func(u *Unit) any { return &u.Employees }, false},
			{6, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(u *Unit) any { return &u.ValidFrom }, false},
			{7, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(u *Unit) any { return &u.ValidTo }, false},
		}, stated(8, (*Unit).Origin)...),
	}
}

// CostCentre is a row of cost_centres: cost centres. Codes are opaque text; leading zeros count.
type CostCentre struct {
	Code       string
	Name       string
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

// CostCentreTable declares the cost_centres table.
func CostCentreTable() *Table[CostCentre] {
	return &Table[CostCentre]{
		Name: "cost_centres", Record: "CostCentre", Topic: TopicReference, Key: "entity id",
		Meaning: "Cost centres. Codes are opaque text; leading zeros count.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "cost_centre, valid_from",
		Columns: append([]Column[CostCentre]{
			{1, "cost_centre", TypeSymbol, "", "Code.", "", func(c *CostCentre) any { return &c.Code }, false},
			{2, "name", TypeText, "", "Name.", "", func(c *CostCentre) any { return &c.Name }, false},
			{3, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(c *CostCentre) any { return &c.ValidFrom }, false},
			{4, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(c *CostCentre) any { return &c.ValidTo }, false},
		}, stated(5, (*CostCentre).Origin)...),
	}
}

// NumberRange is a row of number_ranges: the organisation's own number ranges: other parties inside them are internal.
type NumberRange struct {
	First      string
	Last       string
	Name       string
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

// NumberRangeTable declares the number_ranges table.
func NumberRangeTable() *Table[NumberRange] {
	return &Table[NumberRange]{
		Name: "number_ranges", Record: "NumberRange", Topic: TopicReference, Key: "entity id",
		Meaning: "The organisation's own number ranges: other parties inside them are internal.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "first, valid_from",
		Columns: append([]Column[NumberRange]{
			{1, "first", TypeText, "", "First number of the range, E.164.", "an organisation's range, no person's number", func(n *NumberRange) any { return &n.First }, false},
			{2, "last", TypeText, "", "Last number of the range, E.164.", "", func(n *NumberRange) any { return &n.Last }, false},
			{3, "name", TypeText, "", "Site or use of the range.", "", func(n *NumberRange) any { return &n.Name }, false},
			{4, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(n *NumberRange) any { return &n.ValidFrom }, false},
			{5, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(n *NumberRange) any { return &n.ValidTo }, false},
		}, stated(6, (*NumberRange).Origin)...),
	}
}

// Rank orders statements with the same identity and valid_from: the highest holds. A
// statement that tells when it was made beats one that does not, a later one an earlier one,
// whatever order they were recorded in; of two made at the same moment the event id decides.
// Among those that do not tell, the order in the log decides.
func Rank(stated Time, id ID, offset uint64) uint64 {
	if stated <= 0 {
		return offset
	}
	const tie = 16 // bits; milliseconds since 1970 take 41 until the year 2039, 45 until 3084
	return 1<<63 | uint64(stated)<<tie&(1<<63-1) | uint64(id[0])<<8 | uint64(id[1])
}
