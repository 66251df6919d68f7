package schema

// Kinds of publications.
const (
	PublicationReport     = "report"
	PublicationCorrection = "correction" // a note to a report that was published
	PublicationVoucher    = "voucher"    // a voucher for the ledger, or the correction of one
	PublicationMailed     = "mailed"     // a report or note was sent to an address
)

// Publication is something that was given out and does not change any more: a monthly report, a
// correction note to one, a voucher. What later data change is told by another publication.
type Publication struct {
	EventID       ID
	PublicationID ID
	Kind          string
	Revision      uint32
	Month         Day
	ScopeKind     string
	ScopeID       string
	Language      string
	Series        string
	Number        uint64
	Figures       string
	Name          string
	MediaType     string
	ContentID     ID
	Reason        string
	By            string
	PublishedAt   Time
	Offset        uint64
}

// PublicationTable declares the publications table.
func PublicationTable() *Table[Publication] {
	return &Table[Publication]{
		Name: "publications", Record: "Publication", Topic: TopicPublications, Key: "publication id",
		Meaning: "What was given out and does not change any more: monthly reports, correction notes, vouchers, each with its figures.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "publication_id, event_id",
		Columns: []Column[Publication]{
			{1, "event_id", TypeID, "", "SHA-256 over identity, revision, figures and the moment.", "", func(p *Publication) any { return &p.EventID }, false},
			{2, "publication_id", TypeID, "", "SHA-256 over kind of report or series, month and scope: a correction has that of what it corrects.", "", func(p *Publication) any { return &p.PublicationID }, false},
			{3, "kind", TypeSymbol, "", "report, correction or voucher; mailed: that one was sent to an address, which is not named.", "", func(p *Publication) any { return &p.Kind }, false},
			{4, "revision", TypeUint32, "", "0 for the first, then 1 for the first correction and so on.", "", func(p *Publication) any { return &p.Revision }, false},
			{5, "month", TypeDay, "", "First day of the month it is about.", "", func(p *Publication) any { return &p.Month }, false},
			{6, "scope_kind", TypeSymbol, "", "all, cost_centre or unit.", "", func(p *Publication) any { return &p.ScopeKind }, false},
			{7, "scope_id", TypeText, "", "Cost centre or unit id; empty for all.", "", func(p *Publication) any { return &p.ScopeID }, false},
			{8, "language", TypeSymbol, "", "en or sv; empty where there are no words.", "", func(p *Publication) any { return &p.Language }, false},
			{9, "series", TypeSymbol, "", "Series of a voucher.", "", func(p *Publication) any { return &p.Series }, false},
			{10, "number", TypeUint, "", "Number of a voucher in its series.", "", func(p *Publication) any { return &p.Number }, false},
			{11, "figures", TypeText, "", "Its figures as JSON: amounts as exact decimals, with the query of each.", "units and cost centres only", func(p *Publication) any { return &p.Figures }, false},
			{12, "name", TypeText, "", "Name of its file, without a folder.", "", func(p *Publication) any { return &p.Name }, false},
			{13, "media_type", TypeSymbol, "", "Media type of the file.", "", func(p *Publication) any { return &p.MediaType }, false},
			{14, "content_id", TypeID, "", "SHA-256 over the file's content.", "", func(p *Publication) any { return &p.ContentID }, false},
			{15, "reason", TypeText, "", "Why it was given out: schedule, by hand, or what changed.", "", func(p *Publication) any { return &p.Reason }, false},
			{16, "by", TypeText, "", "Who gave it out: a role, or a person's pseudonym; empty: the program.", "keyed hash of a person's id", func(p *Publication) any { return &p.By }, false},
			{17, "published_at", TypeTime, "ms, UTC", "When it was given out.", "", func(p *Publication) any { return &p.PublishedAt }, true},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(p *Publication) any { return &p.Offset }, false},
		},
	}
}
