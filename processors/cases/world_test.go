package cases

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"linesman/internal/broker"
	"linesman/internal/engine"
	"linesman/processors/follow"
	"linesman/processors/pipeline"
	"linesman/processors/policy"
	"linesman/processors/store"
	"linesman/processors/worldtest"
	"linesman/schema"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// world is everything from the log to the violations, all of it real.
type world struct {
	t    *testing.T
	base *worldtest.World
	p    *pipeline.Pipeline
	f    *follow.Follower
	set  *policy.Set
	zone *time.Location
	book *Book
	said bytes.Buffer // what books logged
	n    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, base: worldtest.New(t)}
	var err error
	if w.zone, err = time.LoadLocation(schema.DefaultZone); err != nil {
		t.Fatal(err)
	}
	if w.set, err = policy.Builtin(nil, nil); err != nil {
		t.Fatal(err)
	}
	ev, err := policy.New(policy.Config{}, w.base.St.Conn(), w.set, w.base.Out)
	if err != nil {
		t.Fatal(err)
	}
	if w.p, err = pipeline.New(pipeline.Config{}, w.base.Log, w.base.St, w.base.Out); err != nil {
		t.Fatal(err)
	}
	if err := w.p.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.p.Close)
	w.f = follow.New(follow.Config{Zone: w.zone}, w.p, w.base.Log, w.base.St, ev, w.base.Out)
	w.book = w.newBook(w.base.Log)
	return w
}

func (w *world) newBook(log Log) *Book {
	w.t.Helper()
	b, err := New(Config{Zone: w.zone}, log, w.p, w.base.St, setRules{w.set}, slog.New(slog.NewTextHandler(&w.said, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := b.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return b
}

// setRules gives the kind of approval that a rule of the product knows.
type setRules struct{ set *policy.Set }

func (r setRules) Exempt(rule string, version uint32) string {
	if x, ok := r.set.Find(rule, version); ok {
		return x.Exempt.Approval
	}
	return ""
}

// settle brings everything up to the log and judges.
func (w *world) settle() []schema.Violation {
	w.t.Helper()
	if err := w.p.CatchUp(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
	res, err := w.f.Settle(w.t.Context(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.Events
}

var march = schema.TimeOf(time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC))

// roam uses mobile data in Norway, in March 2026.
func (w *world) roam(line string, megabytes uint64) {
	w.t.Helper()
	w.n++
	worldtest.Produce(w.base, schema.TopicData, "Usage", schema.UsageTable(), schema.Usage{EventID: schema.NewID("roam", fmt.Sprint(w.n)), Kind: schema.KindData, Service: "data", LineID: line, Operator: "op",
		OccurredAt: march + schema.Time(w.n)*60_000, Zone: schema.DefaultZone, VolumeBytes: megabytes * 1_000_000, VisitedCtry: "NO", Charged: schema.Kronor(40), Currency: "SEK"})
}

// found puts a violation event as a rule that nobody has would make it.
func (w *world) found(v schema.Violation) schema.Violation {
	w.t.Helper()
	return w.foundOf("unit", "U1", v)
}

// foundOf is found about a line or another unit.
func (w *world) foundOf(kind, subject string, v schema.Violation) schema.Violation {
	w.t.Helper()
	w.n++
	if v.ViolationID.IsZero() {
		v.ViolationID = schema.NewID("planted", fmt.Sprint(w.n))
	}
	v.EventID = schema.NewID("planted event", fmt.Sprint(w.n))
	if v.Change == "" {
		v.Change = schema.ChangeOpened
	}
	if v.RecordedAt == 0 {
		v.RecordedAt = schema.TimeOf(time.Now())
	}
	v.Rule, v.RuleVersion, v.SubjectKind, v.SubjectID, v.Zone = "planted", 1, kind, subject, schema.DefaultZone
	worldtest.Produce(w.base, schema.TopicViolations, "Violation", schema.ViolationTable(), v)
	return v
}

func (w *world) take(s Step) schema.Case {
	w.t.Helper()
	c, err := w.book.Take(w.t.Context(), s)
	if err != nil {
		w.t.Fatalf("%s because of %s: %v", s.Step, s.Reason, err)
	}
	return c
}

func (w *world) show(id schema.ID) Detail {
	w.t.Helper()
	if err := w.p.CatchUp(w.t.Context(), nil); err != nil {
		w.t.Fatal(err)
	}
	d, err := w.book.Show(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) wantState(id schema.ID, want string) Detail {
	w.t.Helper()
	d := w.show(id)
	if d.State != want {
		w.t.Errorf("the violation is %s, want %s", d.State, want)
	}
	return d
}

func (w *world) count(sql string) (n uint64) {
	w.t.Helper()
	if err := w.base.St.Conn().QueryRow(store.Exact(w.t.Context()), sql).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// interposed is a log that something happens to before a record is appended.
type interposed struct {
	*broker.Broker
	before func(topic string) error
}

func (l *interposed) Produce(ctx context.Context, topic string, partition int, recs []broker.Record) (int64, error) {
	if err := l.before(topic); err != nil {
		return 0, err
	}
	return l.Broker.Produce(ctx, topic, partition, recs)
}

// told writes a history in one line.
func told(d Detail) string {
	var b bytes.Buffer
	for i, e := range d.History {
		if i > 0 {
			b.WriteString(" | ")
		}
		fmt.Fprintf(&b, "%s %s %s %s", e.Kind, e.What, e.By, e.Reason)
	}
	return b.String()
}
