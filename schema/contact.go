package schema

// Origins of contacts.
const (
	OriginInternal = "internal"
	OriginExternal = "external"
	OriginUnknown  = "unknown"
)

// Contact is the contact-centre statistics of one queue, chosen key, origin and interval, as
// Telia Ace and the like export them: sums over the interval, never a caller or an agent.
type Contact struct {
	EventID    ID
	UnitID     string
	Queue      string
	Key        string
	Origin     string
	OccurredAt Time
	Zone       string
	IntervalS  uint32
	Offered    uint32
	Answered   uint32
	Abandoned  uint32
	WaitS      uint64
	TalkS      uint64
	ExtractAt  Time
	Source     string
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	LocalDay   Day
	CostCentre string
	Partition  uint32
	Offset     uint64
	Rank       uint64
}

// ContactTable declares the contacts table.
func ContactTable() *Table[Contact] {
	return &Table[Contact]{
		Name: "contacts", Record: "Contact", Topic: TopicContacts, Key: "unit id",
		Meaning: "Contact-centre statistics per queue, chosen key, origin and interval. A later extract of the same interval takes the place of an earlier one.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "toYYYYMM(occurred_at)", OrderBy: "unit_id, occurred_at, queue, key, origin",
		Columns: []Column[Contact]{
			{1, "event_id", TypeID, "", "First 16 bytes of SHA-256 over unit, interval, queue, key, origin, extract time and counts.", "", func(c *Contact) any { return &c.EventID }, false},
			{2, "unit_id", TypeSymbol, "", "HSA-id of the unit that owns the queue.", "", func(c *Contact) any { return &c.UnitID }, false},
			{3, "queue", TypeText, "", "Queue, as the contact centre names it.", "", func(c *Contact) any { return &c.Queue }, false},
			{4, "key", TypeSymbol, "", "Key that the callers chose in the menu; empty: none, or not told.", "", func(c *Contact) any { return &c.Key }, false},
			{5, "origin", TypeSymbol, "", "Where the callers were: internal, external or unknown.", "", func(c *Contact) any { return &c.Origin }, false},
			{6, "occurred_at", TypeTime, "ms, UTC", "Start of the interval.", "", func(c *Contact) any { return &c.OccurredAt }, false},
			{7, "zone", TypeSymbol, "", "Zone in which the interval is judged.", "", func(c *Contact) any { return &c.Zone }, false},
			{8, "interval_s", TypeUint32, "s", "Length of the interval.", "", func(c *Contact) any { return &c.IntervalS }, false},
			{9, "offered", TypeUint32, "", "Contacts that reached the queue in the interval.", "", func(c *Contact) any { return &c.Offered }, false},
			{10, "answered", TypeUint32, "", "Of them: answered.", "", func(c *Contact) any { return &c.Answered }, false},
			{11, "abandoned", TypeUint32, "", "Of them: given up by the caller.", "", func(c *Contact) any { return &c.Abandoned }, false},
			{12, "wait_s", TypeUint, "s", "Waiting time, summed over the contacts; 0 when not told.", "", func(c *Contact) any { return &c.WaitS }, false},
			{13, "talk_s", TypeUint, "s", "Talking time, summed over the contacts; 0 when not told.", "", func(c *Contact) any { return &c.TalkS }, false},
			{14, "extract_at", TypeTime, "ms, UTC", "When the source made the extract.", "", func(c *Contact) any { return &c.ExtractAt }, false},
			{15, "source", TypeSymbol, "", "Collector that read it.", "", func(c *Contact) any { return &c.Source }, false},
			{16, "file_id", TypeID, "", "File it was first read from.", "", func(c *Contact) any { return &c.FileID }, false},
			{17, "file_row", TypeUint, "", "Line number in that file, from 1.", "", func(c *Contact) any { return &c.FileRow }, false},
			{18, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded it.", "", func(c *Contact) any { return &c.RecordedAt }, true},
			{0, "local_day", TypeDay, "", "Calendar day of occurred_at in its zone.", "", func(c *Contact) any { return &c.LocalDay }, false},
			{0, "cost_centre", TypeSymbol, "", "Cost centre; empty: the unit's at that time.", "", func(c *Contact) any { return &c.CostCentre }, false},
			{0, "log_partition", TypeUint32, "", "Partition of the record in the log.", "", func(c *Contact) any { return &c.Partition }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the partition.", "", func(c *Contact) any { return &c.Offset }, false},
			{0, "rank", TypeUint, "", "Which of several extracts of the interval holds: the highest. Later extracts rank higher; see Rank.", "", func(c *Contact) any { return &c.Rank }, false},
		},
	}
}
