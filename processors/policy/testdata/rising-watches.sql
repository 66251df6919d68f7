-- rising-watches/1, the whole history
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2025-01-01')
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS total, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
weekly AS (
    SELECT unit_id, toDate32(toMonday(day)) AS week, max(daily.day) AS counted, argMax(total, daily.day) AS total, argMax(ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, week
),
series AS (
    SELECT unit_id, arraySort(groupArray(tuple(week, counted, total, ids))) AS points
    FROM weekly
    GROUP BY unit_id
),
windows AS (
    SELECT unit_id, points, window_from,
        arrayMax(p -> p.1, arrayFilter(p -> toDate32(toStartOfMonth(p.1)) = window_from, points)) AS anchor
    FROM series
    ARRAY JOIN arrayDistinct(arrayMap(p -> toDate32(toStartOfMonth(p.1)), points)) AS window_from
    WHERE 1
),
counts AS (
    SELECT unit_id, window_from,
        arrayFilter(p -> p.1 <= anchor AND p.1 > anchor - 84, points) AS used,
        arrayMap(p -> p.3, used) AS y,
        arrayFlatten(arrayMap(p -> p.4, used)) AS ids,
        toInt64(length(y)) AS n,
        used[1].2 AS first_counted,
        used[-1].2 AS last_counted,
        toDateTime64(last_counted, 3, 'Europe/Stockholm') AS moment
    FROM windows
    WHERE n >= 8
),
arrays AS (
    SELECT unit_id, window_from, ids, n, moment, first_counted, last_counted,
        arraySort(arrayFlatten(arrayMap(i -> arrayMap(j -> (y[j] - y[i]) / (toInt64(j) - toInt64(i)), range(i + 1, toUInt64(n) + 1)), range(1, toUInt64(n))))) AS slopes,
        toInt64(arraySum(arrayFlatten(arrayMap(i -> arrayMap(j -> toInt64(sign(y[j] - y[i])), range(i + 1, toUInt64(n) + 1)), range(1, toUInt64(n)))))) AS s,
        arraySum(arrayMap(t -> t * (t - 1) * (2 * t + 5), arrayMap(v -> toInt64(countEqual(y, v)), arrayDistinct(y)))) AS ties,
        arraySort(y) AS sorted,
        arraySort(arraySlice(y, -4)) AS latest_counts
    FROM counts
),
measured AS (
    SELECT unit_id, window_from, ids, n, moment, first_counted, last_counted,
        (slopes[intDiv(length(slopes) + 1, 2)] + slopes[intDiv(length(slopes), 2) + 1]) / 2 AS slope,
        if(s > 0, (s - 1) / sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18), 0) AS z,
        (sorted[intDiv(length(sorted) + 1, 2)] + sorted[intDiv(length(sorted), 2) + 1]) / 2 AS middle,
        (latest_counts[intDiv(length(latest_counts) + 1, 2)] + latest_counts[intDiv(length(latest_counts), 2) + 1]) / 2 AS recent,
        slope * (n - 1) AS rise
    FROM arrays
),
placed AS (
    SELECT m.*, arrayElement(arraySort(arrayFilter(g -> g.1 <= moment AND (g.2 = toDateTime64(0, 3, 'UTC') OR moment < g.2), u.stated)), -1).3 AS unit_cost_centre,
        arraySort(arrayFilter(g -> g.1 <= moment AND (g.2 = toDateTime64(0, 3, 'UTC') OR moment < g.2), g.stated)) AS goals_in_force, notEmpty(goals_in_force) AS has_goal, goals_in_force[-1].4 AS target
    FROM measured AS m
    LEFT JOIN (
        SELECT toString(unit_id) AS owner, groupArray(tuple(valid_from, valid_to, toString(cost_centre))) AS stated
        FROM units
        WHERE unit_id != ''
        GROUP BY owner
    ) AS u ON toString(m.unit_id) = u.owner
    LEFT JOIN (
        SELECT toString(unit_id) AS owner, groupArray(tuple(valid_from, valid_to, goal_id, target)) AS stated
        FROM goals
        WHERE metric = 'watches_open' AND unit_id != ''
        GROUP BY owner
    ) AS g ON toString(m.unit_id) = g.owner
)
SELECT
    toString(unit_id) AS subject,
    toInt32(window_from) AS window_day,
    unit_cost_centre,
    toInt32(first_counted) AS first_day,
    toInt32(last_counted) AS last_day,
    n,
    slope,
    z,
    rise,
    middle,
    recent,
    has_goal,
    target,
    toUInt64(length(ids)) AS total,
    arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint,
    arraySlice(ids, 1, 1000) AS evidence
FROM placed
WHERE slope > 0 AND z > 2.326 AND rise * 20 >= 3 * middle AND (NOT has_goal OR recent > target)
ORDER BY subject, window_day
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;

-- the same, bounded
WITH
latest AS (
    SELECT *
    FROM watches
    WHERE unit_id != '' AND day >= toDate32('2025-01-01')
        AND ((day >= toDate32('2025-12-07') AND day < toDate32('2026-04-08') AND unit_id IN ('A','B\''))
            OR (day >= toDate32('2026-02-06') AND day < toDate32('2026-06-08')))
    ORDER BY extract_at DESC, event_id DESC
    LIMIT 1 BY unit_id, day, profession_group
),
daily AS (
    SELECT unit_id, day, toInt64(sum(open)) AS total, arraySort(groupArray(event_id)) AS ids
    FROM latest
    GROUP BY unit_id, day
),
weekly AS (
    SELECT unit_id, toDate32(toMonday(day)) AS week, max(daily.day) AS counted, argMax(total, daily.day) AS total, argMax(ids, daily.day) AS ids
    FROM daily
    GROUP BY unit_id, week
),
series AS (
    SELECT unit_id, arraySort(groupArray(tuple(week, counted, total, ids))) AS points
    FROM weekly
    GROUP BY unit_id
),
windows AS (
    SELECT unit_id, points, window_from,
        arrayMax(p -> p.1, arrayFilter(p -> toDate32(toStartOfMonth(p.1)) = window_from, points)) AS anchor
    FROM series
    ARRAY JOIN arrayDistinct(arrayMap(p -> toDate32(toStartOfMonth(p.1)), points)) AS window_from
    WHERE 1 AND ((window_from >= toDate32('2026-03-01') AND window_from < toDate32('2026-04-01') AND unit_id IN ('A','B\'')) OR (window_from >= toDate32('2026-05-01') AND window_from < toDate32('2026-06-01')))
),
counts AS (
    SELECT unit_id, window_from,
        arrayFilter(p -> p.1 <= anchor AND p.1 > anchor - 84, points) AS used,
        arrayMap(p -> p.3, used) AS y,
        arrayFlatten(arrayMap(p -> p.4, used)) AS ids,
        toInt64(length(y)) AS n,
        used[1].2 AS first_counted,
        used[-1].2 AS last_counted,
        toDateTime64(last_counted, 3, 'Europe/Stockholm') AS moment
    FROM windows
    WHERE n >= 8
),
arrays AS (
    SELECT unit_id, window_from, ids, n, moment, first_counted, last_counted,
        arraySort(arrayFlatten(arrayMap(i -> arrayMap(j -> (y[j] - y[i]) / (toInt64(j) - toInt64(i)), range(i + 1, toUInt64(n) + 1)), range(1, toUInt64(n))))) AS slopes,
        toInt64(arraySum(arrayFlatten(arrayMap(i -> arrayMap(j -> toInt64(sign(y[j] - y[i])), range(i + 1, toUInt64(n) + 1)), range(1, toUInt64(n)))))) AS s,
        arraySum(arrayMap(t -> t * (t - 1) * (2 * t + 5), arrayMap(v -> toInt64(countEqual(y, v)), arrayDistinct(y)))) AS ties,
        arraySort(y) AS sorted,
        arraySort(arraySlice(y, -4)) AS latest_counts
    FROM counts
),
measured AS (
    SELECT unit_id, window_from, ids, n, moment, first_counted, last_counted,
        (slopes[intDiv(length(slopes) + 1, 2)] + slopes[intDiv(length(slopes), 2) + 1]) / 2 AS slope,
        if(s > 0, (s - 1) / sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18), 0) AS z,
        (sorted[intDiv(length(sorted) + 1, 2)] + sorted[intDiv(length(sorted), 2) + 1]) / 2 AS middle,
        (latest_counts[intDiv(length(latest_counts) + 1, 2)] + latest_counts[intDiv(length(latest_counts), 2) + 1]) / 2 AS recent,
        slope * (n - 1) AS rise
    FROM arrays
),
placed AS (
    SELECT m.*, arrayElement(arraySort(arrayFilter(g -> g.1 <= moment AND (g.2 = toDateTime64(0, 3, 'UTC') OR moment < g.2), u.stated)), -1).3 AS unit_cost_centre,
        arraySort(arrayFilter(g -> g.1 <= moment AND (g.2 = toDateTime64(0, 3, 'UTC') OR moment < g.2), g.stated)) AS goals_in_force, notEmpty(goals_in_force) AS has_goal, goals_in_force[-1].4 AS target
    FROM measured AS m
    LEFT JOIN (
        SELECT toString(unit_id) AS owner, groupArray(tuple(valid_from, valid_to, toString(cost_centre))) AS stated
        FROM units
        WHERE unit_id != ''
        GROUP BY owner
    ) AS u ON toString(m.unit_id) = u.owner
    LEFT JOIN (
        SELECT toString(unit_id) AS owner, groupArray(tuple(valid_from, valid_to, goal_id, target)) AS stated
        FROM goals
        WHERE metric = 'watches_open' AND unit_id != ''
        GROUP BY owner
    ) AS g ON toString(m.unit_id) = g.owner
)
SELECT
    toString(unit_id) AS subject,
    toInt32(window_from) AS window_day,
    unit_cost_centre,
    toInt32(first_counted) AS first_day,
    toInt32(last_counted) AS last_day,
    n,
    slope,
    z,
    rise,
    middle,
    recent,
    has_goal,
    target,
    toUInt64(length(ids)) AS total,
    arrayReduce('groupBitXor', arrayMap(e -> reinterpretAsUInt64(substring(e, 1, 8)), ids)) AS fingerprint,
    arraySlice(ids, 1, 1000) AS evidence
FROM placed
WHERE slope > 0 AND z > 2.326 AND rise * 20 >= 3 * middle AND (NOT has_goal OR recent > target)
ORDER BY subject, window_day
SETTINGS final = 1, do_not_merge_across_partitions_select_final = 1, join_use_nulls = 0, enable_positional_arguments = 0;
