/**
 * The page "Ekonomi" over the demo region, in headless Chromium: its total is the dashboard's and
 * the query's, its files can be downloaded, and the invoices' planted mistakes stand on it. Needs
 * bin/linesman ("make build") and Chromium.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import { months } from './sql.mjs';

const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const texts = {
  sv: { title: 'Ekonomi', total: 'Totalt', cost: 'Månadens kostnad', decimal: ',', outcomes: ['priset avviker', 'antalet avviker', 'debiterad två gånger', 'debiterad efter slutet'] },
  en: { title: 'Money', total: 'In all', cost: 'Cost of the month', decimal: '.', outcomes: ['price differs', 'quantity differs', 'billed twice', 'billed after the end'] },
};

let region;
let browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  region = await startRegion();
  browser = await on.openBrowser();
});

after(async () => {
  await browser?.close();
  await region?.stop();
});

/** A number as it stands on the page, as a decimal text. */
const number = (text, decimal) => text.replace(/[^\d,.\u2212-]/g, '').replace('\u2212', '-').replaceAll(decimal === ',' ? '.' : ',', '').replace(decimal, '.');

async function visiting(lang, width, act) {
  const { page, faults, close } = await on.visit(browser, region.address, `/money?lang=${lang}`, width, 900);
  try {
    await page.getByRole('heading', { level: 1, name: texts[lang].title, exact: true }).waitFor();
    for (const section of ['allocation', 'budgets', 'invoices', 'savings', 'reports']) {
      await page.locator(`[data-testid="money-${section}"][aria-busy="false"]`).waitFor();
    }
    await act(page, texts[lang]);
    assert.equal(await on.sideways(page), 0, 'the page can be scrolled sideways');
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

const cells = (page, table, row) => page.locator(`[data-testid="table-${table}"] ${row}`).evaluateAll((rows) => rows.map((one) => [...one.children].map((cell) => cell.textContent)));

describe('the page about money', () => {
  for (const lang of ['sv', 'en']) {
    it(`shows the totals of the month that SQL gives (${lang})`, async () => {
      const month = await months(region.sql);
      const [want] = await region.sql(`SELECT toString(round(sum(cost), 2)) AS cost, toString(round(sum(vat), 2)) AS vat, toString(count()) AS records FROM usage WHERE local_day >= '${month.first}' AND local_day <= '${month.last}'`);
      await visiting(lang, 1366, async (page, words) => {
        const [total] = await cells(page, 'cost_centres', 'tfoot tr');
        assert.deepEqual([total[0], ...total.slice(1).map((cell) => Number(number(cell, words.decimal)))], [words.total, Number(want.records), Number(want.cost), Number(want.vat)]);
        const rows = await cells(page, 'cost_centres', 'tbody tr');
        const sum = rows.reduce((all, row) => all + Math.round(100 * Number(number(row[2], words.decimal))), 0);
        assert.ok(Math.abs(sum - Math.round(100 * Number(want.cost))) <= rows.length, `the rows add up to ${sum} öre, the total is ${want.cost}`);
        const figure = page.locator('[data-testid="money-allocation"] dl > div').filter({ hasText: words.cost });
        assert.equal(Number(number(await figure.locator('dd').first().textContent(), words.decimal)), Number(want.cost));
        const disputed = (await cells(page, 'disputes', 'tbody tr')).map((row) => row.at(-1));
        for (const outcome of words.outcomes) {
          assert.equal(disputed.filter((said) => said.startsWith(outcome)).length, 1, `${outcome} among ${disputed.join('; ')}`);
        }
        await page.screenshot({ path: `${shots}money-${lang}.png`, fullPage: true });
      });
    });
  }

  it('gives the files of the month', async () => {
    await visiting('en', 1366, async (page) => {
      for (const [name, ending, begins] of [['Excel', '.xlsx', 'PK'], ['CSV', '.csv', '\ufeffmonth;'], ['Voucher (SIE, draft)', '.si', '#FLAGGA 1']]) {
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
        assert.ok(download.suggestedFilename().endsWith(ending), download.suggestedFilename());
        const raw = await readFile(await download.path());
        assert.ok(raw.toString('utf8').startsWith(begins), `${name} begins ${raw.toString('utf8').slice(0, 20)}`);
      }
    });
  });

  it('is for another month what SQL says of that month, and can be read on a telephone', async () => {
    const month = await months(region.sql);
    const [want] = await region.sql(`SELECT toString(round(sum(cost), 2)) AS cost FROM usage WHERE toStartOfMonth(local_day) = '${month.before}'`);
    await visiting('en', 400, async (page, words) => {
      await page.getByTestId('month').selectOption(month.before.slice(0, 7));
      const shown = await on.until(
        'the month before',
        async () => (await cells(page, 'cost_centres', 'tfoot tr'))[0]?.[2] ?? '',
        (text) => text !== '' && Number(number(text, words.decimal)) === Number(want.cost),
      );
      assert.ok(shown);
      assert.ok(page.url().includes(`month=${month.before.slice(0, 7)}`), page.url());
    });
  });
});
