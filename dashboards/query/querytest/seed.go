package querytest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/internal/engine/enginetest"
	"linesman/processors/store"
	"linesman/schema"
)

// The units and cost centres of the seeded hospital. EmptyUnit has no lines and no goals.
const (
	Emergency = "SE0001-E"
	Surgery   = "SE0001-S"
	EmptyUnit = "SE0001-X"
)

// Zone is the judging zone of the seed.
func Zone() *time.Location {
	zone, err := time.LoadLocation(schema.DefaultZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Open starts an engine and seeds it. TestMain must have called engine.RunChildIfAsked.
func Open(t testing.TB) driver.Conn {
	t.Helper()
	conn, s := OpenEmpty(t)
	seed(t, conn, s, func() []schema.Day { return nil })
	return conn
}

// seed fills a store; more adds rows, and tells the days of its usage.
func seed(t testing.TB, conn driver.Conn, s *store.Store, more func() []schema.Day) {
	t.Helper()
	seedReference(t, conn)
	days := seedUsage(t, conn)
	days = append(days, more()...)
	if err := s.Recompute(context.Background(), days); err != nil {
		t.Fatalf("computing the roll-ups: %v", err)
	}
	seedWatches(t, conn)
	seedViolations(t, conn)
	seedFiles(t, conn)
}

// OpenEmpty starts an engine with every table and no rows.
func OpenEmpty(t testing.TB) (driver.Conn, *store.Store) {
	t.Helper()
	e := enginetest.Open(t)
	s, err := store.New(context.Background(), e, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatalf("creating the tables: %v", err)
	}
	return e.Conn(), s
}

func local(y int, m time.Month, d, hour, minute int) schema.Time {
	return schema.TimeOf(time.Date(y, m, d, hour, minute, 0, 0, Zone()))
}

func seedReference(t testing.TB, conn driver.Conn) {
	t.Helper()
	year := local(2026, 1, 1, 0, 0)
	insert(t, conn, schema.UnitTable(), []schema.Unit{
		{UnitID: Emergency, Name: "Akutmottagningen", CostCentre: "0100", ValidFrom: year, Offset: 1},
		{UnitID: Surgery, Name: "Kirurgkliniken", CostCentre: "0200", ValidFrom: year, Offset: 2},
		{UnitID: EmptyUnit, Name: "Arkivet", CostCentre: "0300", ValidFrom: year, Offset: 3},
	})
	insert(t, conn, schema.CostCentreTable(), []schema.CostCentre{
		{Code: "0100", Name: "Akut", ValidFrom: year, Offset: 1},
		{Code: "0200", Name: "Kirurgi", ValidFrom: year, Offset: 2},
		{Code: "0300", Name: "Arkiv", ValidFrom: year, Offset: 3},
	})
	var lines []schema.Line
	for i := range 6 {
		lines = append(lines, schema.Line{LineID: LineID(i), Mask: fmt.Sprintf("+467012%d••••", i), Kind: "mobile", Role: []string{"personal", "on_call", "shared"}[i%3], UnitID: unitOf(i), ValidFrom: year, Offset: uint64(i + 1)})
	}
	insert(t, conn, schema.LineTable(), lines)
	june := schema.Date(2026, 6, 30)
	insert(t, conn, schema.GoalTable(), []schema.Goal{
		{GoalID: "w-e", Metric: "watches_open", UnitID: Emergency, Baseline: 200, Target: 100, TargetDay: june, Owner: "Enhetschef", ValidFrom: year, Offset: 1},
		{GoalID: "w-s", Metric: "watches_open", UnitID: Surgery, Baseline: 80, Target: 60, TargetDay: june, Owner: "Enhetschef", ValidFrom: year, Offset: 2},
		{GoalID: "f-e", Metric: "forwarded_calls", UnitID: Emergency, Baseline: 20, Target: 5, TargetDay: june, Owner: "Enhetschef", ValidFrom: year, Offset: 3},
		{GoalID: "b-1", Metric: "cost_month", CostCentre: "0100", Baseline: 900, Target: 1000.5, TargetDay: june, Owner: "Ekonom", ValidFrom: year, Offset: 4},
		// A later statement of the same goal: the budget is cut from March.
		{GoalID: "b-1", Metric: "cost_month", CostCentre: "0100", Baseline: 900, Target: 800, TargetDay: june, Owner: "Ekonom", ValidFrom: local(2026, 3, 1, 0, 0), Offset: 5},
		{GoalID: "b-2", Metric: "cost_month", CostCentre: "0200", Baseline: 900, Target: 5000, TargetDay: june, Owner: "Ekonom", ValidFrom: year, Offset: 6},
		{GoalID: "b-3", Metric: "cost_month", CostCentre: "0300", Baseline: 0, Target: 10, TargetDay: june, Owner: "Ekonom", ValidFrom: year, ValidTo: local(2026, 3, 1, 0, 0), Offset: 7},
		{GoalID: "u-e", Metric: "cost_month", UnitID: Emergency, Baseline: 0, Target: 700, TargetDay: june, Owner: "Ekonom", ValidFrom: year, Offset: 8},
	})
}

// LineID is the pseudonym of one of the six seeded lines.
func LineID(i int) string { return fmt.Sprintf("L%013d", i) }

func unitOf(line int) string {
	if line < 4 {
		return Emergency
	}
	return Surgery
}

// seedUsage writes January to March 2026, every day, with amounts that have öre and more.
func seedUsage(t testing.TB, conn driver.Conn) []schema.Day {
	t.Helper()
	var rows []schema.Usage
	var days []schema.Day
	add := func(u schema.Usage, line int, at schema.Time) {
		u.LineID, u.Line, u.OccurredAt, u.Zone = LineID(line), LineID(line), at, schema.DefaultZone
		u.LocalDay, u.UnitID = schema.DayOf(at, Zone()), unitOf(line)
		u.CostCentre = map[string]string{Emergency: "0100", Surgery: "0200"}[u.UnitID]
		u.Role, u.Currency, u.FileID, u.FileRow = "personal", "SEK", FileID(), uint64(len(rows)+2)
		u.EventID = schema.NewID("seed", fmt.Sprint(len(rows)))
		u.LogOffset, u.Revision = uint64(len(rows)), 1
		u.Charged, u.Rated = u.Cost, u.Cost
		rows = append(rows, u)
	}
	for day := schema.Date(2026, 1, 1); day <= schema.Date(2026, 3, 31); day++ {
		days = append(days, day)
		date := day.At(time.UTC)
		at := func(h, m int) schema.Time { return local(date.Year(), date.Month(), date.Day(), h, m) }
		for line := range 6 {
			add(schema.Usage{Kind: schema.KindCall, Service: schema.ServiceVoiceOut, Direction: schema.DirectionOut, DurationS: uint32(60 + 7*line), Answered: true, OtherClass: "fixed", VisitedCtry: "SE", RoamingZone: "home", Cost: schema.Money(1_234_567 * int64(line+1))}, line, at(8, line))
		}
		if date.Day()%3 == 0 {
			add(schema.Usage{Kind: schema.KindCall, Service: schema.ServiceVoiceForward, Direction: schema.DirectionOut, DurationS: 45, Answered: true, Forwarded: true, OtherClass: "mobile", Cost: schema.Ore(155)}, 1, at(9, 0))
		}
		if date.Month() == 3 && date.Day() < 5 {
			add(schema.Usage{Kind: schema.KindData, Service: schema.ServiceData, VolumeBytes: 20_500_000, VisitedCtry: "TH", RoamingZone: "world", Cost: schema.Ore(12050)}, 2, at(20, 0))
		}
		if date.Day() == 1 {
			add(schema.Usage{Kind: schema.KindFee, Service: schema.ServiceSubscription, Cost: schema.Kronor(99)}, 5, at(0, 0))
		}
		add(schema.Usage{Kind: schema.KindSMS, Service: schema.ServiceSMS, Direction: schema.DirectionOut, Messages: 2, OtherClass: "mobile", Cost: schema.Ore(49)}, 4, at(23, 30))
	}
	insert(t, conn, schema.UsageTable(), rows)
	return days
}

// seedWatches counts every Monday: the second group of the emergency unit is small.
func seedWatches(t testing.TB, conn driver.Conn) {
	t.Helper()
	var rows []schema.Watch
	add := func(unit, group string, day schema.Day, open, created uint32) {
		rows = append(rows, schema.Watch{EventID: schema.NewID("watch", fmt.Sprint(len(rows))), UnitID: unit, Group: group, Day: day, Week: day, Open: open, Created: created, Closed: created / 2,
			ExtractAt: schema.Time(int64(day) * 86_400_000), Offset: uint64(len(rows))})
	}
	week := uint32(0)
	for day := schema.Date(2026, 1, 5); day <= schema.Date(2026, 3, 30); day += 7 {
		add(Emergency, "Läkare", day, 180-2*week, 10)
		add(Emergency, "Sjuksköterska", day, 3, 2)
		add(Emergency, "Sekreterare", day, 12, 4)
		add(Surgery, "Läkare", day, 70+3*week, 6)
		week++
	}
	insert(t, conn, schema.WatchTable(), rows)
}

// FileID is the id of the seeded usage file.
func FileID() schema.ID { return schema.NewID("file", "1") }

func seedFiles(t testing.TB, conn driver.Conn) {
	t.Helper()
	insert(t, conn, schema.FileTable(), []schema.File{
		{EventID: schema.NewID("report", "1"), FileID: FileID(), Name: "cdr_2026.csv", Collector: "cucm", Size: 1000, State: schema.FileDone, Read: 700, Sent: 698, Rejected: 2, FirstAt: local(2026, 1, 1, 8, 0), LastAt: local(2026, 3, 31, 23, 30), RecordedAt: local(2026, 4, 1, 2, 0), Offset: 1},
		{EventID: schema.NewID("report", "2"), FileID: schema.NewID("file", "2"), Name: "bevakningar.csv", Collector: "melior", Size: 10, State: schema.FileFailed, Error: "column day is missing", RecordedAt: local(2026, 4, 1, 3, 0), Offset: 2},
	})
}
