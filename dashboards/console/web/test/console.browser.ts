import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '../fixture/server.mjs';

const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const shots = fileURLToPath(new URL('../test-output/', import.meta.url));
const n = '\u202f';
const s = '\u00a0';
const wait = { timeout: 90_000 };

let server: Awaited<ReturnType<typeof start>>;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  server = await start();
  browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

interface Visit {
  page: Page;
  /** What must not happen: console errors, failed requests, requests to anywhere else. */
  faults: string[];
}

/** Opens a page in a browser whose own zone and language differ from the hospital's. */
async function visit(path: string, width = 1366, height = 768, before?: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'America/New_York', locale: 'en-US', reducedMotion: 'reduce' });
  if (before) {
    await context.addInitScript(before);
  }
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      faults.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.address) && !url.startsWith('data:') && !url.startsWith('blob:')) {
      faults.push(`outside: ${url}`);
    }
  });
  await page.goto(server.address + path);
  return { page, faults };
}

/** Text that overflows its box or lies outside the window sideways. */
async function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function settled(page: Page): Promise<void> {
  await page.getByLabel('Panel loading bar').or(page.getByLabel('Panelen läses in')).first().waitFor({ state: 'detached', ...wait }).catch(() => undefined);
  await page.waitForLoadState('networkidle', wait);
}

describe('the console', () => {
  it('shows costs in Swedish numbers', async () => {
    const { page, faults } = await visit('/');
    await page.getByText(`755${n}708${s}kr`).first().waitFor(wait);
    await page.getByText(`2${n}064,78${s}kr`).first().waitFor(wait);
    await page.getByText(`242,2${s}%`).first().waitFor(wait);
    await page.getByRole('heading', { level: 1, name: 'Kostnadsuppföljning' }).waitFor(wait);
    // A table: displayName, unit and footer of the JSON.
    await page.getByRole('gridcell', { name: `898${n}443,77${s}kr` }).waitFor(wait);
    await page.getByRole('gridcell', { name: `3${n}823${n}019,18${s}kr` }).waitFor(wait);
    await page.getByRole('columnheader', { name: 'Förändring' }).waitFor(wait);
    // A bar chart drawn by us, readable without seeing it.
    await page.getByRole('img', { name: new RegExp(`Kostnad per enhet.*Akutmottagningen: 898.444.kr`) }).waitFor(wait);
    await page.getByText('Mars är preliminär').waitFor(wait);
    expect(await page.getByTestId('freshness').innerText()).toContain('2026-03-16 06:02');
    expect(await page.title()).toBe('Kostnadsuppföljning – Linesman');
    await settled(page);
    await page.screenshot({ path: `${shots}cost-1366.png` });
    expect(await sideways(page)).toBe(0);
    expect(faults).toEqual([]);
  });

  it('asks for the chosen units only', async () => {
    const { page, faults } = await visit('/d/cost-follow-up?var-unit=Akutmottagningen&var-unit=R%C3%B6ntgen');
    await page.getByRole('gridcell', { name: 'Röntgen', exact: true }).waitFor(wait);
    expect(await page.getByRole('gridcell', { name: 'Kirurgkliniken', exact: true }).count()).toBe(0);
    const asked = server.queries.filter((query) => query.metric === 'unit_table').at(-1)!;
    expect(asked.filters).toEqual({ unit: ['Akutmottagningen', 'Röntgen'] });
    expect(asked.datasource?.uid).toBe('linesman');
    expect(asked.lang).toBe('sv');
    // "Every service" leaves that filter out.
    const byService = server.queries.filter((query) => query.metric === 'cost' && 'service' in (query.filters ?? {}));
    expect(byService).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('explains empty panels and failed queries', async () => {
    const { page, faults } = await visit('/d/reduction-goals');
    await page.getByText('Enheten har inga bevakningar').waitFor(wait);
    await page.getByText('Okänt mått "broken"').first().waitFor(wait);
    await page.getByText(`112${s}%`).waitFor(wait);
    await page.getByText('10 % lägre kostnad').waitFor(wait);
    await settled(page);
    await page.screenshot({ path: `${shots}goals-1366.png`, fullPage: true });
    expect(faults).toEqual([]);
  });

  it('opens the evidence behind a violation and closes it with Escape', async () => {
    const { page, faults } = await visit('/d/violations');
    const link = page.getByRole('link', { name: 'Visa underlag' }).first();
    await link.waitFor(wait);
    await settled(page);
    await page.screenshot({ path: `${shots}violations-1366.png` });
    await link.click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText('Samtal till betaltjänst').first().waitFor(wait);
    expect(new URL(page.url()).pathname).toBe('/violations/9f2c41d07a55e0b3');
    expect(await drawer.getByTestId('violation-value').innerText()).toBe(`1${n}834,50${s}kr`);
    expect(await drawer.getByTestId('violation-limit').innerText()).toBe(`500${s}kr`);
    expect(await drawer.locator('blockquote').innerText()).toContain('ska vara spärrade');
    await drawer.getByText('Riktlinje för telefoni, RS 2025/118, 4.2 Betaltjänster').waitFor(wait);
    await drawer.getByText('2026-03-01 – 2026-03-31').waitFor(wait);
    await drawer.getByText('a90b1c44e2f7d0518836c5e1f2a7b9d4').waitFor(wait);
    await drawer.getByText(`2 av 14 händelser`).waitFor(wait);
    await page.screenshot({ path: `${shots}violation-1366.png` });
    // Focus stays inside however often Tab is pressed.
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      expect(await drawer.evaluate((node) => node.contains(document.activeElement))).toBe(true);
    }
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached', ...wait });
    expect(new URL(page.url()).pathname).toBe('/d/violations');
    expect(faults).toEqual([]);
  });

  it('opens a violation from its address', async () => {
    const { page, faults } = await visit('/violations/9f2c41d07a55e0b3', 800, 1000);
    await page.getByRole('dialog').getByText('Kirurgkliniken').waitFor(wait);
    await page.screenshot({ path: `${shots}violation-800.png` });
    expect(faults).toEqual([]);
  });

  it('shows how the data came in', async () => {
    const { page, faults } = await visit('/d/violations');
    await page.getByTestId('freshness').click(wait);
    await page.getByRole('dialog').getByText('spec-2026-03.csv').waitFor(wait);
    await page.getByRole('dialog').getByText(`20${n}412`).waitFor(wait);
    await page.screenshot({ path: `${shots}flow-1366.png` });
    expect(faults).toEqual([]);
  });

  it('tries a draft on the past, by keyboard', async () => {
    const { page, faults } = await visit('/backtest');
    await page.getByRole('heading', { level: 1, name: 'Prova regler' }).waitFor(wait);
    expect(await page.getByRole('link', { name: 'Prova regler' }).getAttribute('aria-current')).toBe('page');
    // Nothing written yet: said, and the caret stands where the draft belongs.
    const draft = page.getByLabel('Utkast (en regelfil, YAML)');
    await draft.focus();
    for (let i = 0; i < 12 && !(await page.getByRole('button', { name: 'Jämför' }).evaluate((node) => node === document.activeElement)); i++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Klistra in ett utkast').waitFor(wait);
    expect(await draft.evaluate((node) => node === document.activeElement)).toBe(true);

    await draft.fill('pack: own');
    await page.getByRole('button', { name: 'Jämför' }).press('Enter');
    const result = page.getByTestId('backtest-result');
    await result.getByText('gräns för count: 60 → 40 calls').waitFor(wait);
    expect(await page.getByRole('alert').count()).toBe(0);
    const inForce = result.getByRole('group', { name: 'Gällande' });
    const own = result.getByRole('group', { name: 'Utkast', exact: true });
    expect(await inForce.innerText()).toContain('31 avvikelser');
    expect(await inForce.innerText()).toContain(`1${n}020,60${s}kr`);
    expect(await own.innerText()).toContain(`1${n}432 avvikelser`);
    expect(await own.innerText()).toContain(`99${n}795,43${s}kr`);
    expect(await result.getByTestId('kind-gone').innerText()).toContain('1');
    await result.getByRole('cell', { name: 'Akutmottagningen' }).waitFor(wait);
    await result.getByRole('cell', { name: 'Utan enhet' }).waitFor(wait);
    await result.getByText('mars 2026').waitFor(wait);
    await result.getByText('Som i dag, inte bedömda: premium-call/1.').waitFor(wait);
    await result.getByText('Med utkastet bedömer version 1 från och med 2025-01-01 till och med 2026-12-31, utkastet (version 2) från och med 2027-01-01.').waitFor(wait);
    await page.screenshot({ path: `${shots}backtest-1366.png`, fullPage: true });
    expect(await sideways(page)).toBe(0);
    // The draft outlives a change of language.
    await page.getByRole('button', { name: 'EN', exact: true }).click(wait);
    await page.getByRole('heading', { level: 1, name: 'Back-test' }).waitFor(wait);
    expect(await page.getByTestId('draft').inputValue()).toBe('pack: own');
    expect(faults).toEqual([]);
  });

  it('names what is wrong in a draft, and what a store that fails says', async () => {
    const { page, faults } = await visit('/backtest?lang=en', 800, 1000);
    await page.getByTestId('draft').fill('pack: own\nbroken: yes');
    await page.getByRole('button', { name: 'Compare' }).click(wait);
    await page.getByRole('alert').getByText('rule "x": want a limit').waitFor(wait);
    expect(await page.getByTestId('draft').evaluate((node) => [(node as HTMLTextAreaElement).selectionStart, node === document.activeElement])).toEqual([12, true]);
    await page.getByRole('button', { name: 'draft.yaml:2:3' }).press('Enter');
    expect(await page.getByTestId('draft').evaluate((node) => (node as HTMLTextAreaElement).selectionStart)).toBe(12);
    await page.screenshot({ path: `${shots}backtest-problems-800.png` });
    await page.getByLabel('Choose a file').setInputFiles({ name: 'mine.yaml', mimeType: 'text/yaml', buffer: Buffer.from('same: as now') });
    await page.getByRole('button', { name: 'Compare' }).click(wait);
    await page.getByText('No rule of the draft differs').waitFor(wait);
    await page.getByTestId('draft').fill('few');
    await page.getByRole('button', { name: 'Compare' }).click(wait);
    await page.getByRole('note').getByText('too few lines').waitFor(wait);
    await page.getByText('Only words or dates differ').waitFor(wait);
    expect(await page.getByTestId('kind-new').count()).toBe(0);
    await page.getByTestId('draft').fill('outage');
    await page.getByRole('button', { name: 'Compare' }).click(wait);
    await page.getByRole('alert').getByText('the store could not answer').waitFor(wait);
    expect(await sideways(page)).toBe(0);
    expect(faults.filter((fault) => !/\/api\/backtest$|status of (422|500)/.test(fault))).toEqual([]);
    expect(faults.length).toBeGreaterThan(0);
  });

  it('speaks English and remembers it', async () => {
    const { page, faults } = await visit('/d/cost-follow-up?lang=en');
    await page.getByRole('heading', { level: 1, name: 'Cost follow-up' }).waitFor(wait);
    await page.getByText(`2,064.78${s}kr`).first().waitFor(wait);
    await page.goto(`${server.address}/d/reduction-goals`);
    await page.getByRole('link', { name: 'Violations' }).waitFor(wait);
    await page.getByRole('button', { name: 'SV' }).click(wait);
    await page.getByRole('link', { name: 'Avvikelser' }).waitFor(wait);
    expect(faults).toEqual([]);
  });

  it('fits a narrow window and dark colours', async () => {
    const { page, faults } = await visit('/d/cost-follow-up', 800, 1000, "localStorage.setItem('linesman.colours', 'dark')");
    await page.getByText(`755${n}708${s}kr`).first().waitFor(wait);
    await settled(page);
    await page.screenshot({ path: `${shots}cost-800-dark.png`, fullPage: true });
    expect(await sideways(page)).toBe(0);
    expect(faults).toEqual([]);
  });
});
