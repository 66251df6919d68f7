package schema

// Topics of the log. See docs/decisions for what goes where.
const (
	TopicCalls      = "linesman.calls"
	TopicData       = "linesman.data"
	TopicSMS        = "linesman.sms"
	TopicWatches    = "linesman.watches"
	TopicContacts   = "linesman.contacts"
	TopicReference  = "linesman.reference"
	TopicViolations = "linesman.violations"
	TopicRejects    = "linesman.rejects"
	TopicFiles      = "linesman.files"

	TopicRestatements = "linesman.restatements"
	TopicSeals        = "linesman.seals"
	TopicCases        = "linesman.cases"
	TopicInvoices     = "linesman.invoices"
	TopicPublications = "linesman.publications"
	TopicAccess       = "linesman.access"
)

// Record headers. Every record carries its encoding version; topics with several record
// types also carry the type, which is the Record name of a [Table].
const (
	HeaderVersion = "v"
	HeaderType    = "t"
	Version       = "1"
)

// Topic is a topic with its partition count. Usage is spread over partitions by line, so
// that the same record always meets its earlier self; the rest is small and kept in order.
type Topic struct {
	Name       string
	Partitions int
}

// Topics lists every topic of the log. What derives from others stands behind them.
func Topics() []Topic {
	return []Topic{{TopicReference, 1}, {TopicCalls, 2}, {TopicData, 1}, {TopicSMS, 1}, {TopicWatches, 1}, {TopicContacts, 1}, {TopicInvoices, 1}, {TopicFiles, 1}, {TopicRejects, 1}, {TopicViolations, 1},
		{TopicRestatements, 1}, {TopicSeals, 1}, {TopicCases, 1}, {TopicPublications, 1}, {TopicAccess, 1}}
}

// UsageTopics lists the topics that carry usage records.
func UsageTopics() []string { return []string{TopicCalls, TopicData, TopicSMS} }

// UsageTopic returns the topic of a kind of usage. Fees travel with the calls.
func UsageTopic(kind string) string {
	switch kind {
	case KindData:
		return TopicData
	case KindSMS:
		return TopicSMS
	}
	return TopicCalls
}

// UsageTopicIndex numbers the usage topics: the store keeps log_partition as
// 1000*index + partition, so that one number names topic and partition.
func UsageTopicIndex(topic string) uint32 {
	for i, t := range UsageTopics() {
		if t == topic {
			return uint32(i)
		}
	}
	return 0
}
