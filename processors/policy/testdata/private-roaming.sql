-- private-roaming/1, the whole history
WITH
permits AS (
    SELECT line_id AS line, toString(unit_id) AS unit, valid_from AS since, if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to) AS until,
        arrayFilter(c -> c != '', splitByRegexp('[^A-Z]+', upper(countries))) AS places
    FROM approvals
    WHERE kind = 'trip'
),
extensions AS (
    SELECT line_id, alias_id, valid_from AS since, least(if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to), next_of_line, next_of_alias) AS until
    FROM (
        SELECT line_id, alias_id, valid_from, valid_to, leadInFrame(valid_from, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (PARTITION BY line_id ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_of_line, leadInFrame(valid_from, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (PARTITION BY alias_id ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_of_alias
        FROM lines
    )
    WHERE alias_id != '' AND since < until
),
line_permits AS (
    SELECT line, groupArray(tuple(since, until, places)) AS permits
    FROM (
        SELECT line, since, until, places FROM permits WHERE line != ''
        UNION ALL
        SELECT l.line_id, greatest(p.since, l.since), least(p.until, l.until), p.places
        FROM permits AS p
        INNER JOIN extensions AS l ON p.line = l.alias_id
        WHERE p.line != ''
    )
    GROUP BY line
),
unit_permits AS (
    SELECT unit, groupArray(tuple(since, until, places)) AS permits
    FROM permits
    WHERE line = '' AND unit != ''
    GROUP BY unit
)
SELECT
    toString(line_id) AS subject,
    toInt32(toDate32(toStartOfMonth(day))) AS window_from,
    toString(argMax(unit_id, toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS last_unit,
    toString(argMax(cost_centre, toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS last_cost_centre,
    uniqExact(day) AS days,
    toInt64(sum(cost) * 1000000) AS cost_micro,
    toUnixTimestamp64Milli(min(occurred_at)) AS first_ms,
    toUnixTimestamp64Milli(max(occurred_at)) AS last_ms,
    arraySort(groupUniqArray(toString(visited_country))) AS countries,
    groupBitXor(reinterpretAsUInt64(substring(event_id, 1, 8))) AS fingerprint,
    arrayMap(e -> reverse(reinterpretAsFixedString(toUInt128(e))), groupArraySorted(1000)(toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS evidence,
    count() AS events,
    [toInt64(sum(volume_bytes))] AS measures
FROM (
    SELECT used.*
    FROM (
        SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost, volume_bytes, visited_country,
            toDate32(occurred_at, 'Europe/Stockholm') AS day
        FROM usage
        WHERE line_id != ''
            AND occurred_at >= toDateTime64('2024-12-31 23:00:00.000', 3, 'UTC')
            AND uncommon
            AND kind = 'data'
            AND visited_country NOT IN ('', 'SE')
    ) AS used
    LEFT JOIN line_permits ON used.line_id = line_permits.line
    LEFT JOIN unit_permits ON toString(used.unit_id) = unit_permits.unit
    WHERE NOT arrayExists(p -> p.1 <= used.occurred_at AND used.occurred_at < p.2 AND (empty(p.3) OR has(p.3, toString(used.visited_country))), arrayConcat(line_permits.permits, unit_permits.permits))
)
GROUP BY subject, window_from
HAVING measures[1] > 50000000
ORDER BY subject, window_from
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- the same, bounded
WITH
permits AS (
    SELECT line_id AS line, toString(unit_id) AS unit, valid_from AS since, if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to) AS until,
        arrayFilter(c -> c != '', splitByRegexp('[^A-Z]+', upper(countries))) AS places
    FROM approvals
    WHERE kind = 'trip'
),
extensions AS (
    SELECT line_id, alias_id, valid_from AS since, least(if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to), next_of_line, next_of_alias) AS until
    FROM (
        SELECT line_id, alias_id, valid_from, valid_to, leadInFrame(valid_from, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (PARTITION BY line_id ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_of_line, leadInFrame(valid_from, 1, toDateTime64('2299-12-31 00:00:00', 3, 'UTC')) OVER (PARTITION BY alias_id ORDER BY valid_from, rank ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_of_alias
        FROM lines
    )
    WHERE alias_id != '' AND since < until
),
line_permits AS (
    SELECT line, groupArray(tuple(since, until, places)) AS permits
    FROM (
        SELECT line, since, until, places FROM permits WHERE line != ''
        UNION ALL
        SELECT l.line_id, greatest(p.since, l.since), least(p.until, l.until), p.places
        FROM permits AS p
        INNER JOIN extensions AS l ON p.line = l.alias_id
        WHERE p.line != ''
    )
    GROUP BY line
),
unit_permits AS (
    SELECT unit, groupArray(tuple(since, until, places)) AS permits
    FROM permits
    WHERE line = '' AND unit != ''
    GROUP BY unit
)
SELECT
    toString(line_id) AS subject,
    toInt32(toDate32(toStartOfMonth(day))) AS window_from,
    toString(argMax(unit_id, toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS last_unit,
    toString(argMax(cost_centre, toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS last_cost_centre,
    uniqExact(day) AS days,
    toInt64(sum(cost) * 1000000) AS cost_micro,
    toUnixTimestamp64Milli(min(occurred_at)) AS first_ms,
    toUnixTimestamp64Milli(max(occurred_at)) AS last_ms,
    arraySort(groupUniqArray(toString(visited_country))) AS countries,
    groupBitXor(reinterpretAsUInt64(substring(event_id, 1, 8))) AS fingerprint,
    arrayMap(e -> reverse(reinterpretAsFixedString(toUInt128(e))), groupArraySorted(1000)(toUInt256(reinterpretAsUInt128(reverse(event_id))) + bitShiftLeft(toUInt256(toUnixTimestamp64Milli(occurred_at) + 4000000000000000), 128))) AS evidence,
    count() AS events,
    [toInt64(sum(volume_bytes))] AS measures
FROM (
    SELECT used.*
    FROM (
        SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost, volume_bytes, visited_country,
            toDate32(occurred_at, 'Europe/Stockholm') AS day
        FROM usage
        WHERE line_id != ''
            AND occurred_at >= toDateTime64('2024-12-31 23:00:00.000', 3, 'UTC')
            AND uncommon
            AND kind = 'data'
            AND visited_country NOT IN ('', 'SE')
        AND ((occurred_at >= toDateTime64('2026-02-28 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-03-31 22:00:00.000', 3, 'UTC') AND line_id IN ('A','B\''))
            OR (occurred_at >= toDateTime64('2026-04-30 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-05-31 22:00:00.000', 3, 'UTC')))
    ) AS used
    LEFT JOIN line_permits ON used.line_id = line_permits.line
    LEFT JOIN unit_permits ON toString(used.unit_id) = unit_permits.unit
    WHERE NOT arrayExists(p -> p.1 <= used.occurred_at AND used.occurred_at < p.2 AND (empty(p.3) OR has(p.3, toString(used.visited_country))), arrayConcat(line_permits.permits, unit_permits.permits))
)
GROUP BY subject, window_from
HAVING measures[1] > 50000000
ORDER BY subject, window_from
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;
