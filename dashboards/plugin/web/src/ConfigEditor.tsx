import * as React from 'react';
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Alert, InlineField, Input, RadioButtonGroup, SecretInput } from '@grafana/ui';
import { settingsFault } from './model';
import type { Secrets, Settings } from './types';

type Props = DataSourcePluginOptionsEditorProps<Settings, Secrets>;

const languages = [
  { label: 'Svenska', value: 'sv' },
  { label: 'English', value: 'en' },
];

/** Address and key of Linesman. "Save & test" then walks the way to its store. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const set = (change: Partial<Settings>) => onOptionsChange({ ...options, jsonData: { ...options.jsonData, ...change } });
  const setKey = (key: string, known: boolean) =>
    onOptionsChange({ ...options, secureJsonData: { ...options.secureJsonData, key }, secureJsonFields: { ...options.secureJsonFields, key: known } });
  const fault = settingsFault(options.jsonData.url);
  return (
    <>
      {options.readOnly && (
        <Alert title="Provisioned" severity="info">
          This data source comes from a file of the server.
        </Alert>
      )}
      <InlineField label="Address" labelWidth={20} tooltip="Where Linesman's server is reached from this Grafana, such as https://linesman.example.se" invalid={fault !== ''} error={fault}>
        <Input id="linesman-url" width={50} value={options.jsonData.url ?? ''} placeholder="https://linesman.example.se" disabled={options.readOnly} onChange={(e) => set({ url: e.currentTarget.value.trim() })} />
      </InlineField>
      <InlineField label="Key" labelWidth={20} tooltip="access.grafana.key of Linesman's configuration. It tells Linesman that this Grafana asks; who may see what is decided by who is logged in.">
        <SecretInput id="linesman-key" width={50} value={options.secureJsonData?.key ?? ''} isConfigured={Boolean(options.secureJsonFields?.key)} disabled={options.readOnly} onReset={() => setKey('', false)} onChange={(e) => setKey(e.currentTarget.value, false)} />
      </InlineField>
      <InlineField label="Language" labelWidth={20} tooltip="Of answers to queries that name none, such as those of alert rules. People see their own language.">
        <RadioButtonGroup options={languages} value={options.jsonData.lang ?? 'sv'} disabled={options.readOnly} onChange={(lang) => set({ lang })} />
      </InlineField>
    </>
  );
}
