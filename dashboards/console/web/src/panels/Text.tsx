import { css } from '@emotion/css';
import { type GrafanaTheme2, type PanelProps, renderTextPanelMarkdown } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';

export interface TextOptions {
  mode?: 'markdown' | 'html' | 'code';
  content?: string;
}

/** A text in Markdown; the result is sanitised, and raw HTML is treated as Markdown would. */
export function TextPanel({ options, width, height, replaceVariables }: PanelProps<TextOptions>) {
  const styles = useStyles2(getStyles);
  const html = useMemo(() => renderTextPanelMarkdown(replaceVariables(options.content ?? '', undefined, 'text')), [options.content, replaceVariables]);
  return <div className={styles} style={{ width, height }} dangerouslySetInnerHTML={{ __html: html }} />;
}

const getStyles = (theme: GrafanaTheme2) =>
  css({
    overflow: 'auto',
    lineHeight: 1.5,
    'h1, h2, h3': { fontSize: theme.typography.h5.fontSize, fontWeight: 600, margin: '0 0 6px' },
    p: { margin: '0 0 6px' },
    ul: { margin: '0 0 6px', paddingLeft: 20 },
    ol: { margin: '0 0 6px', paddingLeft: 20 },
    a: { color: theme.colors.text.link, textDecoration: 'underline' },
    blockquote: { margin: '0 0 6px', paddingLeft: 12, borderLeft: `3px solid ${theme.colors.border.medium}`, color: theme.colors.text.secondary },
    code: { fontFamily: theme.typography.fontFamilyMonospace, fontSize: 12 },
    table: { borderCollapse: 'collapse' },
    'th, td': { padding: '3px 12px 3px 0', textAlign: 'left', borderBottom: `1px solid ${theme.colors.border.weak}` },
  });
