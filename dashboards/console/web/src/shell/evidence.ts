import type { EvidenceRow, Violation } from '../api';
import { formatBytes, formatDuration, formatNumber, formatUnit } from '../format';
import { localeTag, msg, msgFor } from '../language';

/** A word of the data in the reader's language; one that nobody translated is shown as it came. */
function word(kind: string, value: string): string {
  return msgFor(kind, value.replaceAll('-', '_').toLowerCase(), value);
}

/** The name of a country from its ISO code; anything else is shown as it is. */
export function countryName(code: string | undefined): string {
  if (!code || !/^[A-Z]{2}$/.test(code)) {
    return code ?? '';
  }
  try {
    return new Intl.DisplayNames([localeTag()], { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function serviceName(row: EvidenceRow): string {
  return row.service ? word('service', row.service) : '';
}

/** Class and masked number of the other party: "mobil, +46 70 123 ** **". */
export function otherParty(row: EvidenceRow): string {
  return [row.otherClass && word('class', row.otherClass), row.otherMask?.replaceAll(' ', '\u00a0')].filter(Boolean).join(', ');
}

/** The other party's country and, when abroad, where the line itself was. */
export function countries(row: EvidenceRow): string {
  const other = countryName(row.otherCountry);
  return row.visitedCountry ? [other, msg('visited', { country: countryName(row.visitedCountry) })].filter(Boolean).join(', ') : other;
}

export function amount(row: EvidenceRow): string {
  const parts = [];
  if (row.durationS) {
    parts.push(formatDuration(row.durationS));
  }
  if (row.volumeBytes) {
    parts.push(formatBytes(row.volumeBytes));
  }
  return parts.join(', ');
}

/** Kronor with öre; money may arrive as a decimal text so that nothing is lost on the way. */
export function money(value: number | string | null | undefined): string {
  if (value == null || value === '') {
    return '';
  }
  const number = Number(value);
  return Number.isFinite(number) ? formatUnit(number, 'kr2') : String(value);
}

/** A value in the rule's own unit. */
export function inUnit(value: number | null | undefined, unit: string | undefined, decimals?: number): string {
  if (value == null) {
    return '';
  }
  if (!unit) {
    return formatNumber(value, decimals);
  }
  if (unit === 'SEK' || unit === 'kr') {
    return formatUnit(value, 'kr2', decimals ?? (unit === 'kr' && Number.isInteger(value) ? 0 : undefined));
  }
  const name = word('measure', unit);
  return formatUnit(value, name === unit ? unit : name ? `suffix:${name}` : 'none', decimals);
}

const mostDecimals = 6;

/** Value and limit in the rule's unit, with as many decimals as it takes to tell them apart. */
export function besideLimit(value: number, limit: number, unit: string | undefined): [value: string, limit: string] {
  let texts: [string, string] = [inUnit(value, unit), inUnit(limit, unit)];
  for (let decimals = 1; value !== limit && texts[0] === texts[1] && decimals <= mostDecimals; decimals++) {
    texts = [inUnit(value, unit, decimals), inUnit(limit, unit, decimals)];
  }
  return texts;
}

/** "23 % over the limit", or nothing where a share says nothing. */
export function againstLimit(violation: Pick<Violation, 'value' | 'limit'>): string {
  const { value, limit } = violation;
  if (!limit || value === limit) {
    return '';
  }
  const share = (value - limit) / Math.abs(limit);
  const write = (decimals: number) => formatUnit(Math.abs(share), 'percentunit', decimals);
  let percent = write(Math.abs(share) < 0.1 ? 1 : 0);
  for (let decimals = 2; !/[1-9]/.test(percent) && decimals <= mostDecimals; decimals++) {
    percent = write(decimals);
  }
  return msg(share > 0 ? 'over' : 'under', { percent });
}

const weekMs = 7 * 24 * 3600 * 1000;

/** Whether the evidence is counts (of watches, week by week) and not single events. */
export function areCounts(rows: EvidenceRow[]): boolean {
  return rows.length > 0 && rows.every((row) => row.count != null);
}

/** What a rise was measured over, as the counts behind it tell: "rise over 12 weeks". */
export function riseNote(violation: Pick<Violation, 'valueUnit' | 'evidence'>): string {
  const rows = violation.evidence ?? [];
  if (violation.valueUnit !== 'watches' || !areCounts(rows)) {
    return '';
  }
  const times = rows.map((row) => Date.parse(row.occurredAt));
  return msg('riseOver', { weeks: Math.round((Math.max(...times) - Math.min(...times)) / weekMs) + 1 });
}
