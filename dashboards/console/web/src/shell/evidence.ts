import type { EvidenceRow, Violation } from '../api';
import { formatBytes, formatDuration, formatNumber, formatUnit } from '../format';
import { language, localeTag, msg } from '../language';

const classes: Record<string, [string, string]> = {
  internal: ['internt', 'internal'],
  mobile: ['mobil', 'mobile'],
  fixed: ['fast', 'fixed'],
  premium: ['betaltjänst', 'premium rate'],
  directory: ['nummerupplysning', 'directory enquiries'],
  shared_cost: ['delad kostnad', 'shared cost'],
  toll_free: ['frisamtal', 'toll-free'],
  emergency: ['nödnummer', 'emergency'],
  satellite: ['satellit', 'satellite'],
  short_code: ['kortnummer', 'short code'],
  voicemail: ['röstbrevlåda', 'voicemail'],
  unknown: ['okänd', 'unknown'],
};

const services: Record<string, [string, string]> = {
  voice: ['Samtal', 'Call'],
  call: ['Samtal', 'Call'],
  sms: ['SMS', 'Text message'],
  mms: ['MMS', 'Picture message'],
  data: ['Data', 'Data'],
  watch: ['Bevakning', 'Watch'],
};

function word(table: Record<string, [string, string]>, value: string): string {
  const found = table[value.replaceAll('-', '_').toLowerCase()];
  return found ? found[language() === 'sv' ? 0 : 1] : value;
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
  return row.service ? word(services, row.service) : '';
}

/** Class and masked number of the other party: "mobil, +46 70 123 ** **". */
export function otherParty(row: EvidenceRow): string {
  return [row.otherClass && word(classes, row.otherClass), row.otherMask?.replaceAll(' ', '\u00a0')].filter(Boolean).join(', ');
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
export function inUnit(value: number | null | undefined, unit: string | undefined): string {
  if (value == null) {
    return '';
  }
  const whole = Number.isInteger(value) ? 0 : undefined;
  return unit ? formatUnit(value, unit === 'SEK' ? 'kr2' : unit, unit === 'kr' ? whole ?? 2 : undefined) : formatNumber(value);
}

/** "23 % over the limit", or nothing where a share says nothing. */
export function againstLimit(violation: Pick<Violation, 'value' | 'limit'>): string {
  const { value, limit } = violation;
  if (!limit || value === limit) {
    return '';
  }
  const share = (value - limit) / Math.abs(limit);
  const percent = formatUnit(Math.abs(share), 'percentunit', Math.abs(share) < 0.1 ? 1 : 0);
  return msg(share > 0 ? 'over' : 'under', { percent });
}
