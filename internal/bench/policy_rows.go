package main

import (
	"context"
	"fmt"
	"time"
)

// The made-up usage: months of it, on so many lines of so many units. The last month is left
// as a living one is: in several parts.
const (
	benchMonths = 23
	benchLines  = 20_000
	benchUnits  = 300
	benchBlock  = 1_000_000 // rows of one insert
)

// benchBegin is the first moment of the made-up usage.
func benchBegin() time.Time { return time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC) }

// fill makes usage until there are so many rows, a month at a time, and lets the parts of each
// month be merged: a store that has been running is merged too. Months that are whole are left
// as they are, so that a folder can be measured again and an interrupted filling goes on.
func (b *policyBench) fill(ctx context.Context, rows int) error {
	each := (rows + benchMonths - 1) / benchMonths
	for month := range benchMonths {
		first := benchBegin().AddDate(0, month, 0)
		name := first.Format("200601")
		var there uint64
		if err := b.store.Conn().QueryRow(ctx, "SELECT count() FROM usage WHERE _partition_id = '"+name+"' SETTINGS final = 0").Scan(&there); err != nil {
			return fmt.Errorf("counting the usage of %s: %w", name, err)
		}
		if there >= uint64(each)*99/100 { // what was cancelled in the first month is not made again
			continue
		}
		if there > 0 {
			if err := b.store.Conn().Exec(ctx, "ALTER TABLE usage DROP PARTITION ID '"+name+"'"); err != nil {
				return fmt.Errorf("dropping half of %s: %w", name, err)
			}
		}
		if err := b.fillMonth(ctx, month, each, first, name); err != nil {
			return fmt.Errorf("making usage of %s: %w", name, err)
		}
	}
	return nil
}

func (b *policyBench) fillMonth(ctx context.Context, month, each int, first time.Time, name string) error {
	if month > 0 {
		if err := b.store.Conn().Exec(ctx, monthSQL(month, first)); err != nil {
			return err
		}
	}
	for from := 0; month == 0 && from < each; from += benchBlock {
		if err := b.store.Conn().Exec(ctx, usageSQL(from, min(benchBlock, each-from), first)); err != nil {
			return err
		}
	}
	// Some records were cancelled: their rows stay, dead.
	if err := b.store.Conn().Exec(ctx, "INSERT INTO usage SELECT * REPLACE (true AS deleted, 2 AS revision) FROM usage WHERE _partition_id = '"+name+"' AND sipHash64(event_id) % 1000 = 0 SETTINGS final = 0"); err != nil {
		return err
	}
	if month == benchMonths-1 {
		return nil
	}
	return b.store.Conn().Exec(ctx, "OPTIMIZE TABLE usage PARTITION ID '"+name+"' FINAL")
}

// monthSQL inserts another month: the first one again, weekday for weekday, with other events.
// Other lines are abroad, and at some units more and more is forwarded.
func monthSQL(month int, first time.Time) string {
	days := int(first.Sub(benchBegin()).Hours()/24+6) / 7 * 7
	return fmt.Sprintf(`INSERT INTO usage
SELECT * EXCEPT (age, h, e, away, shifted, moment) REPLACE (reinterpretAsFixedString(sipHash128(event_id, age)) AS event_id, moment AS occurred_at, toDate32(moment, 'Europe/Stockholm') AS local_day, moment + toIntervalHour(9) AS recorded_at,
	if(away, ['NO', 'DK', 'FI', 'DE', 'ES', 'TH', 'US'][(h + age) %% 7 + 1], if(visited_country = '', '', 'SE')) AS visited_country, if(away, 'net', '') AS visited_network,
	multiIf(NOT away, if(service = 'voice_in_roaming', 'voice_in', service), direction = 'in' AND kind = 'call', 'voice_in_roaming', service) AS service,
	multiIf(NOT away, if(roaming_zone = '', '', 'home'), (h + age) %% 7 > 4, 'world', 'eea') AS roaming_zone,
	reinterpretAsFixedString(sipHash128('file', age, toDate(moment), h %% 2)) AS file_id, forwarded AND (e %% 100 < 60 + if(cityHash64(toString(unit_id)) %% 5 = 0, age, 20)) AS forwarded)
FROM (
	SELECT *, %[1]d AS age, sipHash64(line_id) AS h, sipHash64(event_id, %[1]d) AS e, visited_country != '' AND (h + age) %% 40 = 0 AND e %% 4 = 0 AS away,
		occurred_at + toIntervalDay(%[2]d) + toIntervalSecond(e %% 1800) AS shifted,
		multiIf(shifted >= toDateTime64('%[4]s', 3, 'UTC'), shifted - toIntervalDay(28), shifted < toDateTime64('%[3]s', 3, 'UTC'), shifted + toIntervalDay(28), shifted) AS moment
	FROM usage WHERE _partition_id = '%[5]s' AND NOT deleted
)
SETTINGS final = 0, max_insert_block_size = 1000000`, month, days, first.Format(time.DateTime), first.AddDate(0, 1, 0).Format(time.DateTime), benchBegin().Format("200601"))
}

// usageSQL inserts rows of one month: calls of desk phones and mobiles, data and messages of
// mobiles, fees. A few lines make much of it. Of the lines one in forty is abroad in a month,
// one fixed line in twelve forwards a fifth of its calls, one call in 2,500 goes to a
// premium-rate number and one outgoing call in 200 is private. Most units answer and keep their
// hours: two to seven calls in a hundred ring for more than five rings, at one unit in twelve
// twelve to forty; three to nine in a hundred are at any hour, at one unit in ten over twenty.
func usageSQL(from, n int, month time.Time) string {
	next := month.AddDate(0, 1, 0)
	days, age := int(next.Sub(month).Hours()/24), month.Year()*12+int(month.Month())
	return fmt.Sprintf(benchSQL, benchLines, age, benchUnits, days, month.Format("2006-01-02"), month.Format("200601"), from, n)
}

// benchSQL makes usage of numbers. Arguments: lines, number of the month, units, days of the
// month, its first day, its name, first number, how many.
const benchSQL = `INSERT INTO usage (event_id, kind, service, direction, recorded_line_id, occurred_at, zone, duration_s, ring_s, answered, outcome, volume_bytes, messages,
	recorded_class, other_country, other_mask, other_hash, visited_country, visited_network, forwarded, redirect_code, redirect_reason, device, cause, operator, invoice,
	charged, vat, currency, private, source, file_id, file_row, recorded_at, local_day, line_id, other_class, unit_id, cost_centre, role, holder, plan, line_kind, line_operator,
	roaming_zone, price_id, rated, rate_reason, cost, log_partition, log_offset, revision, deleted)
WITH sipHash64(number) AS h, sipHash64(number, 1) AS g, sipHash64(number, 2) AS k, sipHash64(number, 3) AS q, sipHash64(number, 4) AS z,
	toUInt32(%[1]d * pow((h %% 1000003) / 1000003, 1.6)) AS l, concat('L', substring(hex(sipHash64('line', l)), 4)) AS line, l %% 10 < 6 AS mobile, %[2]d AS age,
	(l * 7 + (l %% 33 = 0 AND age > 24314)) %% %[3]d AS u,
	multiIf(l %% 50 = 0, 'on_call', l %% 50 < 6, 'shared', l %% 50 = 6, 'loan', l %% 200 = 7, 'm2m', 'personal') AS part,
	multiIf(NOT mobile, 'call', k %% 1000 < 240, 'data', k %% 1000 < 350, 'sms', k %% 1000 < 356, 'fee', 'call') AS what, what = 'call' AS call,
	toDate('%[5]s') AS first, g %% %[4]d AS d0, if(toDayOfWeek(first + d0) > 5 AND g %% 10 > 0, if(d0 > 2, d0 - 2, d0 + 2), d0) AS d,
	if(z %% 100 < if(u %% 10 = 3, 20 + u %% 9, 3 + u %% 7), intDiv(g, 1000) %% 86400, 21600 + intDiv(g, 1000) %% 30600) AS sec,
	toDateTime64(first + d, 3, 'UTC') + toIntervalSecond(sec) + toIntervalMillisecond(intDiv(q, 100) %% 1000) AS at,
	intDiv(h, 2000000) AS r1, intDiv(g, 100000000) AS r2, intDiv(k, 1000000000) AS r3, intDiv(q, 100000) AS r4,
	multiIf(what IN ('data', 'fee'), 'out', r1 %% 100 < 45, 'out', r1 %% 100 < 85, 'in', 'internal') AS way,
	mobile AND what != 'fee' AND (l + age) %% 40 = 0 AND r2 %% 4 = 0 AS abroad, if(abroad, ['NO', 'DK', 'FI', 'DE', 'ES', 'TH', 'US'][(l + age) %% 7 + 1], if(mobile AND what != 'fee', 'SE', '')) AS visited,
	call AND NOT mobile AND way = 'in' AND if(l %% 12 = 3, r3 %% 5 = 0, r3 %% 100 = 0) AS fwd,
	multiIf(what IN ('data', 'fee'), 'none', fwd, if(r4 %% 4 > 0, 'mobile', 'fixed'), way = 'internal', 'internal', r4 %% 10000 < 4 AND way = 'out', 'premium', r4 %% 10000 < 12, 'directory', r4 %% 10000 < 30, 'toll_free',
		r4 %% 10000 < 5500, 'mobile', r4 %% 10000 < 8500, 'fixed', r4 %% 10000 < 9700, 'corporate', 'international') AS class,
	call AND r2 %% 1000 < 820 AS taken, if(taken, toUInt32(exp2((r3 %% 1000) / 100)), 0) AS secs, what = 'data' AS data,
	if(class = 'none', 0, sipHash64(l, if(r2 %% 10 < 3, r1 %% 12, r1 %% 100000))) AS other,
	intDiv(z, 100) %% 100 < if(u %% 12 = 5, 12 + u %% 30, 2 + u %% 6) AS slow, intDiv(z, 10000) AS r5,
	toDecimal64(multiIf(what = 'fee', 149, data, if(abroad, (r3 %% 400) / 100, 0), what = 'sms', 0.3, class = 'premium', 12 + secs / 20, way = 'out' OR fwd, 0.2 + secs / 300, 0), 6) AS amount
SELECT reinterpretAsFixedString(sipHash128('event', number)), what, multiIf(data, 'data', what = 'sms', 'sms', what = 'fee', 'subscription', fwd, 'voice_forward', abroad AND way = 'in', 'voice_in_roaming', way = 'out', 'voice_out', way = 'in', 'voice_in', 'voice_internal'),
	way, if(mobile, line, concat('L', substring(hex(sipHash64('extension', l)), 4))), at, 'Europe/Stockholm', secs, if(call, if(slow, 31 + r5 %% 60, r5 %% 25), 0), taken, multiIf(NOT call, '', taken, 'answered', r4 %% 3 = 0, 'busy', 'no_answer'),
	if(data, toUInt64(exp2(10 + (r3 %% 1600) / 100)), 0), what = 'sms', if(class = 'internal', 'fixed', class), if(class = 'international', ['NO', 'DK', 'DE', 'PL'][r3 %% 4 + 1], if(class = 'none', '', 'SE')),
	if(class = 'none', '', concat('+4670', toString(other %% 1000), '****')), other, visited, if(abroad, concat('net', toString(age %% 9)), ''), fwd, if(fwd, 15, 0), if(fwd, 'forward_all', ''),
	multiIf(mobile, 'mobile', l %% 3 = 0, 'jabber_desktop', 'desk_phone'), 16, if(mobile, 'norrtele', ''), if(mobile, 'N%[6]s', ''), if(mobile, amount, 0), if(mobile, amount / 4, 0), if(mobile, 'SEK', ''),
	call AND way = 'out' AND part = 'personal' AND r4 %% 200 = 0, if(mobile, 'itemised:norrtele', 'cucm'), reinterpretAsFixedString(sipHash128('file', age, d, l %% 2)), number %% 60000, at + toIntervalHour(9), toDate32(at, 'Europe/Stockholm'),
	line, class, concat('SE2321000016-U', toString(u)), concat('K', toString(4000 + u)), part, if(part = 'personal', concat('H', substring(hex(sipHash64('holder', l, age > 24310)), 4)), ''), if(mobile, 'flat', ''), if(mobile, 'mobile', 'fixed'), if(mobile, 'norrtele', ''),
	multiIf(NOT mobile, '', NOT abroad, 'home', visited IN ('TH', 'US'), 'world', 'eea'), if(mobile, '', 'p1'), if(mobile, 0, amount), if(mobile, '', 'rated'), amount, l %% 4, number, 1, false
FROM numbers(%[7]d, %[8]d)`
