package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"linesman/dashboards/console"
	"linesman/dashboards/query"
	"linesman/internal/bridge"
	"linesman/processors/backtest"
	"linesman/processors/policy"
	"linesman/schema"
)

// BacktestRequest asks what a draft of the rules would have found.
type BacktestRequest struct {
	Files    []backtest.File `json:"files"`          // the draft
	Rule     string          `json:"rule,omitempty"` // only this one
	From     string          `json:"from,omitempty"` // first day, yyyy-mm-dd
	To       string          `json:"to,omitempty"`   // last day
	AsDated  bool            `json:"as_dated,omitempty"`
	Examples int             `json:"examples,omitempty"` // cases of each kind to show for each rule
}

// maxExamples keeps an answer readable.
const maxExamples = 100

// Backtest tells what a draft would have found in the store, beside the rules in force. It
// reads only, and processing goes on meanwhile; one is worked on at a time.
func (n *Node) Backtest(ctx context.Context, req BacktestRequest, say func(Progress)) (backtest.Report, error) {
	in, err := n.backtestInput(req)
	if err != nil {
		return backtest.Report{}, err
	}
	if say == nil {
		say = func(Progress) {}
	}
	in.Say = func(p backtest.Progress) { say(progressOf(p)) }
	return n.runBacktest(ctx, in, func() { say(Progress{What: "waiting until another back-test has ended"}) })
}

// progressOf words how far a back-test has come: by rows where the store says how many there are.
func progressOf(p backtest.Progress) Progress {
	if p.What == "" {
		return Progress{What: "back-test", Done: uint64(p.Done), Total: uint64(p.Total)}
	}
	what := fmt.Sprintf("back-test of %s, version %d of %d", p.What, min(p.Done+1, p.Total), p.Total)
	if p.Of > 0 {
		return Progress{What: what + ": rows read", Done: p.Rows, Total: p.Of}
	}
	return Progress{What: what}
}

// backtestInput reads a request.
func (n *Node) backtestInput(req BacktestRequest) (in backtest.Input, err error) {
	if n.engine == nil {
		return in, ErrOnlyCollects
	}
	in = backtest.Input{Store: n.store.Conn(), Zone: n.cfg.Zone, Against: n.rules, Rule: req.Rule, AsDated: req.AsDated, Examples: min(req.Examples, maxExamples), Log: n.log}
	zone, err := time.LoadLocation(n.cfg.Zone)
	if err != nil {
		return in, fmt.Errorf("judging zone: %w", err)
	}
	in.Goals = bridge.NewJudge(n.store.Conn(), zone)
	// With the values of the rules in force, so that the draft means what it will mean there.
	if in.Draft, err = backtest.ParseWith(n.rules.Parameters(), req.Files...); err != nil {
		return in, err
	}
	if in.From, err = parseDay(req.From); err != nil {
		return in, fmt.Errorf("first day of the period: %w", err)
	}
	if in.To, err = parseDay(req.To); err != nil {
		return in, fmt.Errorf("last day of the period: %w", err)
	}
	if in.To != 0 {
		in.To++
	}
	return in, nil
}

// runBacktest waits for its turn.
func (n *Node) runBacktest(ctx context.Context, in backtest.Input, waits func()) (backtest.Report, error) {
	done, err := n.backtests.take(ctx, waits)
	if err != nil {
		return backtest.Report{}, err
	}
	defer done()
	return backtest.Run(ctx, in)
}

// turn lets one at a time through, and lets go of those who give up waiting. The zero turn is
// ready.
type turn struct {
	once  sync.Once
	token chan struct{}
}

// take waits for the turn; who has it calls done. waits is called when it is another's.
func (t *turn) take(ctx context.Context, waits func()) (done func(), err error) {
	t.once.Do(func() { t.token = make(chan struct{}, 1) })
	select {
	case t.token <- struct{}{}:
		return func() { <-t.token }, nil
	default:
		waits()
	}
	select {
	case t.token <- struct{}{}:
		return func() { <-t.token }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// parseDay reads a day; an empty text is none.
func parseDay(text string) (schema.Day, error) {
	if text == "" {
		return 0, nil
	}
	return schema.ParseDay(text)
}

// maxBacktest bounds what a command sends: many times the built-in packs.
const maxBacktest = 8 << 20

func (n *Node) serveBacktest(w http.ResponseWriter, r *http.Request) {
	answer(w, func(say func(Progress)) (any, error) {
		var req BacktestRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBacktest)).Decode(&req); err != nil {
			return nil, fmt.Errorf("reading the draft: %w", err)
		}
		return n.Backtest(r.Context(), req, say)
	})
}

// Backtest has the running node judge a draft.
func (c *Client) Backtest(ctx context.Context, req BacktestRequest, say func(Progress)) (out backtest.Report, err error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/policy/backtest", bytes.NewReader(raw), say, &out)
}

// fewLines is of how many lines at least the console's page tells anything, where a draft asks
// something else than the rules in force do.
const fewLines = 5

// consoleBacktest judges what was sent from the console's page. A page that tries limits out is
// no place to look people up: it asks about no single line, holder or number, is told nothing of
// a few lines, and shows no cases.
func (n *Node) consoleBacktest(ctx context.Context, req console.BacktestRequest, say func(console.BacktestProgress)) (any, error) {
	files := []backtest.File{{Name: req.Name, Text: req.Draft}}
	in, err := n.backtestInput(BacktestRequest{Files: files, Rule: req.Rule, From: req.From, To: req.To, AsDated: req.AsDated})
	if err != nil {
		return nil, forConsole(err)
	}
	if problems := backtest.Personal(in.Draft, files...); len(problems) > 0 {
		return nil, forConsole(problems)
	}
	in.FewLines = fewLines
	in.Say = func(p backtest.Progress) {
		say(console.BacktestProgress{What: p.What, Done: p.Done, Total: p.Total, Rows: p.Rows, Of: p.Of})
	}
	rep, err := n.runBacktest(ctx, in, func() { say(console.BacktestProgress{Waiting: true}) })
	if err != nil {
		return nil, forConsole(err)
	}
	return rep, nil
}

// forConsole says in the console's terms why a draft was not judged.
func forConsole(err error) error {
	var problems policy.Problems
	var unknown *backtest.UnknownRuleError
	switch {
	case errors.As(err, &problems):
		out := &console.DraftError{}
		for _, p := range problems {
			out.Problems = append(out.Problems, console.DraftProblem{Line: p.Line, Column: p.Column, Text: p.Text})
		}
		return out
	case errors.As(err, &unknown):
		return fmt.Errorf("%w: %w", query.ErrQuery, err)
	}
	return err
}
