package querytest

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// ViolationID names the seeded violations: roaming (changed once), forwarding, watches
// and premium (retracted).
func ViolationID(name string) schema.ID { return schema.NewID("violation", name) }

func seedViolations(t testing.TB, conn driver.Conn) {
	t.Helper()
	march, april := schema.Date(2026, 3, 1), schema.Date(2026, 4, 1)
	evidence := roamingEvidence(t, conn)
	roaming := schema.Violation{ViolationID: ViolationID("roaming"), Rule: "private-roaming", RuleVersion: 1, Severity: "medium", SubjectKind: "line", SubjectID: LineID(2), UnitID: Emergency, CostCentre: "0100",
		WindowKind: "month", WindowFrom: march, WindowTo: april, Zone: schema.DefaultZone, Measure: "volume", Value: 61.5, Limit: 50, ValueUnit: "MB", Cost: schema.Ore(36150),
		Evidence: evidence[:3], EvidenceTotal: 3, Detail: "countries=TH", FirstEventAt: local(2026, 3, 1, 20, 0), LastEventAt: local(2026, 3, 3, 20, 0)}
	rows := []schema.Violation{roaming}
	rows[0].Change, rows[0].RecordedAt = schema.ChangeOpened, local(2026, 4, 1, 2, 1)
	changed := roaming
	changed.Change, changed.ReasonCode, changed.RecordedAt = schema.ChangeChanged, "data", local(2026, 4, 2, 2, 1)
	changed.Value, changed.Cost, changed.Evidence, changed.EvidenceTotal, changed.LastEventAt = 82, schema.Ore(48200), evidence, 4, local(2026, 3, 4, 20, 0)
	rows = append(rows, changed,
		schema.Violation{ViolationID: ViolationID("forwarding"), Change: schema.ChangeOpened, Rule: "excessive-forwarding", RuleVersion: 1, Severity: "medium", SubjectKind: "line", SubjectID: LineID(1), UnitID: Emergency, CostCentre: "0100",
			WindowKind: "month", WindowFrom: schema.Date(2026, 1, 1), WindowTo: schema.Date(2026, 2, 1), Measure: "count", Value: 74, Limit: 60, ValueUnit: "calls", Cost: schema.Ore(1550), EvidenceTotal: 74, LastEventAt: local(2026, 1, 30, 9, 0), RecordedAt: local(2026, 4, 1, 2, 1)},
		schema.Violation{ViolationID: ViolationID("watches"), Change: schema.ChangeOpened, Rule: "rising-watches", RuleVersion: 1, Severity: "high", SubjectKind: "unit", SubjectID: Surgery, UnitID: Surgery, CostCentre: "0200",
			WindowKind: "month", WindowFrom: march, WindowTo: april, Measure: "rise", Value: 33, Limit: 12.5, ValueUnit: "watches", EvidenceTotal: 2, Evidence: []schema.ID{schema.NewID("watch", "3"), schema.NewID("watch", "7")}, LastEventAt: local(2026, 3, 30, 0, 0), RecordedAt: local(2026, 4, 1, 2, 1)},
		schema.Violation{ViolationID: ViolationID("premium"), Change: schema.ChangeOpened, Rule: "premium-call", RuleVersion: 1, Severity: "medium", SubjectKind: "line", SubjectID: LineID(5), UnitID: Surgery, CostCentre: "0200",
			WindowKind: "month", WindowFrom: schema.Date(2026, 2, 1), WindowTo: march, Measure: "count", Value: 1, ValueUnit: "calls", Cost: schema.Ore(9900), LastEventAt: local(2026, 2, 3, 9, 0), RecordedAt: local(2026, 4, 1, 2, 1)},
	)
	gone := rows[len(rows)-1]
	gone.Change, gone.ReasonCode, gone.RecordedAt = schema.ChangeRetracted, "reference", local(2026, 4, 3, 2, 1)
	rows = append(rows, gone)
	for i := range rows {
		rows[i].EventID, rows[i].Offset = schema.NewID("change", string(rune('a'+i))), uint64(i+1)
	}
	insert(t, conn, schema.ViolationTable(), rows)
}

// roamingEvidence finds the seeded data sessions abroad, in order of time.
func roamingEvidence(t testing.TB, conn driver.Conn) []schema.ID {
	t.Helper()
	res, err := conn.Query(t.Context(), "SELECT lower(hex(event_id)) FROM usage WHERE visited_country = 'TH' ORDER BY occurred_at")
	if err != nil {
		t.Fatalf("looking for evidence: %v", err)
	}
	defer func() { _ = res.Close() }()
	var ids []schema.ID
	for res.Next() {
		var text string
		if err := res.Scan(&text); err != nil {
			t.Fatal(err)
		}
		id, err := schema.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
