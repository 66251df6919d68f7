package collector

import (
	"linesman/internal/broker"
	"linesman/schema"
)

// codec encodes the records of one table.
type codec[T any] struct {
	table   *schema.Table[T]
	enc     *schema.Encoder[T]
	headers []broker.Header
}

func newCodec[T any](t *schema.Table[T]) *codec[T] {
	return &codec[T]{t, schema.NewEncoder(t), []broker.Header{
		{Key: schema.HeaderVersion, Value: []byte(schema.Version)},
		{Key: schema.HeaderType, Value: []byte(t.Record)},
	}}
}

// topic is a topic with its number of partitions.
type topic struct {
	name       string
	partitions int
}

type codecs struct {
	usage          *codec[schema.Usage]
	watch          *codec[schema.Watch]
	line           *codec[schema.Line]
	unit           *codec[schema.Unit]
	costCentre     *codec[schema.CostCentre]
	numberRange    *codec[schema.NumberRange]
	approval       *codec[schema.Approval]
	amendment      *codec[schema.Amendment]
	price          *codec[schema.Price]
	goal           *codec[schema.Goal]
	contact        *codec[schema.Contact]
	equipment      *codec[schema.Equipment]
	employment     *codec[schema.Employment]
	telephoneHours *codec[schema.TelephoneHours]
	allocationRule *codec[schema.AllocationRule]
	exchangeRate   *codec[schema.ExchangeRate]
	accessGrant    *codec[schema.AccessGrant]
	invoice        *codec[schema.Invoice]
	invoiceLine    *codec[schema.InvoiceLine]
	reject         *codec[schema.Reject]
	file           *codec[schema.File]

	calls, data, sms, watches, contacts, invoices, reference, rejects *topic
}

func newCodecs() *codecs {
	c := &codecs{
		usage: newCodec(schema.UsageTable()), watch: newCodec(schema.WatchTable()),
		line: newCodec(schema.LineTable()), unit: newCodec(schema.UnitTable()),
		costCentre: newCodec(schema.CostCentreTable()), numberRange: newCodec(schema.NumberRangeTable()),
		approval: newCodec(schema.ApprovalTable()), amendment: newCodec(schema.AmendmentTable()), price: newCodec(schema.PriceTable()), goal: newCodec(schema.GoalTable()),
		contact: newCodec(schema.ContactTable()), equipment: newCodec(schema.EquipmentTable()),
		employment: newCodec(schema.EmploymentTable()), telephoneHours: newCodec(schema.TelephoneHoursTable()),
		allocationRule: newCodec(schema.AllocationRuleTable()), exchangeRate: newCodec(schema.ExchangeRateTable()),
		accessGrant: newCodec(schema.AccessGrantTable()),
		invoice:     newCodec(schema.InvoiceTable()), invoiceLine: newCodec(schema.InvoiceLineTable()),
		reject: newCodec(schema.RejectTable()), file: newCodec(schema.FileTable()),
	}
	byName := map[string]*topic{}
	for _, t := range schema.Topics() {
		byName[t.Name] = &topic{t.Name, t.Partitions}
	}
	c.calls, c.data, c.sms = byName[schema.TopicCalls], byName[schema.TopicData], byName[schema.TopicSMS]
	c.watches, c.contacts, c.reference, c.rejects = byName[schema.TopicWatches], byName[schema.TopicContacts], byName[schema.TopicReference], byName[schema.TopicRejects]
	c.invoices = byName[schema.TopicInvoices]
	return c
}

func (c *codecs) usageTopic(kind string) *topic {
	switch schema.UsageTopic(kind) {
	case schema.TopicData:
		return c.data
	case schema.TopicSMS:
		return c.sms
	}
	return c.calls
}
