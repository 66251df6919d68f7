CREATE TABLE IF NOT EXISTS usage
(
    `event_id` FixedString(16) COMMENT 'First 16 bytes of SHA-256 over source kind and natural key; the same record is the same event.' CODEC(NONE),
    `kind` LowCardinality(String) COMMENT 'call, data, sms or fee.',
    `service` LowCardinality(String) COMMENT 'voice_out, voice_in, voice_internal, voice_forward, voice_in_roaming, sms, mms, data, premium, subscription, one_time, credit.',
    `direction` LowCardinality(String) COMMENT 'out, in or internal, as seen from the line.',
    `recorded_line_id` String COMMENT 'Pseudonym of the organisation\'s own number as the source wrote it (extension or full number).',
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'When it began. [ms, UTC]',
    `zone` LowCardinality(String) COMMENT 'Zone in which the event is judged.',
    `duration_s` UInt32 COMMENT 'Connected time; 0 when nobody answered. [s]',
    `ring_s` UInt32 COMMENT 'Time from origination to connect, or to the end when nobody answered. [s]',
    `answered` Bool COMMENT 'Whether the call was connected.',
    `outcome` LowCardinality(String) COMMENT 'answered, no_answer, busy, rejected, failed or empty.',
    `volume_bytes` UInt64 COMMENT 'Data volume, both directions. [byte]',
    `messages` UInt32 COMMENT 'Number of messages charged (parts of a long SMS count).',
    `recorded_class` LowCardinality(String) COMMENT 'What the collector could tell: class of the other party\'s number: internal, mobile, fixed, corporate, premium, directory, shared_cost, toll_free, emergency, satellite, short_code, international, masked, unknown, none.',
    `other_country` LowCardinality(String) COMMENT 'ISO 3166 code of the other party\'s number; empty when unknown.',
    `other_mask` String COMMENT 'The other party\'s number with the last four digits dropped; service numbers whole.',
    `other_hash` UInt64 COMMENT 'Keyed hash of the other party\'s number, for "the same number again"; 0 when unknown.' CODEC(NONE),
    `visited_country` LowCardinality(String) COMMENT 'ISO 3166 code of the country where a mobile line was; empty when unknown or fixed.',
    `visited_network` LowCardinality(String) COMMENT 'Visited network as the operator named it.',
    `forwarded` Bool COMMENT 'The line forwarded this call to the other party.',
    `redirect_code` UInt32 COMMENT 'Redirect reason of the source system (Cisco CUCM: lastRedirectRedirectReason).',
    `redirect_reason` LowCardinality(String) COMMENT 'Redirect reason in words: busy, no_answer, forward_all, …',
    `device` LowCardinality(String) COMMENT 'Class of the line\'s device: desk_phone, jabber_desktop, jabber_iphone, jabber_android, jabber_tablet, mobile, gateway, other.',
    `cause` UInt32 COMMENT 'Release cause of the source system (Q.850, or the vendor\'s own).',
    `operator` LowCardinality(String) COMMENT 'Operator that itemised the record; empty for the organisation\'s own exchange.',
    `invoice` LowCardinality(String) COMMENT 'Invoice number of the operator\'s itemised file.',
    `charged` Decimal(18, 6) COMMENT 'What the operator charged, excluding VAT. [currency]',
    `vat` Decimal(18, 6) COMMENT 'VAT on the charged amount. [currency]',
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code of charged and vat.',
    `private` Bool COMMENT 'The private-call prefix was dialled or the operator marked it private.',
    `source` LowCardinality(String) COMMENT 'Collector, and the profile behind a colon: cucm, itemised:norrtele.',
    `file_id` FixedString(16) COMMENT 'The file the record was first read from (see files).',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded the event. [ms, UTC]',
    `local_day` Date32 COMMENT 'Calendar day of occurred_at in the judging zone.',
    `line_id` String COMMENT 'Canonical pseudonym of the line: that of its full number, where reference data know the line.',
    `other_class` LowCardinality(String) COMMENT 'Class of the other party, internal where it is one of the organisation\'s own lines or inside its number ranges at that time; else recorded_class.',
    `unit_id` LowCardinality(String) COMMENT 'Unit that held the line at that time; empty when the line is unknown.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre that paid for the line at that time.',
    `role` LowCardinality(String) COMMENT 'Role of the line at that time: personal, shared, on_call, loan, m2m.',
    `holder` String COMMENT 'Pseudonym of the holder at that time.',
    `plan` LowCardinality(String) COMMENT 'Subscription plan at that time.',
    `line_kind` LowCardinality(String) COMMENT 'mobile, fixed, softphone or data; empty when the line is unknown.',
    `line_operator` LowCardinality(String) COMMENT 'Operator of the line at that time.',
    `roaming_zone` LowCardinality(String) COMMENT 'home, eea or world by the visited country and the day; empty when it does not apply.',
    `price_id` LowCardinality(String) COMMENT 'Price that rated the record; empty when none applied.',
    `rated` Decimal(18, 6) COMMENT 'What the price book says it costs. [SEK]',
    `rate_reason` LowCardinality(String) COMMENT 'Why it was rated so: rated, free, no_price, fee; bundle: drawn from a bundle, rated 0, what is beyond it is a charge of the month; no_exchange_rate: charged in a currency whose worth nobody stated, cost 0; out_of_range: the amount would be beyond what can be counted, and is 0.',
    `cost` Decimal(18, 6) COMMENT 'What is followed up: charged where an operator charged, else rated. [SEK]',
    `log_partition` UInt32 COMMENT 'Partition of the record in the log.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the partition.',
    `revision` UInt64 COMMENT 'Reference revision the row was enriched with; the highest wins.',
    `deleted` Bool COMMENT 'The record was cancelled or corrected (see amendments): the row stays in the table, but is not there for whoever reads with final = 1.',
    `uncommon` Bool MATERIALIZED (forwarded OR private OR visited_country NOT IN ('', 'SE') OR other_country NOT IN ('', 'SE') OR recorded_class IN ('premium', 'directory', 'shared_cost', 'satellite', 'international', 'emergency') OR service IN ('premium', 'voice_forward', 'voice_in_roaming')) COMMENT 'Forwarded, private, abroad, to or from abroad, or with a service number: the few rows that come first in the order of the table. It follows from recorded columns only.'
)
ENGINE = ReplacingMergeTree(revision, deleted)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (uncommon, recorded_line_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Calls, data sessions, messages and fees: one row per usage record of a source system. The kind decides the topic: linesman.calls, linesman.data or linesman.sms (fees travel with the calls).'
;
CREATE TABLE IF NOT EXISTS watches
(
    `event_id` FixedString(16) COMMENT 'First 16 bytes of SHA-256 over unit, day, group, extract time and counts.' CODEC(NONE),
    `unit_id` LowCardinality(String) COMMENT 'HSA-id of the unit.',
    `day` Date32 COMMENT 'Day the count refers to.',
    `profession_group` LowCardinality(String) COMMENT 'Profession group, or empty for the whole unit.',
    `open` UInt32 COMMENT 'Open watches at the extract.',
    `created` UInt32 COMMENT 'Watches created in the week.',
    `closed` UInt32 COMMENT 'Watches closed in the week.',
    `median_age_days` Float64 COMMENT 'Median age of the open watches. [day]',
    `over_7d` UInt32 COMMENT 'Open watches older than 7 days.',
    `over_30d` UInt32 COMMENT 'Open watches older than 30 days.',
    `extract_at` DateTime64(3, 'UTC') COMMENT 'When the source made the extract. [ms, UTC]',
    `source` LowCardinality(String) COMMENT 'Collector that read it.',
    `file_id` FixedString(16) COMMENT 'File it was first read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `week` Date32 COMMENT 'Monday of the day\'s ISO week.',
    `log_partition` UInt32 COMMENT 'Partition of the record in the log.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the partition.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (unit_id, day, profession_group, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Weekly counts of Melior watches per unit and profession group. A later extract of the same day corrects an earlier one; the view watches_current shows the latest.'
;
CREATE TABLE IF NOT EXISTS violations
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over violation, change, values and evidence.' CODEC(NONE),
    `violation_id` FixedString(16) COMMENT 'SHA-256 over rule, rule version, subject and window.',
    `change` LowCardinality(String) COMMENT 'opened, changed or retracted.',
    `rule` LowCardinality(String) COMMENT 'Rule id.',
    `rule_version` UInt32 COMMENT 'Rule version.',
    `severity` LowCardinality(String) COMMENT 'low, medium or high.',
    `subject_kind` LowCardinality(String) COMMENT 'line, unit or cost_centre (budgets and goals).',
    `subject_id` String COMMENT 'Line id (pseudonym), unit id or cost centre.',
    `unit_id` LowCardinality(String) COMMENT 'Unit of the subject in the window.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre of the subject in the window.',
    `window_kind` LowCardinality(String) COMMENT 'day, week, month, year or rolling.',
    `window_from` Date32 COMMENT 'First day of the window in the judging zone.',
    `window_to` Date32 COMMENT 'Day after the last day of the window.',
    `zone` LowCardinality(String) COMMENT 'Judging zone.',
    `measure` LowCardinality(String) COMMENT 'Measure that broke the limit (the first one, when several did).',
    `value` Float64 COMMENT 'Value of the measure in the window. [as value_unit]',
    `limit` Float64 COMMENT 'Limit of the rule. [as value_unit]',
    `value_unit` LowCardinality(String) COMMENT 'Unit of measure of value and limit.',
    `cost` Decimal(18, 6) COMMENT 'Cost of the evidence. [SEK]',
    `evidence` Array(FixedString(16)) COMMENT 'Event ids that make it up, in order of time; at most 1,000.',
    `evidence_total` UInt32 COMMENT 'How many events make it up.',
    `detail` String COMMENT 'What else explains it: name=value pairs separated by semicolons, e.g. countries=TH,NO;days=4.',
    `reason_code` LowCardinality(String) COMMENT 'Why it changed or was retracted: data, amended, reference, rule; empty when opened.',
    `first_event_at` DateTime64(3, 'UTC') COMMENT 'First event of the evidence. [ms, UTC]',
    `last_event_at` DateTime64(3, 'UTC') COMMENT 'Last event of the evidence. [ms, UTC]',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was found. [ms, UTC]',
    `candidate` Bool COMMENT 'The rule only suspects: somebody must confirm it before it counts as a violation.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log; the latest is the present state.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (violation_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Events in the life of violations. The view violations_current shows the latest event of each.'
;
CREATE TABLE IF NOT EXISTS file_reports
(
    `event_id` FixedString(16) COMMENT 'This collection of the file.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'This collection of the file; records carry it. Collecting the same file again gives another id.',
    `name` String COMMENT 'File name without its folder; digits that look like a person\'s number are masked.',
    `collector` LowCardinality(String) COMMENT 'cucm, itemised, melior, contacts, reference or invoices.',
    `profile` LowCardinality(String) COMMENT 'Profile of an itemised file, kind of a reference file.',
    `size_bytes` UInt64 COMMENT 'Size as delivered. [byte]',
    `state` LowCardinality(String) COMMENT 'done or failed.',
    `error` String COMMENT 'Why the file failed.',
    `read` UInt64 COMMENT 'Records read: data rows of the file.',
    `sent` UInt64 COMMENT 'Records sent to the log.',
    `rejected` UInt64 COMMENT 'Records rejected (see rejects).',
    `repeated` UInt64 COMMENT 'Records that stood earlier in the same file.',
    `first_at` DateTime64(3, 'UTC') COMMENT 'Earliest event of the file. [ms, UTC]',
    `last_at` DateTime64(3, 'UTC') COMMENT 'Latest event of the file. [ms, UTC]',
    `started_at` DateTime64(3, 'UTC') COMMENT 'When reading began. [ms, UTC]',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When reading ended. [ms, UTC]',
    `content_id` FixedString(16) COMMENT 'SHA-256 over the content as delivered: the same file collected twice has the same.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (file_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What each collection of a file read. The view files adds what the store accepted and what it had already (duplicate).'
;
CREATE TABLE IF NOT EXISTS rejects
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over file, row and reason.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it stood in; zero for a record of the log that could not be decoded.',
    `row` UInt64 COMMENT 'Line number, from 1; 0 for the whole file.',
    `column` String COMMENT 'Column, where one is to blame.',
    `code` LowCardinality(String) COMMENT 'Class of the reason, e.g. bad_time, bad_number, personnummer, missing_value, out_of_range, bad_encoding.',
    `reason` String COMMENT 'The reason in words, without values of the row.',
    `row_hash` FixedString(16) COMMENT 'Keyed hash of the raw row, to recognise it again.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it was refused. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (file_id, row, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Records that were refused: position and reason, never the raw row.'
;
CREATE TABLE IF NOT EXISTS amendments
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over source kind and the natural key of the row that cancels or corrects.' CODEC(NONE),
    `amends` FixedString(16) COMMENT 'Event id of the usage record that does not count any more.',
    `replaced_by` FixedString(16) COMMENT 'Event id of the usage record that takes its place; zero: it was cancelled.',
    `recorded_line_id` String COMMENT 'Pseudonym of the number of both records, as the source wrote it.',
    `amended_at` DateTime64(3, 'UTC') COMMENT 'When the source made the amendment, as far as it tells; 0 (1970): it does not. [ms, UTC]',
    `source` LowCardinality(String) COMMENT 'Collector, and the profile behind a colon.',
    `file_id` FixedString(16) COMMENT 'File it was first read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `log_partition` UInt32 COMMENT 'Partition of the record in the log, as in usage.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the partition.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (amends, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Cancellations and corrections of usage records: which record does not count any more, and which one took its place.'
;
CREATE TABLE IF NOT EXISTS restatements
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over month, unit, cost centre, the figures before and after, and the causes.' CODEC(NONE),
    `month` Date32 COMMENT 'First day of the month, in the judging zone.',
    `unit_id` LowCardinality(String) COMMENT 'Unit whose figures moved; empty: lines without a unit.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre whose figures moved.',
    `events_before` UInt64 COMMENT 'Usage records before.',
    `events_after` UInt64 COMMENT 'Usage records after.',
    `cost_before` Decimal(18, 6) COMMENT 'Cost before. [SEK]',
    `cost_after` Decimal(18, 6) COMMENT 'Cost after. [SEK]',
    `causes` LowCardinality(String) COMMENT 'Why, separated by commas: line, unit, price, number_range, exchange_rate, cancellation, correction, late.',
    `cause_ids` Array(FixedString(16)) COMMENT 'Event ids of the statements and amendments behind it; for late usage, ids of the files; at most 100.',
    `cause_total` UInt64 COMMENT 'How many statements, amendments and files there are.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When it moved. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (month, unit_id, cost_centre, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What of the past has moved after it had been shown: a month of a unit and cost centre, before and after, and why.'
;
CREATE TABLE IF NOT EXISTS seals
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over partition, range and chain.' CODEC(NONE),
    `topic` LowCardinality(String) COMMENT 'Topic of the sealed records.',
    `partition` UInt32 COMMENT 'Partition of the sealed records.',
    `first` UInt64 COMMENT 'First sealed offset.',
    `next` UInt64 COMMENT 'Offset after the last sealed one.',
    `chain_before` String COMMENT 'Chain before the first record: SHA-256, 64 hexadecimal digits; zeros at the beginning of the log.',
    `chain` String COMMENT 'Chain after the last record: each link is the SHA-256 over the link before and the SHA-256 of the record.',
    `leaves` String COMMENT 'First four bytes of the SHA-256 of each record, base64: they tell which record was touched.',
    `sealed_at` DateTime64(3, 'UTC') COMMENT 'When it was sealed. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the seal in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (topic, partition, first, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Seals of the log: a hash chain over the records of each partition, noted at regular places.'
;
CREATE TABLE IF NOT EXISTS cases
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over violation, step before, step, by, reason, deadline and note.' CODEC(NONE),
    `violation_id` FixedString(16) COMMENT 'Violation it is about.',
    `previous` FixedString(16) COMMENT 'Event id of the step before; zero for the first. Of several steps with the same one the first in the log holds. What was reminded names itself.',
    `step` LowCardinality(String) COMMENT 'open, acknowledged, explained, approved or closed; reminded is no step: the case stood in a list of reminders that was sent.',
    `by` String COMMENT 'Who took the step: a role (holder, manager, finance, auditor, dpo, operations) or a person\'s pseudonym; empty: the program.',
    `reason_code` LowCardinality(String) COMMENT 'Why, from the vocabulary of the step; see docs/cases.md.',
    `note` String COMMENT 'A remark of at most 500 characters.',
    `deadline` Date32 COMMENT 'Day by which it is to be settled, as decided with this step; of an approved step the last day that is permitted. 1970-01-01: not changed.',
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
CREATE TABLE IF NOT EXISTS invoices
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over the document\'s identity and its content: the same document is the same event, another one with the same number is another.' CODEC(NONE),
    `invoice_id` FixedString(16) COMMENT 'SHA-256 over supplier, kind and number.',
    `kind` LowCardinality(String) COMMENT 'invoice or credit_note.',
    `format` LowCardinality(String) COMMENT 'peppol_bis3 or oioubl_utility.',
    `operator` LowCardinality(String) COMMENT 'The supplier as lines and price books name the operator; its name where the configuration names none.',
    `supplier_id` LowCardinality(String) COMMENT 'Organisation number of the supplier, or its electronic address.',
    `supplier_name` LowCardinality(String) COMMENT 'Name of the supplier.',
    `number` String COMMENT 'Number of the document.',
    `issued` Date32 COMMENT 'Day of issue.',
    `due` Date32 COMMENT 'Day of payment; 1970-01-01: not told.',
    `period_from` Date32 COMMENT 'First day it is about; 1970-01-01: not told.',
    `period_to` Date32 COMMENT 'Last day it is about; 1970-01-01: not told.',
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code of every amount.',
    `exchange_rate` Decimal(18, 6) COMMENT 'What the document says one unit of the currency is worth; 0: it says nothing. [SEK]',
    `exchange_day` Date32 COMMENT 'Day of the exchange rate; 1970-01-01: none.',
    `corrects` String COMMENT 'Number of the document that it corrects; empty: none.',
    `buyer_reference` String COMMENT 'The buyer\'s reference, digits that look like a person\'s number masked.',
    `accounting_cost` String COMMENT 'The buyer\'s accounting string, masked in the same way.',
    `contract` String COMMENT 'Number of the contract.',
    `line_id` String COMMENT 'Subscription that the whole document is about; empty: several, or not told.',
    `line_mask` String COMMENT 'Its number with the last digits dropped.',
    `line_total` Decimal(18, 6) COMMENT 'Stated sum of the lines. [currency]',
    `allowances` Decimal(18, 6) COMMENT 'Stated sum of rebates on the whole document. [currency]',
    `charges` Decimal(18, 6) COMMENT 'Stated sum of charges on the whole document. [currency]',
    `net` Decimal(18, 6) COMMENT 'Stated amount excluding VAT. [currency]',
    `vat` Decimal(18, 6) COMMENT 'Stated VAT. [currency]',
    `gross` Decimal(18, 6) COMMENT 'Stated amount including VAT. [currency]',
    `prepaid` Decimal(18, 6) COMMENT 'Stated amount paid before. [currency]',
    `rounding` Decimal(18, 6) COMMENT 'Stated rounding of the payable amount. [currency]',
    `payable` Decimal(18, 6) COMMENT 'Stated amount to pay. [currency]',
    `lines` UInt32 COMMENT 'Lines in the document.',
    `attachments` UInt32 COMMENT 'Attachments embedded in it, call detail or not.',
    `file_id` FixedString(16) COMMENT 'File it was first read from.',
    `file_row` UInt64 COMMENT 'Line number in that file at which it begins, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (invoice_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Invoices and credit notes of telephony suppliers, with the sums that they state themselves.'
;
CREATE TABLE IF NOT EXISTS invoice_lines
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over the invoice\'s event and the position of the line.' CODEC(NONE),
    `invoice_event` FixedString(16) COMMENT 'event_id of the invoice.',
    `invoice_id` FixedString(16) COMMENT 'invoice_id of the invoice.',
    `operator` LowCardinality(String) COMMENT 'Operator, as in invoices.',
    `number` String COMMENT 'Number of the invoice.',
    `line_no` String COMMENT 'Identity of the line within the document.',
    `line_id` String COMMENT 'Subscription it is about: its own, or the document\'s; empty: not told.',
    `line_mask` String COMMENT 'Its number with the last digits dropped.',
    `service` LowCardinality(String) COMMENT 'What it is for: a service as in usage, subscription, one_time, credit, rebate, equipment, other; empty: cannot be told.',
    `item` String COMMENT 'Name of the item, with numbers of telephones and persons masked.',
    `item_code` LowCardinality(String) COMMENT 'The seller\'s number of the item.',
    `quantity` Decimal(18, 6) COMMENT 'Quantity, a decimal with six places. [as quantity_unit]',
    `quantity_unit` LowCardinality(String) COMMENT 'UN/ECE Recommendation 20 code: EA, MIN, SEC, 4L (MB), MON and so on.',
    `price` Decimal(18, 6) COMMENT 'Price of base_quantity. [currency]',
    `base_quantity` Decimal(18, 6) COMMENT 'Quantity that the price is for; 1 where none is told. [as quantity_unit]',
    `amount` Decimal(18, 6) COMMENT 'Stated amount excluding VAT, rebates and charges of the line included. [currency]',
    `allowance` Decimal(18, 6) COMMENT 'Rebates inside the amount; positive. [currency]',
    `charge` Decimal(18, 6) COMMENT 'Charges inside the amount. [currency]',
    `vat_category` LowCardinality(String) COMMENT 'UNCL5305 code of the VAT category: S, Z, E, AE and so on.',
    `vat_percent` Decimal(18, 6) COMMENT 'VAT rate. [%]',
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code of the amounts.',
    `period_from` Date32 COMMENT 'First day it is about: its own, or the document\'s; 1970-01-01: not told.',
    `period_to` Date32 COMMENT 'Last day it is about.',
    `accounting_cost` String COMMENT 'The buyer\'s accounting string, masked.',
    `file_id` FixedString(16) COMMENT 'File it was first read from.',
    `file_row` UInt64 COMMENT 'Line number in that file at which it begins, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (invoice_id, invoice_event, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Lines of invoices and credit notes.'
;
CREATE TABLE IF NOT EXISTS publications
(
    `event_id` FixedString(16) COMMENT 'SHA-256 over identity, revision, figures and the moment.' CODEC(NONE),
    `publication_id` FixedString(16) COMMENT 'SHA-256 over kind of report or series, month and scope: a correction has that of what it corrects.',
    `kind` LowCardinality(String) COMMENT 'report, correction or voucher; mailed: that one was sent to an address, which is not named.',
    `revision` UInt32 COMMENT '0 for the first, then 1 for the first correction and so on.',
    `month` Date32 COMMENT 'First day of the month it is about.',
    `scope_kind` LowCardinality(String) COMMENT 'all, cost_centre or unit.',
    `scope_id` String COMMENT 'Cost centre or unit id; empty for all.',
    `language` LowCardinality(String) COMMENT 'en or sv; empty where there are no words.',
    `series` LowCardinality(String) COMMENT 'Series of a voucher.',
    `number` UInt64 COMMENT 'Number of a voucher in its series.',
    `figures` String COMMENT 'Its figures as JSON: amounts as exact decimals, with the query of each.',
    `name` String COMMENT 'Name of its file, without a folder.',
    `media_type` LowCardinality(String) COMMENT 'Media type of the file.',
    `content_id` FixedString(16) COMMENT 'SHA-256 over the file\'s content.',
    `reason` String COMMENT 'Why it was given out: schedule, by hand, or what changed.',
    `by` String COMMENT 'Who gave it out: a role, or a person\'s pseudonym; empty: the program.',
    `published_at` DateTime64(3, 'UTC') COMMENT 'When it was given out. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.'
)
ENGINE = ReplacingMergeTree(log_offset)
ORDER BY (publication_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What was given out and does not change any more: monthly reports, correction notes, vouchers, each with its figures.'
;
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
CREATE TABLE IF NOT EXISTS lines
(
    `line_id` String COMMENT 'Pseudonym of the number; the canonical id of the line.',
    `alias_id` String COMMENT 'Pseudonym of the extension that the exchange writes for the same line; empty if none.',
    `number_mask` String COMMENT 'The number with its last four digits dropped.',
    `kind` LowCardinality(String) COMMENT 'mobile, fixed, softphone or data.',
    `role` LowCardinality(String) COMMENT 'personal, shared, on_call, loan or m2m.',
    `holder` String COMMENT 'Pseudonym of the holder; empty for lines without one.',
    `unit_id` LowCardinality(String) COMMENT 'Unit that holds the line.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre that pays; empty: the unit\'s.',
    `operator` LowCardinality(String) COMMENT 'Operator of the subscription.',
    `plan` LowCardinality(String) COMMENT 'Subscription plan.',
    `sim_status` LowCardinality(String) COMMENT 'active, blocked, spare or empty.',
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
ORDER BY (line_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Lines of the organisation, as of a time: who held the number, which unit and cost centre paid, which role it had.'
;
CREATE TABLE IF NOT EXISTS units
(
    `unit_id` LowCardinality(String) COMMENT 'HSA-id.',
    `name` String COMMENT 'Name of the unit.',
    `parent_id` LowCardinality(String) COMMENT 'Unit above; empty at the top.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre of the unit.',
    `employees` UInt32 COMMENT 'Employees, for measures per employee; 0 when unknown.',
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
ORDER BY (unit_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Units of the organisation (HSA catalogue).'
;
CREATE TABLE IF NOT EXISTS cost_centres
(
    `cost_centre` LowCardinality(String) COMMENT 'Code.',
    `name` String COMMENT 'Name.',
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
ORDER BY (cost_centre, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Cost centres. Codes are opaque text; leading zeros count.'
;
CREATE TABLE IF NOT EXISTS number_ranges
(
    `first` String COMMENT 'First number of the range, E.164.',
    `last` String COMMENT 'Last number of the range, E.164.',
    `name` String COMMENT 'Site or use of the range.',
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
ORDER BY (first, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'The organisation\'s own number ranges: other parties inside them are internal.'
;
CREATE TABLE IF NOT EXISTS approvals
(
    `approval_id` String COMMENT 'Identity of the approval in its source.',
    `kind` LowCardinality(String) COMMENT 'trip, premium, forwarding, private (private calls), review (a holding was reviewed), hours (telephone hours), return (equipment may be kept), sms (messages with customers); withdrawn: no longer in force.',
    `line_id` String COMMENT 'Line it is for; empty: every line of the unit.',
    `unit_id` LowCardinality(String) COMMENT 'Unit it is for, when it is for a whole unit.',
    `countries` String COMMENT 'Countries it covers, ISO 3166 codes separated by commas; empty: all.',
    `approved_by` String COMMENT 'Who approved: pseudonym of the manager, or the role in which a case was approved.',
    `decided_at` DateTime64(3, 'UTC') COMMENT 'When it was decided. [ms, UTC]',
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
ORDER BY (approval_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Approvals in force: trips abroad, premium and private calls, forwarding and so on, each for a line or a unit.'
;
CREATE TABLE IF NOT EXISTS prices
(
    `price_id` LowCardinality(String) COMMENT 'Identity of the price: book, version and row.',
    `book` LowCardinality(String) COMMENT 'Price book.',
    `book_version` LowCardinality(String) COMMENT 'Version of the price book.',
    `operator` LowCardinality(String) COMMENT 'Operator it applies to; empty: any.',
    `plan` LowCardinality(String) COMMENT 'Plan it applies to; empty: any.',
    `service` LowCardinality(String) COMMENT 'Service as in usage; empty: any.',
    `other_class` LowCardinality(String) COMMENT 'Class of the other party; empty: any.',
    `other_country` LowCardinality(String) COMMENT 'Country of the other party, * for any abroad; empty: any.',
    `zone` LowCardinality(String) COMMENT 'Roaming zone: home, eea, world; empty: any.',
    `per` LowCardinality(String) COMMENT 'What the price is for: call, minute, MB, SMS; month (a fee of every line of the plan, a credit where negative), percent (a rebate on what the month\'s use of the service costs, where negative), bundle (what a bundle holds), fair_use (how much of a bundle may be used in the zone, and the price beyond).',
    `price` Decimal(18, 6) COMMENT 'Price of one of it, excluding VAT. [SEK]',
    `opening` Decimal(18, 6) COMMENT 'Opening fee of a connected call. [SEK]',
    `first_s` UInt32 COMMENT 'First increment: the least time charged. [s]',
    `next_s` UInt32 COMMENT 'Later increments. [s]',
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code.',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'Until when it holds, exclusive; 0 (1970) means: until further notice. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `weekdays` LowCardinality(String) COMMENT 'Weekdays on which it holds: digits from 1 (Monday) to 7, and h for public holidays, which then count as no weekday; empty: every day.',
    `hours` LowCardinality(String) COMMENT 'Hours of the day in which it holds, hh:mm-hh:mm in the judging zone, the end exclusive; past midnight where the end is before the begin; empty: all day.',
    `visited` LowCardinality(String) COMMENT 'Visited countries in which it holds, ISO 3166 codes separated by commas: an operator\'s own roaming zone; empty: any.',
    `bundle` LowCardinality(String) COMMENT 'Bundle that use under this price draws from before the price applies; of a row per bundle or fair_use the bundle it is about; empty: none.',
    `included` UInt64 COMMENT 'What a bundle holds a month, or how much of it may be used abroad (fair_use); 0 elsewhere. [minute, MB or SMS]',
    `pool` LowCardinality(String) COMMENT 'Who shares a bundle: empty: each line has its own; shared: the lines of the plan put theirs together; fixed: they share one.',
    `prorated` Bool COMMENT 'A monthly fee or bundle counts by days where a line was held for a part of the month only.',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (price_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Price books: one row per price.'
;
CREATE TABLE IF NOT EXISTS goals
(
    `goal_id` String COMMENT 'Identity of the goal.',
    `metric` LowCardinality(String) COMMENT 'watches_open, forwarded_calls, unused_lines, desk_phones, cost_per_employee or cost_month (a budget).',
    `unit_id` LowCardinality(String) COMMENT 'Unit it is for; empty for a cost centre\'s budget.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre, for budgets.',
    `baseline` Float64 COMMENT 'Level it starts from, per week or month as the metric says.',
    `target` Float64 COMMENT 'Level to reach.',
    `target_day` Date32 COMMENT 'Day by which it is to be reached.',
    `owner` String COMMENT 'Role that owns the goal.',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'Until when it holds, exclusive; 0 (1970) means: until further notice. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `amount` Decimal(18, 6) COMMENT 'Target of a budget (cost_month), exact; 0 for other metrics. [SEK]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (goal_id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Goals and budgets: what is to be reached, from where, by when.'
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
CREATE TABLE IF NOT EXISTS allocation_rules
(
    `rule_id` String COMMENT 'Identity of the rule.',
    `target` UInt32 COMMENT 'Number of the target within the rule, from 1.',
    `priority` UInt32 COMMENT 'Which rule holds where several fit: the lowest number, then the identity that sorts first.',
    `how` LowCardinality(String) COMMENT 'to (all to the one target), key (by share), equal, or usage (by the number of calls, messages and data sessions that each target\'s cost centre had in the month, those of the rule left out).',
    `line_id` String COMMENT 'Line it is about; empty: any.',
    `unit_id` LowCardinality(String) COMMENT 'Unit that held the line; empty: any.',
    `cost_centre` LowCardinality(String) COMMENT 'Cost centre that would pay; empty: any.',
    `operator` LowCardinality(String) COMMENT 'Operator that itemised the record; empty: any.',
    `service` LowCardinality(String) COMMENT 'Service as in usage; empty: any.',
    `device` LowCardinality(String) COMMENT 'Class of the device, jabber for every jabber one; empty: any.',
    `line_kind` LowCardinality(String) COMMENT 'mobile, fixed, softphone or data; empty: any.',
    `role` LowCardinality(String) COMMENT 'Role of the line: personal, shared, on_call, loan or m2m; empty: any.',
    `to_cost_centre` LowCardinality(String) COMMENT 'Cost centre that bears it; empty: the one that would have paid.',
    `to_unit` LowCardinality(String) COMMENT 'Unit that bears it; empty: the one that held the line, where the cost centre stays, else none.',
    `to_project` LowCardinality(String) COMMENT 'Project; empty: none.',
    `to_activity` LowCardinality(String) COMMENT 'Activity; empty: none.',
    `share` Decimal(18, 6) COMMENT 'Weight of the target (key); 0 elsewhere.',
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
ORDER BY (rule_id, target, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Rules about who bears a cost: one row per target. Of the rules that fit a record the one with the lowest priority number holds.'
;
CREATE TABLE IF NOT EXISTS exchange_rates
(
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code.',
    `rate` Decimal(18, 6) COMMENT 'What one unit of it is worth. [SEK]',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it holds. [ms, UTC]',
    `valid_to` DateTime64(3, 'UTC') COMMENT 'Until when it holds, exclusive; 0 (1970) means: until the next one. [ms, UTC]',
    `event_id` FixedString(16) COMMENT 'Event that stated it.' CODEC(NONE),
    `file_id` FixedString(16) COMMENT 'File it was read from.',
    `file_row` UInt64 COMMENT 'Line number in that file, from 1.',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'When Linesman recorded it. [ms, UTC]',
    `stated_at` DateTime64(3, 'UTC') COMMENT 'When the source made the statement; 0 (1970): it does not tell, and of two that contradict each other the one recorded later holds. [ms, UTC]',
    `log_offset` UInt64 COMMENT 'Offset of the record in the log.',
    `rank` UInt64 COMMENT 'Which of contradicting statements holds: the highest. Later stated beats earlier, stated beats untold; see Rank.'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY (currency, valid_from)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Exchange rates by which amounts in another currency become costs.'
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
