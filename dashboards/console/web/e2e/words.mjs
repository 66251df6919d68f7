/** Words and numbers as they stand on the page. */
import { readFileSync } from 'node:fs';

const at = (path) => new URL(`../../../../${path}`, import.meta.url);
const catalogues = Object.fromEntries(['sv', 'en'].map((lang) => [lang, flatYaml(readFileSync(at(`dashboards/messages/${lang}.yaml`), 'utf8'))]));
export const rulesText = readFileSync(at('processors/policy/packs/core.yaml'), 'utf8');

/** The catalogue is one "key: text" a line; anything else would be missed, and the test with it. */
function flatYaml(text) {
  const out = new Map();
  for (const line of text.split('\n')) {
    const found = /^([\w.-]+): (.*)$/.exec(line);
    if (found) {
      out.set(found[1], found[2].startsWith('"') ? JSON.parse(found[2]) : found[2]);
    }
  }
  return out;
}

/** A text of the dashboards in a language. */
export function word(lang, key) {
  const text = catalogues[lang].get(key);
  if (text === undefined) {
    throw new Error(`dashboards/messages/${lang}.yaml has no ${key}`);
  }
  return text;
}

/** The title that the rules' own file gives a rule. */
export function ruleTitle(lang, rule) {
  const found = new RegExp(`- id: ${rule}\\n[\\s\\S]*?title:\\n[\\s\\S]*?\\s${lang}: (.*)`).exec(rulesText);
  if (!found) {
    throw new Error(`core.yaml has no title in ${lang} for ${rule}`);
  }
  return found[1].trim();
}

/** White space of every kind as one space, and one kind of minus. */
export function plain(text) {
  return text.replace(/\s+/gu, ' ').replaceAll('−', '-').trim();
}

const shapes = {
  sv: /^([-−]?\d{1,3}(?:\u202f\d{3})*(?:,\d+)?)(?:[\u00a0\u202f](\S.*))?$/u,
  en: /^([-−]?\d{1,3}(?:,\d{3})*(?:\.\d+)?)(?:[\u00a0\u202f](\S.*))?$/u,
};

/** Reads a number written in a language's own way; thousands parted by anything else are an error. */
export function numberOn(lang, text) {
  const found = shapes[lang].exec(text.trim());
  if (!found) {
    throw new Error(`not a number as ${lang} writes it: ${JSON.stringify(text)}`);
  }
  const digits = found[1].replaceAll('−', '-').replace(lang === 'sv' ? /\u202f/gu : /,/g, '').replace(',', '.');
  return { text: digits, decimals: digits.split('.')[1]?.length ?? 0, unit: found[2] ?? '' };
}

/** Rounds a decimal text half away from zero, exactly: money is never a float here. */
export function rounded(value, decimals) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value);
  const scaled = BigInt(whole + fraction.padEnd(decimals + 1, '0').slice(0, decimals)) + (fraction.padEnd(decimals + 1, '0')[decimals] >= '5' ? 1n : 0n);
  const digits = scaled.toString().padStart(decimals + 1, '0');
  const text = decimals > 0 ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits;
  return sign && scaled !== 0n ? `-${text}` : text;
}
