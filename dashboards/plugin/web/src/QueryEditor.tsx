import * as React from 'react';
import { useEffect, useState } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { Button, Combobox, InlineField, InlineFieldRow, Input, MultiCombobox } from '@grafana/ui';
import type { LinesmanDataSource } from './datasource';
import { comparesOf, fieldsOf, formats, intervals, limitOf, metricOf, metricsOf, tidy, valuesOf, withFilter, withFormat, withGroup, withMetric } from './model';
import type { Choices, Filter, LinesmanQuery, Option, Settings } from './types';

type Props = QueryEditorProps<LinesmanDataSource, LinesmanQuery, Settings>;

const shown = (list: Option[]) => list.map((o) => ({ label: o.text, value: o.value }));

const ops = [
  { label: 'is one of', value: 'in' },
  { label: 'is none of', value: 'not_in' },
];

/** What a query is made of, chosen from the server's catalogue. */
export function QueryEditor({ datasource, query, onChange, onRunQuery }: Props) {
  const [choices, setChoices] = useState<Choices>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let here = true;
    datasource.choices().then(
      (got) => here && setChoices(got),
      () => here && setFault('The catalogue of Linesman cannot be read; test the data source.'),
    );
    return () => {
      here = false;
    };
  }, [datasource]);

  const metric = metricOf(choices, query);
  const run = (next: LinesmanQuery) => {
    onChange(next);
    onRunQuery();
  };
  const filters = query.filters ?? [];
  return (
    <>
      <InlineFieldRow>
        <InlineField label="Metric" labelWidth={14} invalid={fault !== ''} error={fault}>
          <Combobox aria-label="Metric" width={45} options={shown(metricsOf(choices))} value={query.metric ?? null} createCustomValue onChange={(o) => run(withMetric(choices, query, o.value))} />
        </InlineField>
        <InlineField label="Format" disabled={metric?.list}>
          <Combobox aria-label="Format" width={18} options={shown(formats)} value={query.format ?? 'table'} onChange={(o) => run(withFormat(query, o.value))} />
        </InlineField>
        {query.format === 'timeseries' && (
          <InlineField label="A point for each">
            <Combobox aria-label="Interval" width={14} options={shown(intervals)} value={query.interval ?? null} placeholder="usual" isClearable onChange={(o) => run(tidy({ ...query, interval: o?.value }))} />
          </InlineField>
        )}
        {query.format === 'stat' && (metric?.compare.length ?? 0) > 0 && (
          <InlineField label="Compare">
            <Combobox aria-label="Compare" width={34} options={shown(comparesOf(metric))} value={query.compare ?? ''} onChange={(o) => run(tidy({ ...query, compare: o.value }))} />
          </InlineField>
        )}
      </InlineFieldRow>
      {!metric?.list && query.format !== 'stat' && (
        <InlineFieldRow>
          <InlineField label="Group by" labelWidth={14}>
            <MultiCombobox aria-label="Group by" width={45} options={shown(fieldsOf(choices, metric?.group ?? []))} value={query.groupBy ?? []} onChange={(list) => run(withGroup(query, list.map((o) => o.value)))} />
          </InlineField>
        </InlineFieldRow>
      )}
      {filters.map((filter, i) => (
        <FilterRow key={i} choices={choices} fields={metric?.filter ?? []} filter={filter} onChange={(f) => onChange(withFilter(query, i, f))} onDone={onRunQuery} onRemove={() => run(withFilter(query, i, undefined))} />
      ))}
      <InlineFieldRow>
        <Button variant="secondary" size="sm" icon="plus" disabled={(metric?.filter.length ?? 0) === 0} onClick={() => onChange({ ...query, filters: [...filters, { field: metric?.filter[0] ?? '', op: 'in', values: [] }] })}>
          Filter
        </Button>
        <InlineField label="Rows at most" tooltip="From 1 to 10,000; series, for time series">
          <Input aria-label="Rows at most" type="number" width={12} min={1} max={10000} value={query.limit ?? ''} onChange={(e) => onChange(tidy({ ...query, limit: limitOf(e.currentTarget.value) }))} onBlur={onRunQuery} />
        </InlineField>
      </InlineFieldRow>
    </>
  );
}

interface FilterProps {
  choices: Choices | undefined;
  fields: string[];
  filter: Filter;
  onChange: (filter: Filter) => void;
  onDone: () => void;
  onRemove: () => void;
}

function FilterRow({ choices, fields, filter, onChange, onDone, onRemove }: FilterProps) {
  const [text, setText] = useState(filter.values.join(', '));
  return (
    <InlineFieldRow>
      <InlineField label="Filter" labelWidth={14}>
        <Combobox aria-label="Field" width={24} options={shown(fieldsOf(choices, fields))} value={filter.field} createCustomValue onChange={(o) => onChange({ ...filter, field: o.value })} />
      </InlineField>
      <InlineField>
        <Combobox aria-label="Condition" width={16} options={ops} value={filter.op ?? 'in'} onChange={(o) => onChange({ ...filter, op: o.value as Filter['op'] })} />
      </InlineField>
      <InlineField tooltip="Separated by commas; variables such as ${unit} too">
        <Input
          aria-label="Values"
          width={40}
          value={text}
          onChange={(e) => {
            setText(e.currentTarget.value);
            onChange({ ...filter, values: valuesOf(e.currentTarget.value) });
          }}
          onBlur={onDone}
        />
      </InlineField>
      <Button variant="secondary" icon="trash-alt" aria-label="Remove the filter" onClick={onRemove} />
    </InlineFieldRow>
  );
}
