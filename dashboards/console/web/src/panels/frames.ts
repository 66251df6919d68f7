import { type DataFrame, type Field, type PanelData, cacheFieldDisplayNames, FieldType, LoadingState } from '@grafana/data';
import { formatDate, formatMonth, formatPoint, formatWeek, granularity } from '../dates';

/** Texts such as 2026-03 or 2026-W12, written out when the field's unit asks for it. */
const textUnits: Record<string, (value: string, zone: string) => string> = {
  month: formatMonth,
  week: formatWeek,
  date: (value, zone) => formatDate(value, zone),
};

function withDisplay(field: Field, zone: string): Field {
  const { unit } = field.config;
  if (field.type === FieldType.string && unit && textUnits[unit]) {
    const write = textUnits[unit];
    return { ...field, display: (value) => ({ text: value == null ? '' : write(String(value), zone), numeric: NaN }) };
  }
  if (field.type === FieldType.time && !unit) {
    const coarse = granularity(field.values as number[], zone);
    return {
      ...field,
      display: (value) => ({ text: value == null ? '' : formatPoint(Number(value), coarse, zone), numeric: Number(value) }),
    };
  }
  return field;
}

/** Prepares frames for every panel: times written as coarse as they are, names and colours settled. */
export function prepareFrames(frames: DataFrame[], zone: string): DataFrame[] {
  let series = 0;
  const prepared = frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const out = withDisplay(field, zone);
      // Only what is drawn takes a colour, so that a series looks the same in every panel.
      const seriesIndex = field.type === FieldType.number ? series++ : 0;
      return { ...out, state: { ...field.state, seriesIndex } };
    }),
  }));
  cacheFieldDisplayNames(prepared);
  return prepared;
}

export function isEmpty(frames: DataFrame[]): boolean {
  return frames.every((frame) => frame.length === 0 || frame.fields.every((field) => field.values.length === 0));
}

/** A frame may hold rows and still no number to draw. */
export function hasNumbers(frames: DataFrame[]): boolean {
  return frames.some((frame) =>
    frame.fields.some((field) => field.type === FieldType.number && field.values.some((value: unknown) => value != null)),
  );
}

/** Whether there is anything to show beside points in time: a frame may hold one row of nulls. */
export function hasValues(frames: DataFrame[]): boolean {
  return frames.some((frame) =>
    frame.fields.some((field) => field.type !== FieldType.time && field.values.some((value: unknown) => value != null && value !== '')),
  );
}

export interface Notice {
  severity: string;
  text: string;
}

/** The notices the server attached to the frames, each once. */
export function noticesOf(frames: DataFrame[]): Notice[] {
  const found = new Map<string, Notice>();
  for (const frame of frames) {
    for (const notice of frame.meta?.notices ?? []) {
      found.set(notice.text, { severity: notice.severity ?? 'info', text: notice.text });
    }
  }
  return [...found.values()];
}

/** Whether a notice says that only the rows that came are shown: it names their number. */
export function aboutRows(notice: Notice, frames: DataFrame[]): boolean {
  return frames.some((frame) => frame.length > 0 && new RegExp(`(^|\\D)${frame.length}(\\D|$)`).test(notice.text));
}

export function errorText(data: PanelData): string | undefined {
  const all = data.errors?.length ? data.errors : data.error ? [data.error] : [];
  const text = [...new Set(all.map((error) => error.message ?? '').filter(Boolean))].join(' · ');
  return data.state === LoadingState.Error ? text || '' : text || undefined;
}
