import { FieldType, toDataFrame, type GrafanaTheme2 } from '@grafana/data';
import { type EmbeddedScene, QueryVariable, sceneGraph, SceneQueryRunner, SceneVariableSet, type VizPanel } from '@grafana/scenes';
import { describe, expect, it } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boards } from '../fixture/boards.mjs';
import { sceneResolver } from '../src/datasource';
import { everything } from '../src/interpolate';
import { panels } from '../src/panels';
import { barModel } from '../src/panels/bars';
import { withTableConfig } from '../src/panels/TablePanel';
import type { Dashboard } from '../src/scene/dashboard';
import { type Grid, narrowWidth } from '../src/scene/Grid';
import { readFieldConfig, toScene, toSections, toVariable } from '../src/scene/toScene';
import { makeTheme } from '../src/theme';

const zone = 'Europe/Stockholm';
const cost = boards['cost-follow-up'] as unknown as Dashboard;
const theme: GrafanaTheme2 = makeTheme('light');

function panelsOf(scene: EmbeddedScene): VizPanel[] {
  return (scene.state.body as Grid).state.sections.flatMap((section) => section.state.cells.map((cell) => cell.state.body));
}

describe('a dashboard becomes a scene', () => {
  const scene = toScene(cost, zone);

  it('keeps every panel with its type, title and options', () => {
    const want = cost.panels!.filter((panel) => panel.type !== 'row');
    const got = panelsOf(scene);
    expect(got.map((panel) => [panel.state.pluginId, panel.state.title])).toEqual(want.map((panel) => [panel.type, panel.title]));
    expect(got.map((panel) => panel.state.options)).toEqual(want.map((panel) => panel.options));
  });

  it('puts panels under the row before them', () => {
    const { sections } = (scene.state.body as Grid).state;
    expect(sections.map((section) => [section.state.title, section.state.cells.length])).toEqual([
      ['Perioden', 6],
      ['Detaljer', 2],
    ]);
  });

  it('opens a collapsed row with the panels inside it', () => {
    const inner = { id: 7, type: 'stat', title: 'Inuti', gridPos: { x: 0, y: 1, w: 6, h: 4 } };
    const [section] = toSections([{ id: 1, type: 'row', title: 'Hopfälld', collapsed: true, gridPos: { x: 0, y: 0, w: 24, h: 1 }, panels: [inner] }], zone);
    expect(section!.state.collapsed).toBe(true);
    expect(section!.state.cells.map((cell) => cell.state.body.state.title)).toEqual(['Inuti']);
  });

  it('sends every query to our data source, whatever the JSON names', () => {
    const panels = [{ id: 1, type: 'stat', targets: [{ refId: '', datasource: { type: 'linesman-datasource', uid: '${ds}' }, metric: 'cost' }, { metric: 'calls' }] }];
    const [section] = toSections(panels as never, zone);
    const runner = section!.state.cells[0]!.state.body.state.$data as SceneQueryRunner;
    expect(runner.state.datasource).toEqual({ type: 'linesman-datasource', uid: 'linesman' });
    expect(runner.state.queries.map((query) => [query.refId, query.datasource?.uid])).toEqual([
      ['A', 'linesman'],
      ['B', 'linesman'],
    ]);
  });

  it('takes the period and the time zone', () => {
    const range = sceneGraph.getTimeRange(scene);
    expect(range.state.from).toBe('2025-10-01T00:00:00+02:00');
    expect(range.getTimeZone()).toBe(zone);
    const inBrowserTime = toScene({ ...cost, timezone: 'browser' }, 'Europe/Helsinki');
    expect(sceneGraph.getTimeRange(inBrowserTime).getTimeZone()).toBe('Europe/Helsinki');
  });

  it('makes the variables', () => {
    const set = scene.state.$variables as SceneVariableSet;
    const unit = set.getByName('unit') as QueryVariable;
    expect(unit.state).toMatchObject({ query: 'units', isMulti: true, includeAll: true, value: ['$__all'], label: 'Enhet' });
    expect(toVariable({ type: 'datasource', name: 'ds', query: 'linesman-datasource' }).getValue()).toBe('linesman');
    expect(toVariable({ type: 'textbox', name: 'search', query: 'abc' }).getValue()).toBe('abc');
  });
});

describe('the dashboards of the product', () => {
  const folder = join(import.meta.dirname, '../../../boards/json');
  const files = readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith('.json'));

  it('are there', () => expect(files.length).toBeGreaterThanOrEqual(3));

  it.each(files)('%s becomes a scene of panels we know', (name) => {
    const dashboard = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard;
    const got = panelsOf(toScene(dashboard, zone));
    expect(got.length).toBe(dashboard.panels!.filter((panel) => panel.type !== 'row').length);
    expect(got.map((panel) => panel.state.pluginId).filter((type) => !(type in panels))).toEqual([]);
    expect(new Set(got.map((panel) => panel.state.key)).size).toBe(got.length);
    for (const panel of got.filter((one) => one.state.pluginId !== 'text')) {
      expect(panel.state.fieldConfig.defaults.noValue, panel.state.title).toBeTruthy();
    }
  });
});

describe('variables as queries see them', () => {
  const scene = toScene(cost, zone);
  const panel = panelsOf(scene)[0]!;
  const unit = (scene.state.$variables as SceneVariableSet).getByName('unit') as QueryVariable;

  it('everything, several, and unknown', () => {
    expect(sceneResolver(panel)('unit')).toBe(everything);
    unit.changeValueTo(['Akutmottagningen', 'Röntgen']);
    expect(sceneResolver(panel)('unit')).toEqual(['Akutmottagningen', 'Röntgen']);
    expect(sceneResolver(panel)('nobody')).toBeUndefined();
    expect(sceneResolver(panel, { month: { value: '2026-03', text: 'mars' } })('month')).toBe('2026-03');
  });
});

describe('field configuration', () => {
  it('repairs the lowest threshold, which JSON cannot write', () => {
    const got = readFieldConfig({
      type: 'stat',
      fieldConfig: {
        defaults: { thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }, { value: 1, color: 'red' }] } },
        overrides: [{ properties: [{ id: 'thresholds', value: { mode: 'absolute', steps: [{ value: null, color: 'blue' }] } }] }],
      },
    });
    expect(got.defaults.thresholds!.steps.map((step) => step.value)).toEqual([-Infinity, 1]);
    expect((got.overrides[0]!.properties[0]!.value as { steps: Array<{ value: number }> }).steps[0]!.value).toBe(-Infinity);
  });

  it('reads the older spellings of hidden columns and footers', () => {
    const frame = toDataFrame({ fields: [{ name: 'unit', values: ['a'], config: { custom: { hidden: true } } }, { name: 'cost', type: FieldType.number, values: [1] }] });
    const [unit, cost] = withTableConfig(frame, { footer: { show: true, reducer: ['sum'] } }).fields;
    expect(unit!.config.custom).toMatchObject({ hideFrom: { viz: true } });
    expect(cost!.config.custom).toMatchObject({ footer: { reducers: ['sum'] } });
  });
});

describe('bars', () => {
  const frame = toDataFrame({
    fields: [
      { name: 'unit', type: FieldType.string, values: ['A', 'B'] },
      { name: 'calls', type: FieldType.number, values: [10, 30] },
      { name: 'data', type: FieldType.number, values: [20, null] },
    ],
  });

  it('stand side by side from nothing', () => {
    const model = barModel([frame], { stacking: 'none' }, theme, zone)!;
    expect(model.labels).toEqual(['A', 'B']);
    expect(model.bands.map((band) => band.map((s) => [s.from, s.to]))).toEqual([[[0, 10], [0, 20]], [[0, 30]]]);
    expect([model.min, model.max]).toEqual([0, 30]);
  });

  it('stack, and stack to a whole', () => {
    const stacked = barModel([frame], { stacking: 'normal' }, theme, zone)!;
    expect(stacked.bands[0]!.map((s) => [s.from, s.to])).toEqual([[0, 10], [10, 30]]);
    const whole = barModel([frame], { stacking: 'percent' }, theme, zone)!;
    expect(whole.bands[0]!.map((s) => s.to)).toEqual([1 / 3, 1]);
    expect(whole.unit).toBe('percentunit');
  });

  it('say nothing where there is nothing', () => {
    expect(barModel([toDataFrame({ fields: [{ name: 'unit', type: FieldType.string, values: [] }] })], {}, theme, zone)).toBeUndefined();
  });
});

describe('panels on a narrow screen', () => {
  const line = (...widths: number[]) => widths.map((w, i) => ({ x: i, y: 0, w, h: 4 }));
  it.each([
    [line(24), 12],
    [line(12, 12), 6],
    [line(14, 10), 12],
    [line(8, 8, 8), 4],
    [line(6, 6, 6, 6), 6],
  ])('%j', (all, want) => expect(all.map((pos) => narrowWidth(pos, all))).toEqual(all.map(() => want)));

  it.each([
    [line(6, 5, 4, 4, 5), [4, 4, 4, 6, 6]],
    [line(4, 4, 4, 3, 3, 3, 3), [4, 4, 4, 6, 6, 6, 6]],
  ])('an odd number of key figures leaves no hole: %j', (all, want) => expect(all.map((pos) => narrowWidth(pos, all))).toEqual(want));
});
