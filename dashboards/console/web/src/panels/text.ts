import { measureText } from '@grafana/ui';

/** Shortens a text with an ellipsis until it fits the width; `most` caps its length in characters (0: no cap). */
export function fitText(text: string, width: number, most = 0, size = 12): string {
  let out = most > 0 && text.length > most ? `${text.slice(0, most - 1)}…` : text;
  if (measureText(out, size).width <= width) {
    return out;
  }
  let low = 0;
  let high = out.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measureText(`${out.slice(0, middle)}…`, size).width <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  out = out.slice(0, low).trimEnd();
  return out ? `${out}…` : '';
}
