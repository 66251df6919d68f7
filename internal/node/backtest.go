package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"linesman/dashboards/console"
	"linesman/dashboards/query"
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
func (n *Node) Backtest(ctx context.Context, req BacktestRequest, say func(Progress)) (rep backtest.Report, err error) {
	if n.engine == nil {
		return rep, ErrOnlyCollects
	}
	in := backtest.Input{Store: n.store.Conn(), Zone: n.cfg.Zone, Against: n.rules, Rule: req.Rule, AsDated: req.AsDated, Examples: min(req.Examples, maxExamples), Log: n.log}
	if in.Draft, err = backtest.Parse(req.Files...); err != nil {
		return rep, err
	}
	if in.From, err = parseDay(req.From); err != nil {
		return rep, err
	}
	if in.To, err = parseDay(req.To); err != nil {
		return rep, err
	}
	if in.To != 0 {
		in.To++
	}
	if say != nil {
		in.Say = func(p backtest.Progress) {
			if p.What != "" {
				say(Progress{What: "back-test of " + p.What, Done: uint64(p.Done), Total: uint64(p.Total)})
			}
		}
	}
	done, err := n.backtests.take(ctx)
	if err != nil {
		return rep, err
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

// take waits for the turn; who has it calls done.
func (t *turn) take(ctx context.Context) (done func(), err error) {
	t.once.Do(func() { t.token = make(chan struct{}, 1) })
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

// consoleBacktest judges what was sent from the console's page.
func (n *Node) consoleBacktest(ctx context.Context, req console.BacktestRequest) (any, error) {
	rep, err := n.Backtest(ctx, BacktestRequest{Files: []backtest.File{{Name: req.Name, Text: req.Draft}}, Rule: req.Rule, From: req.From, To: req.To, AsDated: req.AsDated}, nil)
	if err != nil {
		return nil, forConsole(err)
	}
	// Whom the verdicts are about the page is not told: a page that tries limits out is no place
	// to look people up.
	for i := range rep.Rules {
		rep.Rules[i].Examples = nil
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
