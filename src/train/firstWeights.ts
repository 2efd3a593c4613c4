/** A new model that starts from the weights of another: faces it has learned already need not be learned again. */
import { OptionError, sameShape, type Tensor } from '../base/index.ts';
import type { EngineState } from './engine.ts';

/**
 * The state of a new engine with the weights that `weights` has. Optimizers begin anew. A network comes over whole or not at all.
 *
 * @param source what errors call the weights.
 * @returns the state, and the networks that keep their fresh weights because `weights` has nothing of them.
 * @throws OptionError that names the first variable which is missing or has another shape.
 */
export function withFirstWeights(
  engine: EngineState,
  weights: ReadonlyMap<string, Tensor>,
  source: string,
): { readonly state: EngineState; readonly fresh: readonly string[] } {
  const optimizers = new Set(Object.keys(engine.counters));
  const networkOf = (name: string): string => name.slice(0, name.indexOf('/'));
  const given = new Set([...weights.keys()].map(networkOf));
  const fresh = new Set<string>();
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of engine.tensors) {
    const network = networkOf(name);
    const first = weights.get(name);
    if (!optimizers.has(network) && given.has(network))
      tensors.set(name, { shape: tensor.shape, data: matching(name, tensor, first, source) });
    else {
      tensors.set(name, { shape: tensor.shape, data: tensor.data.slice() });
      if (!optimizers.has(network)) fresh.add(network);
    }
  }
  if (tensors.size > 0 && ![...tensors.keys()].some((name) => weights.has(name))) {
    throw new OptionError(`--from ${source}: no weights of this model`, {
      found: [...given].slice(0, 8).join(', ') || 'nothing',
      expected: [...fresh].join(', '),
    });
  }
  return { state: { tensors, counters: engine.counters }, fresh: [...fresh] };
}

function matching(name: string, { shape }: Tensor, first: Tensor | undefined, source: string): Float32Array {
  if (first !== undefined && sameShape(first.shape, shape)) return first.data.slice();
  throw new OptionError(`--from ${source}: weights of another network`, {
    found: first === undefined ? `no ${name}` : `${name} of ${first.shape.join('×')}`,
    expected: `${name} of ${shape.join('×')}`,
    next: 'give the new model the --archi, --resolution and dims of the one it starts from',
  });
}
