package reference

import (
	"os"
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/schema"
)

// Of 25 rows the first five are rules; each of the others is wrong in one way.
func TestAllocationRules(t *testing.T) {
	body, err := os.ReadFile("testdata/allocation_rules.csv")
	if err != nil {
		t.Fatal(err)
	}
	var rec ingesttest.Recorder
	sum, err := read(t, string(body), &rec)
	if err != nil || sum.Profile != "allocation_rules" || rec.Records != 5 {
		t.Fatalf("%s: %d records, %d rejects, error %v", sum.Profile, rec.Records, len(rec.Rejects), err)
	}
	want := []string{"rule_id", "target", "target", "target", "priority", "how", "how", "share", "share", "share", "share", "number", "service", "device", "line_kind", "role", "to_project", "valid_to", "valid_from", "priority"}
	if len(rec.Rejects) != len(want) {
		t.Fatalf("%d rejects, want %d", len(rec.Rejects), len(want))
	}
	for i, j := range rec.Rejects {
		if j.Column != want[i] || j.Row != uint64(i+7) {
			t.Errorf("row %d column %s (%s), want row %d column %s", j.Row, j.Column, j.Reason, i+7, want[i])
		}
	}
	if rec.Rejects[16].Code != ingest.CodePersonnummer {
		t.Errorf("a personnummer as project: %+v", rec.Rejects[16])
	}
	ingesttest.Golden(t, "allocation_rules.golden", sum.Profile+"\n"+rec.Text.String()+strings.Join(sum.Notices, "\n")+"\n")
}

type allocations struct {
	ingesttest.Recorder
	rules []schema.AllocationRule
}

func (a *allocations) AllocationRule(r *schema.AllocationRule) error {
	a.rules = append(a.rules, *r)
	return nil
}

// Everything that a row states is part of its event: each change is another statement, and when
// it was made is one, too.
func TestAllocationRuleIsOneEvent(t *testing.T) {
	const header = "rule_id;target;priority;how;number;unit_id;cost_centre;operator;service;device;line_kind;role;to_cost_centre;to_unit;to_project;to_activity;share;valid_from;valid_to;stated_at\n"
	good := strings.Split("R;1;1;key;+46104761234;U;C;N;sms;mobile;mobile;personal;T;V;P;A;1;2026-01-01;2026-02-01;2026-01-05", ";")
	other := strings.Split("S;2;2;equal;+46104761235;W;D;O;mms;other;fixed;shared;Q;X;Y;Z;2;2026-01-02;2026-02-02;2026-01-06", ";")
	body := header + strings.Join(good, ";") + "\n" + strings.Join(good, ";") + "\n"
	for i := range good {
		changed := append([]string{}, good...)
		changed[i] = other[i]
		if i == 3 {
			changed[16] = "" // only a key has shares
		}
		body += strings.Join(changed, ";") + "\n"
	}
	var a allocations
	if _, err := read(t, body, &a); err != nil || len(a.Rejects) != 0 || len(a.rules) != len(good)+2 {
		t.Fatalf("%d rules, rejects %v, error %v", len(a.rules), a.Rejects, err)
	}
	if a.rules[0].EventID != a.rules[1].EventID {
		t.Error("the same row has two ids")
	}
	seen := map[schema.ID]bool{}
	for _, r := range a.rules[1:] {
		if seen[r.EventID] {
			t.Errorf("%+v has the id of another row", r)
		}
		seen[r.EventID] = true
	}
	if r := a.rules[0]; r.LineID != testKey().Line("+46104761234") || r.Share != schema.Micro || r.ToProject != "P" || r.ToActivity != "A" {
		t.Errorf("read %+v", r)
	}
}
