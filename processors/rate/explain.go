package rate

// What may rule a price out for a record.
const (
	OutPer      = "per"
	OutOperator = "operator"
	OutPlan     = "plan"
	OutService  = "service"
	OutClass    = "other_class"
	OutCountry  = "other_country"
	OutZone     = "zone"
	OutVisited  = "visited"
)
