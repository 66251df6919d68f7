package schema

// Watch is one weekly count of Melior watches ("bevakningar") of a unit. Counts are of
// units, never of persons.
type Watch struct {
	EventID    ID
	UnitID     string
	Day        Day
	Group      string
	Open       uint32
	Created    uint32
	Closed     uint32
	MedianAge  float64
	Over7      uint32
	Over30     uint32
	ExtractAt  Time
	Source     string
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	Week       Day
	Partition  uint32
	Offset     uint64
}

// WatchTable declares the watches table.
func WatchTable() *Table[Watch] {
	return &Table[Watch]{
		Name: "watches", Record: "Watch", Topic: TopicWatches, Key: "unit id",
		Meaning: "Weekly counts of Melior watches per unit and profession group. A later extract of the same day corrects an earlier one; the view watches_current shows the latest.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "unit_id, day, profession_group, event_id",
		Columns: []Column[Watch]{
			{1, "event_id", TypeID, "", "First 16 bytes of SHA-256 over unit, day, group, extract time and counts.", "", func(w *Watch) any { return &w.EventID }, false},
			{2, "unit_id", TypeSymbol, "", "HSA-id of the unit.", "", func(w *Watch) any { return &w.UnitID }, false},
			{3, "day", TypeDay, "", "Day the count refers to.", "", func(w *Watch) any { return &w.Day }, false},
			{4, "profession_group", TypeSymbol, "", "Profession group, or empty for the whole unit.", "counts under 5 are suppressed on display", func(w *Watch) any { return &w.Group }, false},
			{5, "open", TypeUint32, "", "Open watches at the extract.", "", func(w *Watch) any { return &w.Open }, false},
			{6, "created", TypeUint32, "", "Watches created in the week.", "", func(w *Watch) any { return &w.Created }, false},
			{7, "closed", TypeUint32, "", "Watches closed in the week.", "", func(w *Watch) any { return &w.Closed }, false},
			{8, "median_age_days", TypeFloat, "day", "Median age of the open watches.", "", func(w *Watch) any { return &w.MedianAge }, false},
			{9, "over_7d", TypeUint32, "", "Open watches older than 7 days.", "", func(w *Watch) any { return &w.Over7 }, false},
			{10, "over_30d", TypeUint32, "", "Open watches older than 30 days.", "", func(w *Watch) any { return &w.Over30 }, false},
			{11, "extract_at", TypeTime, "ms, UTC", "When the source made the extract.", "", func(w *Watch) any { return &w.ExtractAt }, false},
			{12, "source", TypeSymbol, "", "Collector that read it.", "", func(w *Watch) any { return &w.Source }, false},
			{13, "file_id", TypeID, "", "File it was first read from.", "", func(w *Watch) any { return &w.FileID }, false},
			{14, "file_row", TypeUint, "", "Line number in that file, from 1.", "", func(w *Watch) any { return &w.FileRow }, false},
			{15, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(w *Watch) any { return &w.RecordedAt }, true},
			{0, "week", TypeDay, "", "Monday of the day's ISO week.", "", func(w *Watch) any { return &w.Week }, false},
			{0, "log_partition", TypeUint32, "", "Partition of the record in the log.", "", func(w *Watch) any { return &w.Partition }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the partition.", "", func(w *Watch) any { return &w.Offset }, false},
		},
	}
}
