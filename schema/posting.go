package schema

// Posting is what one bearer bears of the costs of a month. It is worked out, not recorded: the
// postings of a month add up to its costs, to a millionth.
type Posting struct {
	Month      Day    `json:"month"` // first day of the month, in the judging zone
	CostCentre string `json:"cost_centre"`
	UnitID     string `json:"unit_id"`
	Project    string `json:"project,omitempty"`
	Activity   string `json:"activity,omitempty"`
	Kind       string `json:"kind"`           // as in usage: call, data, sms or fee
	Service    string `json:"service"`        // as in usage
	Operator   string `json:"operator"`       // that itemised it; empty: the organisation's own exchange
	Rule       string `json:"rule,omitempty"` // allocation rule that decided; empty: whoever held the line bears it
	Repay      bool   `json:"repay"`          // private use that the holder repays
	Records    uint64 `json:"records"`        // usage records behind it; of a divided cost the first target counts them
	Cost       Money  `json:"cost"`           // SEK excluding VAT
	VAT        Money  `json:"vat"`            // SEK; as the operator charged it
}
