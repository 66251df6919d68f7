package node

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linesman/internal/demo"
	"linesman/schema"
)

// goalRule flags goals for watches that are missed or will be.
const goalRule = `pack: own
rules:
  - id: goal-missed
    version: 1
    title: {en: Goal missed, sv: Målet missat}
    description: {en: The goal is missed or will be., sv: Målet är missat eller blir det.}
    severity: low
    policy:
      - document: Own
        section: "1"
        quote: Goals are to be reached.
    valid_from: 2025-01-01
    informed_at: 2025-01-01
    kind: goal
    subject: unit
    window: month
    source: watches
    goal: {metric: watches_open, status: [missed, off_track]}
`

// TestGoalRulesAreJudged follows goals from the demo region's files to violations: those of the
// month before the newest one, for a month counts when something later is known.
func TestGoalRulesAreJudged(t *testing.T) {
	cfg := testConfig(t)
	cfg.Policy.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cfg.Policy.Dir, "own.yaml"), []byte(goalRule), 0o600); err != nil {
		t.Fatal(err)
	}
	n := openNode(t, cfg)
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: dir, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, dir, nil); err != nil {
			t.Error(err)
		}
	})
	found := strings.Split(ask(t, n, "SELECT DISTINCT subject_id FROM violations_current WHERE rule = 'goal-missed' AND change != 'retracted' AND toStartOfMonth(window_from) = '2026-09-01' ORDER BY subject_id"), "\n")
	var want []string
	goals, err := n.Goals(t.Context(), GoalsRequest{Lang: "en", AsOf: schema.Date(2026, 9, 30)})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range goals {
		if g.Metric == "watches_open" && (g.Status == "missed" || g.Status == "off_track") {
			want = append(want, g.Unit)
		}
	}
	slices.Sort(want)
	if len(want) < 2 || !slices.Equal(found, want) {
		all, _ := json.Marshal(goals)
		t.Errorf("flagged in September: %v, missed or off track: %v\n%s", found, want, all)
	}
	checkVerified(t, n)
	checkRebuild(t, n)
}
