package querytest

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// Moved is what a record costs that was first taken for the emergency unit's, and then found to be
// surgery's.
const Moved = schema.Money(777_000_000)

// OpenMoved is Open with things that passed from the emergency unit to surgery: a record (see
// Moved) and a violation, which the one never had, and a line and a goal, which it had until March.
func OpenMoved(t testing.TB) driver.Conn {
	t.Helper()
	conn, s := OpenEmpty(t)
	seed(t, conn, s, func() []schema.Day { return seedMoves(t, conn) })
	return conn
}

func seedMoves(t testing.TB, conn driver.Conn) []schema.Day {
	t.Helper()
	day, march := schema.Date(2026, 3, 10), local(2026, 3, 1, 0, 0)
	u := schema.Usage{EventID: schema.NewID("seed", "moved"), Kind: schema.KindCall, Service: schema.ServiceVoiceOut, Direction: schema.DirectionOut, DurationS: 60, Answered: true, OtherClass: "fixed",
		LineID: LineID(3), Line: LineID(3), OccurredAt: local(2026, 3, 10, 12, 0), Zone: schema.DefaultZone, LocalDay: day, UnitID: Emergency, CostCentre: "0100", Role: "personal", Currency: "SEK",
		FileID: FileID(), FileRow: 9000, Cost: Moved, Charged: Moved, Rated: Moved, LogOffset: 9000, Revision: 1}
	later := u
	later.UnitID, later.CostCentre, later.Revision = Surgery, "0200", 2
	// Two inserts, so that nothing is merged before it is read.
	insert(t, conn, schema.UsageTable(), []schema.Usage{u})
	insert(t, conn, schema.UsageTable(), []schema.Usage{later})
	v := schema.Violation{ViolationID: ViolationID("moved"), Change: schema.ChangeOpened, Rule: "premium-call", RuleVersion: 1, Severity: "high", SubjectKind: "line", SubjectID: LineID(3), UnitID: Emergency, CostCentre: "0100",
		WindowKind: "month", WindowFrom: schema.Date(2026, 3, 1), WindowTo: schema.Date(2026, 4, 1), Measure: "count", Value: 1, ValueUnit: "calls", Cost: Moved, Evidence: []schema.ID{u.EventID}, EvidenceTotal: 1,
		FirstEventAt: u.OccurredAt, LastEventAt: u.OccurredAt, RecordedAt: local(2026, 4, 1, 2, 1), EventID: schema.NewID("change", "moved-1"), Offset: 901}
	changed := v
	changed.Change, changed.ReasonCode, changed.UnitID, changed.CostCentre, changed.RecordedAt = schema.ChangeChanged, "reference", Surgery, "0200", local(2026, 4, 2, 2, 1)
	changed.EventID, changed.Offset = schema.NewID("change", "moved-2"), 902
	insert(t, conn, schema.ViolationTable(), []schema.Violation{v, changed})
	insert(t, conn, schema.LineTable(), []schema.Line{{LineID: LineID(3), Mask: "+4670123••••", Kind: "mobile", Role: "personal", UnitID: Surgery, ValidFrom: march, Offset: 903}})
	goal := schema.Goal{GoalID: "moved", Metric: "watches_open", UnitID: Emergency, Baseline: 500, Target: 400, TargetDay: schema.Date(2026, 5, 31), Owner: "Enhetschef", ValidFrom: local(2026, 1, 1, 0, 0), Offset: 904}
	next := goal
	next.UnitID, next.ValidFrom, next.Offset = Surgery, march, 905
	insert(t, conn, schema.GoalTable(), []schema.Goal{goal, next})
	return []schema.Day{day}
}

// Keep leaves in the store what belongs to some units, and the days that data reach.
func Keep(t testing.TB, conn driver.Conn, units ...string) {
	t.Helper()
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2}))
	for _, table := range []string{"usage", "usage_daily", "usage_line_daily", "watches", "violations", "goals", "lines", "units", "equipment"} {
		if err := conn.Exec(ctx, "ALTER TABLE "+table+" DELETE WHERE unit_id NOT IN {units:Array(String)}", clickhouse.Named("units", units)); err != nil {
			t.Fatalf("keeping some units in %s: %v", table, err)
		}
	}
}
