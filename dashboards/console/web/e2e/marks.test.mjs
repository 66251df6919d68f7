/**
 * The marks of goal days on the curves of the demo region, in headless Chromium, whichever comes
 * first: the marks or the curves. Needs bin/linesman ("make build") and Chromium.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import * as expected from './sql.mjs';
import { word } from './words.mjs';

const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
/** The charts of the page that have time along them. */
const curves = ['goals.watches', 'goals.watches_flow', 'goals.watches_group', 'goals.forwarded', 'goals.unused', 'goals.phones', 'goals.each'];
/** Those of one kind of goals each. */
const courses = { 'goals.unused': 'unused_lines', 'goals.phones': 'desk_phones', 'goals.each': 'cost_per_employee' };

let region;
let browser;
let month;
let goals;
let size;

before(async () => {
  mkdirSync(shots, { recursive: true });
  region = await startRegion();
  browser = await on.openBrowser();
  month = await expected.months(region.sql);
  goals = await expected.goals(region.sql, month);
  const board = await (await region.fetch(`/api/dashboards/reduction-goals`)).json();
  size = (board.dashboard ?? board).panels.filter((panel) => panel.type !== 'row').length;
});

after(async () => {
  await browser?.close();
  await region?.stop();
});

/** Opens the page of the goals, does what is to be done, and insists that nothing went wrong meanwhile. */
async function visiting(search, act, prepare) {
  const { page, faults, close } = await on.visit(browser, region.address, `/d/reduction-goals?${search}`, 1366, 768, prepare);
  try {
    await act(page);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

const marked = (page, title) => on.until(`marks in ${title}`, () => on.markColumns(page, title), (list) => list.length > 0);
const unmarked = (page, title) => on.until(`marks in ${title}`, () => on.markColumns(page, title), (list) => list.length === 0);

/** The tooltips of a chart tell these marks, and no others. */
async function tells(page, title, texts) {
  assert.deepEqual(await on.until(`what the marks in ${title} say`, () => on.markTexts(page, title), (list) => list.length >= texts.length), texts);
}

/** What the marks say: for each day, how many goals of each kind were due. */
function dueTexts(lang, due) {
  return [...new Set(due.map((goal) => goal.day))].sort().map((day) => {
    const kinds = due.filter((goal) => goal.day === day).map((goal) => goal.metric);
    const texts = [...new Set(kinds)].sort().map((kind) =>
      word(lang, 'mark.goals').replace('{goal}', word(lang, `goal.${kind}`)).replace('{n}', String(kinds.filter((one) => one === kind).length)),
    );
    return word(lang, 'mark.goal_day').replace('{goals}', texts.join('; '));
  });
}

for (const lang of ['sv', 'en']) {
  const w = (key) => word(lang, key);

  describe(`marks of goal days, ${lang}`, () => {
    for (const first of ['marks', 'series']) {
      it(`stand on every curve when the ${first} come first, for the units that are chosen`, async () => {
        const over = goals.filter((goal) => goal.day <= month.last);
        assert.ok(over.length > 0, 'a goal of the demo region was due within its period');
        const other = goals.find((goal) => goal.metric === 'watches_open' && !over.some((one) => one.id === goal.id));
        let release;
        const hold = async (page) => (release = await on.holdBack(page, first === 'marks'));
        await visiting(`lang=${lang}`, async (page) => {
          if (first === 'series') {
            await on.drawn(page, size);
            for (const title of curves) {
              assert.deepEqual(await on.markColumns(page, w(title)), [], `${w(title)} has marks that have not come`);
            }
            release();
          }
          await on.showAll(page, size);
          for (const title of curves) {
            const columns = await marked(page, w(title));
            assert.ok(columns.length <= 3, `${columns.length} marks in ${w(title)}`);
          }
          await page.screenshot({ path: `${shots}marks-${first}-first-${lang}.png` });
          await tells(page, w('goals.watches'), dueTexts(lang, over));

          await on.choose(page, w('var.unit'), other.unit);
          await unmarked(page, w('goals.watches'));
          await unmarked(page, w('goals.watches_flow'));
          await on.choose(page, w('var.unit'), over[0].unit);
          await marked(page, w('goals.watches'));
          await marked(page, w('goals.watches_flow'));
        }, hold);
      });
    }

    it('are those of every kind of goals when the period reaches their days', async () => {
      const year = Number(month.last.slice(0, 4));
      const due = goals.filter((goal) => goal.day >= `${year}-02-01` && goal.day < `${year + 1}-02-01`);
      await visiting(`lang=${lang}&from=${year}-02-01T00:00:00.000Z&to=${year + 1}-01-31T12:00:00.000Z`, async (page) => {
        await on.showAll(page, size);
        const texts = dueTexts(lang, due);
        for (const [title, kind] of Object.entries(courses)) {
          assert.ok(texts.some((text) => text.includes(w(`goal.${kind}`))), `the demo region has no goals of ${kind}`);
          await marked(page, w(title));
          await tells(page, w(title), texts);
        }
        await page.screenshot({ path: `${shots}marks-year-${lang}.png` });
      });
    });
  });
}
