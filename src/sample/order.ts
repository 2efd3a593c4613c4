/**
 * Which face comes when: endless shuffled passes over a set. The order is a pure function of a seed and a position, so that a resumed
 * run and any number of workers see the same faces.
 */
import { FormatError, streamFor } from '../base/index.ts';

/**
 * Maps positions 0, 1, 2 … of an endless stream to indices.
 *
 * @param attempt  another number gives another stream.
 */
export type Order = (position: number, attempt: number) => number;

/** Passes over 0 … count − 1, each a new permutation: every index once in each. */
export function shuffledPasses(seed: number, name: string, count: number): Order {
  let held = { pass: -1, attempt: -1, permutation: [] as number[] };
  return (position, attempt) => {
    const pass = Math.floor(position / count);
    if (pass !== held.pass || attempt !== held.attempt) {
      const indices = Array.from({ length: count }, (_, i) => i);
      held = { pass, attempt, permutation: streamFor(seed, 'order', name, attempt, pass).shuffle(indices) };
    }
    return held.permutation[position % count]!;
  };
}

const BINS = 128;
const REACH = 1.2;

/**
 * Shuffled passes over the occupied bins of yaw; a bin that comes up gives the next face of its own shuffled passes.
 *
 * @param yaws  one a face, in radians; faces whose yaw is NaN never come.
 * @throws FormatError if that leaves none.
 */
export function uniformYawOrder(seed: number, name: string, yaws: ArrayLike<number>): Order {
  const bins = yawBins(yaws);
  const passes = shuffledPasses(seed, `${name}/bins`, bins.length);
  const inside = bins.map((faces, bin) => shuffledPasses(seed, `${name}/bin ${bin}`, faces.length));
  return (position, attempt) => {
    const bin = passes(position, attempt);
    const draw = Math.floor(position / bins.length); // each pass over the bins draws each once
    return bins[bin]![inside[bin]!(draw, attempt)]!;
  };
}

/** The faces of each occupied bin of −yaw between −1.2 and 1.2; the outer bins take what lies beyond, none takes NaN. */
export function yawBins(yaws: ArrayLike<number>): readonly (readonly number[])[] {
  const bins: number[][] = Array.from({ length: BINS }, () => []);
  const step = (2 * REACH) / (BINS - 1);
  for (let i = 0; i < yaws.length; i++) {
    const bin = Math.floor((-yaws[i]! + REACH) / step);
    if (!Number.isNaN(bin)) bins[Math.min(Math.max(bin, 0), BINS - 1)]!.push(i);
  }
  const occupied = bins.filter((faces) => faces.length > 0);
  if (occupied.length > 0) return occupied;
  throw new FormatError(`no yaw of ${yaws.length} faces: their landmarks fit no face`, {
    next: 'turn uniform_yaw off, or extract the faces again',
  });
}
