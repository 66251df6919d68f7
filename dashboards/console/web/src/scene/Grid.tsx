import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { type SceneComponentProps, type SceneObjectState, SceneObjectBase, type VizPanel } from '@grafana/scenes';
import { Icon, useStyles2 } from '@grafana/ui';
import type { CSSProperties } from 'react';
import { msg } from '../language';
import type { GridPos } from './dashboard';

interface CellState extends SceneObjectState {
  pos: GridPos;
  body: VizPanel;
}

/** One panel and where it stands. */
export class Cell extends SceneObjectBase<CellState> {
  static Component = ({ model }: SceneComponentProps<Cell>) => {
    const { body } = model.useState();
    return <body.Component model={body} />;
  };
}

interface SectionState extends SceneObjectState {
  /** Empty for the panels above the first row. */
  title: string;
  collapsed: boolean;
  cells: Cell[];
}

/** A row of a dashboard: a heading that folds, and the panels under it. */
export class Section extends SceneObjectBase<SectionState> {
  static Component = ({ model }: SceneComponentProps<Section>) => {
    const { title, collapsed, cells } = model.useState();
    const styles = useStyles2(getStyles);
    const all = cells.map((cell) => cell.state.pos);
    const top = Math.min(...all.map((pos) => pos.y));
    return (
      <section className={styles.section} aria-label={title || undefined}>
        {title && (
          <h2 className={styles.heading}>
            <button
              type="button"
              className={styles.fold}
              aria-expanded={!collapsed}
              title={msg(collapsed ? 'showRow' : 'hideRow', { title })}
              onClick={() => model.setState({ collapsed: !collapsed })}
            >
              <Icon name={collapsed ? 'angle-right' : 'angle-down'} />
              {title}
            </button>
          </h2>
        )}
        {!collapsed && (
          <div className={styles.grid}>
            {cells.map((cell) => (
              <div key={cell.state.key} className={styles.cell} style={place(cell.state.pos, top, all)}>
                <cell.Component model={cell} />
              </div>
            ))}
          </div>
        )}
      </section>
    );
  };
}

interface GridState extends SceneObjectState {
  sections: Section[];
}

/**
 * Grafana's grid of 24 columns as plain CSS: nothing can be dragged, it prints, and on a
 * narrow screen panels pair up or stand below one another.
 */
export class Grid extends SceneObjectBase<GridState> {
  static Component = ({ model }: SceneComponentProps<Grid>) => {
    const { sections } = model.useState();
    const styles = useStyles2(getStyles);
    return (
      <div className={styles.board}>
        {sections.map((section) => (
          <section.Component key={section.state.key} model={section} />
        ))}
      </div>
    );
  };
}

/** The width among twelve columns that leaves no hole beside panels that start on the same line. */
export function narrowWidth(pos: GridPos, all: GridPos[]): number {
  const line = all.filter((one) => one.y === pos.y);
  if (line.some((one) => one.w > 12)) {
    return 12;
  }
  switch (line.length) {
    case 1:
      return 12;
    case 3:
    case 6:
      return 4;
    default:
      // Five or seven: three on the first line, the others in pairs.
      return line.length % 2 === 0 || line.findIndex((one) => one.x === pos.x) >= 3 ? 6 : 4;
  }
}

/** The place in the wide grid, and the width in the two narrower ones, as CSS variables. */
function place(pos: GridPos, top: number, all: GridPos[]): CSSProperties {
  return {
    '--x': pos.x + 1,
    '--y': pos.y - top + 1,
    '--w': pos.w,
    '--h': pos.h,
    // Low and wide ones hold sentences, which need more lines where there is less width.
    '--h-medium': pos.w > 12 && pos.h <= 5 ? pos.h + 2 : pos.h,
    '--w-medium': narrowWidth(pos, all),
    '--w-small': pos.w <= 6 && narrowWidth(pos, all) <= 6 ? 6 : 12,
  } as CSSProperties;
}

const getStyles = (theme: GrafanaTheme2) => ({
  board: css({ containerType: 'inline-size', width: '100%' }),
  section: css({ marginBottom: 8 }),
  heading: css({ margin: '10px 0 6px', fontSize: theme.typography.h5.fontSize, fontWeight: 600 }),
  fold: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: 4,
    padding: '2px 6px 2px 0',
    border: 0,
    background: 'none',
    color: theme.colors.text.primary,
    font: 'inherit',
    cursor: 'pointer',
  }),
  grid: css({
    display: 'grid',
    gap: 8,
    gridAutoRows: '30px',
    gridTemplateColumns: 'repeat(24, minmax(0, 1fr))',
    '@container (max-width: 1000px)': { gridTemplateColumns: 'repeat(12, minmax(0, 1fr))' },
  }),
  cell: css({
    position: 'relative',
    minWidth: 0,
    breakInside: 'avoid',
    gridColumn: 'var(--x) / span var(--w)',
    gridRow: 'var(--y) / span var(--h)',
    '@container (max-width: 1000px)': { gridColumn: 'span var(--w-medium)', gridRow: 'span var(--h-medium)' },
    '@container (max-width: 640px)': { gridColumn: 'span var(--w-small)' },
  }),
});
