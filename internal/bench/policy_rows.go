package main

import (
	"context"
	"fmt"
	"time"
)

// The made-up usage: months of it, on so many lines of so many units.
const (
	benchMonths = 36
	benchLines  = 20_000
	benchUnits  = 300
	benchBlock  = 1_000_000 // rows of one insert
)

// fill makes usage until there are so many rows, a month at a time, and lets the parts of each
// month be merged: a store that has been running is merged too.
func (b *policyBench) fill(ctx context.Context, rows int) error {
	var there uint64
	if err := b.store.Conn().QueryRow(ctx, "SELECT count() FROM usage").Scan(&there); err != nil {
		return fmt.Errorf("counting the usage that is there: %w", err)
	}
	if there >= uint64(rows) {
		return nil
	}
	each := (rows + benchMonths - 1) / benchMonths
	for month := range benchMonths {
		first := time.Date(2025, time.January+time.Month(month), 1, 0, 0, 0, 0, time.UTC)
		for from := 0; from < each; from += benchBlock {
			if err := b.store.Conn().Exec(ctx, usageSQL(month*each+from, min(benchBlock, each-from), first)); err != nil {
				return fmt.Errorf("making usage of %s: %w", first.Format("2006-01"), err)
			}
		}
		if err := b.store.Conn().Exec(ctx, "OPTIMIZE TABLE usage PARTITION "+first.Format("200601")+" FINAL"); err != nil {
			return fmt.Errorf("merging usage of %s: %w", first.Format("2006-01"), err)
		}
	}
	return nil
}

// usageSQL inserts rows of one month. One in seven is data, one in ninety of it abroad; one call
// in thirteen is forwarded and one in a thousand goes to a premium-rate number.
func usageSQL(from, n int, month time.Time) string {
	seconds := int(month.AddDate(0, 1, 0).Sub(month).Seconds()) - 7200
	return fmt.Sprintf(`INSERT INTO usage (event_id, kind, service, direction, recorded_line_id, line_id, occurred_at, zone, duration_s, answered, volume_bytes,
	recorded_class, other_class, visited_country, forwarded, local_day, unit_id, cost_centre, cost, revision)
	WITH sipHash64(number) AS h, sipHash64(number, 1) AS g, h %% %d AS l, concat('L', leftPad(toString(l), 13, '0')) AS line,
		toDateTime64('%s', 3, 'UTC') + toIntervalSecond(g %% %d) AS at, h %% 7 = 0 AS data, intDiv(g, 1000) AS k
	SELECT reinterpretAsFixedString(sipHash128(number)), if(data, 'data', 'call'), if(data, 'data', 'voice_out'), 'out', line, line, at, 'Europe/Stockholm',
		k %% 600, k %% 5 > 0, if(data, k %% 40000000, 0), 'mobile', if(k %% 1000 = 1, 'premium', 'mobile'), if(data AND k %% 90 = 0, 'NO', 'SE'), NOT data AND k %% 13 = 0,
		toDate32(at, 'Europe/Stockholm'), concat('U', toString(l %% %d)), concat('K', toString(l %% %d)), toDecimal64((k %% 500) / 100, 6), 0
	FROM numbers(%d, %d)`, benchLines, month.Format("2006-01-02 01:00:00"), seconds, benchUnits, benchUnits, from, n)
}
