DROP VIEW IF EXISTS cases_current
;
CREATE VIEW IF NOT EXISTS cases_current AS
WITH 14 AS term, 'Europe/Stockholm' AS term_zone, [toDate32(0)] AS term_free
SELECT f.violation_id AS violation_id, f.state AS state, f.reopened AS reopened, f.step AS step, f.`by` AS `by`, f.step_reason AS step_reason, f.step_at AS step_at, f.steps AS steps, f.reminded_at AS reminded_at, f.last_step AS last_step, f.approval_id AS approval_id,
    if(f.reopened OR f.chosen < f.base_day,
        arrayFirst(d -> toDayOfWeek(d) < 6 AND NOT has(term_free, d), arrayMap(i -> toDate32(addDays(f.base_day, term + i)), range(8))), f.chosen) AS deadline,
    f.state IN ('candidate', 'open', 'acknowledged', 'explained') AS due, toDate32(now64(3, 'UTC'), term_zone) AS today, due AND deadline < today AS overdue,
    f.rule AS rule, f.rule_version AS rule_version, f.severity AS severity, f.subject_kind AS subject_kind, f.subject_id AS subject_id, f.unit_id AS unit_id, f.cost_centre AS cost_centre,
    f.window_kind AS window_kind, f.window_from AS window_from, f.window_to AS window_to, f.zone AS zone, f.measure AS measure, f.value AS value, f.`limit` AS `limit`, f.value_unit AS value_unit, f.cost AS cost,
    f.candidate AS candidate, f.change AS change, f.event_id AS event_id, f.last_opened_at AS opened_at, f.changed_at AS changed_at
FROM
(
    SELECT v.*, c.reminded_at AS reminded_at,
        arrayFold((a, s, i) -> if(s.3 = a.1, (s.2, i, a.3 + 1, if(s.4 = 'approved', a.4, if(s.7 != toDate32(0) OR s.4 = 'open', s.7, a.4)), if(s.4 = 'open', s.10, a.5), a.6 OR s.4 = 'open'), a),
            c.list, arrayEnumerate(c.list), (toFixedString('', 16), toUInt32(0), toUInt64(0), toDate32(0), toDateTime64(0, 3, 'UTC'), false)) AS held,
        c.list[held.2] AS last, held.1 AS last_step, held.3 AS steps, last.4 AS step, last.5 AS `by`, last.6 AS step_reason, last.8 AS approval_id, last.10 AS step_at, held.4 AS chosen,
        v.change != 'retracted' AND step IN ('closed', 'approved') AND last.9 != v.value AS reopened,
        toDate32(if(reopened, v.changed_at, greatest(v.last_opened_at, held.5)), term_zone) AS base_day,
        multiIf(v.change = 'retracted', 'retracted', steps = 0 OR reopened, if(v.candidate AND NOT held.6, 'candidate', 'open'), step) AS state
    FROM violations_current AS v
    LEFT JOIN
    (
        SELECT e.violation_id AS violation_id, maxIf(e.at, e.step = 'reminded') AS reminded_at,
            arraySort(s -> s.1, groupArray((e.log_offset, e.event_id, e.previous, toString(e.step), e.`by`, toString(e.reason_code), e.deadline, e.approval_id, e.seen_value, e.at))) AS list
        FROM cases AS e GROUP BY e.violation_id
    ) AS c ON v.violation_id = c.violation_id
) AS f
