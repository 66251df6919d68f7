package packcases

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linesman/internal/engine"
	"linesman/internal/engine/enginetest"
	"linesman/processors/policy"
	"linesman/processors/store"
	"linesman/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// world is an empty store and the rows that the cases put there.
type world struct {
	t     *testing.T
	st    *store.Store
	names map[schema.ID]string // what a row is called in its case, by its event id
	rank  uint64

	usage     []schema.Usage
	watches   []schema.Watch
	contacts  []schema.Contact
	lines     []schema.Line
	units     []schema.Unit
	approvals []schema.Approval
	goals     []schema.Goal
	equipment []schema.Equipment
	employed  []schema.Employment
	hours     []schema.TelephoneHours
}

func open(t *testing.T) *world {
	t.Helper()
	out := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, err := store.New(t.Context(), enginetest.Open(t), out)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, st: st, names: map[schema.ID]string{}}
}

// empty takes all rows away, so that packs do not meet.
func (w *world) empty() {
	w.t.Helper()
	for _, in := range schema.Catalogue() {
		if err := w.st.Conn().Exec(w.t.Context(), "TRUNCATE TABLE `"+in.Name+"`"); err != nil {
			w.t.Fatal(err)
		}
	}
	*w = world{t: w.t, st: w.st, names: map[schema.ID]string{}}
}

func write[T any](w *world, table *schema.Table[T], rows []T) {
	w.t.Helper()
	if len(rows) == 0 {
		return
	}
	to := store.NewWriter(w.st, table)
	to.Add(rows)
	if err := to.Flush(w.t.Context(), ""); err != nil {
		w.t.Fatalf("inserting into %s: %v", table.Name, err)
	}
}

// fill writes everything that was put.
func (w *world) fill() {
	w.t.Helper()
	write(w, schema.UsageTable(), w.usage)
	write(w, schema.WatchTable(), w.watches)
	write(w, schema.ContactTable(), w.contacts)
	write(w, schema.LineTable(), w.lines)
	write(w, schema.UnitTable(), w.units)
	write(w, schema.ApprovalTable(), w.approvals)
	write(w, schema.GoalTable(), w.goals)
	write(w, schema.EquipmentTable(), w.equipment)
	write(w, schema.EmploymentTable(), w.employed)
	write(w, schema.TelephoneHoursTable(), w.hours)
	days := map[schema.Day]bool{}
	for _, u := range w.usage {
		days[u.LocalDay] = true
	}
	if err := w.st.Recompute(w.t.Context(), slices.Collect(maps.Keys(days))); err != nil {
		w.t.Fatal(err)
	}
}

// judge runs all rules of a set over all that is in the store.
func (w *world) judge(cfg policy.Config, set *policy.Set) []schema.Violation {
	w.t.Helper()
	e, err := policy.New(cfg, w.st.Conn(), set, slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	found, err := e.Evaluate(ctx, policy.Scope{All: true})
	if err != nil {
		w.t.Fatal(err)
	}
	goals, err := e.EvaluateGoals(ctx, policy.Scope{All: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return append(found, goals...)
}

var stockholm, _ = time.LoadLocation(schema.DefaultZone)

// at reads a local time; a Z at the end makes it UTC, which tells the two hours apart that
// bear the same name when the clocks go back.
func at(local string) schema.Time {
	zone := stockholm
	if strings.HasSuffix(local, "Z") {
		zone, local = time.UTC, strings.TrimSuffix(local, "Z")
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04:05", local, zone)
	if err != nil {
		panic(fmt.Sprintf("a case names the time %q", local)) // a mistake in the case itself
	}
	return schema.TimeOf(moment)
}

func day(s string) schema.Day {
	d, err := schema.ParseDay(s)
	if err != nil {
		panic(fmt.Sprintf("a case names the day %q", s))
	}
	return d
}
