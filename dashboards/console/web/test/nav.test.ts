import { describe, expect, it } from 'vitest';
import { navGroups } from '../src/shell/Nav';

const board = (uid: string, group?: string) => ({ uid, title: uid, group });

describe('navigation', () => {
  it('puts dashboards and pages under what they are about, in the order of the server', () => {
    const groups = navGroups([board('overview', 'start'), board('cost', 'money'), board('violations', 'rules'), board('centre', 'money'), board('quality', 'data')]);
    expect(groups.map((group) => [group.key, group.tabs.map((tab) => tab.path)])).toEqual([
      ['start', ['/d/overview']],
      ['money', ['/d/cost', '/d/centre', '/money']],
      ['rules', ['/d/violations', '/cases', '/backtest']],
      ['data', ['/d/quality', '/access']],
    ]);
  });

  it('leaves nothing out that has no group, or one that nobody knows', () => {
    const groups = navGroups([board('a'), board('b', 'weather')]);
    expect(groups.map((group) => group.title)).toEqual(['a', 'b', ...groups.slice(2).map((group) => group.tabs[0]!.title)]);
    expect(groups.flatMap((group) => group.tabs.map((tab) => tab.key))).toEqual(['a', 'b', 'money', 'cases', 'backtest', 'access']);
  });

  it('offers the pages that the one who is logged in may open', () => {
    const me = { name: 'A', roles: ['unit_manager'], local: false, logout: true, pages: ['boards' as const, 'cases' as const] };
    expect(navGroups([board('a')], me).flatMap((group) => group.tabs.map((tab) => tab.key))).toEqual(['a', 'cases']);
  });
});
