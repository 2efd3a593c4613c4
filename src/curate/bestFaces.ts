/**
 * The best faces of a set by DeepFaceLab's rule: an equal share of every yaw, among these of every pitch, the sharpest first, and of those the
 * ones that differ most in brightness. Source: behaviour of DeepFaceLab's "best faces" sorting.
 */

import { BINS, preparedHistograms, totalDistances } from './histograms.ts';
import { roundHalfEven } from './sharpness.ts';
import { byNumber, type SortResult } from './sorting.ts';

const YAW_BINS = 128;
const WIDEST_YAW = 1.2;
/** For each face that a bin gives, so many are looked at. */
const CANDIDATES = 10;

export interface BestFacesInput {
  /** The faces, in their present order. */
  readonly faces: readonly number[];
  /** By face: radians, as poseOf has them. */
  readonly pitch: (face: number) => number;
  readonly yaw: (face: number) => number;
  /** What the better face has more of: sharpness, or area in the frame. */
  readonly quality: (face: number) => number;
  /** Gray histograms of the set, 256 bins a face. */
  readonly grey: ArrayLike<number>;
}

/**
 * Chooses about `target` faces.
 *
 * @param options.referenceTarget  DeepFaceLab rounds the share of a bin to the nearest whole number, which for targets below 64 is 0, and sets
 * all faces aside; unless this is asked for the share is at least 1.
 */
export function bestFaces(
  input: BestFacesInput,
  target: number,
  options: { readonly referenceTarget?: boolean | undefined } = {},
): Omit<SortResult, 'notes'> {
  const { faces, yaw, pitch, quality } = input;
  const bins = binned(faces, (face) => -yaw(face), spaced(-WIDEST_YAW, WIDEST_YAW, YAW_BINS));
  let share = roundHalfEven(target / YAW_BINS);
  if (!options.referenceTarget) share = Math.max(1, share);
  const lack = bins.reduce((sum, bin) => sum + Math.max(0, share - bin.length), 0);
  share += Math.floor(lack / YAW_BINS);
  const trash: number[] = [];
  const candidates = bins.map((bin) => {
    const sorted = byNumber(bin, quality, 'descending');
    trash.push(...sorted.slice(CANDIDATES * share));
    return sorted.slice(0, CANDIDATES * share);
  });
  const pitches = spaced(-Math.PI / 2, Math.PI / 2, share);
  const order: number[] = [];
  for (const bin of candidates) {
    const cells = binned(bin, pitch, pitches).map((cell) => leastAlikeFirst(cell, input.grey));
    const chosen = roundRobin(cells, share);
    order.push(...chosen.taken);
    trash.push(...chosen.left);
  }
  return { order, trash };
}

/** `count` numbers from `low` to `high`; one alone is `low`. */
const spaced = (low: number, high: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => (k === count - 1 && count > 1 ? high : low + (k * (high - low)) / Math.max(1, count - 1)));

/** Faces by the last grid value that they reach; the first bin takes all below the second value, too. */
function binned(faces: readonly number[], value: (face: number) => number, grid: Float64Array): number[][] {
  const bins: number[][] = Array.from(grid, () => []);
  for (const face of faces) {
    const v = value(face);
    let k = bins.length - 1;
    while (k > 0 && v < grid[k]!) k--;
    bins[k]?.push(face);
  }
  return bins;
}

/** By the sum of the histogram's distances to the others of the cell. */
function leastAlikeFirst(cell: readonly number[], grey: ArrayLike<number>): number[] {
  if (cell.length < 2) return [...cell];
  const totals = totalDistances(preparedHistograms(grey, cell, BINS), cell.length, undefined);
  const places = byNumber(
    cell.map((_, k) => k),
    (k) => totals[k]!,
    'descending',
  );
  return places.map((k) => cell[k]!);
}

function roundRobin(cells: readonly (readonly number[])[], count: number): { readonly taken: number[]; readonly left: number[] } {
  const taken: number[] = [];
  const next = cells.map(() => 0);
  for (let progressed = true; progressed && taken.length < count; ) {
    progressed = false;
    for (const [c, cell] of cells.entries()) {
      if (taken.length >= count || next[c]! >= cell.length) continue;
      taken.push(cell[next[c]!++]!);
      progressed = true;
    }
  }
  return { taken, left: cells.flatMap((cell, c) => cell.slice(next[c])) };
}
