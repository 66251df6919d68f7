package console

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/query"
	"linesman/schema"
)

// Record puts a read into the access log and returns when it is there.
type Record func(ctx context.Context, read schema.AccessRead) error

// identified lets only those in whom the gate knows. Every address below /api/ goes through it.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/health" && s.deps.Gate.Plugin(r) { // the plugin looks for itself
			next.ServeHTTP(w, r)
			return
		}
		c, err := s.deps.Gate.Identify(r)
		if err != nil {
			s.turnAway(w, r, c, err)
			return
		}
		if c.Way != schema.WayConsole && !forPlugin(r.URL.Path) {
			s.deny(w, r, c, "this is not for Grafana")
			return
		}
		ctx, cancel := context.WithCancel(access.With(r.Context(), c))
		defer cancel()
		if strings.HasPrefix(r.URL.Path, "/api/live/") {
			go s.watch(ctx, cancel, c)
		}
		r = r.WithContext(ctx)
		seen := &seeing{ResponseWriter: w}
		next.ServeHTTP(seen, r)
		if seen.status == http.StatusForbidden {
			s.recordDenied(r.Context(), c, resource(r), "")
		}
	})
}

// forPlugin tells whether Grafana's plugin has business at an address.
func forPlugin(path string) bool {
	return path == "/api/ds/query" || path == "/api/health" || path == "/api/me" || strings.HasPrefix(path, "/api/live/") || strings.HasPrefix(path, "/api/datasources/uid/"+boards.DatasourceUID+"/")
}

// stillEvery is how often it is looked whether somebody may still hear what is sent for long.
const stillEvery = 15 * time.Second

// watch ends a request that lasts when the rights of who asked change.
func (s *Server) watch(ctx context.Context, end context.CancelFunc, c access.Caller) {
	tick := time.NewTicker(s.stillEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.deps.Gate.Still(ctx, c) {
			end()
			return
		}
	}
}

// seeing remembers the status of an answer.
type seeing struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers.
func (s *seeing) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController what is below.
func (s *seeing) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// notIn is the JSON of an answer to somebody who is not logged in.
type notIn struct {
	Error string `json:"error"`
	Login string `json:"login"` // how people log in
}

// turnAway answers somebody whom the gate does not let in.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, c access.Caller, err error) {
	switch {
	case errors.Is(err, access.ErrNoRights):
		s.deny(w, r, c, access.ErrNoRights.Error())
	case errors.Is(err, access.ErrForeign):
		s.write(w, http.StatusUnauthorized, notIn{access.ErrForeign.Error(), s.deps.Gate.Login()})
	case errors.Is(err, access.ErrNobody):
		s.write(w, http.StatusUnauthorized, notIn{access.ErrNobody.Error(), s.deps.Gate.Login()})
	default:
		s.deps.Log.Warn("it could not be looked up who asks", "error", err)
		s.write(w, http.StatusServiceUnavailable, failure{access.ErrUnavailable.Error()})
	}
}

// deny refuses somebody who is known.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, c access.Caller, words string) {
	s.write(w, http.StatusForbidden, failure{words})
	s.recordDenied(r.Context(), c, resource(r), "")
}

// need lets only those in who have a right.
func (s *Server) need(right access.Right, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, ok := access.Of(r.Context()); !ok || !c.May(right) {
			s.fail(w, fmt.Errorf("%w: this needs the right %q", query.ErrScope, right))
			return
		}
		next(w, r)
	}
}

// scope is what a caller may see. Nobody sees nothing.
func (s *Server) scope(r *http.Request) query.Scope {
	c, _ := access.Of(r.Context())
	return c.Scope
}

// resource is what a request is about, in our own words: what was sent may hold anything.
func resource(r *http.Request) string {
	pattern := r.Pattern
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" || pattern == "/api/" {
		return "request"
	}
	return strings.TrimPrefix(pattern, "/api/")
}

// errNotRecorded keeps rows of persons back that nobody could account for.
var errNotRecorded = errors.New("the read could not be recorded, so it is not answered")

// audit records a read of rows of single persons before they are handed out.
func (s *Server) audit(ctx context.Context, read query.Read) error {
	c, ok := access.Of(ctx)
	if !ok || s.deps.Record == nil {
		return errNotRecorded
	}
	if err := s.deps.Record(ctx, c.Read(time.Now(), read, schema.AccessAllowed)); err != nil {
		return fmt.Errorf("%w: %w", errNotRecorded, err)
	}
	return nil
}

// Refusals that are recorded in a minute; more than these are a flood, not an account.
const (
	mostDenied    = 10  // of one caller
	mostDeniedAll = 100 // of all
	recordTimeout = 5 * time.Second
)

// recordDenied records that somebody was refused something.
func (s *Server) recordDenied(ctx context.Context, c access.Caller, what, unit string) {
	if s.deps.Record == nil || c.Who == "" || !s.refusals.count(c.Who, time.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := s.deps.Record(ctx, c.Read(time.Now(), query.Read{Metric: what, Unit: unit}, schema.AccessDenied)); err != nil {
		s.deps.Log.Warn("a refusal could not be recorded in the access log", "error", err)
	}
}

// refusals counts what was recorded in the minute that runs.
type refusals struct {
	mu     sync.Mutex
	minute time.Time
	all    int
	of     map[string]int
}

// count tells whether one more may be recorded.
func (f *refusals) count(who string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(f.minute) {
		f.minute, f.all, f.of = minute, 0, map[string]int{}
	}
	if f.all >= mostDeniedAll || f.of[who] >= mostDenied {
		return false
	}
	f.all++
	f.of[who]++
	return true
}

// me is the answer of GET /api/me.
type me struct {
	Name   string         `json:"name"`
	Roles  []string       `json:"roles"`
	Way    string         `json:"way"`
	Local  bool           `json:"local"` // the owner of the installation, with the start-up token
	Login  string         `json:"login"` // how they logged in; empty: by Grafana
	Logout bool           `json:"logout"`
	Rights []access.Right `json:"rights"`
	Pages  []string       `json:"pages"` // of the console: boards, cases, money, backtest, flow, access
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	c, _ := access.Of(r.Context())
	out := me{Name: c.Name, Roles: c.Roles, Way: c.Way, Local: c.Local, Login: c.Login, Rights: c.Rights(), Pages: []string{},
		Logout: c.Login == access.LoginToken || c.Login == access.LoginOIDC}
	for _, p := range [...]struct {
		page string
		may  bool
	}{{"boards", slices.ContainsFunc(boards.UIDs(), func(uid string) bool { return mayOpen(c, uid) })}, {"cases", s.deps.Cases != nil && c.May(access.Figures)},
		{"money", s.deps.Money != nil && c.May(access.Money)}, {"backtest", s.deps.Backtest != nil && c.May(access.Backtest)}, {"flow", c.May(access.Operations)}, {"access", c.May(access.AccessLog)}} {
		if p.may {
			out.Pages = append(out.Pages, p.page)
		}
	}
	s.write(w, http.StatusOK, out)
}

// mayOpen tells whether there is anything on a dashboard for the caller.
func mayOpen(c access.Caller, uid string) bool {
	switch uid {
	case "access-log":
		return c.May(access.AccessLog)
	case "invoice-reconciliation":
		return c.May(access.Money) // an invoice is about the whole organisation
	case "data-quality":
		return c.May(access.Figures) && c.Scope.All // files belong to no unit
	case boards.PipelineOperations:
		return c.May(access.Operations)
	}
	return c.May(access.Figures)
}

// metrics guards the metrics: whoever is on this machine may read them, as may who has the key, and who
// runs the installation.
func (s *Server) metrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.deps.Gate.Login() == access.LoginToken {
			next.ServeHTTP(w, r)
			return
		}
		if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.cfg.MetricsKey != "" {
			have, want := sha256.Sum256([]byte(strings.TrimSpace(key))), sha256.Sum256([]byte(s.cfg.MetricsKey))
			if subtle.ConstantTimeCompare(have[:], want[:]) == 1 {
				next.ServeHTTP(w, r)
				return
			}
		}
		s.identified(s.need(access.Operations, next.ServeHTTP)).ServeHTTP(w, r)
	})
}
