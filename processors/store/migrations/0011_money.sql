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
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `weekdays` LowCardinality(String) COMMENT 'Weekdays on which it holds: digits from 1 (Monday) to 7, and h for public holidays, which then count as no weekday; empty: every day.' AFTER `stated_at`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `hours` LowCardinality(String) COMMENT 'Hours of the day in which it holds, hh:mm-hh:mm in the judging zone, the end exclusive; past midnight where the end is before the begin; empty: all day.' AFTER `weekdays`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `visited` LowCardinality(String) COMMENT 'Visited countries in which it holds, ISO 3166 codes separated by commas: an operator\'s own roaming zone; empty: any.' AFTER `hours`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `bundle` LowCardinality(String) COMMENT 'Bundle that use under this price draws from before the price applies; of a row per bundle or fair_use the bundle it is about; empty: none.' AFTER `visited`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `included` UInt64 COMMENT 'What a bundle holds a month, or how much of it may be used abroad (fair_use); 0 elsewhere. [minute, MB or SMS]' AFTER `bundle`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `pool` LowCardinality(String) COMMENT 'Who shares a bundle: empty: each line has its own; shared: the lines of the plan put theirs together; fixed: they share one.' AFTER `included`
;
ALTER TABLE prices ADD COLUMN IF NOT EXISTS `prorated` Bool COMMENT 'A monthly fee or bundle counts by days where a line was held for a part of the month only.' AFTER `pool`
;
ALTER TABLE goals ADD COLUMN IF NOT EXISTS `amount` Decimal(18, 6) COMMENT 'Target of a budget (cost_month), exact; 0 for other metrics. [SEK]' AFTER `stated_at`
;
ALTER TABLE prices COMMENT COLUMN `per` 'What the price is for: call, minute, MB, SMS; month (a fee of every line of the plan, a credit where negative), percent (a rebate on what the month\'s use of the service costs, where negative), bundle (what a bundle holds), fair_use (how much of a bundle may be used in the zone, and the price beyond).'
;
ALTER TABLE usage COMMENT COLUMN `rate_reason` 'Why it was rated so: rated, free, no_price, fee; bundle: drawn from a bundle, rated 0, what is beyond it is a charge of the month; no_exchange_rate: charged in a currency whose worth nobody stated, cost 0; out_of_range: the amount would be beyond what can be counted, and is 0.'
;
ALTER TABLE file_reports COMMENT COLUMN `collector` 'cucm, itemised, melior, contacts, reference or invoices.'
;
ALTER TABLE restatements COMMENT COLUMN `causes` 'Why, separated by commas: line, unit, price, number_range, exchange_rate, cancellation, correction, late.'
