package policy

import (
	"fmt"
	"testing"

	"linesman/schema"
)

// BenchmarkTrends judges a trend over the usage of 300 units (see fillUsage) and counts of
// watches of as many over three years.
func BenchmarkTrends(b *testing.B) {
	s := openStore(b)
	fillUsage(s)
	s.exec(`INSERT INTO watches (event_id, unit_id, day, open, extract_at, week) WITH number % 300 AS unit, intDiv(number, 300) AS nth
		SELECT substring(SHA256(toString(number)), 1, 16), concat('U', toString(unit)), toDate32('2023-12-04') + toIntervalDay(7 * nth), 40 + cityHash64(number) % 60 + intDiv(nth * (unit % 7), 12), now64(3), toDate32('2023-12-04') + toIntervalDay(7 * nth)
		FROM numbers(300 * 156)`)
	s.exec(`INSERT INTO units (unit_id, employees, valid_from, rank) SELECT concat('U', toString(number)), 20 + number, toDateTime64('2020-01-01 00:00:00', 3, 'UTC'), 1 FROM numbers(300)`)
	s.exec(`INSERT INTO lines (line_id, unit_id, valid_from, rank) SELECT concat('L', leftPad(toString(number), 13, '0')), concat('U', toString(number % 300)), toDateTime64('2020-01-01 00:00:00', 3, 'UTC'), 1 FROM numbers(20000)`)
	for _, r := range trendRules(b).Rules() {
		set, _ := newSet(contents{rules: []*Rule{r}})
		e := s.evaluator(set)
		s.project(s.evaluate(e, Scope{All: true}))
		var month Scope
		month.TouchLine("L1", schema.Date(2026, 3, 1))
		month.TouchUnit("U1", schema.Date(2026, 3, 1))
		for name, scope := range map[string]Scope{"everything": {All: true}, "a touched month": month} {
			b.Run(fmt.Sprint(r.ID, "/", name), func(b *testing.B) {
				for b.Loop() {
					if events := s.evaluate(e, scope); len(events) > 0 {
						b.Fatalf("%d events in a store that stands still", len(events))
					}
				}
			})
		}
	}
}
