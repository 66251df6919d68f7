package collector

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/schema"
)

func openLog(t testing.TB) *broker.Broker {
	t.Helper()
	b, err := broker.Open(context.Background(), broker.Config{Dir: t.TempDir(), NoSync: true}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	var specs []broker.TopicSpec
	for _, tp := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: tp.Name, Partitions: tp.Partitions})
	}
	if err := b.EnsureTopics(context.Background(), specs); err != nil {
		t.Fatal(err)
	}
	return b
}

// fetch reads all records of a topic.
func fetch(t testing.TB, b *broker.Broker, topic string) (all []broker.Record, partitions []int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, tp := range schema.Topics() {
		if tp.Name != topic {
			continue
		}
		for p := range tp.Partitions {
			_, next, err := b.Offsets(ctx, topic, p)
			if err != nil {
				t.Fatal(err)
			}
			r, err := b.NewReader(ctx, topic, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			for n := int64(0); n < next; {
				recs, err := r.Fetch(ctx, 10_000, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				for _, rec := range recs {
					all, partitions = append(all, rec), append(partitions, p)
				}
				n += int64(len(recs))
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all, partitions
}

func decode[T any](t testing.TB, table *schema.Table[T], rec broker.Record) T {
	t.Helper()
	var v T
	if err := schema.NewDecoder(table).Decode(rec.Value, &v); err != nil {
		t.Fatal(err)
	}
	head := map[string]string{}
	for _, h := range rec.Headers {
		head[h.Key] = string(h.Value)
	}
	if head[schema.HeaderVersion] != schema.Version || head[schema.HeaderType] != table.Record {
		t.Errorf("headers %v, want version %s and type %s", head, schema.Version, table.Record)
	}
	return v
}

// tapped is the real log with a tap: it notes the order of calls and can refuse a topic.
type tapped struct {
	*broker.Broker
	mu    sync.Mutex
	order []string
	fail  map[string]error
}

func tap(t testing.TB) *tapped { return &tapped{Broker: openLog(t)} }

func (l *tapped) Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (int64, error) {
	if err := l.fail[topic]; err != nil {
		return -1, err
	}
	first, err := l.Broker.Produce(ctx, topic, partition, recs)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.order = append(l.order, topic)
	return first, err
}

func (l *tapped) topic(t testing.TB, name string) []broker.Record {
	t.Helper()
	recs, _ := fetch(t, l.Broker, name)
	return recs
}
