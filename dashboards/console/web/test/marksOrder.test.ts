import { type DataQueryRequest, FieldType, LoadingState, type PanelData, toDataFrame } from '@grafana/data';
import { setRunRequest } from '@grafana/runtime';
import { type EmbeddedScene, sceneGraph, type VizPanel } from '@grafana/scenes';
import { ReplaySubject } from 'rxjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { marksOf } from '../src/panels/marks';
import type { Grid } from '../src/scene/Grid';
import { toScene } from '../src/scene/toScene';
import { installServices } from '../src/services';
import { makeTheme } from '../src/theme';

const zone = 'Europe/Stockholm';
const day = (text: string) => Date.parse(`${text}T00:00:00Z`);

/** One curve, and marks on every curve of the page. */
const dashboard = {
  uid: 'goals',
  title: 'Goals',
  time: { from: '2026-01-01', to: '2026-07-01' },
  annotations: { list: [{ name: 'Goal days', target: { refId: 'Anno', metric: 'annotations' } }] },
  panels: [{ id: 1, type: 'timeseries', title: 'Watches', targets: [{ refId: 'A', metric: 'watches' }] }],
};

/** Questions by metric, in the order they were asked; answered by the test. */
let asked: Array<{ metric: string; range: DataQueryRequest['range']; answer: ReplaySubject<PanelData> }>;

const curve = (...values: number[]) =>
  toDataFrame({
    refId: 'A',
    fields: [
      { name: 'time', type: FieldType.time, values: values.map((_, i) => day(`2026-0${i + 1}-01`)) },
      { name: 'watches', type: FieldType.number, values },
    ],
  });

const days = (...marks: Array<[string, string]>) =>
  toDataFrame({
    refId: 'Anno',
    fields: [
      { name: 'time', type: FieldType.time, values: marks.map(([at]) => day(at)) },
      { name: 'text', type: FieldType.string, values: marks.map(([, text]) => text) },
    ],
  });

async function answer(metric: string, frame: PanelData['series'][number]): Promise<void> {
  const last = await vi.waitUntil(() => asked.findLast((one) => one.metric === metric));
  last.answer.next({ state: LoadingState.Done, series: [frame], timeRange: last.range });
}

describe('marks, whatever comes first', () => {
  let scene: EmbeddedScene;
  let panel: VizPanel;
  let ends: Array<() => void>;
  /** What the panel is given to draw. */
  const drawn = () => panel.applyFieldConfig(sceneGraph.getData(panel).state.data);
  const texts = () => marksOf(drawn().annotations).map((mark) => mark.text);

  beforeAll(() => {
    installServices(makeTheme('light'), zone);
    setRunRequest(((_source: unknown, request: DataQueryRequest) => {
      const one = { metric: String((request.targets[0] as { metric?: string }).metric), range: request.range, answer: new ReplaySubject<PanelData>() };
      one.answer.next({ state: LoadingState.Loading, series: [], timeRange: request.range });
      asked.push(one);
      return one.answer;
    }) as never);
  });
  beforeEach(async () => {
    asked = [];
    scene = toScene(dashboard, zone);
    panel = (scene.state.body as Grid).state.sections[0]!.state.cells[0]!.state.body;
    ends = [scene.activate(), panel.activate()];
    await vi.waitUntil(() => panel.getPlugin() && asked.length === 2);
  });
  afterEach(() => ends.forEach((end) => end()));

  it('are drawn when they come after the series', async () => {
    await answer('watches', curve(3, 2, 1));
    expect(texts()).toEqual([]);
    await answer('annotations', days(['2026-03-31', 'goal']));
    expect(texts()).toEqual(['goal']);
  });

  it('are drawn when they come before the series', async () => {
    await answer('annotations', days(['2026-03-31', 'goal']));
    await answer('watches', curve(3, 2, 1));
    expect(drawn().series[0]?.length).toBe(3);
    expect(texts()).toEqual(['goal']);
  });

  it('follow a new period, whatever comes first', async () => {
    await answer('watches', curve(3, 2, 1));
    await answer('annotations', days(['2026-03-31', 'goal']));
    for (const marksFirst of [true, false]) {
      for (const text of ['another', undefined, 'a third']) {
        const before = asked.length;
        sceneGraph.getTimeRange(scene).onRefresh();
        await vi.waitUntil(() => asked.length === before + 2);
        const marks = () => answer('annotations', text ? days(['2026-04-30', text]) : days());
        const series = () => answer('watches', curve(4, 3, 2));
        await (marksFirst ? marks() : series());
        await (marksFirst ? series() : marks());
        expect(texts(), `marks first: ${marksFirst}`).toEqual(text ? [text] : []);
      }
    }
  });
});
