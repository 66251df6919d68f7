package verify

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"linesman/internal/broker"
	"linesman/schema"
)

// A log that cannot be read any more is no finding about its records: nothing is known of them.
func TestLogThatCannotBeReadIsNoFinding(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(16, 16)), 60_000))
	w.seal()
	var once sync.Once
	rep, err := DeepRun(t.Context(), w.b, nil, nil, func(done, total uint64) {
		if done < total {
			once.Do(w.stop)
		}
	})
	if !errors.Is(err, broker.ErrClosed) || len(rep.Problems) != 0 || rep.OK {
		t.Errorf("%v, problems %+v", err, rep.Problems)
	}
}

// troubled is a log whose readers of a topic break off before they gave anything.
type troubled struct {
	*broker.Broker
	topic string
}

func (l troubled) NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error) {
	r, err := l.Broker.NewReader(ctx, topic, partition, from)
	if err == nil && topic == l.topic {
		err = r.Close()
	}
	return r, err
}

// Without its seals a log must not pass for one that has none.
func TestSealsThatCannotBeReadAreNoSuccess(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(17, 17)), 100))
	w.seal()
	rep, err := DeepRun(t.Context(), troubled{w.b, schema.TopicSeals}, nil, nil, nil)
	if err == nil || rep.OK || len(rep.Problems) != 0 || !strings.Contains(err.Error(), "reading the seals of the log") {
		t.Errorf("%v, %+v", err, rep)
	}
}

// shrinking is a log from whose front records went after it was measured.
type shrinking struct {
	Log
	first int64
}

func (l shrinking) NewReader(ctx context.Context, topic string, partition int, from int64) (*broker.Reader, error) {
	_, next, err := l.Offsets(ctx, topic, partition)
	if err == nil && topic == calls && partition == 0 && from < l.first {
		return nil, &broker.OffsetRangeError{Topic: topic, Partition: partition, First: l.first, Next: next, From: from}
	}
	return l.Log.NewReader(ctx, topic, partition, from)
}

func (l shrinking) Health(ctx context.Context) (broker.Health, error) {
	return l.Log.(interface {
		Health(context.Context) (broker.Health, error)
	}).Health(ctx)
}

func TestRetentionWhileTheLogIsWalked(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(18, 18)), 10_000))
	w.seal()
	rep, err := DeepRun(t.Context(), shrinking{retained{w.b}, 5000}, nil, nil, nil)
	if err != nil || !rep.OK || len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0], "offset 0 to before 5000 went while the log was read") || rep.Partitions[1].Head.Next != 10_000 {
		t.Errorf("%v, %+v", err, rep)
	}
	if rep, err = DeepRun(t.Context(), shrinking{w.b, 5000}, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	want(t, only(t, rep), Removed, calls, 0, 5000)
	w.tamper(calls, func(recs []broker.Record) []broker.Record { recs[9000].Value[0]++; return recs })
	if rep, err = DeepRun(t.Context(), shrinking{retained{w.b}, 5000}, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	want(t, only(t, rep), Changed, calls, 9000, 1) // behind it, all is compared as ever
}
