CREATE TABLE IF NOT EXISTS contacts
(
    `event_id` FixedString(16) COMMENT 'First 16 bytes of SHA-256 over unit, interval, queue, key, origin, extract time and counts.' CODEC(NONE),
    `unit_id` LowCardinality(String) COMMENT 'HSA-id of the unit that owns the queue.',
    `queue` String COMMENT 'Queue, as the contact centre names it.',
    `key` LowCardinality(String) COMMENT 'Key that the callers chose in the menu; empty: none, or not told.',
    `origin` LowCardinality(String) COMMENT 'Where the callers were: internal, external or unknown.',
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'Start of the interval. [ms, UTC]',
    `zone` LowCardinality(String) COMMENT 'Zone in which the interval is judged.',
    `interval_s` UInt32 COMMENT 'Length of the interval. [s]',
    `offered` UInt32 COMMENT 'Contacts that reached the queue in the interval.',
    `answered` UInt32 COMMENT 'Of them: answered.',
    `abandoned` UInt32 COMMENT 'Of them: given up by the caller.',
    `wait_s` UInt64 COMMENT 'Waiting time, summed over the contacts; 0 when not told. [s]',
    `talk_s` UInt64 COMMENT 'Talking time, summed over the contacts; 0 when not told. [s]',
    `extract_at` DateTime64(3, 'UTC') COMMENT 'When the source made the extract. [ms, UTC]',
    `source` LowCardinality(String) COMMENT 'Collector that read it.',
    `file_id` FixedString(16) COMMENT 'File it was first read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `local_day` Date32 COMMENT 'Calendar day of occurred_at in its zone.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre; empty: the unit\'s at that time.',
    `log_partition` UInt32 COMMENT 'Partition of the record in the log.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the partition.',
    `rank` UInt64 COMMENT 'Which of several extracts of the interval holds: the highest. Later extracts rank higher; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (unit_id, occurred_at, queue, key, origin)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Contact-centre statistics per queue, chosen key, origin and interval. A later extract of the same interval takes the place of an earlier one.'
;
CREATE TABLE IF NOT EXISTS equipment
(
    `item_id` String COMMENT 'Inventory id of the item.',
    `kind` LowCardinality(String) COMMENT 'desk_phone, mobile, tablet, computer or sim.',
    `line_id` String COMMENT 'Pseudonym of the number that the item serves; empty if none.',
    `holder` String COMMENT 'Pseudonym of whoever has it; empty for equipment without a holder.',
    `unit_id` LowCardinality(String) COMMENT 'Unit that handed it out.',
    `lost_at` DateTime64(3, 'UTC') COMMENT 'When it was lost or stolen; 0 (1970): it was not. [ms, UTC]',
    `blocked_at` DateTime64(3, 'UTC') COMMENT 'When its subscription was blocked; 0 (1970): it was not. [ms, UTC]',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'When it was handed out. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'When it was returned; 0 (1970): it is still out. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (item_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Equipment of the organisation that was handed out: telephones, tablets, computers and SIM cards, with when they came back, were lost and were blocked.'
;
CREATE TABLE IF NOT EXISTS employments
(
    `holder` String COMMENT 'Pseudonym of the holder.',
    `state` LowCardinality(String) COMMENT 'employed, assignment or leave.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the employment; empty when it does not tell.',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'First moment of it. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'End of it, exclusive; 0 (1970) means: until further notice. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (holder, state, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Employments, assignments and leaves of holders, as far as equipment and subscriptions depend on them.'
;
CREATE TABLE IF NOT EXISTS telephone_hours
(
    `line_id` String COMMENT 'Pseudonym of the number; empty when the hours are the unit\'s.',
    `unit_id` LowCardinality(String) COMMENT 'Unit whose hours they are, or that holds the line.',
    `weekday` UInt32 COMMENT '1 (Monday) to 7 (Sunday).',
    `opens_min` UInt32 COMMENT 'Minutes after midnight, in the judging zone, at which it opens. [minute]',
    `closes_min` UInt32 COMMENT 'Minutes after midnight at which it closes, at most 1440; equal to opens_min: closed that day. [minute]',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'Until when it holds, exclusive; 0 (1970) means: until further notice. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (line_id, unit_id, weekday, opens_min, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Telephone hours: when a line, or the lines of a unit, can be called, by weekday.'
;
CREATE TABLE IF NOT EXISTS contacts_known
(
    `event_id` FixedString(16) COMMENT 'Event of a row of contacts that was accepted' CODEC(NONE),
    `log_offset` UInt64 COMMENT 'Offset of the record in the log'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY event_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every row of contact-centre statistics that was accepted, also those of an extract that a later one replaced: ReplacingMergeTree forgets these.'
;
ALTER TABLE approvals COMMENT COLUMN `kind` 'trip, premium, forwarding, private (private calls), review (a holding was reviewed), hours (telephone hours), return (equipment may be kept), sms (messages with customers); withdrawn: no longer in force.'
