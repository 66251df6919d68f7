// Package console serves the built-in dashboards: the same dashboard JSON that Grafana is
// provisioned with, answered by the same queries, without a Grafana server.
package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"linesman/dashboards/access"
	"linesman/dashboards/messages"
	"linesman/dashboards/query"
	"linesman/schema"
)

// Config is how the console is set up.
type Config struct {
	Listen       string   // host:port; port 0 takes a free one. Default 127.0.0.1:8080
	Hosts        []string // further host names that the console is called by
	Origins      []string // further origins of its page, as browsers send them: https://linesman.example.se
	MetricsKey   string   // with which /metrics can be read where people log in otherwise than with the start-up token; empty: none
	Organisation string   // shown in the page's head
	Zone         string   // judging zone; default Europe/Stockholm
	Version      string
	Demo         bool // the data is made up, and the page says so
}

// Deps is what the console needs of the rest of the program. Any of them but the gate may be left
// out; without Record nobody sees rows of single persons.
type Deps struct {
	Gate     *access.Gate // tells who asks
	Record   Record       // puts reads into the access log
	Messages *messages.Catalogue
	Rules    query.RuleTexts
	Goals    query.GoalSource
	Reports  query.ReportSource
	Backtest Backtest
	Status   func(ctx context.Context) Status
	Metrics  prometheus.Gatherer
	Cases    Cases
	Money    Money
	Log      *slog.Logger
}

// Status is how the pipeline is doing.
type Status struct {
	Version      string     `json:"version"`
	Organisation string     `json:"organisation"`
	Zone         string     `json:"zone"`
	Demo         bool       `json:"demo"`
	LastEventAt  *time.Time `json:"lastEventAt"`
	Files        FileCounts `json:"files"`
	Rows         uint64     `json:"rows"`
	Lag          uint64     `json:"lag"` // records in the log that are not in the store yet
	Healthy      bool       `json:"healthy"`
	Hops         []Hop      `json:"hops"`
}

// FileCounts is how many files were collected.
type FileCounts struct {
	Done   uint64 `json:"done"`
	Failed uint64 `json:"failed"`
}

// Hop is one step of the pipeline.
type Hop struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// ErrRemote says that other machines reach the address, but not the login.
var ErrRemote = errors.New("a start-up token is for this machine alone, so the console listens on this machine only")

// How long things may take.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 90 * time.Second
	idleTimeout   = 2 * time.Minute
	queryTimeout  = 60 * time.Second
	closeTimeout  = 10 * time.Second
	maxHeader     = 64 << 10
	maxBody       = 1 << 20
)

// Server is the console. Make it with New, then Run it.
type Server struct {
	cfg        Config
	deps       Deps
	runner     *query.Runner
	feed       *feed
	pages      *pages
	entrance   *template.Template
	refusals   refusals
	stillEvery time.Duration
	listen     net.Listener
	http       *http.Server
}

// New checks the configuration and takes the address, so that a port in use is an error at
// the start; Run gives it back. The error wraps [ErrRemote] when the address is not one of this machine alone.
func New(cfg Config, store query.Store, deps Deps) (*Server, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:8080"
	}
	if cfg.Zone == "" {
		cfg.Zone = schema.DefaultZone
	}
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, fmt.Errorf("the console's zone: %w", err)
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Messages == nil {
		if deps.Messages, err = messages.Load(); err != nil {
			return nil, err
		}
	}
	if deps.Gate == nil {
		return nil, errors.New("the console needs to know who asks")
	}
	if err := checkAddress(cfg.Listen, deps.Gate.Login()); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, deps: deps, feed: newFeed(store, deps.Log), stillEvery: stillEvery}
	if s.entrance, err = newEntrance(); err != nil {
		return nil, err
	}
	if s.runner, err = query.New(query.Config{Zone: zone, Messages: deps.Messages, Rules: deps.Rules, Goals: deps.Goals, Reports: deps.Reports, Audit: s.audit}, store); err != nil {
		return nil, err
	}
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	if s.listen, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listening on %s: %w", cfg.Listen, err)
	}
	handler, err := s.handler()
	if err != nil {
		return nil, errors.Join(err, s.listen.Close())
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(deps.Log.Handler(), slog.LevelWarn)}
	s.http.RegisterOnShutdown(s.feed.shut)
	return s, nil
}

// checkAddress refuses an address that other machines reach, where the login is for this one alone.
func checkAddress(listen, login string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("the console's address %q: %w", listen, err)
	}
	ip, err := netip.ParseAddr(host)
	if login != access.LoginToken || host == "localhost" || (err == nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("address %q: %w; use 127.0.0.1, or another login", listen, ErrRemote)
}

// Addr is the address that was taken, as host:port.
func (s *Server) Addr() string { return s.listen.Addr().String() }

// Run serves until the context ends, then lets requests under way finish.
func (s *Server) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.http.Serve(s.listen) }()
	s.deps.Log.Info("the console is ready", "url", "http://"+s.Addr())
	select {
	case err := <-done:
		return fmt.Errorf("serving the console: %w", err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := s.http.Shutdown(wait); err != nil {
		return errors.Join(fmt.Errorf("closing the console: %w", err), s.http.Close())
	}
	return nil
}

// status asks for the state of the pipeline and adds what the console knows itself.
func (s *Server) status(ctx context.Context) Status {
	st := Status{Healthy: true}
	if s.deps.Status != nil {
		st = s.deps.Status(ctx)
	}
	st.Version, st.Organisation, st.Zone, st.Demo = s.cfg.Version, s.cfg.Organisation, s.cfg.Zone, s.cfg.Demo
	if st.Hops == nil {
		st.Hops = []Hop{}
	}
	return st
}

// knownHost tells whether a Host header names this console. A page elsewhere that has its
// name resolve to our address (DNS rebinding) must use that name; a bare address cannot.
func (s *Server) knownHost(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(host, "]"), "["), "."))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return true
	}
	for _, h := range s.cfg.Hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}
