package backtest

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"linesman/processors/policy"
	"linesman/processors/worldtest"
	"linesman/schema"
)

// made fills a store with usage of 2026: 2,000 lines of 40 units, of which 3 % of the records
// are forwarded calls to mobile numbers. Every month is at rest in one part.
func made(t *testing.T, n int) *worldtest.World {
	t.Helper()
	w := worldtest.New(t)
	for _, sql := range []string{
		`INSERT INTO usage (event_id, kind, service, recorded_line_id, line_id, unit_id, cost_centre, occurred_at, zone, local_day, answered, forwarded, other_class, cost, revision)
SELECT unhex(substring(hex(SHA256(toString(number))), 1, 32)) AS event_id, 'call', 'voice_out', concat('L', toString(number % 2000)) AS line, line, concat('U', toString(number % 40)), 'K', 
  toDateTime64('2026-01-01 12:00:00', 3, 'UTC') + toIntervalSecond(intDiv(number * 31000000, ` + strconv.Itoa(n) + `)) AS at, 'Europe/Stockholm', toDate32(at), number % 5 > 0,
  cityHash64(number) % 100 < 3, 'mobile', toDecimal64((cityHash64(number, 7) % 200) / 100, 6), 1
FROM numbers(` + strconv.Itoa(n) + `)`,
		"OPTIMIZE TABLE usage FINAL",
	} {
		if err := w.St.Conn().Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// TestMeasureVersions measures the ways to judge two versions of a rule: in one reading, at the
// same time, together from what both select, and one after the other; they must find the same. The
// rule is once narrow (forwarded calls) and once broad (every call). It is a measurement and runs
// only when LINESMAN_BENCH_ROWS says over how many rows.
func TestMeasureVersions(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LINESMAN_BENCH_ROWS"))
	if err != nil {
		t.Skip("LINESMAN_BENCH_ROWS does not say how many rows")
	}
	w := made(t, n)
	empty, err := policy.Merge()
	if err != nil {
		t.Fatal(err)
	}
	const since = schema.Day(20089) // 2025-01-01
	for _, c := range []struct{ name, condition string }{{"narrow", "{column: forwarded, is: true}"}, {"broad", "{column: kind, is: call}"}} {
		draft := parse(t, forwarding(t, "version: 1", "version: 2", "above: 60", "above: 40", "{column: forwarded, is: true}", c.condition)).Rules()[0]
		pair := task{draft: draft, inForce: parse(t, forwarding(t, "{column: forwarded, is: true}", c.condition)).Rules()[0]}
		found := map[int]bool{}
		for _, way := range []string{"one reading", "at the same time", "from what both select", "one after the other"} {
			var least time.Duration
			for range 3 {
				ev, err := policy.New(policy.Config{Evidence: evidenceIDs}, w.St.Conn(), empty, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				d, f, err := judgedBy(t.Context(), way, &judge{in: &Input{}, ev: ev, reading: map[*reading]struct{}{}}, pair, since)
				if err != nil {
					t.Fatal(err)
				}
				found[len(d)<<32+len(f)] = true
				if took := time.Since(began); least == 0 || took < least {
					least = took
				}
			}
			t.Logf("%d rows, %s rule, %s: %.3f s", n, c.name, way, least.Seconds())
		}
		if len(found) != 1 {
			t.Errorf("the %s rule: %d answers", c.name, len(found))
		}
	}
}

func judgedBy(ctx context.Context, way string, j *judge, pair task, since schema.Day) (draft, inForce []schema.Violation, err error) {
	switch way {
	case "one reading":
		return j.both(ctx, pair, since)
	case "at the same time":
		return j.beside(ctx, pair, since)
	case "from what both select":
		list, err := j.ev.VerdictsOf(ctx, []*policy.Rule{moved(pair.draft, since), moved(pair.inForce, since)}, nil)
		if err != nil {
			return nil, nil, err
		}
		return list[0], list[1], nil
	}
	if draft, err = j.verdicts(ctx, pair.draft, since); err != nil {
		return nil, nil, err
	}
	inForce, err = j.verdicts(ctx, pair.inForce, since)
	return draft, inForce, err
}
