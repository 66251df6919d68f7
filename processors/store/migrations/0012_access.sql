CREATE TABLE IF NOT EXISTS access_log
(
    `event_id` FixedString(16) COMMENT 'A random number: each read is an event of its own.' CODEC(NONE),
    `at` DateTime64(3, 'UTC') COMMENT 'When it was asked for. [ms, UTC]',
    `who` String COMMENT 'Who asked: pseudonym of the login name in lower case; empty: nobody known.',
    `way` LowCardinality(String) COMMENT 'console, grafana or alert.',
    `roles` LowCardinality(String) COMMENT 'Roles that the asker had, in alphabetical order with commas; empty: none.',
    `what` LowCardinality(String) COMMENT 'Metric, page or resource that was asked for.',
    `subject` String COMMENT 'What it was about: pseudonym of a line, id of a violation, or a unit; empty: several.',
    `unit_id` LowCardinality(String) COMMENT 'Unit it was about; empty: several.',
    `grant_id` String COMMENT 'Access grant that allowed it; empty: none, or the owner of the installation.',
    `purpose` String COMMENT 'Purpose that the grant states.',
    `outcome` LowCardinality(String) COMMENT 'allowed or denied.',
    `rows` UInt64 COMMENT 'Rows of single persons in the answer.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Who read rows of single persons, when, and for what; and what was refused. An answer with such rows is not given before its read stands in the log.'
;
CREATE TABLE IF NOT EXISTS access_grants
(
    `grant_id` String COMMENT 'Identity of the grant: as its file names it, else made of person, role and unit.',
    `who` String COMMENT 'Person or program that has it: pseudonym of the login name in lower case.',
    `role` LowCardinality(String) COMMENT 'unit_manager, finance, data_protection_officer, admin, or person_level: an open case in which rows of single persons may be read.',
    `unit_id` LowCardinality(String) COMMENT 'Unit it is about, with its children; empty: the whole organisation.',
    `purpose` String COMMENT 'What rows of single persons are read for; other roles need none.',
    `approver` String COMMENT 'Who approved it: pseudonym of the login name; somebody else than who has it. Other roles need none.',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'Until when it holds, exclusive; 0 (1970) means: until further notice, which a person_level grant never has. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (grant_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Who may read what: one row per person, role and unit. Who is not named here reads nothing.'
