package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linesman/internal/kafkatest"
)

// stream appends numbered records to a partition, a batch at a time, and reads
// them at the same time.
type stream struct {
	producer, consumer *Broker
	topic              string
	partition          int
	acknowledged       atomic.Int64 // records below are acknowledged
	batches            atomic.Int64
	failures           atomic.Int64
	broken             atomic.Bool // producer or reader gave up
	cancel             context.CancelFunc
	running            sync.WaitGroup
	read               atomic.Int64 // offset after the last one read
	seen               []int        // number of the record at each offset; the reader's until it ends
}

const (
	streamBatch = 500
	streamPause = 5 * time.Millisecond // keeps the log of a long test small
)

func startStream(t *testing.T, producer, consumer *Broker, topic string, partition int) *stream {
	t.Helper()
	s := &stream{producer: producer, consumer: consumer, topic: topic, partition: partition}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s.cancel = cancel
	for _, run := range []func(context.Context) error{s.produce, s.consume} {
		s.running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
				s.broken.Store(true)
			}
		})
	}
	return s
}

// produce sends again what was not acknowledged, as a collector does.
func (s *stream) produce(ctx context.Context) error {
	for ctx.Err() == nil {
		n := int(s.acknowledged.Load())
		recs := make([]Record, streamBatch)
		for i := range recs {
			recs[i].Value = strconv.AppendInt(nil, int64(n+i), 10)
		}
		_, err := s.producer.Produce(ctx, s.topic, s.partition, recs)
		var partial *ProduceError
		switch {
		case err == nil:
			s.acknowledged.Add(streamBatch)
			s.batches.Add(1)
			time.Sleep(streamPause)
		case ctx.Err() != nil:
		case errors.As(err, &partial):
			s.failures.Add(1)
			s.acknowledged.Add(int64(partial.Acknowledged))
		default:
			return fmt.Errorf("producing: %w", err)
		}
	}
	return nil
}

// consume reads without a gap; errors that last are met by fetching again.
func (s *stream) consume(ctx context.Context) error {
	r, err := s.consumer.NewReader(ctx, s.topic, s.partition, 0)
	if err != nil {
		return fmt.Errorf("opening the reader: %w", err)
	}
	defer r.Close()
	for ctx.Err() == nil {
		recs, err := r.Fetch(ctx, 10_000, 100*time.Millisecond)
		var gap *GapError
		var outside *OffsetRangeError
		if errors.As(err, &gap) || errors.As(err, &outside) {
			return fmt.Errorf("reading: %w", err)
		}
		for _, rec := range recs {
			n, err := strconv.Atoi(string(rec.Value))
			if err != nil || rec.Offset != int64(len(s.seen)) {
				return fmt.Errorf("at %d came offset %d with %q", len(s.seen), rec.Offset, rec.Value)
			}
			s.seen = append(s.seen, n)
		}
		s.read.Store(int64(len(s.seen)))
	}
	return nil
}

// awaitMore waits until some more batches were acknowledged and read.
func (s *stream) awaitMore(t *testing.T, batches int64) {
	t.Helper()
	want, read := s.batches.Load()+batches, s.read.Load()+batches*streamBatch
	for deadline := time.Now().Add(testTimeout); s.batches.Load() < want || s.read.Load() < read; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) || s.broken.Load() {
			t.Fatalf("nothing goes on: %d batches of %d, read to %d of %d", s.batches.Load(), want, s.read.Load(), read)
		}
	}
}

// end stops the stream and compares: every acknowledged record is there, in
// order of its first time; some may be there twice.
func (s *stream) end(t *testing.T) {
	t.Helper()
	s.cancel()
	s.running.Wait()
	_, next, err := s.consumer.Offsets(testContext(t), s.topic, s.partition)
	if err != nil {
		t.Fatal(err)
	}
	read := len(s.seen)
	for _, rec := range readAll(t, s.consumer, s.topic, s.partition, 0, int(next), 50_000) {
		n, err := strconv.Atoi(string(bytes.TrimSpace(rec.Value)))
		if err != nil {
			t.Fatal(err)
		}
		if int(rec.Offset) < read {
			if s.seen[rec.Offset] != n {
				t.Fatalf("offset %d held %d when it was read, now %d", rec.Offset, s.seen[rec.Offset], n)
			}
			continue
		}
		s.seen = append(s.seen, n)
	}
	expected, repeated := 0, 0
	for at, n := range s.seen {
		switch {
		case n == expected:
			expected++
		case n < expected:
			repeated++
		default:
			t.Fatalf("offset %d: record %d where %d or an earlier one was due: records are lost", at, n, expected)
		}
	}
	if acknowledged := s.acknowledged.Load(); int64(expected) < acknowledged {
		t.Fatalf("%d records were acknowledged, %d are there", acknowledged, expected)
	}
	t.Logf("%d records acknowledged, %d in the log, %d of them repetitions; %d produce calls failed", s.acknowledged.Load(), len(s.seen), repeated, s.failures.Load())
}

// TestKafkaRestarts stops, kills and freezes the broker under producer and
// reader.
func TestKafkaRestarts(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{Users: []kafkatest.User{linesmanUser()}})
	b := openTest(t, plainConfig(k))
	ensure(t, b, "facts", 1)
	stream := startStream(t, openTest(t, secureConfig(k, "SCRAM-SHA-256")), b, "facts", 0)
	for _, fault := range []func(){
		k.Stop, k.Kill, k.Kill, k.Kill,
		func() { k.Freeze(); time.Sleep(2 * time.Second); k.Thaw() }, // shorter than any deadline: nothing to be seen but a pause
	} {
		stream.awaitMore(t, 50)
		fault()
		k.Restart()
	}
	stream.awaitMore(t, 50)
	stream.end(t)
}

// TestKafkaGroupOutlivesTheBroker keeps an assignment through a restart of the
// broker, or gets a new one; either way an instance that was thought dead knows.
func TestKafkaGroupOutlivesTheBroker(t *testing.T) {
	k := kafkatest.Start(t, kafkatest.Options{})
	b1, b2 := openTest(t, plainConfig(k)), openTest(t, plainConfig(k))
	ensureGroupTopics(t, b1)
	one, two := join(t, b1, groupConfig("one")), join(t, b2, groupConfig("two"))
	first, second := follow(t, one, calls(2)), follow(t, two, calls(2))
	a1, a2 := <-first, <-second
	k.Kill()
	awaitDone(t, a1) // contact is lost
	awaitDone(t, a2)
	ctx, cancel := context.WithTimeout(testContext(t), 300*time.Millisecond)
	if err := a1.Alive(ctx); err == nil || errors.Is(err, ErrFenced) {
		t.Errorf("nobody to ask: %v", err)
	}
	cancel()
	first, second = follow(t, one, calls(2)), follow(t, two, calls(2))
	k.Restart()
	n1, n2 := <-first, <-second
	if n1 == nil || n2 == nil {
		t.FailNow()
	}
	for _, a := range []*Assignment{n1, n2} {
		if err := a.Alive(testContext(t)); err != nil {
			t.Errorf("after the restart: %v", err)
		}
	}
	for _, a := range []*Assignment{a1, a2} {
		if err := a.Alive(testContext(t)); !errors.Is(err, ErrFenced) {
			t.Errorf("an assignment from before: %v, want ErrFenced", err)
		}
	}
}
