import { useEffect, useRef } from 'react';

/** Calls back on Escape before a tooltip or a menu can keep the key to itself, and gives focus back afterwards. */
export function useEscape(onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    const before = document.activeElement;
    const listen = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        latest.current();
      }
    };
    document.addEventListener('keydown', listen, true);
    return () => {
      document.removeEventListener('keydown', listen, true);
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus({ preventScroll: true });
      }
    };
  }, []);
}
