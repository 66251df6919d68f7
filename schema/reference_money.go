package schema

// Approval is a row of approvals: approvals in force: what a rule would otherwise object to, and for how long.
type Approval struct {
	ApprovalID string
	Kind       string
	LineID     string
	UnitID     string
	Countries  string
	ApprovedBy string
	DecidedAt  Time
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

// ApprovalTable declares the approvals table.
func ApprovalTable() *Table[Approval] {
	return &Table[Approval]{
		Name: "approvals", Record: "Approval", Topic: TopicReference, Key: "entity id",
		Meaning: "Approvals in force: trips abroad, premium and private calls, forwarding and so on, each for a line or a unit.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "approval_id, valid_from",
		Columns: append([]Column[Approval]{
			{1, "approval_id", TypeText, "", "Identity of the approval in its source.", "", func(a *Approval) any { return &a.ApprovalID }, false},
			{2, "kind", TypeSymbol, "", "trip, premium, forwarding, private (private calls), review (a holding was reviewed), hours (telephone hours), return (equipment may be kept), sms (messages with customers); withdrawn: no longer in force.", "", func(a *Approval) any { return &a.Kind }, false},
			{3, "line_id", TypeText, "", "Line it is for; empty: every line of the unit.", "keyed hash of the number", func(a *Approval) any { return &a.LineID }, false},
			{4, "unit_id", TypeSymbol, "", "Unit it is for, when it is for a whole unit.", "", func(a *Approval) any { return &a.UnitID }, false},
			{5, "countries", TypeText, "", "Countries it covers, ISO 3166 codes separated by commas; empty: all.", "", func(a *Approval) any { return &a.Countries }, false},
			{6, "approved_by", TypeText, "", "Who approved: pseudonym of the manager, or the role in which a case was approved.", "keyed hash of the manager's id", func(a *Approval) any { return &a.ApprovedBy }, false},
			{7, "decided_at", TypeTime, "ms, UTC", "When it was decided.", "", func(a *Approval) any { return &a.DecidedAt }, false},
			{8, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(a *Approval) any { return &a.ValidFrom }, false},
			{9, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(a *Approval) any { return &a.ValidTo }, false},
		}, stated(10, (*Approval).Origin)...),
	}
}

// Price is a row of prices: price books: one row per price.
type Price struct {
	PriceID      string
	Book         string
	BookVersion  string
	Operator     string
	Plan         string
	Service      string
	OtherClass   string
	OtherCountry string
	Zone         string
	Per          string
	Price        Money
	Opening      Money
	FirstS       uint32
	NextS        uint32
	Currency     string
	ValidFrom    Time
	ValidTo      Time
	Weekdays     string
	Hours        string
	Visited      string
	Bundle       string
	Included     uint64
	Pool         string
	Prorated     bool
	EventID      ID
	FileID       ID
	FileRow      uint64
	RecordedAt   Time
	StatedAt     Time
	Offset       uint64
	Rank         uint64
}

// PriceTable declares the prices table.
func PriceTable() *Table[Price] {
	return &Table[Price]{
		Name: "prices", Record: "Price", Topic: TopicReference, Key: "entity id",
		Meaning: "Price books: one row per price.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "price_id, valid_from",
		Columns: append([]Column[Price]{
			{1, "price_id", TypeSymbol, "", "Identity of the price: book, version and row.", "", func(p *Price) any { return &p.PriceID }, false},
			{2, "book", TypeSymbol, "", "Price book.", "", func(p *Price) any { return &p.Book }, false},
			{3, "book_version", TypeSymbol, "", "Version of the price book.", "", func(p *Price) any { return &p.BookVersion }, false},
			{4, "operator", TypeSymbol, "", "Operator it applies to; empty: any.", "", func(p *Price) any { return &p.Operator }, false},
			{5, "plan", TypeSymbol, "", "Plan it applies to; empty: any.", "", func(p *Price) any { return &p.Plan }, false},
			{6, "service", TypeSymbol, "", "Service as in usage; empty: any.", "", func(p *Price) any { return &p.Service }, false},
			{7, "other_class", TypeSymbol, "", "Class of the other party; empty: any.", "", func(p *Price) any { return &p.OtherClass }, false},
			{8, "other_country", TypeSymbol, "", "Country of the other party, * for any abroad; empty: any.", "", func(p *Price) any { return &p.OtherCountry }, false},
			{9, "zone", TypeSymbol, "", "Roaming zone: home, eea, world; empty: any.", "", func(p *Price) any { return &p.Zone }, false},
			{10, "per", TypeSymbol, "", "What the price is for: call, minute, MB, SMS; month (a fee of every line of the plan, a credit where negative), percent (a rebate on what the month's use of the service costs, where negative), bundle (what a bundle holds), fair_use (how much of a bundle may be used in the zone, and the price beyond).", "", func(p *Price) any { return &p.Per }, false},
			{11, "price", TypeMoney, "SEK", "Price of one of it, excluding VAT.", "", func(p *Price) any { return &p.Price }, false},
			{12, "opening", TypeMoney, "SEK", "Opening fee of a connected call.", "", func(p *Price) any { return &p.Opening }, false},
			{13, "first_s", TypeUint32, "s", "First increment: the least time charged.", "", func(p *Price) any { return &p.FirstS }, false},
			{14, "next_s", TypeUint32, "s", "Later increments.", "", func(p *Price) any { return &p.NextS }, false},
			{15, "currency", TypeSymbol, "", "ISO 4217 code.", "", func(p *Price) any { return &p.Currency }, false},
			{16, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(p *Price) any { return &p.ValidFrom }, false},
			{17, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(p *Price) any { return &p.ValidTo }, false},
		}, stated(18, (*Price).Origin, []Column[Price]{
			{23, "weekdays", TypeSymbol, "", "Weekdays on which it holds: digits from 1 (Monday) to 7, and h for public holidays, which then count as no weekday; empty: every day.", "", func(p *Price) any { return &p.Weekdays }, false},
			{24, "hours", TypeSymbol, "", "Hours of the day in which it holds, hh:mm-hh:mm in the judging zone, the end exclusive; past midnight where the end is before the begin; empty: all day.", "", func(p *Price) any { return &p.Hours }, false},
			{25, "visited", TypeSymbol, "", "Visited countries in which it holds, ISO 3166 codes separated by commas: an operator's own roaming zone; empty: any.", "", func(p *Price) any { return &p.Visited }, false},
			{26, "bundle", TypeSymbol, "", "Bundle that use under this price draws from before the price applies; of a row per bundle or fair_use the bundle it is about; empty: none.", "", func(p *Price) any { return &p.Bundle }, false},
			{27, "included", TypeUint, "minute, MB or SMS", "What a bundle holds a month, or how much of it may be used abroad (fair_use); 0 elsewhere.", "", func(p *Price) any { return &p.Included }, false},
			{28, "pool", TypeSymbol, "", "Who shares a bundle: empty: each line has its own; shared: the lines of the plan put theirs together; fixed: they share one.", "", func(p *Price) any { return &p.Pool }, false},
			{29, "prorated", TypeBool, "", "A monthly fee or bundle counts by days where a line was held for a part of the month only.", "", func(p *Price) any { return &p.Prorated }, false},
		}...)...),
	}
}

// Goal is a row of goals: goals and budgets: what is to be reached, from where, by when.
type Goal struct {
	GoalID     string
	Metric     string
	UnitID     string
	CostCentre string
	Baseline   float64
	Target     float64
	TargetDay  Day
	Owner      string
	ValidFrom  Time
	ValidTo    Time
	Amount     Money
	EventID    ID
	FileID     ID
	FileRow    uint64
	RecordedAt Time
	StatedAt   Time
	Offset     uint64
	Rank       uint64
}

// GoalTable declares the goals table.
func GoalTable() *Table[Goal] {
	return &Table[Goal]{
		Name: "goals", Record: "Goal", Topic: TopicReference, Key: "entity id",
		Meaning: "Goals and budgets: what is to be reached, from where, by when.",
		Engine:  "ReplacingMergeTree(rank)", PartitionBy: "", OrderBy: "goal_id, valid_from",
		Columns: append([]Column[Goal]{
			{1, "goal_id", TypeText, "", "Identity of the goal.", "", func(g *Goal) any { return &g.GoalID }, false},
			{2, "metric", TypeSymbol, "", "watches_open, forwarded_calls, unused_lines, desk_phones, cost_per_employee or cost_month (a budget).", "", func(g *Goal) any { return &g.Metric }, false},
			{3, "unit_id", TypeSymbol, "", "Unit it is for; empty for a cost centre's budget.", "", func(g *Goal) any { return &g.UnitID }, false},
			{4, "cost_centre", TypeSymbol, "", "Cost centre, for budgets.", "", func(g *Goal) any { return &g.CostCentre }, false},
			{5, "baseline", TypeFloat, "", "Level it starts from, per week or month as the metric says.", "", func(g *Goal) any { return &g.Baseline }, false},
			{6, "target", TypeFloat, "", "Level to reach.", "", func(g *Goal) any { return &g.Target }, false},
			{7, "target_day", TypeDay, "", "Day by which it is to be reached.", "", func(g *Goal) any { return &g.TargetDay }, false},
			{8, "owner", TypeText, "", "Role that owns the goal.", "never a person's name", func(g *Goal) any { return &g.Owner }, false},
			{9, "valid_from", TypeTime, "ms, UTC", "From when it holds.", "", func(g *Goal) any { return &g.ValidFrom }, false},
			{10, "valid_to", TypeTime, "ms, UTC", "Until when it holds, exclusive; 0 (1970) means: until further notice.", "", func(g *Goal) any { return &g.ValidTo }, false},
		}, stated(11, (*Goal).Origin, Column[Goal]{16, "amount", TypeMoney, "SEK", "Target of a budget (cost_month), exact; 0 for other metrics.", "", func(g *Goal) any { return &g.Amount }, false})...),
	}
}
