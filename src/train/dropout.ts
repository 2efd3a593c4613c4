/**
 * The draws of learning-rate dropout: which weights move in a step. They are a function of the seed and the step alone, so that a
 * resumed run draws the same ones.
 */
import { streamFor } from '../base/index.ts';

/**
 * A draw keeps a weight if one of 256 equally likely values is below this. The reference compares a half-precision uniform draw, a
 * multiple of 1/1024, with 0.3: 308 of 1024 values pass, which is exactly 77 of 256.
 */
const KEPT_OF_256 = 77;

/** Fills `keep` with 1 (the weight moves) and 0, each element an independent draw. */
export function drawKept(keep: Uint8Array, seed: number, step: number, variable: string): void {
  const rng = streamFor(seed, 'dropout', step, variable);
  const whole = keep.length - (keep.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const bits = rng.uint32();
    keep[i] = (bits & 255) < KEPT_OF_256 ? 1 : 0;
    keep[i + 1] = ((bits >>> 8) & 255) < KEPT_OF_256 ? 1 : 0;
    keep[i + 2] = ((bits >>> 16) & 255) < KEPT_OF_256 ? 1 : 0;
    keep[i + 3] = bits >>> 24 < KEPT_OF_256 ? 1 : 0;
  }
  for (let i = whole; i < keep.length; i++) keep[i] = (rng.uint32() & 255) < KEPT_OF_256 ? 1 : 0;
}
