/**
 * Polygons on the pixel grid, filled exactly as OpenCV's fillConvexPoly and fillPoly do: a Bresenham outline, then the rows between the
 * edges in 16.16 fixed point. Masks drawn by it must agree pixel by pixel, so the roundings are the contract.
 */
import type { FloatImage } from './image.ts';

/** A corner in integer pixels; it may lie outside the image. */
export type Corner = readonly [x: number, y: number];

/** The corners of the convex hull in order, without points on its edges (Andrew's monotone chain). */
export function convexHull(points: readonly Corner[]): Corner[] {
  const ordered = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const sorted = ordered.filter(([x, y], i) => i === 0 || x !== ordered[i - 1]![0] || y !== ordered[i - 1]![1]);
  const chain = (ordered: readonly Corner[]): Corner[] => {
    const hull: Corner[] = [];
    for (const p of ordered) {
      while (hull.length >= 2 && turn(hull[hull.length - 2]!, hull[hull.length - 1]!, p) <= 0) hull.pop();
      hull.push(p);
    }
    return hull;
  };
  const [lower, upper] = [chain(sorted), chain(sorted.reverse())];
  const hull = [...lower.slice(0, -1), ...upper.slice(0, -1)];
  return hull.length === 0 ? sorted.slice(0, 1) : hull;
}

const turn = (o: Corner, a: Corner, b: Corner): number => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

/**
 * Sets every pixel of a convex polygon, its edge included, to `value` in a one-channel image. Parts outside the image are cut off.
 * Source: OpenCV 4, fillConvexPoly with line type 8 and shift 0.
 */
export function fillConvexPolygon(image: FloatImage, corners: readonly Corner[], value: number): void {
  if (corners.length === 0) return;
  const { width, height, data } = image;
  for (const [i, corner] of corners.entries()) drawLine(image, corners[(i + corners.length - 1) % corners.length]!, corner, value);
  const ys = corners.map((c) => c[1]);
  const top = Math.max(0, Math.min(...ys));
  const bottom = Math.min(height, Math.max(...ys));
  for (let y = top; y < bottom; y++) {
    let left = Infinity;
    let right = -Infinity;
    for (const [i, [ax, ay]] of corners.entries()) {
      const [bx, by] = corners[(i + 1) % corners.length]!;
      const [x0, y0, x1, y1] = ay < by ? [ax, ay, bx, by] : [bx, by, ax, ay];
      if (y < y0 || y >= y1) continue;
      const dy = y1 - y0;
      const x = x0 * 65536 + (y - y0) * Math.trunc((2 * (x1 - x0) * 65536 + dy) / (2 * dy));
      left = Math.min(left, x);
      right = Math.max(right, x);
    }
    const from = Math.max(0, Math.floor((left + 32768) / 65536));
    const to = Math.min(width - 1, Math.floor((right + 32768) / 65536));
    if (from <= to) data.fill(value, y * width + from, y * width + to + 1);
  }
}

/**
 * Sets the pixels of any polygon, its edge included; where it crosses itself, what is inside an odd number of times.
 * Source: OpenCV 4, fillPoly; unlike fillConvexPoly it cuts off the slope of an edge and does not round it.
 */
export function fillPolygon(image: FloatImage, corners: readonly Corner[], value: number): void {
  if (corners.length === 0) return;
  const { width, height, data } = image;
  const edges = corners.map((corner, i): readonly [Corner, Corner] => [corners[(i + corners.length - 1) % corners.length]!, corner]);
  for (const [from, to] of edges) drawLine(image, from, to, value);
  const ys = corners.map((c) => c[1]);
  const bottom = Math.min(height, Math.max(...ys));
  for (let y = Math.max(0, Math.min(...ys)); y < bottom; y++) {
    const crossings: number[] = [];
    for (const [a, b] of edges) {
      const [[x0, y0], [x1, y1]] = a[1] < b[1] ? [a, b] : [b, a];
      if (y < y0 || y >= y1) continue;
      const dy = y1 - y0;
      crossings.push(x0 * 65536 + (y - y0) * Math.trunc(((x1 - x0) * 65536) / dy));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.floor((crossings[i]! + 32768) / 65536));
      const to = Math.min(width - 1, Math.floor((crossings[i + 1]! + 32768) / 65536));
      if (from <= to) data.fill(value, y * width + from, y * width + to + 1);
    }
  }
}

/** An 8-connected line, ends included, drawn from left to right. */
function drawLine({ width, height, data }: FloatImage, from: Corner, to: Corner, value: number): void {
  const ends = clipLine(width, height, from, to);
  if (ends === undefined) return;
  const [[x0, y0], [x1, y1]] = ends[0][0] <= ends[1][0] ? ends : [ends[1], ends[0]];
  const dx = x1 - x0;
  const dy = Math.abs(y1 - y0);
  const down = y1 < y0 ? -width : width;
  const [long, short, longStep, shortStep] = dx >= dy ? [dx, dy, 1, down] : [dy, dx, down, 1];
  let error = long - 2 * short;
  let p = y0 * width + x0;
  for (let i = 0; i <= long; i++) {
    data[p] = value;
    const minor = error < 0;
    error += minor ? 2 * (long - short) : -2 * short;
    p += minor ? longStep + shortStep : longStep;
  }
}

/** The part of a line inside the image, with OpenCV's roundings; undefined if there is none. Source: OpenCV, clipLine. */
function clipLine(width: number, height: number, from: Corner, to: Corner): [Corner, Corner] | undefined {
  const [right, bottom] = [width - 1, height - 1];
  const beyondX = (x: number): number => (x < 0 ? 1 : x > right ? 2 : 0);
  const beyondY = (y: number): number => (y < 0 ? 4 : y > bottom ? 8 : 0);
  let [[x1, y1], [x2, y2]] = [from, to];
  let c1 = beyondX(x1) + beyondY(y1);
  let c2 = beyondX(x2) + beyondY(y2);
  if (c1 === 0 && c2 === 0) return [from, to];
  if ((c1 & c2) !== 0) return undefined;
  if (c1 & 12) {
    const y = c1 < 8 ? 0 : bottom;
    x1 += Math.trunc(((y - y1) * (x2 - x1)) / (y2 - y1));
    y1 = y;
    c1 = beyondX(x1);
  }
  if (c2 & 12) {
    const y = c2 < 8 ? 0 : bottom;
    x2 += Math.trunc(((y - y2) * (x2 - x1)) / (y2 - y1));
    y2 = y;
    c2 = beyondX(x2);
  }
  if ((c1 & c2) !== 0) return undefined;
  if (c1 !== 0) {
    const x = c1 === 1 ? 0 : right;
    y1 += Math.trunc(((x - x1) * (y2 - y1)) / (x2 - x1));
    x1 = x;
  }
  if (c2 !== 0) {
    const x = c2 === 1 ? 0 : right;
    y2 += Math.trunc(((x - x2) * (y2 - y1)) / (x2 - x1));
    x2 = x;
  }
  return [
    [x1, y1],
    [x2, y2],
  ];
}
