// Package worldtest opens a log and a store, both real, for tests of what lies between them.
package worldtest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/processors/store"
	"linesman/schema"
)

// World is a log with all topics and an empty store, in directories that go with the test.
type World struct {
	T   *testing.T
	Log *broker.Broker
	Out *slog.Logger
	St  *store.Store

	Engine *engine.Engine // behind the store
}

// New opens a world. The test's TestMain must call engine.RunChildIfAsked.
func New(t *testing.T) *World {
	t.Helper()
	out := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	b, err := broker.Open(t.Context(), broker.Config{Dir: t.TempDir(), NoSync: true}, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	var specs []broker.TopicSpec
	for _, topic := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: topic.Partitions})
	}
	if err := b.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir()}, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	st, err := store.New(t.Context(), e, out)
	if err != nil {
		t.Fatal(err)
	}
	return &World{T: t, Log: b, Out: out, St: st, Engine: e}
}

// Produce writes records of a table into partition 0 of a topic, under the record type that the
// headers are to give.
func Produce[T any](w *World, topic, typ string, t *schema.Table[T], recs ...T) {
	w.T.Helper()
	enc := schema.NewEncoder(t)
	var out []broker.Record
	for i := range recs {
		out = append(out, broker.Record{Key: []byte("k"), Value: enc.Append(nil, &recs[i]), Time: time.Now(),
			Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(typ)}}})
	}
	if _, err := w.Log.Produce(w.T.Context(), topic, 0, out); err != nil {
		w.T.Fatal(err)
	}
}
