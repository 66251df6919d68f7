package schema

import "strings"

// Roles that an access grant gives.
const (
	RoleUnitManager           = "unit_manager"            // figures of a unit and its children
	RoleFinance               = "finance"                 // figures of the whole organisation, no rows of single persons
	RoleDataProtectionOfficer = "data_protection_officer" // the access log, no figures
	RoleAdmin                 = "admin"                   // runs the installation; no rows of single persons
	RolePersonLevel           = "person_level"            // an open case: rows of single persons of a unit and its children, for a purpose
)

// Roles lists the roles that an access grant can give.
func Roles() []string {
	return []string{RoleUnitManager, RoleFinance, RoleDataProtectionOfficer, RoleAdmin, RolePersonLevel}
}

// Ways in which somebody reads.
const (
	WayConsole = "console"
	WayGrafana = "grafana"
	WayAlert   = "alert" // an alert rule: nobody looks on
)

// Outcomes of a read.
const (
	AccessAllowed = "allowed"
	AccessDenied  = "denied"
)

// AccessGrant is a statement that somebody has a role, of which unit, and until when. Rows of a
// role and a unit add up: somebody may have several.
type AccessGrant struct {
	GrantID    string
	Who        string
	Role       string
	UnitID     string
	Purpose    string
	Approver   string
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

// Origin returns where the statement comes from.
func (g *AccessGrant) Origin() Origin {
	return Origin{&g.EventID, &g.FileID, &g.FileRow, &g.RecordedAt, &g.StatedAt, &g.Offset, &g.Rank}
}

// AccessGrantTable declares the access_grants table.
func AccessGrantTable() *Table[AccessGrant] {
	return &Table[AccessGrant]{
		Name: "access_grants", Record: "AccessGrant", Topic: TopicReference, Key: "entity id",
		Meaning: "Who may read what: one row per person, role and unit. Who is not named here reads nothing.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "grant_id, valid_from",
		Columns: append([]Column[AccessGrant]{
			{1, "grant_id", TypeText, "", "Identity of the grant: as its file names it, else made of person, role and unit.", "", func(g *AccessGrant) any { return &g.GrantID }, false},
			{2, "who", TypeText, "", "Person or program that has it: pseudonym of the login name in lower case.", "keyed hash of the login name", func(g *AccessGrant) any { return &g.Who }, false},
			{3, "role", TypeSymbol, "", "unit_manager, finance, data_protection_officer, admin, or person_level: an open case in which rows of single persons may be read.", "", func(g *AccessGrant) any { return &g.Role }, false},
			{4, "unit_id", TypeSymbol, "", "Unit it is about, with its children; empty: the whole organisation.", "", func(g *AccessGrant) any { return &g.UnitID }, false},
			{5, "purpose", TypeText, "", "What rows of single persons are read for; other roles need none.", "refused with a personnummer, an address or digits like a number in it", func(g *AccessGrant) any { return &g.Purpose }, false},
			{6, "approver", TypeText, "", "Who approved it: pseudonym of the login name; somebody else than who has it. Other roles need none.", "keyed hash of the login name", func(g *AccessGrant) any { return &g.Approver }, false},
			{7, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(g *AccessGrant) any { return &g.ValidFrom }, false},
			{8, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice, which a person_level grant never has.", "", func(g *AccessGrant) any { return &g.ValidTo }, false},
		}, stated(9, (*AccessGrant).Origin)...),
	}
}

// AccessRead is one time that somebody read rows of single persons or the access log, or was
// refused something.
type AccessRead struct {
	EventID ID
	At      Time
	Who     string
	Way     string
	Roles   string
	What    string
	Subject string
	UnitID  string
	GrantID string
	Purpose string
	Outcome string
	Rows    uint64
	Offset  uint64
}

// AccessReadTable declares the access_log table.
func AccessReadTable() *Table[AccessRead] {
	return &Table[AccessRead]{
		Name: "access_log", Record: "AccessRead", Topic: TopicAccess, Key: "who",
		Meaning: "Who read rows of single persons, when, and for what; and what was refused. An answer with such rows is not given before its read stands in the log.",
		Engine:  "ReplacingMergeTree(log_offset)", PartitionBy: "", OrderBy: "at, event_id",
		Columns: []Column[AccessRead]{
			{1, "event_id", TypeID, "", "A random number: each read is an event of its own.", "", func(a *AccessRead) any { return &a.EventID }, false},
			{2, "at", TypeTime, "ms, UTC", "When it was asked for.", "", func(a *AccessRead) any { return &a.At }, false},
			{3, "who", TypeText, "", "Who asked: pseudonym of the login name in lower case; empty: nobody known.", "keyed hash of the login name", func(a *AccessRead) any { return &a.Who }, false},
			{4, "way", TypeSymbol, "", "console, grafana or alert.", "", func(a *AccessRead) any { return &a.Way }, false},
			{5, "roles", TypeSymbol, "", "Roles that the asker had, in alphabetical order with commas; empty: none.", "", func(a *AccessRead) any { return &a.Roles }, false},
			{6, "what", TypeSymbol, "", "Metric, page or resource that was asked for.", "", func(a *AccessRead) any { return &a.What }, false},
			{7, "subject", TypeText, "", "What it was about: pseudonym of a line, id of a violation, or a unit; empty: several.", "keyed hash of a number", func(a *AccessRead) any { return &a.Subject }, false},
			{8, "unit_id", TypeSymbol, "", "Unit it was about; empty: several.", "", func(a *AccessRead) any { return &a.UnitID }, false},
			{9, "grant_id", TypeText, "", "Access grant that allowed it; empty: none, or the owner of the installation.", "", func(a *AccessRead) any { return &a.GrantID }, false},
			{10, "purpose", TypeText, "", "Purpose that the grant states.", "as in access_grants", func(a *AccessRead) any { return &a.Purpose }, false},
			{11, "outcome", TypeSymbol, "", "allowed or denied.", "", func(a *AccessRead) any { return &a.Outcome }, false},
			{12, "rows", TypeUint, "", "Rows of single persons in the answer.", "", func(a *AccessRead) any { return &a.Rows }, false},
			{0, "log_offset", TypeUint, "", "Offset of the record in the log.", "", func(a *AccessRead) any { return &a.Offset }, false},
		},
	}
}

// Login is a login name as it enters a pseudonym: how somebody types it makes no difference.
func Login(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
