package broker

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// refuse makes the embedded server answer the first n produce requests with a
// Kafka error code.
func refuse(b *Broker, n int32, code kafka.Error) {
	var left atomic.Int32
	left.Store(n)
	b.embedded.cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.embedded.cluster.KeepControl()
		if left.Add(-1) < 0 {
			return nil, nil, false
		}
		in := req.(*kmsg.ProduceRequest)
		out := in.ResponseKind().(*kmsg.ProduceResponse)
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = in.Topics[0].Topic
		partition := kmsg.NewProduceResponseTopicPartition()
		partition.Partition, partition.ErrorCode = in.Topics[0].Partitions[0].Partition, int16(code)
		topic.Partitions = append(topic.Partitions, partition)
		out.Topics = append(out.Topics, topic)
		return out, nil, true
	})
}

func TestProduceRetriesTemporaryErrors(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	refuse(b, 3, kafka.NotLeaderForPartition)
	produce(t, b, "facts", 0, numbered(0, 10))
	checkNumbered(t, readAll(t, b, "facts", 0, 0, 10, 10), 0)
}

func TestProduceReportsRefusal(t *testing.T) {
	b := openTest(t, Config{})
	ensure(t, b, "facts", 1)
	before := b.embedded.size.Load()
	refuse(b, 1, kafka.Unknown)
	first, err := b.Produce(testContext(t), "facts", 0, numbered(0, 10))
	var partial *ProduceError
	if !errors.As(err, &partial) || !errors.Is(err, kafka.Unknown) || partial.Acknowledged != 0 || partial.First != -1 || first != -1 {
		t.Errorf("offset %d, error %+v; want nothing acknowledged", first, err)
	}
	if got := b.embedded.size.Load(); got != before {
		t.Errorf("a refused batch counts %d bytes", got-before)
	}
	if _, err := b.Produce(testContext(t), "nothing", 0, numbered(0, 10)); !errors.As(err, &partial) {
		t.Errorf("unknown topic: %v", err)
	}
}

func TestDamageWhileRunning(t *testing.T) {
	cfg := Config{Dir: t.TempDir(), NoSync: true}
	b := openTest(t, cfg)
	ensure(t, b, "facts", 1)
	produce(t, b, "facts", 0, numbered(0, 1000))
	file := segments(t, cfg.Dir, "facts", 0)[0]
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("damage"), 2000); err != nil {
		t.Fatal(err)
	}
	r, err := b.NewReader(testContext(t), "facts", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if recs, err := r.Fetch(testContext(t), 1000, time.Second); !errors.Is(err, errChecksum) || r.Position() != 0 {
		t.Errorf("%d records, %v; want a checksum error", len(recs), err)
	}
}
