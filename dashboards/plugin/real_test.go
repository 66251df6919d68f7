package plugin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/go-jose/go-jose/v4"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"linesman/dashboards/access"
	"linesman/dashboards/boards"
	"linesman/dashboards/console"
	"linesman/dashboards/query/querytest"
	"linesman/schema"
)

// grafana signs tokens as a Grafana server does, and publishes the key that they are checked with.
type grafana struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	base string
}

const rootURL = "https://grafana.example.se/"

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newGrafana(t *testing.T) *grafana {
	t.Helper()
	g := &grafana{t: t, key: newKey(t)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/signing-keys/keys" {
			http.NotFound(w, r)
			return
		}
		raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: g.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
		if err != nil {
			t.Errorf("writing the keys: %v", err)
		}
		_, _ = w.Write(raw) // the client is gone when this fails
	}))
	t.Cleanup(s.Close)
	g.base = s.URL
	return g
}

// today is the day of the tests, in the months that are seeded.
func today() time.Time { return time.Date(2026, 4, 10, 12, 0, 0, 0, time.UTC) }

// sign makes a token: of a user, or of a service account when the subject says so. Changes are
// pairs of a claim and its value.
func (g *grafana) sign(key *ecdsa.PrivateKey, login string, changes ...any) map[string]string {
	g.t.Helper()
	claims := map[string]any{"iss": rootURL, "aud": []string{"org:1"}, "sub": "user:u-" + login, "type": "user", "username": login, "email": login + "@example.se", "displayName": "Name of " + login,
		"iat": today().Add(-time.Minute).Unix(), "exp": today().Add(9 * time.Minute).Unix(), "role": "Admin"}
	for i := 0; i < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": "one", jose.HeaderType: "jwt"}})
	if err != nil {
		g.t.Fatal(err)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		g.t.Fatal(err)
	}
	sig, err := s.Sign(raw)
	if err != nil {
		g.t.Fatal(err)
	}
	text, err := sig.CompactSerialize()
	if err != nil {
		g.t.Fatal(err)
	}
	return token(text)
}

// reads collects what the server put into the access log.
type reads struct {
	mu  sync.Mutex
	all []schema.AccessRead
}

func (r *reads) record(_ context.Context, read schema.AccessRead) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, read)
	return nil
}

// of lists the metrics that somebody read, and was refused with a bang.
func (r *reads) of(who string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, read := range r.all {
		if read.Who == who {
			out = append(out, map[bool]string{true: "!"}[read.Outcome == schema.AccessDenied]+read.Way+":"+read.What)
		}
	}
	return strings.Join(out, " ")
}

// grant states a role of a login, whose pseudonym is P and the login in these tests.
func grant(t *testing.T, conn driver.Conn, login, role, unit string) {
	t.Helper()
	to := "1970-01-01"
	if role == schema.RolePersonLevel {
		to = "2026-06-01"
	}
	if err := conn.Exec(t.Context(), fmt.Sprintf(`INSERT INTO access_grants (grant_id, who, role, unit_id, purpose, approver, valid_from, valid_to) VALUES ('g-%s-%s', 'P%s', '%s', '%s', 'case 1', 'Pboss', '2026-01-01', '%s')`, login, role, login, role, unit, to)); err != nil {
		t.Fatal(err)
	}
}

// linesman starts the real server over the real store, let in by Grafana alone.
func linesman(t *testing.T, conn driver.Conn, g *grafana, log *reads) string {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	directory, err := access.NewDirectory(conn, logger)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := access.New(access.Config{Login: access.LoginGrafana, Grafana: access.Grafana{URL: g.base, Issuer: rootURL, Audience: "org:1", Key: pluginKey}},
		access.Deps{Rights: directory, Pseudonym: func(login string) string { return "P" + schema.Login(login) }, Log: logger, Now: today})
	if err != nil {
		t.Fatal(err)
	}
	status := func(context.Context) console.Status {
		return console.Status{Healthy: true, Hops: []console.Hop{{Name: "store", OK: true}}}
	}
	s, err := console.New(console.Config{Listen: "127.0.0.1:0", Version: "1.2.3"}, conn, console.Deps{Gate: gate, Record: log.record, Status: status, Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return "http://" + s.Addr()
}

// costOf is the cost of a unit, of the store itself.
func costOf(t *testing.T, conn driver.Conn, unit string) float64 {
	t.Helper()
	var sum float64
	if err := conn.QueryRow(t.Context(), fmt.Sprintf("SELECT toFloat64(sum(cost)) FROM usage WHERE unit_id = '%s'", unit)).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestWhoSeesWhat asks the real server through the program, as everybody who may reach a data source.
func TestWhoSeesWhat(t *testing.T) {
	conn, g, log := querytest.Open(t), newGrafana(t), &reads{}
	grant(t, conn, "anna", schema.RoleUnitManager, querytest.Emergency)
	grant(t, conn, "bo", schema.RoleFinance, "")
	grant(t, conn, "carl", schema.RoleUnitManager, querytest.Surgery)
	grant(t, conn, "carl", schema.RolePersonLevel, querytest.Surgery)
	grant(t, conn, "dpo", schema.RoleDataProtectionOfficer, "")
	grant(t, conn, "service-account:s1", schema.RoleUnitManager, querytest.Surgery)
	grant(t, conn, "grafana_scheduler", schema.RoleFinance, "")
	h, url := launch(t), linesman(t, conn, g, log)

	expired := g.sign(g.key, "anna", "iat", today().Add(-time.Hour).Unix(), "exp", today().Add(-time.Minute).Unix())
	forged := map[string]string{"FromAlert": "true", "http_FromAlert": "true", "http_X-Linesman-Caller": "scheduler", "http_Authorization": "Bearer " + pluginKey, "http_X-Grafana-User": "bo"}
	annaForged := g.sign(g.key, "anna")
	for k, v := range forged {
		annaForged[k] = v
	}
	one, two := querytest.Emergency, querytest.Surgery
	for name, c := range map[string]struct {
		user    *backend.User
		headers map[string]string
		units   []string       // whose cost they see
		status  backend.Status // else
		lines   bool           // and rows of single lines
	}{
		"user A":                             {user: anna(), headers: g.sign(g.key, "anna"), units: []string{one}},
		"user A, in capitals":                {user: anna(), headers: g.sign(g.key, "ANNA"), units: []string{one}},
		"user A with forged headers":         {user: anna(), headers: annaForged, units: []string{one}},
		"user A with the context of B":       {user: bo(), headers: g.sign(g.key, "anna"), units: []string{one}},
		"user A with that of the scheduler":  {user: scheduler(), headers: g.sign(g.key, "anna"), units: []string{one}},
		"user B":                             {user: bo(), headers: g.sign(g.key, "bo"), units: []string{one, two}},
		"a case":                             {user: anna(), headers: g.sign(g.key, "carl"), units: []string{two}, lines: true},
		"who follows up reads":               {user: bo(), headers: g.sign(g.key, "dpo"), status: 403},
		"nobody's grant":                     {user: bo(), headers: g.sign(g.key, "erik"), status: 403},
		"a service account":                  {user: robot(), headers: g.sign(g.key, "sa-1-reports", "sub", "service-account:s1", "type", "service-account"), units: []string{two}},
		"another service account":            {user: robot(), headers: g.sign(g.key, "sa-1-reports", "sub", "service-account:s2", "type", "service-account"), status: 403},
		"the scheduler":                      {user: scheduler(), units: []string{one, two}},
		"a user called as the scheduler":     {user: &backend.User{Login: schedulerLogin, Name: "X", Role: "Admin"}, status: 401},
		"a token for the scheduler's name":   {user: scheduler(), headers: g.sign(g.key, schedulerLogin), status: 401},
		"a public dashboard":                 {user: public(), status: 401},
		"a public dashboard, forged":         {user: public(), headers: forged, status: 401},
		"an administrator without a token":   {user: bo(), headers: forged, status: 401},
		"nobody":                             {status: 401},
		"an expired token":                   {user: anna(), headers: expired, status: 401},
		"a token of another Grafana":         {user: anna(), headers: g.sign(newKey(t), "anna"), status: 401},
		"a token of another organisation":    {user: anna(), headers: g.sign(g.key, "anna", "aud", []string{"org:2"}), status: 401},
		"a token of another issuer":          {user: anna(), headers: g.sign(g.key, "anna", "iss", "https://other.example.se/"), status: 401},
		"a token that is none":               {user: anna(), headers: token("a.b.c"), status: 401},
		"a token that says administrator":    {user: anna(), headers: g.sign(g.key, "erik", "role", "Admin", "groups", []string{"finance"}), status: 403},
		"the token of an anonymous visitor":  {user: public(), headers: g.sign(g.key, "", "sub", "anonymous:0", "type", "anonymous"), status: 401},
		"two tokens, one of somebody else's": {user: anna(), headers: map[string]string{"http_X-Grafana-Id": g.sign(g.key, "anna")["http_X-Grafana-Id"], "X-Grafana-Id": g.sign(g.key, "bo")["http_X-Grafana-Id"]}, status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.ask(from(c.user, url), c.headers, query("A", `{"metric":"cost","groupBy":["unit"],"format":"table"}`), query("L", `{"metric":"lines_top"}`))
			a, l := got["A"], got["L"]
			if c.status != 0 {
				if a.Status != c.status || a.Error == nil || len(a.Frames) > 0 || l.Status != c.status || len(l.Frames) > 0 {
					t.Errorf("status %d %v and %d %v; want %d", a.Status, a.Error, l.Status, l.Error, c.status)
				}
				return
			}
			if a.Error != nil || a.Frames[0].Rows() != len(c.units) || !strings.Contains(a.Frames[0].Meta.ExecutedQueryString, "SELECT") {
				t.Fatalf("answer %v, %v", a.Error, a.Frames)
			}
			want := 0.0
			for _, u := range c.units {
				want += costOf(t, conn, u)
			}
			sum := 0.0
			for i := range a.Frames[0].Rows() {
				v, ok := a.Frames[0].Fields[1].ConcreteAt(i)
				if !ok {
					t.Fatal("a cost is missing")
				}
				sum += v.(float64)
			}
			if diff := sum - want; diff > 0.001 || diff < -0.001 {
				t.Errorf("cost %f, want %f", sum, want)
			}
			if c.lines != (l.Error == nil && l.Frames[0].Rows() > 0) || !c.lines && (l.Status != 403 || len(l.Frames) > 0) {
				t.Errorf("lines: %d %v", l.Status, l.Error)
			}
		})
	}
	if got := log.of("Pcarl"); got != "grafana:lines_top" {
		t.Errorf("reads of the case: %s", got)
	}
	if got := log.of("Pgrafana_scheduler"); strings.Contains(strings.ReplaceAll(got, "!", " "), " alert:cost") || strings.Contains(got, "grafana:") {
		t.Errorf("reads of the scheduler: %s", got)
	}
	if wrong := h.ask(with(anna(), `{"url":"`+url+`"}`, "another-key"), g.sign(g.key, "anna"), query("A", `{"metric":"cost"}`))["A"]; wrong.Status != 401 {
		t.Errorf("another key gave %d %v", wrong.Status, wrong.Error)
	}
}

// TestRest: options, the catalogue, annotations, health and streams of the real server.
func TestRest(t *testing.T) {
	conn, g, log := querytest.Open(t), newGrafana(t), &reads{}
	grant(t, conn, "anna", schema.RoleUnitManager, querytest.Surgery)
	h, url := launch(t), linesman(t, conn, g, log)
	pc, annas := from(anna(), url, "lang", "sv"), g.sign(g.key, "anna")
	tokens := map[string][]string{"X-Grafana-Id": {annas["http_X-Grafana-Id"]}}

	if status, body := h.resource(pc, "GET", "options/units", tokens); status != 200 || body != `[{"text":"Kirurgkliniken","value":"SE0001-S"}]` {
		t.Errorf("units: %d %s", status, body)
	}
	if status, _ := h.resource(pc, "GET", "options/units", nil); status != 401 {
		t.Errorf("units for nobody: %d", status)
	}
	if status, body := h.resource(pc, "GET", "catalogue", tokens); status != 200 || !strings.Contains(body, `"violations_open"`) || !strings.Contains(body, "Kostnad") {
		t.Errorf("catalogue: %d %.100s", status, body)
	}
	got := h.ask(pc, annas, query("N", `{"metric":"annotations"}`), query("S", `{"metric":"violations_high","format":"stat"}`), query("T", `{"metric":"cost","groupBy":["unit"],"format":"timeseries"}`), query("X", `{"metric":"costs"}`))
	if f := got["N"]; f.Error != nil || f.Frames[0].Fields[0].Name != "time" || f.Frames[0].Fields[1].Name != "text" {
		t.Errorf("annotations: %+v", f)
	}
	if f := got["S"]; f.Error != nil || f.Frames[0].Rows() != 1 {
		t.Errorf("a number: %+v", f)
	}
	if f := got["T"]; f.Error != nil || f.Frames[0].Rows() != 3 || f.Frames[0].Fields[1].Labels["unit"] == "" && len(f.Frames[0].Fields) != 2 {
		t.Errorf("a series: %+v", f)
	}
	if f := got["X"]; f.Status != 400 || !strings.Contains(f.Error.Error(), `did you mean "cost"?`) {
		t.Errorf("a wrong metric: %d %v", f.Status, f.Error)
	}
	if ok, message := h.health(pc, annas); !ok || !strings.Contains(message, "Linesman 1.2.3 answers and is healthy") {
		t.Errorf("health: %s", message)
	}
	if ok, message := h.health(pc, g.sign(g.key, "erik")); !ok || !strings.Contains(message, "no rights") {
		t.Errorf("health of who has no rights: %s", message)
	}
	if ok, message := h.health(pc, g.sign(newKey(t), "anna")); ok || !strings.HasPrefix(message, "identity: Linesman does not accept") {
		t.Errorf("health with a foreign token: %s", message)
	}
	if ok, message := h.health(with(anna(), `{"url":"`+url+`"}`, "another-key"), annas); ok || !strings.HasPrefix(message, "key: ") {
		t.Errorf("health with another key: %s", message)
	}
	mine := "violations/" + querytest.Surgery
	for _, c := range []struct {
		user    *backend.User
		path    string
		headers map[string]string
		want    pluginv2.SubscribeStreamResponse_Status
	}{
		{anna(), "violations/" + querytest.Emergency, annas, pluginv2.SubscribeStreamResponse_PERMISSION_DENIED}, {public(), mine, nil, pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{bo(), mine, g.sign(g.key, "bo"), pluginv2.SubscribeStreamResponse_PERMISSION_DENIED}, {scheduler(), mine, nil, pluginv2.SubscribeStreamResponse_PERMISSION_DENIED}, {anna(), mine, annas, pluginv2.SubscribeStreamResponse_OK},
	} {
		if got := h.subscribe(from(c.user, url, "lang", "sv"), c.path, c.headers); got != c.want {
			t.Errorf("%s listening to %s: %s, want %s", c.user.Login, c.path, got, c.want)
		}
	}
	recv := h.run(pc, mine)
	// Violations are found again and again until the stream has begun to listen: it tells of those after.
	go func() {
		for n := 7; t.Context().Err() == nil; n++ {
			if err := conn.Exec(t.Context(), fmt.Sprintf(`INSERT INTO violations SELECT * REPLACE (unhex('%032x') AS event_id, unhex('%032x') AS violation_id, '%s' AS unit_id, %d AS log_offset)
FROM (SELECT * FROM violations WHERE log_offset = 3)`, n, n, querytest.Surgery, n)); err != nil {
				return // the test is over
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	packet, err := recv()
	if err != nil || !strings.Contains(packet, `"excessive-forwarding"`) || !strings.Contains(packet, querytest.Surgery) || strings.Contains(packet, querytest.LineID(1)) {
		t.Errorf("packet %s, %v", packet, err)
	}
	if !slices.Contains(boards.UIDs(), "violation-evidence") {
		t.Error("links of violations lead to no dashboard")
	}
	if boards.DatasourceType != ID || boards.DatasourceUID != "linesman" {
		t.Error("the dashboards are for another data source")
	}
}
