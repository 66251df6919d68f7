package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// readings is an access log that can refuse.
type readings struct {
	mu   sync.Mutex
	full bool
	all  []schema.AccessRead
}

func (l *readings) record(_ context.Context, r schema.AccessRead) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return errors.New("the log is full")
	}
	l.all = append(l.all, r)
	return nil
}

func (l *readings) refuse(full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = full
}

// of takes what was recorded of one caller, as "what unit outcome rows grant".
func (l *readings) of(who string) (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.all {
		if r.Who == who {
			out = append(out, fmt.Sprint(r.What, " ", r.UnitID, " ", r.Outcome, " ", r.Rows, " ", r.GrantID))
		}
	}
	l.all = slices.DeleteFunc(l.all, func(r schema.AccessRead) bool { return r.Who == who })
	return out
}

// twoUnits has a case of a line in each of two units.
type twoUnits struct{ took []string }

func (b *twoUnits) all() []Case {
	return []Case{{ID: "e", Unit: querytest.Emergency, SubjectKind: "line", Subject: "Lemergency"}, {ID: "s", Unit: querytest.Surgery, SubjectKind: "line", Subject: "Lsurgery"}}
}

func (b *twoUnits) Cases(_ context.Context, f CaseFilter) (CaseList, error) {
	out := CaseList{Units: []Unit{{querytest.Emergency, "Akuten"}, {querytest.Surgery, "Kirurgen"}}}
	for _, c := range b.all() {
		if f.Within == nil || slices.Contains(f.Within, c.Unit) {
			out.Cases = append(out.Cases, c)
		}
	}
	out.Total = uint64(len(out.Cases))
	return out, nil
}

func (b *twoUnits) Case(_ context.Context, id string) (CaseDetail, error) {
	for _, c := range b.all() {
		if c.ID == id {
			return CaseDetail{Case: c, Choices: []CaseChoice{{Step: "explained"}}}, nil
		}
	}
	return CaseDetail{}, ErrCaseUnknown
}

func (b *twoUnits) TakeCase(ctx context.Context, id string, _ CaseStep) (CaseDetail, error) {
	b.took = append(b.took, id)
	return b.Case(ctx, id)
}

func grants(t *testing.T, conn driver.Conn, rows ...[3]string) {
	t.Helper()
	for i, g := range rows {
		purpose, approver, until := "", "", "toDateTime64(0, 3, 'UTC')"
		if g[1] == schema.RolePersonLevel {
			purpose, approver, until = "samtal till betalnummer", "Pboss", "now64(3) + INTERVAL 1 DAY"
		}
		err := conn.Exec(t.Context(), fmt.Sprintf("INSERT INTO access_grants (grant_id, who, role, unit_id, purpose, approver, valid_from, valid_to, rank) VALUES ('g%d', '%s', '%s', '%s', '%s', '%s', now64(3) - INTERVAL 1 DAY, %s, 1)", i, g[0], g[1], g[2], purpose, approver, until))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// desk is a console behind a proxy that says who asks, over the seeded hospital.
type desk struct {
	base string
	log  *readings
	book *twoUnits
}

func newDesk(t *testing.T) desk {
	t.Helper()
	conn := querytest.Open(t)
	grants(t, conn, [3]string{"Panna", schema.RoleUnitManager, querytest.Emergency}, [3]string{"Pboris", schema.RoleUnitManager, querytest.Surgery}, [3]string{"Pcilla", schema.RoleFinance, ""},
		[3]string{"Pdag", schema.RoleDataProtectionOfficer, ""}, [3]string{"Peva", schema.RoleAdmin, ""}, [3]string{"Pfia", schema.RoleUnitManager, querytest.Emergency}, [3]string{"Pfia", schema.RolePersonLevel, querytest.Emergency},
		[3]string{"Pgita", schema.RoleFinance, ""}, [3]string{"Pgita", schema.RolePersonLevel, ""})
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "linesman_test_total", Help: "A counter of the test."}))
	d := desk{log: &readings{}, book: &twoUnits{}}
	g := gate(t, conn, access.Config{Login: access.LoginProxy, Proxy: access.Proxy{From: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, UserHeader: "X-Forwarded-User"}})
	d.base = serve(t, conn, Deps{Gate: g, Record: d.log.record, Cases: d.book, Money: &ledgers{}, Metrics: registry,
		Backtest: func(context.Context, BacktestRequest, func(BacktestProgress)) (any, error) { return "judged", nil },
		Status:   func(context.Context) Status { return Status{Healthy: true, Hops: []Hop{{"store", true, "detail"}}} }}, Config{MetricsKey: "a key to read metrics with"})
	return d
}

func (d desk) as(t *testing.T, who, method, path, body string) (int, string) {
	t.Helper()
	req := request(t, method, d.base+path, body)
	if who != "" {
		req.Header.Set("X-Forwarded-User", who)
	}
	status, _, raw := send(t, req)
	return status, string(raw)
}

// TestWhoSeesWhat asks every address as everybody.
func TestWhoSeesWhat(t *testing.T) {
	d := newDesk(t)
	roaming, watches := "/api/violations/"+querytest.ViolationID("roaming").String(), "/api/violations/"+querytest.ViolationID("watches").String()
	const draft = `{"name":"x","draft":"rules: []"}`
	for _, tc := range []struct {
		method, path, body string
		// of nobody, a stranger, the manager of the emergency unit, of the surgery, finance, the officer, the admin
		want [7]int
	}{
		{"GET", "/api/me", "", [7]int{401, 403, 200, 200, 200, 200, 200}},
		{"GET", "/api/status", "", [7]int{401, 403, 200, 200, 200, 200, 200}},
		{"GET", "/api/dashboards", "", [7]int{401, 403, 200, 200, 200, 200, 200}},
		{"GET", "/api/dashboards/violations", "", [7]int{401, 403, 200, 200, 200, 403, 200}},
		{"GET", "/api/dashboards/invoice-reconciliation", "", [7]int{401, 403, 403, 403, 200, 403, 200}},
		{"GET", "/api/datasources/uid/linesman/resources/options/units", "", [7]int{401, 403, 200, 200, 200, 403, 200}},
		{"GET", roaming, "", [7]int{401, 403, 200, 404, 200, 403, 200}},
		{"GET", watches, "", [7]int{401, 403, 404, 200, 200, 403, 200}},
		{"GET", "/api/files", "", [7]int{401, 403, 403, 403, 403, 403, 200}},
		{"GET", "/api/cases", "", [7]int{401, 403, 200, 200, 200, 403, 200}},
		{"GET", "/api/cases/e", "", [7]int{401, 403, 200, 404, 200, 403, 200}},
		{"POST", "/api/cases/e/steps", `{"step":"explained"}`, [7]int{401, 403, 200, 404, 403, 403, 200}},
		{"GET", "/api/money", "", [7]int{401, 403, 403, 403, 200, 403, 200}},
		{"GET", "/api/money/budgets", "", [7]int{401, 403, 403, 403, 200, 403, 200}},
		{"GET", "/api/money/files/csv", "", [7]int{401, 403, 403, 403, 200, 403, 200}},
		{"POST", "/api/backtest", draft, [7]int{401, 403, 403, 403, 200, 403, 200}},
		{"GET", "/api/live/violations/" + querytest.Emergency + "?head", "", [7]int{401, 403, 200, 403, 200, 403, 200}},
		{"GET", "/api/health", "", [7]int{401, 403, 200, 200, 200, 200, 200}},
		{"GET", "/metrics", "", [7]int{401, 403, 403, 403, 403, 403, 200}},
		{"GET", "/api/nothing", "", [7]int{401, 403, 404, 404, 404, 404, 404}},
		{"GET", "/healthz", "", [7]int{200, 200, 200, 200, 200, 200, 200}},
	} {
		for i, who := range []string{"", "stranger", "anna", "boris", "cilla", "dag", "eva"} {
			method := tc.method
			if strings.HasSuffix(tc.path, "?head") { // a stream has no end
				method = http.MethodHead
			}
			if status, body := d.as(t, who, method, strings.TrimSuffix(tc.path, "?head"), tc.body); status != tc.want[i] {
				t.Errorf("%q: %s %s gave %d, want %d: %.200s", who, method, tc.path, status, tc.want[i], body)
			}
		}
	}
	if fmt.Sprint(d.book.took) != "[e e]" { // the manager's step and the admin's, and no other
		t.Errorf("steps were taken about %v", d.book.took)
	}
	req := request(t, http.MethodGet, d.base+"/metrics", "")
	req.Header.Set("Authorization", "Bearer a key to read metrics with")
	if status, _, body := send(t, req); status != 200 || !strings.Contains(string(body), "linesman_test_total") {
		t.Errorf("metrics with their key: %d", status)
	}
	req = request(t, http.MethodGet, d.base+"/api/files", "")
	req.Header.Set("Authorization", "Bearer a key to read metrics with")
	if status, _, _ := send(t, req); status != 401 {
		t.Errorf("the key of the metrics opened files: %d", status)
	}
	for who, want := range map[string]string{"anna": `"pages":["boards","cases"]`, "cilla": `"pages":["boards","cases","money","backtest"]`, "dag": `"pages":["access"]`, "eva": `"pages":["boards","cases","money","backtest","flow","access"]`} {
		if _, body := d.as(t, who, "GET", "/api/me", ""); !strings.Contains(body, want) || !strings.Contains(body, `"logout":false`) || !strings.Contains(body, `"name":"`+who+`"`) {
			t.Errorf("%s is told %s", who, body)
		}
	}
	if _, body := d.as(t, "anna", "GET", "/api/status", ""); strings.Contains(body, `"detail":"detail"`) {
		t.Errorf("a manager is told %s", body)
	}
}

// TestPersons: lines are for who has an open case, and each time is recorded or refused.
func TestPersons(t *testing.T) {
	d := newDesk(t)
	violation := "/api/violations/" + querytest.ViolationID("roaming").String()
	line := querytest.LineID(2)
	for _, who := range []string{"anna", "cilla", "eva"} {
		if status, body := d.as(t, who, "GET", violation, ""); status != 200 || strings.Contains(body, line) {
			t.Errorf("%s: %d %.300s", who, status, body)
		}
		if status, body := d.as(t, who, "GET", "/api/cases/e", ""); status != 200 || strings.Contains(body, "Lemergency") {
			t.Errorf("%s: %d %s", who, status, body)
		}
		if _, body := d.as(t, who, "GET", "/api/cases", ""); strings.Contains(body, "Lemergency") || strings.Contains(body, "Lsurgery") {
			t.Errorf("%s: %s", who, body)
		}
		if got := d.log.of("P" + who); len(got) != 0 {
			t.Errorf("%s read no rows of persons, but %q", who, got)
		}
	}
	if status, body := d.as(t, "fia", "GET", violation, ""); status != 200 || !strings.Contains(body, line) {
		t.Errorf("an open case: %d %.300s", status, body)
	}
	if _, body := d.as(t, "fia", "GET", "/api/cases", ""); !strings.Contains(body, "Lemergency") || strings.Contains(body, "Lsurgery") {
		t.Errorf("an open case: %s", body)
	}
	if _, body := d.as(t, "fia", "GET", "/api/cases/e", ""); !strings.Contains(body, "Lemergency") {
		t.Errorf("an open case: %s", body)
	}
	got := d.log.of("Pfia")
	if len(got) != 3 || !strings.Contains(got[0], querytest.Emergency+" allowed") || !strings.HasSuffix(got[0], " g6") || got[1] != "cases "+querytest.Emergency+" allowed 1 g6" || got[2] != "case "+querytest.Emergency+" allowed 1 g6" {
		t.Errorf("recorded %q", got)
	}
	d.log.refuse(true)
	for _, path := range []string{violation, "/api/cases", "/api/cases/e"} {
		if status, body := d.as(t, "fia", "GET", path, ""); status != http.StatusServiceUnavailable || strings.Contains(body, line) || strings.Contains(body, "Lemergency") {
			t.Errorf("%s, which cannot be recorded: %d %.300s", path, status, body)
		}
		if status, body := d.as(t, "anna", "GET", path, ""); status != 200 {
			t.Errorf("%s without rows of persons: %d %.300s", path, status, body)
		}
	}
}

// TestMoneyOfPersons: finance follows up every invoice, and sees single subscriptions with an
// open case only.
func TestMoneyOfPersons(t *testing.T) {
	d := newDesk(t)
	const path, secret = "/api/money/invoices?lang=en", "0701 23••••"
	for who, sees := range map[string]bool{"cilla": false, "eva": false, "gita": true} {
		status, body := d.as(t, who, "GET", path, "")
		if status != 200 || !strings.Contains(body, `["a"]`) || strings.Contains(body, secret) != sees || strings.Contains(body, "open case") == sees {
			t.Errorf("%s: %d %s", who, status, body)
		}
	}
	if got := d.log.of("Pgita"); len(got) != 1 || got[0] != "money_disputes  allowed 1 g8" {
		t.Errorf("recorded %q", got)
	}
	d.log.refuse(true)
	if status, body := d.as(t, "gita", "GET", path, ""); status != http.StatusServiceUnavailable || strings.Contains(body, secret) {
		t.Errorf("what cannot be recorded: %d %s", status, body)
	}
}

// TestNobodyGetsAnothersAnswer: two managers ask the same at the same time, again and again.
func TestNobodyGetsAnothersAnswer(t *testing.T) {
	d := newDesk(t)
	body := ask(time.Date(2026, 1, 1, 0, 0, 0, 0, querytest.Zone()), time.Date(2026, 4, 1, 0, 0, 0, 0, querytest.Zone()), `{"refId":"A","metric":"cost","groupBy":["unit"],"lang":"sv"}`)
	names := map[string]string{"anna": "Akutmottagningen", "boris": "Kirurgkliniken"}
	var wg sync.WaitGroup
	for i := range 24 {
		who, other := "anna", "boris"
		if i%2 == 1 {
			who, other = other, who
		}
		wg.Go(func() {
			if status, got := d.as(t, who, "POST", "/api/ds/query", body); status != 200 || !strings.Contains(got, names[who]) || strings.Contains(got, names[other]) {
				t.Errorf("%s: %d %.500s", who, status, got)
			}
			if _, got := d.as(t, who, "GET", "/api/datasources/uid/linesman/resources/options/units", ""); !strings.Contains(got, names[who]) || strings.Contains(got, names[other]) {
				t.Errorf("%s: %.500s", who, got)
			}
		})
	}
	wg.Wait()
	req := request(t, http.MethodPost, d.base+"/api/ds/query", body)
	req.Header.Set("X-Forwarded-User", "anna")
	if _, head, _ := send(t, req); head.Get("Cache-Control") != "no-store" {
		t.Errorf("an answer may be kept: %v", head)
	}
}

// TestDenied: what is refused is recorded, by what was asked for and not in what words, and not without end.
func TestDenied(t *testing.T) {
	d := newDesk(t)
	d.as(t, "anna", "GET", "/api/money", "")
	d.as(t, "anna", "GET", "/api/live/violations/"+querytest.Surgery, "")
	d.as(t, "anna", "POST", "/api/ds/query", ask(time.Now(), time.Now(), `{"refId":"A","metric":"lines_top"}`, `{"refId":"B","metric":"access_log"}`))
	got := strings.Join(d.log.of("Panna"), "; ")
	for _, want := range []string{"money  denied 0 ", "live/violations/{unit}  denied 0 ", "lines_top  denied 0 ", "access_log  denied 0 "} {
		if !strings.Contains(got, want) {
			t.Errorf("recorded %q, without %q", got, want)
		}
	}
	for range 3 * mostDenied {
		d.as(t, "stranger", "GET", "/api/files/070-1740609", "")
	}
	got = strings.Join(d.log.of("Pstranger"), "; ")
	if n := strings.Count(got, "denied"); n < mostDenied || n > 2*mostDenied || strings.Contains(got, "070") { // a minute may end meanwhile
		t.Errorf("recorded %d: %q", n, got)
	}
	if got := d.log.of(""); len(got) > 0 {
		t.Errorf("recorded of nobody: %q", got)
	}
}

// TestLoginPage: the token in the link, a wrong one, and where one is led then.
func TestLoginPage(t *testing.T) {
	store, _ := querytest.OpenEmpty(t)
	base := serve(t, store, Deps{Gate: tokenGate(t, store)}, Config{})
	stays := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	token := access.Token(startupSecret())
	get := func(method, path, form string, headers ...string) *http.Response {
		t.Helper()
		req := request(t, method, base+path, form)
		if form != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := stays.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	for _, tc := range []struct {
		method, path, form string
		headers            []string
		status             int
		to                 string
		cookies            int
	}{
		{"GET", "/login", "", nil, 200, "", 0},
		{"GET", "/login?token=" + token, "", nil, 303, "/", 1},
		{"GET", "/login?next=/d/violations%3Funit%3DA&token=" + token, "", nil, 303, "/d/violations?unit=A", 1},
		{"GET", "/login?next=https://evil.example&token=" + token, "", nil, 303, "/", 1},
		{"GET", "/login?next=//evil.example/&token=" + token, "", nil, 303, "/", 1},
		{"GET", "/login?next=/%5Cevil.example/&token=" + token, "", nil, 303, "/", 1},
		{"GET", "/login?token=wrong", "", nil, 401, "", 0},
		{"GET", "/login?token=", "", nil, 401, "", 0},
		{"POST", "/login?next=/cases", "token=" + token, nil, 303, "/cases", 1},
		{"POST", "/login", "token=wrong", nil, 401, "", 0},
		{"POST", "/login?token=" + token, "token=wrong", nil, 401, "", 0},
		{"POST", "/login", "token=" + token, []string{"Sec-Fetch-Site", "cross-site"}, 403, "", 0},
		{"POST", "/logout", "a=b", []string{"Sec-Fetch-Site", "cross-site"}, 403, "", 0},
		{"POST", "/logout", "a=b", nil, 303, "/login", 1},
		{"GET", "/login/start", "", nil, 303, "/login", 0},
		{"GET", "/login/callback?code=x&state=y", "", nil, 401, "", 0},
	} {
		res := get(tc.method, tc.path, tc.form, tc.headers...)
		if res.StatusCode != tc.status || res.Header.Get("Location") != tc.to || len(res.Cookies()) != tc.cookies {
			t.Errorf("%s %s: %s to %q with %v", tc.method, tc.path, res.Status, res.Header.Get("Location"), res.Cookies())
		}
		if res.StatusCode < 300 || res.StatusCode == 401 {
			if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s %s: %v", tc.method, tc.path, res.Header)
			}
		}
	}
	req := request(t, http.MethodGet, base+"/login?token="+token, "")
	req.Host = "evil.example" // a page elsewhere whose name resolves to us
	res, err := stays.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMisdirectedRequest || len(res.Cookies()) > 0 {
		t.Errorf("by another name: %s %v", res.Status, res.Cookies())
	}
	for path, want := range map[string]string{"/login": "Logga in", "/login?lang=en": "Log in", "/login?lang=en&token=x": "That is not the token"} {
		status, _, body := send(t, request(t, http.MethodGet, base+path, ""))
		if !strings.Contains(string(body), want) || strings.Contains(string(body), "login.") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	// What the address says does not become part of the page's code.
	if _, _, body := send(t, request(t, http.MethodGet, base+`/login?lang=%22%3E%3Cscript%3E&next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E`, "")); strings.Contains(string(body), "<script") {
		t.Errorf("%s", body)
	}
	if !slices.Contains(boards.UIDs(), "violations") {
		t.Error("the tests above ask for a dashboard that there is not")
	}
}
