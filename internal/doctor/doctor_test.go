package doctor

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linesman/internal/broker"
)

var update = flag.Bool("update", false, "write the golden files")

func hop(name string, path bool, needs string, checks ...Check) Hop {
	return Hop{Name: name, Path: path, Needs: needs, Look: func(context.Context) []Check { return checks }}
}

func TestTheVerdictNamesTheFirstStageThatStopsFiles(t *testing.T) {
	for _, tc := range []struct {
		name  string
		hops  []Hop
		state State
		want  string // of the verdict
	}{
		{"all well", []Hop{hop("log", true, "", OK("fine"))}, Green, "files become rows and are judged: nothing stands in the way"},
		{"yellow", []Hop{hop("disk", true, "", Look("x", "scarce")), hop("log", true, "", OK("fine"))}, Yellow, "files become rows and are judged; worth a look: disk: scarce"},
		{"red beside the way", []Hop{hop("seals", false, "", Bad("x", "late")), hop("log", true, "", OK("fine"))}, Red, "files become rows, but seals is red: late"},
		{"red on the way wins over what stands before it", []Hop{hop("seals", false, "", Bad("x", "late")), hop("log", true, "", Bad("y", "full")), hop("store", true, "", Bad("z", "gone"))}, Red,
			"files do not become rows: the way stops at log: full"},
	} {
		r := Run(t.Context(), time.Minute, tc.hops)
		last := r.Checks[len(r.Checks)-1]
		if r.State != tc.state || r.Verdict != tc.want || last.Hop != EndToEnd || last.State != tc.state || last.Detail != tc.want {
			t.Errorf("%s: %s, %q, last check %+v", tc.name, r.State, r.Verdict, last)
		}
	}
}

func TestAStageThatRestsOnARedOneIsNotKnown(t *testing.T) {
	r := Run(t.Context(), time.Minute, []Hop{hop("store", true, "", Bad("x", "gone")), hop("rules", false, "store", Bad("y", "cannot ask")), hop("zones", false, "store", OK("same"))})
	if c, _ := r.Find("rules"); c.State != Yellow || !strings.Contains(c.Detail, "while the store does not work") {
		t.Errorf("rules: %+v", c)
	}
	if c, _ := r.Find("zones"); c.State != Green {
		t.Errorf("zones: %+v", c)
	}
}

func TestAStageThatDoesNotAnswerIsRed(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	stuck := Hop{Name: "store", Path: true, Stuck: "restart it", Look: func(context.Context) []Check { // hears nothing
		<-release
		return []Check{OK("late")}
	}}
	slow := Hop{Name: "log", Stuck: "look at it", Look: func(ctx context.Context) []Check { // hears that its time is over
		<-ctx.Done()
		return []Check{Bad("x", "asking: %v", ctx.Err())}
	}}
	r := Run(t.Context(), 20*time.Millisecond, []Hop{slow, stuck, hop("disk", true, "", OK("room"))})
	for name, do := range map[string]string{"store": "restart it", "log": "look at it"} {
		if c, _ := r.Find(name); c.State != Red || c.Detail != "does not answer within 20ms" || c.Do != do {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c, _ := r.Find("disk"); c.State != Green {
		t.Errorf("the others are told: %+v", c)
	}
}

func TestADefectInLookingEndsNothing(t *testing.T) {
	broken := Hop{Name: "gaps", Look: func(context.Context) []Check { panic("index out of range") }}
	r := Run(t.Context(), time.Minute, []Hop{broken, hop("log", true, "", OK("fine"))})
	if c, _ := r.Find("gaps"); c.State != Yellow || !strings.Contains(c.Detail, "index out of range") {
		t.Errorf("%+v", c)
	}
}

func TestPutConcludesAnew(t *testing.T) {
	r := Run(t.Context(), time.Minute, []Hop{hop("log", true, "", OK("fine"))})
	r.Put(Check{Hop: "configuration", State: Red, Detail: "zone: no such zone", Path: true})
	n := 0
	for _, c := range r.Checks {
		if c.Hop == EndToEnd {
			n++
		}
	}
	if n != 1 || r.Checks[0].Hop != "configuration" || r.State != Red || !strings.Contains(r.Verdict, "stops at configuration") {
		t.Errorf("%d verdicts, %+v", n, r)
	}
}

func TestShow(t *testing.T) {
	r := Run(t.Context(), time.Minute, []Hop{
		hop("configuration", true, "", OK("valid")),
		hop("inbox cucm", true, "", OK("3 files waiting"), Bad("let the user that linesman runs as read them (chmod, or the sender's umask)", "2 files cannot be read, for example cdr_StandAloneCluster_01_202603140845_1")),
		hop("disk", true, "", Look("plan for more room", "5 GiB free for the log and store: it becomes scarce")),
	})
	for name, show := range map[string]func(*strings.Builder) error{
		"plain.golden":    func(b *strings.Builder) error { return Show(b, r, 0, false) },
		"terminal.golden": func(b *strings.Builder) error { return Show(b, r, 72, true) },
	} {
		var b strings.Builder
		if err := show(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, b.String(), want)
		}
	}
}

// has tells whether one of the checks has a state and every word.
func has(checks []Check, state State, words ...string) bool {
	for _, c := range checks {
		ok := c.State == state
		for _, w := range words {
			ok = ok && strings.Contains(c.Detail+" -> "+c.Do, w)
		}
		if ok {
			return true
		}
	}
	return false
}

func want(t *testing.T, what string, checks []Check, state State, words ...string) {
	t.Helper()
	if !has(checks, state, words...) {
		t.Errorf("%s: no %s check with %q in %+v", what, state, words, checks)
	}
	if worst(checks) != state {
		t.Errorf("%s: the worst is %s, want %s: %+v", what, worst(checks), state, checks)
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	tail := func(ago ...time.Duration) []Tail {
		out := Tail{Topic: "linesman.calls", Partition: 1}
		for _, d := range ago {
			out.Times = append(out.Times, now.Add(-d))
		}
		return []Tail{out}
	}
	want(t, "nothing", LookClock(nil, now), Green, "nothing recorded yet")
	want(t, "in order", LookClock(tail(3*time.Hour, 2*time.Hour, time.Minute), now), Green, "60 s old")
	want(t, "a little back", LookClock(tail(2*time.Minute, 3*time.Minute), now), Green)
	want(t, "set back", LookClock(tail(2*time.Hour, 5*time.Hour), now), Yellow, "linesman.calls/1", "3 h before")
	want(t, "future", LookClock(tail(time.Hour, -2*time.Hour), now), Red, "from the future", "2026-03-14 14:00:00Z", "NTP")
}

func TestFollowing(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	started := ago(time.Hour)
	want(t, "well", LookFollowing(Following{LastAt: ago(time.Minute), Rules: 4}, started, now), Green, "4 rules", "60 s ago")
	want(t, "at work", LookFollowing(Following{Behind: 100, LastAt: ago(time.Minute)}, started, now), Green, "100 records behind")
	want(t, "slow", LookFollowing(Following{Behind: 1000, LastAt: ago(20 * time.Minute)}, started, now), Yellow, "1 000 records behind")
	want(t, "never", LookFollowing(Following{Behind: 1}, started, now), Yellow, "not since the start")
	want(t, "fails", LookFollowing(Following{Error: "no memory", FailingSince: ago(10 * time.Minute)}, started, now), Red, "for 10 min: no memory")
}

func TestSeals(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	s := Sealing{Every: time.Minute, SealedAt: ago(time.Minute)}
	want(t, "well", LookSeals(s, ago(time.Hour), now), Green, "60 s ago")
	want(t, "just started", LookSeals(Sealing{Every: time.Minute}, ago(time.Minute), now), Green)
	want(t, "never", LookSeals(Sealing{Every: time.Minute}, ago(time.Hour), now), Red, "no round since the start")
	late := s
	late.SealedAt = ago(time.Hour)
	want(t, "late", LookSeals(late, ago(2*time.Hour), now), Red, "60 min ago")
	long := late
	long.AppendAt = ago(2 * time.Minute)
	want(t, "a long round", LookSeals(long, ago(2*time.Hour), now), Green, "under way", "2 min old")
	long.AppendAt = ago(59 * time.Minute)
	want(t, "a long round that stands", LookSeals(long, ago(2*time.Hour), now), Red, "60 min ago")
	fails := s
	fails.Error = "the log is full"
	want(t, "fails", LookSeals(fails, ago(time.Hour), now), Red, "the log is full")
	anchor := s
	anchor.Anchor, anchor.Waiting = "no such file", 3
	want(t, "anchor", LookSeals(anchor, ago(time.Hour), now), Red, "3 seals not in the anchor file", "no such file")
	lost := s
	lost.Lost = 2
	want(t, "lost", LookSeals(lost, ago(time.Hour), now), Yellow, "2 seals")
}

func TestLagOfPartitions(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { now = now.Add(500 * time.Millisecond); return now } // time passes whenever somebody looks
	at := func(stored ...uint64) Progress {
		return func(context.Context) ([]Partition, error) {
			p := Partition{Topic: "linesman.calls", Logged: 1000, Stored: stored[0]}
			if len(stored) > 1 {
				stored = stored[1:]
			}
			return []Partition{p}, nil
		}
	}
	look := func(p Progress) []Check {
		checks, _ := LookLag(t.Context(), p, clock)
		return checks
	}
	want(t, "none", look(at(1000)), Green, "all 1 000 records")
	want(t, "moving", look(at(100, 100, 200)), Green, "800 records behind, and moving")
	want(t, "standing", look(at(100)), Yellow, "900 records behind and not moving")
	want(t, "failing", look(func(context.Context) ([]Partition, error) {
		return []Partition{{Topic: "linesman.calls", Partition: 1, Logged: 10, Stored: 7, Error: "table is missing", FailingSince: now.Add(-10 * time.Minute)}}, nil
	}), Red, "linesman.calls/1 stands at offset 7 of 10", "table is missing", "nothing is lost")
	want(t, "unknown", look(func(context.Context) ([]Partition, error) { return nil, errors.New("the log is closed") }), Red, "the log is closed")
}

// One partition that stands still is told although others move.
func TestLagOfOnePartitionAmongOthers(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	var moves Movement
	stored := uint64(100)
	look := func() []Check {
		checks, _ := LookLag(t.Context(), func(context.Context) ([]Partition, error) {
			now, stored = now.Add(20*time.Second), stored+1
			parts := []Partition{{Topic: "linesman.calls", Logged: 9000, Stored: stored}, {Topic: "linesman.calls", Partition: 1, Logged: 9000, Stored: 50},
				{Topic: "linesman.sms", Logged: 10, Stored: 10}}
			moves.Note(parts, now)
			return parts, nil
		}, func() time.Time { return now })
		return checks
	}
	want(t, "at first", look(), Green, "and moving")
	look()
	want(t, "after a while", look(), Yellow, "linesman.calls/1 stands at offset 50 of 9000 for", "while others move")
}

// logOf is a log in a state.
type logOf broker.Health

func (l logOf) Health(context.Context) (broker.Health, error) { return broker.Health(l), nil }
func (l logOf) DiskError() error                              { return nil }

// What was lost once does not keep files from becoming rows now.
func TestDamageStopsNothing(t *testing.T) {
	log := logOf{Mode: broker.ModeEmbedded, MaxBytes: 64 << 30, Damage: []string{"topic linesman.calls partition 1: records 5 to 9 are missing"}}
	want(t, "log", LookLog(t.Context(), log), Green, "embedded, 0 records")
	want(t, "damage", LookDamage(t.Context(), log), Red, "records 5 to 9 are missing", "backup")
	want(t, "none", LookDamage(t.Context(), logOf{}), Green, "none")
}

func TestArchiveAndGaps(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	day := 24 * time.Hour
	want(t, "not set", LookArchive(Archiving{}, ago(9*day), now), Green, "not set", "backup")
	want(t, "by hand", LookArchive(Archiving{To: "/mnt/archive", Last: ago(90 * day)}, ago(9*day), now), Green, "last 2025-12-14")
	want(t, "in time", LookArchive(Archiving{To: "/mnt/archive", Every: day, Last: ago(day)}, ago(9*day), now), Green)
	want(t, "late", LookArchive(Archiving{To: "/mnt/archive", Every: day, Last: ago(3 * day)}, ago(9*day), now), Yellow, "every 24h")
	want(t, "never", LookArchive(Archiving{To: "/mnt/archive", Every: day}, ago(9*day), now), Yellow, "none yet")
	want(t, "fails", LookArchive(Archiving{To: "/mnt/archive", Every: day, Last: ago(time.Hour), Tried: ago(time.Minute), Error: "no space left"}, ago(9*day), now), Yellow, "no space left", "last 2026-03-14 11:00:00Z")
	want(t, "another's", LookArchive(Archiving{To: "/mnt/archive", Every: day, Elsewhere: true}, ago(9*day), now), Green, "another instance archives")
	want(t, "no gaps", LookGaps(nil, 45), Green, "last 45 days")
	want(t, "gaps", LookGaps([]Missing{{"melior", "5 days without a file"}, {"cucm", "numbers 7 to 9 are missing"}}, 45), Yellow, "2 gaps", "melior: 5 days", "cucm: numbers 7 to 9", "linesman gaps")
}

// findings is a cluster that answers.
type findings []broker.Finding

func (f findings) Check(context.Context, []broker.TopicSpec) ([]broker.Finding, error) { return f, nil }

func TestCluster(t *testing.T) {
	specs := []broker.TopicSpec{{Name: "linesman.calls", Partitions: 2}}
	want(t, "well", LookCluster(t.Context(), findings{}, specs), Green, "1 topic as wanted")
	want(t, "wrong", LookCluster(t.Context(), findings{
		{Topic: "linesman.calls", Setting: "retention.ms", Have: "604800000", Want: "-1", Why: "records are deleted", Do: "kafka-configs --alter", Severity: broker.SeverityError},
		{Setting: "min.insync.replicas", Have: "1", Want: "2", Why: "one broker may lose records", Do: "set it", Severity: broker.SeverityWarning}}, specs),
		Red, "topic linesman.calls: retention.ms is 604800000, should be -1: records are deleted", "kafka-configs")
}
