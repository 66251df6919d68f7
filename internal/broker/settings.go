package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// Settings of topics that the product depends on (Apache Kafka documentation,
// "Topic Configs").
const (
	setCleanup       = "cleanup.policy"
	setRetention     = "retention.ms"
	setRetentionSize = "retention.bytes"
	setTimeType      = "message.timestamp.type"
	setTimeBefore    = "message.timestamp.before.max.ms" // since Kafka 3.6
	setTimeAfter     = "message.timestamp.after.max.ms"  // since Kafka 3.6
	setTimeDiff      = "message.timestamp.difference.max.ms"
	setInSync        = "min.insync.replicas"
	setUnclean       = "unclean.leader.election.enable"
	setMaxMessage    = "max.message.bytes"
	setCompression   = "compression.type"

	anyTime = math.MaxInt64 // no limit on a time difference, in milliseconds
)

// topicSettings are the settings a topic is created with. copies is how many
// replicas it will have, 0 when nobody knows.
func (b *Broker) topicSettings(s TopicSpec, copies int) map[string]string {
	forever := "-1"
	if b.cfg.Retention > 0 {
		forever = strconv.FormatInt(b.cfg.Retention.Milliseconds(), 10)
	}
	settings := map[string]string{
		// The log is the truth: nothing is thinned out, nothing ends by itself.
		setCleanup: "delete", setRetention: forever, setRetentionSize: "-1",
		// A record's time is when the fact was recorded, also when a restore
		// writes it years later or a clock was ahead.
		setTimeType: "CreateTime", setTimeBefore: strconv.Itoa(anyTime), setTimeAfter: strconv.Itoa(anyTime),
		// What was acknowledged outlives one broker.
		setUnclean:    "false",
		setMaxMessage: strconv.Itoa(b.messageBytes()),
	}
	if copies > 0 {
		settings[setInSync] = strconv.Itoa(min(copies, wantInSync))
	}
	maps.Copy(settings, s.Config)
	return settings
}

// wantInSync is how many replicas must have a record before it is acknowledged,
// where there are so many.
const wantInSync = 2

// messageBytes is the largest batch that is sent.
func (b *Broker) messageBytes() int {
	if b.cfg.Mode == ModeCluster && b.cfg.MaxMessageBytes > 0 {
		return max(b.cfg.MaxMessageBytes, minMessageBytes)
	}
	return DefaultMaxMessageBytes
}

// createTopics creates topics with the settings the product needs.
func (b *Broker) createTopics(ctx context.Context, specs []TopicSpec) error {
	copies := b.cfg.Replication
	if copies <= 0 && b.embedded == nil {
		copies = b.defaultReplication(ctx)
	}
	err := b.createWith(ctx, specs, copies)
	if errors.Is(err, kafka.InvalidConfiguration) {
		// Kafka before 3.6 refuses settings it does not know. What they say is
		// its default there.
		b.log.Warn("the cluster does not know all settings of topics, leaving the newest ones out", "error", err)
		err = b.createWith(ctx, specs, copies, setTimeBefore, setTimeAfter)
	}
	return err
}

func (b *Broker) createWith(ctx context.Context, specs []TopicSpec, copies int, without ...string) error {
	req := kafka.CreateTopicsRequest{}
	for _, s := range specs {
		req.Topics = append(req.Topics, b.topicConfig(s, copies, without))
	}
	res, err := b.client.CreateTopics(ctx, &req)
	if err != nil {
		return fmt.Errorf("creating topics: %w", err)
	}
	var errs []error
	for name, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			errs = append(errs, fmt.Errorf("creating topic %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (b *Broker) topicConfig(s TopicSpec, copies int, without []string) kafka.TopicConfig {
	t := kafka.TopicConfig{Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: 1}
	if b.embedded != nil {
		// Retention on the embedded server can reset a partition's offsets
		// after a restart, so no setting reaches it.
		return t
	}
	t.ReplicationFactor = -1 // the cluster's default
	if b.cfg.Replication > 0 {
		t.ReplicationFactor = b.cfg.Replication
	}
	settings := b.topicSettings(s, copies)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(without, name) {
			t.ConfigEntries = append(t.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: settings[name]})
		}
	}
	return t
}

// defaultReplication asks how many copies the cluster makes by default; 0 when
// it does not tell.
func (b *Broker) defaultReplication(ctx context.Context) int {
	m, err := b.metadata(ctx)
	if err != nil || len(m.Brokers) == 0 {
		return 0
	}
	settings, err := b.brokerSettings(ctx, m.Brokers[0].ID)
	if err != nil {
		b.log.Warn("the cluster does not tell its default replication; topics get its default of "+setInSync, "error", err)
		return 0
	}
	n, err := strconv.Atoi(settings["default.replication.factor"])
	if err != nil {
		return 0
	}
	return n
}

// brokerSettings asks one broker for its settings.
func (b *Broker) brokerSettings(ctx context.Context, id int) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	req := &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeBroker, ResourceName: strconv.Itoa(id)}},
	}
	res, err := anew(ctx, func(ctx context.Context) (*kafka.DescribeConfigsResponse, error) {
		return b.client.DescribeConfigs(ctx, req)
	})
	if err != nil {
		return nil, fmt.Errorf("asking broker %d for its settings: %w", id, err)
	}
	if len(res.Resources) != 1 {
		return nil, fmt.Errorf("asking broker %d for its settings: %d answers", id, len(res.Resources))
	}
	if err := res.Resources[0].Error; err != nil {
		return nil, fmt.Errorf("asking broker %d for its settings: %w", id, err)
	}
	return values(res.Resources[0].ConfigEntries), nil
}

func values(entries []kafka.DescribeConfigResponseConfigEntry) map[string]string {
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		out[e.ConfigName] = e.ConfigValue
	}
	return out
}

// readable puts a number of milliseconds into words.
func readable(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	switch {
	case err != nil:
		return ms
	case n < 0 || n == anyTime:
		return ms + " (no limit)"
	case n > math.MaxInt64/int64(time.Millisecond):
		return ms
	}
	d := time.Duration(n) * time.Millisecond
	if day := 24 * time.Hour; d >= day && d%day == 0 {
		return fmt.Sprintf("%s (%d days)", ms, d/day)
	}
	text := strings.TrimSuffix(d.String(), "0s")
	return fmt.Sprintf("%s (%s)", ms, strings.TrimSuffix(text, "0m"))
}
