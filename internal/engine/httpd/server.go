// Package httpd serves the ClickHouse HTTP interface over an embedded engine, as far as clickhouse-go uses it.
//
// It is meant for one client on the same machine behind a unix socket: one secret, no compression, no sessions across
// requests. What it does not know it refuses; it never guesses.
package httpd

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"linesman/internal/engine/chdb"
)

// Config of a Server.
type Config struct {
	Args       []string // engine arguments, such as --path and --config-file
	User       string
	Secret     string // password of User
	Concurrent int    // requests in the engine at once; 0 = 32
}

// Server is an http.Handler. Close it after the HTTP server has stopped taking requests.
type Server struct {
	lib   *chdb.Lib
	cfg   Config
	slots chan struct{}
	seq   atomic.Uint64
	types typeCache
	start time.Time

	adminMu sync.Mutex // a session runs one statement at a time
	admin   *chdb.Conn
}

// New boots the engine.
func New(lib *chdb.Lib, cfg Config) (*Server, error) {
	if cfg.Concurrent <= 0 {
		cfg.Concurrent = 32
	}
	admin, err := lib.Connect(cfg.Args...)
	if err != nil {
		return nil, err
	}
	return &Server{lib: lib, cfg: cfg, slots: make(chan struct{}, cfg.Concurrent), admin: admin, start: time.Now()}, nil
}

// Exec runs a statement of the server's own.
func (s *Server) Exec(sql string) error {
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	return s.admin.Exec(sql)
}

// engineVersion asks the engine in a session of its own, so that it does not wait for anybody else's statement.
func (s *Server) engineVersion() (string, error) {
	c, err := s.lib.Connect(s.cfg.Args...)
	if err != nil {
		return "", err
	}
	defer c.Close()
	r, err := c.Query("SELECT version()", "RawBLOB", nil)
	if err != nil {
		return "", err
	}
	defer r.Free()
	return string(r.Data), nil
}

// Close waits for the statements that are still running and stops the engine. Its error is of no consequence for the
// data: the engine also says so when only a background task was busy.
func (s *Server) Close() error {
	for range cap(s.slots) {
		s.slots <- struct{}{}
	}
	s.adminMu.Lock()
	defer s.adminMu.Unlock()
	s.admin.Close()
	return s.lib.Shutdown()
}

// Status is what /status answers.
type Status struct {
	Version string        `json:"version"` // of the engine
	Library string        `json:"library"` // of libchdb
	Uptime  time.Duration `json:"uptime"`
	Running int           `json:"running"` // requests in the engine
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" { // no engine, no secret: is the process there?
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	user, pass, _ := r.BasicAuth()
	if user != s.cfg.User || subtle.ConstantTimeCompare([]byte(pass), []byte(s.cfg.Secret)) != 1 {
		s.refuse(w, newException(codeAuthFailed, "this engine serves only the process that started it"))
		return
	}
	switch r.URL.Path {
	case "/", "/query":
		s.serveQuery(w, r)
	case "/status":
		s.serveStatus(w)
	default:
		http.Error(w, "There is no handle "+r.URL.Path, http.StatusNotFound)
	}
}

func (s *Server) refuse(w http.ResponseWriter, e *exception) {
	x := &request{s: s, w: w}
	x.fail(e)
}

func (s *Server) serveStatus(w http.ResponseWriter) {
	version, err := s.engineVersion()
	if err != nil {
		s.refuse(w, asException(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Status{Version: version, Library: s.lib.Version(), Uptime: time.Since(s.start), Running: len(s.slots)})
}

func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-r.Context().Done():
		return
	}
	x := &request{s: s, w: w, r: r, q: r.URL.Query(), start: time.Now(), exceptionTag: rand.Text()[:16]}
	x.tag = fmt.Sprintf("request-%d", s.seq.Add(1))
	h := w.Header()
	if id := x.q.Get("query_id"); id != "" {
		h.Set("X-ClickHouse-Query-Id", id)
	} else {
		h.Set("X-ClickHouse-Query-Id", x.tag)
	}
	h.Set("X-ClickHouse-Server-Display-Name", "embedded")
	h.Set("X-ClickHouse-Timezone", "UTC")
	h.Set("X-ClickHouse-Exception-Tag", x.exceptionTag)
	if err := x.run(); err != nil {
		x.fail(asException(err))
	}
	_, _ = io.CopyN(io.Discard, r.Body, 1<<20) // a body that was refused: read a little, so that the client sees the answer
}

// watch stops the statement in the engine when the client goes away. Call the returned function when it has ended.
func (s *Server) watch(ctx context.Context, tag string) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) { // the statement may not have reached the engine's list yet
			_ = s.Exec("KILL QUERY WHERE Settings['log_comment'] = '" + tag + "' ASYNC")
			select {
			case <-done:
				return
			case <-time.After(wait):
			}
		}
	}()
	return func() { close(done); <-gone }
}
