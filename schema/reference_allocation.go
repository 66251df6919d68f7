package schema

// How an allocation rule divides a cost.
const (
	AllocateTo    = "to"    // all of it to the one target
	AllocateKey   = "key"   // by the shares of the targets
	AllocateEqual = "equal" // in equal parts
	AllocateUsage = "usage" // by what each target used itself in the month
)

// AllocationRule is one target of a rule about who bears a cost that the holder of the line does
// not bear, or not alone. The rows of a rule with the same valid_from make one version of it.
type AllocationRule struct {
	RuleID       string
	Target       uint32
	Priority     uint32
	How          string
	LineID       string
	UnitID       string
	CostCentre   string
	Operator     string
	Service      string
	Device       string
	LineKind     string
	Role         string
	ToCostCentre string
	ToUnit       string
	ToProject    string
	ToActivity   string
	Share        Money
	ValidFrom    Time
	ValidTo      Time
	EventID      ID
	FileID       ID
	FileRow      uint64
	RecordedAt   Time
	StatedAt     Time
	Offset       uint64
	Rank         uint64
}

// AllocationRuleTable declares the allocation_rules table.
func AllocationRuleTable() *Table[AllocationRule] {
	return &Table[AllocationRule]{
		Name: "allocation_rules", Record: "AllocationRule", Topic: TopicReference, Key: "entity id",
		Meaning: "Rules about who bears a cost: one row per target. Of the rules that fit a record the one with the lowest priority number holds.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "rule_id, target, valid_from",
		Columns: append([]Column[AllocationRule]{
			{1, "rule_id", TypeText, "", "Identity of the rule.", "", func(r *AllocationRule) any { return &r.RuleID }, false},
			{2, "target", TypeUint32, "", "Number of the target within the rule, from 1.", "", func(r *AllocationRule) any { return &r.Target }, false},
			{3, "priority", TypeUint32, "", "Which rule holds where several fit: the lowest number, then the identity that sorts first.", "", func(r *AllocationRule) any { return &r.Priority }, false},
			{4, "how", TypeSymbol, "", "to (all to the one target), key (by share), equal, or usage (by the number of calls, messages and data sessions that each target's cost centre had in the month, those of the rule left out).", "", func(r *AllocationRule) any { return &r.How }, false},
			{5, "line_id", TypeText, "", "Line it is about; empty: any.", "keyed hash of the number", func(r *AllocationRule) any { return &r.LineID }, false},
			{6, "unit_id", TypeSymbol, "", "Unit that held the line; empty: any.", "", func(r *AllocationRule) any { return &r.UnitID }, false},
			{7, "cost_centre", TypeSymbol, "", "Cost centre that would pay; empty: any.", "", func(r *AllocationRule) any { return &r.CostCentre }, false},
			{8, "operator", TypeSymbol, "", "Operator that itemised the record; empty: any.", "", func(r *AllocationRule) any { return &r.Operator }, false},
			{9, "service", TypeSymbol, "", "Service as in usage; empty: any.", "", func(r *AllocationRule) any { return &r.Service }, false},
			{10, "device", TypeSymbol, "", "Class of the device, jabber for every jabber one; empty: any.", "", func(r *AllocationRule) any { return &r.Device }, false},
			{11, "line_kind", TypeSymbol, "", "mobile, fixed, softphone or data; empty: any.", "", func(r *AllocationRule) any { return &r.LineKind }, false},
			{12, "role", TypeSymbol, "", "Role of the line: personal, shared, on_call, loan or m2m; empty: any.", "", func(r *AllocationRule) any { return &r.Role }, false},
			{13, "to_cost_centre", TypeSymbol, "", "Cost centre that bears it; empty: the one that would have paid.", "", func(r *AllocationRule) any { return &r.ToCostCentre }, false},
			{14, "to_unit", TypeSymbol, "", "Unit that bears it; empty: the one that held the line, where the cost centre stays, else none.", "", func(r *AllocationRule) any { return &r.ToUnit }, false},
			{15, "to_project", TypeSymbol, "", "Project; empty: none.", "", func(r *AllocationRule) any { return &r.ToProject }, false},
			{16, "to_activity", TypeSymbol, "", "Activity; empty: none.", "", func(r *AllocationRule) any { return &r.ToActivity }, false},
			{17, "share", TypeMoney, "", "Weight of the target (key); 0 elsewhere.", "", func(r *AllocationRule) any { return &r.Share }, false},
			{18, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(r *AllocationRule) any { return &r.ValidFrom }, false},
			{19, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(r *AllocationRule) any { return &r.ValidTo }, false},
		}, stated(20, (*AllocationRule).Origin)...),
	}
}

// ExchangeRate is what a currency was worth from a day on.
type ExchangeRate struct {
	Currency   string
	Rate       Money
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

// ExchangeRateTable declares the exchange_rates table.
func ExchangeRateTable() *Table[ExchangeRate] {
	return &Table[ExchangeRate]{
		Name: "exchange_rates", Record: "ExchangeRate", Topic: TopicReference, Key: "entity id",
		Meaning: "Exchange rates by which amounts in another currency become costs.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "currency, valid_from",
		Columns: append([]Column[ExchangeRate]{
			{1, "currency", TypeSymbol, "", "ISO 4217 code.", "", func(r *ExchangeRate) any { return &r.Currency }, false},
			{2, "rate", TypeMoney, "SEK", "What one unit of it is worth.", "", func(r *ExchangeRate) any { return &r.Rate }, false},
			{3, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(r *ExchangeRate) any { return &r.ValidFrom }, false},
			{4, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until the next one.", "", func(r *ExchangeRate) any { return &r.ValidTo }, false},
		}, stated(5, (*ExchangeRate).Origin)...),
	}
}
