/**
 * What the pages should say, worked out from the raw tables (usage, watches, goals, violations)
 * and not from the roll-ups and views that the pages themselves read.
 */

const zone = 'Europe/Stockholm';
const text = (expression) => `toString(${expression})`;
const localDate = (column) => `toDate32(toTimeZone(${column}, '${zone}'))`;

/** The latest month with usage, its last day, and the month before. */
export async function months(sql) {
  const [row] = await sql(`SELECT toString(toStartOfMonth(max(local_day))) AS first, toString(toStartOfMonth(max(local_day)) - INTERVAL 1 MONTH) AS before,
    toString(max(local_day)) AS last, max(local_day) = toLastDayOfMonth(max(local_day)) AS complete FROM usage`);
  if (!row.complete) {
    throw new Error('the demo region should end with a whole month');
  }
  return row;
}

const ofMonth = (first) => `local_day >= '${first}' AND local_day < addMonths(toDate32('${first}'), 1)`;

/** Key figures of one month, for all cost centres or one. Money as decimal texts. */
export async function costFigures(sql, month, centre) {
  const where = centre ? ` AND cost_centre = '${centre}'` : '';
  const [now] = await sql(`SELECT ${text('sum(u.cost)')} AS cost, ${text('sumIf(u.cost, forwarded)')} AS forwarding, ${text("sumIf(u.cost, roaming_zone IN ('eea', 'world'))")} AS roaming,
    toUInt32(uniqExactIf(line_id, kind != 'fee')) AS lines FROM usage AS u WHERE ${ofMonth(month.first)}${where}`);
  const [then] = await sql(`SELECT ${text('sum(u.cost)')} AS cost FROM usage AS u WHERE ${ofMonth(month.before)}${where}`);
  const [plan] = await sql(`SELECT ${text("toDecimal128(sum(target), 6)")} AS budget FROM goals WHERE metric = 'cost_month' AND cost_centre != ''${where} AND ${inForce(month.first)}`);
  const [worked] = await sql(`WITH toDecimal256('${now.cost}', 18) AS c, toDecimal256('${plan.budget}', 18) AS b, toDecimal256('${then.cost}', 18) AS p
    SELECT ${text('c - b')} AS vs_budget, ${text('c * 100 / b')} AS share, ${text('c - p')} AS vs_previous, ${text('(c - p) * 100 / p')} AS vs_previous_percent`);
  return { ...now, previous: then.cost, budget: plan.budget, ...worked };
}

function inForce(day) {
  return `${localDate('valid_from')} <= toDate32('${day}') AND (toUnixTimestamp64Milli(valid_to) = 0 OR toDate32('${day}') < ${localDate('valid_to')})`;
}

/** Every cost centre's month: cost, budget, share of it, difference and the month before, highest cost first. */
export async function costCentres(sql, month) {
  const rows = await sql(`SELECT cost_centre AS code, sum(cost) AS c FROM usage WHERE ${ofMonth(month.first)} GROUP BY code ORDER BY c DESC, code`);
  const names = new Map((await sql('SELECT cost_centre AS code, argMax(name, valid_from) AS name FROM cost_centres GROUP BY code')).map((row) => [row.code, row.name]));
  const out = [];
  for (const { code } of rows) {
    out.push({ code, name: names.get(code), ...(await costFigures(sql, month, code)) });
  }
  return out;
}

/** Cost of the month by a column of usage that has names of its own, highest first. */
export async function costByUnit(sql, month) {
  return sql(`SELECT n.name AS name, ${text('sum(u.cost)')} AS cost FROM usage AS u INNER JOIN (SELECT unit_id, argMax(name, valid_from) AS name FROM units GROUP BY unit_id) AS n ON n.unit_id = u.unit_id
    WHERE ${ofMonth(month.first)} GROUP BY name ORDER BY sum(u.cost) DESC`);
}

/** The lines with the highest cost of the month. */
export async function topLines(sql, month, limit) {
  return sql(`SELECT line_id AS line, ${text('sum(u.cost)')} AS cost, ${text("countIf(kind = 'call')")} AS calls, ${text('toDecimal128(sum(volume_bytes), 6) / 1000000')} AS volume
    FROM usage AS u WHERE ${ofMonth(month.first)} GROUP BY line ORDER BY sum(u.cost) DESC, line LIMIT ${limit}`);
}

/** Latest extract of each unit, day and profession group, summed by unit and day. */
const dayTotals = `SELECT unit_id, day, sum(o) AS open, sum(c) AS created FROM (
  SELECT unit_id, day, profession_group, argMax(open, extract_at) AS o, argMax(created, extract_at) AS c FROM watches GROUP BY unit_id, day, profession_group) GROUP BY unit_id, day`;

/** Watches and forwarded calls: where all units stand. */
export async function watchFigures(sql, month) {
  const [open] = await sql(`SELECT ${text('sum(open)')} AS open FROM (SELECT unit_id, argMax(open, day) AS open FROM (${dayTotals}) GROUP BY unit_id)`);
  const [created] = await sql(`SELECT ${text('toDecimal64(sum(n), 6) / count()')} AS mean FROM (
    SELECT week, sum(n) AS n FROM (SELECT unit_id, toMonday(day) AS week, argMax(created, day) AS n FROM (${dayTotals}) GROUP BY unit_id, week) GROUP BY week)`);
  const [target] = await sql(`SELECT ${text('toDecimal64(sum(target), 6)')} AS target FROM goals WHERE metric = 'watches_open' AND ${inForce(lastDay(month))}`);
  const [forwarded] = await sql(`SELECT ${text('countIf(forwarded)')} AS calls FROM usage WHERE ${ofMonth(month.first)}`);
  return { open: open.open, created: created.mean, target: target.target, forwarded: forwarded.calls };
}

function lastDay(month) {
  const first = new Date(`${month.first}T00:00:00Z`);
  return new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).toISOString().slice(0, 10);
}

/** Every goal of reduction with its latest value, and where its pace since it was set leads. */
export async function goals(sql, month) {
  const end = lastDay(month);
  const rows = await sql(`WITH names AS (SELECT unit_id, argMax(name, valid_from) AS name FROM units GROUP BY unit_id)
    SELECT g.metric AS metric, g.unit_id AS id, n.name AS unit, g.baseline AS baseline, g.target AS target, toString(g.target_day) AS day, toString(${localDate('g.valid_from')}) AS since, g.owner AS owner
    FROM goals AS g LEFT JOIN names AS n ON n.unit_id = g.unit_id
    WHERE g.metric != 'cost_month' AND ${inForce(end)} ORDER BY metric DESC, g.unit_id`);
  const counted = await sql(`SELECT unit_id AS id, toString(max(w.day)) AS day, toInt32(argMax(open, w.day)) AS value FROM (${dayTotals}) AS w GROUP BY unit_id, toMonday(w.day) ORDER BY unit_id, max(w.day)`);
  const called = await sql(`SELECT unit_id AS id, toString(toLastDayOfMonth(local_day)) AS day, toInt32(countIf(forwarded)) AS value FROM usage GROUP BY id, day ORDER BY id, day`);
  const ends = [...new Set(called.map((one) => one.day))].sort();
  const measured = { forwarded_calls: called, watches_open: counted, unused_lines: await unusedLines(sql, ends), desk_phones: await deskPhones(sql, ends), cost_per_employee: await costEach(sql) };
  return rows.map((row) => {
    const weekly = row.metric === 'watches_open';
    let points = measured[row.metric].filter((one) => one.id === row.id && one.day <= end);
    if (!weekly && points.length > 0) {
      // A month with usage elsewhere and none here is one of nothing.
      points = ends.filter((day) => day >= points[0].day && day <= end).map((day) => points.find((one) => one.day === day) ?? { day, value: 0 });
    }
    const over = row.day <= end;
    if (over) {
      points = points.filter((one) => one.day <= row.day);
    }
    const goal = { ...row, now: points.at(-1)?.value };
    return { ...goal, status: standing(goal, points, weekly, over) };
  });
}

/** Lines for daily work that had nothing but fees in the 90 days up to the end of a month, by unit. */
async function unusedLines(sql, ends) {
  const out = [];
  const [{ first }] = await sql('SELECT toString(min(local_day)) AS first FROM usage');
  for (const day of ends) {
    const from = new Date(Date.parse(day) - 89 * 86_400_000).toISOString().slice(0, 10);
    if (from >= first) {
      out.push(...(await sql(`SELECT unit AS id, '${day}' AS day, toInt32(countIf(line_id NOT IN (SELECT line_id FROM usage WHERE kind != 'fee' AND local_day BETWEEN '${from}' AND '${day}'))) AS value
        FROM (SELECT line_id, argMax(unit_id, valid_from) AS unit, argMax(role, valid_from) AS r FROM lines FINAL WHERE ${inForce(day)} GROUP BY line_id)
        WHERE r IN ('personal', 'shared') AND line_id IN (SELECT line_id FROM lines FINAL WHERE ${inForce(from)}) GROUP BY unit`)));
    }
  }
  return out;
}

/** Desk telephones that a unit has at the end of a month. */
async function deskPhones(sql, ends) {
  const out = [];
  for (const day of ends) {
    out.push(...(await sql(`SELECT unit_id AS id, '${day}' AS day, toInt32(count()) AS value FROM equipment FINAL WHERE kind = 'desk_phone' AND ${inForce(day)} GROUP BY unit_id`)));
  }
  return out;
}

/** Cost of each month by the employees; the demo region's units keep theirs. */
function costEach(sql) {
  return sql(`WITH staff AS (SELECT unit_id, argMax(employees, valid_from) AS n FROM units GROUP BY unit_id)
    SELECT u.unit_id AS id, toString(toLastDayOfMonth(u.local_day)) AS day, toFloat64(sum(u.cost)) / any(s.n) AS value FROM usage AS u INNER JOIN staff AS s ON s.unit_id = u.unit_id GROUP BY id, day ORDER BY id, day`);
}

/** Reached at the target; else on track when the pace, drawn on to the goal's day, ends on the right side of the target. */
function standing(goal, points, weekly, over) {
  const direction = goal.target > goal.baseline ? -1 : 1;
  const meets = (value) => direction * (value - goal.target) <= 1e-5;
  if (over && points.length > 0) {
    return meets(goal.now) ? 'reached' : 'missed';
  }
  if (points.length > 0 && meets(goal.now)) {
    return 'reached';
  }
  const began = ({ day }) => (weekly ? day : `${day.slice(0, 7)}-01`);
  const pace = points.filter((one) => began(one) >= goal.since).slice(weekly ? -26 : -12);
  if (pace.length < (weekly ? 6 : 3)) {
    return 'too_little_data';
  }
  return meets(Math.max(0, drawnOn(pace, goal.day))) ? 'on_track' : 'off_track';
}

/** The line of Theil and Sen, at a day. */
function drawnOn(points, day) {
  const at = (text) => Date.parse(text) / 86_400_000;
  const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.value - a.value) / (at(b.day) - at(a.day))));
  const slope = median(slopes);
  return median(points.map((one) => one.value - slope * at(one.day))) + slope * at(day);
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Progress from baseline to target in per cent, as a decimal text; null when they are the same. */
export function progress(goal) {
  const way = goal.baseline - goal.target;
  return way === 0 ? null : (((goal.baseline - goal.now) * 100) / way).toFixed(9);
}

/** The violations as the log left them, the newest first. */
export async function violations(sql) {
  const latest = (column) => `argMax(${column}, v.log_offset)`;
  const rows = await sql(`WITH names AS (SELECT unit_id, argMax(name, valid_from) AS name FROM units GROUP BY unit_id)
    SELECT id, rule, change, severity, subject_kind, subject_id, n.name AS unit, cost, value, edge AS limit, value_unit, from AS window_from, evidence, new FROM (
      SELECT lower(hex(v.violation_id)) AS id, ${latest('rule')} AS rule, ${latest('change')} AS change, ${latest('severity')} AS severity, ${latest('subject_kind')} AS subject_kind,
        ${latest('subject_id')} AS subject_id, ${latest('unit_id')} AS unit_id, ${text(latest('cost'))} AS cost, ${text(`toDecimal64(${latest('value')}, 6)`)} AS value,
        ${text(`toDecimal64(${latest('limit')}, 6)`)} AS edge, ${latest('value_unit')} AS value_unit, ${text(latest('window_from'))} AS from,
        arrayMap(e -> lower(hex(e)), ${latest('evidence')}) AS evidence, ${latest('last_event_at')} AS at,
        at > (SELECT max(occurred_at) FROM usage) - INTERVAL 30 DAY AS new
      FROM violations AS v GROUP BY v.violation_id) AS x LEFT JOIN names AS n ON n.unit_id = x.unit_id
    ORDER BY from DESC, at DESC, unhex(id)`);
  return rows.map((row) => ({ ...row, open: row.change !== 'retracted' }));
}

/** What the events behind a violation add up to, and under which ids the page shows them. */
export async function evidence(sql, violation) {
  const ids = `(${violation.evidence.map((id) => `'${id}'`).join(', ')})`;
  if (violation.subject_kind === 'unit') {
    const rows = await sql(`SELECT lower(hex(min(event_id))) AS id FROM watches WHERE lower(hex(event_id)) IN ${ids} GROUP BY day ORDER BY day`);
    return { ids: rows.map((row) => row.id) };
  }
  const rows = await sql(`SELECT lower(hex(event_id)) AS id FROM usage WHERE lower(hex(event_id)) IN ${ids} AND line_id = '${violation.subject_id}' AND kind IN ('call', 'data')`);
  const measure = { MB: 'toDecimal128(sum(volume_bytes), 6) / 1000000', SEK: 'sum(cost)' }[violation.value_unit] ?? 'toDecimal64(count(), 6)';
  const [sum] = await sql(`SELECT ${text(measure)} AS value FROM usage WHERE lower(hex(event_id)) IN ${ids}`);
  return { ids: rows.map((row) => row.id), value: sum.value };
}
