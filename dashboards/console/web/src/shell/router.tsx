import { locationService } from '@grafana/runtime';
import { type ReactNode, useLayoutEffect, useState } from 'react';
import { Router } from 'react-router-dom';

/** Lets react-router and Grafana's location service share one history, so that a change in either is seen by both. */
export function SharedRouter({ children }: { children: ReactNode }) {
  const history = locationService.getHistory();
  const [state, setState] = useState({ action: history.action, location: history.location });
  useLayoutEffect(() => history.listen(() => setState({ action: history.action, location: history.location })), [history]);
  return (
    <Router location={state.location as never} navigationType={state.action as never} navigator={history as never}>
      {children}
    </Router>
  );
}

/** Where a path leads. */
export type Place =
  | { kind: 'board'; uid?: string }
  | { kind: 'violation'; id: string }
  | { kind: 'flow' }
  | { kind: 'backtest' }
  | { kind: 'money' }
  | { kind: 'access' }
  | { kind: 'cases'; id?: string }
  | { kind: 'unknown' };

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function placeOf(path: string): Place {
  const [first, second, ...rest] = path.split('/').filter(Boolean);
  if (rest.length > 0) {
    return { kind: 'unknown' };
  }
  switch (first) {
    case undefined:
      return { kind: 'board' };
    case 'd':
      return second ? { kind: 'board', uid: decode(second) } : { kind: 'board' };
    case 'violations':
      return second ? { kind: 'violation', id: decode(second) } : { kind: 'board', uid: 'violations' };
    case 'flow':
      return { kind: 'flow' };
    case 'cases':
      return second ? { kind: 'cases', id: decode(second) } : { kind: 'cases' };
    case 'access':
      return second ? { kind: 'unknown' } : { kind: 'access' };
    case 'money':
      return second ? { kind: 'unknown' } : { kind: 'money' };
    case 'backtest':
      return second ? { kind: 'unknown' } : { kind: 'backtest' };
    default:
      return { kind: 'unknown' };
  }
}

/** Goes to a path and keeps what the reader has chosen (period, unit, …). */
export function go(path: string): void {
  const { search } = locationService.getLocation();
  const target = new URL(path, window.location.origin);
  locationService.push(target.pathname + (target.search || search));
}

/** Lets links inside panels (data links, Markdown) change the page without loading it anew. */
export function followInnerLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return;
  }
  const anchor = (event.target as Element | null)?.closest?.('a[href]');
  if (!(anchor instanceof HTMLAnchorElement) || anchor.origin !== window.location.origin || anchor.hasAttribute('download')) {
    return;
  }
  if (placeOf(anchor.pathname).kind !== 'unknown' && anchor.pathname !== '/') {
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  }
}
