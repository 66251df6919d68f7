/**
 * The demo region in the console, in headless Chromium: what stands on the three dashboards
 * is compared with SQL over the raw tables. Needs bin/linesman ("make build") and Chromium.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import * as expected from './sql.mjs';
import { numberOn, plain, rounded, ruleTitle, rulesText, word } from './words.mjs';

const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const windows = [
  ['sv', 1366],
  ['sv', 800],
  ['en', 1366],
  ['en', 800],
];
const boards = ['cost-follow-up', 'reduction-goals', 'violations'];

let region;
let browser;
let month;

before(async () => {
  mkdirSync(shots, { recursive: true });
  region = await startRegion();
  browser = await on.openBrowser();
  month = await expected.months(region.sql);
});

after(async () => {
  await browser?.close();
  await region?.stop();
});

/** Visits, does what is to be done, and insists that nothing went wrong meanwhile. */
async function visiting(path, width, height, act) {
  const { page, faults, close } = await on.visit(browser, region.address, path, width, height);
  try {
    await act(page);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

/** A number on the page is the number from SQL, rounded to the decimals that are shown. */
function same(lang, shown, value, unit, what) {
  const got = numberOn(lang, shown);
  assert.equal(got.text, rounded(String(value), got.decimals), `${what}: the page says ${JSON.stringify(shown)}, SQL says ${value}`);
  assert.equal(got.unit, unit, `${what}: unit of ${JSON.stringify(shown)}`);
}

async function stats(page, lang, figures) {
  for (const [key, value, unit] of figures) {
    same(lang, await on.stat(page, word(lang, key)), value, unit, word(lang, key));
  }
}

async function sizeOf(uid) {
  const board = await (await region.fetch(`/api/dashboards/${uid}`)).json();
  const panels = (board.dashboard ?? board).panels.filter((panel) => panel.type !== 'row');
  assert.ok(panels.length >= 8, `${uid} has ${panels.length} panels`);
  return panels.length;
}

async function show(page, uid) {
  await on.showAll(page, await sizeOf(uid));
}

describe('every dashboard, in both languages and widths', () => {
  for (const uid of boards) {
    for (const [lang, width] of windows) {
      it(`${uid} in ${lang} at ${width} pixels: nothing empty, nothing over anything else`, async () => {
        await visiting(`/d/${uid}?lang=${lang}`, width, 768, async (page) => {
          await page.getByRole('heading', { level: 1, name: word(lang, `board.${uid}`), exact: true }).waitFor();
          await show(page, uid);
          await page.screenshot({ path: `${shots}${uid}-${lang}-${width}.png` });
          assert.deepEqual(await on.overlaps(page), []);
          assert.equal(await on.sideways(page), 0, 'the page can be scrolled sideways');
          assert.equal(await page.getByRole('alert').count(), 0, 'a panel shows an error');
          assert.equal(await page.getByTestId('no-data').count(), 0, 'the demo region leaves no panel without data');
        });
      });
    }
  }
});

for (const lang of ['sv', 'en']) {
  const w = (key) => word(lang, key);

  describe(`values against SQL, ${lang}`, () => {
    it('cost of the month', async () => {
      const all = await expected.costFigures(region.sql, month);
      await visiting(`/d/cost-follow-up?lang=${lang}`, 1366, 768, async (page) => {
        await show(page, 'cost-follow-up');
        assert.ok(all.cost > 0 && all.lines > 0 && all.budget > 0, 'the demo region has costs, lines and budgets');
        await stats(page, lang, costStats(all));

        const centres = await expected.costCentres(region.sql, month);
        const rows = await on.table(page, w('cost.by_cost_centre'));
        assert.deepEqual(rows.map((row) => row[w('field.cost_centre')]), centres.map((one) => one.code));
        for (const [i, one] of centres.entries()) {
          assert.equal(rows[i][w('field.cost_centre_name')], one.name);
          for (const [key, value, unit] of [['metric.cost', one.cost, 'kr'], ['metric.budget', one.budget, 'kr'], ['field.share', one.share, '%'], ['field.difference', one.vs_budget, 'kr'], ['field.previous', one.previous, 'kr']]) {
            same(lang, rows[i][w(key)], value, unit, `${one.code}, ${w(key)}`);
          }
        }

        const texts = await on.chartTexts(page, w('cost.by_unit'));
        for (const unit of (await expected.costByUnit(region.sql, month)).slice(0, 5)) {
          const name = texts.indexOf(unit.name);
          assert.ok(name >= 0, `${unit.name} is missing among ${texts.join(' | ')}`);
          same(lang, texts[name + 1], unit.cost, 'kr', unit.name);
        }

        const lines = await expected.topLines(region.sql, month, 5);
        const top = await on.table(page, w('cost.top_lines'), 5);
        for (const [i, line] of lines.entries()) {
          assert.equal(top[i][w('field.line')], line.line);
          same(lang, top[i][w('metric.cost')], line.cost, 'kr', line.line);
          same(lang, top[i][w('metric.calls')], line.calls, '', line.line);
          same(lang, top[i][w('metric.volume')], line.volume, 'MB', line.line);
        }
      });
    });

    it('goals of every unit', async () => {
      const figures = await expected.watchFigures(region.sql, month);
      const goals = await expected.goals(region.sql, month);
      const standing = (...states) => goals.filter((goal) => states.includes(goal.status)).length;
      await visiting(`/d/reduction-goals?lang=${lang}`, 1366, 768, async (page) => {
        await show(page, 'reduction-goals');
        assert.ok(goals.length > 0 && figures.open > 0, 'the demo region has goals and watches');
        await stats(page, lang, [
          ['goals.open_now', figures.open, ''],
          ['goals.target_now', figures.target, ''],
          ['goals.created_week', figures.created, ''],
          ['goals.forwarded_now', figures.forwarded, ''],
          ['goals.on_track', standing('reached', 'on_track'), ''],
          ['goals.behind', standing('off_track', 'missed'), ''],
        ]);
        const rows = await on.table(page, w('goals.progress'));
        assert.equal(rows.length, goals.length);
        for (const goal of goals) {
          const row = rows.find((one) => one[w('field.unit')] === goal.unit && one[w('field.goal')] === w(`goal.${goal.metric}`));
          assert.ok(row, `${goal.unit} has no row for ${goal.metric}`);
          const what = `${goal.unit}, ${goal.metric}`;
          same(lang, row[w('field.baseline')], goal.baseline, '', what);
          same(lang, row[w('field.target')], goal.target, '', what);
          same(lang, row[w('field.now')], goal.now, '', what);
          if (expected.progress(goal) !== null) {
            const shown = Math.min(200, Math.max(-100, expected.progress(goal))); // beyond that the words say it
            same(lang, row[w('field.progress')], shown, '%', what);
          }
          assert.equal(row[w('field.status')], w(`status.${goal.status}`), what);
          assert.equal(row[w('field.target_day')], goal.day, what);
          assert.equal(row[w('field.owner')], goal.owner, what);
        }
      });
    });

    it('violations', async () => {
      const all = await expected.violations(region.sql);
      const open = all.filter((one) => one.open);
      await visiting(`/d/violations?lang=${lang}`, 1366, 768, async (page) => {
        await show(page, 'violations');
        assert.ok(open.length > 0, 'the demo region has violations');
        await stats(page, lang, violationStats(all));
        const rows = await on.table(page, w('violations.list'), 10);
        for (const [i, one] of all.slice(0, 10).entries()) {
          const row = rows[i];
          const what = `row ${i + 1} of the list`;
          assert.equal(row[w('field.severity')], w(`severity.${one.severity}`), what);
          assert.equal(row[w('field.rule')], ruleTitle(lang, one.rule), what);
          assert.equal(row[w('field.subject')], one.subject_kind === 'unit' ? w('subject.unit') : one.subject_id, what);
          assert.equal(row[w('field.unit')], one.unit, what);
          assert.match(row[w('field.window')], new RegExp(`^${w(`month.${one.window_from.slice(5, 7)}`)} ${one.window_from.slice(0, 4)}$`, 'i'), what);
          const unit = { MB: 'MB', SEK: 'kr' }[one.value_unit] ?? w(`measure.${one.value_unit}`);
          same(lang, row[w('field.value')], one.value, unit, what);
          same(lang, row[w('field.limit')], one.limit, unit, what);
          same(lang, row[w('metric.cost')], one.cost, 'kr', what);
          assert.equal(row[w('field.state')], w(`state.${one.open ? 'open' : 'retracted'}`), what);
        }
        const texts = await on.chartTexts(page, w('violations.by_unit'));
        for (const [name, count] of countsOf(all.map((one) => one.unit)).slice(0, 5)) {
          const at = texts.indexOf(name);
          assert.ok(at >= 0, `${name} is missing among ${texts.join(' | ')}`);
          same(lang, texts[at + 1], count, '', name);
        }
      });
    });

    it('violations of each rule', async () => {
      const all = await expected.violations(region.sql);
      const rules = [...new Set(all.map((one) => one.rule))];
      assert.equal(rules.length, 4, 'the demo region breaks all four rules');
      for (const rule of rules) {
        const of = all.filter((one) => one.rule === rule);
        await visiting(`/d/violations?lang=${lang}&var-rule=${rule}`, 1366, 768, async (page) => {
          await show(page, 'violations');
          await stats(page, lang, violationStats(of));
          const rows = await on.table(page, word(lang, 'violations.list'));
          assert.deepEqual([...new Set(rows.map((row) => row[w('field.rule')]))], [ruleTitle(lang, rule)]);
          assert.equal(rows.length, of.length);
        });
      }
    });
  });
}

/** How often each name occurs, most often first. */
function countsOf(names) {
  const counts = new Map();
  for (const name of names) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function costStats(of) {
  return [
    ['cost.month', of.cost, 'kr'],
    ['cost.vs_budget', of.vs_budget, 'kr'],
    ['cost.vs_budget_percent', of.share, '%'],
    ['cost.lines_used', of.lines, ''],
    ['cost.vs_previous', of.vs_previous, 'kr'],
    ['cost.vs_previous_percent', of.vs_previous_percent, '%'],
    ['cost.forwarding', of.forwarding, 'kr'],
    ['cost.roaming', of.roaming, 'kr'],
  ];
}

function violationStats(of) {
  const open = of.filter((one) => one.open);
  const millionths = open.reduce((sum, one) => sum + BigInt(rounded(one.cost, 6).replace('.', '')), 0n);
  return [
    ['violations.open', open.length, ''],
    ['violations.new', open.filter((one) => one.new).length, ''],
    ['violations.high', open.filter((one) => one.severity === 'high').length, ''],
    ['violations.retracted', of.length - open.length, ''],
    ['violations.cost', rounded(`${millionths / 1_000_000n}.${String(millionths % 1_000_000n).padStart(6, '0')}`, 6), 'kr'],
  ];
}

describe('using the console', () => {
  it('a chosen cost centre changes every number', async () => {
    const [one] = await expected.costCentres(region.sql, month);
    const all = await expected.costFigures(region.sql, month);
    assert.notEqual(one.cost, all.cost);
    await visiting('/d/cost-follow-up?lang=sv', 1366, 768, async (page) => {
      await show(page, 'cost-follow-up');
      const before = await on.stat(page, word('sv', 'cost.month'));
      await on.choose(page, word('sv', 'var.cost_centre'), one.code);
      await on.until('cost after choosing a cost centre', () => on.stat(page, word('sv', 'cost.month')), (text) => text !== before);
      assert.deepEqual(new URL(page.url()).searchParams.getAll('var-cost_centre'), [one.code]);
      await show(page, 'cost-follow-up');
      await stats(page, 'sv', costStats(one));
      const rows = await on.table(page, word('sv', 'cost.by_cost_centre'));
      assert.deepEqual(rows.map((row) => row[word('sv', 'field.cost_centre')]), [one.code]);
    });
  });

  it('a violation in the list leads to its evidence, and Escape back', async () => {
    const [first] = await expected.violations(region.sql);
    await visiting('/d/violations?lang=sv', 1366, 768, async (page) => {
      await show(page, 'violations');
      const link = on.panel(page, word('sv', 'violations.list')).getByRole('link', { name: word('sv', 'link.violation') }).first();
      await on.until('the link to the evidence', async () => {
        await on.panel(page, word('sv', 'violations.list')).getByRole('grid').evaluate((grid) => grid.scrollTo(grid.scrollWidth, 0));
        return link.count();
      }, (count) => count > 0);
      await link.click();
      await checkEvidence(page, 'sv', first);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.equal(new URL(page.url()).pathname, '/d/violations');
    });
  });

  it('the address of a violation opens its evidence, for every rule', async () => {
    const all = await expected.violations(region.sql);
    for (const rule of new Set(all.map((one) => one.rule))) {
      for (const lang of ['sv', 'en']) {
        const one = all.findLast((each) => each.rule === rule);
        await visiting(`/violations/${one.id}?lang=${lang}`, lang === 'sv' ? 1366 : 800, 900, async (page) => {
          await checkEvidence(page, lang, one);
          await page.screenshot({ path: `${shots}evidence-${rule}-${lang}.png` });
          await page.keyboard.press('Escape');
          await page.getByRole('dialog').waitFor({ state: 'detached' });
        });
      }
    }
  });

  it('speaks the language of the switch, and keeps it', async () => {
    const all = await expected.costFigures(region.sql, month);
    await visiting('/', 1366, 768, async (page) => {
      await page.getByRole('heading', { level: 1, name: word('sv', 'board.overview'), exact: true }).waitFor();
      await page.getByRole('button', { name: 'EN', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: word('en', 'board.overview'), exact: true }).waitFor();
      await page.getByRole('navigation').getByRole('link', { name: 'Costs', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: word('en', 'board.cost-follow-up'), exact: true }).waitFor();
      await show(page, 'cost-follow-up');
      await stats(page, 'en', costStats(all));
      await page.getByRole('navigation').getByRole('link', { name: 'Rules', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: word('en', 'board.violations'), exact: true }).waitFor();
      await show(page, 'violations');
      await page.goto(`${region.address}/d/reduction-goals`);
      await page.getByRole('heading', { level: 1, name: word('en', 'board.reduction-goals'), exact: true }).waitFor();
      await page.getByRole('button', { name: 'SV', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: word('sv', 'board.reduction-goals'), exact: true }).waitFor();
      await show(page, 'reduction-goals');
    });
  });
});

describe('what was wrong once', () => {
  it('slow answers leave no icon missing', async () => {
    await visiting('/healthz', 1366, 768, async (page) => {
      await page.route((url) => url.pathname === '/api/ds/query', () => undefined);
      const icon = page.waitForResponse((response) => response.url().includes('sync-slash'), { timeout: 10_000 }).catch(() => undefined);
      await page.goto(`${region.address}/d/violations?lang=sv`);
      assert.ok(((await icon)?.status() ?? 200) < 400, 'the icon that gives up a query is missing');
    });
  });

  it('the evidence speaks the language of the page', async () => {
    for (const [lang, foreign] of [['sv', /\b(calls|(?<!-)watches|none|voice_\w+|rad 0)\b/], ['en', /\b(none|voice_\w+|row 0|januari|februari|mars|maj|juni|juli|augusti|oktober)\b/]]) {
      for (const one of await expected.violations(region.sql)) {
        await visiting(`/violations/${one.id}?lang=${lang}`, 1366, 900, async (page) => {
          const drawer = page.getByRole('dialog');
          await drawer.locator('tbody tr').first().waitFor();
          assert.doesNotMatch(await drawer.innerText(), foreign);
        });
      }
    }
  });

  it('the way to the evidence is in sight on a usual screen', async () => {
    await visiting('/d/violations?lang=sv', 1366, 768, async (page) => {
      await show(page, 'violations');
      const list = on.panel(page, word('sv', 'violations.list'));
      const link = await list.getByRole('link').first().boundingBox({ timeout: 5_000 });
      const edge = await list.boundingBox();
      assert.ok(link.x + link.width <= edge.x + edge.width, 'the link to the evidence is outside its panel');
    });
  });

  it('a click anywhere on a row of the list opens its evidence', async () => {
    const [first] = await expected.violations(region.sql);
    await visiting('/d/violations?lang=sv', 1366, 768, async (page) => {
      await show(page, 'violations');
      await on.panel(page, word('sv', 'violations.list')).getByRole('gridcell', { name: ruleTitle('sv', first.rule) }).first().click();
      await checkEvidence(page, 'sv', first);
    });
  });

  it('a link to nothing says so in the language of the page', async () => {
    for (const [lang, text] of [['sv', /finns inte/], ['en', /no such violation/]]) {
      const { page, close } = await on.visit(browser, region.address, `/violations/${'0'.repeat(32)}?lang=${lang}`);
      try {
        await page.getByRole('dialog').getByRole('alert').filter({ hasText: text }).waitFor();
      } finally {
        await close();
      }
    }
  });
});

/** The drawer says what SQL says: value, limit, the policy's own words, and each event behind it. */
async function checkEvidence(page, lang, one) {
  const drawer = page.getByRole('dialog');
  await drawer.getByText(ruleTitle(lang, one.rule)).first().waitFor();
  assert.equal(new URL(page.url()).pathname, `/violations/${one.id}`);
  for (const [part, value] of [['value', one.value], ['limit', one.limit]]) {
    const shown = await drawer.getByTestId(`violation-${part}`).innerText();
    const number = numberOn(lang, shown);
    assert.equal(Number(number.text), Number(rounded(value, number.decimals)), `${one.rule}, ${part}: ${shown}, SQL says ${value}`);
  }
  const quote = plain(await drawer.locator('blockquote').first().innerText()).replace(/^[”"“]|[”"“]$/g, '');
  assert.ok(quote.length > 20, `quotation: ${quote}`);
  const rule = rulesText.slice(rulesText.indexOf(`- id: ${one.rule}\n`)).split(/\n {2}- id: /)[0];
  assert.ok(plain(rule).includes(quote), `the quotation is not in the rule's own text: ${quote}`);

  const behind = await expected.evidence(region.sql, one);
  await on.until('rows of evidence', () => drawer.locator('tbody tr').count(), (count) => count === behind.ids.length);
  const texts = await drawer.locator('tbody tr').allInnerTexts();
  const ids = texts.map((text) => /\b[0-9a-f]{32}\b/.exec(text)?.[0]);
  assert.deepEqual(ids.toSorted(), behind.ids.toSorted());
  if (behind.value !== undefined) {
    assert.equal(rounded(behind.value, 4), rounded(one.value, 4), 'the events add up to the value');
  }
}
