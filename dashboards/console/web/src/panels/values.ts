import {
  type FieldConfigSource,
  type FieldDisplay,
  type GrafanaTheme2,
  type InterpolateFunction,
  type DataFrame,
  getFieldDisplayValues,
  ReducerID,
} from '@grafana/data';

/** reduceOptions of the stat, gauge and bargauge panels. */
export interface ReduceOptions {
  calcs?: string[];
  fields?: string;
  values?: boolean;
  limit?: number;
}

interface Input {
  frames: DataFrame[];
  fieldConfig: FieldConfigSource;
  reduceOptions?: ReduceOptions;
  replaceVariables: InterpolateFunction;
  timeZone: string;
  theme: GrafanaTheme2;
  sparkline?: boolean;
}

/** Reduces each field to one value, or takes every row as a value of its own. */
export function reducedValues(input: Input): FieldDisplay[] {
  const { reduceOptions = {} } = input;
  return getFieldDisplayValues({
    fieldConfig: input.fieldConfig,
    reduceOptions: {
      calcs: reduceOptions.calcs?.length ? reduceOptions.calcs : [ReducerID.lastNotNull],
      values: reduceOptions.values ?? false,
      fields: reduceOptions.fields ?? '',
      limit: reduceOptions.limit,
    },
    replaceVariables: input.replaceVariables,
    theme: input.theme,
    data: input.frames,
    sparkline: input.sparkline,
    timeZone: input.timeZone,
  });
}
