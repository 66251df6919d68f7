package verify

import "linesman/schema"

// decoders returns, by record type, what tells whether a record can be decoded: the pipeline
// refuses one that cannot, also when its event id is whole.
func decoders() map[string]func(value []byte) error {
	out := map[string]func([]byte) error{}
	add(out, schema.WatchTable())
	add(out, schema.LineTable())
	add(out, schema.UnitTable())
	add(out, schema.CostCentreTable())
	add(out, schema.NumberRangeTable())
	add(out, schema.ApprovalTable())
	add(out, schema.PriceTable())
	add(out, schema.GoalTable())
	add(out, schema.EquipmentTable())
	add(out, schema.EmploymentTable())
	add(out, schema.TelephoneHoursTable())
	add(out, schema.AllocationRuleTable())
	add(out, schema.ExchangeRateTable())
	add(out, schema.AccessGrantTable())
	add(out, schema.ContactTable())
	add(out, schema.InvoiceTable())
	add(out, schema.InvoiceLineTable())
	add(out, schema.PublicationTable())
	add(out, schema.AccessReadTable())
	add(out, schema.FileTable())
	add(out, schema.RejectTable())
	add(out, schema.ViolationTable())
	add(out, schema.RestatementTable())
	add(out, schema.SealTable())
	add(out, schema.CaseTable())
	add(out, schema.AmendmentTable())
	return out
}

func add[T any](out map[string]func([]byte) error, t *schema.Table[T]) {
	dec := schema.NewDecoder(t)
	out[t.Record] = func(value []byte) error {
		var rec T
		return dec.Decode(value, &rec)
	}
}
