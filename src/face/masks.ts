/**
 * Masks drawn from landmarks: the whole face as a union of convex hulls, and the soft eyes and mouth that losses weigh more. One
 * channel, 0…1, in the pixels of the landmarks.
 */
import { type Corner, convexHull, type FloatImage, fillConvexPolygon, floatImage, gaussianBlur, growMask } from '../image/index.ts';
import type { Landmarks } from './landmarks.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** The parts of a face whose hulls make the mask. */
const parts: readonly (readonly number[])[] = [
  [...range(0, 8), 17], // jaw, left in the image
  [...range(8, 16), 26], // jaw, right
  [17, 18, 19, 8], // cheek, left
  [24, 25, 26, 8], // cheek, right
  [...range(19, 24), 8], // ridge
  [...range(17, 21), 27, ...range(31, 35), 8], // eye region, left
  [...range(22, 26), 27, ...range(31, 35), 8], // eye region, right
  [...range(27, 35)], // nose
];

/**
 * Landmarks cut to whole pixels, the brows moved up.
 *
 * @param browFactor  how far: this many times half the distance from the eyes. DeepFaceLab's eyebrows_expand_mod, usually 1.
 */
export function expandBrows(landmarks: Landmarks, browFactor: number): readonly Corner[] {
  const points = wholePixels(landmarks);
  const middle = (a: Corner, b: Corner): Corner => [Math.floor((a[0] + b[0]) / 2), Math.floor((a[1] + b[1]) / 2)];
  const left = middle(points[36]!, middle(points[36]!, points[0]!));
  const right = middle(points[45]!, middle(points[16]!, points[45]!));
  const below = [left, ...points.slice(36, 40), ...points.slice(42, 46), right];
  const raised = points.slice(17, 27).map(([x, y], i): Corner => {
    const [bx, by] = below[i]!;
    return [Math.trunc(x + browFactor * 0.5 * (x - bx)), Math.trunc(y + browFactor * 0.5 * (y - by))];
  });
  return [...points.slice(0, 17), ...raised, ...points.slice(27)];
}

/** The whole face: 1 inside, edges included, 0 outside. */
export function hullMask(landmarks: Landmarks, width: number, height: number, browFactor: number): FloatImage {
  const points = expandBrows(landmarks, browFactor);
  const mask = floatImage(width, height, 1);
  for (const part of parts) fillConvexPolygon(mask, convexHull(part.map((i) => points[i]!)), 1);
  return mask;
}

/** Both eyes, grown and blurred with the image's height. */
export function eyesMask(landmarks: Landmarks, width: number, height: number): FloatImage {
  const mask = floatImage(width, height, 1);
  addSoft(mask, landmarks, [range(36, 41), range(42, 47)]);
  return mask;
}

/** The mouth inside the inner lips, grown and blurred with the image's height. */
export function mouthMask(landmarks: Landmarks, width: number, height: number): FloatImage {
  const mask = floatImage(width, height, 1);
  addSoft(mask, landmarks, [range(60, 67)]);
  return mask;
}

/** Eyes and mouth together, up to 1, where `face` is not 0. */
export function eyesMouthMask(landmarks: Landmarks, face: FloatImage): FloatImage {
  const mask = eyesMask(landmarks, face.width, face.height);
  addSoft(mask, landmarks, [range(60, 67)]);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = face.data[i] === 0 ? 0 : Math.min(mask.data[i]!, 1);
  return mask;
}

/** Adds the hulls of some groups of landmarks, grown and blurred, to a mask. */
function addSoft(mask: FloatImage, landmarks: Landmarks, groups: readonly (readonly number[])[]): void {
  const { width, height } = mask;
  const points = wholePixels(landmarks);
  const grow = Math.floor(height / 32);
  const blur = Math.floor(height / 16) | 1;
  // The blur reaches its radius; mirrored borders need as much again, or the image's own edge.
  const margin = grow + 2 * (blur >> 1) + 1;
  const xs = groups.flat().map((i) => points[i]![0]);
  const ys = groups.flat().map((i) => points[i]![1]);
  const [x0, x1] = [Math.max(0, Math.min(...xs) - margin), Math.min(width, Math.max(...xs) + margin + 1)];
  const [y0, y1] = [Math.max(0, Math.min(...ys) - margin), Math.min(height, Math.max(...ys) + margin + 1)];
  if (!(x0 < x1 && y0 < y1)) return;
  const window = floatImage(x1 - x0, y1 - y0, 1);
  for (const group of groups) fillConvexPolygon(window, convexHull(group.map((i): Corner => [points[i]![0] - x0, points[i]![1] - y0])), 1);
  const soft = gaussianBlur(growMask(window, grow), blur);
  for (let y = y0, p = 0; y < y1; y++) for (let x = x0; x < x1; x++, p++) mask.data[y * width + x]! += soft.data[p]!;
}

const wholePixels = (landmarks: Landmarks): readonly Corner[] =>
  Array.from({ length: landmarks.length / 2 }, (_, i) => [Math.trunc(landmarks[i * 2]!), Math.trunc(landmarks[i * 2 + 1]!)]);
