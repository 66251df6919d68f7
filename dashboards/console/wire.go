package console

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/query"
)

// Bounds on one request for data.
const (
	maxQueries  = 26 // A to Z
	atOnce      = 4
	millisWidth = 19
)

// asked is the body of POST /api/ds/query, as Grafana's own pages send it.
type asked struct {
	From    string            `json:"from"` // milliseconds since 1970
	To      string            `json:"to"`
	Queries []json.RawMessage `json:"queries"`
}

func millis(text, name string) (time.Time, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) > millisWidth {
		return time.Time{}, fmt.Errorf("%w: %s is not a time in milliseconds", query.ErrQuery, name)
	}
	return time.UnixMilli(n), nil
}

// query answers in Grafana's wire format: each query has its own result or its own error.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		s.write(w, http.StatusUnsupportedMediaType, failure{"send application/json"})
		return
	}
	var body asked
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		s.fail(w, fmt.Errorf("%w: %w", query.ErrQuery, err))
		return
	}
	from, err := millis(body.From, "from")
	if err == nil && len(body.Queries) > maxQueries {
		err = fmt.Errorf("%w: %d queries at once; at most %d", query.ErrQuery, len(body.Queries), maxQueries)
	}
	to, errTo := millis(body.To, "to")
	if err == nil {
		err = errTo
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	answers := make([]backend.DataResponse, len(body.Queries))
	refs := make([]string, len(body.Queries))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, raw := range body.Queries {
		group.Go(func() error {
			refs[i], answers[i] = s.answer(r, raw, query.TimeRange{From: from, To: to})
			return nil
		})
	}
	_ = group.Wait() // answers carry their own errors
	out := backend.NewQueryDataResponse()
	for i, ref := range refs {
		out.Responses[ref] = answers[i]
	}
	s.write(w, http.StatusOK, out)
}

func (s *Server) answer(r *http.Request, raw json.RawMessage, span query.TimeRange) (string, backend.DataResponse) {
	var ref struct {
		RefID string `json:"refId"`
	}
	_ = json.Unmarshal(raw, &ref) // what is wrong with it is said below
	q, err := query.Parse(raw)
	var frame *data.Frame
	if err == nil {
		frame, err = s.runner.Run(r.Context(), q, s.scope(r), span)
	}
	if err != nil {
		status, words := s.explain(err)
		if c, ok := access.Of(r.Context()); ok && status == http.StatusForbidden {
			what := "query"
			if slices.Contains(query.Metrics(), q.Metric) {
				what = q.Metric
			}
			s.recordDenied(r.Context(), c, what, "")
		}
		return ref.RefID, backend.ErrDataResponse(backend.Status(status), words)
	}
	return ref.RefID, backend.DataResponse{Status: backend.StatusOK, Frames: data.Frames{frame}}
}

// opening is what a dashboard shows at first.
func (s *Server) opening(p query.Period, lang string) boards.Opening {
	month, err := time.Parse("2006-01", p.Month)
	text := p.Month
	if err == nil {
		text = s.deps.Messages.In(lang).Month(month)
	}
	// Inclusive, as Grafana's own ranges are: the next month is not meant.
	return boards.Opening{From: p.From.Format(time.RFC3339), To: p.To.Add(-time.Second).Format(time.RFC3339), Month: p.Month, MonthText: text, Zone: s.cfg.Zone}
}
