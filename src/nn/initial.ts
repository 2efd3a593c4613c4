/**
 * Initial values of parameters. Each variable has a random stream of its own, named after it, so that adding a network or changing the
 * order of construction leaves the others as they are.
 */
import { sizeOf, streamFor } from '../base/index.ts';
import type { Variable } from './scope.ts';

/**
 * Zeros, or Glorot's uniform distribution in ±√(6 / (fan in + fan out)), where a kernel's taps count in both.
 * Source: Glorot and Bengio 2010, eq. 16; as in TensorFlow's glorot_uniform.
 */
export function initialValue({ name, shape, initial }: Pick<Variable, 'name' | 'shape' | 'initial'>, seed: number): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  if (initial === 'zeros') return data;
  const taps = sizeOf(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (taps * (shape.at(-2)! + shape.at(-1)!)));
  const rng = streamFor(seed, 'init', name);
  for (let i = 0; i < data.length; i++) data[i] = rng.uniform(-limit, limit);
  return data;
}
