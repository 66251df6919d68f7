import type { DataQuery, DataSourceJsonData } from '@grafana/data';

/** A condition of a query. */
export interface Filter {
  field: string;
  op?: 'in' | 'not_in';
  values: string[];
}

/** A structured query; what it may hold is decided by the server. */
export interface LinesmanQuery extends DataQuery {
  metric?: string;
  also?: string[];
  groupBy?: string[];
  filters?: Filter[];
  format?: string;
  interval?: string;
  limit?: number;
  compare?: string;
  lang?: string;
}

/** Settings of a data source that are not secret. */
export interface Settings extends DataSourceJsonData {
  url?: string;
  lang?: string;
  timeout?: number;
}

/** Settings that Grafana encrypts and never sends back. */
export interface Secrets {
  key?: string;
}

export interface Option {
  text: string;
  value: string;
}

export interface MetricChoice extends Option {
  unit: string;
  list: boolean;
  group: string[];
  filter: string[];
  compare: string[];
}

/** What a query can be made of: the server's resource `catalogue`. */
export interface Choices {
  metrics: MetricChoice[];
  fields: Option[];
  lists: Record<string, string>;
}
