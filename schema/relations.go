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
		{"watches_current", RelationView, "The counts of each unit, day and profession group by the latest extract."},
		{"watches_weekly", RelationView, "Each unit's total of the latest day that was counted in the ISO week."},
		{"files", RelationView, "Each collection of a file: what was read (file_reports) and what the store accepted or had already. State interrupted: records came, no report did."},
		{"lines_now", RelationView, "The latest statement about each line."},
		{"units_now", RelationView, "The latest statement about each unit."},
		{"usage_daily", RelationRollUp, "Usage per local day, unit and cost centre, by kind, service, direction, class and roaming; recomputed for the days that changed, never incremented."},
		{"usage_line_daily", RelationRollUp, "Usage per local day and line; recomputed for the days that changed, never incremented."},
		{"usage_daily_next", RelationKeeping, "The days of usage_daily that are being recomputed, before they take the old ones' place."},
		{"usage_line_daily_next", RelationKeeping, "The same for usage_line_daily."},
		{"ranges", RelationKeeping, "Which offset ranges of the log are in the store, with how many records were accepted, duplicate or refused."},
		{"range_files", RelationKeeping, "What became of the records of each file, range by range."},
		{"statements", RelationKeeping, "Every statement about the organisation that was accepted, also those that a later one corrected."},
		{"evaluated", RelationKeeping, "How far the roll-ups and the rules have come in each partition."},
	}
}
