/**
 * A saved state for an engine whose variables differ because an option changed: another optimizer, a discriminator added, dropped or of
 * another size. What fits is kept, what is missing starts afresh, and both are named.
 */
import { sameShape, type Tensor } from '../base/index.ts';
import type { EngineState } from './engine.ts';

export interface Fitted {
  readonly state: EngineState;
  /** Networks, or `<optimizer>/<slot>`, that start afresh wholly or in part. */
  readonly reset: readonly string[];
  /** The same kinds of names, stored but no longer used; the next save leaves them out. */
  readonly dropped: readonly string[];
}

/**
 * @param fresh the state of a new engine.
 * @param restart networks that must start afresh even if their shapes agree.
 */
export function fitState(stored: EngineState, fresh: EngineState, restart: ReadonlySet<string> = new Set()): Fitted {
  const optimizers = new Set([...Object.keys(stored.counters), ...Object.keys(fresh.counters)]);
  const place = (key: string): { group: string; network: string } => {
    const [head = '', slot = '', network = ''] = key.split('/');
    return optimizers.has(head) ? { group: `${head}/${slot}`, network } : { group: head, network: head };
  };
  const afresh = new Set(restart);
  for (const [key, { shape }] of fresh.tensors) {
    const old = stored.tensors.get(key);
    if (old !== undefined && !sameShape(old.shape, shape)) afresh.add(place(key).network); // one layer of another size: all of it is another
  }
  const tensors = new Map<string, Tensor>();
  const reset = new Set<string>();
  for (const [key, tensor] of fresh.tensors) {
    const { group, network } = place(key);
    const old = stored.tensors.get(key);
    if (old !== undefined && !afresh.has(network)) tensors.set(key, old);
    else {
      tensors.set(key, { shape: tensor.shape, data: tensor.data.slice() });
      reset.add(group);
    }
  }
  const counters = Object.fromEntries(Object.entries(fresh.counters).map(([name, count]) => [name, stored.counters[name] ?? count]));
  const dropped = new Set([...stored.tensors.keys()].filter((key) => !fresh.tensors.has(key)).map((key) => place(key).group));
  return { state: { tensors, counters }, reset: [...reset], dropped: [...dropped] };
}
