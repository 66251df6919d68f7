package main

import (
	"context"
	"fmt"
	"strings"
)

// references makes the statements about lines, units, goals and approvals, the counts of
// watches, the statistics of contact centres and the inventory that rules look at, where a
// table is empty.
func (b *policyBench) references(ctx context.Context) error {
	for _, stmt := range referenceSQL() {
		table := strings.Fields(stmt)[2]
		var there uint64
		if err := b.store.Conn().QueryRow(ctx, "SELECT count() FROM "+table+" SETTINGS final = 0").Scan(&there); err != nil {
			return fmt.Errorf("looking into %s: %w", table, err)
		}
		if there > 0 {
			continue
		}
		if err := b.store.Conn().Exec(ctx, stmt); err != nil {
			return fmt.Errorf("filling %s: %w", table, err)
		}
	}
	return nil
}

func referenceSQL() []string {
	const (
		begin  = "toDateTime64('2024-01-01 00:00:00', 3, 'UTC')"
		never  = "toDateTime64(0, 3, 'UTC')"
		id     = "reinterpretAsFixedString(sipHash128(%s, number))"
		weeks  = 124
		served = 40 // units with a contact centre
	)
	event := func(table string) string { return fmt.Sprintf(id, "'"+table+"'") }
	line := "concat('L', substring(hex(sipHash64('line', toUInt32(number))), 4))" // usage numbers them with 32 bits, and the hash tells
	unit := func(u string) string { return "concat('SE2321000016-U', toString(" + u + "))" }
	home := unit(fmt.Sprintf("number * 7 %% %d", benchUnits))
	numbers := func(n int) string { return fmt.Sprintf("\nFROM numbers(%d)", n) }
	return []string{
		"INSERT INTO units (unit_id, name, parent_id, cost_centre, employees, valid_from, valid_to, event_id, rank)\nSELECT " + unit("number") +
			", concat('Enhet ', toString(number)), " + unit("intDiv(number, 10)") + ", concat('K', toString(4000 + number)), 30 + number % 90, " + begin + ", " + never + ", " + event("units") + ", 1" + numbers(benchUnits),
		"INSERT INTO lines (line_id, alias_id, kind, role, holder, unit_id, operator, plan, sim_status, valid_from, valid_to, event_id, rank)\nSELECT " + line +
			", if(number % 10 < 6, '', concat('L', substring(hex(sipHash64('extension', toUInt32(number))), 4))), if(number % 10 < 6, 'mobile', 'fixed'), multiIf(number % 50 = 0, 'on_call', number % 50 < 6, 'shared', number % 50 = 6, 'loan', number % 200 = 7, 'm2m', 'personal'),\n" +
			"\tconcat('H', substring(hex(sipHash64('holder', toUInt32(number), true)), 4)), " + home + ", if(number % 10 < 6, 'norrtele', ''), if(number % 10 < 6, 'flat', ''), if(number % 10 < 6, 'active', ''), " + begin + ", " + never + ", " + event("lines") + ", 1" + numbers(benchLines+benchLines/20),
		"INSERT INTO approvals (approval_id, kind, line_id, unit_id, countries, decided_at, valid_from, valid_to, event_id, rank)\nSELECT concat('A', toString(number)),\n" +
			"\t['trip', 'premium', 'forwarding', 'private', 'review', 'sms'][number % 6 + 1] AS what, if(number % 19 = 0, '', " + strings.ReplaceAll(line, "number", "number * 37 % 20000") + "), if(number % 19 = 0, " + home + ", ''), if(number % 12 = 0, 'NO,DK', ''),\n" +
			"\t" + begin + " + toIntervalDay(number % 900), " + begin + " + toIntervalDay(number % 900), if(number % 3 = 0, " + never + ", " + begin + " + toIntervalDay(number % 900 + 60)), " + event("approvals") + ", 1" + numbers(6000),
		"INSERT INTO goals (goal_id, metric, unit_id, baseline, target, target_day, valid_from, valid_to, event_id, rank)\nSELECT concat('G', toString(number)), 'watches_open', " + unit("number") + ", 100, 60, toDate32('2026-12-31'), " + begin + ", " + never + ", " + event("goals") + ", 1" + numbers(benchUnits) +
			"\nUNION ALL\nSELECT concat('B', toString(unit_id)), 'cost_month', toString(unit_id), 100, toFloat64(sum(cost)) * (0.98 + sipHash64(unit_id) % 30 / 100), toDate32('2026-12-31'), " + begin + ", " + never +
			", reinterpretAsFixedString(sipHash128('budget', toString(unit_id))), 1\nFROM usage WHERE toYYYYMM(occurred_at) = 202501 AND unit_id != '' GROUP BY unit_id SETTINGS final = 1",
		fmt.Sprintf("INSERT INTO watches (event_id, unit_id, day, profession_group, open, created, closed, extract_at, week, log_offset)\nSELECT %s, %s, toDate32('2024-07-01') + 7 * (intDiv(number, 2) %% %d) + 2 AS counted, if(number %% 2 = 0, 'läkare', 'sjuksköterska'),\n"+
			"\t40 + sipHash64(number) %% 20 + if(u %% 10 = 0, intDiv(number, 2) %% %d, 0), 5, 5, toDateTime64(counted, 3, 'UTC'), toDate32(toMonday(counted)), number\nFROM (SELECT number, intDiv(number, %d) AS u FROM numbers(%d))",
			event("watches"), unit("u"), weeks, weeks, 2*weeks, 2*weeks*benchUnits),
		fmt.Sprintf("INSERT INTO contacts (event_id, unit_id, queue, key, origin, occurred_at, zone, interval_s, offered, answered, abandoned, wait_s, talk_s, extract_at, local_day, log_offset, rank)\n"+
			"SELECT %s, %s, 'mottagningen', toString(number %% 9 + 1), ['internal', 'external'][number %% 2 + 1], toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + toIntervalDay(intDiv(number, 18) %% 690) + toIntervalHour(9) AS at, 'Europe/Stockholm', 3600,\n"+
			"\tsipHash64(number) %% 12 AS n, intDiv(n * 4, 5) AS taken, n - taken, n * 70, n * 180, at, toDate32(at, 'Europe/Stockholm'), number, 1\nFROM (SELECT number, intDiv(number, 12420) AS u FROM numbers(%d))", event("contacts"), unit("u"), 12420*served),
		"INSERT INTO equipment (item_id, kind, line_id, holder, unit_id, lost_at, blocked_at, valid_from, valid_to, event_id, rank)\nSELECT concat('I', toString(number)), if(number % 10 < 6, 'mobile', 'desk_phone'), " + line + ", concat('H', substring(hex(sipHash64('holder', toUInt32(number), true)), 4)), " + home + ",\n" +
			"\tif(number % 200 = 0, toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + toIntervalHour(number % 3000) AS lost, " + never + "), if(number % 400 = 0, lost + toIntervalHour(number % 90), " + never + "), " + begin + ", " + never + ", " + event("equipment") + ", 1" + numbers(benchLines),
		"INSERT INTO employments (holder, state, unit_id, valid_from, valid_to, event_id, rank)\nSELECT concat('H', substring(hex(sipHash64('holder', toUInt32(number), true)), 4)), if(number % 30 = 1, 'leave', 'employed'), " + home + ", " + begin + ",\n" +
			"\tif(number % 30 < 2, " + begin + " + toIntervalDay(400 + number % 500), " + never + "), " + event("employments") + ", 1" + numbers(benchLines),
		"INSERT INTO telephone_hours (line_id, unit_id, weekday, opens_min, closes_min, valid_from, valid_to, event_id, rank)\nSELECT '', " + unit("intDiv(number, 5)") + ", number % 5 + 1, 480, 480 + 60 * (number % 4), " + begin + ", " + never + ", " + event("hours") + ", 1" + numbers(5*benchUnits),
	}
}
