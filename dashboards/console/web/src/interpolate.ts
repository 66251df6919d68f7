/** The value of a template variable: one, several, or every one (then the filter is left out). */
export type VariableValue = string | string[] | typeof everything;

export const everything = Symbol('every value');

/** Finds the value of a variable by name; undefined when there is no such variable. */
export type Resolve = (name: string) => VariableValue | undefined;

const single = /^\$(?:\{(\w+)(?::\w+)?\}|(\w+))$/;
const anywhere = /\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g;
const allValue = '$__all';

/** Marks a place whose filter is to be left out of the query. */
const left = Symbol('left out');

type Result = unknown | typeof left;

function interpolateString(text: string, resolve: Resolve): Result {
  if (text === allValue) {
    return left;
  }
  const match = single.exec(text);
  if (match) {
    const value = resolve((match[1] ?? match[2])!);
    if (value === undefined) {
      return text;
    }
    if (value === everything || value === allValue) {
      return left;
    }
    return Array.isArray(value) && value.includes(allValue) ? left : value;
  }
  return text.replace(anywhere, (whole, braced?: string, bare?: string) => {
    const value = resolve((braced ?? bare)!);
    if (value === undefined) {
      return whole;
    }
    if (value === everything) {
      return allValue;
    }
    return Array.isArray(value) ? value.join(',') : String(value);
  });
}

function interpolateArray(items: unknown[], resolve: Resolve): Result {
  const out: unknown[] = [];
  let leftOut = false;
  for (const item of items) {
    const value = walk(item, resolve);
    if (value === left) {
      leftOut = true;
    } else if (Array.isArray(value) && typeof item === 'string') {
      out.push(...value); // one place, several chosen values
    } else {
      out.push(value);
    }
  }
  const held = items.some((item) => typeof item === 'object' && item !== null);
  // ["${unit}"] with "all" chosen is no filter; a list of filters that lost one is still a list.
  return leftOut && !held ? left : out;
}

function interpolateObject(object: Record<string, unknown>, resolve: Resolve): Result {
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(object)) {
    const value = walk(item, resolve);
    if (value !== left) {
      out[key] = value;
    } else if (key === 'value' || key === 'values') {
      return left; // {field, op, values: all}: the whole condition goes
    }
  }
  return out;
}

function walk(node: unknown, resolve: Resolve): Result {
  if (typeof node === 'string') {
    return interpolateString(node, resolve);
  }
  if (Array.isArray(node)) {
    return interpolateArray(node, resolve);
  }
  if (typeof node === 'object' && node !== null) {
    return interpolateObject(node as Record<string, unknown>, resolve);
  }
  return node;
}

/**
 * Replaces `$name` and `${name}` in every string of a query. A variable with several values
 * becomes a list; one set to "all" takes its filter away.
 */
export function interpolateQuery<T extends object>(query: T, resolve: Resolve): T {
  const out = walk(query, resolve);
  return (out === left ? {} : out) as T;
}
