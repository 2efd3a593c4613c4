/**
 * The most useful N faces of a set: every pose, expression and light that there is, sharp pictures before blurred ones.
 *
 * What is maximised is Σ √(Σ q) over the cells of five views of the set: pose (yaw × pitch), expression (mouth × eyes), mouth in every yaw, the shape
 * of mouth and brows, and light. The inner sum runs over the chosen faces of a cell, q is a face's quality. The root makes the tenth face of a
 * cell worth less than the first of another; the greedy choice is within 1 − 1/e of the best possible.
 * Source: Nemhauser, Wolsey and Fisher 1978; Minoux 1978 for the order in which gains are renewed.
 */
import { isMeasured, type MeasureName, type Measures } from './measureTable.ts';
import type { SortResult } from './sorting.ts';

export const chooseNeeds: readonly MeasureName[] = ['pose', 'expression', 'sharpness', 'brightness'];

/** Quality of the least sharp face of its pose, against 1 of the sharpest. */
const LEAST_QUALITY = 0.1;

/**
 * @param measures  holding `chooseNeeds`; faces that lack one are never chosen.
 * @param count  how many; all usable ones if they are fewer.
 * @returns the faces in the order in which they were chosen, so that any first part is a choice itself; the rest in the present order.
 */
export function chooseFaces(measures: Measures, count: number, progress?: (done: number, total: number) => void): SortResult {
  const all = Array.from({ length: measures.count }, (_, i) => i);
  const faces = all.filter((i) => chooseNeeds.every((need) => isMeasured(measures, need, i)));
  const { cells, poseCell, total } = cellsOf(measures, faces);
  const quality = qualities(measures, faces, poseCell);
  const views = cells.length;
  const sums = new Float64Array(total);
  const gain = (k: number): number => {
    let g = 0;
    for (let v = 0; v < views; v++) {
      const sum = sums[cells[v]![k]!]!;
      g += Math.sqrt(sum + quality[k]!) - Math.sqrt(sum);
    }
    return g;
  };
  const heap = new GainHeap(Float64Array.from(faces, (_, k) => gain(k)));
  const order: number[] = [];
  const wanted = Math.min(count, faces.length);
  while (order.length < wanted) {
    const k = heap.popWith(gain);
    order.push(faces[k]!);
    for (let v = 0; v < views; v++) sums[cells[v]![k]!]! += quality[k]!;
    if (order.length % 100 === 0) progress?.(order.length, wanted);
  }
  const chosen = new Set(order);
  return { order, trash: all.filter((i) => !chosen.has(i)), notes: [] };
}

/** For each view the cell of each face; cells of all views are numbered through. */
function cellsOf(
  measures: Measures,
  faces: readonly number[],
): { readonly cells: readonly Int32Array[]; readonly poseCell: Int32Array; readonly total: number } {
  const [pose, expression, brightness] = [measures.values('pose'), measures.values('expression'), measures.values('brightness')];
  const within = (at: number, widest: number, bins: number): Int32Array =>
    Int32Array.from(faces, (face) => {
      const share = (pose[face * 3 + at]! + widest) / (2 * widest);
      return Math.min(bins - 1, Math.max(0, Math.floor(share * bins)));
    });
  // Between the set's own 2nd and 98th percentile: equal steps of an opening, not equal numbers of faces.
  const stepped = (value: (face: number) => number, bins: number): Int32Array => {
    const sorted = Float64Array.from(faces, value).sort();
    const [low, high] = [sorted[Math.floor(0.02 * sorted.length)] ?? 0, sorted[Math.floor(0.98 * sorted.length)] ?? 1];
    const width = high > low ? high - low : 1;
    return Int32Array.from(faces, (face) => Math.min(bins - 1, Math.max(0, Math.floor(((value(face) - low) / width) * bins))));
  };
  const mouth = (bins: number): Int32Array => stepped((face) => expression[face * 4]!, bins);
  const poseCell = crossed(within(1, 1.2, 24), within(0, 0.8, 12), 12);
  const views: readonly (readonly [cells: Int32Array, count: number])[] = [
    [poseCell, 24 * 12],
    [
      crossed(
        mouth(8),
        stepped((face) => expression[face * 4 + 2]!, 4),
        4,
      ),
      8 * 4,
    ],
    [crossed(within(1, 1.2, 12), mouth(4), 4), 12 * 4],
    [
      crossed(
        stepped((face) => expression[face * 4 + 1]!, 5),
        stepped((face) => expression[face * 4 + 3]!, 4),
        4,
      ),
      5 * 4,
    ],
    [stepped((face) => brightness[face]!, 8), 8],
  ];
  let total = 0;
  const cells = views.map(([cell, count]) => {
    const first = total;
    total += count;
    return cell.map((c) => c + first);
  });
  return { cells, poseCell, total };
}

const crossed = (a: Int32Array, b: Int32Array, width: number): Int32Array => a.map((v, k) => v * width + b[k]!);

/** By rank of sharpness among the faces of its pose, as a face from the side has fewer edges than one from the front. */
function qualities(measures: Measures, faces: readonly number[], poseCell: Int32Array): Float64Array {
  const sharp = measures.values('sharpness');
  const members = new Map<number, number[]>();
  for (const [k, cell] of poseCell.entries()) {
    const list = members.get(cell);
    if (list === undefined) members.set(cell, [k]);
    else list.push(k);
  }
  const out = new Float64Array(faces.length);
  for (const list of members.values()) {
    list.sort((a, b) => sharp[faces[a]!]! - sharp[faces[b]!]!);
    for (const [rank, k] of list.entries())
      out[k] = LEAST_QUALITY + (1 - LEAST_QUALITY) * (list.length === 1 ? 1 : rank / (list.length - 1));
  }
  return out;
}

/** A heap of gains that only ever shrink: the top is renewed until it stays on top. Of equal gains the earlier face comes first. */
class GainHeap {
  readonly #gains: Float64Array;
  readonly #heap: Int32Array;
  #size: number;

  constructor(gains: Float64Array) {
    this.#gains = gains;
    this.#size = gains.length;
    this.#heap = Int32Array.from(gains, (_, k) => k);
    for (let i = (this.#size >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  popWith(renewed: (k: number) => number): number {
    for (;;) {
      const top = this.#heap[0]!;
      this.#gains[top] = renewed(top);
      this.#sink(0);
      if (this.#heap[0] !== top) continue;
      this.#heap[0] = this.#heap[--this.#size]!;
      this.#sink(0);
      return top;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#gains[a]!, this.#gains[b]!];
    return x > y || (x === y && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let i = from; ; ) {
      let best = i;
      for (let child = 2 * i + 1; child <= 2 * i + 2 && child < this.#size; child++) {
        if (this.#before(heap[child]!, heap[best]!)) best = child;
      }
      if (best === i) return;
      [heap[i], heap[best]] = [heap[best]!, heap[i]!];
      i = best;
    }
  }
}
