import { describe, expect, it } from 'vitest';
import { addMoney, caretAt, finds } from '../src/backtest/types';

describe('a back-test', () => {
  it('adds money without losing a millionth', () => {
    expect(addMoney('0.10', '0.20')).toBe('0.300000');
    expect(addMoney('999999999999.999999', '0.000001')).toBe('1000000000000.000000');
    expect(addMoney('1.5', '-2.25')).toBe('-0.750000');
    expect(addMoney('-0.00')).toBe('0.000000');
  });

  it('finds in each version what it says', () => {
    const sum = (count: number, cost: string) => ({ count, cost });
    const tally = { new: sum(1, '1.00'), gone: sum(2, '20.00'), changed: sum(4, '400.00'), unchanged: sum(8, '8000.00'), changed_cost_in_force: '300.50' };
    expect(finds(tally)).toEqual({ draft: sum(13, '8401.000000'), inForce: sum(14, '8320.500000') });
  });

  it('finds the place of a problem', () => {
    const text = 'pack: own\nrules:\n  - id: X\n';
    expect(text.slice(caretAt(text, 3, 9))).toBe('X\n');
    expect(caretAt(text, 1, 1)).toBe(0);
    expect(caretAt(text, 2, 99)).toBe(16);
    expect(caretAt(text, 99, 1)).toBe(text.length);
  });
});
