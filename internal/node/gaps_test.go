package node

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/demo"
	"linesman/processors/verify"
	"linesman/schema"
)

// found writes gaps for comparison, without their wording.
func found(s verify.SourceGaps) []string {
	var out []string
	for _, g := range s.Gaps {
		text := fmt.Sprintf("%s %s %s %d", g.Kind, g.From, g.To, g.Missing)
		if g.FirstNumber > 0 {
			text += fmt.Sprintf(" %d-%d", g.FirstNumber, g.LastNumber)
		}
		if g.Unit != "" {
			text += " " + g.Unit
		}
		out = append(out, text)
	}
	return out
}

// takeAway removes files of the demo region and a unit's counts from October on, which it names.
func takeAway(t *testing.T, dir string) (unit string) {
	t.Helper()
	for _, pattern := range []string{"cucm/cdr_*_202608182355_*", "cucm/cdr_*_202608192355_*", "itemised/norrtele_2026-09*", "melior/melior_2026-v38.csv"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		if err := os.Remove(files[0]); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "melior", "melior_2026-v4[1-4].csv"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		if unit == "" {
			unit = strings.Split(lines[1], ";")[1]
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, ";"+unit+";") })
		if err := os.WriteFile(f, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return unit
}

func TestGapsOfTheDemoRegion(t *testing.T) {
	n := openNode(t, testConfig(t))
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: dir, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	unit := takeAway(t, dir)
	now := time.Date(2026, time.November, 2, 12, 0, 0, 0, time.UTC)
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, dir, nil); err != nil {
			t.Error(err)
		}
		checkDeepWhileRunning(ctx, t, n)
	})
	rep, err := n.gaps(t.Context(), 0, now)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"cucm StandAloneCluster/01": {"sequence 2026-08-18 2026-08-19 2 100048-100049", "file 2026-08-18 2026-08-19 2"},
		"itemised norrtele":         {"month 2026-09-01 2026-09-30 1"},
		"itemised fjordtel":         nil,
		"contacts":                  nil,
		"invoices peppol_bis3":      nil,
		"melior":                    {"usage 2026-09-14 2026-09-20 1", "unit 2026-10-05 2026-10-26 4 " + unit},
	}
	for _, s := range rep.Sources {
		expect, ok := want[s.Source]
		if !ok && s.Collector != "reference" {
			t.Errorf("a source nobody delivered: %+v", s)
		}
		if got := found(s); !slices.Equal(got, expect) {
			t.Errorf("%s: %s\ngot  %q\nwant %q", s.Source, s.Rhythm, got, expect)
		}
		delete(want, s.Source)
		checkCoverage(t, s)
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
	states := map[string]verify.RuleMonth{}
	for _, m := range rep.Rules {
		states[m.Rule+" "+m.Month] = m
	}
	for at, state := range map[string]string{"private-roaming 2026-06": verify.RuleNoData, "private-roaming 2026-07": verify.RuleNone, "premium-call 2026-08": verify.RuleIncomplete,
		"excessive-forwarding 2026-09": verify.RuleNone, "excessive-forwarding 2026-10": verify.RuleViolations} {
		if states[at].State != state {
			t.Errorf("%s: %+v, want %s", at, states[at], state)
		}
	}
	if w := states["private-roaming 2026-09"].Wanting; !slices.Equal(w, []string{"itemised norrtele"}) {
		t.Errorf("roaming in September: %+v", states["private-roaming 2026-09"])
	}
	later, err := n.gaps(t.Context(), schema.Date(2026, time.September, 1), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range later.Sources {
		if s.Collector == "cucm" && (len(s.Gaps) > 0 || s.Coverage[0].From != "2026-09-01") {
			t.Errorf("since September: %+v", s)
		}
	}
	checkSealedWhenStopped(t, n)
}

// checkCoverage compares the coverage with the gaps: every day once, and no gap in whole days.
func checkCoverage(t *testing.T, s verify.SourceGaps) {
	t.Helper()
	state := map[string]string{}
	for _, c := range s.Coverage {
		from, err := schema.ParseDay(c.From)
		if err != nil {
			t.Fatal(err)
		}
		for d := range schema.Day(c.Days) {
			if have, ok := state[(from + d).String()]; ok {
				t.Errorf("%s: %s is %s and %s", s.Source, from+d, have, c.State)
			}
			state[(from + d).String()] = c.State
		}
	}
	for _, g := range s.Gaps {
		want := verify.CoverNoData
		if g.Kind == verify.GapUnit {
			want = verify.CoverGap
		}
		if state[g.From] != want || state[g.To] != want {
			t.Errorf("%s: %+v is covered as %s to %s, want %s", s.Source, g, state[g.From], state[g.To], want)
		}
	}
	if s.Source == "itemised fjordtel" && len(s.Coverage) != 1 {
		t.Errorf("coverage %+v", s.Coverage)
	}
}

// checkDeepWhileRunning asks the running node, over its socket, without a file of seals and with
// files that hold none: those are no proof, and must not pass for one.
func checkDeepWhileRunning(ctx context.Context, t *testing.T, n *Node) {
	t.Helper()
	client, err := Dial(ctx, n.cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	rep, err := client.DeepVerify(ctx, nil, func(Progress) { steps++ })
	if err != nil || !rep.OK || rep.Records == 0 || steps == 0 || len(rep.Notes) != 0 {
		t.Errorf("%+v, %d steps, %v", rep, steps, err)
	}
	for _, text := range []string{"", "{\"event_id\":\"torn\n"} {
		kept := filepath.Join(t.TempDir(), "kept")
		if err := os.WriteFile(kept, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, api := range []API{client, n} {
			if rep, err := api.DeepVerify(ctx, f, nil); err == nil || rep.OK || !strings.Contains(err.Error(), "holds no seal") {
				t.Errorf("with %q kept elsewhere: %v, %+v", text, err, rep)
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(n.cfg.Data, ".seals-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := client.Gaps(ctx, 0); err != nil {
		t.Error(err)
	}
}

// checkSealedWhenStopped looks at a node whose Run has ended.
func checkSealedWhenStopped(t *testing.T, n *Node) {
	t.Helper()
	rep, err := n.DeepVerify(t.Context(), nil, nil)
	if err != nil || !rep.OK || rep.Unsealed != 1 { // the seal of the seals
		t.Errorf("%d sealed, %d not, %+v, %v", rep.Sealed, rep.Unsealed, rep.Problems, err)
	}
	if s := n.Sealing(); s.Error != "" || s.Seals == 0 || s.Records != rep.Sealed {
		t.Errorf("sealing %+v", s)
	}
}
