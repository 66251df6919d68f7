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
	"linesman/schema"
)

// Backtest judges a draft of the rules over the store, without writing. The answer is sent as
// JSON as it is. An error may be a [DraftError], or wrap [query.ErrQuery] when the request asks
// for what there is not.
type Backtest func(ctx context.Context, req BacktestRequest) (answer any, err error)

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

// DraftProblem is a place in the draft where something is wrong.
type DraftProblem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// DraftError says why a draft cannot be read.
type DraftError struct{ Problems []DraftProblem }

func (e *DraftError) Error() string { return "the draft cannot be read" }

// backtest answers with figures by unit and month.
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
	answer, err := s.deps.Backtest(r.Context(), req)
	var unreadable *DraftError
	switch {
	case errors.As(err, &unreadable):
		s.write(w, http.StatusUnprocessableEntity, struct {
			Error    string         `json:"error"`
			Problems []DraftProblem `json:"problems"`
		}{unreadable.Error(), unreadable.Problems})
	case err != nil:
		s.fail(w, err)
	default:
		s.write(w, http.StatusOK, answer)
	}
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
