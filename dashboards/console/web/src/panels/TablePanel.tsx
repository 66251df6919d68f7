import { css, cx } from '@emotion/css';
import { type DataFrame, type Field, type GrafanaTheme2, FieldType } from '@grafana/data';
import type { TableCellHeight } from '@grafana/schema';
import { useStyles2 } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { type MouseEvent, useMemo } from 'react';
import type { Drawn } from './Frame';

export interface TableOptions {
  showHeader?: boolean;
  sortBy?: Array<{ displayName: string; desc?: boolean }>;
  cellHeight?: string;
  enablePagination?: boolean;
  frameIndex?: number;
  footer?: { show?: boolean; reducer?: string[]; fields?: string[] | string; enablePagination?: boolean };
}

interface Custom {
  hidden?: boolean;
  hideFrom?: Record<string, boolean>;
  footer?: { reducers?: string[] };
  align?: string;
  wrapText?: boolean;
}

function isHidden(field: Field): boolean {
  const custom = field.config.custom as Custom | undefined;
  return Boolean(custom?.hidden || custom?.hideFrom?.viz);
}

function inFooter(field: Field, footer: TableOptions['footer']): boolean {
  if (!footer?.show || field.type !== FieldType.number) {
    return false;
  }
  const { fields } = footer;
  return !fields || fields.length === 0 || [fields].flat().includes(field.name) || [fields].flat().includes(field.config.displayName ?? '');
}

/** Reads the older spellings of two options (hidden columns, footer) into the ones the grid knows. */
export function withTableConfig(frame: DataFrame, options: TableOptions): DataFrame {
  const visible = frame.fields.filter((field) => !isHidden(field));
  return {
    ...frame,
    fields: frame.fields.map((field) => {
      const custom: Custom = { ...(field.config.custom as Custom | undefined) };
      if (custom.hidden) {
        custom.hideFrom = { ...custom.hideFrom, viz: true };
      }
      if (inFooter(field, options.footer) && !custom.footer) {
        custom.footer = { reducers: options.footer?.reducer?.length ? options.footer.reducer : ['sum'] };
      }
      if (visible.length === 1 && field.type === FieldType.string) {
        // Sentences, one a row: nothing else would need the room that cutting them saves.
        custom.wrapText ??= true;
      }
      return { ...field, config: { ...field.config, custom } };
    }),
  };
}

/** Digits of one width in the columns of numbers only: Inter would widen the hyphens of names and dates too. */
function tabularDigits(frame: DataFrame): string {
  const visible = frame.fields.filter((field) => !isHidden(field));
  const selectors = visible.flatMap((field, i) => (field.type === FieldType.number ? [`& [aria-colindex="${i + 1}"]`] : []));
  return selectors.length > 0 ? css({ [selectors.join(', ')]: { fontVariantNumeric: 'tabular-nums' } }) : '';
}

/** A click anywhere on a row goes where its link goes, unless it hit something of its own or marked a text. */
function followRow(event: MouseEvent<HTMLElement>): void {
  const target = event.target as Element;
  if (target.closest('a, button, input') || window.getSelection()?.toString()) {
    return;
  }
  const links = target.closest('[role="row"]')?.querySelectorAll<HTMLAnchorElement>('a[href]') ?? [];
  if (new Set([...links].map((link) => link.href)).size === 1) {
    links[0]!.click();
  }
}

/** A text that its cell cuts off is shown whole when the pointer rests on it. */
function nameCutText(event: MouseEvent<HTMLElement>): void {
  const cell = (event.target as Element).closest<HTMLElement>('[role="gridcell"], [role="columnheader"]');
  if (!cell) {
    return;
  }
  const cut = [cell, ...cell.querySelectorAll<HTMLElement>('*')].some((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0);
  if (cut) {
    cell.title = cell.innerText;
  } else {
    cell.removeAttribute('title');
  }
}

/** Rows and columns; a click on a heading sorts. */
export function TablePanel({ frames, width, height, options, data, fieldConfig, timeRange, title }: Drawn<TableOptions>) {
  const styles = useStyles2(getStyles);
  const source = frames[options.frameIndex ?? 0] ?? frames[0];
  const frame = useMemo(() => (source ? withTableConfig(source, options) : undefined), [source, options]);
  const digits = useMemo(() => (frame ? tabularDigits(frame) : ''), [frame]);
  if (!frame) {
    return null;
  }
  return (
    <div className={cx(styles.table, digits)} style={{ width, height }} onClick={followRow} onMouseOver={nameCutText}>
      <TableNG
        ariaLabel={title}
        data={frame}
        width={width}
        height={height}
        noHeader={options.showHeader === false}
        sortBy={options.sortBy}
        cellHeight={(options.cellHeight ?? 'sm') as TableCellHeight}
        enablePagination={options.enablePagination ?? options.footer?.enablePagination ?? false}
        fieldConfig={fieldConfig}
        noValue={fieldConfig.defaults.noValue}
        timeRange={timeRange}
        structureRev={data.structureRev}
        resizable
        contentAwareWidthsEnabled
      />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  table: css({
    // Drawn also below the fold, so that the page prints whole.
    '& .rdg': { contentVisibility: 'visible' },
    '& [role="gridcell"]': { textOverflow: 'ellipsis' },
    '& [role="row"]:has(a[href])': { cursor: 'pointer' },
    a: { color: theme.colors.text.link, textDecoration: 'underline', textUnderlineOffset: 3 },
  }),
});
