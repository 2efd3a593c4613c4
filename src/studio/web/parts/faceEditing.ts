/** What the editors of a face compute, without a page: steps back and forth, parts of the 68 landmarks, regions of masks and their points. */
import { convexHull } from '../../../image/index.ts';
import type { MaskShape } from '../../protocol.ts';

/** Versions of something that is edited; the present one is in the middle. */
export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
}

const MOST = 500;
export const begun = <T>(present: T): History<T> => ({ past: [], present, future: [] });
export const changedTo = <T>({ past, present }: History<T>, next: T): History<T> => ({
  past: [...past.slice(1 - MOST), present],
  present: next,
  future: [],
});
export function stepBack<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  const before = past.at(-1);
  return before === undefined ? history : { past: past.slice(0, -1), present: before, future: [present, ...future] };
}
export function stepForth<T>(history: History<T>): History<T> {
  const { past, present, future } = history;
  const [next, ...rest] = future;
  return next === undefined ? history : { past: [...past, present], present: next, future: rest };
}

/** Parts of the 68 landmarks in iBUG's order: the first point and the one behind the last, and whether they close. */
export const parts = [
  { name: 'jaw', from: 0, to: 17, closed: false },
  { name: 'browLeft', from: 17, to: 22, closed: false },
  { name: 'browRight', from: 22, to: 27, closed: false },
  { name: 'ridge', from: 27, to: 31, closed: false },
  { name: 'nostrils', from: 31, to: 36, closed: false },
  { name: 'eyeLeft', from: 36, to: 42, closed: true },
  { name: 'eyeRight', from: 42, to: 48, closed: true },
  { name: 'lipsOuter', from: 48, to: 60, closed: true },
  { name: 'lipsInner', from: 60, to: 68, closed: true },
] as const;
export type Part = (typeof parts)[number];
export type Scope = 'point' | 'part' | 'all';

export const partOf = (point: number): Part => parts.find(({ from, to }) => point >= from && point < to) ?? parts[0];

/** The points that move with one. */
export function scopeOf(point: number, scope: Scope): readonly [from: number, to: number] {
  if (scope === 'all') return [0, 68];
  if (scope === 'point') return [point, point + 1];
  const { from, to } = partOf(point);
  return [from, to];
}

export function moved(points: readonly number[], [from, to]: readonly [number, number], dx: number, dy: number): readonly number[] {
  return points.map((v, i) => (i >= 2 * from && i < 2 * to ? v + (i % 2 === 0 ? dx : dy) : v));
}

/** Index of the nearest point and its distance; points are x0, y0, x1, … */
export function nearestPoint(points: readonly number[], x: number, y: number): { readonly at: number; readonly distance: number } {
  let [at, distance] = [-1, Number.POSITIVE_INFINITY];
  for (let i = 0; i < points.length / 2; i++) {
    const d = Math.hypot(points[2 * i]! - x, points[2 * i + 1]! - y);
    if (d < distance) [at, distance] = [i, d];
  }
  return { at, distance };
}

/** The edge of a closed region that passes nearest: the point that it begins at, the foot on it, the distance. */
export function nearestEdge(
  points: readonly number[],
  x: number,
  y: number,
): { readonly at: number; readonly foot: readonly [number, number]; readonly distance: number } {
  let best: ReturnType<typeof nearestEdge> = { at: -1, foot: [0, 0], distance: Number.POSITIVE_INFINITY };
  const n = points.length / 2;
  for (let i = 0; i < n; i++) {
    const [ax, ay] = [points[2 * i]!, points[2 * i + 1]!];
    const k = (i + 1) % n;
    const [bx, by] = [points[2 * k]! - ax, points[2 * k + 1]! - ay];
    const length = bx * bx + by * by;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * bx + (y - ay) * by) / length));
    const foot = [ax + along * bx, ay + along * by] as const;
    const distance = Math.hypot(x - foot[0], y - foot[1]);
    if (distance < best.distance) best = { at: i, foot, distance };
  }
  return best;
}

/** Whether a closed region holds a place, by the even-odd rule. */
export function holds(points: readonly number[], x: number, y: number): boolean {
  let inside = false;
  const n = points.length / 2;
  for (let i = 0, k = n - 1; i < n; k = i++) {
    const [ax, ay, bx, by] = [points[2 * i]!, points[2 * i + 1]!, points[2 * k]!, points[2 * k + 1]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

type Shapes = readonly MaskShape[];
const withPoints = (shapes: Shapes, region: number, change: (points: readonly number[]) => readonly number[]): Shapes =>
  shapes.map((shape, i) => (i === region ? { ...shape, points: change(shape.points) } : shape));

/** The regions with a point more, behind point `at`. */
export const pointAdded = (shapes: Shapes, region: number, at: number, [x, y]: readonly [number, number]): Shapes =>
  withPoints(shapes, region, (points) => points.toSpliced(2 * at + 2, 0, x, y));

/** The regions without a point; a region that keeps fewer than three goes as a whole. */
export const pointRemoved = (shapes: Shapes, region: number, at: number): Shapes =>
  (shapes[region]?.points.length ?? 0) <= 6
    ? regionRemoved(shapes, region)
    : withPoints(shapes, region, (points) => points.toSpliced(2 * at, 2));

export const pointMoved = (shapes: Shapes, region: number, at: number, dx: number, dy: number): Shapes =>
  withPoints(shapes, region, (points) => points.map((v, i) => (i === 2 * at ? v + dx : i === 2 * at + 1 ? v + dy : v)));

export const regionMoved = (shapes: Shapes, region: number, dx: number, dy: number): Shapes =>
  withPoints(shapes, region, (points) => points.map((v, i) => v + (i % 2 === 0 ? dx : dy)));

export const regionRemoved = (shapes: Shapes, region: number): Shapes => shapes.filter((_, i) => i !== region);

export const regionFlipped = (shapes: Shapes, region: number): Shapes =>
  shapes.map((shape, i) => (i === region ? { ...shape, include: !shape.include } : shape));

/** Whether there are regions and the mask that they make is empty, since none of them includes anything. */
export const isEmptyMask = (shapes: Shapes): boolean => shapes.length > 0 && !shapes.some(({ include }) => include);

/** All regions as in a mirror: pixel x becomes width − 1 − x. */
export const mirrored = (shapes: Shapes, width: number): Shapes =>
  shapes.map(({ include, points }) => ({ include, points: points.map((v, i) => (i % 2 === 0 ? width - 1 - v : v)) }));

/** The outline of a face: the convex hull of its landmarks, so that a nose in profile stays inside. */
export const faceOutline = (landmarks: readonly number[]): readonly number[] =>
  convexHull(Array.from({ length: landmarks.length / 2 }, (_, i) => [landmarks[2 * i]!, landmarks[2 * i + 1]!] as const)).flat();

/** Of a path: all points, closed or not. */
export function pathOf(points: readonly number[], closed: boolean): string {
  const some = [];
  for (let i = 0; i < points.length; i += 2) some.push(`${points[i]!} ${points[i + 1]!}`);
  return some.length === 0 ? '' : `M${some.join('L')}${closed ? 'Z' : ''}`;
}
export const landmarkLines = (points: readonly number[]): string =>
  parts.map(({ from, to, closed }) => pathOf(points.slice(2 * from, 2 * to), closed)).join('');
/** Dots as lines of no length, so that they keep their size at every zoom. */
export const dotsPath = (points: readonly number[], [from, to]: readonly [number, number] = [0, points.length / 2]): string =>
  points
    .slice(2 * from, 2 * to)
    .flatMap((x, i, some) => (i % 2 === 0 ? [`M${x} ${some[i + 1]!}h0`] : []))
    .join('');
