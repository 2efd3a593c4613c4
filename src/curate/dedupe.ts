/**
 * Faces that are nearly the same picture: of each bunch the sharpest is kept. Faces are compared by thumbnails and by expression, never by chains
 * of neighbours, so that a slow turn of the head does not collapse into one face. A grid over the directions in which the set varies
 * most finds the candidates; nothing within the limit is missed.
 */
import { symmetricEigen } from '../image/index.ts';
import type { MeasureName, Measures } from './measureTable.ts';
import { byNumber } from './sorting.ts';
import { coarseThumbnails } from './thumbnails.ts';

export const dedupeNeeds: readonly MeasureName[] = ['thumbnail', 'expression', 'sharpness'];

export interface DedupeOptions {
  /** Root mean square difference of two thumbnails, in levels of 255, up to which faces are the same; 3 unless given. */
  readonly threshold?: number | undefined;
  /** Largest difference of the opening of the mouth (in units of the template) and of the eyes; 0.03 and 0.1 unless given. */
  readonly mouth?: number | undefined;
  readonly eyes?: number | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface Duplicate {
  readonly face: number;
  /** The kept face that it repeats. */
  readonly of: number;
  /** Root mean square difference of their thumbnails, in levels. */
  readonly distance: number;
}

const THRESHOLD = 3;
const [MOUTH, EYES] = [0.03, 0.1];
const THUMBNAIL = 768;
const COARSE_FACTOR = 4;
const COARSE = 48;

/**
 * @param measures  holding `dedupeNeeds`. Broken faces are neither kept nor repeated.
 * @returns the kept faces in their present order, and the others by what they repeat. Deterministic: the sharper face goes first, of equals the earlier.
 */
export function dedupe(
  measures: Measures,
  options: DedupeOptions = {},
): { readonly kept: readonly number[]; readonly duplicates: readonly Duplicate[] } {
  const { threshold = THRESHOLD, mouth = MOUTH, eyes = EYES, progress } = options;
  const faces = Array.from({ length: measures.count }, (_, i) => i).filter((i) => !measures.broken.has(i));
  const thumbnails = measures.values('thumbnail') as Uint8Array;
  const [expression, sharp] = [measures.values('expression'), measures.values('sharpness')];
  const limit = threshold * threshold * THUMBNAIL; // of squared distances
  const vectors = coarseThumbnails(thumbnails, faces, COARSE_FACTOR);
  const grid = new Grid(vectors, faces.length, Math.max(Math.sqrt(limit), 1));
  const places = byNumber(
    faces.map((_, k) => k),
    (k) => (Number.isNaN(sharp[faces[k]!]!) ? -1 : sharp[faces[k]!]!),
    'descending',
  );
  const differs = (a: number, b: number): boolean =>
    Math.abs(expression[a * 4]! - expression[b * 4]!) > mouth || Math.abs(expression[a * 4 + 2]! - expression[b * 4 + 2]!) > eyes;
  const kept: number[] = [];
  const duplicates: Duplicate[] = [];
  for (const [n, k] of places.entries()) {
    const face = faces[k]!;
    let [of, least] = [-1, limit];
    grid.near(k, (other) => {
      if (coarseDistance(vectors, k, other, least) > least) return;
      const d = thumbnailDistance(thumbnails, face, faces[other]!, least);
      if (d > least || (d === least && of >= 0) || differs(face, faces[other]!)) return;
      [of, least] = [faces[other]!, d];
    });
    if (of >= 0) duplicates.push({ face, of, distance: Math.sqrt(least / THUMBNAIL) });
    else {
      kept.push(face);
      grid.add(k);
    }
    if (n % 1000 === 0) progress?.(n, places.length);
  }
  progress?.(places.length, places.length);
  return { kept: kept.sort((a, b) => a - b), duplicates: duplicates.sort((a, b) => a.of - b.of || a.face - b.face) };
}

/** Squared distances; those above `most` may come out as anything above it. */
function thumbnailDistance(thumbnails: Uint8Array, a: number, b: number, most: number): number {
  let sum = 0;
  for (let i = a * THUMBNAIL, j = b * THUMBNAIL, end = i + THUMBNAIL; i < end && sum <= most; ) {
    for (const row = i + 48; i < row; i++, j++) {
      const d = thumbnails[i]! - thumbnails[j]!;
      sum += d * d;
    }
  }
  return sum;
}

/** A little below the true value, so that rounding excludes nothing. */
function coarseDistance(vectors: Float32Array, a: number, b: number, most: number): number {
  let sum = 0;
  for (let i = a * COARSE, j = b * COARSE, end = i + COARSE; i < end && sum <= most; ) {
    for (const row = i + 12; i < row; i++, j++) {
      const d = vectors[i]! - vectors[j]!;
      sum += d * d;
    }
  }
  return sum * (1 - 1e-5);
}

/** Directions of the grid. */
const AXES = 4;
/** Faces from which the directions are taken. */
const SAMPLE = 2000;
/** Cells per axis, more than a distance of thumbnails can span at cells of one unit; products of four stay exact. */
const SPAN = 2 ** 13;

/** Cells of one limit's width along the principal directions: whatever lies within the limit is in the same or an adjoining cell. */
class Grid {
  readonly #cells = new Map<number, number[]>();
  readonly #places: Int32Array;

  constructor(vectors: Float32Array, count: number, width: number) {
    const axes = principalAxes(vectors, count);
    this.#places = new Int32Array(count * AXES);
    for (let k = 0; k < count; k++) {
      for (const [a, axis] of axes.entries()) {
        let along = 0;
        for (let d = 0; d < COARSE; d++) along += vectors[k * COARSE + d]! * axis[d]!;
        // Wider by a little than the limit, for the rounding of the directions.
        this.#places[k * AXES + a] = Math.floor(along / (width * 1.0001)) + SPAN / 2;
      }
    }
  }

  add(k: number): void {
    const key = this.#key(k, 0, 0, 0, 0);
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, [k]);
    else cell.push(k);
  }

  /** Visits all that were added and may lie within the limit. */
  near(k: number, visit: (other: number) => void): void {
    for (let a = -1; a <= 1; a++)
      for (let b = -1; b <= 1; b++)
        for (let c = -1; c <= 1; c++)
          for (let d = -1; d <= 1; d++) for (const other of this.#cells.get(this.#key(k, a, b, c, d)) ?? []) visit(other);
  }

  #key(k: number, a: number, b: number, c: number, d: number): number {
    const p = this.#places;
    const at = k * AXES;
    return (((p[at]! + a) * SPAN + p[at + 1]! + b) * SPAN + p[at + 2]! + c) * SPAN + p[at + 3]! + d;
  }
}

/** The directions of most variance, of unit length. */
function principalAxes(vectors: Float32Array, count: number): readonly Float64Array[] {
  const step = Math.max(1, Math.floor(count / SAMPLE));
  const mean = new Float64Array(COARSE);
  let n = 0;
  for (let k = 0; k < count; k += step, n++) for (let d = 0; d < COARSE; d++) mean[d]! += vectors[k * COARSE + d]!;
  for (let d = 0; d < COARSE; d++) mean[d]! /= Math.max(1, n);
  const covariance = new Float64Array(COARSE * COARSE);
  for (let k = 0; k < count; k += step) {
    for (let i = 0; i < COARSE; i++) {
      const di = vectors[k * COARSE + i]! - mean[i]!;
      for (let j = 0; j < COARSE; j++) covariance[i * COARSE + j]! += di * (vectors[k * COARSE + j]! - mean[j]!);
    }
  }
  const { values, vectors: directions } = symmetricEigen(covariance, COARSE);
  const best = Array.from(values.keys())
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, AXES);
  return best.map((column) => Float64Array.from({ length: COARSE }, (_, d) => directions[d * COARSE + column]!));
}
