package querytest

import (
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/schema"
)

// SeedReads adds three reads to the access log: of a violation in January, one refused in the last
// hour of March, and one in the first hour of April, in the judging zone.
func SeedReads(t testing.TB, conn driver.Conn) {
	t.Helper()
	read := func(n string, at schema.Time, outcome string) schema.AccessRead {
		return schema.AccessRead{EventID: schema.NewID("read", n), At: at, Who: "P" + n, Way: schema.WayConsole, Roles: schema.RoleUnitManager, What: "violation", Subject: ViolationID("roaming").String(),
			UnitID: Emergency, GrantID: "case-" + n, Purpose: "Utredning", Outcome: outcome, Rows: 5}
	}
	insert(t, conn, schema.AccessReadTable(), []schema.AccessRead{
		read("1", local(2026, 1, 15, 9, 0), schema.AccessAllowed), read("2", local(2026, 3, 31, 23, 30), schema.AccessDenied), read("3", local(2026, 4, 1, 0, 30), schema.AccessAllowed),
	})
}
