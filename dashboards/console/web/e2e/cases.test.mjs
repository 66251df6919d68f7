/**
 * A violation of the demo region becomes settled: from its evidence to its case, seen, explained, approved until a
 * day, and gone as exempt once it is judged again. What the page says is compared with SQL. Needs bin/linesman.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';
import { numberOn, ruleTitle } from './words.mjs';

const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const texts = {
  sv: {
    go: 'Se stegen och hantera ärendet', see: 'Se stegen i ärendet', evidence: 'Se händelserna bakom', why: 'Varför', role: 'I vilken roll', until: 'Gäller till och med (om längre än perioden)', save: 'Spara', untilDay: 'till och med',
    do: { acknowledged: 'Börja utreda', explained: 'Förklara', approved: 'Godkänn', open: 'Öppna' }, state: { open: 'Öppet', acknowledged: 'Under utredning', explained: 'Förklarat', retracted: 'Återtaget' }, none: 'Inget här.', late: 'försenade',
  },
  en: {
    go: 'See the steps and settle the case', see: 'See the steps of the case', evidence: 'See the events behind it', why: 'Why', role: 'In which role', until: 'Until (if longer than the period)', save: 'Save', untilDay: 'until',
    do: { acknowledged: 'Acknowledge', explained: 'Explain', approved: 'Approve', open: 'Open' }, state: { open: 'Open', acknowledged: 'Acknowledged', explained: 'Explained', retracted: 'Retracted' }, none: 'Nothing here.', late: 'late',
  },
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

async function visiting(path, width, act) {
  const { page, faults, close } = await on.visit(browser, region.address, path, width, 900);
  try {
    await act(page);
    assert.equal(await on.sideways(page), 0, 'the page can be scrolled sideways');
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

const one = async (statement) => (await region.sql(statement))[0];
const standing = (id) => one(`SELECT state, toString(deadline) AS deadline, due, overdue, steps FROM cases_current WHERE violation_id = unhex('${id}')`);

/** Takes a step in the drawer of a case, by hand. */
async function take(page, lang, step, reason, fill = async () => {}) {
  const t = texts[lang];
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('button', { name: t.do[step], exact: true }).click();
  await drawer.getByLabel(t.why).selectOption(reason);
  await drawer.getByLabel(t.role).selectOption('manager');
  await fill(drawer);
  await drawer.getByRole('button', { name: t.save, exact: true }).click();
}

describe('a violation is settled', () => {
  for (const [lang, width] of [['sv', 1366], ['en', 800]]) {
    it(`from its evidence to exempt, in ${lang} at ${width} pixels`, async () => {
      const t = texts[lang];
      const found = await one(`SELECT lower(hex(violation_id)) AS id, rule, subject_id, toString(window_to) AS window_to FROM violations_current
        WHERE change != 'retracted' AND rule = 'private-roaming' ORDER BY window_from DESC, subject_id LIMIT 1`);
      assert.ok(found, 'the demo region has private roaming');
      await visiting(`/violations/${found.id}?lang=${lang}`, width, async (page) => {
        const drawer = page.getByRole('dialog');
        const part = drawer.getByTestId('violation-case');
        const before = await standing(found.id);
        await part.getByText(t.state[before.state], { exact: true }).waitFor();
        assert.ok((await part.innerText()).includes(before.deadline), 'the deadline is in sight');
        await part.getByRole('link', { name: t.go }).click();
        await drawer.getByTestId('case-history').waitFor();
        assert.equal(new URL(page.url()).pathname, `/cases/${found.id}`);

        const state = (name) => drawer.getByTestId('case-state').getByText(t.state[name], { exact: true }).waitFor();
        await take(page, lang, 'acknowledged', 'asked_holder');
        await state('acknowledged');
        await take(page, lang, 'explained', 'work');
        await state('explained');
        const until = new Date(Math.max(Date.now(), Date.parse(found.window_to)) + 30 * 86_400_000).toISOString().slice(0, 10);
        await take(page, lang, 'approved', 'standing_agreement', (form) => form.getByLabel(t.until).fill(until));
        await drawer.getByTestId('case-history').getByText(`${t.untilDay} ${until}`).waitFor();
        await page.screenshot({ path: `${shots}case-approved-${lang}-${width}.png` });

        // The program judges by itself what the approval covers.
        await on.until('the state of the violation', () => standing(found.id), (now) => now.state === 'retracted' && !now.due && Number(now.steps) === 3);
        const approval = await one(`SELECT toString(kind) AS kind, line_id, toString(toDate(toTimeZone(valid_to, 'Europe/Stockholm')) - 1) AS last FROM approvals WHERE approval_id LIKE 'case-%' AND line_id = '${found.subject_id}'`);
        assert.deepEqual(approval, { kind: 'trip', line_id: found.subject_id, last: until });
        await drawer.getByRole('link', { name: t.evidence }).click();
        await part.getByText(t.state.retracted, { exact: true }).waitFor();
        await part.getByRole('link').waitFor();
        await page.screenshot({ path: `${shots}case-exempt-${lang}-${width}.png` });

        await page.goto(`${region.address}/cases?case-state=retracted`);
        await page.getByTestId('cases').getByRole('link', { name: ruleTitle(lang, found.rule) }).first().waitFor();
        assert.ok(await page.getByTestId('cases').locator(`a[href*="${found.id}"]`).count());
        await page.goto(`${region.address}/cases?case-state=due`);
        await page.getByTestId('cases').waitFor();
        assert.equal(await page.getByTestId('cases').locator(`a[href*="${found.id}"]`).count(), 0, 'what is exempt is still to be settled');
      });
    });

    it(`what is to be settled is what SQL says, in ${lang} at ${width} pixels`, async () => {
      const all = await one('SELECT toUInt32(count()) AS n, toUInt32(countIf(overdue)) AS late, toString(min(deadline)) AS first FROM cases_current WHERE due');
      assert.ok(all.n > 0);
      await visiting(`/cases?lang=${lang}`, width, async (page) => {
        const said = await page.getByRole('status').filter({ hasText: /\d/ }).first().innerText();
        const [count, ...rest] = said.split(' · ');
        assert.equal(numberOn(lang, count.replace(/ \D+$/u, '')).text, String(all.n), said);
        assert.equal(rest.some((text) => text.includes(texts[lang].late)), all.late > 0, said);
        const first = await page.getByTestId('cases').locator('tbody tr').first().innerText();
        assert.ok(first.includes(all.first), `the first deadline is ${all.first}: ${first}`);
      });
    });
  }

  it('says that somebody else was first, and shows what they did', async () => {
    const found = await one("SELECT lower(hex(violation_id)) AS id FROM cases_current WHERE state = 'open' ORDER BY violation_id LIMIT 1");
    const { page, faults, close } = await on.visit(browser, region.address, `/cases/${found.id}?lang=sv`, 1366, 900);
    try {
      const drawer = page.getByRole('dialog');
      await drawer.getByTestId('case-history').waitFor();
      const answer = await region.fetch(`/api/cases/${found.id}/steps`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ step: 'acknowledged', by: 'finance', reason: 'seen' }) });
      assert.equal(answer.status, 200);
      await take(page, 'sv', 'explained', 'other');
      await drawer.getByRole('alert').getByText('Någon annan hann före').waitFor();
      await drawer.getByTestId('case-state').getByText(texts.sv.state.acknowledged, { exact: true }).waitFor();
      assert.deepEqual(faults.filter((fault) => !/409/.test(fault)), []);
    } finally {
      await close();
    }
  });
});
