package querytest

import (
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// SeedForeign adds the violation "foreign" of line 3 in March: two events of one day, of which one was charged
// 10 EUR (115 kr) and one 0 kr though the price book says 5 kr, and one of the next day of 30 kr.
func SeedForeign(t testing.TB, conn driver.Conn) {
	t.Helper()
	var rows []schema.Usage
	var evidence []schema.ID
	add := func(day, hour int, currency string, charged, rated, cost schema.Money) {
		at := local(2026, 3, day, hour, 0)
		u := schema.Usage{EventID: schema.NewID("foreign", fmt.Sprint(len(rows))), Kind: schema.KindData, Service: schema.ServiceData, VolumeBytes: 30_000_000, VisitedCtry: "US", RoamingZone: "world",
			LineID: LineID(3), Line: LineID(3), OccurredAt: at, Zone: schema.DefaultZone, LocalDay: schema.DayOf(at, Zone()), UnitID: Emergency, CostCentre: "0100", Role: "personal",
			Currency: currency, Charged: charged, Rated: rated, Cost: cost, FileID: FileID(), FileRow: uint64(9000 + len(rows)), LogOffset: uint64(9000 + len(rows)), Revision: 1}
		rows, evidence = append(rows, u), append(evidence, u.EventID)
	}
	add(10, 12, "EUR", schema.Kronor(10), schema.Kronor(40), schema.Kronor(115))
	add(10, 18, "SEK", 0, schema.Kronor(5), 0)
	add(11, 12, "SEK", schema.Kronor(30), schema.Kronor(40), schema.Kronor(30))
	insert(t, conn, schema.UsageTable(), rows)
	insert(t, conn, schema.ViolationTable(), []schema.Violation{{EventID: schema.NewID("change", "foreign"), ViolationID: ViolationID("foreign"), Change: schema.ChangeOpened, Rule: "private-roaming", RuleVersion: 1, Severity: "medium",
		SubjectKind: "line", SubjectID: LineID(3), UnitID: Emergency, CostCentre: "0100", WindowKind: "month", WindowFrom: schema.Date(2026, 3, 1), WindowTo: schema.Date(2026, 4, 1), Zone: schema.DefaultZone,
		Measure: "volume", Value: 90, Limit: 50, ValueUnit: "MB", Cost: schema.Kronor(145), Evidence: evidence, EvidenceTotal: 3,
		FirstEventAt: rows[0].OccurredAt, LastEventAt: rows[2].OccurredAt, RecordedAt: local(2026, 4, 1, 2, 1), Offset: 100}})
}
