import { DataSourcePlugin } from '@grafana/data';
import { ConfigEditor } from './ConfigEditor';
import { LinesmanDataSource } from './datasource';
import { QueryEditor } from './QueryEditor';
import type { LinesmanQuery, Secrets, Settings } from './types';

export const plugin = new DataSourcePlugin<LinesmanDataSource, LinesmanQuery, Settings, Secrets>(LinesmanDataSource).setConfigEditor(ConfigEditor).setQueryEditor(QueryEditor);
