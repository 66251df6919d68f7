import { afterEach, describe, expect, it } from 'vitest';
import type { EvidenceRow } from '../src/api';
import { setLanguage } from '../src/language';
import { againstLimit, areCounts, besideLimit, inUnit, otherParty, riseNote, serviceName } from '../src/shell/evidence';

const row = (more: Partial<EvidenceRow>): EvidenceRow => ({ eventId: 'e', occurredAt: '2026-03-02T23:00:00Z', ...more });
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

afterEach(() => setLanguage('sv'));

describe('value beside its limit', () => {
  it.each([
    [50.003, 50, 'MB', '50,003 MB', '50,000 MB'],
    [80, 50, 'MB', '80 MB', '50 MB'],
    [500.001, 500, 'SEK', '500,001 kr', '500,000 kr'],
    [61, 60, 'calls', '61 samtal', '60 samtal'],
    [50, 50, 'MB', '50 MB', '50 MB'],
  ])('%s against %s %s', (value, limit, unit, shownValue, shownLimit) => {
    setLanguage('sv');
    expect(besideLimit(value, limit, unit).map(plain)).toEqual([shownValue, shownLimit]);
  });

  it.each([
    [50.003, 50, '0,01 % över gränsen'],
    [53, 50, '6,0 % över gränsen'],
    [80, 50, '60 % över gränsen'],
    [3, 0, ''],
  ])('the share of %s over %s', (value, limit, text) => {
    setLanguage('sv');
    expect(plain(againstLimit({ value, limit }))).toBe(text);
  });
});

describe('words of the data', () => {
  it('are in the language of the page', () => {
    const call = row({ service: 'voice_forward', otherClass: 'mobile', otherMask: '070***' });
    setLanguage('sv');
    expect([serviceName(call), otherParty(call), plain(inUnit(7, 'watches'))]).toEqual(['Vidarekopplat samtal', 'mobil, 070***', '7 bevakningar']);
    setLanguage('en');
    expect([serviceName(call), otherParty(call), plain(inUnit(7, 'watches'))]).toEqual(['Forwarded call', 'mobile, 070***', '7 watches']);
  });

  it('stay as they came when nobody translated them, and nothing is nothing', () => {
    expect(serviceName(row({ service: 'fax-in' }))).toBe('fax-in');
    expect(otherParty(row({ otherClass: 'none' }))).toBe('');
    expect(plain(inUnit(3, 'faxes'))).toBe('3 faxes');
  });
});

describe('counts as evidence', () => {
  const weeks = Array.from({ length: 12 }, (_, i) => row({ occurredAt: new Date(Date.UTC(2026, 0, 4 + 7 * i, 23)).toISOString(), service: 'watches', count: i }));

  it('are known from their count, a count of nothing too', () => {
    expect(areCounts(weeks)).toBe(true);
    expect(areCounts([row({ service: 'data' })])).toBe(false);
    expect(areCounts([])).toBe(false);
  });

  it('tell what a rise was measured over, also where the clock was turned', () => {
    setLanguage('sv');
    expect(riseNote({ valueUnit: 'watches', evidence: weeks })).toBe('ökning över 12 veckor');
    expect(riseNote({ valueUnit: 'MB', evidence: weeks })).toBe('');
  });
});
