import { en, type MessageKey } from './messages.en';
import { sv } from './messages.sv';

export type Language = 'sv' | 'en';
export type ColourMode = 'light' | 'dark';

const languageKey = 'linesman.language';
const modeKey = 'linesman.colours';

let current: Language = 'sv';

/** Picks the language: `?lang=` first, then what was chosen before, then Swedish. Remembers the choice. */
export function chooseLanguage(search: string, storage: Pick<Storage, 'getItem' | 'setItem'>): Language {
  const asked = new URLSearchParams(search).get('lang');
  const stored = storage.getItem(languageKey);
  const found = [asked, stored].find((value) => value === 'sv' || value === 'en');
  current = (found as Language | undefined) ?? 'sv';
  if (asked === current) {
    storage.setItem(languageKey, current);
  }
  return current;
}

/** Sets the language of all later texts and formats. */
export function setLanguage(language: Language, storage?: Pick<Storage, 'setItem'>): void {
  current = language;
  storage?.setItem(languageKey, language);
}

export function language(): Language {
  return current;
}

/** The BCP 47 tag numbers and names are formatted with. English texts keep European conventions (en-GB). */
export function localeTag(): string {
  return current === 'sv' ? 'sv-SE' : 'en-GB';
}

export function storedColours(storage: Pick<Storage, 'getItem'>): ColourMode {
  return storage.getItem(modeKey) === 'dark' ? 'dark' : 'light';
}

export function storeColours(mode: ColourMode, storage: Pick<Storage, 'setItem'>): void {
  storage.setItem(modeKey, mode);
}

/** A text of the catalogue with its {placeholders} filled in. */
export function msg(key: MessageKey, values: Record<string, string | number> = {}): string {
  const text = (current === 'sv' ? sv : en)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A text whose key is made from data (a state, a severity); an unknown one is shown as it came. */
export function msgFor(prefix: string, value: string, raw = value): string {
  const key = `${prefix}_${value}`;
  return key in en ? msg(key as MessageKey) : raw;
}

/** Chooses the text of the current language from a pair sent by the server. */
export function pick(texts: { sv?: string; en?: string } | undefined): string {
  if (!texts) {
    return '';
  }
  return (current === 'sv' ? texts.sv : texts.en) || texts.sv || texts.en || '';
}
