package collector_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"linesman/ingest"
	"linesman/ingest/collector"
	"linesman/ingest/contacts"
	"linesman/ingest/cucm"
	"linesman/ingest/invoice"
	"linesman/ingest/itemised"
	"linesman/ingest/melior"
	"linesman/ingest/reference"
	"linesman/ingest/unpack"
	"linesman/internal/broker"
	"linesman/internal/demo"
	"linesman/internal/pseudonym"
	"linesman/schema"
	"linesman/schema/phone"
)

func formats(t testing.TB, key *pseudonym.Key) map[string]ingest.Format {
	t.Helper()
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := phone.New("SE", phone.Exchange)
	if err != nil {
		t.Fatal(err)
	}
	calls, err := cucm.New(cucm.Config{}, key, numbers)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reference.New(key, numbers, zone)
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := itemised.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	items, err := itemised.New(itemised.Config{Profiles: profiles, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	invoices, err := invoice.New(invoice.Config{Key: key, Detail: items})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]ingest.Format{invoice.Name: invoices, cucm.Name: calls, melior.Name: melior.New(zone), contacts.Name: contacts.New(zone), reference.Name: ref, items.Name(): items}
}

func openBroker(t testing.TB, cfg broker.Config) *broker.Broker {
	t.Helper()
	cfg.Dir = t.TempDir()
	b, err := broker.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	var specs []broker.TopicSpec
	for _, tp := range schema.Topics() {
		specs = append(specs, broker.TopicSpec{Name: tp.Name, Partitions: tp.Partitions})
	}
	if err := b.EnsureTopics(context.Background(), specs); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRegion collects a made-up region and holds every file's report to what was planted.
func TestRegion(t *testing.T) {
	dir := t.TempDir()
	truth, err := demo.Generate(context.Background(), demo.Config{Dir: dir, Size: demo.Small, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	key := pseudonym.New([]byte("a key for tests, 32 bytes long.."))
	log := openBroker(t, broker.Config{NoSync: true})
	c, err := collector.New(collector.Config{Key: key}, log, formats(t, key), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, f := range truth.FailedFiles {
		refused[f.File] = true
	}
	var reports, sent uint64
	for _, f := range truth.Files {
		r, err := c.CollectFile(context.Background(), f.Collector, filepath.Join(dir, f.Collector, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		reports += uint64(max(1, len(r.Members)))
		sent += r.Sent
		bad := refused[f.Name] || refused[f.Collector+"/"+f.Name]
		if bad != r.Failed() {
			t.Errorf("%s", r)
			continue
		}
		if !bad && (r.Read != uint64(f.Rows) || r.Rejected != uint64(f.Rejected) || r.Sent+r.Repeated != uint64(f.Accepted+f.Duplicate)) {
			t.Errorf("%s; planted %d rows, %d accepted, %d duplicate, %d rejected", r, f.Rows, f.Accepted, f.Duplicate, f.Rejected)
		}
		if strings.Contains(r.String(), "ignored") {
			t.Errorf("%s", r)
		}
	}
	var inLog uint64
	for _, tp := range schema.Topics() {
		for p := range tp.Partitions {
			_, next, err := log.Offsets(context.Background(), tp.Name, p)
			if err != nil {
				t.Fatal(err)
			}
			switch tp.Name {
			case schema.TopicFiles:
				if uint64(next) != reports {
					t.Errorf("%d file reports in the log, want %d", next, reports)
				}
			case schema.TopicRejects:
			default:
				inLog += uint64(next)
			}
		}
	}
	checkForwarding(t, log, key, truth)
	if inLog != sent || sent == 0 {
		t.Errorf("%d records in the log, the reports say %d", inLog, sent)
	}
}

// checkForwarding counts what the rule about forwarding counts, from the log, and compares it
// with what was planted.
func checkForwarding(t *testing.T, log *broker.Broker, key *pseudonym.Key, truth demo.Truth) {
	t.Helper()
	zone, err := time.LoadLocation(truth.Zone)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{} // line and month
	seen := map[schema.ID]bool{}
	decoder := schema.NewDecoder(schema.UsageTable())
	for p := range 2 {
		_, next, err := log.Offsets(context.Background(), schema.TopicCalls, p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := log.NewReader(context.Background(), schema.TopicCalls, p, 0)
		if err != nil {
			t.Fatal(err)
		}
		for r.Position() < next {
			recs, err := r.Fetch(context.Background(), 10_000, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range recs {
				var u schema.Usage
				if err := decoder.Decode(rec.Value, &u); err != nil {
					t.Fatal(err)
				}
				if !seen[u.EventID] && u.Forwarded && u.Answered && strings.Contains(string(rec.Value), phone.Mobile) {
					got[string(rec.Key)+u.OccurredAt.UTC().In(zone).Format(" 2006-01")]++
				}
				seen[u.EventID] = true
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	checked := 0
	for _, e := range append(truth.Violations, truth.NearMisses...) {
		if e.Rule != demo.RuleForwarding || e.Extension == "" || e.Count == 0 {
			continue
		}
		checked++
		if n := got[key.Line(e.Extension)+" "+e.Month]; n != e.Count {
			t.Errorf("%s in %s (%s): %d forwarded calls, planted %d", e.Kind, e.Month, e.Note, n, e.Count)
		}
	}
	if checked == 0 {
		t.Error("nothing about forwarding was planted")
	}
}

// BenchmarkCollect measures a file of CUCM records from disk to acknowledged records, with
// every batch flushed to disk.
func BenchmarkCollect(b *testing.B) {
	dir := b.TempDir()
	truth, err := demo.Generate(context.Background(), demo.Config{Dir: dir, Size: demo.Small, Seed: 7})
	if err != nil {
		b.Fatal(err)
	}
	path, rows := bigFile(b, dir, truth)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	key := pseudonym.New([]byte("a key for tests, 32 bytes long.."))
	c, err := collector.New(collector.Config{Key: key}, openBroker(b, broker.Config{}), formats(b, key), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	var sent uint64
	before := cpu(b)
	for b.Loop() {
		r, err := c.CollectFile(context.Background(), "cucm", path)
		if err != nil || r.Failed() || r.Read != rows {
			b.Fatalf("%s, error %v", r, err)
		}
		sent = r.Sent
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(info.Size())/float64(rows), "bytes/row")
	b.ReportMetric(float64(sent), "sent/file")
	b.ReportMetric(float64(cpu(b)-before)/float64(rows)/float64(b.N), "cpu-ns/row") // all cores; holds on a busy machine too
}

// cpu is the time that this process has had of all cores.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func unpacked(b *testing.B, path string) (content []byte) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := unpack.Each(filepath.Base(path), f, 0, unpack.Limits{}, func(m *unpack.File) error {
		content, err = io.ReadAll(m)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return content
}

// bigFile joins the region's CUCM files of the wider layout into one, several times
// over with other keys.
func bigFile(b *testing.B, dir string, truth demo.Truth) (path string, rows uint64) {
	b.Helper()
	var header string
	var lines []string
	for _, f := range truth.Files {
		if f.Collector != "cucm" || f.Rejected > 0 {
			continue
		}
		body := unpacked(b, filepath.Join(dir, f.Collector, f.Name))
		all := strings.SplitAfter(string(body), "\n")
		if header == "" {
			header = all[0]
		}
		if all[0] != header {
			continue
		}
		for _, l := range all[1:] {
			if strings.Contains(l, "-") && !strings.HasPrefix(l, "INTEGER") {
				lines = append(lines, l)
			}
		}
	}
	if len(lines) == 0 {
		b.Fatal("the region has no plain call records")
	}
	out, err := os.Create(filepath.Join(b.TempDir(), "cdr_StandAloneCluster_01_202603140815_17"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	if _, err := out.WriteString(header); err != nil {
		b.Fatal(err)
	}
	pkid := regexp.MustCompile(`"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"`)
	w := bufio.NewWriter(out)
	for round := 0; rows < 300_000; round++ {
		for _, l := range lines {
			at := pkid.FindStringIndex(l)
			if at == nil {
				b.Fatal("a row without pkid")
			}
			fmt.Fprintf(w, "%s%08x%s", l[:at[0]+1], round, l[at[0]+9:])
			rows++
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return out.Name(), rows
}
