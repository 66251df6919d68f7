package collector

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/internal/pseudonym"
	"linesman/schema"
)

func now() time.Time { return time.Date(2026, 3, 20, 12, 0, 0, 123456789, time.UTC) }

func testConfig() Config {
	return Config{Key: pseudonym.New([]byte("a key for tests, 32 bytes long..")), Now: now}
}

// words is a format of one word per line: "call L1 7" is a call of line L1 with key 7, "bad x"
// a reject; other words do what they say.
type words struct{}

func (words) Name() string { return "words" }

func (words) Read(ctx context.Context, in ingest.Input, out ingest.Sink) (sum ingest.Summary, err error) {
	s := bufio.NewScanner(in.Body)
	row := uint64(0)
	for s.Scan() {
		row++
		f := strings.Fields(s.Text())
		sum.Read++
		switch f[0] {
		case "call", "data", "sms":
			n, _ := strconv.Atoi(f[2])
			err = out.Usage(&schema.Usage{EventID: schema.NewID("words", f[2]), Kind: f[0], LineID: f[1], OccurredAt: schema.Time(1000 * (n + 1)), FileRow: row})
		case "watch":
			err = out.Watch(&schema.Watch{EventID: schema.NewID("watch", f[1]), UnitID: f[1], Day: 20000, FileRow: row})
		case "unit":
			err = out.Unit(&schema.Unit{EventID: schema.NewID("unit", f[1]), UnitID: f[1], FileRow: row})
		case "bad":
			err = out.Reject(ingest.Reject{Row: row, Column: "word", Code: "bad_" + f[1], Reason: "a bad word", Raw: s.Bytes()})
		case "miscount":
			sum.Read++
		case "panic":
			panic("secret 8001019804")
		case "refuse":
			sum.Read--
			err = &ingest.FileError{File: in.Name, Row: row, Column: "word", Code: ingest.CodeColumns, Reason: "refused"}
		case "keyless":
			err = out.Usage(&schema.Usage{EventID: schema.NewID("x"), FileRow: row})
		}
		if err != nil {
			return sum, err
		}
	}
	return sum, s.Err()
}

func newCollector(t testing.TB, cfg Config, log Log) *Collector {
	t.Helper()
	c, err := New(cfg, log, map[string]ingest.Format{"words": words{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCollectIntoTheLog(t *testing.T) {
	log := openLog(t)
	c := newCollector(t, testConfig(), log)
	var body strings.Builder
	for i := range 12_000 {
		fmt.Fprintf(&body, "call L%d %d\n", i%50, i)
	}
	body.WriteString("data L1 20000\nsms L1 20001\nwatch U1\nunit U1\ncall L0 0\ncall L0 0\nbad luck\n")
	r, err := c.Collect(context.Background(), "words", "dir/words_198001019804.txt", strings.NewReader(body.String()), int64(body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if r.State != schema.FileDone || r.Read != 12_007 || r.Sent != 12_004 || r.Repeated != 2 || r.Rejected != 1 || r.Rejects["bad_luck"] != 1 {
		t.Errorf("report %s, rejects %v; want 12007 read, 12004 sent, 2 repeated, 1 rejected", r, r.Rejects)
	}
	if r.Name != "words_xxxxxxxxxxxx.txt" || r.Size != uint64(body.Len()) || r.FileID.IsZero() {
		t.Errorf("name %q size %d id %s", r.Name, r.Size, r.FileID)
	}
	calls, partitions := fetch(t, log, schema.TopicCalls)
	if len(calls) != 12_000 {
		t.Fatalf("%d calls in the log, want 12000", len(calls))
	}
	seen := map[schema.ID]bool{}
	last := map[string]schema.Time{}
	for i, rec := range calls {
		u := decode(t, schema.UsageTable(), rec)
		seen[u.EventID] = true
		if u.FileID != r.FileID || u.RecordedAt != schema.TimeOf(now()) || !rec.Time.Equal(now().Truncate(time.Millisecond)) {
			t.Fatalf("record %d: file %s recorded %s time %s", i, u.FileID, u.RecordedAt, rec.Time)
		}
		if string(rec.Key) != u.LineID || log.Partition(rec.Key, 2) != partitions[i] {
			t.Fatalf("record %d of line %s has key %q in partition %d", i, u.LineID, rec.Key, partitions[i])
		}
		if u.OccurredAt <= last[u.LineID] {
			t.Fatalf("record %d of line %s stands before an earlier one", i, u.LineID)
		}
		last[u.LineID] = u.OccurredAt
	}
	if len(seen) != 12_000 {
		t.Errorf("%d different events, want 12000", len(seen))
	}
	for topic, want := range map[string]int{schema.TopicData: 1, schema.TopicSMS: 1, schema.TopicWatches: 1, schema.TopicReference: 1, schema.TopicRejects: 1, schema.TopicFiles: 1} {
		if got, _ := fetch(t, log, topic); len(got) != want {
			t.Errorf("%s: %d records, want %d", topic, len(got), want)
		}
	}
	rejects, _ := fetch(t, log, schema.TopicRejects)
	j := decode(t, schema.RejectTable(), rejects[0])
	if j.Row != 12_007 || j.Code != "bad_luck" || j.Column != "word" || j.RowHash != testConfig().Key.Row([]byte("bad luck")) || bytes.Contains(rejects[0].Value, []byte("bad luck")) {
		t.Errorf("reject %+v: not the place, or not hashed", j)
	}
	files, _ := fetch(t, log, schema.TopicFiles)
	f := decode(t, schema.FileTable(), files[0])
	if f.FileID != r.FileID || f.Read != f.Sent+f.Rejected+f.Repeated || f.Read != 12_007 || f.State != "done" || f.FirstAt != 1000 || f.ContentID.IsZero() {
		t.Errorf("file report %+v", f)
	}
}

func TestSameFileTwice(t *testing.T) {
	log := openLog(t)
	c := newCollector(t, testConfig(), log)
	a, err := c.Collect(context.Background(), "words", "a", strings.NewReader("call L1 1\n"), 10)
	b, err2 := c.Collect(context.Background(), "words", "b", strings.NewReader("call L1 1\n"), -1)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if a.FileID == b.FileID || a.ContentID != b.ContentID || b.Sent != 1 {
		t.Errorf("first %s content %s, second %s content %s", a.FileID, a.ContentID, b.FileID, b.ContentID)
	}
}

func TestFailedFiles(t *testing.T) {
	cases := []struct {
		name, body, code, reason  string
		read, sent, wholeFileRows uint64
	}{
		{"refused after two rows", "call L1 1\nbad x\nrefuse\n", ingest.CodeColumns, "line 3: refused", 2, 1, 1},
		{"reader that miscounts", "call L1 1\nmiscount\n", ingest.CodeInternal, "counted 3 records but handed out 1", 1, 1, 1},
		{"reader that fails", "call L1 1\npanic\n", ingest.CodeInternal, "line 1: the reader failed after this line", 1, 1, 1},
		{"record without key", "keyless\n", ingest.CodeUnreadable, "without a key", 0, 0, 1},
		{"gzip cut short", gzipped("call L1 1\n" + strings.Repeat("call L2 2\n", 10))[:30], ingest.CodeArchive, "end too early: 30 bytes read", 0, 0, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			log := tap(t)
			r, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "f", strings.NewReader(c.body), int64(len(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			if !r.Failed() || r.Read != c.read && c.name != "gzip cut short" || r.Read != r.Sent+r.Rejected+r.Repeated || !strings.Contains(r.Error, strings.TrimPrefix(c.reason, "line 3: ")) && !strings.Contains(r.Error, "failed after this line") {
				t.Errorf("report %s", r)
			}
			if strings.Contains(fmt.Sprint(r), "9804") {
				t.Error("the report holds what the reader failed on")
			}
			var whole []schema.Reject
			for _, rec := range log.topic(t, schema.TopicRejects) {
				if j := decode(t, schema.RejectTable(), rec); j.Row == 0 {
					whole = append(whole, j)
				}
			}
			if len(whole) != 1 || whole[0].Code != c.code || !strings.Contains(whole[0].Reason, c.reason) {
				t.Errorf("rejects of the whole file %+v, want one of code %s: %s", whole, c.code, c.reason)
			}
			files := log.topic(t, schema.TopicFiles)
			if len(files) != 1 || decode(t, schema.FileTable(), files[0]).State != schema.FileFailed {
				t.Errorf("%d file reports, want one that failed", len(files))
			}
		})
	}
}

func TestRejectFloodIsBounded(t *testing.T) {
	log := tap(t)
	body := strings.Repeat("bad x\n", 25_000) + strings.Repeat("bad y\n", 5000)
	r, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "f", strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Rejected != 30_000 || r.Read != 30_000 || r.Rejects["bad_x"] != 25_000 || r.Rejects["bad_y"] != 5000 {
		t.Errorf("report %s %v", r, r.Rejects)
	}
	recs := log.topic(t, schema.TopicRejects)
	if len(recs) != 10_002 {
		t.Fatalf("%d reject records, want 10000 and one for each of two codes", len(recs))
	}
	x, y := decode(t, schema.RejectTable(), recs[10_000]), decode(t, schema.RejectTable(), recs[10_001])
	if x.Code != "bad_x" || x.Row != 10_001 || !strings.HasPrefix(x.Reason, "15000 more") || y.Code != "bad_y" || y.Row != 25_001 || !strings.HasPrefix(y.Reason, "5000 more") {
		t.Errorf("summaries %+v and %+v", x, y)
	}
}

func TestSeenIsBounded(t *testing.T) {
	cfg := testConfig()
	cfg.MaxSeen = 10
	var body strings.Builder
	for i := range 30 {
		fmt.Fprintf(&body, "call L1 %d\n", i)
	}
	body.WriteString("call L1 3\ncall L1 25\n")
	log := tap(t)
	r, err := newCollector(t, cfg, log).Collect(context.Background(), "words", "f", strings.NewReader(body.String()), 0)
	if err != nil {
		t.Fatal(err)
	}
	if r.Repeated != 1 || r.Sent != 31 || len(r.Notices) != 1 {
		t.Errorf("report %s; want 1 repeated, 31 sent and a notice", r)
	}
}

func TestLogErrorConcludesNothing(t *testing.T) {
	full := errors.New("the log is full")
	for _, topic := range []string{schema.TopicCalls, schema.TopicRejects, schema.TopicFiles} {
		t.Run(topic, func(t *testing.T) {
			log := tap(t)
			log.fail = map[string]error{topic: full}
			var body strings.Builder
			for i := range 40_000 {
				fmt.Fprintf(&body, "call L%d %d\nbad x\n", i%9, i)
			}
			_, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "f", strings.NewReader(body.String()), 0)
			var failed *ingest.LogError
			if !errors.Is(err, full) || !errors.As(err, &failed) {
				t.Fatalf("error %v, want %v", err, full)
			}
			if n := len(log.topic(t, schema.TopicFiles)); n != 0 {
				t.Errorf("%d file reports although the log failed", n)
			}
		})
	}
}

func TestReportComesLast(t *testing.T) {
	log := tap(t)
	body := strings.Repeat("call L1 1\ncall L2 2\nbad x\n", 3)
	if _, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "f", strings.NewReader(body), 0); err != nil {
		t.Fatal(err)
	}
	if last := log.order[len(log.order)-1]; last != schema.TopicFiles || len(log.order) < 3 {
		t.Errorf("the order was %v, want the file report last", log.order)
	}
}

func TestSourceErrorConcludesNothing(t *testing.T) {
	broken := errors.New("the connection broke")
	log := tap(t)
	body := io.MultiReader(strings.NewReader("call L1 1\n"), failingReader{broken})
	_, err := newCollector(t, testConfig(), log).Collect(context.Background(), "words", "f", body, 0)
	if !errors.Is(err, broken) || len(log.topic(t, schema.TopicFiles)) != 0 {
		t.Errorf("error %v with %d file reports, want %v and none", err, len(log.topic(t, schema.TopicFiles)), broken)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := newCollector(t, testConfig(), openLog(t)).Collect(ctx, "words", "f", strings.NewReader("call L1 1\n"), 0)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestDryRun(t *testing.T) {
	c := newCollector(t, testConfig(), nil)
	var shown []Shown
	r, err := c.DryRun(context.Background(), "words", "f", strings.NewReader("call L1 1\ncall L1 1\ncall L2 2\ncall L3 3\nbad x\nbad y\n"), 0, DryOptions{Records: 2, Rejects: 1}, func(s Shown) { shown = append(shown, s) })
	if err != nil || r.Read != 6 || r.Sent != 3 || r.Repeated != 1 || r.Rejected != 2 {
		t.Fatalf("report %s, error %v", r, err)
	}
	if len(shown) != 3 || shown[0].Record != "Usage" || shown[2].Reject == nil || shown[2].Reject.Raw != nil {
		t.Errorf("shown %+v, want two records and one reject without its row", shown)
	}
	if _, err := c.Collect(context.Background(), "words", "f", strings.NewReader(""), 0); err == nil {
		t.Error("collected without a log")
	}
}

func TestUnknownCollector(t *testing.T) {
	if _, err := newCollector(t, testConfig(), tap(t)).Collect(context.Background(), "pbx", "f", strings.NewReader(""), 0); err == nil {
		t.Error("collected with a collector that does not exist")
	}
}

func TestProgress(t *testing.T) {
	cfg := testConfig()
	var last Progress
	calls := 0
	cfg.Progress = func(p Progress) { last, calls = p, calls+1 }
	body := strings.Repeat("bad x\n", 10_000)
	if _, err := newCollector(t, cfg, tap(t)).Collect(context.Background(), "words", "f", strings.NewReader(body), int64(len(body))); err != nil {
		t.Fatal(err)
	}
	if last.Rows != 10_000 || last.Size != int64(len(body)) || last.Bytes != int64(len(body)) || calls != 3 {
		t.Errorf("%d calls, last %+v", calls, last)
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
