package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"linesman/dashboards/query"
	"linesman/schema"
)

// Backtest judges a draft of the rules over the store, without writing. The answer is sent as
// JSON as it is; say may be called at any time until then. An error may be a [DraftError], or wrap
// [query.ErrQuery] when the request asks for what there is not.
type Backtest func(ctx context.Context, req BacktestRequest, say func(BacktestProgress)) (answer any, err error)

// BacktestProgress is how far a back-test has come.
type BacktestProgress struct {
	What    string `json:"what"`              // rule and version being judged; empty while it waits
	Waiting bool   `json:"waiting,omitempty"` // another back-test has to end first
	Done    int    `json:"done"`              // versions judged
	Total   int    `json:"total"`
	Rows    uint64 `json:"rows"` // rows read for those being judged
	Of      uint64 `json:"of"`   // and how many there are, as far as the store knows
}

// backtestTimeout is how long a back-test of the page may take: a pack of rules over years of
// usage takes minutes.
const backtestTimeout = 15 * time.Minute

// maxTime is how long a request may take.
func maxTime(r *http.Request) time.Duration {
	if r.URL.Path == "/api/backtest" {
		return backtestTimeout
	}
	if strings.HasPrefix(r.URL.Path, "/api/live/") {
		return liveTimeout
	}
	return queryTimeout
}

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
	// The connection's own limits are for short answers. One that cannot be changed has none.
	limits := http.NewResponseController(w)
	_ = limits.SetReadDeadline(time.Time{})
	_ = limits.SetWriteDeadline(time.Now().Add(backtestTimeout + writeTimeout))
	if strings.Contains(r.Header.Get("Accept"), linesType) {
		s.backtestLines(w, r, req)
		return
	}
	answer, err := s.deps.Backtest(r.Context(), req, func(BacktestProgress) {})
	if err != nil {
		status, body := s.explainDraft(err)
		s.write(w, status, body)
		return
	}
	s.write(w, http.StatusOK, answer)
}

// linesType is the type of an answer of several lines of JSON.
const linesType = "application/x-ndjson"

// backtestLine is one line of an answer in lines: progress, until the last, which is the answer
// or says why there is none.
type backtestLine struct {
	Progress *BacktestProgress `json:"progress,omitempty"`
	Answer   any               `json:"answer,omitempty"`
	Status   int               `json:"status,omitempty"` // of an error, as a request without lines has it
	Failure  any               `json:"failure,omitempty"`
}

// sayEvery is how often progress is sent.
const sayEvery = 200 * time.Millisecond

// backtestLines answers with progress, line by line.
func (s *Server) backtestLines(w http.ResponseWriter, r *http.Request, req BacktestRequest) {
	w.Header().Set("Content-Type", linesType+"; charset=utf-8")
	enc := json.NewEncoder(w)
	send := func(l backtestLine) {
		_ = enc.Encode(l) // a client that is gone cancels the request's context
		_ = http.NewResponseController(w).Flush()
	}
	var last time.Time
	answer, err := s.deps.Backtest(r.Context(), req, func(p BacktestProgress) {
		if time.Since(last) >= sayEvery {
			last = time.Now()
			send(backtestLine{Progress: &p})
		}
	})
	if err != nil {
		var l backtestLine
		l.Status, l.Failure = s.explainDraft(err)
		send(l)
		return
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		s.deps.Log.Error("writing the answer of a back-test", "error", err)
		send(backtestLine{Status: http.StatusInternalServerError, Failure: failure{"the answer could not be written"}})
		return
	}
	send(backtestLine{Answer: json.RawMessage(raw)})
}

// explainDraft chooses the status and the body for an error of a back-test.
func (s *Server) explainDraft(err error) (int, any) {
	var unreadable *DraftError
	if errors.As(err, &unreadable) {
		return http.StatusUnprocessableEntity, struct {
			Error    string         `json:"error"`
			Problems []DraftProblem `json:"problems"`
		}{unreadable.Error(), unreadable.Problems}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusGatewayTimeout, failure{"the back-test took too long for this page: ask for a shorter period or one rule, or use \"linesman policy backtest\""}
	}
	status, words := s.explain(err)
	return status, failure{words}
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
