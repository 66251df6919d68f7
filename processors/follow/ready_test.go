package follow

import (
	"context"
	"testing"

	"linesman/processors/pipeline"
)

// Rules that have not judged the store judge all of it; those that have do not.
func TestOtherRulesJudgeEverything(t *testing.T) {
	w := newWorld(t)
	w.line("A", march-1000, 1)
	w.calls(0, 3)
	start := func(digest uint64) *pipeline.Dirty {
		w.f.cfg.Rules = digest
		if !w.f.awaitReady(t.Context()) {
			t.Fatal("not ready")
		}
		d := w.p.TakeDirty()
		w.p.GiveBack(d)
		w.settle()
		return d
	}
	w.settle()
	if d := start(7); !d.AllSubjects || !d.Rules {
		t.Errorf("the first rules: %+v", d)
	}
	if d := start(7); d.AllSubjects || d.Rules {
		t.Errorf("the same rules: %+v", d)
	}
	if d := start(8); !d.AllSubjects || !d.Rules {
		t.Errorf("other rules: %+v", d)
	}
	if d := start(7); !d.AllSubjects || !d.Rules {
		t.Errorf("the former rules again: %+v", d)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.f.cfg.Rules = 9
	if w.f.awaitReady(gone) {
		t.Error("ready although it was stopped")
	}
}
