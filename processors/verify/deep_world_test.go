package verify

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/processors/seal"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// world is a real embedded log in a directory that goes with the test.
type world struct {
	t   *testing.T
	dir string
	b   *broker.Broker
	out *slog.Logger
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), out: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))}
	t.Cleanup(w.stop)
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	b, err := broker.Open(w.t.Context(), broker.Config{Dir: w.dir, NoSync: true}, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
	var specs []broker.TopicSpec
	for _, topic := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: topic.Name, Partitions: topic.Partitions})
	}
	if err := b.EnsureTopics(w.t.Context(), specs); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stop() {
	if w.b != nil {
		if err := w.b.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
		w.b = nil
	}
}

// all lists every partition.
func all() map[string][]int {
	out := map[string][]int{}
	for _, t := range schema.Topics() {
		for p := range t.Partitions {
			out[t.Name] = append(out[t.Name], p)
		}
	}
	return out
}

func (w *world) sealer(cfg seal.Config) *seal.Sealer {
	w.t.Helper()
	s, err := seal.New(cfg, w.b, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) seal() {
	w.t.Helper()
	if err := w.sealer(seal.Config{}).Round(w.t.Context(), all()); err != nil {
		w.t.Fatal(err)
	}
}

// made returns n records that differ from all others.
func made(r *rand.Rand, n int) []broker.Record {
	out := make([]broker.Record, n)
	for i := range out {
		value := make([]byte, 20+r.IntN(100))
		for k := range value {
			value[k] = byte(r.Uint32())
		}
		out[i] = broker.Record{Key: fmt.Appendf(nil, "k%d", r.IntN(50)), Value: value, Time: time.UnixMilli(1_770_000_000_000 + int64(i)).UTC(),
			Headers: []broker.Header{{Key: "v", Value: []byte("1")}, {Key: "t", Value: []byte("Usage")}}}
	}
	return out
}

func (w *world) produce(topic string, recs []broker.Record) {
	w.t.Helper()
	if _, err := w.b.Produce(w.t.Context(), topic, 0, recs); err != nil {
		w.t.Fatal(err)
	}
}

// read gives all records of a partition, with memory of their own.
func (w *world) read(topic string) (out []broker.Record) {
	w.t.Helper()
	first, next, err := w.b.Offsets(w.t.Context(), topic, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	d := &deep{log: w.b}
	if err := d.records(w.t.Context(), place{topic, 0}, uint64(first), uint64(next), func(recs []broker.Record) error {
		out = append(out, recs...)
		return nil
	}, func(_ uint64, err error) { w.t.Error(err) }); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) deep() Deep {
	w.t.Helper()
	rep, err := DeepRun(w.t.Context(), w.b, nil, nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

// tamper stops the log, lets edit change the records of a partition as somebody does who can
// write to the disk and knows the format, and starts it again.
func (w *world) tamper(topic string, edit func([]broker.Record) []broker.Record) {
	w.t.Helper()
	recs := edit(w.read(topic))
	w.stop()
	w.rewrite(topic, 0, recs)
	w.start()
}

// hide has the snapshot of a stopped partition say that the log begins at its end, as after
// deleting every record on a server.
func (w *world) hide(topic string) {
	w.t.Helper()
	file := filepath.Join(w.dir, "data", "partitions", topic+"-0", "snapshot.json")
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	snapshot := map[string]any{}
	if err := json.Unmarshal(text, &snapshot); err != nil {
		w.t.Fatal(err)
	}
	snapshot["log_start_offset"] = snapshot["high_watermark"]
	if text, err = json.Marshal(snapshot); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// rewrite replaces the segments of a stopped partition by one with these records, numbered from
// first, with right lengths and checksums (Apache Kafka protocol guide, "Record Batch").
func (w *world) rewrite(topic string, first int64, recs []broker.Record) {
	w.t.Helper()
	dir := filepath.Join(w.dir, "data", "partitions", topic+"-0")
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(old) == 0 {
		w.t.Fatalf("no partition in %s: %v", dir, err)
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			w.t.Fatal(err)
		}
	}
	var data []byte
	for at := 0; at < len(recs); at += 500 {
		data = append(data, batchOf(first+int64(at), recs[at:min(at+500, len(recs))])...)
	}
	if err := os.WriteFile(filepath.Join(dir, strconv.FormatInt(first, 10)+".dat"), data, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func batchOf(first int64, recs []broker.Record) []byte {
	base := recs[0].Time.UnixMilli()
	var body []byte
	nullable := func(b, v []byte) []byte {
		if v == nil {
			return binary.AppendVarint(b, -1)
		}
		return append(binary.AppendVarint(b, int64(len(v))), v...)
	}
	for i := range recs {
		r := []byte{0}
		r = binary.AppendVarint(r, recs[i].Time.UnixMilli()-base)
		r = binary.AppendVarint(r, int64(i))
		r = nullable(nullable(r, recs[i].Key), recs[i].Value)
		r = binary.AppendVarint(r, int64(len(recs[i].Headers)))
		for _, h := range recs[i].Headers {
			r = nullable(nullable(r, []byte(h.Key)), h.Value)
		}
		body = append(binary.AppendVarint(body, int64(len(r))), r...)
	}
	var tail []byte // what the checksum covers
	tail = binary.BigEndian.AppendUint16(tail, 0)
	tail = binary.BigEndian.AppendUint32(tail, uint32(len(recs)-1))
	tail = binary.BigEndian.AppendUint64(tail, uint64(base))
	tail = binary.BigEndian.AppendUint64(tail, uint64(recs[len(recs)-1].Time.UnixMilli()))
	tail = append(tail, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	tail = binary.BigEndian.AppendUint32(tail, uint32(len(recs)))
	tail = append(tail, body...)
	out := binary.BigEndian.AppendUint64(nil, uint64(first))
	out = binary.BigEndian.AppendUint32(out, uint32(9+len(tail)))
	out = binary.BigEndian.AppendUint32(out, 0)
	out = append(out, 2)
	out = binary.BigEndian.AppendUint32(out, crc32.Checksum(tail, crc32.MakeTable(crc32.Castagnoli)))
	return append(out, tail...)
}

// appendTo appends a batch to the first segment of calls.
func appendTo(t *testing.T, dir string, batch []byte) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "data", "partitions", schema.TopicCalls+"-0", "0.dat"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
