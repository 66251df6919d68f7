/**
 * Takes the pictures in docs/images from a running demo region:
 *   bin/linesman up --demo --data /tmp/demo --listen 127.0.0.1:8080
 *   node e2e/pictures.mjs 'http://127.0.0.1:8080/login?token=…'
 */
import { fileURLToPath } from 'node:url';
import * as on from './page.mjs';
import { enter } from './region.mjs';
import { word } from './words.mjs';

const images = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));
/** Each picture ends under the panel that is named last in it. */
const pictures = [
  ['cost-follow-up', 'cost.by_cost_centre'],
  ['reduction-goals', 'goals.watches_group'],
  ['violations', 'violations.list'],
];
const link = process.argv[2];
if (!link) {
  console.error("usage: node e2e/pictures.mjs 'http://127.0.0.1:8080/login?token=…'");
  process.exit(1);
}
const { address, cookie } = await enter(link);

const browser = await on.openBrowser();
try {
  for (const [uid, last] of pictures) {
    const board = await (await fetch(`${address}/api/dashboards/${uid}`, { headers: { cookie: `${cookie.name}=${cookie.value}` } })).json();
    const { page, faults, close } = await on.visit(browser, address, `/d/${uid}?lang=sv`);
    await on.showAll(page, (board.dashboard ?? board).panels.filter((panel) => panel.type !== 'row').length);
    await page.mouse.move(0, 0);
    const box = await on.panel(page, word('sv', last)).boundingBox();
    await page.screenshot({ path: `${images}${uid}.png`, clip: { x: 0, y: 0, width: 1366, height: Math.ceil(box.y + box.height + 14) } });
    if (faults.length > 0) {
      throw new Error(`${uid}: ${faults.join('; ')}`);
    }
    await close();
  }
} finally {
  await browser.close();
}
