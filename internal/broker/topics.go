package broker

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// topicWait bounds the wait for a new topic to get its leaders.
const topicWait = 30 * time.Second

// EnsureTopics creates the topics that are missing, on a cluster with the settings
// the product needs, and waits until they can be written. Settings of topics that
// exist are left alone; Check judges them. It fails when a topic exists with another number of partitions:
// keys would then go to other partitions than before.
func (b *Broker) EnsureTopics(ctx context.Context, specs []TopicSpec) error {
	have, err := b.partitionCounts(ctx)
	if err != nil {
		return err
	}
	var missing []TopicSpec
	for _, s := range specs {
		if s.Partitions < 1 {
			return fmt.Errorf("topic %s: %d partitions asked for, at least 1 is needed", s.Name, s.Partitions)
		}
		if _, ok := have[s.Name]; !ok {
			missing = append(missing, s)
		}
	}
	if len(missing) > 0 {
		if err := b.createTopics(ctx, missing); err != nil {
			return err
		}
	}
	return b.awaitTopics(ctx, specs)
}

// awaitTopics polls until every topic is known with leaders everywhere, and
// checks the partition counts.
func (b *Broker) awaitTopics(ctx context.Context, specs []TopicSpec) error {
	ctx, cancel := context.WithTimeout(ctx, topicWait)
	defer cancel()
	for {
		have, err := b.partitionCounts(ctx)
		if err != nil {
			return err
		}
		pending := ""
		for _, s := range specs {
			n, ok := have[s.Name]
			if !ok || n == 0 {
				pending = s.Name
			} else if n != s.Partitions {
				return fmt.Errorf("topic %s has %d partitions in the log, the configuration says %d; "+
					"the number cannot change after the first record: configure %d, or start a new log", s.Name, n, s.Partitions, n)
			}
		}
		if pending == "" {
			return nil
		}
		if err := b.pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for topic %s to get a leader: %w", pending, err)
		}
	}
}

// partitionCounts gives the partitions per topic; zero for a topic that has
// partitions without a leader.
func (b *Broker) partitionCounts(ctx context.Context) (map[string]int, error) {
	m, err := b.metadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing topics: %w", err)
	}
	counts := make(map[string]int, len(m.Topics))
	for _, t := range m.Topics {
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			continue
		}
		counts[t.Name] = len(t.Partitions)
		for _, p := range t.Partitions {
			if p.Error != nil || p.Leader.Host == "" {
				counts[t.Name] = 0
				break
			}
		}
	}
	return counts, nil
}

func (b *Broker) metadata(ctx context.Context) (*kafka.MetadataResponse, error) {
	return b.client.Metadata(ctx, &kafka.MetadataRequest{})
}

// Offsets gives the offset of the oldest record of a partition and the one the
// next record will get. They are equal when the partition is empty. Temporary
// errors are retried for up to 30 s.
func (b *Broker) Offsets(ctx context.Context, topic string, partition int) (first, next int64, err error) {
	all, err := b.offsets(ctx, map[string][]int{topic: {partition}})
	if err != nil {
		return 0, 0, err
	}
	o, ok := all[topicPartition{topic, partition}]
	if !ok {
		return 0, 0, fmt.Errorf("asking for the offsets of topic %s partition %d: no answer from the broker", topic, partition)
	}
	return o.First, o.Next, nil
}

// offsets asks for many partitions at once, again while a partition has no
// leader.
func (b *Broker) offsets(ctx context.Context, want map[string][]int) (map[topicPartition]PartitionHealth, error) {
	retry := retrier{pause: b.pause}
	for {
		all, err := b.offsetsOnce(ctx, want)
		if err == nil || errors.Is(err, kafka.UnknownTopicOrPartition) || !retry.again(ctx, err) {
			return all, err
		}
		b.log.Warn("asking for the log's offsets failed, trying again", "error", err)
	}
}

func (b *Broker) offsetsOnce(ctx context.Context, want map[string][]int) (map[topicPartition]PartitionHealth, error) {
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.produces.Done()
	req := kafka.ListOffsetsRequest{Topics: make(map[string][]kafka.OffsetRequest)}
	for topic, partitions := range want {
		for _, p := range partitions {
			req.Topics[topic] = append(req.Topics[topic], kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
		}
	}
	res, err := b.client.ListOffsets(ctx, &req)
	if err != nil {
		return nil, fmt.Errorf("asking for the log's offsets: %w", err)
	}
	all := make(map[topicPartition]PartitionHealth)
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				return nil, fmt.Errorf("asking for the offsets of topic %s partition %d: %w", topic, p.Partition, p.Error)
			}
			all[topicPartition{topic, p.Partition}] = PartitionHealth{Partition: p.Partition, First: p.FirstOffset, Next: p.LastOffset}
		}
	}
	return all, nil
}

// Health describes the state of the log.
type Health struct {
	Mode   string
	Topics []TopicHealth // by name
	// Bytes on disk and the limit on them; both zero in cluster mode.
	Bytes, MaxBytes int64
	// Damage lists what was found broken when the embedded log was opened.
	Damage []string
	// Retention is after how long records are deleted as configured; zero: they
	// are kept, so that every partition must begin at offset 0.
	Retention time.Duration
}

// TopicHealth describes one topic.
type TopicHealth struct {
	Name       string
	Partitions []PartitionHealth // by number
}

// PartitionHealth gives the oldest offset of a partition and the one the next
// record will get.
type PartitionHealth struct {
	Partition   int
	First, Next int64
}

// Health asks the log for its state. An error means that the log cannot be
// reached.
func (b *Broker) Health(ctx context.Context) (Health, error) {
	h := Health{Mode: b.cfg.Mode}
	if b.embedded != nil {
		h.Bytes, h.MaxBytes, h.Damage = b.embedded.size.Load(), b.embedded.max, b.embedded.damage
	} else {
		h.Retention = b.cfg.Retention
	}
	m, err := b.metadata(ctx)
	if err != nil {
		return h, fmt.Errorf("asking the log for its state: %w", err)
	}
	want := make(map[string][]int)
	for _, t := range m.Topics {
		if t.Internal {
			continue
		}
		for _, p := range t.Partitions {
			want[t.Name] = append(want[t.Name], p.ID)
		}
	}
	if len(want) == 0 {
		return h, nil
	}
	all, err := b.offsetsOnce(ctx, want)
	if err != nil {
		return h, err
	}
	for name, partitions := range want {
		t := TopicHealth{Name: name}
		for _, p := range partitions {
			t.Partitions = append(t.Partitions, all[topicPartition{name, p}])
		}
		sort.Slice(t.Partitions, func(i, j int) bool { return t.Partitions[i].Partition < t.Partitions[j].Partition })
		h.Topics = append(h.Topics, t)
	}
	sort.Slice(h.Topics, func(i, j int) bool { return h.Topics[i].Name < h.Topics[j].Name })
	return h, nil
}
