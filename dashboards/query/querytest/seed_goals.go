package querytest

import (
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// SeedMoreGoals adds goals of the kinds that the seeded hospital has none of, and what they are
// measured by: ten employees of the emergency unit and five of surgery, six desk telephones of
// the one (four at the end of March) and two of the other.
func SeedMoreGoals(t testing.TB, conn driver.Conn) {
	t.Helper()
	year, june := local(2026, 1, 1, 0, 0), schema.Date(2026, 6, 30)
	insert(t, conn, schema.UnitTable(), []schema.Unit{
		{UnitID: Emergency, Name: "Akutmottagningen", CostCentre: "0100", Employees: 10, ValidFrom: local(2026, 1, 2, 0, 0), Offset: 11},
		{UnitID: Surgery, Name: "Kirurgkliniken", CostCentre: "0200", Employees: 5, ValidFrom: local(2026, 1, 2, 0, 0), Offset: 12},
	})
	var items []schema.Equipment
	for i := range 8 {
		e := schema.Equipment{ItemID: fmt.Sprint(i), Kind: schema.EquipmentDeskPhone, UnitID: Emergency, ValidFrom: local(2024, 1, 1, 0, 0), Offset: uint64(i + 1)}
		switch {
		case i >= 6:
			e.UnitID = Surgery
		case i >= 4:
			e.ValidTo = local(2026, 2, 2+28*(i-4), 0, 0)
		}
		items = append(items, e)
	}
	insert(t, conn, schema.EquipmentTable(), items)
	goal := func(id, metric, unit string, baseline, target float64, due schema.Day, n int) schema.Goal {
		return schema.Goal{GoalID: id, Metric: metric, UnitID: unit, Baseline: baseline, Target: target, TargetDay: due, Owner: "Enhetschef", ValidFrom: year, Offset: uint64(20 + n)}
	}
	insert(t, conn, schema.GoalTable(), []schema.Goal{
		goal("o-e", "unused_lines", Emergency, 5, 2, june, 1),
		goal("d-e", "desk_phones", Emergency, 6, 1, june, 2), goal("d-s", "desk_phones", Surgery, 2, 0, june, 3),
		goal("d-s-later", "desk_phones", Surgery, 2, 1, schema.Date(2026, 12, 31), 4), // the same once more, due later
		goal("e-e", "cost_per_employee", Emergency, 80, 50, june, 5), goal("e-s", "cost_per_employee", Surgery, 80, 50, june, 6),
	})
}
