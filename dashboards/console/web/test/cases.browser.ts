import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { start } from '../fixture/server.mjs';

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const wait = { timeout: 90_000 };
const first = '1'.padStart(32, 'a');

let server: Awaited<ReturnType<typeof start>>;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());
beforeEach(async () => {
  server = await start();
});
afterEach(() => server.stop());

async function visit(path: string, width = 1366, height = 900): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'America/New_York', locale: 'en-US', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(wait.timeout);
  const faults: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));
  await page.goto(server.address + path);
  return { page, faults };
}

const sideways = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Presses Tab until the named element has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, role: 'link' | 'button' | 'combobox' | 'textbox', name: string | RegExp): Promise<void> {
  const target = page.getByRole(role, { name, exact: typeof name === 'string' }).first();
  await target.waitFor();
  for (let i = 0; i < 60; i++) {
    if (await target.evaluate((node) => node === document.activeElement)) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${role} ${name} cannot be reached by keyboard`);
}

describe('cases', () => {
  for (const [lang, width] of [['sv', 1366], ['en', 1366], ['sv', 800], ['en', 800]] as const) {
    it(`lists what is to be settled, in ${lang} at ${width} pixels`, async () => {
      const { page, faults } = await visit(`/cases?lang=${lang}`, width);
      const [heading, late, again, soon] = lang === 'sv' ? ['Ärenden', 'Försenat sedan 2026-03-15', 'Öppet igen', '1 att klara inom tre dagar'] : ['Cases', 'Late since 2026-03-15', 'Open again', '1 due within three days'];
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      const rows = page.getByTestId('cases').locator('tbody tr');
      await rows.first().waitFor();
      expect(await rows.count()).toBe(3);
      expect(await rows.nth(0).innerText()).toContain(late);
      expect(await rows.nth(0).innerText()).toContain('Akutmottagningen');
      expect(await rows.nth(0).innerText()).toMatch(lang === 'sv' ? /214,50\skr/ : /214\.50\skr/);
      expect(await rows.nth(2).innerText()).toContain(again);
      expect(await page.getByRole('status').first().innerText()).toContain(soon);
      expect(await page.getByRole('link', { name: heading, exact: true }).getAttribute('aria-current')).toBe('page');
      expect(await sideways(page)).toBe(0);
      await page.screenshot({ path: `${shots}cases-${lang}-${width}.png` });
      expect(faults).toEqual([]);
    });
  }

  it('chooses by state and unit, and says when there is nothing', async () => {
    const { page, faults } = await visit('/cases?lang=sv');
    const rows = page.getByTestId('cases').locator('tbody tr');
    await rows.first().waitFor();
    await page.getByLabel('Visa').selectOption('closed');
    await page.getByTestId('cases').getByText('Avslutat').waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByLabel('Enhet').selectOption('SE232-E001');
    await page.getByText('Inget här.').waitFor();
    expect(new URL(page.url()).searchParams.get('case-state')).toBe('closed');
    await page.getByLabel('Visa').selectOption('all');
    await page.getByText('2 ärenden').waitFor();
    expect(faults).toEqual([]);
  });

  it('takes a step without a mouse', async () => {
    const { page, faults } = await visit('/cases?lang=sv');
    await tabTo(page, 'link', /Många samtal/);
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('Det här går att göra nu').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/cases/${first}`);
    await tabTo(page, 'button', 'Förklara');
    await page.keyboard.press('Enter');
    const reason = drawer.getByLabel('Varför');
    await reason.waitFor();
    expect(await reason.evaluate((node) => node === document.activeElement)).toBe(true);
    await reason.selectOption('forgotten_setting');
    await tabTo(page, 'combobox', 'I vilken roll');
    await drawer.getByLabel('I vilken roll').selectOption('holder');
    await tabTo(page, 'textbox', 'Anmärkning (om det behövs)');
    await page.keyboard.type('Vidarekopplingen är borttagen');
    await page.screenshot({ path: `${shots}case-step.png` });
    await tabTo(page, 'button', 'Spara');
    await page.keyboard.press('Enter');
    await drawer.getByTestId('case-state').getByText('Förklarat').waitFor();
    const last = drawer.getByTestId('case-history').locator('li').last();
    expect(await last.innerText()).toContain('En glömd inställning');
    expect(await last.innerText()).toContain('Innehavare');
    expect(await last.innerText()).toContain('Vidarekopplingen är borttagen');
    await page.screenshot({ path: `${shots}case-taken.png` });
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(new URL(page.url()).pathname).toBe('/cases');
    await page.getByTestId('cases').locator('tbody tr').first().getByText('Förklarat').waitFor();
    expect(faults).toEqual([]);
  });

  it('leads from a violation to its case, and back to the events behind it', async () => {
    for (const [lang, width, go, evidence, state] of [['sv', 1366, 'Se stegen och hantera ärendet', 'Se händelserna bakom', 'Öppet'], ['en', 800, 'See the steps and settle the case', 'See the events behind it', 'Open']] as const) {
      const { page, faults } = await visit(`/violations/9f2c41d07a55e0b3?lang=${lang}`, width);
      const drawer = page.getByRole('dialog');
      const part = drawer.getByTestId('violation-case');
      await part.getByText(state, { exact: true }).waitFor();
      expect(await part.innerText()).toContain('2026-03-28');
      await page.screenshot({ path: `${shots}violation-case-${lang}-${width}.png` });
      await tabTo(page, 'link', go);
      await page.keyboard.press('Enter');
      await drawer.getByTestId('case-history').waitFor();
      expect(new URL(page.url()).pathname).toBe('/cases/9f2c41d07a55e0b3');
      await tabTo(page, 'link', evidence);
      await page.keyboard.press('Enter');
      await drawer.getByTestId('violation-case').waitFor();
      expect(new URL(page.url()).pathname).toBe('/violations/9f2c41d07a55e0b3');
      await page.keyboard.press('Escape');
      await drawer.waitFor({ state: 'detached' });
      expect(await sideways(page)).toBe(0);
      expect(faults).toEqual([]);
    }
  });

  it('says why a step was refused, in the language of the page', async () => {
    for (const [lang, explain, refused, moved] of [['sv', 'Förklara', 'Anmärkningen tas inte emot', 'Någon annan hann före'], ['en', 'Explain', 'The note is refused', 'Somebody else took a step first']] as const) {
      const { page, faults } = await visit(`/cases/${first}?lang=${lang}`);
      const drawer = page.getByRole('dialog');
      await drawer.getByRole('button', { name: explain }).click();
      await drawer.locator('select').first().selectOption('work');
      await drawer.locator('select').nth(1).selectOption('manager');
      await drawer.locator('textarea').fill('0701234567');
      await drawer.locator('button[type=submit]').click();
      await drawer.getByRole('alert').getByText(refused).waitFor();
      expect(await drawer.locator('textarea').inputValue()).toBe('0701234567');
      await drawer.locator('textarea').fill('race');
      await drawer.locator('button[type=submit]').click();
      await drawer.getByRole('alert').getByText(moved).waitFor();
      expect(await drawer.locator('textarea').count()).toBe(0);
      expect(faults.filter((fault) => !/40[09]/.test(fault))).toEqual([]);
    }
  });

  it('shows a store that fails, and a case that is not there', async () => {
    const { page } = await visit('/cases?lang=en&case-unit=outage');
    await page.getByRole('alert').getByText('the store could not answer').waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    const lost = await visit(`/cases/${'0'.repeat(32)}?lang=sv`);
    await lost.page.getByRole('dialog').getByRole('alert').getByText(/finns inte/).waitFor();
  });
});
