import { afterEach, describe, expect, it, vi } from 'vitest';
import { addMoney, caretAt, finds, plainLines, problemsOf, type Progress, runBacktest } from '../src/backtest/types';

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

  it('finds the place of a problem in a file with the line ends of Windows', () => {
    const file = 'pack: own\r\nrules:\r\n  - id: X\r\nold: mac\rend';
    const text = plainLines(file);
    expect(text).toBe('pack: own\nrules:\n  - id: X\nold: mac\nend');
    expect(text.slice(caretAt(text, 3, 9), caretAt(text, 3, 10))).toBe('X');
  });
});

describe('an answer in lines', () => {
  const asked = { draft: 'pack: own', name: 'draft.yaml', from: '', to: '', asDated: false };
  const answer = (status: number, ...chunks: string[]) =>
    vi.stubGlobal('fetch', () =>
      Promise.resolve(new Response(new ReadableStream({ start(to) { chunks.forEach((chunk) => to.enqueue(new TextEncoder().encode(chunk))); to.close(); } }), { status })),
    );
  const run = async (said: Progress[] = []) => runBacktest(asked, new AbortController().signal, (one) => said.push(one));
  afterEach(() => vi.unstubAllGlobals());

  it('tells progress, then the report', async () => {
    const said: Progress[] = [];
    answer(200, '{"progress":{"what":"a/1","done":0,"to', 'tal":2,"rows":1,"of":4}}\n{"progress":{"what":"","waiting":true,"done":0,"total":0,"rows":0,"of":0}}\n{"answer":{"rules":[],"same":["Ö/1"]}}\n');
    expect((await run(said)).same).toEqual(['Ö/1']);
    expect(said.map((one) => [one.what, one.total, one.waiting])).toEqual([['a/1', 2, undefined], ['', 0, true]]);
  });

  it('names the problems, whether they come in a line or at once', async () => {
    const failure = { error: 'the draft cannot be read', problems: [{ line: 3, column: 1, text: 'no' }] };
    answer(200, `${JSON.stringify({ progress: { what: 'a/1' } })}\n${JSON.stringify({ status: 422, failure })}\n`);
    await expect(run()).rejects.toMatchObject({ status: 422, message: 'the draft cannot be read' });
    await run().catch((error: unknown) => expect(problemsOf(error)).toEqual(failure.problems));
    answer(400, JSON.stringify({ error: 'the draft is empty' }));
    await expect(run()).rejects.toMatchObject({ status: 400, message: 'the draft is empty' });
  });

  it('is an error when it breaks off', async () => {
    answer(200, '{"progress":{"what":"a/1"}}\n');
    await expect(run()).rejects.toMatchObject({ message: 'HTTP 200' });
    answer(200, '{"answer":{"ru');
    await expect(run()).rejects.toMatchObject({ message: '{"answer":{"ru' });
    answer(502, '<html>');
    await expect(run()).rejects.toMatchObject({ message: '<html>' });
  });
});
