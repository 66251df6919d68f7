package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/client_golang/prometheus"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// start runs a console, logs in as its owner, and stops it with the test.
func start(t testing.TB, store query.Store, deps Deps) string {
	t.Helper()
	if deps.Gate == nil {
		deps.Gate = tokenGate(t, store)
	}
	if deps.Record == nil {
		deps.Record = func(context.Context, schema.AccessRead) error { return nil }
	}
	base := serve(t, store, deps, Config{})
	if deps.Gate.Login() == access.LoginToken {
		enter(t, base)
	}
	return base
}

// startupSecret is what the start-up token of the tests' consoles is made of.
func startupSecret() []byte { return []byte(strings.Repeat("s", 32)) }

func tokenGate(t testing.TB, store query.Store) *access.Gate {
	return gate(t, store, access.Config{Login: access.LoginToken, Secret: []byte(strings.Repeat("k", 32)), Start: startupSecret()})
}

// enter logs in with the start-up token.
func enter(t testing.TB, base string) {
	t.Helper()
	if status, _, body := send(t, request(t, http.MethodGet, base+"/login?next=/api/me&token="+access.Token(startupSecret()), "")); status != 200 {
		t.Fatalf("logging in ended with %d %s", status, body)
	}
}

// gate makes a gate over the grants in a store; the pseudonym of a login is P and the login.
func gate(t testing.TB, store query.Store, cfg access.Config) *access.Gate {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	directory, err := access.NewDirectory(store, log)
	if err != nil {
		t.Fatal(err)
	}
	g, err := access.New(cfg, access.Deps{Rights: directory, Pseudonym: func(login string) string { return "P" + schema.Login(login) }, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// serve runs a console and stops it with the test.
func serve(t testing.TB, store query.Store, deps Deps, cfg Config) string {
	t.Helper()
	deps.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	cfg.Listen, cfg.Organisation, cfg.Version, cfg.Demo, cfg.Hosts = "127.0.0.1:0", "Region Exempel", "1.2.3", true, []string{"linesman.example"}
	s, err := New(cfg, store, deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the console ended with %v", err)
		}
	})
	return "http://" + s.Addr()
}

func send(t testing.TB, req *http.Request) (int, http.Header, []byte) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

func request(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// get reads JSON into a value.
func get(t testing.TB, url string, want int, into any) {
	t.Helper()
	status, _, body := send(t, request(t, http.MethodGet, url, ""))
	if status != want {
		t.Fatalf("GET %s: status %d, %s", url, status, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v in %s", url, err, body)
	}
}

func TestAPI(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "linesman_test_total", Help: "A counter of the test."}))
	healthy := true
	base := start(t, querytest.Open(t), Deps{Metrics: registry, Status: func(context.Context) Status {
		return Status{Files: FileCounts{Done: 1, Failed: 1}, Rows: 700, Healthy: healthy, Hops: []Hop{{"log", true, ""}}}
	}})

	var list []map[string]string
	get(t, base+"/api/dashboards", 200, &list)
	if len(list) != len(boards.UIDs()) || list[0]["uid"] != "overview" || list[0]["titleSv"] != "Översikt" {
		t.Errorf("dashboards %v", list)
	}
	var board struct {
		Title string
		Time  struct{ From, To string }
	}
	get(t, base+"/api/dashboards/violations?lang=en", 200, &board)
	if board.Title != "Violations" || board.Time.From != "2026-01-01T00:00:00+01:00" || board.Time.To != "2026-03-31T23:59:59+02:00" {
		t.Errorf("dashboard %+v", board)
	}
	var failed failure
	get(t, base+"/api/dashboards/nothing", 404, &failed)
	get(t, base+"/api/nothing", 404, &failed)

	var options []query.Option
	get(t, base+"/api/datasources/uid/linesman/resources/options/months?lang=sv", 200, &options)
	if len(options) != 3 || options[0] != (query.Option{Text: "mars 2026", Value: "2026-03"}) {
		t.Errorf("months %v", options)
	}
	get(t, base+"/api/datasources/uid/linesman/resources/options/unit", 400, &failed)
	if !strings.Contains(failed.Error, `did you mean "units"?`) {
		t.Errorf("a wrong list gave %q", failed.Error)
	}
	var v map[string]any
	get(t, base+"/api/violations/"+querytest.ViolationID("roaming").String(), 200, &v)
	for _, key := range []string{"id", "rule", "ruleVersion", "title", "policy", "severity", "state", "subject", "window", "value", "valueUnit", "limit", "reason", "history", "evidence", "evidenceTotal"} {
		if _, ok := v[key]; !ok {
			t.Errorf("the violation has no %s", key)
		}
	}
	get(t, base+"/api/violations/"+strings.Repeat("0", 32), 404, &failed)
	get(t, base+"/api/violations/zzz", 400, &failed)
	var status Status
	get(t, base+"/api/status", 200, &status)
	if status.Organisation != "Region Exempel" || status.Version != "1.2.3" || !status.Demo || status.Rows != 700 || status.Zone != "Europe/Stockholm" {
		t.Errorf("status %+v", status)
	}
	var files []query.File
	get(t, base+"/api/files", 200, &files)
	if len(files) != 2 || files[0].State != "failed" || files[1].Read != 700 {
		t.Errorf("files %+v", files)
	}
	get(t, base+"/healthz", 200, &map[string]bool{})
	healthy = false
	get(t, base+"/healthz", 503, &map[string]bool{})
	if code, _, body := send(t, request(t, http.MethodGet, base+"/metrics", "")); code != 200 || !bytes.Contains(body, []byte("linesman_test_total")) {
		t.Errorf("metrics: %d, %s", code, body)
	}
	testQueries(t, base)
	testGuards(t, base)
}

func ask(from, to time.Time, queries ...string) string {
	return fmt.Sprintf(`{"from":"%d","to":"%d","queries":[%s]}`, from.UnixMilli(), to.UnixMilli(), strings.Join(queries, ","))
}

func testQueries(t *testing.T, base string) {
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, querytest.Zone()), time.Date(2026, 4, 1, 0, 0, 0, 0, querytest.Zone())
	body := ask(from, to,
		`{"refId":"A","metric":"cost","groupBy":["kind"],"format":"timeseries","lang":"sv","intervalMs":1000,"maxDataPoints":800,"datasource":{"uid":"linesman"}}`,
		`{"refId":"B","metric":"costs"}`,
		`{"refId":"C","metric":"violations_open","format":"stat"}`)
	status, _, raw := send(t, request(t, http.MethodPost, base+"/api/ds/query", body))
	if status != 200 {
		t.Fatalf("status %d: %s", status, raw)
	}
	var got backend.QueryDataResponse
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	a, b, c := got.Responses["A"], got.Responses["B"], got.Responses["C"]
	if a.Error != nil || len(a.Frames) != 1 || a.Frames[0].Fields[1].Config.DisplayNameFromDS != "Samtal" || a.Frames[0].Meta.ExecutedQueryString == "" {
		t.Errorf("A: %+v", a)
	}
	if b.Error == nil || !strings.Contains(b.Error.Error(), `did you mean "cost"?`) || b.Status != 400 {
		t.Errorf("B: %+v", b)
	}
	if v, ok := c.Frames[0].Fields[0].At(0).(*float64); !ok || v == nil || *v != 3 {
		t.Errorf("C: %+v", c)
	}
	for name, bad := range map[string]string{"no JSON": "{", "no times": `{"queries":[]}`, "too many": ask(from, to, strings.Split(strings.Repeat(`{"metric":"cost"} `, maxQueries+1), " ")[:maxQueries+1]...)} {
		if status, _, raw := send(t, request(t, http.MethodPost, base+"/api/ds/query", bad)); status != 400 {
			t.Errorf("%s: status %d, %s", name, status, raw)
		}
	}
	if status, _, _ := send(t, request(t, http.MethodPost, base+"/api/ds/query", ask(from, to, `"`+strings.Repeat("x", maxBody)+`"`))); status != 400 {
		t.Errorf("a body beyond the limit gave %d", status)
	}
}

func testGuards(t *testing.T, base string) {
	for host, want := range map[string]int{"evil.example": 421, "localhost:1": 200, "127.0.0.1": 200, "[::1]:8080": 200, "linesman.example": 200, "localhost.evil.example": 421, "": 200} {
		req := request(t, http.MethodGet, base+"/api/dashboards", "")
		for _, c := range http.DefaultClient.Jar.Cookies(req.URL) {
			req.AddCookie(c)
		}
		req.Host = host
		res, err := (&http.Client{}).Do(req) // without the jar, which goes by the name
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("host %q gave %d, want %d", host, res.StatusCode, want)
		}
	}
	for _, tc := range []struct {
		header, value string
		want          int
	}{{"Origin", "http://evil.example", 403}, {"Origin", base, 400}, {"Sec-Fetch-Site", "cross-site", 403}, {"Content-Type", "text/plain", 415}} {
		req := request(t, http.MethodPost, base+"/api/ds/query", "{")
		req.Header.Set(tc.header, tc.value)
		if status, _, _ := send(t, req); status != tc.want {
			t.Errorf("%s: %s gave %d, want %d", tc.header, tc.value, status, tc.want)
		}
	}
	_, h, _ := send(t, request(t, http.MethodGet, base+"/api/dashboards", ""))
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"} {
		if h.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if status, _, _ := send(t, request(t, http.MethodDelete, base+"/api/files", "")); status != 404 && status != 405 {
		t.Errorf("DELETE gave %d", status)
	}
}

func TestAddresses(t *testing.T) {
	for listen, remote := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "[::1]:0": false, "0.0.0.0:0": true, ":0": true, "192.0.2.1:80": true, "linesman.example:80": true} {
		for _, login := range access.Logins() {
			err := checkAddress(listen, login)
			if errors.Is(err, ErrRemote) != (remote && login == access.LoginToken) {
				t.Errorf("%s with login %s gave %v", listen, login, err)
			}
		}
	}
	if err := checkAddress("nonsense", access.LoginOIDC); err == nil {
		t.Error("an address without a port was accepted")
	}
	if _, err := New(Config{Listen: "127.0.0.1:0"}, nil, Deps{}); err == nil {
		t.Error("a console that knows nobody was made")
	}
}

func TestEmptyStore(t *testing.T) {
	conn, _ := querytest.OpenEmpty(t)
	base := start(t, conn, Deps{})
	for _, uid := range boards.UIDs() {
		get(t, base+"/api/dashboards/"+uid, 200, &map[string]any{})
	}
	for _, path := range []string{"/api/files", "/api/datasources/uid/linesman/resources/options/units", "/api/datasources/uid/linesman/resources/options/rules"} {
		var list []any
		get(t, base+path, 200, &list)
		if list == nil {
			t.Errorf("%s is null, want an empty list", path)
		}
	}
}

func TestPages(t *testing.T) {
	page := []byte("<!doctype html>" + strings.Repeat(" ", 5000))
	p := &pages{files: map[string]*file{}}
	for name, raw := range map[string][]byte{"/index.html": page, "/assets/main-abc.js": []byte("1"), "/public/build/img/i.svg": []byte("<svg/>")} {
		f, err := newFile(name, raw)
		if err != nil {
			t.Fatal(err)
		}
		p.files[name] = f
	}
	for _, tc := range []struct {
		path, kind, cache string
		status            int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", 200},
		{"/d/cost-follow-up", "text/html; charset=utf-8", "no-cache", 200},
		{"/violations/0f.1", "text/html; charset=utf-8", "no-cache", 200},
		{"/assets/main-abc.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/gone.js", "", "", 404},
		{"/public/build/img/i.svg", "image/svg+xml", "no-cache", 200},
	} {
		rec := recorder{header: http.Header{}}
		req := request(t, http.MethodGet, "http://localhost"+tc.path, "")
		req.Header.Set("Accept-Encoding", "gzip")
		p.ServeHTTP(&rec, req)
		if rec.status != tc.status || tc.kind != "" && (rec.header.Get("Content-Type") != tc.kind || rec.header.Get("Cache-Control") != tc.cache) {
			t.Errorf("%s: %d %v", tc.path, rec.status, rec.header)
		}
		if tc.path == "/" && rec.header.Get("Content-Encoding") != "gzip" {
			t.Error("the page was not compressed")
		}
	}
	rec := recorder{header: http.Header{}}
	(&pages{}).ServeHTTP(&rec, request(t, http.MethodGet, "http://localhost/", ""))
	if rec.status != http.StatusServiceUnavailable {
		t.Errorf("without a page: %d", rec.status)
	}
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
