package schema

// States of a violation event.
const (
	ChangeOpened    = "opened"
	ChangeChanged   = "changed"
	ChangeRetracted = "retracted"
)

// Violation is one event in the life of a violation: it was opened, its value changed, or
// late data retracted it. The latest event of a ViolationID is its present state.
type Violation struct {
	EventID       ID
	ViolationID   ID
	Change        string
	Rule          string
	RuleVersion   uint32
	Severity      string
	SubjectKind   string
	SubjectID     string
	UnitID        string
	CostCentre    string
	WindowKind    string
	WindowFrom    Day
	WindowTo      Day
	Zone          string
	Measure       string
	Value         float64
	Limit         float64
	ValueUnit     string
	Cost          Money
	Evidence      []ID
	EvidenceTotal uint32
	Detail        string
	ReasonCode    string
	FirstEventAt  Time
	LastEventAt   Time
	RecordedAt    Time
	Candidate     bool
	Offset        uint64
}

// ViolationTable declares the violations table.
func ViolationTable() *Table[Violation] {
	return &Table[Violation]{
		Name: "violations", Record: "Violation", Topic: TopicViolations, Key: "violation id",
		Meaning: "Events in the life of violations. The view violations_current shows the latest event of each.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "violation_id, event_id",
		Columns: []Column[Violation]{
			{1, "event_id", TypeID, "", "SHA-256 over violation, change, values and evidence.", "", func(v *Violation) any { return &v.EventID }, false},
			{2, "violation_id", TypeID, "", "SHA-256 over rule, rule version, subject and window.", "", func(v *Violation) any { return &v.ViolationID }, false},
			{3, "change", TypeSymbol, "", "opened, changed or retracted.", "", func(v *Violation) any { return &v.Change }, false},
			{4, "rule", TypeSymbol, "", "Rule id.", "", func(v *Violation) any { return &v.Rule }, false},
			{5, "rule_version", TypeUint32, "", "Rule version.", "", func(v *Violation) any { return &v.RuleVersion }, false},
			{6, "severity", TypeSymbol, "", "low, medium or high.", "", func(v *Violation) any { return &v.Severity }, false},
			{7, "subject_kind", TypeSymbol, "", "line, unit or cost_centre (budgets and goals).", "", func(v *Violation) any { return &v.SubjectKind }, false},
			{8, "subject_id", TypeText, "", "Line id (pseudonym), unit id or cost centre.", "pseudonym", func(v *Violation) any { return &v.SubjectID }, false},
			{9, "unit_id", TypeSymbol, "", "Unit of the subject in the window.", "", func(v *Violation) any { return &v.UnitID }, false},
			{10, "cost_centre", TypeSymbol, "", "Cost centre of the subject in the window.", "", func(v *Violation) any { return &v.CostCentre }, false},
			{11, "window_kind", TypeSymbol, "", "day, week, month, year or rolling.", "", func(v *Violation) any { return &v.WindowKind }, false},
			{12, "window_from", TypeDay, "", "First day of the window in the judging zone.", "", func(v *Violation) any { return &v.WindowFrom }, false},
			{13, "window_to", TypeDay, "", "Day after the last day of the window.", "", func(v *Violation) any { return &v.WindowTo }, false},
			{14, "zone", TypeSymbol, "", "Judging zone.", "", func(v *Violation) any { return &v.Zone }, false},
			{15, "measure", TypeSymbol, "", "Measure that broke the limit (the first one, when several did).", "", func(v *Violation) any { return &v.Measure }, false},
			{16, "value", TypeFloat, "as value_unit", "Value of the measure in the window.", "", func(v *Violation) any { return &v.Value }, false},
			{17, "limit", TypeFloat, "as value_unit", "Limit of the rule.", "", func(v *Violation) any { return &v.Limit }, false},
			{18, "value_unit", TypeSymbol, "", "Unit of measure of value and limit.", "", func(v *Violation) any { return &v.ValueUnit }, false},
			{19, "cost", TypeMoney, "SEK", "Cost of the evidence.", "", func(v *Violation) any { return &v.Cost }, false},
			{20, "evidence", TypeIDs, "", "Event ids that make it up, in order of time; at most 1,000.", "", func(v *Violation) any { return &v.Evidence }, false},
			{21, "evidence_total", TypeUint32, "", "How many events make it up.", "", func(v *Violation) any { return &v.EvidenceTotal }, false},
			{22, "detail", TypeText, "", "What else explains it: name=value pairs separated by semicolons, e.g. countries=TH,NO;days=4.", "", func(v *Violation) any { return &v.Detail }, false},
			{23, "reason_code", TypeSymbol, "", "Why it changed or was retracted: data, amended, reference, rule; empty when opened.", "", func(v *Violation) any { return &v.ReasonCode }, false},
			{24, "first_event_at", TypeTime, "ms, UTC", "First event of the evidence.", "", func(v *Violation) any { return &v.FirstEventAt }, false},
			{25, "last_event_at", TypeTime, "ms, UTC", "Last event of the evidence.", "", func(v *Violation) any { return &v.LastEventAt }, false},
			{26, "recorded_at", TypeTime, "ms, UTC", "When it was found.", "", func(v *Violation) any { return &v.RecordedAt }, true},
			{27, "candidate", TypeBool, "", "The rule only suspects: somebody must confirm it before it counts as a violation.", "", func(v *Violation) any { return &v.Candidate }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log; the latest is the present state.", "", func(v *Violation) any { return &v.Offset }, false},
		},
	}
}

// States of a collected file.
const (
	FileDone   = "done"
	FileFailed = "failed"
)

// File is the report of one collected file: what was read of it and what became of it.
type File struct {
	EventID    ID
	FileID     ID
	Name       string
	Collector  string
	Profile    string
	Size       uint64
	ContentID  ID
	State      string
	Error      string
	Read       uint64
	Sent       uint64
	Rejected   uint64
	Repeated   uint64
	FirstAt    Time
	LastAt     Time
	StartedAt  Time
	RecordedAt Time
	Offset     uint64
}

// FileTable declares the table of file reports.
func FileTable() *Table[File] {
	return &Table[File]{
		Name: "file_reports", Record: "File", Topic: TopicFiles, Key: "file id",
		Meaning: "What each collection of a file read. The view files adds what the store accepted and what it had already (duplicate).",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "file_id, event_id",
		Columns: []Column[File]{
			{1, "event_id", TypeID, "", "This collection of the file.", "", func(f *File) any { return &f.EventID }, false},
			{2, "file_id", TypeID, "", "This collection of the file; records carry it. Collecting the same file again gives another id.", "", func(f *File) any { return &f.FileID }, false},
			{3, "name", TypeText, "", "File name without its folder; digits that look like a person's number are masked.", "masked", func(f *File) any { return &f.Name }, false},
			{4, "collector", TypeSymbol, "", "cucm, itemised, melior, contacts, reference or invoices.", "", func(f *File) any { return &f.Collector }, false},
			{5, "profile", TypeSymbol, "", "Profile of an itemised file, kind of a reference file.", "", func(f *File) any { return &f.Profile }, false},
			{6, "size_bytes", TypeUint, "byte", "Size as delivered.", "", func(f *File) any { return &f.Size }, false},
			{7, "state", TypeSymbol, "", "done or failed.", "", func(f *File) any { return &f.State }, false},
			{8, "error", TypeText, "", "Why the file failed.", "", func(f *File) any { return &f.Error }, false},
			{9, "read", TypeUint, "", "Records read: data rows of the file.", "", func(f *File) any { return &f.Read }, false},
			{10, "sent", TypeUint, "", "Records sent to the log.", "", func(f *File) any { return &f.Sent }, false},
			{11, "rejected", TypeUint, "", "Records rejected (see rejects).", "", func(f *File) any { return &f.Rejected }, false},
			{12, "repeated", TypeUint, "", "Records that stood earlier in the same file.", "", func(f *File) any { return &f.Repeated }, false},
			{13, "first_at", TypeTime, "ms, UTC", "Earliest event of the file.", "", func(f *File) any { return &f.FirstAt }, false},
			{14, "last_at", TypeTime, "ms, UTC", "Latest event of the file.", "", func(f *File) any { return &f.LastAt }, false},
			{15, "started_at", TypeTime, "ms, UTC", "When reading began.", "", func(f *File) any { return &f.StartedAt }, true},
			{16, "recorded_at", TypeTime, "ms, UTC", "When reading ended.", "", func(f *File) any { return &f.RecordedAt }, true},
			{17, "content_id", TypeID, "", "SHA-256 over the content as delivered: the same file collected twice has the same.", "", func(f *File) any { return &f.ContentID }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(f *File) any { return &f.Offset }, false},
		},
	}
}

// Reject is one record, or one whole file (row 0), that was refused. The raw row is never kept.
type Reject struct {
	EventID    ID
	FileID     ID
	Row        uint64
	Column     string
	Code       string
	Reason     string
	RowHash    ID
	RecordedAt Time
	Offset     uint64
}

// RejectTable declares the rejects table.
func RejectTable() *Table[Reject] {
	return &Table[Reject]{
		Name: "rejects", Record: "Reject", Topic: TopicRejects, Key: "file id",
		Meaning: "Records that were refused: position and reason, never the raw row.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "file_id, row, event_id",
		Columns: []Column[Reject]{
			{1, "event_id", TypeID, "", "SHA-256 over file, row and reason.", "", func(r *Reject) any { return &r.EventID }, false},
			{2, "file_id", TypeID, "", "File it stood in; zero for a record of the log that could not be decoded.", "", func(r *Reject) any { return &r.FileID }, false},
			{3, "row", TypeUint, "", "Line number, from 1; 0 for the whole file.", "", func(r *Reject) any { return &r.Row }, false},
			{4, "column", TypeText, "", "Column, where one is to blame.", "", func(r *Reject) any { return &r.Column }, false},
			{5, "code", TypeSymbol, "", "Class of the reason, e.g. bad_time, bad_number, personnummer, missing_value, out_of_range, bad_encoding.", "", func(r *Reject) any { return &r.Code }, false},
			{6, "reason", TypeText, "", "The reason in words, without values of the row.", "no values of the row", func(r *Reject) any { return &r.Reason }, false},
			{7, "row_hash", TypeID, "", "Keyed hash of the raw row, to recognise it again.", "keyed hash", func(r *Reject) any { return &r.RowHash }, false},
			{8, "recorded_at", TypeTime, "ms, UTC", "When it was refused.", "", func(r *Reject) any { return &r.RecordedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(r *Reject) any { return &r.Offset }, false},
		},
	}
}
