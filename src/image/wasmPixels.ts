/** Sums over four neighbouring pixels of one or three floats each, which lie in as many vectors: the last step of a filter with four taps. */
import { type Code, f32x4, type Local, v128 } from './wasmCode.ts';

/** Four weights for each pixel of a table, repeated for the channels: in the order in which the floats of four pixels lie. */
export const weightsOfPixels = (four: ArrayLike<number>, channels: number): Float32Array =>
  Float32Array.from({ length: four.length * channels }, (_, i) => four[Math.floor(i / channels)]!);

/**
 * Σ of the four pixels times their weights. One channel: in every lane. Three: in the first three lanes, the last means nothing.
 *
 * @param values  the one or three vectors of the pixels, which are overwritten.
 */
export function sumOfPixels(values: readonly Local[], weights: (vector: number) => Code): Code {
  const weighted = values.flatMap((value, k) => value.set(f32x4.mul(value.get, weights(k))));
  const [a, b, c] = values;
  if (b === undefined || c === undefined) {
    const [x, half] = [a!, (value: Code): Code => v128.shuffle(value, value, [2, 3, 0, 1])];
    const turned = v128.shuffle(x.get, x.get, [1, 0, 3, 2]);
    return [...weighted, ...x.set(f32x4.add(x.get, half(x.get))), ...f32x4.add(x.get, turned)];
  }
  const second = v128.shuffle(a!.get, b.get, [3, 4, 5, 6]);
  const third = v128.shuffle(b.get, c.get, [2, 3, 4, 5]);
  const fourth = v128.shuffle(c.get, c.get, [1, 2, 3, 3]);
  return [...weighted, ...f32x4.add(f32x4.add(a!.get, second), f32x4.add(third, fourth))];
}
