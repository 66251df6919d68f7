package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"linesman/internal/failpoint"
)

// Produce appends records to a partition and returns the offset of the first,
// or -1 when recs is empty. It returns once every record is acknowledged by all
// in-sync replicas (embedded: flushed to disk, unless Config.NoSync). Large
// calls are split into batches of about 1 MB; batches of one call follow each
// other without records of other calls on this Broker between them.
//
// Temporary errors are retried for up to 30 s. When a batch's answer was lost, the
// retry may store it twice. On failure the error is a *ProduceError that says
// how many records are safe. Calls for different partitions run in parallel.
func (b *Broker) Produce(ctx context.Context, topic string, partition int, recs []Record) (first int64, err error) {
	if len(recs) == 0 {
		return -1, nil
	}
	if err := b.begin(); err != nil {
		return -1, err
	}
	defer b.produces.Done()
	order := b.order(topicPartition{topic, partition})
	order.Lock()
	defer order.Unlock()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first = -1
	done := 0
	for next := range b.encodeAll(ctx, recs) {
		err := next.err
		if err == nil {
			var base int64
			base, err = b.send(ctx, topic, partition, next.batch)
			if err == nil && done == 0 {
				first = base
			}
		}
		if err != nil {
			return first, &ProduceError{Topic: topic, Partition: partition, Acknowledged: done, Total: len(recs), First: first, Err: err}
		}
		done += next.records
	}
	if done < len(recs) {
		return first, &ProduceError{Topic: topic, Partition: partition, Acknowledged: done, Total: len(recs), First: first, Err: ctx.Err()}
	}
	return first, nil
}

// order is the lock that keeps the batches of one call together.
func (b *Broker) order(tp topicPartition) *sync.Mutex {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.orders[tp]
	if m == nil {
		m = new(sync.Mutex)
		b.orders[tp] = m
	}
	return m
}

type encoded struct {
	batch
	err error
}

// encodeAll encodes recs batch by batch, one ahead of the one being sent. The
// channel is closed after the last batch, the first error, or the end of ctx.
func (b *Broker) encodeAll(ctx context.Context, recs []Record) <-chan encoded {
	out := make(chan encoded, 1)
	now := time.Now()
	step := func(e *encoder, at int) encoded {
		next, err := e.encode(recs[at:], at, now)
		return encoded{next, err}
	}
	e := b.encoders.Get().(*encoder)
	head := step(e, 0)
	out <- head
	if head.err != nil || head.records == len(recs) {
		b.encoders.Put(e)
		close(out)
		return out
	}
	go func() {
		defer close(out)
		defer b.encoders.Put(e)
		for at := head.records; at < len(recs); {
			next := step(e, at)
			select {
			case out <- next:
			case <-ctx.Done():
				return
			}
			if next.err != nil {
				return
			}
			at += next.records
		}
	}()
	return out
}

// send appends one batch, trying again on temporary errors.
func (b *Broker) send(ctx context.Context, topic string, partition int, batch batch) (int64, error) {
	if b.embedded != nil {
		if err := b.embedded.reserve(batch.size()); err != nil {
			return -1, err
		}
	}
	retry := retrier{pause: b.pause}
	failpoint.Hit("log.append.before")
	for {
		base, err := b.sendOnce(ctx, topic, partition, batch)
		if err == nil {
			failpoint.Hit("log.append.after")
			return base, nil
		}
		if !retry.again(ctx, err) {
			// A refused batch takes no room. One whose answer was lost may be
			// in the log, so it stays counted.
			var code kafka.Error
			if b.embedded != nil && errors.As(err, &code) {
				b.embedded.unreserve(batch.size())
			}
			return -1, err
		}
		b.log.Warn("appending to the log failed, trying again", "topic", topic, "partition", partition, "error", err)
	}
}

func (b *Broker) sendOnce(ctx context.Context, topic string, partition int, batch batch) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	res, err := b.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(batch.data)},
	})
	if err != nil {
		return -1, err
	}
	if errors.Is(res.Error, kafka.MessageSizeTooLarge) {
		return -1, fmt.Errorf("a batch of %d bytes is too large for the cluster: set its limit (message.max.bytes) in the log's configuration: %w",
			batch.size(), res.Error)
	}
	if err := b.judge(res.Error); err != nil { // the broker's own verdict comes beside the Go error
		return -1, err
	}
	for i, err := range res.RecordErrors {
		return -1, fmt.Errorf("record %d of a batch refused: %w", i, err)
	}
	return res.BaseOffset, nil
}
