import { useCallback, useEffect, useState } from 'react';

export interface Loaded<T> {
  value?: T;
  error?: Error;
  reload: () => void;
}

/** Loads a value when `key` changes, and again every `everyMs` milliseconds if given; a failed reload keeps the old value. */
export function useLoaded<T>(key: string, load: () => Promise<T>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: Error }>({ key });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setState({ key, value }),
      (error: Error) => current && setState((old) => ({ key, value: old.key === key ? old.value : undefined, error })),
    );
    return () => {
      current = false;
    };
    // `load` is made anew on each render; `key` names what it loads.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, turn]);
  useEffect(() => {
    if (everyMs <= 0) {
      return;
    }
    const timer = setInterval(() => setTurn((n) => n + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return state.key === key ? { value: state.value, error: state.error, reload } : { reload };
}
