/** The parts of Grafana's dashboard schema (v1) that the console reads. */
export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  time?: { from?: string; to?: string };
  timezone?: string;
  weekStart?: string;
  refresh?: string | boolean;
  graphTooltip?: number;
  fiscalYearStartMonth?: number;
  timepicker?: { hidden?: boolean; refresh_intervals?: string[] };
  templating?: { list?: Variable[] | null };
  annotations?: { list?: Annotation[] | null };
  panels?: PanelOrRow[] | null;
}

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id?: number;
  type: string;
  title?: string;
  description?: string;
  transparent?: boolean;
  gridPos?: GridPos;
  datasource?: DataSourceRef;
  targets?: Target[] | null;
  options?: Record<string, unknown>;
  fieldConfig?: { defaults?: Record<string, unknown>; overrides?: Array<{ properties?: Array<{ id: string; value?: unknown }> }> | null };
  transformations?: Array<{ id: string; options: unknown }> | null;
  maxDataPoints?: number;
  interval?: string;
  timeFrom?: string;
}

export interface Row extends Panel {
  type: 'row';
  collapsed?: boolean;
  panels?: Panel[] | null;
}

export type PanelOrRow = Panel | Row;

export interface DataSourceRef {
  type?: string;
  uid?: string;
}

export interface Target {
  refId?: string;
  datasource?: DataSourceRef;
  hide?: boolean;
  [key: string]: unknown;
}

/** A query for marks on every curve. Grafana's own, of the comments of its users, have builtIn set. */
export interface Annotation {
  name: string;
  enable?: boolean;
  hide?: boolean;
  iconColor?: string;
  builtIn?: number;
  target?: Target;
}

export interface Variable {
  type: string;
  name: string;
  label?: string;
  description?: string;
  hide?: number;
  query?: string | { query?: string };
  datasource?: DataSourceRef;
  current?: { text?: unknown; value?: unknown };
  options?: Array<{ text?: string; value?: string; selected?: boolean }> | null;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  refresh?: number;
  regex?: string;
  sort?: number;
  auto?: boolean;
  auto_min?: string;
  auto_count?: number;
  skipUrlSync?: boolean;
}

export function isRow(panel: PanelOrRow): panel is Row {
  return panel.type === 'row';
}
