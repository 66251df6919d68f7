package node

import (
	"errors"
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
		return n.consoleBacktest(t.Context(), console.BacktestRequest{Name: "draft.yaml", Draft: draft, Rule: rule})
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
	if err != nil || !ok || len(rep.Rules) != 1 || rep.Rules[0].Examples != nil {
		t.Errorf("%+v, %v", answer, err)
	}
}
