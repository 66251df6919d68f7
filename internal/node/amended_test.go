package node

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linesman/internal/demo"
	"linesman/schema"
)

// TestTheSecondWave collects a region, and then files that cancel, correct and credit, come
// months late or state something about the past. The truth is the generator's own arithmetic.
func TestTheSecondWave(t *testing.T) {
	region, wave := t.TempDir(), t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	truth, err := demo.Amendments(wave, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := openNode(t, testConfig(t))
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, region, nil); err != nil {
			t.Error(err)
		}
	})
	if got := ask(t, n, "SELECT count() FROM restatements"); got != "0" {
		t.Errorf("the first wave moved the past %s times", got)
	}
	for _, m := range truth.Costs {
		sameMoney(t, "before, "+m.Month+" "+m.Unit, ask(t, n, costOf(m)), m.Before)
	}
	for _, f := range deliveries(t, wave) {
		raw, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Collect(t.Context(), CollectRequest{Collector: f.collector, Name: filepath.Base(f.path), Size: int64(len(raw))}, bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Run("records", func(t *testing.T) {
		want := fmt.Sprintf("%d\t%d", truth.Living, truth.Amendments)
		if got := ask(t, n, "SELECT (SELECT count() FROM usage), (SELECT count() FROM amendments)"); got != want {
			t.Errorf("usage and amendments: %s, the truth says %s", got, want)
		}
		var ids []string
		for _, d := range truth.Dead {
			ids = append(ids, "unhex('"+d.EventID+"')")
		}
		if got := ask(t, n, "SELECT count() FROM usage WHERE event_id IN ("+strings.Join(ids, ", ")+")"); got != "0" || len(ids) == 0 {
			t.Errorf("%s of %d dead records count", got, len(ids))
		}
	})
	t.Run("costs", func(t *testing.T) {
		for _, m := range truth.Costs {
			at := m.Month + " " + m.Unit
			sameMoney(t, "after, "+at, ask(t, n, costOf(m)), m.After)
			sums := ask(t, n, fmt.Sprintf("SELECT toString(argMin(cost_before, log_offset)), toString(argMax(cost_after, log_offset)) FROM restatements WHERE unit_id = '%s' AND cost_centre = '%s' AND startsWith(toString(month), '%s')", m.Unit, m.CostCentre, m.Month))
			before, after, _ := strings.Cut(sums, "\t")
			sameMoney(t, "restatement before, "+at, before, m.Before)
			sameMoney(t, "restatement after, "+at, after, m.After)
		}
		if got := ask(t, n, "SELECT countIf(causes = ''), countIf(cause_total = 0 OR empty(cause_ids)), countIf(events_before = events_after AND cost_before = cost_after) FROM restatements"); got != "0\t0\t0" {
			t.Errorf("restatements without cause, without ids, of nothing: %s", got)
		}
		t.Log(ask(t, n, "SELECT causes, count(), uniqExact(month) FROM restatements GROUP BY causes ORDER BY ALL"))
	})
	t.Run("violations", func(t *testing.T) {
		got := strings.Split(ask(t, n, "SELECT concat(rule, ' ', subject_id, ' ', substring(toString(window_from), 1, 7)) AS v FROM violations_current WHERE change != 'retracted' AND subject_kind = 'line' ORDER BY v"), "\n")
		same(t, "standing", got, subjects(n, truth.Violations))
		retracted := strings.Split(ask(t, n, "SELECT concat(rule, ' ', subject_id, ' ', substring(toString(window_from), 1, 7)) AS v FROM violations_current WHERE change = 'retracted' ORDER BY v"), "\n")
		same(t, "retracted", retracted, subjects(n, truth.Retracted))
		if got := ask(t, n, "SELECT count() FROM violations WHERE change != 'opened' AND reason_code NOT IN ('amended', 'reference', 'data')"); got != "0" {
			t.Errorf("%s changes without a reason", got)
		}
	})
	t.Run("verify", func(t *testing.T) { checkVerified(t, n) })
	t.Run("rebuild", func(t *testing.T) { checkRebuild(t, n) })
}

func costOf(m demo.CostMove) string {
	return fmt.Sprintf("SELECT toString(sum(cost)) FROM usage_daily WHERE unit_id = '%s' AND startsWith(toString(local_day), '%s')", m.Unit, m.Month)
}

func sameMoney(t *testing.T, what, got, want string) {
	t.Helper()
	a, wrong := schema.ParseMoney(got)
	b, err := schema.ParseMoney(want)
	if wrong != nil || err != nil || a != b {
		t.Errorf("%s: %s, the truth says %s", what, got, want)
	}
}

func subjects(n *Node, list []demo.Expectation) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("%s %s %s", v.Rule, n.Key().Line(v.Number), v.Month))
	}
	slices.Sort(out)
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
