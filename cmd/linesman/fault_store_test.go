package main

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linesman/internal/config"
	"linesman/internal/node"
)

// copyDir copies a directory of a program that does not run.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "pseudonym.key"), 0o600); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

// stateOf is what two stores of the same files agree on, in one question.
func stateOf(t *testing.T, data string) string {
	t.Helper()
	return query(t, data, "SELECT (SELECT (count(), uniqExact(event_id), sum(duration_s), sum(cost), groupBitXor(cityHash64(event_id, duration_s, cost, unit_id))) FROM usage),"+
		" (SELECT (sum(events), sum(cost)) FROM usage_daily), (SELECT (sum(events), sum(cost)) FROM usage_line_daily),"+
		" (SELECT (count(), groupBitXor(cityHash64(violation_id, change, value))) FROM violations_current WHERE change != 'retracted'),"+
		" (SELECT arraySort(groupUniqArray((name, state, read))) FROM files WHERE state != 'interrupted')")
}

// TestFaultStoreAndLogOfDifferentAge puts logs and stores together that do not belong together.
func TestFaultStoreAndLogOfDifferentAge(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	early, late, other := at("early"), at("late"), at("other")
	succeed(t, "collect", "--data", early, "cucm", "testdata/"+older)
	copyDir(t, early, late)
	succeed(t, "collect", "--data", late, "cucm", "testdata/"+newer)
	// Another log with the same pseudonyms, in which every partition is longer.
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(other, "pseudonym.key"), read(t, filepath.Join(early, "pseudonym.key")))
	more := write(t, at("more"), newLayout(t).file(calls("more", 500)...))
	succeed(t, "collect", "--data", other, "cucm", more, "testdata/"+newer, "testdata/"+older, "testdata/"+older)
	wantLate, wantOther := stateOf(t, late), stateOf(t, other)
	mix := func(log, store string) string {
		data := at("mix")
		copyDir(t, log, data)
		copyDir(t, filepath.Join(store, "store"), filepath.Join(data, "store"))
		return data
	}
	refused := func(t *testing.T, data string, words ...string) {
		t.Helper()
		for _, args := range [][]string{{"up", "--listen", "127.0.0.1:0"}, {"collect", "cucm", "testdata/" + older}} {
			fails(t, append(words, "linesman.calls/", "linesman rebuild"), append(args, "--data", data)...)
		}
	}

	t.Run("the store is older", func(t *testing.T) {
		data := mix(late, early)
		settled(t, data) // it catches up by itself
		if got := stateOf(t, data); got != wantLate {
			t.Errorf("an old store caught up to\n%+v\nwant\n%+v", got, wantLate)
		}
	})
	t.Run("the log is older", func(t *testing.T) {
		data := mix(early, late)
		refused(t, data, "lost records that were already processed", "restore the log")
		// With the log back in its place, all is as it was.
		copyDir(t, filepath.Join(late, "log"), filepath.Join(data, "log"))
		settled(t, data)
		if got := stateOf(t, data); got != wantLate {
			t.Errorf("with its log back:\n%+v\nwant\n%+v", got, wantLate)
		}
		// Without it, the advice leads to what the log has; the lost files can come again.
		data = mix(early, late)
		succeed(t, "rebuild", "--data", data)
		wants(t, data, sums, query(t, early, sums))
		succeed(t, "collect", "--data", data, "cucm", "testdata/"+newer)
		if got := stateOf(t, data); got != wantLate {
			t.Errorf("collected again:\n%+v\nwant\n%+v", got, wantLate)
		}
	})
	t.Run("the log is another", func(t *testing.T) {
		data := mix(other, late)
		refused(t, data, "not the log that the store was made from")
		succeed(t, "rebuild", "--data", data)
		settled(t, data)
		if got := stateOf(t, data); got != wantOther {
			t.Errorf("rebuilt from the other log:\n%+v\nwant\n%+v", got, wantOther)
		}
	})
	t.Run("the log is gone", func(t *testing.T) {
		data := mix(late, late)
		if err := os.RemoveAll(filepath.Join(data, "log")); err != nil {
			t.Fatal(err)
		}
		refused(t, data, "lost records that were already processed", "restore the log")
	})
	t.Run("the store was being dropped", func(t *testing.T) {
		data := mix(late, late)
		cfg := config.Default()
		cfg.Data = data
		n, err := node.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		for _, stmt := range []string{"INSERT INTO schema_migrations VALUES (4294967295, 'being dropped', '', now())", "DROP TABLE usage"} {
			if err := n.Store().Conn().Exec(t.Context(), stmt); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Close(); err != nil || math.MaxUint32 != 4294967295 {
			t.Fatal(err)
		}
		settled(t, data)
		if got := stateOf(t, data); got != wantLate {
			t.Errorf("made anew:\n%+v\nwant\n%+v", got, wantLate)
		}
	})
}

// TestFaultDamagedLog damages the log of a store that has everything.
func TestFaultDamagedLog(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "D")
	more := write(t, filepath.Join(t.TempDir(), "more"), newLayout(t).file(calls("damage", 20_000)...))
	succeed(t, "collect", "--data", whole, "cucm", "testdata/"+older, more, "testdata/"+newer)
	want := stateOf(t, whole)
	harmed := func(t *testing.T, do func(segment string)) (data string) {
		data = filepath.Join(t.TempDir(), "D")
		copyDir(t, whole, data)
		do(filepath.Join(data, "log", "data", "partitions", "linesman.calls-0", "0.dat"))
		return data
	}
	back := func(t *testing.T, data string) { // with its files back, all is as it was
		t.Helper()
		copyDir(t, filepath.Join(whole, "log"), filepath.Join(data, "log"))
		settled(t, data)
		if got := stateOf(t, data); got != want {
			t.Errorf("with the log back:\n%s\nwant\n%s", got, want)
		}
	}
	t.Run("bit flipped near the end", func(t *testing.T) {
		data := harmed(t, func(segment string) {
			content := read(t, segment)
			content[len(content)-1000] ^= 1
			write(t, segment, content)
		})
		for _, args := range [][]string{{"up", "--listen", "127.0.0.1:0"}, {"verify"}} { // the second start knows it, too
			fails(t, []string{"log damaged", "linesman.calls", "acknowledged records are lost", "linesman rebuild"}, append(args, "--data", data)...)
		}
		back(t, data)
	})
	t.Run("end lost, and rebuilt all the same", func(t *testing.T) {
		data := harmed(t, func(segment string) {
			if err := os.Remove(segment); err != nil {
				t.Fatal(err)
			}
		})
		succeed(t, "rebuild", "--data", data)
		// The loss has a name: the file of which the log has not everything.
		r := linesman(t, "verify", "--data", data)
		if r.code != 1 || !strings.Contains(r.out, "DIFF file more (cucm): read 20000") || !strings.Contains(r.err, "acknowledged records are lost") {
			t.Errorf("verify after the loss ended with %d:\n%s%s", r.code, r.out, r.err)
		}
	})
	t.Run("hole", func(t *testing.T) {
		data := harmed(t, func(segment string) { holed(t, segment) })
		for range 2 {
			fails(t, []string{"linesman.calls", "left as it is", "linesman restore", "missing"}, "rebuild", "--data", data)
		}
		if got := stateOf(t, data); got != want {
			t.Errorf("a rebuild that cannot be was begun: the store is\n%s\nwant\n%s", got, want)
		}
		back(t, data)
	})
}

// holed splits a segment behind its first batch and removes that: a log of several segments of
// which the first is gone.
func holed(t *testing.T, segment string) {
	t.Helper()
	content := read(t, segment)
	n := 12 + int(binary.BigEndian.Uint32(content[8:]))
	next := int64(binary.BigEndian.Uint32(content[23:])) + 1
	if n >= len(content) {
		t.Fatalf("the segment has one batch of %d bytes", n)
	}
	dir := filepath.Dir(segment)
	for _, name := range []string{"0.dat", "0.idx", "snapshot.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, fmt.Sprint(next, ".dat")), content[n:])
}
