package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/processors/backtest"
	rules "linesman/processors/policy"
)

func TestBacktestAPI(t *testing.T) {
	store := querytest.Open(t)
	inForce, err := rules.Builtin(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(ctx context.Context, req BacktestRequest, say func(BacktestProgress)) (any, error) {
		say(BacktestProgress{What: "premium-call/2", Total: 2, Rows: 10, Of: 20})
		switch req.Rule {
		case "broken":
			return nil, errors.New("secret of the store")
		case "slow":
			if end, ok := ctx.Deadline(); !ok || time.Until(end) < queryTimeout {
				t.Errorf("a back-test has until %s", end)
			}
			return nil, fmt.Errorf("judging: %w", context.DeadlineExceeded)
		case "unreadable":
			return nil, &DraftError{[]DraftProblem{{3, 10, "no such word"}, {4, 1, "nor this"}}}
		case "x":
			return nil, fmt.Errorf("%w: the draft has only the rule premium-call", query.ErrQuery)
		}
		draft, err := backtest.Parse(backtest.File{Name: req.Name, Text: req.Draft})
		if err != nil {
			return nil, err
		}
		return backtest.Run(ctx, backtest.Input{Store: store, Draft: draft, Against: inForce, Rule: req.Rule})
	}
	base := start(t, store, Deps{Backtest: judge})
	const rule = `{id: premium-call, version: 2, title: {en: A, sv: A}, description: {en: A, sv: A}, severity: high, policy: [{document: D, section: S, quote: Q}], valid_from: 2025-01-01,
 informed_at: 2025-01-01, subject: line, window: month, source: usage, where: [{column: answered, is: true}], limits: [{measure: count, count: true, unit: calls, above: 3}]}`
	post := func(body any) (int, map[string]any) {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, _, answer := send(t, request(t, http.MethodPost, base+"/api/backtest", string(raw)))
		var out map[string]any
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		return status, out
	}
	draft := "pack: own\nrules: [" + rule + "]\n"
	status, out := post(BacktestRequest{Draft: draft})
	judged, _ := out["rules"].([]any)
	if status != 200 || len(judged) != 1 {
		t.Fatalf("status %d, %v", status, out)
	}
	first := judged[0].(map[string]any)
	if first["id"] != "premium-call" || first["in_force"] != 1.0 || len(first["diff"].([]any)) == 0 || first["by_unit"] == nil {
		t.Errorf("rule %v", first)
	}
	if sum := first["new"].(map[string]any); sum["count"].(float64) == 0 || !strings.Contains(sum["cost"].(string), ".") {
		t.Errorf("new %v", sum)
	}
	for name, c := range map[string]struct {
		req    BacktestRequest
		status int
		words  string
	}{
		"empty":         {BacktestRequest{Draft: " \n"}, 400, "empty"},
		"date":          {BacktestRequest{Draft: draft, From: "March"}, 400, "yyyy-mm-dd"},
		"turned around": {BacktestRequest{Draft: draft, From: "2026-02-01", To: "2026-01-01"}, 400, "before it begins"},
		"unknown rule":  {BacktestRequest{Draft: draft, Rule: "x"}, 400, "premium-call"},
		"too long":      {BacktestRequest{Draft: strings.Repeat("#\n", maxDraft)}, 413, "too long"},
		"far too long":  {BacktestRequest{Draft: strings.Repeat("#", maxBody)}, 413, "too long"},
		"store":         {BacktestRequest{Draft: draft, Rule: "broken"}, 500, "the log says why"},
	} {
		status, out := post(c.req)
		if text, _ := out["error"].(string); status != c.status || !strings.Contains(text, c.words) {
			t.Errorf("%s: status %d, %v", name, status, out)
		}
	}
	status, out = post(BacktestRequest{Draft: draft, Rule: "unreadable"})
	problems, _ := out["problems"].([]any)
	if status != 422 || len(problems) < 2 || problems[0].(map[string]any)["line"] != 3.0 || problems[0].(map[string]any)["column"] != 10.0 {
		t.Errorf("a draft with problems: status %d, %v", status, out)
	}
	lines := func(body BacktestRequest) []map[string]any {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req := request(t, http.MethodPost, base+"/api/backtest", string(raw))
		req.Header.Set("Accept", "application/x-ndjson, application/json")
		status, head, answer := send(t, req)
		if status != 200 || !strings.HasPrefix(head.Get("Content-Type"), "application/x-ndjson") {
			t.Errorf("status %d, %s", status, head.Get("Content-Type"))
		}
		var out []map[string]any
		for line := range strings.Lines(string(answer)) {
			var one map[string]any
			if err := json.Unmarshal([]byte(line), &one); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			out = append(out, one)
		}
		return out
	}
	got := lines(BacktestRequest{Draft: draft})
	if len(got) != 2 || fmt.Sprint(got[0]) != "map[progress:map[done:0 of:20 rows:10 total:2 what:premium-call/2]]" || len(got[1]["answer"].(map[string]any)["rules"].([]any)) != 1 {
		t.Errorf("in lines: %v", got)
	}
	got = lines(BacktestRequest{Draft: draft, Rule: "unreadable"})
	if last := got[len(got)-1]; last["status"] != 422.0 || len(last["failure"].(map[string]any)["problems"].([]any)) != 2 {
		t.Errorf("a draft with problems, in lines: %v", got)
	}
	got = lines(BacktestRequest{Draft: draft, Rule: "slow"})
	if last := got[len(got)-1]; last["status"] != 504.0 || !strings.Contains(fmt.Sprint(last["failure"]), "shorter period") {
		t.Errorf("too slow, in lines: %v", got)
	}
	req := request(t, http.MethodPost, base+"/api/backtest", "{}")
	req.Header.Set("Content-Type", "text/plain")
	if status, _, _ := send(t, req); status != 415 {
		t.Errorf("text/plain: status %d", status)
	}
}
