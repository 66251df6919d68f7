import type { ScopedVars } from '@grafana/data';
import { everything, type Resolve, type VariableValue } from '../../../console/web/src/interpolate';

/** A template variable, as far as it is looked at here. */
interface Variable {
  name: string;
  current?: { value?: unknown };
}

const all = '$__all';

function chosen(value: unknown): VariableValue | undefined {
  if (Array.isArray(value)) {
    return value.length === 0 || value.includes(all) ? everything : value.map(String);
  }
  if (value === '' || value === null || value === undefined || value === all) {
    return everything; // an empty choice narrows nothing
  }
  return typeof value === 'object' ? undefined : String(value);
}

/** Reads the variables of a dashboard; a panel that is repeated has a value of its own. */
export function variablesOf(list: readonly object[], scopedVars: ScopedVars = {}): Resolve {
  return (name) => {
    const scoped = scopedVars[name];
    if (scoped) {
      return chosen(scoped.value);
    }
    const variable = (list as Variable[]).find((one) => one.name === name);
    return variable ? chosen(variable.current?.value) : undefined;
  };
}
