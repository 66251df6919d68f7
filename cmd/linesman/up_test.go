package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/internal/node"
	"linesman/processors/verify"
	"linesman/schema"
)

// sums is what may not change when nothing new was delivered.
const sums = "SELECT count(), sum(duration_s), sum(cost), sum(charged), uniqExact(event_id) FROM usage"

// TestUp lives through a day of one running linesman.
func TestUp(t *testing.T) {
	data := filepath.Join(t.TempDir(), "D")
	i := startUp(t, data)
	if !strings.HasPrefix(i.url, "http://127.0.0.1:") || i.url == i.link {
		t.Errorf("ready at %q", i.link)
	}
	for _, step := range []struct {
		name string
		run  func(*testing.T, *instance)
	}{
		{"files dropped", dropped}, {"the same again", sameAgain}, {"collect talks to it", collectRunning}, {"status", statusRunning},
		{"bad input", badInput}, {"rebuild while files arrive", rebuildRunning}, {"a second one", second},
		{"nobody without the token", withoutToken},
	} {
		t.Run(step.name, func(t *testing.T) { step.run(t, i) })
	}
	i.stop()
	if _, err := os.Stat(filepath.Join(data, "pid")); !os.IsNotExist(err) {
		t.Errorf("the file with the process id is still there: %v", err)
	}
}

// withoutToken asks as somebody who has not opened the link, and as who has a wrong one. The token stands in
// a file that its owner alone may read.
func withoutToken(t *testing.T, i *instance) {
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/login": 200, "/metrics": 200, "/api/me": 401, "/api/dashboards": 401, "/api/files": 401, "/api/cases": 401, "/login?token=wrong": 401} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := (&http.Client{}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s gave %s to nobody, want %d", path, res.Status, want)
		}
	}
	info, err := os.Stat(filepath.Join(i.data, "console.token"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v %v", info, err)
	}
	if token := strings.TrimSpace(string(read(t, filepath.Join(i.data, "console.token")))); !strings.HasSuffix(i.link, "?token="+token) {
		t.Error("the link does not have the token of the file")
	}
	if strings.Contains(i.errs.String(), "token=") {
		t.Error("the log has the token")
	}
}

func dropped(t *testing.T, i *instance) {
	at := drop(t, i.data, "cucm", older, read(t, "testdata/"+older))
	t.Logf("dropped → queryable: %d ms", eventually(t, i.data, "SELECT count() FROM usage", "10").Sub(at).Milliseconds())
	at = drop(t, i.data, "cucm", newer, read(t, "testdata/"+newer))
	t.Logf("dropped → queryable: %d ms", eventually(t, i.data, "SELECT count() FROM usage", "17").Sub(at).Milliseconds())
	t.Logf("dropped → flagged: %d ms", eventually(t, i.data, "SELECT count() FROM violations_current WHERE rule = 'premium-call' AND change = 'opened'", "1").Sub(at).Milliseconds())
	wants(t, i.data, "SELECT countIf(forwarded), countIf(forwarded AND answered), countIf(NOT answered), countIf(startsWith(device, 'jabber')), countIf(direction = 'internal'), sum(duration_s) FROM usage",
		"3\t2\t4\t5\t2\t1380")
	wants(t, i.data, "SELECT evidence_total, length(evidence), subject_id = (SELECT line_id FROM usage WHERE other_class = 'premium') FROM violations_current", "1\t1\t1")
	putAway(t, i.data)
	for _, name := range []string{older, newer} {
		var rep ingest.Report
		if err := json.Unmarshal(read(t, filepath.Join(i.data, "done", "cucm", name+".report.json")), &rep); err != nil {
			t.Fatal(err)
		}
		if rep.Name != name || rep.State != "done" || rep.Read != rep.Sent || rep.Rejected+rep.Repeated != 0 {
			t.Errorf("report of %s: %s", name, rep)
		}
		if got, want := string(read(t, filepath.Join(i.data, "done", "cucm", name))), string(read(t, "testdata/"+name)); got != want {
			t.Errorf("%s is not what was dropped", name)
		}
	}
	if n := handled(i.data); n != 2 {
		t.Errorf("%d files were put away, 2 were dropped", n)
	}
	settled(t, i.data)
}

// putAway waits until the inboxes are empty and every file that left them has its report:
// rows show in the store before that.
func putAway(t *testing.T, data string) {
	t.Helper()
	var left, reports []string
	await(t, func() string {
		return fmt.Sprintf("the inboxes have %q, %d files have %d reports", left, handled(data), len(reports))
	}, func() bool {
		reports = nil
		left, _ = filepath.Glob(filepath.Join(data, "inbox", "*", "[^.]*"))
		for _, kind := range []string{"done", "failed"} {
			more, _ := filepath.Glob(filepath.Join(data, kind, "*", "[^.]*.report.json"))
			reports = append(reports, more...)
		}
		return len(left) == 0 && len(reports) == handled(data)
	})
}

// settled verifies, which also waits for roll-ups and rules.
func settled(t *testing.T, data string) verify.Report {
	t.Helper()
	var rep verify.Report
	r := linesman(t, "verify", "--data", data, "--json")
	if err := json.Unmarshal([]byte(r.out), &rep); err != nil || r.code != 0 || !rep.OK {
		t.Errorf("verify ended with %d (%v):\n%s\n%s", r.code, err, r.out, r.err)
	}
	for _, f := range rep.Files {
		if f.State != "interrupted" && f.Read != f.Accepted+f.Duplicate+f.Rejected {
			t.Errorf("%s: read %d, accepted %d, duplicate %d, rejected %d", f.Name, f.Read, f.Accepted, f.Duplicate, f.Rejected)
		}
	}
	for _, p := range rep.Partitions {
		if p.Behind > 0 && p.Topic != schema.TopicSeals { // the program seals whenever it has time
			t.Errorf("%s/%d: %d records were not compared", p.Topic, p.Partition, p.Behind)
		}
	}
	return rep
}

func sameAgain(t *testing.T, i *instance) {
	before, violations := query(t, i.data, sums), query(t, i.data, "SELECT count() FROM violations")
	content := read(t, "testdata/"+older)
	drop(t, i.data, "cucm", older, content)                                             // the same file
	drop(t, i.data, "cucm", "cdr_StandAloneCluster_01_202603140846_3", content)         // the same under another name
	drop(t, i.data, "cucm", older+".gz", gzipped(t, content))                           // packed
	lines := strings.SplitAfter(string(content), "\n")                                  // its second half, with two calls twice
	half := strings.Join(append(append(lines[:1:1], lines[7:]...), lines[8:10]...), "") // lines[1] are the types
	drop(t, i.data, "cucm", "cdr_StandAloneCluster_01_202603140847_4", []byte(half))
	eventually(t, i.data, "SELECT count() FROM files", "6")
	eventually(t, i.data, "SELECT sum(duplicate) FROM files", "37")
	wants(t, i.data, sums, before)
	wants(t, i.data, "SELECT count() FROM violations", violations)
	wants(t, i.data, "SELECT countIf(duplicate = 10 AND accepted = 0), countIf(duplicate = 7 AND read = 7 AND repeated = 2) FROM files", "3\t1")
	putAway(t, i.data)
	if _, err := os.Stat(filepath.Join(i.data, "done", "cucm", older+".2.report.json")); err != nil {
		t.Errorf("the report of the second delivery: %v", err)
	}
	settled(t, i.data)
}

func collectRunning(t *testing.T, i *instance) {
	before := query(t, i.data, sums)
	var reports []ingest.Report
	succeedJSON(t, &reports, "collect", "--data", i.data, "cucm", "testdata/"+older, "testdata/"+newer)
	if len(reports) != 2 || reports[0].Read != 10 || reports[1].Read != 7 {
		t.Fatalf("reports %v", reports)
	}
	// Whoever collects may ask at once: no waiting here.
	wants(t, i.data, sums, before)
	wants(t, i.data, fmt.Sprintf("SELECT accepted, duplicate FROM files WHERE lower(hex(file_id)) = '%s'", reports[0].File), "0\t10")
	l := newLayout(t)
	path := write(t, filepath.Join(t.TempDir(), "new.csv"), l.file(calls("running", 4)...))
	out := succeed(t, "collect", "--data", i.data, "cucm", path)
	if !strings.Contains(out, "new.csv: done: 4 read, 4 sent, 0 rejected, 0 repeated") {
		t.Errorf("collect said %q", out)
	}
	wants(t, i.data, "SELECT count() FROM usage", "21")
	// A file that is not there is an error, and no reason to leave out its neighbour.
	fails(t, []string{"opening the file", "nowhere"}, "collect", "--data", i.data, "cucm", "testdata/nowhere", path)
	wants(t, i.data, "SELECT count() FROM files WHERE name = 'new.csv'", "2")
	fails(t, []string{`no collector "cucmm"`, "cucm, itemised, melior, contacts, reference"}, "collect", "--data", i.data, "cucmm", path)
}

func statusRunning(t *testing.T, i *instance) {
	var s node.Status
	await(t, func() string { return fmt.Sprintf("%+v", s) }, func() bool { // a status is served again for two seconds
		succeedJSON(t, &s, "status", "--data", i.data)
		return s.Rows == 21
	})
	if !s.Healthy || s.Violations != 1 || s.FilesFailed != 0 || s.Lag != 0 || len(s.Hops) != 5 {
		t.Errorf("%+v", s)
	}
	if out := succeed(t, "status", "--data", i.data); !strings.Contains(out, "21 usage rows, 1 violation,") || strings.Contains(out, "FAIL") {
		t.Errorf("status said\n%s", out)
	}
}

func rebuildRunning(t *testing.T, i *instance) {
	l := newLayout(t)
	before := query(t, i.data, "SELECT count() FROM usage")
	rebuilt, arrived := make(chan struct{}), make(chan int)
	go func() { // files arrive before, during and after the rebuilds
		for n := 0; ; n++ {
			drop(t, i.data, "cucm", fmt.Sprintf("cdr_StandAloneCluster_01_202603141000_%d", 1000+n), l.file(calls(fmt.Sprint("arriving", n), 200)...))
			select {
			case <-rebuilt:
				arrived <- n + 1
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	for range 3 {
		var res node.Rebuilt
		succeedJSON(t, &res, "rebuild", "--data", i.data)
		if len(res.Changed) > 0 || len(res.Before) < 10 || len(res.After) != len(res.Before) || res.Events != 0 {
			t.Errorf("a rebuild changed %v and found %d violation events; before %v, after %v", res.Changed, res.Events, res.Before, res.After)
		}
	}
	close(rebuilt)
	files := <-arrived
	t.Logf("%d files arrived during three rebuilds", files)
	var n int
	if _, err := fmt.Sscan(before, &n); err != nil {
		t.Fatal(err)
	}
	eventually(t, i.data, "SELECT count() FROM usage", fmt.Sprint(n+files*200))
	settled(t, i.data)
	if out := succeed(t, "rebuild", "--data", i.data); !strings.Contains(out, "every table has the content it had") {
		t.Errorf("rebuild said %q", out)
	}
}

func second(t *testing.T, i *instance) {
	fails(t, []string{"in use", fmt.Sprintf("process %d", i.cmd.Process.Pid), "--data"}, "up", "--data", i.data, "--listen", "127.0.0.1:0")
	fails(t, []string{"is running on this data directory"}, "demo", "--size", "small", "--data", i.data)
}
