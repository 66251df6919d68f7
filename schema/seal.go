package schema

// Seal fixes a range of one partition of the log: whoever changes, removes or inserts a
// record afterwards no longer gets the same chain.
type Seal struct {
	EventID   ID
	Topic     string
	Partition uint32
	First     uint64
	Next      uint64
	Before    string
	Chain     string
	Leaves    string
	SealedAt  Time
	Offset    uint64
}

// SealTable declares the seals table.
func SealTable() *Table[Seal] {
	return &Table[Seal]{
		Name: "seals", Record: "Seal", Topic: TopicSeals, Key: "topic and partition",
		Meaning: "Seals of the log: a hash chain over the records of each partition, noted at regular places.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "topic, partition, first, event_id",
		Columns: []Column[Seal]{
			{1, "event_id", TypeID, "", "SHA-256 over partition, range and chain.", "", func(s *Seal) any { return &s.EventID }, false},
			{2, "topic", TypeSymbol, "", "Topic of the sealed records.", "", func(s *Seal) any { return &s.Topic }, false},
			{3, "partition", TypeUint32, "", "Partition of the sealed records.", "", func(s *Seal) any { return &s.Partition }, false},
			{4, "first", TypeUint, "", "First sealed offset.", "", func(s *Seal) any { return &s.First }, false},
			{5, "next", TypeUint, "", "Offset after the last sealed one.", "", func(s *Seal) any { return &s.Next }, false},
			{6, "chain_before", TypeText, "", "Chain before the first record: SHA-256, 64 hexadecimal digits; zeros at the beginning of the log.", "", func(s *Seal) any { return &s.Before }, false},
			{7, "chain", TypeText, "", "Chain after the last record: each link is the SHA-256 over the link before and the SHA-256 of the record.", "", func(s *Seal) any { return &s.Chain }, false},
			{8, "leaves", TypeText, "", "First four bytes of the SHA-256 of each record, base64: they tell which record was touched.", "", func(s *Seal) any { return &s.Leaves }, false},
			{9, "sealed_at", TypeTime, "ms, UTC", "When it was sealed.", "", func(s *Seal) any { return &s.SealedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the seal in the log.", "", func(s *Seal) any { return &s.Offset }, false},
		},
	}
}
