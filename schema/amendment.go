package schema

// Revision of a row of usage that is dead: no enrichment brings it back.
const RevisionDead = 1<<64 - 1

// Amendment cancels a usage record that was recorded before, or will be recorded later, and
// may name the record that takes its place. It travels in the topic and partition of the
// record that it cancels. A correction is an amendment and a usage record; a credit is a
// usage record of its own, with a negative amount, and no amendment.
//
// An amended record never counts again. Of several amendments of one record the latest
// (AmendedAt, then the event id) holds, and what the others put in its place does not count
// either: the outcome does not depend on the order in which they were recorded.
type Amendment struct {
	EventID      ID
	Amends       ID
	ReplacedBy   ID
	LineID       string
	AmendedAt    Time
	Source       string
	FileID       ID
	FileRow      uint64
	RecordedAt   Time
	LogPartition uint32
	LogOffset    uint64
}

// AmendmentTable declares the amendments table.
func AmendmentTable() *Table[Amendment] {
	return &Table[Amendment]{
		Name: "amendments", Record: "Amendment", Topic: "", Key: "line id",
		Meaning: "Cancellations and corrections of usage records: which record does not count any more, and which one took its place.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "amends, event_id",
		Columns: []Column[Amendment]{
			{1, "event_id", TypeID, "", "SHA-256 over source kind and the natural key of the row that cancels or corrects.", "", func(a *Amendment) any { return &a.EventID }, false},
			{2, "amends", TypeID, "", "Event id of the usage record that does not count any more.", "", func(a *Amendment) any { return &a.Amends }, false},
			{3, "replaced_by", TypeID, "", "Event id of the usage record that takes its place; zero: it was cancelled.", "", func(a *Amendment) any { return &a.ReplacedBy }, false},
			{4, "recorded_line_id", TypeText, "", "Pseudonym of the number of both records, as the source wrote it.", "keyed hash of the number", func(a *Amendment) any { return &a.LineID }, false},
			{5, "amended_at", TypeTime, "ms, UTC", "When the source made the amendment, as far as it tells; 0 (1970): it does not.", "", func(a *Amendment) any { return &a.AmendedAt }, false},
			{6, "source", TypeSymbol, "", "Collector, and the profile behind a colon.", "", func(a *Amendment) any { return &a.Source }, false},
			{7, "file_id", TypeID, "", "File it was first read from.", "", func(a *Amendment) any { return &a.FileID }, false},
			{8, "file_row", TypeUint, "", "Line number in that file, from 1.", "", func(a *Amendment) any { return &a.FileRow }, false},
			{9, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(a *Amendment) any { return &a.RecordedAt }, true},
			{0, "log_partition", TypeUint32, "", "Partition of the record in the log, as in usage.", "", func(a *Amendment) any { return &a.LogPartition }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the partition.", "", func(a *Amendment) any { return &a.LogOffset }, false},
		},
	}
}
