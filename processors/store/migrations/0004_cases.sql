CREATE TABLE IF NOT EXISTS cases
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over violation, step before, step, by, reason, deadline and note.' CODEC(NONE),
    `violation_id` FixedString(16) COMMENT 'Violation it is about.',
    `previous` FixedString(16) COMMENT 'Event id of the step before; zero for the first. Of several steps with the same one the first in the log holds.',
    `step` LowCardinality(String) COMMENT 'open, acknowledged, explained, approved or closed.',
    `by` String COMMENT 'Who took the step: a role (holder, manager, finance, auditor, dpo, operations) or a person\'s pseudonym.',
    `reason_code` LowCardinality(String) COMMENT 'Why, from the vocabulary of the step; see docs/cases.md.',
    `note` String COMMENT 'A remark of at most 500 characters.',
    `deadline` Date32 COMMENT 'Day by which it is to be settled, as decided with this step; 1970-01-01: not changed.',
    `approval_id` String COMMENT 'Approval that an approved step stated; empty: the rule knows no approval, or the step is another.',
    `seen_event` FixedString(16) COMMENT 'Violation event that was the latest one when the step was taken.',
    `seen_value` Float64 COMMENT 'Value of the violation then: with another one a closed or approved violation is open again. [as value_unit of the violation]',
    `at` DateTime64(3, 'UTC') COMMENT 'When the step was taken. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (violation_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Steps that were taken about violations. The view cases_current shows the present state of each.'
;
ALTER TABLE violations ADD COLUMN IF NOT EXISTS `candidate` Bool COMMENT 'The rule only suspects: somebody must confirm it before it counts as a violation.' AFTER `recorded_at`
;
CREATE OR REPLACE VIEW violations_current AS
SELECT v.violation_id AS violation_id,
    argMax(v.change, v.log_offset) AS change, argMax(v.rule, v.log_offset) AS rule, argMax(v.rule_version, v.log_offset) AS rule_version, argMax(v.severity, v.log_offset) AS severity,
    argMax(v.subject_kind, v.log_offset) AS subject_kind, argMax(v.subject_id, v.log_offset) AS subject_id, argMax(v.unit_id, v.log_offset) AS unit_id, argMax(v.cost_centre, v.log_offset) AS cost_centre,
    argMax(v.window_kind, v.log_offset) AS window_kind, argMax(v.window_from, v.log_offset) AS window_from, argMax(v.window_to, v.log_offset) AS window_to, argMax(v.zone, v.log_offset) AS zone,
    argMax(v.measure, v.log_offset) AS measure, argMax(v.value, v.log_offset) AS value, argMax(v.`limit`, v.log_offset) AS `limit`, argMax(v.value_unit, v.log_offset) AS value_unit,
    argMax(v.cost, v.log_offset) AS cost, argMax(v.evidence, v.log_offset) AS evidence, argMax(v.evidence_total, v.log_offset) AS evidence_total, argMax(v.detail, v.log_offset) AS detail,
    argMax(v.reason_code, v.log_offset) AS reason_code, argMax(v.first_event_at, v.log_offset) AS first_event_at, argMax(v.last_event_at, v.log_offset) AS last_event_at,
    argMax(v.candidate, v.log_offset) AS candidate, argMax(v.event_id, v.log_offset) AS event_id, max(v.log_offset) AS last_offset,
    min(v.recorded_at) AS opened_at, maxIf(v.recorded_at, v.change = 'opened') AS last_opened_at, max(v.recorded_at) AS changed_at, uniqExact(v.event_id) AS changes
FROM violations AS v GROUP BY v.violation_id
;
CREATE VIEW IF NOT EXISTS cases_current AS
WITH 14 AS term, 'Europe/Stockholm' AS term_zone
SELECT f.violation_id AS violation_id, f.state AS state, f.reopened AS reopened, f.step AS step, f.`by` AS `by`, f.step_reason AS step_reason, f.step_at AS step_at, f.steps AS steps, f.last_step AS last_step, f.approval_id AS approval_id,
    if(f.reopened OR f.chosen < f.base_day, toDate32(addDays(f.base_day, term)), f.chosen) AS deadline,
    f.state IN ('candidate', 'open', 'acknowledged', 'explained') AS due, toDate32(now64(3, 'UTC'), term_zone) AS today, due AND deadline < today AS overdue,
    f.rule AS rule, f.rule_version AS rule_version, f.severity AS severity, f.subject_kind AS subject_kind, f.subject_id AS subject_id, f.unit_id AS unit_id, f.cost_centre AS cost_centre,
    f.window_kind AS window_kind, f.window_from AS window_from, f.window_to AS window_to, f.zone AS zone, f.measure AS measure, f.value AS value, f.`limit` AS `limit`, f.value_unit AS value_unit, f.cost AS cost,
    f.candidate AS candidate, f.change AS change, f.event_id AS event_id, f.last_opened_at AS opened_at, f.changed_at AS changed_at
FROM
(
    SELECT v.*,
        arrayFold((a, s, i) -> if(s.3 = a.1, (s.2, i, a.3 + 1, if(s.7 != toDate32(0) OR s.4 = 'open', s.7, a.4), if(s.4 = 'open', s.10, a.5), a.6 OR s.4 = 'open'), a),
            c.list, arrayEnumerate(c.list), (toFixedString('', 16), toUInt32(0), toUInt64(0), toDate32(0), toDateTime64(0, 3, 'UTC'), false)) AS held,
        c.list[held.2] AS last, held.1 AS last_step, held.3 AS steps, last.4 AS step, last.5 AS `by`, last.6 AS step_reason, last.8 AS approval_id, last.10 AS step_at, held.4 AS chosen,
        v.change != 'retracted' AND step IN ('closed', 'approved') AND last.9 != v.value AS reopened,
        toDate32(if(reopened, v.changed_at, greatest(v.last_opened_at, held.5)), term_zone) AS base_day,
        multiIf(v.change = 'retracted', 'retracted', steps = 0 OR reopened, if(v.candidate AND NOT held.6, 'candidate', 'open'), step) AS state
    FROM violations_current AS v
    LEFT JOIN
    (
        SELECT e.violation_id AS violation_id,
            arraySort(s -> s.1, groupArray((e.log_offset, e.event_id, e.previous, toString(e.step), e.`by`, toString(e.reason_code), e.deadline, e.approval_id, e.seen_value, e.at))) AS list
        FROM cases AS e GROUP BY e.violation_id
    ) AS c ON v.violation_id = c.violation_id
) AS f
