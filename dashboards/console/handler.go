package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
)

// policy is what the page may load: itself only. Grafana's components style themselves with
// inline style elements; icons are inlined as data URLs; tables export as blobs.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/api/", s.identified(s.api()))
	mux.HandleFunc("GET /healthz", s.health)
	s.handleLogin(mux)
	if s.deps.Metrics != nil {
		mux.Handle("GET /metrics", s.metrics(promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{})))
	}
	mux.Handle("/", s.pages) // the page itself holds no data
	// Refuses requests that change or ask something on behalf of a page of another origin.
	cross := http.NewCrossOriginProtection()
	for _, origin := range s.cfg.Origins {
		if err := cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("the console's origin %q: %w", origin, err)
		}
	}
	return s.guard(cross.Handler(mux)), nil
}

// api is what only those reach in whom the gate knows. Each answers within the caller's scope, or
// needs a right.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/me", s.me)
	mux.HandleFunc("GET /api/dashboards", s.listBoards)
	mux.HandleFunc("GET /api/dashboards/{uid}", s.board)
	mux.HandleFunc("POST /api/ds/query", s.query)
	mux.HandleFunc("GET /api/datasources/uid/"+boards.DatasourceUID+"/resources/options/{name}", s.options)
	mux.HandleFunc("GET /api/violations/{id}", s.need(access.Figures, s.violation))
	mux.HandleFunc("GET /api/status", s.tellStatus)
	mux.HandleFunc("GET /api/files", s.need(access.Operations, s.files))
	if s.deps.Backtest != nil {
		mux.HandleFunc("POST /api/backtest", s.need(access.Backtest, s.backtest))
	}
	s.handleCases(mux)
	s.handleMoney(mux)
	s.handleLive(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		s.write(w, http.StatusNotFound, failure{"there is nothing at this address"})
	})
	return mux
}

// tellStatus says how the pipeline is doing; what exactly is wrong is for who runs it.
func (s *Server) tellStatus(w http.ResponseWriter, r *http.Request) {
	s.write(w, http.StatusOK, s.statusFor(r.Context()))
}

// statusFor is the state of the pipeline. What broker and engine say of themselves is for whoever
// runs them: nobody else, the plugin's own question included, is told more than which step it is.
func (s *Server) statusFor(ctx context.Context) Status {
	st := s.status(ctx)
	if c, _ := access.Of(ctx); !c.May(access.Operations) {
		st.Hops = slices.Clone(st.Hops)
		for i := range st.Hops {
			st.Hops[i].Detail = ""
		}
	}
	return st
}

// guard sets the security headers, refuses foreign host names, and bounds every request.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if !s.knownHost(r.Host) {
			s.write(w, http.StatusMisdirectedRequest, failure{"the console is not known by this host name; add it to the configuration"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		ctx, cancel := context.WithTimeout(r.Context(), maxTime(r))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// failure is the JSON of an error, as the page reads it.
type failure struct {
	Error string `json:"error"`
}

func (s *Server) write(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		s.deps.Log.Error("writing an answer of the console", "error", err)
		http.Error(w, `{"error":"the answer could not be written"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client is gone when this fails
}

// explain chooses the status and the words for an error. What the store says stays in the log.
func (s *Server) explain(err error) (int, string) {
	switch {
	case errors.Is(err, query.ErrQuery):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, query.ErrScope):
		return http.StatusForbidden, err.Error()
	case errors.Is(err, query.ErrNotFound), errors.Is(err, boards.ErrUnknown):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, errNotRecorded):
		s.deps.Log.Error("rows of single persons were kept back", "error", err)
		return http.StatusServiceUnavailable, errNotRecorded.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "the store did not answer in time"
	case errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "the request was given up"
	}
	s.deps.Log.Error("answering a request of the console", "error", err)
	return http.StatusInternalServerError, "the store could not answer; the log says why"
}

func (s *Server) fail(w http.ResponseWriter, err error) {
	status, words := s.explain(err)
	s.write(w, status, failure{words})
}

func lang(r *http.Request) string { return messages.Language(r.URL.Query().Get("lang")) }

// entry is a dashboard in the list.
type entry struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	TitleSV       string `json:"titleSv"`
	Description   string `json:"description"`
	DescriptionSV string `json:"descriptionSv"`
	Group         string `json:"group"`
}

func (s *Server) listBoards(w http.ResponseWriter, r *http.Request) {
	c, _ := access.Of(r.Context())
	en, sv := s.deps.Messages.In(messages.English), s.deps.Messages.In(messages.Swedish)
	out := []entry{}
	for _, uid := range boards.UIDs() {
		if !mayOpen(c, uid) {
			continue
		}
		key := "board." + uid
		out = append(out, entry{uid, en.T(key), sv.T(key), en.T(key + ".description"), sv.T(key + ".description"), boards.GroupOf(uid)})
	}
	s.write(w, http.StatusOK, out)
}

// board sends a dashboard opened on the data's own period: with data of last year, the last
// twelve months from now would be empty panels.
func (s *Server) board(w http.ResponseWriter, r *http.Request) {
	uid := r.PathValue("uid")
	raw, err := boards.JSON(uid, lang(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	if c, _ := access.Of(r.Context()); !mayOpen(c, uid) {
		s.fail(w, fmt.Errorf("%w: dashboard %q is for others", query.ErrScope, uid))
		return
	}
	p, ok, err := s.runner.Period(r.Context(), s.scope(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	if ok {
		raw, err = boards.Open(uid, lang(r), s.opening(p, lang(r)))
		if err != nil {
			s.fail(w, err)
			return
		}
	}
	s.write(w, http.StatusOK, json.RawMessage(raw))
}

func (s *Server) options(w http.ResponseWriter, r *http.Request) {
	got, err := s.runner.Options(r.Context(), s.scope(r), r.PathValue("name"), lang(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	if got == nil {
		got = []query.Option{}
	}
	s.write(w, http.StatusOK, got)
}

func (s *Server) violation(w http.ResponseWriter, r *http.Request) {
	v, err := s.runner.Violation(r.Context(), s.scope(r), r.PathValue("id"), lang(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusOK, v)
}

func (s *Server) files(w http.ResponseWriter, r *http.Request) {
	const latest = 500
	got, err := s.runner.Files(r.Context(), s.scope(r), latest)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusOK, got)
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	healthy := s.status(r.Context()).Healthy
	if !healthy {
		status = http.StatusServiceUnavailable
	}
	s.write(w, status, map[string]bool{"healthy": healthy})
}
