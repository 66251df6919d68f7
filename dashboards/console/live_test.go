package console

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/query"
	"linesman/dashboards/query/querytest"
)

// stream reads server-sent events line by line.
func stream(t *testing.T, url string) *bufio.Scanner {
	t.Helper()
	req := request(t, http.MethodGet, url, "")
	ctx, cancel := context.WithTimeout(req.Context(), time.Minute) // a test that waits for nothing fails
	t.Cleanup(cancel)
	res, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("GET %s: status %d, %s", url, res.StatusCode, res.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(res.Body)
}

// next reads the next line that begins with a field, and its value.
func next(t *testing.T, lines *bufio.Scanner, field string) string {
	t.Helper()
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), field+": "); ok {
			return value
		}
	}
	t.Fatalf("the stream ended without %s: %v", field, lines.Err())
	return ""
}

// find copies the seeded violation of the surgery unit to an offset, as if it had been found now.
func find(t *testing.T, conn driver.Conn, offset int, unit, change string, candidate bool) {
	t.Helper()
	if err := conn.Exec(t.Context(), fmt.Sprintf(`INSERT INTO violations SELECT * REPLACE (unhex('%032x') AS event_id, unhex('%032x') AS violation_id, '%s' AS change, '%s' AS unit_id, %t AS candidate, %d AS log_offset)
FROM (SELECT * FROM violations WHERE log_offset = 3)`, offset, offset, change, unit, candidate, offset)); err != nil {
		t.Fatal(err)
	}
}

func TestLive(t *testing.T) {
	conn := querytest.Open(t)
	healthy := true
	base := start(t, conn, Deps{Status: func(context.Context) Status {
		return Status{Healthy: healthy, Lag: 7, Hops: []Hop{{"store", healthy, "does not answer"}}}
	}})
	url := base + "/api/live/violations/" + querytest.Surgery

	if status, _, body := send(t, request(t, http.MethodHead, url, "")); status != http.StatusOK || len(body) > 0 {
		t.Errorf("HEAD gave %d, %q", status, body)
	}
	lines := stream(t, url+"?lang=en")
	if id := next(t, lines, "id"); id != "6" {
		t.Fatalf("the stream begins after violation %s, want 6", id)
	}
	find(t, conn, 7, querytest.Surgery, "opened", false)
	find(t, conn, 8, querytest.Surgery, "retracted", false)
	find(t, conn, 9, querytest.Surgery, "opened", true) // a suspicion
	find(t, conn, 10, querytest.Emergency, "opened", false)
	find(t, conn, 11, querytest.Surgery, "opened", false)
	want := func(lines *bufio.Scanner, offset int) {
		t.Helper()
		if id := next(t, lines, "id"); id != fmt.Sprint(offset) {
			t.Errorf("event %s, want %d", id, offset)
		}
		data := next(t, lines, "data")
		if !strings.Contains(data, fmt.Sprintf(`"id":"%032x"`, offset)) || !strings.Contains(data, `"severity":"medium"`) || !strings.Contains(data, `"unit":"`+querytest.Surgery+`"`) || !strings.Contains(data, `"title":"Many or costly forwarded calls to mobiles"`) {
			t.Errorf("event %d is %s", offset, data)
		}
		if strings.Contains(data, querytest.LineID(1)) {
			t.Errorf("event %d names a line: %s", offset, data)
		}
	}
	want(lines, 7)
	want(lines, 11)
	again := stream(t, url+"?lang=en&after=7")
	if id := next(t, again, "id"); id != "7" {
		t.Errorf("the stream goes on after %s, want 7", id)
	}
	want(again, 11)
	find(t, conn, 12, querytest.Surgery, "opened", false)
	want(lines, 12)
	want(again, 12)

	var failed failure
	get(t, url+"?after=now", 400, &failed)

	var h struct {
		Version string
		Healthy bool
		Lag     uint64
		Hops    []Hop
	}
	get(t, base+"/api/health", 200, &h)
	if !h.Healthy || h.Version != "1.2.3" || h.Lag != 7 {
		t.Errorf("health %+v", h)
	}
	healthy = false
	get(t, base+"/api/health", 503, &h)
	if h.Healthy || len(h.Hops) != 1 || h.Hops[0].OK {
		t.Errorf("health %+v", h)
	}
	var c query.Choices
	get(t, base+"/api/datasources/uid/linesman/resources/catalogue?lang=sv", 200, &c)
	i := slices.IndexFunc(c.Metrics, func(m query.MetricChoice) bool { return m.Value == "cost" })
	if i < 0 || !slices.Contains(c.Metrics[i].Group, "unit") || !slices.Contains(c.Metrics[i].Compare, "budget_percent") || c.Metrics[i].Text != "Kostnad" {
		t.Errorf("the catalogue has %+v", c.Metrics)
	}
}

func TestSeesUnit(t *testing.T) {
	for _, c := range []struct {
		scope query.Scope
		unit  string
		want  bool
	}{
		{query.Everything(), "a", true}, {query.Everything(), "", false}, {query.Scope{}, "a", false},
		{query.Scope{Figures: true, Units: []string{"a", "b"}}, "b", true}, {query.Scope{Figures: true, Units: []string{"a", "b"}}, "c", false},
		{query.Scope{All: true, AccessLog: true}, "a", false}, {query.Scope{Units: []string{"a"}}, "a", false}, // without figures
	} {
		if got := seesUnit(c.scope, c.unit); got != c.want {
			t.Errorf("scope %+v, unit %q: %t", c.scope, c.unit, got)
		}
	}
}

// TestSlowListener is dropped, so that it asks again, and the others hear everything.
func TestSlowListener(t *testing.T) {
	f := newFeed(nil, nil)
	slow, quick := &listener{unit: "a", ch: make(chan opened, 2)}, &listener{unit: "a", ch: make(chan opened, 8)}
	f.listeners[slow], f.listeners[quick] = true, true
	f.tell(t.Context(), []opened{{Offset: 1, Unit: "a"}, {Offset: 2, Unit: "b"}, {Offset: 3, Unit: "a"}, {Offset: 4, Unit: "a"}})
	if len(quick.ch) != 3 || f.listeners[slow] || !f.listeners[quick] || f.last != 4 {
		t.Errorf("%d events, listeners %v, last %d", len(quick.ch), f.listeners, f.last)
	}
	var heard []uint64
	for v := range slow.ch { // closed
		heard = append(heard, v.Offset)
	}
	if !slices.Equal(heard, []uint64{1, 3}) {
		t.Errorf("the slow one heard %v", heard)
	}
}

// TestStreamsEndWithTheConsole: a console that waited for its streams would not end.
func TestStreamsEndWithTheConsole(t *testing.T) {
	store := querytest.Open(t)
	s, err := New(Config{Listen: "127.0.0.1:0"}, store, Deps{Gate: tokenGate(t, store)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	enter(t, "http://"+s.Addr())
	lines := stream(t, "http://"+s.Addr()+"/api/live/violations/"+querytest.Surgery)
	next(t, lines, "id")
	began := time.Now()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the console ended with %v", err)
	}
	if took := time.Since(began); took >= closeTimeout {
		t.Errorf("it took %s", took)
	}
	for lines.Scan() {
	}
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if s.feed.stop != nil {
		t.Error("the store is still looked at")
	}
}
