package collector_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"linesman/ingest/collector"
	"linesman/internal/broker"
	"linesman/internal/demo"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

// TestSecondWave collects a made-up region and what changes it afterwards, in any order, and
// works out from the log alone which records are dead.
func TestSecondWave(t *testing.T) {
	dir := t.TempDir()
	first, err := demo.Generate(context.Background(), demo.Config{Dir: dir, Size: demo.Small, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	second, err := demo.Amendments(dir, 7)
	if err != nil {
		t.Fatal(err)
	}
	key := pseudonym.New([]byte("a key for tests, 32 bytes long.."))
	log := openBroker(t, broker.Config{NoSync: true})
	c, err := collector.New(collector.Config{Key: key}, log, formats(t, key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	files := append(append([]demo.File(nil), first.Files...), second.Files...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, f := range files {
		r, err := c.CollectFile(context.Background(), f.Collector, filepath.Join(dir, f.Collector, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if f.Rejected < f.Rows && (r.Failed() || r.Read != uint64(f.Rows) || r.Rejected != uint64(f.Rejected) || r.Sent+r.Repeated != uint64(f.Accepted+f.Duplicate)) {
			t.Errorf("%s; planted %+v", r, f)
		}
	}
	usage, amended := map[schema.ID]bool{}, map[schema.ID][]schema.Amendment{}
	known := map[schema.ID]bool{}
	for _, topic := range schema.UsageTopics() {
		for _, rec := range records(t, log, topic) {
			if string(rec.Headers[1].Value) != "Amendment" {
				var u schema.Usage
				if err := schema.NewDecoder(schema.UsageTable()).Decode(rec.Value, &u); err != nil {
					t.Fatal(err)
				}
				usage[u.EventID] = true
				continue
			}
			var a schema.Amendment
			if err := schema.NewDecoder(schema.AmendmentTable()).Decode(rec.Value, &a); err != nil {
				t.Fatal(err)
			}
			if !known[a.EventID] {
				known[a.EventID] = true
				amended[a.Amends] = append(amended[a.Amends], a)
			}
		}
	}
	dead := map[schema.ID]bool{}
	for of, list := range amended {
		holds := list[0]
		for _, a := range list[1:] {
			if a.AmendedAt > holds.AmendedAt {
				holds = a
			}
		}
		dead[of] = usage[of]
		for _, a := range list {
			if !a.ReplacedBy.IsZero() && a.ReplacedBy != holds.ReplacedBy {
				dead[a.ReplacedBy] = true
			}
		}
	}
	n := 0
	for _, d := range second.Dead {
		id, err := schema.ParseID(d.EventID)
		if err != nil || !dead[id] {
			t.Errorf("%+v: dead %v, delivered %v, %v", d, dead[id], usage[id], err)
		}
	}
	for _, is := range dead {
		if is {
			n++
		}
	}
	if n != len(second.Dead) || int64(len(usage)) != second.Usage || int64(len(known)) != second.Amendments {
		t.Errorf("%d dead, %d usage records, %d amendments; planted %d, %d, %d", n, len(usage), len(known), len(second.Dead), second.Usage, second.Amendments)
	}
}
