package schema

// Catalogue lists every table of the store that holds facts.
func Catalogue() []Info {
	return append([]Info{UsageTable().Info(), WatchTable().Info(), ViolationTable().Info(), FileTable().Info(), RejectTable().Info()}, ReferenceTables()...)
}

// ReferenceTables lists the tables of reference data.
func ReferenceTables() []Info {
	return []Info{LineTable().Info(), UnitTable().Info(), CostCentreTable().Info(), NumberRangeTable().Info(), ApprovalTable().Info(), PriceTable().Info(), GoalTable().Info()}
}
