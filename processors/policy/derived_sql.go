package policy

import (
	"fmt"
	"strings"
)

const (
	// farAway stands for the end of what holds until further notice.
	farAway = "toDateTime64('2299-12-31 00:00:00', 3, 'UTC')"
	// newestUse is the newest moment of usage. The parts of the store know it, so that nothing
	// is read; cancelled records count, for their source had come that far.
	newestUse = "ifNull((SELECT max(occurred_at) FROM usage SETTINGS final = 0), toDateTime64(0, 3, 'UTC'))"
)

// until writes the end of a statement.
func until(column string) string {
	return fmt.Sprintf("if(%[1]s = toDateTime64(0, 3, 'UTC'), %[2]s, %[1]s)", column, farAway)
}

// coveredEnd writes the moment up to which the data are complete: the beginning of the newest
// day with usage.
func coveredEnd(zone string) string {
	return "toDateTime64(toStartOfDay(toTimeZone(" + newestUse + ", " + quote(zone) + ")), 3, 'UTC')"
}

// placedSQL gives statements their place. stated is a query with the columns event_id,
// occurred_at, line (a line id or an extension; may be empty) and unit (may be empty), and
// others, which are handed on: line_id is the line that the name stood for at that moment,
// unit_id the unit that is stated or else held that line, cost_centre the line's or else the
// unit's. What was stated about a line counts as it does for usage: of the statements that
// hold, the one that began to hold last.
func placedSQL(stated string, others ...string) string {
	names := "SELECT line_id AS name, line_id, unit_id, cost_centre, valid_from, " + until("valid_to") + " AS ends, tuple(valid_from, rank, log_offset) AS place FROM lines"
	with := []string{
		"stated AS (\n" + indent(stated) + ")",
		"names AS (\n    " + names + "\n    UNION ALL\n    " + strings.Replace(names, "line_id AS name", "alias_id AS name", 1) + " WHERE alias_id NOT IN ('', line_id)\n)",
		"held AS (\n    SELECT s.line AS line, s.occurred_at AS moment, argMax(n.line_id, n.place) AS held_line, argMax(toString(n.unit_id), n.place) AS held_unit, argMax(toString(n.cost_centre), n.place) AS centre\n" +
			"    FROM (SELECT DISTINCT line, occurred_at FROM stated WHERE line != '') AS s\n    INNER JOIN names AS n ON s.line = n.name\n" +
			"    WHERE n.valid_from <= s.occurred_at AND s.occurred_at < n.ends\n    GROUP BY s.line, s.occurred_at\n)",
		"placed AS (\n    SELECT stated.*, if(held_line = '', stated.line, held_line) AS line_id, if(stated.unit != '', stated.unit, held_unit) AS unit_id,\n" +
			"        if(stated.unit IN ('', held_unit), held.centre, '') AS line_centre\n" +
			"    FROM stated\n    LEFT JOIN held ON stated.line = held.line AND stated.occurred_at = held.moment\n)",
		"paid AS (\n    SELECT p.unit_id AS unit, p.occurred_at AS moment, argMax(toString(u.cost_centre), tuple(u.valid_from, u.rank)) AS centre\n" +
			"    FROM (SELECT DISTINCT unit_id, occurred_at FROM placed WHERE unit_id != '') AS p\n    INNER JOIN units AS u ON p.unit_id = u.unit_id\n" +
			"    WHERE u.valid_from <= p.occurred_at AND p.occurred_at < " + until("u.valid_to") + "\n    GROUP BY p.unit_id, p.occurred_at\n)",
	}
	columns := append([]string{"event_id", "occurred_at", "unit_id", "if(line_centre != '', line_centre, paid.centre) AS cost_centre", "line_id"}, others...)
	return "WITH\n" + strings.Join(with, ",\n") + "\nSELECT " + strings.Join(columns, ", ") + "\nFROM placed\nLEFT JOIN paid ON placed.unit_id = paid.unit AND placed.occurred_at = paid.moment\n"
}

// hoursSQL reads telephone hours; a day that is stated to be closed has none.
func hoursSQL() string {
	return placedSQL("SELECT event_id, valid_from AS occurred_at, line_id AS line, toString(telephone_hours.unit_id) AS unit, weekday, opens_min, closes_min, valid_to AS ends_at\n"+
		"FROM telephone_hours\nWHERE opens_min < closes_min\n", "weekday", "opens_min", "closes_min", "ends_at")
}

// approvalsSQL reads approvals. One for a whole unit has no line.
func approvalsSQL() string {
	return placedSQL("SELECT event_id, if(decided_at = toDateTime64(0, 3, 'UTC'), approvals.valid_from, decided_at) AS occurred_at, line_id AS line, toString(approvals.unit_id) AS unit,\n"+
		"    toString(kind) AS kind, countries, approvals.valid_from AS valid_from, approvals.valid_to AS valid_to\nFROM approvals\n", "kind", "countries", "valid_from", "valid_to")
}

// returnsSQL finds equipment that was due back. Nothing is due before the data cover it, nor
// after it was lost or had come back.
func returnsSQL(zone string) string {
	z := quote(zone)
	dues := "dues AS (\n" + indent(endedSQL()+"UNION ALL\n"+leavesSQL(z)) + ")"
	stated := "WITH\n" + dues + "\n" +
		"SELECT e.event_id AS event_id, d.due AS occurred_at, e.line_id AS line, toString(e.unit_id) AS unit, toString(e.kind) AS item, d.reason AS reason,\n" +
		"    toBool(e.valid_to != toDateTime64(0, 3, 'UTC') AND e.valid_to <= " + coveredEnd(zone) + ") AS returned,\n" +
		"    toUInt32(greatest(0, dateDiff('day', toDate32(d.due, " + z + "), least(toDate32(" + until("e.valid_to") + ", " + z + "), toDate32(d.ceases, " + z + "), toDate32(" + newestUse + ", " + z + ") - 1)))) AS late_days\n" +
		"FROM equipment AS e\nINNER JOIN dues AS d ON e.holder = d.holder\n" +
		"WHERE e.holder != '' AND e.valid_from < d.due AND d.due < " + until("e.valid_to") + " AND d.due < " + coveredEnd(zone) + "\n" +
		"    AND (e.lost_at = toDateTime64(0, 3, 'UTC') OR e.lost_at > d.due)\n"
	return placedSQL(stated, "item", "reason", "returned", "late_days")
}

// endedSQL finds when holders left: the end of an employment or assignment after which no
// other goes on. What is due then ceases to be late when a new one begins.
func endedSQL() string {
	return "SELECT holder, due, if(max(state = 'employed'), " + quote(reasonEmployment) + ", " + quote(reasonAssignment) + ") AS reason, min(next) AS ceases\n" +
		"FROM (\n    SELECT holder, span.2 AS due, span.3 AS state,\n        arrayMin(arrayPushBack(arrayFilter(s -> s > due, arrayMap(s -> s.1, spans)), " + farAway + ")) AS next\n" +
		"    FROM (\n        SELECT holder, groupArray(tuple(valid_from, " + until("valid_to") + ", toString(state))) AS spans\n" +
		"        FROM employments\n        WHERE state IN ('employed', 'assignment')\n        GROUP BY holder\n    )\n    ARRAY JOIN spans AS span\n" +
		"    WHERE due < " + farAway + " AND NOT arrayExists(s -> s.1 <= due AND due < s.2, spans)\n)\nGROUP BY holder, due\n"
}

// leavesSQL finds leaves of more than a year. Leaves without a gap between them are one,
// which becomes one of more than a year with the part that makes it so; one until further
// notice does when a year has passed.
func leavesSQL(zone string) string {
	return "SELECT holder, min(part_due) AS due, " + quote(reasonLeave) + " AS reason, max(part.2) AS ceases\n" +
		"FROM (\n    SELECT holder, part, arrayMax(arrayFilter(b -> b <= part.1, begins)) AS began, addYears(toTimeZone(began, " + zone + "), 1) AS year,\n" +
		"        toTimeZone(if(part.2 = " + farAway + ", greatest(part.1, year), if(part.2 > year, part.1, " + farAway + ")), 'UTC') AS part_due\n" +
		"    FROM (\n        SELECT holder, groupArray(tuple(valid_from, " + until("valid_to") + ")) AS parts,\n" +
		"            arrayFilter(b -> NOT arrayExists(s -> s.1 < b AND b <= s.2, parts), arrayMap(s -> s.1, parts)) AS begins\n" +
		"        FROM employments\n        WHERE state = 'leave'\n        GROUP BY holder\n    )\n    ARRAY JOIN parts AS part\n)\n" +
		"GROUP BY holder, began\nHAVING due < " + farAway + "\n"
}

// lossesSQL finds lost equipment and what its line was used for until it was blocked. An item
// that several statements say was lost at the same moment was lost once.
func (r *Rule) lossesSQL() string {
	zone := r.Zone
	lost := placedSQL("SELECT event_id, lost_at AS occurred_at, line_id AS line, toString(equipment.unit_id) AS unit, item_id, toString(kind) AS item, "+until("blocked_at")+" AS blocked_until\n"+
		"FROM equipment\nWHERE lost_at != toDateTime64(0, 3, 'UTC')\nORDER BY equipment.valid_from <= lost_at DESC, equipment.valid_from DESC\nLIMIT 1 BY item_id, lost_at\n", "item_id", "item", "blocked_until")
	return "WITH\nlost AS (\n" + indent(lost) + "),\n" +
		"used AS (\n    SELECT l.item_id AS used_item, l.occurred_at AS moment, count() AS uses, sum(u.cost) AS charged\n" +
		"    FROM (\n        SELECT line_id, occurred_at, cost\n        FROM usage\n        WHERE kind != 'fee' AND " + r.unprotectedUsageSQL() + " AND (recorded_line_id IN (SELECT line_id FROM lost WHERE line_id != '')\n" +
		"            OR recorded_line_id IN (SELECT alias_id FROM lines WHERE alias_id != '' AND line_id IN (SELECT line_id FROM lost)))\n    ) AS u\n" +
		"    INNER JOIN lost AS l ON u.line_id = l.line_id\n    WHERE u.occurred_at > l.occurred_at AND u.occurred_at < l.blocked_until\n    GROUP BY l.item_id, l.occurred_at\n)\n" +
		"SELECT event_id, occurred_at, unit_id, cost_centre, line_id, item, toBool(blocked_until < " + farAway + ") AS blocked,\n" +
		"    toUInt32(greatest(0, intDiv(toUnixTimestamp64Milli(least(blocked_until, greatest(occurred_at, " + coveredEnd(zone) + "))) - toUnixTimestamp64Milli(occurred_at), 3600000))) AS block_hours,\n" +
		"    toUInt32(used.uses) AS used_after, toDecimal64(used.charged, 6) AS cost\n" +
		"FROM lost\nLEFT JOIN used ON lost.item_id = used.used_item AND lost.occurred_at = used.moment\n"
}
