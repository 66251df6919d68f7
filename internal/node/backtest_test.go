package node

import (
	"context"
	"errors"
	"strings"
	"testing"

	"linesman/dashboards/console"
	"linesman/dashboards/query"
	"linesman/processors/backtest"
)

// What the console's page is told of a draft: where it cannot be read, that it asks for what
// there is not, figures, and of whom they are nothing.
func TestBacktestForTheConsole(t *testing.T) {
	n := openNode(t, testConfig(t))
	const rule = `{id: premium-call, version: 2, title: {en: A, sv: A}, description: {en: A, sv: A}, severity: high, policy: [{document: D, section: S, quote: Q}], valid_from: 2025-01-01,
 informed_at: 2025-01-01, subject: line, window: month, source: usage, where: [{column: answered, is: true}], limits: [{measure: count, count: true, unit: calls, above: 3}]}`
	ask := func(draft, rule string) (any, error) {
		return n.consoleBacktest(t.Context(), console.BacktestRequest{Name: "draft.yaml", Draft: draft, Rule: rule}, func(console.BacktestProgress) {})
	}
	_, err := ask("pack: own\nrules:\n  - {id: X}\n", "")
	var unreadable *console.DraftError
	if !errors.As(err, &unreadable) || len(unreadable.Problems) < 2 || unreadable.Problems[0].Line != 3 || unreadable.Problems[0].Column != 10 {
		t.Errorf("a draft with problems: %v", err)
	}
	if _, err := ask("pack: own\nrules: ["+rule+"]\n", "other"); !errors.Is(err, query.ErrQuery) {
		t.Errorf("a rule that the draft has not: %v", err)
	}
	answer, err := ask("pack: own\nrules: ["+rule+"]\n", "")
	rep, ok := answer.(backtest.Report)
	if err != nil || !ok || len(rep.Rules) != 1 || len(rep.Rules[0].Examples) != 0 || !rep.Rules[0].Withheld {
		t.Errorf("%+v, %v", answer, err)
	}
	// No single line, holder or number is looked up.
	for _, condition := range []string{`{column: line_id, is: L0000000000001}`, `{column: holder, is: P1}`, `{column: other_mask, is: "+46701"}`} {
		_, err := ask("pack: own\nrules: ["+strings.Replace(rule, "{column: answered, is: true}", condition, 1)+"]\n", "")
		if !errors.As(err, &unreadable) || unreadable.Problems[0].Line != 3 || !strings.Contains(unreadable.Problems[0].Text, "does not look up") {
			t.Errorf("%s: %v", condition, err)
		}
	}
}

// Who has to wait is told so, and may give up.
func TestBacktestsTakeTurns(t *testing.T) {
	var one turn
	done, err := one.take(t.Context(), func() { t.Error("the first waits") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := one.take(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	done()
	if done, err = one.take(t.Context(), func() { t.Error("nobody is there, and the next waits") }); err != nil {
		t.Fatal(err)
	}
	done()
}
