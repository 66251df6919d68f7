/**
 * The dashboards about one matter each, with the demo region, in headless Chromium: on a desk and
 * on a telephone nothing is empty that has rows, nothing lies over anything else, key figures are
 * those of SQL over the raw tables, and what leads somewhere does. Needs bin/linesman ("make
 * build") and Chromium.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import * as expected from './sql.mjs';
import { numberOn, rounded, word } from './words.mjs';

const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const windows = [
  ['sv', 1440, 900],
  ['en', 390, 844],
];
const boards = ['overview', 'cost-centre', 'invoice-reconciliation', 'subscriptions', 'roaming', 'forwarding', 'melior-watches', 'violation-evidence', 'data-quality'];

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

async function visiting(path, width, height, act) {
  const { page, faults, close } = await on.visit(browser, region.address, path, width, height);
  try {
    await act(page);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

async function show(page, uid) {
  const board = await (await region.fetch(`/api/dashboards/${uid}`)).json();
  const panels = board.panels.filter((panel) => panel.type !== 'row');
  assert.ok(panels.length >= 8, `${uid} has ${panels.length} panels`);
  await on.showAll(page, panels.length);
}

/** Panels that hold nothing because there is nothing, as SQL says. */
async function rightlyEmpty(uid, lang) {
  const none = [];
  if (uid === 'data-quality' && (await one('SELECT count() AS n FROM restatements')) === '0') {
    none.push(word(lang, 'quality.moved'));
  }
  return none;
}

async function one(statement) {
  const [row] = await region.sql(`SELECT toString(n) AS n FROM (${statement})`);
  return row.n;
}

describe('every dashboard about one matter, on a desk and on a telephone', () => {
  for (const uid of boards) {
    for (const [lang, width, height] of windows) {
      it(`${uid} in ${lang} at ${width} pixels: nothing empty, nothing over anything else`, async () => {
        await visiting(`/d/${uid}?lang=${lang}`, width, height, async (page) => {
          await page.getByRole('heading', { level: 1, name: word(lang, `board.${uid}`), exact: true }).waitFor();
          await show(page, uid);
          await page.screenshot({ path: `${shots}${uid}-${lang}-${width}.png` });
          assert.deepEqual(await on.overlaps(page), []);
          assert.equal(await on.sideways(page), 0, 'the page can be scrolled sideways');
          assert.equal(await page.getByRole('alert').count(), 0, 'a panel shows an error');
          const none = await rightlyEmpty(uid, lang);
          assert.equal(await page.getByTestId('no-data').count(), none.length, `only ${JSON.stringify(none)} may be empty`);
          for (const title of none) {
            assert.equal(await on.panel(page, title).getByTestId('no-data').count(), 1, title);
          }
        });
      });
    }
  }
});

describe('key figures against SQL', () => {
  const latest = 'SELECT unit_id, day, profession_group, argMax(over_30d, extract_at) AS old FROM watches GROUP BY unit_id, day, profession_group';
  const ofMonth = () => `local_day >= '${month.first}' AND local_day < addMonths(toDate32('${month.first}'), 1)`;
  const abroad = "roaming_zone IN ('eea', 'world')";
  const figures = [
    ['overview', 'cost.month', () => `SELECT sum(cost) AS n FROM usage WHERE ${ofMonth()}`],
    ['overview', 'goals.forwarded_now', () => `SELECT countIf(forwarded) AS n FROM usage WHERE ${ofMonth()}`],
    ['overview', 'overview.open', () => "SELECT count() AS n FROM (SELECT argMax(change, log_offset) AS c FROM violations GROUP BY violation_id) WHERE c != 'retracted'"],
    ['roaming', 'roaming.volume', () => `SELECT toDecimal128(sum(volume_bytes), 6) / 1000000 AS n FROM usage WHERE ${abroad} AND ${ofMonth()}`],
    ['roaming', 'roaming.lines', () => `SELECT uniqExact(line_id) AS n FROM usage WHERE kind != 'fee' AND ${abroad} AND ${ofMonth()}`],
    ['forwarding', 'cost.forwarding', () => `SELECT sumIf(cost, forwarded) AS n FROM usage WHERE ${ofMonth()}`],
    ['melior-watches', 'watches.old', () => `SELECT sum(old) AS n FROM (${latest}) WHERE (unit_id, day) IN (SELECT unit_id, max(day) FROM watches GROUP BY unit_id)`],
    ['invoice-reconciliation', 'invoices.charged_now', () => `SELECT sum(charged) AS n FROM usage WHERE ${ofMonth()}`],
    ['data-quality', 'quality.rejected', () => 'SELECT sum(rejected) AS n FROM file_reports'],
    ['data-quality', 'quality.failed', () => "SELECT count() AS n FROM file_reports WHERE state != 'done'"],
  ];
  for (const uid of [...new Set(figures.map(([of]) => of))]) {
    it(uid, async () => {
      await visiting(`/d/${uid}?lang=sv`, 1440, 900, async (page) => {
        await show(page, uid);
        for (const [, key, statement] of figures.filter(([of]) => of === uid)) {
          const want = await one(statement());
          const got = numberOn('sv', await on.stat(page, word('sv', key)));
          assert.equal(got.text, rounded(want, got.decimals), `${key}: SQL says ${want}`);
        }
      });
    });
  }
});

describe('going from one to another', () => {
  it('a figure of the overview leads to more about it, with what is chosen', async () => {
    const [centre] = await expected.costByUnit(region.sql, month);
    await visiting('/d/overview?lang=sv', 1440, 900, async (page) => {
      await show(page, 'overview');
      await on.choose(page, word('sv', 'var.unit'), centre.name);
      const unit = new URL(page.url()).searchParams.getAll('var-unit');
      assert.equal(unit.length, 1);
      await on.panel(page, word('sv', 'cost.forwarding')).getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: word('sv', 'board.forwarding'), exact: true }).waitFor();
      await show(page, 'forwarding');
      assert.deepEqual(new URL(page.url()).searchParams.getAll('var-unit'), unit);
    });
  });

  it('a cost centre of the follow-up leads to its own dashboard', async () => {
    const [first] = await expected.costCentres(region.sql, month);
    await visiting('/d/cost-follow-up?lang=sv', 1440, 900, async (page) => {
      await show(page, 'cost-follow-up');
      await on.panel(page, word('sv', 'cost.by_cost_centre')).getByRole('link', { name: first.code }).click();
      await page.getByRole('heading', { level: 1, name: word('sv', 'board.cost-centre'), exact: true }).waitFor();
      await show(page, 'cost-centre');
      assert.deepEqual(new URL(page.url()).searchParams.getAll('var-cost_centre'), [first.code]);
      const got = numberOn('sv', await on.stat(page, word('sv', 'cost.month')));
      assert.equal(got.text, rounded(first.cost, got.decimals));
    });
  });

  it('the navigation reaches every dashboard from every group', async () => {
    await visiting('/d/overview?lang=sv', 390, 844, async (page) => {
      const list = await (await region.fetch('/api/dashboards')).json();
      const reached = [];
      const arrive = async () => {
        const board = list.find((one) => new URL(page.url()).pathname === `/d/${one.uid}`);
        if (board) {
          await page.getByRole('heading', { level: 1, name: board.titleSv, exact: true }).waitFor();
          reached.push(board.titleSv);
        }
      };
      await arrive();
      const groups = page.getByRole('navigation', { name: 'Instrumentpaneler' }).getByRole('link');
      for (let g = 0; g < (await groups.count()); g++) {
        await groups.nth(g).click();
        await arrive();
        const tabs = page.getByRole('navigation').nth(1).getByRole('link');
        for (let i = 0; i < (await tabs.count()); i++) {
          await tabs.nth(i).click();
          await arrive();
        }
      }
      for (const board of list) {
        assert.ok(reached.includes(board.titleSv), `nothing leads to ${board.titleSv}: ${reached}`);
      }
    });
  });
});
