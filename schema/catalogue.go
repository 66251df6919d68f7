package schema

import (
	"fmt"
	"slices"
)

// Catalogue lists every table of the store that holds facts.
func Catalogue() []Info {
	return append([]Info{UsageTable().Info(), WatchTable().Info(), ViolationTable().Info(), FileTable().Info(), RejectTable().Info(),
		AmendmentTable().Info(), RestatementTable().Info(), SealTable().Info(), CaseTable().Info(), ContactTable().Info(),
		InvoiceTable().Info(), InvoiceLineTable().Info(), PublicationTable().Info(), AccessReadTable().Info()}, ReferenceTables()...)
}

// ReferenceTables lists the tables of reference data.
func ReferenceTables() []Info {
	return []Info{LineTable().Info(), UnitTable().Info(), CostCentreTable().Info(), NumberRangeTable().Info(), ApprovalTable().Info(), PriceTable().Info(), GoalTable().Info(),
		EquipmentTable().Info(), EmploymentTable().Info(), TelephoneHoursTable().Info(), AllocationRuleTable().Info(), ExchangeRateTable().Info(), AccessGrantTable().Info()}
}

// carriers lists the topics that carry the records of a table.
func carriers(in Info) []string {
	if in.Topic != "" {
		return []string{in.Topic}
	}
	return UsageTopics()
}

// EventIDs reads the event ids of encoded records of one topic.
type EventIDs struct {
	fields map[string]int // field number by record type
}

// NewEventIDs prepares a reader of a topic's event ids.
func NewEventIDs(topic string) EventIDs {
	e := EventIDs{fields: map[string]int{}}
	for _, in := range Catalogue() {
		if c, ok := in.Column("event_id"); ok && slices.Contains(carriers(in), topic) {
			e.fields[in.Record] = c.Field
		}
	}
	return e
}

// Read returns the event id of a record. typ is the record's type header: it decides which
// field holds the id.
func (e EventIDs) Read(typ string, value []byte) (ID, error) {
	field, ok := e.fields[typ]
	if !ok {
		return ID{}, fmt.Errorf("no record of type %q in the topic", typ)
	}
	return fieldID(value, field)
}
