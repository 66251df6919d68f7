-- calls-rise/1, bounded
/* seasonal-mann-kendall per week over 156, season 12, at least 60, z 0 false, rise 1/10 of 2024-01-01 to 2025-01-01, recent 4, exposure "employees", false discoveries 0.1, scale 3600 to 68, from 2025-01-01 */
WITH
periods AS (
    SELECT unit, toDate32(month) AS period, period + 7 - 1 AS counted, toInt64(sum(added)) AS value, sum(picked_rows) AS total, toUInt64(0) AS fingerprint,
        toInt64(0) AS costs, sum(used_rows) AS uses
    FROM (
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(toDate32(occurred_at, 'Europe/Stockholm')))) AS month,
    sumIf(duration_s, picked AND 1) AS added,
    countIf(picked AND 1) AS picked_rows,
    countIf(used AND 1) AS used_rows
FROM (
        SELECT unit_id, occurred_at, event_id, cost, duration_s, (occurred_at >= toDateTime64('2023-12-31 23:00:00.000', 3, 'UTC') AND forwarded = true) AS picked, kind != 'fee' AS used
        FROM usage
        WHERE unit_id != '' AND (picked OR used)
        AND (0
            OR (occurred_at >= toDateTime64('2023-12-31 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2025-01-12 23:00:00.000', 3, 'UTC'))
            OR (occurred_at >= toDateTime64('2023-03-05 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
    )
GROUP BY unit, month
    )
    GROUP BY unit, month
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    CAST([], 'Array(Int64)') AS goal_from,
    CAST([], 'Array(Int64)') AS goal_to,
    CAST([], 'Array(Float64)') AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
selected AS (
    SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost, duration_s,
        toDate32(occurred_at, 'Europe/Stockholm') AS day
    FROM usage
    WHERE unit_id != ''
        AND occurred_at >= toDateTime64('2023-12-31 23:00:00.000', 3, 'UTC')
        AND uncommon
        AND forwarded = true
        AND (0
            OR (occurred_at >= toDateTime64('2023-12-31 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2025-01-12 23:00:00.000', 3, 'UTC'))
            OR (occurred_at >= toDateTime64('2023-03-05 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
)
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(day))) AS period_day,
    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -1000)) AS ids
FROM selected
WHERE 1 AND unit_id IN ('A','B\'')
GROUP BY unit, period_day
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- calls-above-baseline/1, bounded
/* mann-kendall per week over 30, season 0, at least 8, z 1.5 true, rise 1/10 of 2023-01-01 to 2024-01-01, recent 4, exposure "", false discoveries 0, scale 1 to 63616c6c73, from 2024-02-10 */
WITH
periods AS (
    SELECT unit, toDate32(month) AS period, period + 7 - 1 AS counted, toInt64(sum(added)) AS value, sum(picked_rows) AS total, toUInt64(0) AS fingerprint,
        toInt64(0) AS costs, sum(used_rows) AS uses
    FROM (
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(toDate32(occurred_at, 'Europe/Stockholm')))) AS month,
    countIf(picked AND 1) AS added,
    countIf(picked AND 1) AS picked_rows,
    countIf(used AND 1) AS used_rows
FROM (
        SELECT unit_id, occurred_at, event_id, cost, (occurred_at >= toDateTime64('2022-12-31 23:00:00.000', 3, 'UTC') AND forwarded = true AND answered = true) AS picked, kind != 'fee' AS used
        FROM usage
        WHERE unit_id != '' AND (picked OR used)
        AND (0
            OR (occurred_at >= toDateTime64('2022-12-25 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2024-01-07 23:00:00.000', 3, 'UTC'))
            OR (occurred_at >= toDateTime64('2025-08-03 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
    )
GROUP BY unit, month
    )
    GROUP BY unit, month
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    CAST([], 'Array(Int64)') AS goal_from,
    CAST([], 'Array(Int64)') AS goal_to,
    CAST([], 'Array(Float64)') AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
selected AS (
    SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost,
        toDate32(occurred_at, 'Europe/Stockholm') AS day
    FROM usage
    WHERE unit_id != ''
        AND occurred_at >= toDateTime64('2022-12-31 23:00:00.000', 3, 'UTC')
        AND uncommon
        AND forwarded = true
        AND answered = true
        AND (0
            OR (occurred_at >= toDateTime64('2022-12-25 23:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2024-01-07 23:00:00.000', 3, 'UTC'))
            OR (occurred_at >= toDateTime64('2025-08-03 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
)
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(day))) AS period_day,
    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -1000)) AS ids
FROM selected
WHERE 1 AND unit_id IN ('A','B\'')
GROUP BY unit, period_day
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- forwarded-per-line/1, bounded
/* mann-kendall per week over 20, season 0, at least 8, z 1 true, rise 1/10 of 1970-01-01 to 1970-01-01, recent 4, exposure "lines", false discoveries 0.25, scale 1 to 63616c6c73, from 2023-05-17 */
WITH
permits AS (
    SELECT line_id AS line, toString(unit_id) AS unit, valid_from AS since, if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to) AS until,
        arrayFilter(c -> c != '', splitByRegexp('[^A-Z]+', upper(countries))) AS places
    FROM approvals
    WHERE kind = 'forwarding'
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
),
selected AS (
    SELECT used.*
    FROM (
        SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost,
            toDate32(occurred_at, 'Europe/Stockholm') AS day
        FROM usage
        WHERE unit_id != ''
            AND occurred_at >= toDateTime64('2023-05-16 22:00:00.000', 3, 'UTC')
            AND uncommon
            AND forwarded = true
            AND answered = true
        AND (0
            OR (occurred_at >= toDateTime64('2025-10-12 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
    ) AS used
    LEFT JOIN line_permits ON used.line_id = line_permits.line
    LEFT JOIN unit_permits ON toString(used.unit_id) = unit_permits.unit
    WHERE NOT arrayExists(p -> p.1 <= used.occurred_at AND used.occurred_at < p.2, arrayConcat(line_permits.permits, unit_permits.permits))
),
periods AS (
    SELECT unit, toDate32(month) AS period, period + 7 - 1 AS counted, toInt64(sum(added)) AS value, sum(picked_rows) AS total, toUInt64(0) AS fingerprint,
        toInt64(0) AS costs, sum(used_rows) AS uses
    FROM (
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(toDate32(occurred_at, 'Europe/Stockholm')))) AS month,
    countIf(picked AND 1) AS added,
    countIf(picked AND 1) AS picked_rows,
    countIf(used AND 1) AS used_rows
FROM (
        SELECT unit_id, occurred_at, event_id, cost, true AS picked, false AS used FROM selected
        UNION ALL
        SELECT unit_id, occurred_at, event_id, cost, false AS picked, true AS used FROM usage WHERE unit_id != '' AND kind != 'fee'
        AND (0
            OR (occurred_at >= toDateTime64('2025-10-12 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
    )
GROUP BY unit, month
    )
    GROUP BY unit, month
),
line_cuts AS (
    SELECT arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), if(valid_to = toDateTime64(0, 3, 'UTC'), toUnixTimestamp64Milli(toDateTime64('2299-12-31 00:00:00', 3, 'UTC')), toUnixTimestamp64Milli(valid_to)), toString(unit_id)))) AS stated,
        arraySort(arrayDistinct(arrayConcat(arrayMap(s -> s.1, stated), arrayMap(s -> s.2, stated)))) AS cuts,
        arrayMap(c -> arrayElement(arrayFilter(s -> s.1 <= c AND c < s.2, stated), -1).3, cuts) AS holders,
        arrayConcat(arrayMap((h, c) -> tuple(h, c, toInt64(1)), holders, cuts), arrayMap((h, c) -> tuple(h, c, toInt64(-1)), arrayPopBack(holders), arrayPopFront(cuts))) AS changes
    FROM lines
    WHERE line_id != ''
    GROUP BY line_id
),
line_changes AS (
    SELECT change.1 AS owner, change.2 AS moment, sum(change.3) AS delta
    FROM line_cuts
    ARRAY JOIN changes AS change
    WHERE owner != ''
    GROUP BY owner, moment
),
line_steps AS (
    SELECT owner, arraySort(groupArray(tuple(moment, delta))) AS steps
    FROM line_changes
    GROUP BY owner
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    arrayMap(p -> p.1, l.steps) AS line_at,
    arrayMap(p -> p.2, l.steps) AS line_delta,
    CAST([], 'Array(Int64)') AS goal_from,
    CAST([], 'Array(Int64)') AS goal_to,
    CAST([], 'Array(Float64)') AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
LEFT JOIN line_steps AS l ON s.unit = l.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
permits AS (
    SELECT line_id AS line, toString(unit_id) AS unit, valid_from AS since, if(valid_to = toDateTime64(0, 3, 'UTC'), toDateTime64('2299-12-31 00:00:00', 3, 'UTC'), valid_to) AS until,
        arrayFilter(c -> c != '', splitByRegexp('[^A-Z]+', upper(countries))) AS places
    FROM approvals
    WHERE kind = 'forwarding'
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
),
selected AS (
    SELECT used.*
    FROM (
        SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost,
            toDate32(occurred_at, 'Europe/Stockholm') AS day
        FROM usage
        WHERE unit_id != ''
            AND occurred_at >= toDateTime64('2023-05-16 22:00:00.000', 3, 'UTC')
            AND uncommon
            AND forwarded = true
            AND answered = true
        AND (0
            OR (occurred_at >= toDateTime64('2025-10-12 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-12 22:00:00.000', 3, 'UTC')))
    ) AS used
    LEFT JOIN line_permits ON used.line_id = line_permits.line
    LEFT JOIN unit_permits ON toString(used.unit_id) = unit_permits.unit
    WHERE NOT arrayExists(p -> p.1 <= used.occurred_at AND used.occurred_at < p.2, arrayConcat(line_permits.permits, unit_permits.permits))
)
SELECT toString(unit_id) AS unit, toInt32(toDate32(toMonday(day))) AS period_day,
    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -1000)) AS ids
FROM selected
WHERE 1 AND unit_id IN ('A','B\'')
GROUP BY unit, period_day
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- monthly-cost/1, bounded
/* seasonal-mann-kendall per month over 30, season 12, at least 12, z 1.1 true, rise 1/10 of 1970-01-01 to 1970-01-01, recent 3, exposure "", false discoveries 0, scale 1 to 53454b, from 2023-01-01 */
WITH
periods AS (
    SELECT unit, toDate32(month) AS period, toDate32(addMonths(period, 1)) - 1 AS counted, toInt64(sum(added) * 1000000) AS value, sum(picked_rows) AS total, toUInt64(0) AS fingerprint,
        toInt64(0) AS costs, sum(used_rows) AS uses
    FROM (
SELECT toString(unit_id) AS unit, toInt32(toDate32(toStartOfMonth(toDate32(occurred_at, 'Europe/Stockholm')))) AS month,
    sumIf(cost, picked AND 1) AS added,
    countIf(picked AND 1) AS picked_rows,
    countIf(used AND 1) AS used_rows
FROM (
        SELECT unit_id, occurred_at, event_id, cost, (occurred_at >= toDateTime64('2022-12-31 23:00:00.000', 3, 'UTC') AND forwarded = true AND answered = true) AS picked, kind != 'fee' AS used
        FROM usage
        WHERE unit_id != '' AND (picked OR used)
        AND (0
            OR (occurred_at >= toDateTime64('2023-09-30 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-30 22:00:00.000', 3, 'UTC')))
    )
GROUP BY unit, month
    )
    GROUP BY unit, month
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    arrayMap(p -> p.1, g.stated) AS goal_from,
    arrayMap(p -> p.2, g.stated) AS goal_to,
    arrayMap(p -> p.4, g.stated) AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), goal_id, target))) AS stated
    FROM goals
    WHERE metric = 'cost_month' AND unit_id != ''
    GROUP BY owner
) AS g ON s.unit = g.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
selected AS (
    SELECT event_id, line_id, occurred_at, unit_id, cost_centre, cost,
        toDate32(occurred_at, 'Europe/Stockholm') AS day
    FROM usage
    WHERE unit_id != ''
        AND occurred_at >= toDateTime64('2022-12-31 23:00:00.000', 3, 'UTC')
        AND uncommon
        AND forwarded = true
        AND answered = true
        AND (0
            OR (occurred_at >= toDateTime64('2023-09-30 22:00:00.000', 3, 'UTC') AND occurred_at < toDateTime64('2026-04-30 22:00:00.000', 3, 'UTC')))
)
SELECT toString(unit_id) AS unit, toInt32(toDate32(toStartOfMonth(day))) AS period_day,
    arrayMap(e -> e.2, arraySlice(arraySort(groupArray(tuple(occurred_at, event_id))), -1000)) AS ids
FROM selected
WHERE 1 AND unit_id IN ('A','B\'')
GROUP BY unit, period_day
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- quarter-watches/1, bounded
/* seasonal-mann-kendall per week over 150, season 4, at least 40, z 1 true, rise 1/20 of 1970-01-01 to 1970-01-01, recent 4, exposure "", false discoveries 0, scale 1 to 77617463686573, from 2023-01-01 */
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2023-01-01')
        AND (0
            OR (day >= toDate32('2023-04-17') AND day < toDate32('2026-04-13') AND unit_id IN ('A','B\'')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
),
periods AS (
    SELECT toString(unit_id) AS unit, period, counted, value, toUInt64(length(ids)) AS total,
        arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint, toInt64(0) AS costs, toUInt64(1) AS uses
    FROM spoken
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    CAST([], 'Array(Int64)') AS goal_from,
    CAST([], 'Array(Int64)') AS goal_to,
    CAST([], 'Array(Float64)') AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2023-01-01')
        AND (0
            OR (day >= toDate32('2023-04-17') AND day < toDate32('2026-04-13') AND unit_id IN ('A','B\'')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
)
SELECT toString(unit_id) AS unit, toInt32(period) AS period_day, ids
FROM spoken
WHERE 1 AND unit_id IN ('A','B\'')
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- seasonal-watches/1, bounded
/* seasonal-mann-kendall per week over 130, season 52, at least 40, z 1.2 true, rise 1/20 of 1970-01-01 to 1970-01-01, recent 4, exposure "", false discoveries 0, scale 1 to 77617463686573, from 2023-03-08 */
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2023-03-08')
        AND (0
            OR (day >= toDate32('2023-09-04') AND day < toDate32('2026-04-13') AND unit_id IN ('A','B\'')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
),
periods AS (
    SELECT toString(unit_id) AS unit, period, counted, value, toUInt64(length(ids)) AS total,
        arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint, toInt64(0) AS costs, toUInt64(1) AS uses
    FROM spoken
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    arrayMap(p -> p.1, g.stated) AS goal_from,
    arrayMap(p -> p.2, g.stated) AS goal_to,
    arrayMap(p -> p.4, g.stated) AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), goal_id, target))) AS stated
    FROM goals
    WHERE metric = 'watches_open' AND unit_id != ''
    GROUP BY owner
) AS g ON s.unit = g.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2023-03-08')
        AND (0
            OR (day >= toDate32('2023-09-04') AND day < toDate32('2026-04-13') AND unit_id IN ('A','B\'')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
)
SELECT toString(unit_id) AS unit, toInt32(period) AS period_day, ids
FROM spoken
WHERE 1 AND unit_id IN ('A','B\'')
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- staffed-watches/1, bounded
/* mann-kendall per week over 26, season 0, at least 10, z 0 false, rise 1/10 of 2023-02-01 to 2023-12-15, recent 4, exposure "employees", false discoveries 0.2, scale 1 to 77617463686573, from 2024-01-01 */
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND (day >= toDate32('2024-01-01') OR day >= toDate32('2023-02-01') AND day < toDate32('2023-12-15'))
        AND (0
            OR (day >= toDate32('2023-01-30') AND day < toDate32('2023-12-25'))
            OR (day >= toDate32('2025-09-01') AND day < toDate32('2026-04-13')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
),
periods AS (
    SELECT toString(unit_id) AS unit, period, counted, value, toUInt64(length(ids)) AS total,
        arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint, toInt64(0) AS costs, toUInt64(1) AS uses
    FROM spoken
),
series AS (
    SELECT unit, arraySort(groupArray(tuple(toInt32(period), toInt32(counted), value, total, fingerprint, costs, uses))) AS points
    FROM periods
    GROUP BY unit
)
SELECT
    s.unit AS subject,
    arrayMap(p -> p.1, s.points) AS period_of,
    arrayMap(p -> p.2, s.points) AS counted_of,
    arrayMap(p -> p.3, s.points) AS value_of,
    arrayMap(p -> p.4, s.points) AS total_of,
    arrayMap(p -> p.5, s.points) AS fingerprint_of,
    arrayMap(p -> p.6, s.points) AS cost_of,
    arrayMap(p -> p.7, s.points) AS uses_of,
    arrayMap(p -> p.1, u.stated) AS unit_from,
    arrayMap(p -> p.2, u.stated) AS unit_to,
    arrayMap(p -> p.3, u.stated) AS centres,
    arrayMap(p -> p.4, u.stated) AS employees_of,
    CAST([], 'Array(Int64)') AS line_at,
    CAST([], 'Array(Int64)') AS line_delta,
    CAST([], 'Array(Int64)') AS goal_from,
    CAST([], 'Array(Int64)') AS goal_to,
    CAST([], 'Array(Float64)') AS targets
FROM series AS s
LEFT JOIN (
    SELECT toString(unit_id) AS owner, arraySort(groupArray(tuple(toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to), toString(cost_centre), toInt64(employees)))) AS stated
    FROM units
    WHERE unit_id != ''
    GROUP BY owner
) AS u ON s.unit = u.owner
ORDER BY subject
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- and its evidence
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND (day >= toDate32('2024-01-01') OR day >= toDate32('2023-02-01') AND day < toDate32('2023-12-15'))
        AND (0
            OR (day >= toDate32('2023-01-30') AND day < toDate32('2023-12-25'))
            OR (day >= toDate32('2025-09-01') AND day < toDate32('2026-04-13')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS value, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
spoken AS (
    SELECT unit_id, toDate32(toMonday(daily.day)) AS period, max(daily.day) AS counted, argMax(daily.value, daily.day) AS value, argMax(daily.ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, period
)
SELECT toString(unit_id) AS unit, toInt32(period) AS period_day, ids
FROM spoken
WHERE 1 AND unit_id IN ('A','B\'')
ORDER BY unit, period_day DESC
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

