package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"linesman/dashboards/boards"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// Times of a stream.
const (
	liveBeat    = 15 * time.Second // something is said at least so often, so that a dead connection is noticed
	liveWrite   = 10 * time.Second // for one event
	liveTimeout = 12 * time.Hour   // then the other side asks again
)

// handleLive adds what Grafana's plugin needs besides the queries that the page asks too.
func (s *Server) handleLive(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/health", s.hops)
	mux.HandleFunc("GET /api/live/violations/{unit}", s.live)
	mux.HandleFunc("GET /api/datasources/uid/"+boards.DatasourceUID+"/resources/catalogue", func(w http.ResponseWriter, r *http.Request) {
		s.write(w, http.StatusOK, query.CatalogueOf(s.deps.Messages.In(lang(r))))
	})
}

// hops says which step of the pipeline is broken, and why to whoever runs it. Status 503 when one is.
func (s *Server) hops(w http.ResponseWriter, r *http.Request) {
	st := s.statusFor(r.Context())
	status := http.StatusOK
	if !st.Healthy {
		status = http.StatusServiceUnavailable
	}
	s.write(w, status, map[string]any{"version": st.Version, "healthy": st.Healthy, "lag": st.Lag, "hops": st.Hops, "lastEventAt": st.LastEventAt})
}

// live sends new violations of one unit as server-sent events, from now on or after an offset.
// HEAD tells whether the caller may hear them.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	unit := r.PathValue("unit")
	if !seesUnit(s.scope(r), unit) {
		s.fail(w, fmt.Errorf("%w: unit %q", query.ErrScope, unit))
		return
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	after, err := offset(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	l, from, err := s.feed.listen(r.Context(), unit)
	if err != nil {
		s.fail(w, err)
		return
	}
	defer s.feed.leave(l)
	var missed []opened
	if after != nil && *after < from {
		from = *after
		if missed, err = s.feed.since(r.Context(), from, unit); err != nil {
			s.fail(w, err)
			return
		}
	}
	out := &events{w: w, to: http.NewResponseController(w), lang: lang(r), titles: s.ruleTitle}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	err = out.write("id: " + strconv.FormatUint(from, 10) + "\n\n")
	for _, v := range missed {
		if err == nil {
			err = out.send(v)
			from = v.Offset
		}
	}
	if err == nil {
		err = out.follow(r.Context(), l, from)
	}
	if err != nil && r.Context().Err() == nil {
		s.deps.Log.Debug("a stream of violations ended", "error", err)
	}
}

// offset reads after which violation a stream goes on: the parameter, or the browser's header.
func offset(r *http.Request) (*uint64, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		text = r.Header.Get("Last-Event-ID")
	}
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: after is not an offset", query.ErrQuery)
	}
	return &n, nil
}

// seesUnit tells whether figures of the unit may be seen.
func seesUnit(scope query.Scope, unit string) bool {
	return scope.Figures && unit != "" && (scope.All || slices.Contains(scope.Units, unit))
}

// ruleTitle names a rule as lists of violations do.
func (s *Server) ruleTitle(lang, rule string, version uint32) string {
	if s.deps.Rules != nil {
		if t, ok := s.deps.Rules.Rule(rule, version); ok && t.Title.In(lang) != "" {
			return t.Title.In(lang)
		}
	}
	return s.deps.Messages.In(lang).Value("rule", rule)
}

// events writes server-sent events (HTML Living Standard, 9.2).
type events struct {
	w      http.ResponseWriter
	to     *http.ResponseController
	lang   string
	titles func(lang, rule string, version uint32) string
}

// errSlow says that a listener did not keep up; it asks again from where it was.
var errSlow = errors.New("the listener was too slow")

// follow sends what the listener hears until the connection ends.
func (e *events) follow(ctx context.Context, l *listener, from uint64) error {
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			err = e.write(": here\n\n")
		case v, ok := <-l.ch:
			if !ok {
				return errSlow
			}
			if v.Offset > from { // else it was among the missed ones
				err = e.send(v)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (e *events) send(v opened) error {
	v.Title = e.titles(messages.Language(e.lang), v.Rule, v.version)
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a violation: %w", err)
	}
	return e.write("id: " + strconv.FormatUint(v.Offset, 10) + "\ndata: " + string(raw) + "\n\n")
}

func (e *events) write(text string) error {
	if err := e.to.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return fmt.Errorf("the connection has no deadline: %w", err)
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.to.Flush()
}
