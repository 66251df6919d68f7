package store

import (
	"strings"
	"testing"
	"time"
)

// Months that rest become one part: rules read such a month without looking for versions.
func TestMonthsAtRestAreMerged(t *testing.T) {
	s, _ := open(t)
	var stmt string
	if err := s.Conn().QueryRow(t.Context(), "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'usage'").Scan(&stmt); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"min_age_to_force_merge_seconds = 7200", "min_age_to_force_merge_on_partition_only = 1"} {
		if !strings.Contains(stmt, want) {
			t.Errorf("usage is made without %s:\n%s", want, stmt)
		}
	}
	// The engine does so with what it is told: here with months that have rested a second.
	for _, stmt := range []string{
		"ALTER TABLE usage MODIFY SETTING min_age_to_force_merge_seconds = 1, merge_selecting_sleep_ms = 100, max_merge_selecting_sleep_ms = 100",
		"INSERT INTO usage (recorded_line_id, occurred_at, event_id, revision) SELECT 'L', toDateTime64('2026-01-05 00:00:00', 3, 'UTC'), toString(number), 1 FROM numbers(10)",
		"INSERT INTO usage (recorded_line_id, occurred_at, event_id, revision, deleted) SELECT 'L', toDateTime64('2026-01-05 00:00:00', 3, 'UTC'), toString(number), 2, true FROM numbers(3)",
	} {
		if err := s.Conn().Exec(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var parts, level, rows uint64
		err := s.Conn().QueryRow(t.Context(), "SELECT count(), toUInt64(min(level)), sum(rows) FROM system.parts WHERE database = currentDatabase() AND table = 'usage' AND active").Scan(&parts, &level, &rows)
		if err == nil && parts == 1 && level > 0 && rows == 10 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d rows in %d parts of level %d or above, %v", rows, parts, level, err)
		}
	}
}
