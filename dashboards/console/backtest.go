package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"linesman/dashboards/query"
	"linesman/processors/backtest"
	rules "linesman/processors/policy"
	"linesman/schema"
)

// Backtest judges a draft of the rules over the store, without writing.
type Backtest func(ctx context.Context, req BacktestRequest) (backtest.Report, error)

// BacktestRequest is the body of POST /api/backtest.
type BacktestRequest struct {
	Name    string `json:"name"`  // of the draft's file, as problems name it
	Draft   string `json:"draft"` // YAML
	Rule    string `json:"rule"`  // only this rule; empty: all
	From    string `json:"from"`  // first day, yyyy-mm-dd; empty: from the beginning
	To      string `json:"to"`    // last day
	AsDated bool   `json:"asDated"`
}

// maxDraft is the longest draft that is taken: many times the built-in packs.
const maxDraft = 512 << 10

// draftProblem is a place in the draft where something is wrong.
type draftProblem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// draftFailure is the answer to a draft that cannot be read.
type draftFailure struct {
	Error    string         `json:"error"`
	Problems []draftProblem `json:"problems"`
}

// backtest answers with figures by unit and month. Whom they are about it does not tell: a page
// that tries limits out is no place to look people up.
func (s *Server) backtest(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.write(w, http.StatusUnsupportedMediaType, failure{"send application/json"})
		return
	}
	var req BacktestRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			s.write(w, http.StatusRequestEntityTooLarge, failure{"the draft is too long"})
			return
		}
		s.fail(w, fmt.Errorf("%w: %w", query.ErrQuery, err))
		return
	}
	if len(req.Draft) > maxDraft {
		s.write(w, http.StatusRequestEntityTooLarge, failure{"the draft is too long"})
		return
	}
	if err := req.check(); err != nil {
		s.fail(w, fmt.Errorf("%w: %w", query.ErrQuery, err))
		return
	}
	rep, err := s.deps.Backtest(r.Context(), req)
	var problems rules.Problems
	var unknown *backtest.UnknownRuleError
	switch {
	case errors.As(err, &problems):
		s.write(w, http.StatusUnprocessableEntity, unreadable(problems))
		return
	case errors.As(err, &unknown):
		s.fail(w, fmt.Errorf("%w: %w", query.ErrQuery, err))
		return
	case err != nil:
		s.fail(w, err)
		return
	}
	for i := range rep.Rules {
		rep.Rules[i].Examples = nil
	}
	s.write(w, http.StatusOK, rep)
}

// check refuses what is wrong before the store is asked.
func (r *BacktestRequest) check() error {
	if strings.TrimSpace(r.Draft) == "" {
		return errors.New("the draft is empty")
	}
	if r.Name == "" {
		r.Name = "draft.yaml"
	}
	var days [2]schema.Day
	for i, text := range []string{r.From, r.To} {
		if text == "" {
			continue
		}
		day, err := schema.ParseDay(text)
		if err != nil {
			return err
		}
		days[i] = day
	}
	if days[0] != 0 && days[1] != 0 && days[1] < days[0] {
		return fmt.Errorf("the period ends on %s, before it begins on %s", r.To, r.From)
	}
	return nil
}

func unreadable(problems rules.Problems) draftFailure {
	out := draftFailure{Error: "the draft cannot be read"}
	for _, p := range problems {
		out.Problems = append(out.Problems, draftProblem{p.Line, p.Column, p.Text})
	}
	return out
}
