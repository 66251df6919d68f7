import { css } from '@emotion/css';
import { type DataFrame, type GrafanaTheme2, type PanelProps, LoadingState } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { type ComponentType, useMemo } from 'react';
import { msg } from '../language';
import { aboutRows, errorText, hasNumbers, hasValues, isEmpty, noticesOf, prepareFrames } from './frames';

const noticeHeight = 24;

/** What a panel draws: prepared frames in the space that notices leave. */
export interface Drawn<O> extends Omit<PanelProps<O>, 'data'> {
  frames: DataFrame[];
  /** There are more rows than the server sent; set where the panel says so itself (see Needs). */
  more: boolean;
  data: PanelData;
}
type PanelData = PanelProps['data'];

interface Needs {
  /** The panel can draw only numbers; rows without any count as no data. */
  numbers?: boolean;
  /** Rows of nulls count as no data. */
  values?: boolean;
  /** The panel draws without data. */
  nothing?: boolean;
  /** The panel says itself how many of the rows it draws, and that there are more. */
  saysMore?: (options: unknown) => boolean;
}

/**
 * Wraps a panel so that it is never an empty box: loading, an error with its message,
 * a calm sentence when the period holds nothing, and the server's notices.
 */
export function framed<O>(Body: ComponentType<Drawn<O>>, needs: Needs = {}): ComponentType<PanelProps<O>> {
  return function Framed(props: PanelProps<O>) {
    const styles = useStyles2(getStyles);
    const { data, width, height, timeZone, fieldConfig } = props;
    const frames = useMemo(() => prepareFrames(data.series, timeZone), [data.series, timeZone]);
    const all = useMemo(() => noticesOf(frames), [frames]);
    const notices = needs.saysMore?.(props.options) ? all.filter((notice) => !aboutRows(notice, frames)) : all;
    const failed = errorText(data);
    const empty = !needs.nothing && (isEmpty(frames) || (needs.numbers && !hasNumbers(frames)) || (needs.values && !hasValues(frames)));

    if (failed !== undefined && empty) {
      return (
        <div className={styles.message} style={{ width, height }} role="alert">
          <Icon name="exclamation-triangle" size="lg" className={styles.errorIcon} />
          <div>
            <strong>{msg('panelFailed')}</strong>
            <div className={styles.detail}>{failed}</div>
          </div>
        </div>
      );
    }
    if (empty && data.state === LoadingState.Loading) {
      return <div className={styles.message} style={{ width, height }} aria-busy="true" />;
    }
    if (empty) {
      return (
        <div className={styles.message} style={{ width, height }} data-testid="no-data">
          <div>
            <div>{fieldConfig.defaults.noValue || msg('noData')}</div>
            {notices.map((notice) => (
              <div key={notice.text} className={styles.detail}>
                {notice.text}
              </div>
            ))}
          </div>
        </div>
      );
    }
    const taken = notices.length > 0 ? noticeHeight : 0;
    return (
      <div style={{ width, height }}>
        <Body {...props} data={data} frames={frames} more={notices.length < all.length} height={height - taken} />
        {taken > 0 && (
          <div className={styles.notices} title={notices.map((notice) => notice.text).join('\n')}>
            <Icon name={notices.some((n) => n.severity !== 'info') ? 'exclamation-triangle' : 'info-circle'} size="sm" />
            <span>{notices.map((notice) => notice.text).join(' · ')}</span>
          </div>
        )}
      </div>
    );
  };
}

const getStyles = (theme: GrafanaTheme2) => ({
  message: css({
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    gap: theme.spacing(1.5),
    textAlign: 'center',
    color: theme.colors.text.secondary,
    overflow: 'hidden',
  }),
  errorIcon: css({ color: theme.colors.error.text, flexShrink: 0 }),
  detail: css({ fontSize: theme.typography.bodySmall.fontSize, marginTop: 2, overflowWrap: 'anywhere' }),
  notices: css({
    height: noticeHeight,
    display: 'flex',
    alignItems: 'center',
    gap: 6,
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
    span: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  }),
});
