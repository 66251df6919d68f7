package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// seen is one request as the server got it.
type seen struct {
	method, path, query, body string
	header                    http.Header
}

// standIn is a server that records requests: what reaches the real one is told apart from what it
// makes of it. Tests with the real server are in real_test.go.
type standIn struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []seen
	answer http.HandlerFunc
}

func serve(t *testing.T, answer http.HandlerFunc) *standIn {
	s := &standIn{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		s.mu.Lock()
		s.seen = append(s.seen, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header.Clone()})
		s.mu.Unlock()
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// took returns the requests since the last call.
func (s *standIn) took() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.seen
	s.seen = nil
	return out
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client is gone when this fails
	}
}

// frameJSON is an answer of one query as the server writes it, with all that must survive.
func frameJSON(t *testing.T, ref string) string {
	t.Helper()
	cost := 12.5
	f := data.NewFrame("cost", data.NewField("cost", nil, []*float64{&cost, nil}).SetConfig(&data.FieldConfig{Unit: "kr", DisplayNameFromDS: "Kostnad",
		Links: []data.DataLink{{Title: "Underlag", URL: "/violations/${__value.raw}"}}}))
	f.RefID = ref
	f.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: data.FrameTypeVersion{0, 1}, ExecutedQueryString: "SELECT sum(cost)\n-- p1 = [\"a\"]",
		Notices: []data.Notice{{Severity: data.NoticeSeverityWarning, Text: "Bara de 1000 första raderna visas."}}}
	raw, err := json.Marshal(backend.QueryDataResponse{Responses: backend.Responses{ref: {Status: backend.StatusOK, Frames: data.Frames{f}}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestWhoAsks: whatever a browser sent along, only the identity that Grafana signed is passed on,
// with the kind of caller that Grafana's own context tells.
func TestWhoAsks(t *testing.T) {
	h := launch(t)
	s := serve(t, reply(200, frameJSON(t, "A")))
	forged := map[string]string{"FromAlert": "true", "http_FromAlert": "true", "X-Linesman-Caller": "scheduler", "http_X-Linesman-Caller": "scheduler", "Authorization": "Bearer stolen",
		"http_Authorization": "Bearer stolen", "Cookie": "grafana_session=1", "http_Cookie": "grafana_session=1", "X-Id-Token": "id", "http_X-Forwarded-User": "bo", "http_X-Webauth-User": "bo", "http_X-Linesman-Proxy-Key": "k"}
	plus := func(more map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range []map[string]string{forged, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	called := &backend.User{Login: schedulerLogin, Name: "Some Body", Email: "some@example.se", Role: "Admin"}
	for name, c := range map[string]struct {
		user        *backend.User
		headers     map[string]string
		kind, token string
	}{
		"a user":                              {anna(), token("anna.signed"), "user", "anna.signed"},
		"a user with forged headers":          {anna(), plus(token("anna.signed")), "user", "anna.signed"},
		"another user":                        {bo(), token("bo.signed"), "user", "bo.signed"},
		"a service account":                   {robot(), token("robot.signed"), "user", "robot.signed"},
		"an expired token":                    {anna(), token("expired"), "user", "expired"}, // the server judges it
		"the scheduler":                       {scheduler(), nil, "scheduler", ""},
		"the scheduler with a token":          {scheduler(), token("x.signed"), "user", "x.signed"},
		"a user called as the scheduler":      {called, nil, "service", ""},
		"a public dashboard":                  {public(), nil, "service", ""},
		"a public dashboard, forged":          {public(), forged, "service", ""},
		"a user without a token":              {bo(), nil, "service", ""},
		"a user without a token, forged":      {bo(), forged, "service", ""},
		"nobody":                              {nil, forged, "service", ""},
		"a token written otherwise":           {anna(), map[string]string{"http_x-grafana-id": "anna.signed"}, "user", "anna.signed"},
		"the same token twice":                {anna(), map[string]string{"http_X-Grafana-Id": "anna.signed", "X-Grafana-Id": "anna.signed"}, "user", "anna.signed"},
		"two tokens":                          {anna(), map[string]string{"http_X-Grafana-Id": "anna.signed", "http_x-grafana-id": "bo.signed"}, "", ""},
		"a token that would be two headers":   {anna(), token("a\r\nX-Linesman-Caller: scheduler"), "", ""},
		"a token beside one without its mark": {anna(), map[string]string{"http_X-Grafana-Id": "anna.signed", "X-Grafana-Id": "bo.signed"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.ask(from(c.user, s.URL), c.headers, query("A", `{"metric":"cost","lang":"sv"}`))["A"]
			reqs := s.took()
			if c.kind == "" {
				if len(reqs) != 0 || got.Status != backend.StatusForbidden || got.Error == nil {
					t.Errorf("%d requests, answer %v %v", len(reqs), got.Status, got.Error)
				}
				return
			}
			if got.Error != nil || len(reqs) != 1 {
				t.Fatalf("answer %v, %d requests", got.Error, len(reqs))
			}
			r := reqs[0]
			want := http.Header{"Authorization": {"Bearer " + pluginKey}, "X-Linesman-Caller": {c.kind}, "Content-Type": {"application/json"}, "User-Agent": {ID}, "Accept-Encoding": {"gzip"}}
			if c.token != "" {
				want["X-Grafana-Id"] = []string{c.token}
			}
			for name, values := range r.header {
				if name != "Content-Length" && !slices.Equal(values, want[name]) {
					t.Errorf("header %s: %q, want %q", name, values, want[name])
				}
			}
			for name := range want {
				if r.header[name] == nil {
					t.Errorf("header %s is missing", name)
				}
			}
			if strings.Contains(r.body+r.query, "anna") || strings.Contains(r.body, "Admin") {
				t.Errorf("a name or a role travels in %s %s", r.query, r.body)
			}
			// The same holds for lists of options and streams.
			many := map[string][]string{}
			for name, v := range c.headers {
				many[strings.TrimPrefix(name, "http_")] = []string{v}
			}
			h.resource(from(c.user, s.URL), "GET", "options/units?lang=sv", many)
			h.subscribe(from(c.user, s.URL), "violations/SE0001-E", c.headers)
			for _, r := range s.took() {
				if r.header.Get("X-Linesman-Caller") != c.kind || r.header.Get("X-Grafana-Id") != c.token || r.header.Get("Authorization") != "Bearer "+pluginKey || r.header.Get("Cookie") != "" || r.header.Get("Fromalert") != "" {
					t.Errorf("%s %s has the headers %v", r.method, r.path, r.header)
				}
			}
		})
	}
	for _, name := range []string{"Anna", "Andersson", "anna@", "Bo Berg", "signed", pluginKey} {
		if strings.Contains(h.log.String(), name) {
			t.Errorf("the program logged %q", name)
		}
	}
	if !strings.Contains(h.log.String(), "Plugin Request Completed") {
		t.Error("the program logged nothing, so this test says nothing about names")
	}
}

// TestAnswerSurvives: notices, the statement, units, links and missing values reach Grafana.
func TestAnswerSurvives(t *testing.T) {
	h := launch(t)
	s := serve(t, reply(200, frameJSON(t, "A")))
	got := h.ask(from(anna(), s.URL, "lang", "en"), token("t"), query("A", `{"refId":"Z","metric":"cost","filters":[{"field":"unit","values":["a"]}]}`), query("B", `{"metric":"cost"}`))
	f := got["A"].Frames[0]
	if got["A"].Error != nil || f.RefID != "A" || f.Rows() != 2 || f.Fields[0].Config.Unit != "kr" || f.Fields[0].Config.DisplayNameFromDS != "Kostnad" || f.Fields[0].Config.Links[0].URL != "/d/violation-evidence?var-violation=${__value.raw}" ||
		f.Meta.ExecutedQueryString != "SELECT sum(cost)\n-- p1 = [\"a\"]" || len(f.Meta.Notices) != 1 || f.Meta.Notices[0].Severity != data.NoticeSeverityWarning || f.Meta.Type != data.FrameTypeTable {
		t.Errorf("answer %+v, meta %+v", f, f.Meta)
	}
	if v, ok := f.Fields[0].ConcreteAt(0); !ok || v != 12.5 {
		t.Errorf("value %v", v)
	}
	if _, ok := f.Fields[0].ConcreteAt(1); ok {
		t.Error("a missing value became one")
	}
	if got["B"].Error == nil || got["B"].Status != backend.StatusBadGateway {
		t.Errorf("a query without an answer gave %v", got["B"])
	}
	reqs := s.took()
	if len(reqs) != 1 {
		t.Fatalf("%d requests for one dashboard", len(reqs))
	}
	var body struct {
		From, To string
		Queries  []map[string]any
	}
	if err := json.Unmarshal([]byte(reqs[0].body), &body); err != nil {
		t.Fatal(err)
	}
	if body.From != "1767225600000" || body.To != "1774915200000" || len(body.Queries) != 2 || body.Queries[0]["refId"] != "A" || body.Queries[1]["refId"] != "B" || body.Queries[0]["lang"] != "en" {
		t.Errorf("asked %s", reqs[0].body)
	}
}

// TestBatches: queries with other time ranges, and more than the server takes at once, are asked
// in requests of their own.
func TestBatches(t *testing.T) {
	h := launch(t)
	s := serve(t, reply(200, `{"results":{}}`))
	var queries []backend.DataQuery
	for i := range 30 {
		queries = append(queries, query(fmt.Sprintf("Q%d", i), `{"metric":"cost"}`))
	}
	queries[3].TimeRange.To = queries[3].TimeRange.To.Add(time.Hour)
	queries = append(queries, query("bad", `["metric"]`))
	got := h.ask(from(anna(), s.URL), token("t"), queries...)
	if len(got) != 31 || got["bad"].Status != backend.StatusBadRequest {
		t.Errorf("%d answers, %v", len(got), got["bad"])
	}
	var sizes []int
	for _, r := range s.took() {
		sizes = append(sizes, strings.Count(r.body, `"metric"`))
	}
	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{1, 3, 26}) {
		t.Errorf("requests with %v queries", sizes)
	}
}

// TestServerSaysNo: errors keep the server's words and status, per query or for all of them.
func TestServerSaysNo(t *testing.T) {
	h := launch(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status backend.Status
		words  string
	}{
		"one query":     {reply(200, `{"results":{"A":{"error":"metric cost: bad query: no field \"untt\"; did you mean \"unit\"?","errorSource":"","status":400}}}`), 400, `did you mean "unit"?`},
		"outside":       {reply(200, `{"results":{"A":{"error":"no access to what the query asks for","errorSource":"","status":403}}}`), 403, "no access"},
		"nobody":        {reply(401, `{"error":"nobody is logged in","login":"token"}`), 401, "nobody is logged in"},
		"no rights":     {reply(403, `{"error":"no access was granted to this login"}`), 403, "no access was granted"},
		"try again":     {reply(503, `{"error":"the read could not be recorded, so it is not answered"}`), 503, "could not be recorded"},
		"other host":    {reply(421, `{"error":"the console is not known by this host name"}`), 421, "host name"},
		"moved":         {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, 502, "redirection"},
		"a page":        {reply(200, `<!doctype html><title>Welcome</title>`), 502, "not as Linesman"},
		"another error": {reply(500, `<h1>nginx</h1>`), 502, "status 500"},
		"nothing":       {reply(200, ``), 502, "not as Linesman"},
		"null":          {reply(200, `null`), 502, "not as Linesman"},
		"other JSON":    {reply(200, `{"data":[1,2]}`), 502, "not as Linesman"},
		"no results":    {reply(200, `{}`), 502, "not as Linesman"},
		"half":          {reply(200, `{"results":{"A":{"status":200,"frames":[{"schema":{"fields":[{"name":"a"`), 502, "not as Linesman"},
		"odd columns":   {reply(200, `{"results":{"A":{"status":200,"frames":[{"schema":{"fields":[{"name":"a","type":"number","typeInfo":{"frame":"float64"}},{"name":"b","type":"number","typeInfo":{"frame":"float64"}}]},"data":{"values":[[1,2],[1]]}}]}}}`), 502, ""},
		"too much": {func(w http.ResponseWriter, _ *http.Request) {
			chunk := strings.Repeat("x", 1<<20)
			for range maxAnswer>>20 + 1 {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}, 413, "more than 32 MB"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"results":`) // the client is gone when this fails
		}, 502, "was lost"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.answer)
			got := h.ask(from(anna(), s.URL), token("t"), query("A", `{"metric":"cost"}`))["A"]
			if got.Error == nil || got.Status != c.status || !strings.Contains(got.Error.Error(), c.words) {
				t.Errorf("status %d, %v; want %d, %q", got.Status, got.Error, c.status, c.words)
			}
			if got.ErrorSource != backend.ErrorSourceDownstream {
				t.Errorf("source %q", got.ErrorSource)
			}
			if len(s.took()) != 1 {
				t.Error("it was asked more than once")
			}
		})
	}
}

// TestSlowServer: a server that says nothing is given up after the time that was set.
func TestSlowServer(t *testing.T) {
	h := launch(t)
	gone := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); gone <- struct{}{} })
	got := h.ask(with(anna(), `{"url":"`+s.URL+`","timeout":1}`, pluginKey), token("t"), query("A", `{"metric":"cost"}`))["A"]
	if got.Status != backend.StatusTimeout && got.Status != 504 || got.Error == nil || !strings.Contains(got.Error.Error(), "in time") {
		t.Errorf("status %d, %v", got.Status, got.Error)
	}
	<-gone // and the server is told
}

func TestResources(t *testing.T) {
	h := launch(t)
	s := serve(t, reply(200, `[{"text":"Akut","value":"a"}]`))
	pc := from(anna(), s.URL, "lang", "sv")
	if status, body := h.resource(pc, "GET", "options/units?month=2026-03", map[string][]string{"X-Grafana-Id": {"t"}}); status != 200 || body != `[{"text":"Akut","value":"a"}]` {
		t.Errorf("units: %d %s", status, body)
	}
	if r := s.took(); len(r) != 1 || r[0].method != "GET" || r[0].path != "/api/datasources/uid/linesman/resources/options/units" || r[0].query != "lang=sv&month=2026-03" {
		t.Errorf("asked %+v", r)
	}
	for _, c := range []struct {
		method, url string
		status      int
	}{
		{"GET", "options", 404}, {"GET", "options/", 404}, {"GET", "options/units/x", 404}, {"GET", "options/..", 404}, {"GET", "../../../files", 404}, {"GET", "options/units%2f..", 404}, {"GET", "violations/1", 404},
		{"GET", "", 404}, {"POST", "options/units", 405}, {"DELETE", "catalogue", 405}, {"GET", "options/units?" + strings.Repeat("a", maxQuery+1), 400},
	} {
		if status, body := h.resource(pc, c.method, c.url, map[string][]string{"X-Grafana-Id": {"t"}}); status != c.status || !strings.Contains(body, `"error"`) {
			t.Errorf("%s %.40s: %d %s, want %d", c.method, c.url, status, body, c.status)
		}
	}
	if r := s.took(); len(r) != 0 {
		t.Errorf("the server was asked %+v", r)
	}
	s.answer = reply(200, `<html>`)
	if status, _ := h.resource(pc, "GET", "catalogue", nil); status != 502 {
		t.Errorf("rubbish gave %d", status)
	}
	s.answer = reply(403, `{"error":"no access was granted to this login"}`)
	if status, body := h.resource(pc, "GET", "catalogue", nil); status != 403 || !strings.Contains(body, "no access was granted") {
		t.Errorf("a refusal gave %d %s", status, body)
	}
}

// TestHealthNamesTheHop breaks each hop from Grafana to the store.
func TestHealthNamesTheHop(t *testing.T) {
	h := launch(t)
	fine := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/health" {
			reply(200, `{"version":"1.2.3","healthy":true,"lag":3,"hops":[{"name":"store","ok":true,"detail":""}],"lastEventAt":null}`)(w, r)
			return
		}
		switch r.Header.Get("X-Grafana-Id") {
		case "anna":
			reply(200, `[]`)(w, r)
		case "bo":
			reply(403, `{"error":"no access was granted to this login"}`)(w, r)
		default:
			reply(401, `{"error":"the login is not one of ours, or no longer valid"}`)(w, r)
		}
	}
	at := func(h http.HandlerFunc) string { return serve(t, h).URL }
	health := func(status int, body string) string { return at(reply(status, body)) }
	shut := httptest.NewServer(nil)
	shut.Close()
	tls := httptest.NewTLSServer(http.HandlerFunc(fine))
	t.Cleanup(tls.Close)
	good := at(fine)
	for name, c := range map[string]struct {
		settings, key, token string
		ok                   bool
		words                string
	}{
		"fine":                  {good, pluginKey, "anna", true, "Linesman 1.2.3 answers and is healthy; 3 records wait"},
		"without rights":        {good, pluginKey, "bo", true, "You yourself have no rights"},
		"no address":            {"", pluginKey, "anna", false, "settings: the address of Linesman is missing"},
		"a file":                {"file:///etc/passwd", pluginKey, "anna", false, "settings: the address"},
		"a password in it":      {"http://u:hemligt@localhost", pluginKey, "anna", false, "settings: the address"},
		"no key":                {good, "", "anna", false, "settings: the key"},
		"a key of two lines":    {good, "a\nb", "anna", false, "settings: the key"},
		"nobody listens":        {shut.URL, pluginKey, "anna", false, "address: Linesman cannot be reached: nothing listens"},
		"no such host":          {"http://linesman.invalid", pluginKey, "anna", false, "address: Linesman cannot be reached"},
		"certificate":           {tls.URL, pluginKey, "anna", false, "address: Linesman cannot be reached: the certificate"},
		"no TLS there":          {strings.Replace(good, "http:", "https:", 1), pluginKey, "anna", false, "does not speak TLS"},
		"another program":       {health(404, `404 page not found`), pluginKey, "anna", false, "address: the address answers with status 404"},
		"a login page":          {at(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }), pluginKey, "anna", false, "redirection"},
		"a page":                {health(200, `<html>`), pluginKey, "anna", false, "address: it answers, but not as Linesman"},
		"key refused":           {health(401, `{"error":"the login is not one of ours, or no longer valid"}`), "wrong", "anna", false, "key: Linesman refuses the key"},
		"unknown host name":     {health(421, `{"error":"the console is not known by this host name; add it to the configuration"}`), pluginKey, "anna", false, "not known by this host name"},
		"store":                 {health(503, `{"version":"1.2.3","healthy":false,"lag":0,"hops":[{"name":"log","ok":true,"detail":""},{"name":"store","ok":false,"detail":"does not answer"}]}`), pluginKey, "anna", false, "broken at: store (does not answer)"},
		"log lag":               {health(200, `{"version":"1.2.3","healthy":true,"lag":90000,"hops":[{"name":"log to store","ok":false,"detail":"90000 records wait"}]}`), pluginKey, "anna", false, "log to store (90000 records wait)"},
		"unhealthy":             {health(503, `{"version":"1.2.3","healthy":false,"lag":0,"hops":[]}`), pluginKey, "anna", false, "linesman doctor"},
		"no forwarded identity": {good, pluginKey, "", false, "identity: Grafana does not say who asks"},
		"a foreign token":       {good, pluginKey, "foreign", false, "identity: Linesman does not accept who Grafana says you are"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := token(c.token)
			if c.token == "" {
				headers = nil
			}
			raw, err := json.Marshal(map[string]string{"url": c.settings})
			if err != nil {
				t.Fatal(err)
			}
			pc := with(anna(), string(raw), c.key)
			pc.DataSourceInstanceSettings.UID = name // a data source of its own
			ok, message := h.health(pc, headers)
			if ok != c.ok || !strings.Contains(message, c.words) {
				t.Errorf("%t %q; want %t %q", ok, message, c.ok, c.words)
			}
			if strings.Contains(message, "hemligt") {
				t.Errorf("the message repeats a password: %s", message)
			}
			if !c.ok && strings.HasPrefix(c.words, "settings") {
				got := h.ask(pc, headers, query("A", `{"metric":"cost"}`))["A"]
				if got.Error == nil || got.Status != backend.StatusBadRequest || !strings.Contains(got.Error.Error(), "settings") {
					t.Errorf("a query gave %d %v", got.Status, got.Error)
				}
			}
		})
	}
}

// TestStream: the server is asked each time whether somebody may listen; what it then sends goes
// to all, and after a lost connection from where it was.
func TestStream(t *testing.T) {
	h := launch(t)
	event := func(n int) string {
		return fmt.Sprintf("id: %d\ndata: {\"at\":\"2026-04-01T00:01:00Z\",\"id\":\"%032x\",\"rule\":\"premium-call\",\"title\":\"Betalsamtal\",\"severity\":\"high\",\"unit\":\"SE0001-E\",\"line\":\"L1\"}\n\n", n, n)
	}
	var mu sync.Mutex
	connections := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Grafana-Id") {
		case "anna":
		case "expired":
			reply(401, `{"error":"no longer valid"}`)(w, r)
			return
		default:
			reply(403, `{"error":"no access"}`)(w, r)
			return
		}
		if r.Method == http.MethodHead {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		mu.Lock()
		connections++
		n := connections
		mu.Unlock()
		switch n {
		case 1: // two events, then the connection is lost
			_, _ = io.WriteString(w, "id: 6\n\n: here\n\n"+event(7)+event(8))
		case 2:
			_, _ = io.WriteString(w, "id: "+r.URL.Query().Get("after")+"\n\n"+event(9))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	pc := from(anna(), s.URL)
	for _, c := range []struct {
		path, token string
		want        pluginv2.SubscribeStreamResponse_Status
	}{
		{"violations/SE0001-E", "bo", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED}, {"violations/SE0001-E", "expired", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED},
		{"violations/SE0001-E", "", pluginv2.SubscribeStreamResponse_PERMISSION_DENIED}, {"violations/", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"violations", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND},
		{"violations/a/b", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"violations/..", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"violations/=2E=2E", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND},
		{"violations/a=2Fb", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"violations/=0Ax", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"calls/SE0001-E", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND},
		{"violations/=C3=85 x", "anna", pluginv2.SubscribeStreamResponse_NOT_FOUND}, {"violations/V=C3=A5rd", "anna", pluginv2.SubscribeStreamResponse_OK},
	} {
		if got := h.subscribe(pc, c.path, token(c.token)); got != c.want {
			t.Errorf("%s with %q: %s, want %s", c.path, c.token, got, c.want)
		}
	}
	if r := s.took(); r[len(r)-1].path != "/api/live/violations/V%C3%A5rd" {
		t.Errorf("asked for %s", r[len(r)-1].path)
	}
	if _, err := h.run(pc, "violations/SE0001-E")(); err == nil {
		t.Error("a stream runs that nobody was let into")
	}
	if len(s.took()) != 0 {
		t.Error("the server was asked without anybody whom it had let in")
	}
	if got := h.subscribe(pc, "violations/SE0001-E", token("anna")); got != pluginv2.SubscribeStreamResponse_OK {
		t.Fatalf("subscribing: %s", got)
	}
	recv := h.run(pc, "violations/SE0001-E")
	for n := 7; n <= 9; n++ {
		packet, err := recv()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(packet, fmt.Sprintf("%032x", n)) || !strings.Contains(packet, `"Betalsamtal"`) || strings.Contains(packet, "L1") {
			t.Errorf("packet %d is %s", n, packet)
		}
	}
	var after []string
	for _, r := range s.took() {
		if r.method == http.MethodGet {
			after = append(after, r.query)
		}
	}
	if !slices.Equal(after, []string{"", "after=8"}) {
		t.Errorf("the connections asked for %q", after)
	}
	res, err := h.stream.PublishStream(t.Context(), &pluginv2.PublishStreamRequest{PluginContext: backend.ToProto().PluginContext(pc), Path: "violations/SE0001-E", Data: []byte(`{}`)})
	if err != nil || res.Status != pluginv2.PublishStreamResponse_PERMISSION_DENIED {
		t.Errorf("publishing gave %v, %v", res, err)
	}
}
