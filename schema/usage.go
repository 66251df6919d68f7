package schema

// Kinds of usage.
const (
	KindCall = "call"
	KindData = "data"
	KindSMS  = "sms"
	KindFee  = "fee" // subscription and one-time fees, credits: money without traffic
)

// Services: what was used, finer than the kind.
const (
	ServiceVoiceOut       = "voice_out"
	ServiceVoiceIn        = "voice_in"
	ServiceVoiceInternal  = "voice_internal"
	ServiceVoiceForward   = "voice_forward" // the leg that a forwarding line caused
	ServiceVoiceInRoaming = "voice_in_roaming"
	ServiceSMS            = "sms"
	ServiceMMS            = "mms"
	ServiceData           = "data"
	ServicePremium        = "premium"
	ServiceSubscription   = "subscription"
	ServiceOneTime        = "one_time"
	ServiceCredit         = "credit"
)

// Directions of a call or message as seen from the line.
const (
	DirectionOut      = "out"
	DirectionIn       = "in"
	DirectionInternal = "internal"
)

// Usage is one usage record: a call leg, a data session, a message or a fee.
type Usage struct {
	EventID      ID
	Kind         string
	Service      string
	Direction    string
	LineID       string // as recorded
	OccurredAt   Time
	Zone         string
	DurationS    uint32
	RingS        uint32
	Answered     bool
	Outcome      string
	VolumeBytes  uint64
	Messages     uint32
	OtherClass   string // as recorded
	OtherCountry string
	OtherMask    string
	OtherHash    uint64
	VisitedCtry  string
	VisitedNet   string
	Forwarded    bool
	RedirectCode uint32
	RedirectName string
	Device       string
	Cause        uint32
	Operator     string
	Invoice      string
	Charged      Money
	VAT          Money
	Currency     string
	Private      bool
	Source       string
	FileID       ID
	FileRow      uint64
	RecordedAt   Time
	LocalDay     Day
	Line         string // canonical line id, derived
	Class        string // class of the other party, derived
	UnitID       string
	CostCentre   string
	Role         string
	Holder       string
	Plan         string
	LineKind     string
	Subscription string
	RoamingZone  string
	PriceID      string
	Rated        Money
	RateReason   string
	Cost         Money
	LogPartition uint32
	LogOffset    uint64
	Revision     uint64
	Deleted      bool
}

// UsageTable declares the usage table.
func UsageTable() *Table[Usage] {
	return &Table[Usage]{
		Name: "usage", Record: "Usage", Topic: "", Key: "line id",
		Meaning: "Calls, data sessions, messages and fees: one row per usage record of a source system. " +
			"The kind decides the topic: linesman.calls, linesman.data or linesman.sms (fees travel with the calls).",
		Engine: "ReplacingMergeTree(revision, deleted)", PartitionBy: "toYYYYMM(occurred_at)", OrderBy: ColumnUncommon + ", recorded_line_id, occurred_at, event_id",
		Columns: append(usageRecorded(), usageDerived()...), Computed: []Computed{uncommonColumn()},
	}
}

func usageRecorded() []Column[Usage] {
	return []Column[Usage]{
		{1, "event_id", TypeID, "", "First 16 bytes of SHA-256 over source kind and natural key; the same record is the same event.", "", func(u *Usage) any { return &u.EventID }, false},
		{2, "kind", TypeSymbol, "", "call, data, sms or fee.", "", func(u *Usage) any { return &u.Kind }, false},
		{3, "service", TypeSymbol, "", "voice_out, voice_in, voice_internal, voice_forward, voice_in_roaming, sms, mms, data, premium, subscription, one_time, credit.", "", func(u *Usage) any { return &u.Service }, false},
		{4, "direction", TypeSymbol, "", "out, in or internal, as seen from the line.", "", func(u *Usage) any { return &u.Direction }, false},
		{5, "recorded_line_id", TypeText, "", "Pseudonym of the organisation's own number as the source wrote it (extension or full number).", "keyed hash of the number, made at the collector; the number itself never enters the log", func(u *Usage) any { return &u.LineID }, false},
		{6, "occurred_at", TypeTime, "ms, UTC", "When it began.", "", func(u *Usage) any { return &u.OccurredAt }, false},
		{7, "zone", TypeSymbol, "", "Zone in which the event is judged.", "", func(u *Usage) any { return &u.Zone }, false},
		{8, "duration_s", TypeUint32, "s", "Connected time; 0 when nobody answered.", "", func(u *Usage) any { return &u.DurationS }, false},
		{9, "ring_s", TypeUint32, "s", "Time from origination to connect, or to the end when nobody answered.", "", func(u *Usage) any { return &u.RingS }, false},
		{10, "answered", TypeBool, "", "Whether the call was connected.", "", func(u *Usage) any { return &u.Answered }, false},
		{11, "outcome", TypeSymbol, "", "answered, no_answer, busy, rejected, failed or empty.", "", func(u *Usage) any { return &u.Outcome }, false},
		{12, "volume_bytes", TypeUint, "byte", "Data volume, both directions.", "", func(u *Usage) any { return &u.VolumeBytes }, false},
		{13, "messages", TypeUint32, "", "Number of messages charged (parts of a long SMS count).", "", func(u *Usage) any { return &u.Messages }, false},
		{14, "recorded_class", TypeSymbol, "", "What the collector could tell: class of the other party's number: internal, mobile, fixed, corporate, premium, directory, shared_cost, toll_free, emergency, satellite, short_code, international, masked, unknown, none.", "the number is reduced to its class at the collector", func(u *Usage) any { return &u.OtherClass }, false},
		{15, "other_country", TypeSymbol, "", "ISO 3166 code of the other party's number; empty when unknown.", "", func(u *Usage) any { return &u.OtherCountry }, false},
		{16, "other_mask", TypeText, "", "The other party's number with the last four digits dropped; service numbers whole.", "last digits dropped at the collector", func(u *Usage) any { return &u.OtherMask }, false},
		{17, "other_hash", TypeHash, "", "Keyed hash of the other party's number, for \"the same number again\"; 0 when unknown.", "keyed hash; the key never leaves the data directory", func(u *Usage) any { return &u.OtherHash }, false},
		{18, "visited_country", TypeSymbol, "", "ISO 3166 code of the country where a mobile line was; empty when unknown or fixed.", "", func(u *Usage) any { return &u.VisitedCtry }, false},
		{19, "visited_network", TypeSymbol, "", "Visited network as the operator named it.", "", func(u *Usage) any { return &u.VisitedNet }, false},
		{20, "forwarded", TypeBool, "", "The line forwarded this call to the other party.", "", func(u *Usage) any { return &u.Forwarded }, false},
		{21, "redirect_code", TypeUint32, "", "Redirect reason of the source system (Cisco CUCM: lastRedirectRedirectReason).", "", func(u *Usage) any { return &u.RedirectCode }, false},
		{22, "redirect_reason", TypeSymbol, "", "Redirect reason in words: busy, no_answer, forward_all, …", "", func(u *Usage) any { return &u.RedirectName }, false},
		{23, "device", TypeSymbol, "", "Class of the line's device: desk_phone, jabber_desktop, jabber_iphone, jabber_android, jabber_tablet, mobile, gateway, other.", "the device name is reduced to its class", func(u *Usage) any { return &u.Device }, false},
		{24, "cause", TypeUint32, "", "Release cause of the source system (Q.850, or the vendor's own).", "", func(u *Usage) any { return &u.Cause }, false},
		{25, "operator", TypeSymbol, "", "Operator that itemised the record; empty for the organisation's own exchange.", "", func(u *Usage) any { return &u.Operator }, false},
		{26, "invoice", TypeSymbol, "", "Invoice number of the operator's itemised file.", "", func(u *Usage) any { return &u.Invoice }, false},
		{27, "charged", TypeMoney, "currency", "What the operator charged, excluding VAT.", "", func(u *Usage) any { return &u.Charged }, false},
		{28, "vat", TypeMoney, "currency", "VAT on the charged amount.", "", func(u *Usage) any { return &u.VAT }, false},
		{29, "currency", TypeSymbol, "", "ISO 4217 code of charged and vat.", "", func(u *Usage) any { return &u.Currency }, false},
		{30, "private", TypeBool, "", "The private-call prefix was dialled or the operator marked it private.", "", func(u *Usage) any { return &u.Private }, false},
		{31, "source", TypeSymbol, "", "Collector, and the profile behind a colon: cucm, itemised:norrtele.", "", func(u *Usage) any { return &u.Source }, false},
		{32, "file_id", TypeID, "", "The file the record was first read from (see files).", "", func(u *Usage) any { return &u.FileID }, false},
		{33, "file_row", TypeUint, "", "Line number in that file, from 1.", "", func(u *Usage) any { return &u.FileRow }, false},
		{34, "recorded_at", TypeTime, "ms, UTC", "When Linesman recorded the event.", "", func(u *Usage) any { return &u.RecordedAt }, true},
	}
}

func usageDerived() []Column[Usage] {
	return []Column[Usage]{
		{0, "local_day", TypeDay, "", "Calendar day of occurred_at in the judging zone.", "", func(u *Usage) any { return &u.LocalDay }, false},
		{0, "line_id", TypeText, "", "Canonical pseudonym of the line: that of its full number, where reference data know the line.", "keyed hash", func(u *Usage) any { return &u.Line }, false},
		{0, "other_class", TypeSymbol, "", "Class of the other party, internal where it is one of the organisation's own lines or inside its number ranges at that time; else recorded_class.", "", func(u *Usage) any { return &u.Class }, false},
		{0, "unit_id", TypeSymbol, "", "Unit that held the line at that time; empty when the line is unknown.", "", func(u *Usage) any { return &u.UnitID }, false},
		{0, "cost_centre", TypeSymbol, "", "Cost centre that paid for the line at that time.", "", func(u *Usage) any { return &u.CostCentre }, false},
		{0, "role", TypeSymbol, "", "Role of the line at that time: personal, shared, on_call, loan, m2m.", "", func(u *Usage) any { return &u.Role }, false},
		{0, "holder", TypeText, "", "Pseudonym of the holder at that time.", "keyed hash of the holder's id", func(u *Usage) any { return &u.Holder }, false},
		{0, "plan", TypeSymbol, "", "Subscription plan at that time.", "", func(u *Usage) any { return &u.Plan }, false},
		{0, "line_kind", TypeSymbol, "", "mobile, fixed, softphone or data; empty when the line is unknown.", "", func(u *Usage) any { return &u.LineKind }, false},
		{0, "line_operator", TypeSymbol, "", "Operator of the line at that time.", "", func(u *Usage) any { return &u.Subscription }, false},
		{0, "roaming_zone", TypeSymbol, "", "home, eea or world by the visited country and the day; empty when it does not apply.", "", func(u *Usage) any { return &u.RoamingZone }, false},
		{0, "price_id", TypeSymbol, "", "Price that rated the record; empty when none applied.", "", func(u *Usage) any { return &u.PriceID }, false},
		{0, "rated", TypeMoney, "SEK", "What the price book says it costs.", "", func(u *Usage) any { return &u.Rated }, false},
		{0, "rate_reason", TypeSymbol, "", "Why it was rated so: rated, free, no_price, fee; bundle: drawn from a bundle, rated 0, what is beyond it is a charge of the month; no_exchange_rate: charged in a currency whose worth nobody stated, cost 0; out_of_range: the amount would be beyond what can be counted, and is 0.", "", func(u *Usage) any { return &u.RateReason }, false},
		{0, "cost", TypeMoney, "SEK", "What is followed up: charged where an operator charged, else rated.", "", func(u *Usage) any { return &u.Cost }, false},
		{0, "log_partition", TypeUint32, "", "Partition of the record in the log.", "", func(u *Usage) any { return &u.LogPartition }, false},
		{0, "log_offset", TypeUint, "", "Offset of the record in the partition.", "", func(u *Usage) any { return &u.LogOffset }, false},
		{0, "revision", TypeUint, "", "Reference revision the row was enriched with; the highest wins.", "", func(u *Usage) any { return &u.Revision }, true},
		{0, "deleted", TypeBool, "", "The record was cancelled or corrected (see amendments): the row stays in the table, but is not there for whoever reads with final = 1.", "", func(u *Usage) any { return &u.Deleted }, false},
	}
}
