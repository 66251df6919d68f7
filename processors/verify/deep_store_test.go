package verify

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/processors/seal"
	"linesman/processors/store"
	"linesman/schema"
)

func (w *world) store() *store.Store {
	w.t.Helper()
	e, err := engine.Open(w.t.Context(), engine.Config{Dir: w.t.TempDir()}, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = e.Close(context.Background()) })
	st, err := store.New(w.t.Context(), e, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

// carry brings the seals of the log into the store, as the pipeline does.
func (w *world) carry(st *store.Store) {
	w.t.Helper()
	next, _, err := st.Position(w.t.Context(), schema.TopicSeals, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	recs := w.read(schema.TopicSeals)
	dec := schema.NewDecoder(schema.SealTable())
	var rows []schema.Seal
	for i := range recs[next:] {
		var s schema.Seal
		if err := dec.Decode(recs[next:][i].Value, &s); err != nil {
			w.t.Fatal(err)
		}
		s.Offset = next + uint64(i)
		rows = append(rows, s)
	}
	out := store.NewWriter(st, schema.SealTable())
	out.Add(rows)
	if err := out.Flush(w.t.Context(), ""); err != nil {
		w.t.Fatal(err)
	}
	if err := st.Done(w.t.Context(), store.Range{Topic: schema.TopicSeals, First: next, Next: uint64(len(recs))}, store.Outcome{Accepted: uint64(len(rows))}); err != nil {
		w.t.Fatal(err)
	}
}

// forge seals the tampered log anew, as somebody does who knows how it works: the log alone
// is without fault then.
func (w *world) forge() {
	w.t.Helper()
	w.stop()
	dir := filepath.Join(w.dir, "data", "partitions", schema.TopicSeals+"-0")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			w.t.Fatal(err)
		}
	}
	w.start()
	w.seal()
}

func (w *world) against(st *store.Store, anchors string) Deep {
	w.t.Helper()
	var kept Anchors
	if anchors != "" {
		f, err := os.Open(anchors)
		if err != nil {
			w.t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		kept = f
	}
	rep, err := DeepRun(w.t.Context(), w.b, st, kept, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

func TestRewrittenLogContradictsStoreAndAnchors(t *testing.T) {
	w := newWorld(t)
	anchors := filepath.Join(t.TempDir(), "anchors")
	r := rand.New(rand.NewPCG(11, 11))
	s := w.sealer(seal.Config{AnchorFile: anchors})
	for range 2 {
		w.produce(calls, made(r, 5000))
		if err := s.Round(t.Context(), all()); err != nil {
			t.Fatal(err)
		}
	}
	st := w.store()
	w.carry(st)
	if rep := w.against(st, anchors); !rep.OK || rep.InStore != 6 || rep.InAnchors != 6 {
		t.Fatalf("report %+v", rep)
	}
	w.tamper(calls, func(recs []broker.Record) []broker.Record { recs[6000].Value[3]++; return recs })
	w.forge()
	if rep := w.deep(); !rep.OK {
		t.Fatalf("the log alone must look right: %+v", rep.Problems)
	}
	for _, c := range []struct {
		st      *store.Store
		anchors string
		against string
	}{{st, "", "store"}, {nil, anchors, "anchors"}, {st, anchors, "anchors"}} {
		rep := w.against(c.st, c.anchors)
		found := false
		for _, p := range rep.Problems {
			if p.Kind == Changed && p.Topic == calls {
				want(t, p, Changed, calls, 6000, 1)
				found = found || strings.HasPrefix(p.Against, c.against) && strings.Contains(p.Detail, "made to fit")
			}
		}
		if rep.OK || !found {
			t.Errorf("against %s: %+v", c.against, rep.Problems)
		}
	}
}

// An older copy of the whole log is consistent in itself.
func TestOlderCopyOfTheLog(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(12, 12))
	w.produce(calls, made(r, 5000))
	w.seal()
	w.stop()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(w.dir, "data"))); err != nil {
		t.Fatal(err)
	}
	w.start()
	anchors := filepath.Join(t.TempDir(), "anchors")
	if err := os.WriteFile(anchors, nil, 0o600); err != nil { // the log has seals: it is not made by itself
		t.Fatal(err)
	}
	w.produce(calls, made(r, 300))
	if err := w.sealer(seal.Config{AnchorFile: anchors}).Round(t.Context(), all()); err != nil {
		t.Fatal(err)
	}
	st := w.store()
	w.carry(st)
	w.stop()
	if err := os.RemoveAll(filepath.Join(w.dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(w.dir, "data"), os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	w.start()
	if rep := w.deep(); !rep.OK {
		t.Fatalf("the log alone must look right: %+v", rep.Problems)
	}
	for _, rep := range []Deep{w.against(st, ""), w.against(nil, anchors)} {
		cut := 0
		for _, p := range rep.Problems {
			if p.Kind == Cut && p.Topic == calls {
				want(t, p, Cut, calls, 5000, 300)
				cut++
			}
		}
		if cut != 1 {
			t.Errorf("problems %+v", rep.Problems)
		}
	}
	// The store knows up to where it has the log, even where the last seals never came to it.
	behind := w.store()
	if err := behind.Done(t.Context(), store.Range{Topic: schema.TopicSMS, First: 0, Next: 7}, store.Outcome{}); err != nil {
		t.Fatal(err)
	}
	want(t, only(t, w.against(behind, "")), Cut, schema.TopicSMS, 0, 7)
	// It goes on from there: what was there once is told by the seals kept elsewhere.
	w.produce(calls, made(r, 300))
	w.seal()
	rep := w.against(nil, anchors)
	named := false
	for _, p := range rep.Problems {
		named = named || p.Kind == Changed && p.Topic == calls && p.Offset == 5000
	}
	if !named {
		t.Errorf("problems %+v", rep.Problems)
	}
}

// A store that cannot be asked is not one that agrees.
func TestStoreThatCannotBeComparedIsNoSuccess(t *testing.T) {
	w := newWorld(t)
	w.produce(calls, made(rand.New(rand.NewPCG(15, 15)), 100))
	w.seal()
	st := w.store()
	if err := st.Conn().Exec(t.Context(), "RENAME TABLE seals TO elsewhere"); err != nil {
		t.Fatal(err)
	}
	if rep, err := DeepRun(t.Context(), w.b, st, nil, nil); err == nil || rep.OK || !strings.Contains(err.Error(), "reading the seals of the store") {
		t.Errorf("%v, %+v", err, rep)
	}
}

// A file of seals that was shortened agrees with the log, and says less than it seems to.
func TestShortenedAnchorsAreNoted(t *testing.T) {
	w := newWorld(t)
	anchors := filepath.Join(t.TempDir(), "anchors")
	w.produce(calls, made(rand.New(rand.NewPCG(19, 19)), 9000))
	if err := w.sealer(seal.Config{AnchorFile: anchors}).Round(t.Context(), all()); err != nil {
		t.Fatal(err)
	}
	if rep := w.against(nil, anchors); !rep.OK || rep.InAnchors != 4 || len(rep.Notes) != 0 {
		t.Fatalf("report %+v", rep)
	}
	text, err := os.ReadFile(anchors)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(anchors, []byte(strings.Join(lines[:2], "")), 0o600); err != nil { // the first line is empty
		t.Fatal(err)
	}
	if rep := w.against(nil, anchors); !rep.OK || rep.InAnchors != 1 || len(rep.Notes) != 1 || !strings.HasPrefix(rep.Notes[0], "3 seals of the log are not in the file of seals") {
		t.Errorf("report %+v", rep)
	}
}

func TestChangedStoreAndAnchorsAreTold(t *testing.T) {
	w := newWorld(t)
	anchors := filepath.Join(t.TempDir(), "anchors")
	w.produce(calls, made(rand.New(rand.NewPCG(13, 13)), 9000))
	if err := w.sealer(seal.Config{AnchorFile: anchors}).Round(t.Context(), all()); err != nil {
		t.Fatal(err)
	}
	st := w.store()
	w.carry(st)
	// A seal of the store says something else, with a right id.
	var s schema.Seal
	text, err := os.ReadFile(anchors)
	if err != nil {
		t.Fatal(err)
	}
	var a seal.Anchor
	lines := strings.Split(string(text), "\n")
	if err := json.Unmarshal([]byte(lines[1]), &a); err != nil { // the first line is empty
		t.Fatal(err)
	}
	if s, err = a.Seal(); err != nil {
		t.Fatal(err)
	}
	s.Chain = "00" + s.Chain[2:]
	s.EventID = seal.EventID(&s)
	changed := filepath.Join(t.TempDir(), "changed")
	line, err := json.Marshal(seal.NewAnchor(&s))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(changed, append(line, "\n{\"torn"...), 0o600); err != nil {
		t.Fatal(err)
	}
	rep := w.against(st, changed)
	if len(rep.Problems) != 2 || rep.Problems[0].Kind != SealChanged || rep.Problems[1].Kind != SealChanged || rep.Problems[0].Against != "anchors" || len(rep.Notes) != 2 {
		t.Errorf("problems %+v, notes %v", rep.Problems, rep.Notes)
	}
	if err := st.Conn().Exec(t.Context(), "DELETE FROM seals WHERE first = 4096 SETTINGS mutations_sync = 2"); err != nil {
		t.Fatal(err)
	}
	if p := only(t, w.against(st, anchors)); p.Kind != SealMissing || p.Offset != seal.Most || p.Topic != calls {
		t.Errorf("problem %+v", p)
	}
}
