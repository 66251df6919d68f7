CREATE TABLE IF NOT EXISTS ranges
(
    `topic` LowCardinality(String) COMMENT 'Topic of the log',
    `partition` UInt32 COMMENT 'Partition of the topic',
    `epoch` UInt64 COMMENT 'Claim under which it was written; 0: one instance owned the whole log',
    `first` UInt64 COMMENT 'First offset of the range',
    `next` UInt64 COMMENT 'Offset after the last one of the range',
    `state` UInt8 COMMENT '0 pending, 1 done',
    `redone` UInt8 COMMENT '1: its rows may have been there before, enriched with other reference data',
    `accepted` UInt64 COMMENT 'Records that became rows',
    `duplicate` UInt64 COMMENT 'Records the store had already',
    `refused` UInt64 COMMENT 'Records that could not be decoded or enriched; they went to rejects',
    `at` DateTime64(3, 'UTC') COMMENT 'When it was written',
    `mark` UInt64 COMMENT 'Hash of the last record of the range: tells the log from another one; 0: not known'
)
ENGINE = ReplacingMergeTree(state)
ORDER BY (topic, partition, first, epoch)
COMMENT 'Which offset ranges of the log were written to the store, by whichever instance. What counts of them stands in valid_ranges.'
;
CREATE TABLE IF NOT EXISTS range_files
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `epoch` UInt64 COMMENT 'Claim under which it was written',
    `first` UInt64 COMMENT 'First offset of the range',
    `file_id` FixedString(16),
    `accepted` UInt64 COMMENT 'Records of the file in the range that became rows',
    `duplicate` UInt64 COMMENT 'Records of the file in the range that the store had already'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, first, epoch, file_id)
COMMENT 'What became of the records of each file, range by range.'
;
CREATE TABLE IF NOT EXISTS claims
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `epoch` UInt64 COMMENT 'Greater than that of every claim before; the greatest holds',
    `start` UInt64 COMMENT 'Offset from which on only ranges of this epoch count',
    `epochs` Array(UInt64) COMMENT 'Earlier epochs whose ranges count below start, in order',
    `untils` Array(UInt64) COMMENT 'For each of them: the offset below which its ranges must begin to count',
    `owner` String COMMENT 'Instance that made the claim',
    `at` DateTime64(3, 'UTC') COMMENT 'When it was made'
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY (topic, partition)
COMMENT 'Which instance owns a partition, where several share the log: from when on nobody else\'s ranges count.'
;
CREATE TABLE IF NOT EXISTS evaluated
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `epoch` UInt64 COMMENT 'Claim under which the rows were written',
    `next` UInt64 COMMENT 'Rows below this offset are in the roll-ups and were evaluated',
    `at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(next)
ORDER BY (topic, partition, epoch)
COMMENT 'How far roll-ups and rules have come.'
;
CREATE TABLE IF NOT EXISTS statements
(
    `event_id` FixedString(16),
    `record` LowCardinality(String) COMMENT 'Kind of statement',
    `log_offset` UInt64 COMMENT 'Offset in linesman.reference'
)
ENGINE = ReplacingMergeTree
ORDER BY event_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every statement about the organisation that was accepted, also those that a later one corrected: they are not in their tables any more, but must be known when they come again.'
;
CREATE TABLE IF NOT EXISTS rolled
(
    `month` Date32 COMMENT 'First day of the month',
    `at` DateTime64(3, 'UTC') COMMENT 'When its roll-ups were last recomputed',
    `told` UInt64 COMMENT 'Restatements below this offset are in the roll-ups'
)
ENGINE = ReplacingMergeTree(told)
ORDER BY month
COMMENT 'When the roll-ups of each month last changed: a closed month that had come to rest is restated, one that is being filled is not.'
;
CREATE TABLE IF NOT EXISTS usage_daily
(
    `local_day` Date32, `unit_id` LowCardinality(String), `cost_centre` LowCardinality(String), `kind` LowCardinality(String), `service` LowCardinality(String),
    `direction` LowCardinality(String), `other_class` LowCardinality(String), `forwarded` Bool, `private` Bool, `roaming_zone` LowCardinality(String),
    `visited_country` LowCardinality(String), `operator` LowCardinality(String), `device` LowCardinality(String), `role` LowCardinality(String),
    `events` UInt64, `answered` UInt64, `duration_s` UInt64, `volume_bytes` UInt64, `messages` UInt64,
    `charged` Decimal(18, 6), `rated` Decimal(18, 6), `cost` Decimal(18, 6)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(local_day)
ORDER BY (unit_id, local_day, kind, service)
COMMENT 'Usage per day and unit, recomputed for the days that changed; never incremented.'
;
CREATE TABLE IF NOT EXISTS usage_daily_next AS usage_daily
;
CREATE TABLE IF NOT EXISTS usage_line_daily
(
    `local_day` Date32, `line_id` String, `unit_id` LowCardinality(String), `cost_centre` LowCardinality(String), `kind` LowCardinality(String),
    `service` LowCardinality(String), `forwarded` Bool, `other_class` LowCardinality(String), `roaming_zone` LowCardinality(String),
    `events` UInt64, `duration_s` UInt64, `volume_bytes` UInt64, `messages` UInt64, `cost` Decimal(18, 6)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(local_day)
ORDER BY (line_id, local_day, kind, service)
COMMENT 'Usage per day and line, recomputed for the days that changed; never incremented.'
;
CREATE TABLE IF NOT EXISTS usage_line_daily_next AS usage_line_daily
;
CREATE VIEW IF NOT EXISTS violations_current AS
SELECT v.violation_id AS violation_id,
    argMax(v.change, v.log_offset) AS change, argMax(v.rule, v.log_offset) AS rule, argMax(v.rule_version, v.log_offset) AS rule_version, argMax(v.severity, v.log_offset) AS severity,
    argMax(v.subject_kind, v.log_offset) AS subject_kind, argMax(v.subject_id, v.log_offset) AS subject_id, argMax(v.unit_id, v.log_offset) AS unit_id, argMax(v.cost_centre, v.log_offset) AS cost_centre,
    argMax(v.window_kind, v.log_offset) AS window_kind, argMax(v.window_from, v.log_offset) AS window_from, argMax(v.window_to, v.log_offset) AS window_to, argMax(v.zone, v.log_offset) AS zone,
    argMax(v.measure, v.log_offset) AS measure, argMax(v.value, v.log_offset) AS value, argMax(v.`limit`, v.log_offset) AS `limit`, argMax(v.value_unit, v.log_offset) AS value_unit,
    argMax(v.cost, v.log_offset) AS cost, argMax(v.evidence, v.log_offset) AS evidence, argMax(v.evidence_total, v.log_offset) AS evidence_total, argMax(v.detail, v.log_offset) AS detail,
    argMax(v.reason_code, v.log_offset) AS reason_code, argMax(v.first_event_at, v.log_offset) AS first_event_at, argMax(v.last_event_at, v.log_offset) AS last_event_at,
    argMax(v.event_id, v.log_offset) AS event_id, max(v.log_offset) AS last_offset,
    min(v.recorded_at) AS opened_at, max(v.recorded_at) AS changed_at, uniqExact(v.event_id) AS changes
FROM violations AS v GROUP BY v.violation_id
;
CREATE VIEW IF NOT EXISTS watches_current AS
SELECT w.unit_id AS unit_id, w.day AS day, w.profession_group AS profession_group,
    argMax(w.week, w.k) AS week, argMax(w.open, w.k) AS open, argMax(w.created, w.k) AS created, argMax(w.closed, w.k) AS closed,
    argMax(w.median_age_days, w.k) AS median_age_days, argMax(w.over_7d, w.k) AS over_7d, argMax(w.over_30d, w.k) AS over_30d,
    max(w.extract_at) AS extract_at, argMax(w.event_id, w.k) AS event_id
FROM (SELECT *, (extract_at, event_id) AS k FROM watches) AS w GROUP BY w.unit_id, w.day, w.profession_group
;
CREATE VIEW IF NOT EXISTS watches_weekly AS
SELECT w.unit_id AS unit_id, w.week AS week, max(w.day) AS day, sumIf(w.open, w.day = w.last) AS open, sumIf(w.created, w.day = w.last) AS created,
    sumIf(w.closed, w.day = w.last) AS closed, sumIf(w.over_30d, w.day = w.last) AS over_30d
FROM (SELECT *, max(day) OVER (PARTITION BY unit_id, week) AS last FROM watches_current) AS w GROUP BY w.unit_id, w.week
;
CREATE VIEW IF NOT EXISTS valid_epochs AS
SELECT c.topic AS topic, c.partition AS partition, c.segment.1 AS epoch, c.segment.2 AS until
FROM (SELECT topic, partition, arrayJoin(argMax(arrayPushBack(arrayZip(epochs, untils), (epoch, 18446744073709551615)), epoch)) AS segment FROM claims GROUP BY topic, partition) AS c
UNION ALL
SELECT DISTINCT r.topic AS topic, r.partition AS partition, toUInt64(0) AS epoch, 18446744073709551615 AS until
FROM ranges AS r WHERE (r.topic, r.partition) NOT IN (SELECT topic, partition FROM claims)
;
CREATE VIEW IF NOT EXISTS valid_ranges AS
SELECT r.topic AS topic, r.partition AS partition, r.epoch AS epoch, r.first AS first, r.next AS next, r.redone AS redone, r.accepted AS accepted, r.duplicate AS duplicate, r.refused AS refused, r.at AS at, r.mark AS mark
FROM ranges AS r INNER JOIN valid_epochs AS v ON r.topic = v.topic AND r.partition = v.partition AND r.epoch = v.epoch
WHERE r.state = 1 AND r.first < v.until
;
CREATE VIEW IF NOT EXISTS valid_range_files AS
SELECT r.topic AS topic, r.partition AS partition, r.epoch AS epoch, r.first AS first, r.file_id AS file_id, r.accepted AS accepted, r.duplicate AS duplicate
FROM range_files AS r INNER JOIN valid_epochs AS v ON r.topic = v.topic AND r.partition = v.partition AND r.epoch = v.epoch
WHERE r.first < v.until
;
CREATE VIEW IF NOT EXISTS files AS
SELECT if(r.state = '', c.file_id, r.file_id) AS file_id, r.content_id AS content_id, r.name AS name, r.collector AS collector, r.profile AS profile, r.size_bytes AS size_bytes,
    if(r.state = '', 'interrupted', toString(r.state)) AS state, r.error AS error, r.read AS read, r.sent AS sent, c.accepted AS accepted, c.duplicate + r.repeated AS duplicate,
    r.rejected AS rejected, r.repeated AS repeated, r.first_at AS first_at, r.last_at AS last_at, r.started_at AS started_at, r.recorded_at AS recorded_at
FROM file_reports AS r FULL JOIN
    (SELECT file_id, sum(accepted) AS accepted, sum(duplicate) AS duplicate FROM valid_range_files WHERE topic NOT IN ('linesman.files', 'linesman.rejects') GROUP BY file_id) AS c ON r.file_id = c.file_id
;
CREATE VIEW IF NOT EXISTS lines_now AS
SELECT l.line_id AS line_id, argMax(l.alias_id, l.k) AS alias_id, argMax(l.number_mask, l.k) AS number_mask, argMax(l.kind, l.k) AS kind, argMax(l.role, l.k) AS role,
    argMax(l.holder, l.k) AS holder, argMax(l.unit_id, l.k) AS unit_id, argMax(l.cost_centre, l.k) AS cost_centre, argMax(l.operator, l.k) AS operator, argMax(l.plan, l.k) AS plan,
    argMax(l.sim_status, l.k) AS sim_status, max(l.valid_from) AS valid_from
FROM (SELECT *, (valid_from, rank) AS k FROM lines) AS l GROUP BY l.line_id
;
CREATE VIEW IF NOT EXISTS units_now AS
SELECT u.unit_id AS unit_id, argMax(u.name, u.k) AS name, argMax(u.parent_id, u.k) AS parent_id, argMax(u.cost_centre, u.k) AS cost_centre, argMax(u.employees, u.k) AS employees
FROM (SELECT *, (valid_from, rank) AS k FROM units) AS u GROUP BY u.unit_id
