/** Who is not logged in sees nothing; the link logs in, and the way out leads out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as on from './page.mjs';
import { startRegion } from './region.mjs';

let region;
let browser;

before(async () => {
  region = await startRegion();
  browser = await on.openBrowser();
});

after(async () => {
  await browser?.close();
  await region?.stop();
});

for (const [locale, title, button, out, owner] of [['sv-SE', 'Logga in', 'Logga in', 'Logga ut', 'Ägaren'], ['en-GB', 'Log in', 'Log in', 'Log out', 'Owner']]) {
  test(`logging in and out (${locale})`, async () => {
    const context = await browser.newContext({ locale, viewport: { width: 1366, height: 768 } });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(on.patience);
      await page.goto(`${region.address}/cases?lang=${locale.slice(0, 2)}&case-state=due`);
      await page.getByRole('heading', { name: title }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/login');
      // A wrong token is told of, and logs nobody in.
      await page.locator('#token').fill('wrong');
      await page.getByRole('button', { name: button }).click();
      await page.getByRole('alert').waitFor();
      assert.deepEqual(await context.cookies(), []);
      await page.locator('#token').fill(new URL(region.link).searchParams.get('token'));
      await page.getByRole('button', { name: button }).click();
      await page.getByTestId('who').waitFor();
      const at = new URL(page.url());
      assert.equal(at.pathname + at.search, `/cases?lang=${locale.slice(0, 2)}&case-state=due`);
      assert.match(await page.getByTestId('who').innerText(), new RegExp(owner));
      const [cookie] = await context.cookies();
      assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict' && cookie.path === '/', JSON.stringify(cookie));
      assert.equal(await page.evaluate(() => document.cookie), '');
      // What the owner has read just now, of single persons, is on record.
      await on.until('the read in the access log', () => region.sql("SELECT count() AS n FROM access_log WHERE what = 'cases' AND outcome = 'allowed'"), ([row]) => Number(row.n) > 0);
      await page.goto(`${region.address}/access`);
      await page.getByRole('cell', { name: 'cases', exact: true }).first().waitFor();
      await page.getByRole('button', { name: new RegExp(`^${out}`) }).click();
      await page.getByRole('heading', { name: title }).waitFor();
      assert.deepEqual(await context.cookies(), []);
      // Who kept the cookie is logged out as well.
      const again = await fetch(`${region.address}/api/me`, { headers: { cookie: `${cookie.name}=${cookie.value}` } });
      assert.equal(again.status, 401);
    } finally {
      await context.close();
    }
  });
}

test('the link that is printed opens the console', async () => {
  const context = await browser.newContext({ viewport: { width: 400, height: 800 } });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(on.patience);
    await page.goto(region.link);
    await page.getByTestId('who').waitFor();
    assert.equal(new URL(page.url()).search.includes('token'), false);
    assert.equal(await on.sideways(page), 0);
  } finally {
    await context.close();
  }
});
