/** Driving the console and reading what stands on it. Waits are for conditions, never for time. */
import { chromium } from 'playwright-core';
import { cookiesOf } from './region.mjs';

export const patience = 120_000;

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
}

/**
 * Opens a page in a browser whose own language and zone are not the hospital's. faults collects
 * what must not happen: console errors, errors of the page, failed requests, requests elsewhere.
 * prepare is done with the page before it is opened.
 */
export async function visit(browser, address, path, width = 1366, height = 768, prepare = async () => {}) {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'America/New_York', locale: 'en-US', reducedMotion: 'reduce' });
  await context.addCookies(cookiesOf(address));
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()} (${message.location().url})`));
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`));
  page.on('requestfailed', (request) => {
    // Given up, not failed: a query that a newer choice made needless, the icon of a spinner that
    // had gone before it was loaded. An icon that is missing is a 404, and caught above.
    const given = request.failure()?.errorText;
    const needless = /\/api\/ds\/query$|\/icons\//.test(new URL(request.url()).pathname);
    if (!(given === 'net::ERR_ABORTED' && needless)) {
      faults.push(`${given}: ${request.url()}`);
    }
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol) && url.host !== new URL(address).host) {
      faults.push(`elsewhere: ${request.url()}`);
    }
  });
  await prepare(page);
  await page.goto(address + path);
  return { page, faults, close: () => context.close() };
}

/** Asks until the answer is right; the last answer is in the error. */
export async function until(what, ask, right, deadline = patience) {
  const end = Date.now() + deadline;
  for (;;) {
    const answer = await ask();
    if (right(answer)) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`${what}: still ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const panels = '[data-testid^="data-testid Panel header "]';

export function panel(page, title) {
  return page.locator(`[data-testid="data-testid Panel header ${title}"]`);
}

/** Titles of the panels that show neither values nor a sentence, or that still load. */
function unfinished(page) {
  return page.evaluate((selector) => {
    return [...document.querySelectorAll(selector)].flatMap((section) => {
      const content = section.querySelector('[data-testid="data-testid panel content"]');
      const loading = section.querySelector('[aria-busy="true"], [aria-label="Panel loading bar"], [aria-label="Panelen läses in"]');
      const drawn = content && [...content.querySelectorAll('canvas, svg text')].some((node) => node.getBoundingClientRect().width > 0);
      return !loading && content && (drawn || content.innerText.trim()) ? [] : [section.querySelector('h2')?.textContent ?? '?'];
    });
  }, panels);
}

/** Scrolls through the whole page as a reader does, until every panel shows what it has. */
export async function drawn(page, count) {
  await until('number of panels', () => page.locator(panels).count(), (n) => n === count);
  for (const one of await page.locator(panels).all()) {
    await one.scrollIntoViewIfNeeded();
  }
  await until('panels without content', () => unfinished(page), (titles) => titles.length === 0);
}

/** Waits until all is drawn, then makes the window as tall as the page. */
export async function showAll(page, count) {
  await drawn(page, count);
  const { width } = page.viewportSize();
  await until('height of the page', async () => {
    const height = await page.evaluate(() => Math.max(document.documentElement.scrollHeight, document.body.scrollHeight));
    const tall = page.viewportSize().height;
    if (height > tall) {
      await page.setViewportSize({ width, height });
    }
    return [tall, height];
  }, ([tall, height]) => height <= tall);
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => document.fonts.ready);
  await until('panels without content', () => unfinished(page), (titles) => titles.length === 0);
}

/** The big number of a panel, as it is written. */
export async function stat(page, title) {
  return panel(page, title).getByTestId('stat-value').innerText();
}

/**
 * Reads a table by its headings. Cells outside the window are not in the document, so the
 * table is scrolled in both directions until every cell of the wanted rows was seen.
 */
export async function table(page, title, wanted = Infinity) {
  const grid = panel(page, title).getByRole('grid');
  await grid.waitFor();
  const seen = new Map();
  const [columns, rows] = await grid.evaluate((node) => [Number(node.getAttribute('aria-colcount')), Number(node.getAttribute('aria-rowcount'))]);
  const needed = Math.min(rows, wanted + 1);
  let turn = 0;
  await until(`cells of ${title}`, async () => {
    const cells = await grid.evaluate((node, step) => {
      const out = [...node.querySelectorAll('[role="row"]')].flatMap((row) =>
        [...row.querySelectorAll('[role="columnheader"], [role="gridcell"]')].map((cell) => [Number(row.getAttribute('aria-rowindex')), Number(cell.getAttribute('aria-colindex')), cell.innerText]),
      );
      // Next place: along the columns first, then one window down, then again from the top.
      const across = Math.max(1, Math.ceil(node.scrollWidth / node.clientWidth));
      const down = Math.max(1, Math.ceil(node.scrollHeight / Math.max(1, node.clientHeight - 80)));
      node.scrollLeft = (step % across) * node.clientWidth;
      node.scrollTop = (Math.floor(step / across) % down) * (node.clientHeight - 80);
      return out;
    }, turn++);
    for (const [row, column, text] of cells) {
      seen.set(`${row}/${column}`, text);
    }
    return [...seen.keys()].filter((key) => Number(key.split('/')[0]) <= needed).length;
  }, (count) => count >= needed * columns);
  await grid.evaluate((node) => node.scrollTo(0, 0));
  const heads = Array.from({ length: columns }, (_, i) => seen.get(`1/${i + 1}`));
  return Array.from({ length: needed - 1 }, (_, r) => Object.fromEntries(heads.map((head, i) => [head, seen.get(`${r + 2}/${i + 1}`)])));
}

/** Texts of a chart drawn by us, in the order they are drawn. */
export function chartTexts(page, title) {
  return panel(page, title).locator('svg text').allTextContents();
}

/**
 * Columns of a chart's canvas in which a mark stands: dark dashes from the top of the plot to its
 * bottom. Grid lines are pale, and no curve is that steep.
 */
export function markColumns(page, title) {
  return panel(page, title).locator('canvas').first().evaluate((canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const dark = (x, y) => {
      const at = (y * width + x) * 4;
      return data[at + 3] > 60 && data[at] + data[at + 1] + data[at + 2] < 300 && Math.abs(data[at] - data[at + 2]) < 40;
    };
    return Array.from({ length: width }, (_, x) => x).filter((x) => {
      let count = 0;
      for (let y = 0; y < height; y++) {
        count += dark(x, y) ? 1 : 0;
      }
      return count > height / 4;
    });
  });
}

/**
 * Decides the order of answers: marks are held back until the function that is answered is called,
 * or, with marksFirst, everything else is until the marks have come.
 */
export async function holdBack(page, marksFirst) {
  const asksMarks = (request) => /\/api\/ds\/query/.test(request.url()) && request.postDataJSON().queries.some((query) => query.metric === 'annotations');
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  await page.route('**/api/ds/query*', async (route) => {
    if (asksMarks(route.request()) !== marksFirst) {
      await gate;
    }
    await route.continue();
  });
  if (marksFirst) {
    page.on('requestfinished', (request) => asksMarks(request) && release());
  }
  return release;
}

/** What the tooltips of a chart say of marks, from its left end to its right one. */
export async function markTexts(page, title) {
  const over = panel(page, title).locator('.u-over');
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  const texts = new Set();
  for (let step = 1; step < 80; step++) {
    await page.mouse.move(box.x + (box.width * step) / 80, box.y + box.height / 2);
    for (const text of await page.locator('div').filter({ hasText: /^▾ / }).allInnerTexts()) {
      for (const line of text.split('\n').filter((one) => one.startsWith('▾ '))) {
        texts.add(line.slice(2));
      }
    }
  }
  await page.mouse.move(0, 0);
  return [...texts];
}

/** Chooses one value in a picker by hand. */
export async function choose(page, label, text) {
  const box = page.getByTestId('data-testid template variable').filter({ has: page.getByText(label, { exact: true }) }).getByRole('combobox');
  await box.click();
  // Typed, as in a long list: only the choices in sight are in the document.
  await box.fill(text);
  await page.getByRole('option').filter({ hasText: text }).first().click();
  await page.keyboard.press('Escape');
  await page.locator('h1').click();
}

/** Pairs of visible texts inside panels that lie over each other, and texts cut off in numbers. */
export function overlaps(page) {
  return page.evaluate((selector) => {
    const clip = (rect, node) => {
      let box = { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
      for (let up = node; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (style.visibility === 'hidden' || style.opacity === '0') {
          return undefined;
        }
        if (style.overflow !== 'visible' && !(up instanceof SVGElement)) {
          const edge = up.getBoundingClientRect();
          box = { l: Math.max(box.l, edge.left), t: Math.max(box.t, edge.top), r: Math.min(box.r, edge.right), b: Math.min(box.b, edge.bottom) };
        }
      }
      return box.r - box.l > 2 && box.b - box.t > 4 ? box : undefined;
    };
    const texts = (section) => {
      const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
      const out = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.data.trim()) {
          continue;
        }
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const rect of range.getClientRects()) {
          const box = clip(rect, node.parentElement);
          if (box) {
            out.push({ node, text: node.data.trim(), ...box });
          }
        }
      }
      return out;
    };
    const found = [];
    for (const section of document.querySelectorAll(selector)) {
      const all = texts(section);
      for (let i = 0; i < all.length; i++) {
        for (let k = i + 1; k < all.length; k++) {
          const [a, b] = [all[i], all[k]];
          // Line boxes are taller than letters: a few pixels above one another are no overlap.
          const wide = Math.min(a.r, b.r) - Math.max(a.l, b.l);
          const high = Math.min(a.b, b.b) - Math.max(a.t, b.t);
          if (a.node !== b.node && wide > 1.5 && high > 0.35 * Math.min(a.b - a.t, b.b - b.t)) {
            found.push(`"${a.text}" over "${b.text}" in "${section.querySelector('h2')?.textContent}"`);
          }
        }
      }
      for (const value of section.querySelectorAll('[data-testid="stat-value"]')) {
        if (value.scrollWidth > value.clientWidth + 1) {
          found.push(`"${value.textContent}" is cut off in "${section.querySelector('h2')?.textContent}"`);
        }
      }
    }
    return found;
  }, panels);
}

/** How far the page can be scrolled sideways; it should not. */
export function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
