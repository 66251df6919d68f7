package schema

// Kinds of relations.
const (
	RelationView    = "view"
	RelationRollUp  = "roll-up"
	RelationKeeping = "bookkeeping"
)

// Relation is something in the store that is not a table of facts: a view, a roll-up or
// bookkeeping of the processors.
type Relation struct {
	Name, Kind, Meaning string
}

// Relations lists the views, roll-ups and bookkeeping tables of the store. Their statements
// stand in the migrations of the store; a test compares the names.
func Relations() []Relation {
	return []Relation{
		{"violations_current", RelationView, "The present state of each violation: its latest event, with when it was opened, when it last changed and how many changes it has seen."},
		{"cases_current", RelationView, "Each violation with the state it is in: the last step that holds, or what the data made of it, with its deadline and whether that has passed."},
		{"watches_current", RelationView, "The counts of each unit, day and profession group by the latest extract."},
		{"watches_weekly", RelationView, "Each unit's total of the latest day that was counted in the ISO week."},
		{"files", RelationView, "Each collection of a file: what was read (file_reports) and what the store accepted or had already. State interrupted: records came, no report did."},
		{"lines_now", RelationView, "The latest statement about each line."},
		{"units_now", RelationView, "The latest statement about each unit."},
		{"usage_daily", RelationRollUp, "Usage per local day, unit and cost centre, by kind, service, direction, class and roaming; recomputed for the days that changed, never incremented."},
		{"usage_line_daily", RelationRollUp, "Usage per local day and line; recomputed for the days that changed, never incremented."},
		{"usage_daily_next", RelationKeeping, "The days of usage_daily that are being recomputed, before they take the old ones' place."},
		{"usage_line_daily_next", RelationKeeping, "The same for usage_line_daily."},
		{"ranges", RelationKeeping, "Which offset ranges of the log were written to the store and by which claim, with how many records were accepted, duplicate or refused."},
		{"claims", RelationKeeping, "Which instance owns each partition, where several share the log, and from which offset on nobody else's ranges count."},
		{"valid_epochs", RelationKeeping, "The claims of each partition whose ranges count, and up to where."},
		{"valid_ranges", RelationKeeping, "The ranges that are in the store: those of ranges that are done and count."},
		{"valid_range_files", RelationKeeping, "The rows of range_files that count."},
		{"range_files", RelationKeeping, "What became of the records of each file, range by range."},
		{"statements", RelationKeeping, "Every statement about the organisation that was accepted, also those that a later one corrected."},
		{"contacts_known", RelationKeeping, "Every row of contact-centre statistics that was accepted, also those of an extract that a later one replaced."},
		{"rolled", RelationKeeping, "When the roll-ups of each month were last recomputed."},
		{"evaluated", RelationKeeping, "How far the roll-ups and the rules have come in each partition."},
	}
}
