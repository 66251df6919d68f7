package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linesman/internal/config"
	"linesman/internal/demo"
	"linesman/internal/engine"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

func testConfig(t *testing.T) config.Config {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	cfg.Console.Listen = "127.0.0.1:0"
	return cfg
}

func openNode(t *testing.T, cfg config.Config) *Node {
	t.Helper()
	n, err := Open(t.Context(), cfg, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// running runs the node while do works with it.
func running(t *testing.T, n *Node, opt RunOptions, do func(ctx context.Context, url string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready := false
	opt.Ready = func(link string) {
		defer cancel()
		ready = true
		url, _, _ := strings.Cut(link, "/login?token=")
		do(ctx, url)
	}
	if err := n.Run(ctx, opt); err != nil {
		t.Fatal(err)
	}
	if !ready {
		t.Fatal("the node was never ready")
	}
}

// ask returns the answer of one statement, tab-separated.
func ask(t *testing.T, n *Node, sql string) string {
	t.Helper()
	var b strings.Builder
	if err := n.Query(t.Context(), QueryRequest{SQL: sql, Format: "TabSeparated"}, &b); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.TrimSpace(b.String())
}

// demoFiles makes the small demo region, or the full one when asked to.
func demoFiles(t *testing.T, dir string) demo.Truth {
	t.Helper()
	size := demo.Small
	if os.Getenv("LINESMAN_FULL") != "" {
		size = demo.Full
	}
	truth, err := demo.Generate(t.Context(), demo.Config{Dir: dir, Size: size, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// planted lists what the truth file wants found: rule, subject, month.
func planted(truth demo.Truth, key *pseudonym.Key) []string {
	var out []string
	for _, v := range truth.Violations {
		subject := v.Unit
		if v.Number != "" {
			subject = key.Line(v.Number)
		}
		out = append(out, fmt.Sprintf("%s %s %s", v.Rule, subject, v.Month))
	}
	slices.Sort(out)
	return out
}

func TestDemoFindsWhatIsPlantedAndNothingElse(t *testing.T) {
	cfg := testConfig(t)
	n := openNode(t, cfg)
	dir := t.TempDir()
	truth := demoFiles(t, dir)
	// The truth file, not what the generator returned, is what a reader has.
	raw, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, dir, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("violations", func(t *testing.T) { checkViolations(t, n, truth) })
	t.Run("goals", func(t *testing.T) { checkGoals(t, n, truth) })
	t.Run("money", func(t *testing.T) { checkMoney(t, n, truth) })
	t.Run("records", func(t *testing.T) {
		want := fmt.Sprintf("%d\t%d\t%d\t%d", truth.Records.Calls, truth.Records.Data, truth.Records.SMS, truth.Records.Fees)
		if got := ask(t, n, "SELECT countIf(kind = 'call'), countIf(kind = 'data'), countIf(kind = 'sms'), countIf(kind = 'fee') FROM usage"); got != want {
			t.Errorf("calls, data, sms, fees: %s, the truth file says %s", got, want)
		}
		if got := ask(t, n, "SELECT count() FROM watches"); got != fmt.Sprint(truth.Records.Watches) {
			t.Errorf("%s watches, the truth file says %d", got, truth.Records.Watches)
		}
		if got := ask(t, n, "SELECT countIf(unit_id = '') FROM usage"); got != "0" {
			t.Errorf("%s usage records without a unit", got)
		}
	})
	t.Run("rejects", func(t *testing.T) {
		want := len(truth.Rejects) + len(truth.FailedFiles)
		if got := ask(t, n, "SELECT count() FROM rejects"); got != fmt.Sprint(want) {
			t.Errorf("%s rejects, the truth file lists %d:\n%s", got, want, ask(t, n, "SELECT code, column, reason, count() FROM rejects GROUP BY ALL ORDER BY 4 DESC"))
		}
	})
	t.Run("duplicates", func(t *testing.T) {
		var want int64
		for _, d := range truth.Duplicates {
			want += d.Records
		}
		if got := ask(t, n, "SELECT sum(duplicate) FROM files"); got != fmt.Sprint(want) {
			t.Errorf("%s duplicates, the truth file lists %d", got, want)
		}
	})
	t.Run("verify", func(t *testing.T) { checkVerified(t, n) })
	t.Run("rebuild", func(t *testing.T) { checkRebuild(t, n) })
	t.Run("again", func(t *testing.T) { checkAgain(t, n, dir) })
}

func checkViolations(t *testing.T, n *Node, truth demo.Truth) {
	got := strings.Split(ask(t, n, "SELECT concat(rule, ' ', subject_id, ' ', substring(toString(window_from), 1, 7)) AS v FROM violations_current WHERE change != 'retracted' ORDER BY v"), "\n")
	want := planted(truth, n.Key())
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("planted but not found: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("found but not planted: %s", g)
		}
	}
	for _, v := range truth.Violations {
		if v.Count == 0 || v.Number == "" {
			continue
		}
		where := fmt.Sprintf("rule = '%s' AND subject_id = '%s' AND substring(toString(window_from), 1, 7) = '%s'", v.Rule, n.Key().Line(v.Number), v.Month)
		if got := ask(t, n, "SELECT evidence_total, length(evidence) FROM violations_current WHERE "+where); got != fmt.Sprintf("%d\t%d", v.Count, v.Count) {
			t.Errorf("%s %s: evidence %s, planted %d events", v.Rule, v.Month, got, v.Count)
		}
		if v.Cost == "" {
			continue
		}
		got, err := schema.ParseMoney(ask(t, n, "SELECT toString(cost) FROM violations_current WHERE "+where))
		want, wrong := schema.ParseMoney(v.Cost)
		if err != nil || wrong != nil || got != want {
			t.Errorf("%s %s: cost %s, computed independently %s (%v, %v)", v.Rule, v.Month, got, want, err, wrong)
		}
	}
}

func checkVerified(t *testing.T, n *Node) {
	rep, err := n.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK {
		raw, _ := json.MarshalIndent(rep, "", " ")
		t.Errorf("log and store differ: %s", raw)
	}
}

func checkRebuild(t *testing.T, n *Node) {
	res, err := n.Rebuild(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Before) < 10 || len(res.Changed) > 0 || res.Events > 0 {
		t.Errorf("a rebuild changed %v and found %d violation events; before %v after %v", res.Changed, res.Events, res.Before, res.After)
	}
}

// checkAgain collects the same files again: nothing may change but the file reports.
func checkAgain(t *testing.T, n *Node, dir string) {
	sums := "SELECT count(), sum(cost), sum(duration_s), sum(volume_bytes), sum(charged) FROM usage"
	before, violations := ask(t, n, sums), ask(t, n, "SELECT count() FROM violations")
	again := t.TempDir()
	demoFiles(t, again)
	running(t, n, RunOptions{}, func(ctx context.Context, _ string) {
		if err := n.Feed(ctx, again, nil); err != nil {
			t.Error(err)
		}
	})
	if after := ask(t, n, sums); after != before {
		t.Errorf("collecting everything again changed the sums:\n%s\n%s", before, after)
	}
	if after := ask(t, n, "SELECT count() FROM violations"); after != violations {
		t.Errorf("collecting everything again changed the violations: %s events, before %s", after, violations)
	}
	if got := ask(t, n, "SELECT sum(read) = sum(accepted) + sum(duplicate) + sum(rejected), sum(accepted) * 2 <= sum(read) FROM files"); got != "true\ttrue" && got != "1\t1" {
		t.Errorf("the file reports do not add up: %s", got)
	}
	checkVerified(t, n)
}
