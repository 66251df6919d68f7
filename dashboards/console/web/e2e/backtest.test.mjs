/**
 * The page "Prova regler" over the demo region, in headless Chromium: a draft with a mistake puts
 * the caret there, a good one is compared with what the command says of the same draft. Needs
 * bin/linesman ("make build") and Chromium.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import { plain, rulesText } from './words.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const program = process.env.LINESMAN_BIN ?? join(root, 'bin', 'linesman');
/** The test's own settings are none of the program's. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LINESMAN_')));
const shots = fileURLToPath(new URL('../test-output/', import.meta.url));

const texts = {
  sv: { title: 'Prova regler', draft: 'Utkast (en regelfil, YAML)', file: 'Välj en fil', run: 'Jämför', inForce: 'Gällande', own: 'Utkast', finds: 'avvikelser', few: 'för få anknytningar', judges: 'Med utkastet bedömer version 1 från och med 2025-01-01 till och med 2026-12-31, utkastet (version 2) från och med 2027-01-01.' },
  en: { title: 'Back-test', draft: 'Draft (a rule file, YAML)', file: 'Choose a file', run: 'Compare', inForce: 'In force', own: 'Draft', finds: 'violations', few: 'too few lines', judges: 'With the draft, judges version 1 from 2025-01-01 until 2026-12-31, the draft (version 2) from 2027-01-01.' },
};

/** The built-in rule about forwarded calls, as a draft with other limits from 2027. */
function draftOf(...changes) {
  const found = /( {2}- id: excessive-forwarding\n[\s\S]*?)(?=\n {2}- id: )/.exec(rulesText);
  assert.ok(found, 'core.yaml has no rule excessive-forwarding');
  let rule = found[1];
  for (const [from, to] of [['version: 1', 'version: 2'], ['valid_from: 2025-01-01', 'valid_from: 2027-01-01'], ...changes]) {
    assert.ok(rule.includes(from), `the rule has no ${from}`);
    rule = rule.replace(from, to);
  }
  return `pack: our-rules\nrules:\n${rule}\n`;
}

let region;
let browser;
let folder;

before(async () => {
  mkdirSync(shots, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'linesman-draft-'));
  region = await startRegion();
  browser = await on.openBrowser();
});

after(async () => {
  await browser?.close();
  await region?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the command says of a draft, over the same data. */
async function said(draft) {
  const file = join(folder, 'draft.yaml');
  await writeFile(file, draft);
  const { stdout } = await run(program, ['policy', 'backtest', '--json', '--data', region.data, '--policy', file], { env, maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

async function visiting(lang, width, act) {
  const { page, faults, close } = await on.visit(browser, region.address, `/backtest?lang=${lang}`, width, 900);
  try {
    await page.getByRole('heading', { level: 1, name: texts[lang].title, exact: true }).waitFor();
    await act(page, texts[lang]);
    assert.equal(await on.sideways(page), 0, 'the page can be scrolled sideways');
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

/** Pastes a draft as somebody without a mouse does, and asks for the comparison. */
async function compare(page, w, draft) {
  const area = page.getByLabel(w.draft);
  await area.focus();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(draft);
  for (let i = 0; i < 12 && !(await page.getByRole('button', { name: w.run }).evaluate((node) => node === document.activeElement)); i++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  return area;
}

const caret = (area) => area.evaluate((node) => ({ line: node.value.slice(0, node.selectionStart).split('\n').length, rest: node.value.slice(node.selectionStart).split('\n')[0], here: node === document.activeElement }));

/** A number of kronor as it stands on the page, in öre. */
function ore(text) {
  const [, sign, whole, fraction] = /^([-−]?)([\d\s,.]*?)[.,](\d\d)\s*kr$/.exec(plain(text)) ?? assert.fail(`no amount: ${text}`);
  return (sign ? -1 : 1) * Number(whole.replace(/[\s,.]/g, '') + fraction);
}

const exact = (amount) => Math.round(Number(amount) * 100);

for (const [lang, width] of [['sv', 1366], ['sv', 800], ['en', 1366], ['en', 800]]) {
  describe(`trying rules, in ${lang} at ${width} pixels`, () => {
    it('puts the caret at a mistake', async () => {
      await visiting(lang, width, async (page, w) => {
        const draft = draftOf(['window: month', 'window: fortnight']);
        const area = await compare(page, w, draft);
        await page.getByRole('alert').getByText('fortnight').waitFor();
        const at = await caret(area);
        assert.equal(at.rest, 'fortnight');
        assert.equal(at.line, draft.split('\n').findIndex((line) => line.includes('fortnight')) + 1);
        assert.ok(at.here, 'the caret is not in the draft');
        // The same as a file with the line ends of Windows: from the second line on every place is later.
        await page.getByLabel(w.file).setInputFiles({ name: 'ours.yaml', mimeType: 'text/yaml', buffer: Buffer.from(draft.replaceAll('\n', '\r\n')) });
        await page.getByRole('button', { name: w.run }).press('Enter');
        await page.getByRole('alert').getByRole('button', { name: `ours.yaml:${at.line}:` }).press('Enter');
        assert.deepEqual(await caret(area), at);
        await page.screenshot({ path: `${shots}backtest-mistake-${lang}-${width}.png` });
      });
    });

    it('compares a draft side by side, as the command does', async () => {
      const draft = draftOf(['above: 60', 'above: 40'], ['above: 150', 'above: 200']);
      const report = await said(draft);
      const [rule] = report.rules;
      assert.ok(rule.new.count > 0 && rule.gone.count + rule.changed.count > 0, `the demo region shows too little: ${JSON.stringify(rule)}`);
      await visiting(lang, width, async (page, w) => {
        await compare(page, w, draft);
        const result = page.getByTestId('backtest-result');
        await result.getByText(w.judges).waitFor();
        for (const kind of ['new', 'gone', 'changed', 'unchanged']) {
          const shown = plain(await result.getByTestId(`kind-${kind}`).locator('dd strong').innerText());
          assert.equal(Number(shown.replace(/[\s,.]/g, '')), rule[kind].count, kind);
          assert.equal(ore(await result.getByTestId(`kind-${kind}`).locator('dd div').innerText()), exact(rule[kind].cost), `cost of what is ${kind}`);
        }
        const found = { inForce: rule.gone.count + rule.changed.count + rule.unchanged.count, own: rule.new.count + rule.changed.count + rule.unchanged.count };
        for (const side of ['inForce', 'own']) {
          assert.ok(plain(await result.getByRole('group', { name: w[side], exact: true }).innerText()).includes(`${found[side]} ${w.finds}`), side);
        }
        const rows = await result.getByRole('table').first().locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.querySelectorAll('td, th')].map((cell) => cell.innerText)));
        assert.equal(rows.length, rule.by_unit.length);
        for (const [i, unit] of rule.by_unit.entries()) {
          assert.equal(rows[i][0], report.units[unit.key] || unit.key);
          assert.deepEqual(rows[i].slice(1, 5).map((cell) => Number(plain(cell).replace(/[\s,.]/g, ''))), ['new', 'gone', 'changed', 'unchanged'].map((kind) => unit[kind].count));
          assert.equal(ore(rows[i][6]), exact(Number(unit.new.cost) + Number(unit.changed.cost) + Number(unit.unchanged.cost)));
        }
        assert.equal(await page.getByRole('alert').count(), 0);
        await page.screenshot({ path: `${shots}backtest-draft-${lang}-${width}.png`, fullPage: true });
      });
    });

    it('looks nobody up', async () => {
      const asks = draftOf(['    where:\n', '    where:\n      - {column: line_id, is: L0000000000001}\n']);
      await visiting(lang, width, async (page, w) => {
        const area = await compare(page, w, asks);
        await page.getByRole('alert').getByText('does not look up').waitFor();
        assert.ok((await caret(area)).rest.startsWith('line_id'));
        await compare(page, w, draftOf(['    where:\n', '    where:\n      - {column: duration_s, above: 1000000}\n']));
        await page.getByRole('note').getByText(w.few).waitFor();
        assert.equal(await page.getByTestId('kind-new').count(), 0);
      });
    });
  });
}
