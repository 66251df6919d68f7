package broker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// Operations in the answer about what a user may do (Apache Kafka,
// AclOperation).
const (
	mayRead     = 3
	mayWrite    = 4
	mayDescribe = 8
)

// topic judges one topic. settings is nil when they are hidden.
func (c *checker) topic(ctx context.Context, spec TopicSpec, settings map[string]string) {
	i := slices.IndexFunc(c.state.Topics, func(t metadata.ResponseTopic) bool { return t.Name == spec.Name })
	code := kafka.UnknownTopicOrPartition
	if i >= 0 {
		code = kafka.Error(c.state.Topics[i].ErrorCode)
	}
	switch code {
	case 0:
	case kafka.UnknownTopicOrPartition:
		// A user who may not even know of a topic is told the same.
		c.add(SeverityError, spec.Name, "topic", "missing or hidden from this user", fmt.Sprint(spec.Partitions, " partitions"), "nothing can be stored in it",
			"let `linesman up` create it ("+c.grant("--operation Create --operation Describe --topic "+spec.Name)+")")
		return
	case kafka.TopicAuthorizationFailed:
		c.add(SeverityError, spec.Name, "topic", "forbidden", "readable and writable", "it cannot be used",
			c.grant("--operation Describe --operation Read --operation Write --topic "+spec.Name))
		return
	default:
		c.add(SeverityError, spec.Name, "topic", code.Error(), "usable", "it cannot be used", "check the brokers' logs")
		return
	}
	t := c.state.Topics[i]
	c.rights(t)
	copies := c.partitions(spec, t, settings)
	if settings != nil {
		c.settings(spec, settings, copies)
	}
	c.begins(ctx, spec, t)
}

// rights compares what this user may do with what the product does.
func (c *checker) rights(t metadata.ResponseTopic) {
	if t.TopicAuthorizedOperations < 0 { // not told: no lists, or an old broker
		return
	}
	var missing, flags []string
	for _, op := range []struct {
		bit  int
		name string
	}{{mayDescribe, "Describe"}, {mayRead, "Read"}, {mayWrite, "Write"}} {
		if t.TopicAuthorizedOperations&(1<<op.bit) == 0 {
			missing, flags = append(missing, op.name), append(flags, "--operation "+op.name)
		}
	}
	if len(missing) > 0 {
		c.add(SeverityError, t.Name, "rights", "not allowed: "+strings.Join(missing, ", "), "Describe, Read and Write", "records cannot be stored or read",
			c.grant(strings.Join(flags, " ")+" --topic "+t.Name))
	}
}

// partitions judges number, leaders and replicas, and returns how many copies
// the partition with the fewest has.
func (c *checker) partitions(spec TopicSpec, t metadata.ResponseTopic, settings map[string]string) int {
	if len(t.Partitions) != spec.Partitions {
		c.add(SeverityError, t.Name, "partitions", strconv.Itoa(len(t.Partitions)), strconv.Itoa(spec.Partitions),
			"repetitions of a record would not meet in one partition", "the number cannot change after the first record: start with new topics")
	}
	var leaderless, lagging, stuck []int
	copies := len(c.state.Brokers)
	needed := 1
	if n, err := strconv.Atoi(settings[setInSync]); err == nil {
		needed = n
	}
	for _, p := range t.Partitions {
		copies = min(copies, len(p.ReplicaNodes))
		id := int(p.PartitionIndex)
		switch {
		case p.LeaderID < 0 || kafka.Error(p.ErrorCode) == kafka.LeaderNotAvailable:
			leaderless = append(leaderless, id)
		case len(p.IsrNodes) < min(needed, len(p.ReplicaNodes)):
			stuck = append(stuck, id)
		case len(p.IsrNodes) < len(p.ReplicaNodes):
			lagging = append(lagging, id)
		}
	}
	const brokers = "find the brokers that are down or behind (kafka-topics.sh --describe --under-replicated-partitions)"
	if len(leaderless) > 0 {
		c.add(SeverityError, t.Name, "leader", "none for partition "+list(leaderless), "one", "records cannot be stored or read", brokers)
	}
	if len(stuck) > 0 {
		c.add(SeverityError, t.Name, "in-sync replicas", "too few for partition "+list(stuck), fmt.Sprint("at least ", needed, " (", setInSync, ")"), "records are refused", brokers)
	}
	if len(lagging) > 0 {
		c.add(SeverityWarning, t.Name, "in-sync replicas", "missing for partition "+list(lagging), "all", "the next fault may stop or lose records", brokers)
	}
	c.copies(spec, copies)
	return copies
}

// copies judges the replication factor.
func (c *checker) copies(spec TopicSpec, copies int) {
	want := min(3, len(c.state.Brokers))
	if c.b.cfg.Replication > 0 {
		want = c.b.cfg.Replication
	}
	const move = "kafka-reassign-partitions.sh with more replicas"
	switch {
	case len(c.state.Brokers) == 1:
		c.add(SeverityWarning, spec.Name, "replication", "1, on the only broker", "3, on three brokers", "a broken disk loses the log", "add brokers; then "+move)
	case copies == 1:
		c.add(SeverityError, spec.Name, "replication", "1", strconv.Itoa(want), "a broken disk loses the log, a stopped broker stops it", move)
	case copies < want:
		c.add(SeverityWarning, spec.Name, "replication", strconv.Itoa(copies), strconv.Itoa(want), "fewer brokers may fail", move)
	}
}

// rule says what a setting of a topic must be.
type rule struct {
	setting string
	ok      func(have string) bool
	want    string
	why     string
	level   Severity
}

// settings judges the settings of a topic, as they apply now.
func (c *checker) settings(spec TopicSpec, have map[string]string, copies int) {
	want := c.b.topicSettings(spec, copies)
	is := func(value string) func(string) bool { return func(have string) bool { return have == value } }
	atLeast := func(value string) func(string) bool {
		n, _ := strconv.ParseInt(value, 10, 64)
		return func(have string) bool {
			v, err := strconv.ParseInt(have, 10, 64)
			return err != nil || v >= n || v == -1
		}
	}
	forever := func(have string) bool { return have == "-1" }
	if want[setRetention] != "-1" {
		forever = atLeast(want[setRetention])
	}
	rules := []rule{
		{setCleanup, is("delete"), "delete", "records that have the same key as later ones vanish from the log", SeverityError},
		{setRetention, forever, want[setRetention], "records are deleted from the log, which is the truth: the store cannot be rebuilt", SeverityError},
		{setRetentionSize, is("-1"), "-1", "the oldest records are deleted when the topic grows", SeverityError},
		{setTimeType, is("CreateTime"), "CreateTime", "the time at which a fact was recorded is overwritten", SeverityError},
		{setTimeBefore, atLeast(want[setTimeBefore]), want[setTimeBefore], "a restore of old records is refused", SeverityError},
		{setTimeAfter, atLeast(want[setTimeAfter]), want[setTimeAfter], "records of a collector whose clock is ahead are refused", SeverityWarning},
		{setUnclean, is("false"), "false", "a broker that is behind may become the leader: acknowledged records are lost", SeverityError},
		{setMaxMessage, atLeast(want[setMaxMessage]), want[setMaxMessage], "batches are refused (or set broker.kafka.max_message_bytes of Linesman lower)", SeverityError},
		{setCompression, is("producer"), "producer", "the broker compresses every batch again", SeverityNote},
	}
	if _, ok := have[setTimeBefore]; !ok { // before Kafka 3.6
		rules = append(rules, rule{setTimeDiff, atLeast(strconv.Itoa(anyTime)), strconv.Itoa(anyTime), "a restore of old records is refused", SeverityError})
	}
	if copies > 1 {
		rules = append(rules, rule{setInSync, atLeast(strconv.Itoa(wantInSync)), strconv.Itoa(wantInSync), "a record is acknowledged when only one broker has it; if that one fails, it is lost", SeverityError})
	}
	for _, r := range rules {
		value, ok := have[r.setting]
		if !ok || r.ok(value) {
			continue
		}
		if strings.HasSuffix(r.setting, ".ms") {
			value = readable(value)
		}
		c.add(r.level, spec.Name, r.setting, value, r.want, r.why, c.alter(spec.Name, r.setting, r.want))
	}
	c.inSync(spec, have, copies)
}

// inSync looks for more required replicas than the topic can have.
func (c *checker) inSync(spec TopicSpec, have map[string]string, copies int) {
	n, err := strconv.Atoi(have[setInSync])
	switch {
	case err != nil:
	case n > copies:
		c.add(SeverityError, spec.Name, setInSync, strconv.Itoa(n), fmt.Sprint("at most ", copies, ", the number of replicas"), "every record is refused",
			c.alter(spec.Name, setInSync, strconv.Itoa(min(copies, wantInSync))))
	case n == copies && copies > 1:
		c.add(SeverityNote, spec.Name, setInSync, fmt.Sprint(n, " of ", copies, " replicas"), "fewer than the replicas", "one broker that stops, stops the log too",
			"add a replica: kafka-reassign-partitions.sh")
	}
}

func (c *checker) alter(topic, setting, value string) string {
	return fmt.Sprintf("kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%s", c.server, topic, setting, value)
}

// begins looks for records that are gone already.
func (c *checker) begins(ctx context.Context, spec TopicSpec, t metadata.ResponseTopic) {
	want := make([]int, 0, len(t.Partitions))
	for _, p := range t.Partitions {
		if p.LeaderID >= 0 {
			want = append(want, int(p.PartitionIndex))
		}
	}
	if len(want) == 0 {
		return
	}
	asking, cancel := context.WithTimeout(ctx, settleWait)
	defer cancel()
	all, err := c.b.offsets(asking, map[string][]int{spec.Name: want})
	if err != nil {
		if !denied(err) { // then rights says so
			c.add(SeverityError, spec.Name, "offsets", err.Error(), "readable", "nobody knows how far the log goes", "check the brokers")
		}
		return
	}
	level := SeverityError
	if c.b.cfg.Retention > 0 { // wanted so
		level = SeverityNote
	}
	for _, p := range want {
		if o := all[topicPartition{spec.Name, p}]; o.First > 0 {
			c.add(level, spec.Name, "first record", fmt.Sprintf("offset %d in partition %d", o.First, p), "offset 0",
				"older records were deleted: a rebuild of the store does not bring them back", "restore them from an archive before a rebuild")
		}
	}
}
