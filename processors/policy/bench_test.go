package policy

import (
	"fmt"
	"testing"

	"linesman/schema"
)

// benchRows of usage over 36 months and 20,000 lines, a few in a hundred of which some
// rule looks at.
const benchRows = 4_000_000

func fillUsage(s *testStore) {
	for part := range 4 {
		s.exec(fmt.Sprintf(`INSERT INTO usage (event_id, kind, service, direction, recorded_line_id, line_id, occurred_at, zone, duration_s, answered, volume_bytes,
			recorded_class, other_class, visited_country, forwarded, local_day, unit_id, cost_centre, cost, revision)
			WITH cityHash64(number) AS h, concat('L', leftPad(toString(h %% 20000), 13, '0')) AS line, toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + toIntervalSecond(intDiv(h, 20000) %% 62000000) AS at
			SELECT substring(SHA256(toString(number)), 1, 16), if(h %% 7 = 0, 'data', 'call'), if(h %% 7 = 0, 'data', 'voice_out'), 'out', line, line, at, 'Europe/Stockholm', h %% 600, h %% 5 > 0, if(h %% 7 = 0, h %% 40000000, 0),
			'mobile', if(h %% 1000 = 1, 'premium', 'mobile'), if(h %% 91 = 0, 'NO', 'SE'), h %% 13 = 0, toDate32(at, 'Europe/Stockholm'), concat('U', toString(h %% 300)), concat('K', toString(h %% 300)), toDecimal64(h %% 5, 6), 0
			FROM numbers(%d, %d) SETTINGS min_insert_block_size_rows = 100000`, part*benchRows/4, benchRows/4))
	}
}

func BenchmarkEvaluate(b *testing.B) {
	s := openStore(b)
	fillUsage(s)
	e := s.evaluator(builtin(b))
	s.project(s.evaluate(e, Scope{All: true}))
	scopes := map[string]Scope{"everything": {All: true}}
	for _, n := range []int{20, 2000} {
		var scope Scope
		for i := range n {
			scope.TouchLine(fmt.Sprintf("L%013d", i*7), schema.Date(2026, 3, 1))
		}
		scopes[fmt.Sprint(n, " lines, one month")] = scope
	}
	var month Scope
	month.TouchMonth(schema.Date(2026, 3, 1))
	scopes["one month"] = month
	for name, scope := range scopes {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if events := s.evaluate(e, scope); len(events) > 0 {
					b.Fatalf("%d events in a store that stands still", len(events))
				}
			}
		})
	}
}
