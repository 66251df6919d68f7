/** The program under test: a demo region of its own, started and ended here, and its SQL. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const program = process.env.LINESMAN_BIN ?? join(root, 'bin', 'linesman');
const size = process.env.LINESMAN_DEMO ?? 'small';

/** The test's own settings, and a developer's, are none of the program's. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LINESMAN_')));

/** Generous: the machine may be small and busy. The full demo region has a year of data. */
const readyWithin = size === 'small' ? 300_000 : 1_500_000;
const stopWithin = 120_000;

/** @typedef {{ address: string, link: string, fetch: (path: string, init?: RequestInit) => Promise<Response>, data: string, sql: (statement: string) => Promise<any[]>, stop: () => Promise<void> }} Region */

/** Starts the demo region in a new temporary directory, and answers when it is ready. @returns {Promise<Region>} */
export async function startRegion() {
  const dir = await mkdtemp(join(tmpdir(), 'linesman-browser-'));
  const data = join(dir, 'data');
  const child = spawn(program, ['up', `--demo=${size}`, '--data', data, '--listen', '127.0.0.1:0'], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const end = async () => {
    child.kill('SIGTERM');
    const last = await within(stopWithin, ended).catch(() => child.kill('SIGKILL'));
    await rm(dir, { recursive: true, force: true });
    return last;
  };
  let link;
  try {
    link = await within(readyWithin, ready(child, ended));
  } catch (error) {
    await end();
    throw error;
  }
  const { address, cookie } = await enter(link);
  return {
    address,
    link,
    /** Asks the console as the page does: logged in. */
    fetch: (path, init = {}) => fetch(address + path, { ...init, headers: { ...init.headers, cookie: `${cookie.name}=${cookie.value}` } }),
    data,
    sql: (statement) => ask(data, statement),
    async stop() {
      const last = await end();
      if (last?.code !== 0) {
        throw new Error(`linesman did not end well after SIGTERM: ${JSON.stringify(last)}`);
      }
    },
  };
}

/** Cookies of those who are logged in, by the address of the console. */
const sessions = new Map();

/** Opens the link with the token, as somebody does in a browser. */
export async function enter(link) {
  const address = new URL(link).origin;
  const answer = await fetch(link, { redirect: 'manual' });
  const found = /^([^=]+)=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? '');
  if (answer.status !== 303 || !found) {
    throw new Error(`the link that linesman printed does not log in: ${answer.status}`);
  }
  const cookie = { name: found[1], value: found[2], url: address, httpOnly: true, sameSite: 'Strict' };
  sessions.set(address, cookie);
  return { address, cookie };
}

/** The cookies that a browser needs to be logged in at an address; none for a console that nobody entered. */
export function cookiesOf(address) {
  const found = sessions.get(new URL(address).origin);
  return found ? [found] : [];
}

/** The link in the line "ready: http://…", with the token that opens the console, or what the program said before it gave up. */
function ready(child, ended) {
  const said = [];
  return new Promise((resolve, reject) => {
    let rest = '';
    const read = (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        said.push(line);
        const found = /^ready: (http:\/\/\S+)/.exec(line);
        if (found) {
          resolve(found[1]);
        }
      }
      said.splice(0, Math.max(0, said.length - 30));
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', read);
    }
    child.once('error', (error) => reject(new Error(`starting ${program}: ${error.message}; "make build" makes it`)));
    ended.then((how) => reject(new Error(`linesman ended before it was ready (${JSON.stringify(how)}):\n${said.join('\n')}`)));
  });
}

async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Rows of one statement, asked the way a person would: linesman query. */
async function ask(data, statement) {
  const { stdout } = await run(program, ['query', '--data', data, '--format', 'JSONEachRow', statement], { env, maxBuffer: 1 << 26 });
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
