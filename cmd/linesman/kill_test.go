package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"linesman/internal/demo"
	"linesman/internal/node"
)

// outcome is what two runs over the same files must agree on.
type outcome struct{ usage, daily, lines, watches, reference, violations, rejects string }

func outcomeOf(t *testing.T, data string) outcome {
	t.Helper()
	return outcome{
		usage:      query(t, data, "SELECT kind, count(), uniqExact(event_id), sum(duration_s), sum(volume_bytes), sum(messages), sum(cost), sum(charged), sum(rated) FROM usage GROUP BY 1 ORDER BY 1"),
		daily:      query(t, data, "SELECT count(), sum(events), sum(cost), groupBitXor(sipHash64(*)) FROM usage_daily"),
		lines:      query(t, data, "SELECT count(), sum(events), sum(cost), groupBitXor(sipHash64(*)) FROM usage_line_daily"),
		watches:    query(t, data, "SELECT count(), sum(open), sum(created), sum(closed) FROM watches_current"),
		reference:  query(t, data, "SELECT (SELECT count() FROM lines), (SELECT count() FROM units), (SELECT count() FROM prices), (SELECT count() FROM approvals), (SELECT count() FROM goals), (SELECT count() FROM access_grants)"),
		violations: query(t, data, "SELECT rule, subject_id, window_from, evidence_total, cost, severity FROM violations_current WHERE change != 'retracted' ORDER BY ALL"),
		// A file that was collected twice has its rejects twice, under two file ids.
		rejects: query(t, data, "SELECT DISTINCT f.name, r.row, r.`column`, r.code FROM rejects r JOIN file_reports f ON f.file_id = r.file_id ORDER BY ALL"),
	}
}

// handled counts the files that have left the inbox.
func handled(data string) int {
	n := 0
	for _, kind := range []string{"done", "failed"} {
		paths, _ := filepath.Glob(filepath.Join(data, kind, "*", "[^.]*"))
		for _, p := range paths {
			if !strings.HasSuffix(p, ".report.json") {
				n++
			}
		}
	}
	return n
}

// feed puts a region's files into the inboxes of some collectors.
func feed(t *testing.T, region, data string, collectors ...string) (files int) {
	t.Helper()
	for _, collector := range collectors {
		entries, err := os.ReadDir(filepath.Join(region, collector))
		if err != nil {
			t.Fatal(err)
		}
		inbox := filepath.Join(data, "inbox", collector)
		if err := os.MkdirAll(inbox, 0o750); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			write(t, filepath.Join(inbox, e.Name()), read(t, filepath.Join(region, collector, e.Name())))
			files++
		}
	}
	return files
}

func emptied(t *testing.T, i *instance, files int) {
	t.Helper()
	await(t, func() string { return fmt.Sprintf("%d of %d files are handled\n%s", handled(i.data), files, i.errs) }, func() bool {
		left, _ := filepath.Glob(filepath.Join(i.data, "inbox", "*", "*"))
		return len(left) == 0 && handled(i.data) >= files
	})
}

// calmRun makes the small region, has one instance that nobody disturbs collect it, and says
// what came of it and where its data are.
func calmRun(t *testing.T) (region, calm string, want outcome) {
	t.Helper()
	region = t.TempDir()
	if _, err := demo.Generate(t.Context(), demo.Config{Dir: region, Size: demo.Small, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	calm = filepath.Join(t.TempDir(), "D")
	files := feed(t, region, calm, node.Collectors()...)
	i := startUp(t, calm)
	emptied(t, i, files)
	settled(t, calm)
	want = outcomeOf(t, calm)
	i.stop()
	return region, calm, want
}

func TestKilledAgainAndAgain(t *testing.T) {
	region, calm, want := calmRun(t)
	if len(strings.Split(want.violations, "\n")) < 5 || !strings.Contains(want.usage, "call") {
		t.Fatalf("the calm run found %+v", want)
	}

	data := filepath.Join(t.TempDir(), "D")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(data, "pseudonym.key"), read(t, filepath.Join(calm, "pseudonym.key"))) // the same pseudonyms
	i := launch(t, data)
	killed := map[bool]int{}
	files := handled(calm)
	facts := feed(t, region, data, "cucm", "itemised", "melior", "contacts", "invoices")
	i = killing(t, i, killed, []kill{
		{logged: "the store's engine is ready"}, // while the tables are made
		{files: 3},
		{engine: true, files: facts / 8},
		{files: facts / 4},
		{engine: true, files: facts / 3},
		{files: facts / 2},
		{engine: true, files: facts * 3 / 4},
		{files: facts - 1}, // while roll-ups and rules are behind
	})
	emptied(t, i, facts)
	// Only now comes who the lines belong to: every row moves.
	if n := feed(t, region, data, "reference"); facts+n != files || n < 5 {
		t.Fatalf("%d files, %d of them reference data", files, n)
	}
	i = killing(t, i, killed, []kill{
		{engine: true, files: facts + 1, logged: "the console is ready"},
		{files: facts + 3},
		{engine: true, files: facts + 4, logged: "the console is ready"},
		{files: files},
		{engine: true, logged: "the console is ready"},
	})
	t.Logf("killed: the whole program %d times, its engine %d times", killed[false], killed[true])
	emptied(t, i, files)
	rep := settled(t, data)
	var duplicate uint64
	for _, f := range rep.Files {
		duplicate += f.Duplicate
	}
	t.Logf("%d reports, %d records came again", len(rep.Files), duplicate)
	if got := outcomeOf(t, data); got != want {
		t.Errorf("with kills:\n%+v\nwithout:\n%+v", got, want)
	}
	if got := query(t, data, "SELECT count() - uniqExact(violation_id) FROM violations_current"); got != "0" {
		t.Errorf("%s violations stand twice", got)
	}
	const told = "SELECT uniqExact(event_id) FROM violations"
	events := query(t, data, told)
	i = killedInRebuild(t, i)
	settled(t, data)
	wants(t, data, told, events) // nothing was judged before all of it was there
	if got := outcomeOf(t, data); got != want {
		t.Errorf("killed during a rebuild:\n%+v\nwithout kills:\n%+v", got, want)
	}
	succeed(t, "rebuild", "--data", data)
	if got := outcomeOf(t, data); got != want {
		t.Errorf("rebuilt after kills:\n%+v\nwithout kills:\n%+v", got, want)
	}
	i.stop()
}

// killedInRebuild kills everything when the tables are gone and nothing is in the new ones yet.
func killedInRebuild(t *testing.T, i *instance) *instance {
	t.Helper()
	i.stop() // what was logged at its start must not be taken for the rebuild
	i = startUp(t, i.data)
	errs := &output{}
	rebuild := program(t, t.Context(), nil, "rebuild", "--data", i.data)
	rebuild.Stderr = errs
	if err := rebuild.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, i.errs.String, func() bool { return strings.Contains(i.errs.String(), "store migrated") })
	i.kill()
	if err := rebuild.Wait(); err == nil || !strings.Contains(errs.String(), "the running linesman went away") {
		t.Errorf("the rebuild ended with %v:\n%s", err, errs)
	}
	return startUp(t, i.data)
}

// kill says when something is killed: after so many files, and once a text was logged.
type kill struct {
	engine bool // only the engine
	files  int
	logged string
}

func (k kill) reached(i *instance) bool {
	return strings.Contains(i.errs.String(), k.logged) && (!k.engine || len(i.engines()) > 0) && handled(i.data) >= k.files
}

// killing kills one after the other and returns what runs in the end.
func killing(t *testing.T, i *instance, killed map[bool]int, kills []kill) *instance {
	t.Helper()
	for _, k := range kills {
		await(t, func() string { return fmt.Sprintf("kill at %+v\n%s", k, i.errs) }, func() bool {
			select {
			case <-i.done:
				t.Fatalf("linesman up ended by itself:\n%s", i.errs)
			default:
			}
			return k.reached(i)
		})
		killed[k.engine]++
		if !k.engine {
			i.kill()
			i = launch(t, i.data)
			continue
		}
		for _, pid := range i.engines() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have gone with the previous one
		}
	}
	return i
}
