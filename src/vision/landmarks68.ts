/**
 * The 68 landmarks out of the mesh: each a point of it or a weighted mean of two. The weights were fitted so that the mean mesh of about
 * 80 near-frontal faces, after a similarity, falls on the mean face of the alignment (0.026 of the distance between the eyes; single
 * points alone reach 0.047). Points of the jaw are fixed points of the skin here: good for hulls, not for alignment.
 */
import type { Landmarks } from '../face/index.ts';

type Place = number | readonly [a: number, share: number, b: number];

const places: readonly Place[] = [
  // jaw
  ...[127, 234, 93, 132, 58, 172, 150, 176, 152, 400, 379, 397, 288, 361, 323, 454, 356],
  // brow left in the image, brow right
  ...([
    [70, 0.7, 46],
    [63, 0.8, 53],
    [105, 0.67, 66],
    [66, 0.6, 107],
    [107, 0.6, 55],
  ] as const),
  ...([
    [336, 0.6, 285],
    [296, 0.6, 336],
    [334, 0.67, 296],
    [293, 0.8, 283],
    [300, 0.7, 276],
  ] as const),
  // ridge and base of the nose
  ...([168, 197, [5, 0.65, 195], 4] as const),
  ...([[98, 0.45, 75], 97, [2, 0.5, 164], 326, [327, 0.45, 305]] as const),
  // eyes
  ...[33, 160, 158, 133, 153, 144],
  ...[362, 385, 387, 263, 373, 380],
  // outer lips
  ...([61, [39, 0.4, 40], 37, 0, 267, [269, 0.4, 270], 291] as const),
  ...([[321, 0.5, 405], 314, 17, 84, [91, 0.5, 181]] as const),
  // inner lips
  ...[78, 82, 13, 312, 308, 317, 14, 87],
];

/**
 * The 68 landmarks in iBUG order, in the units of the mesh.
 *
 * @param points 478 (or 468) points x, y, z, as FaceMesh has them.
 */
export function landmarks68(points: Float32Array): Landmarks {
  const out = new Float64Array(places.length * 2);
  for (const [i, place] of places.entries()) {
    const [a, share, b] = typeof place === 'number' ? [place, 1, place] : place;
    for (let k = 0; k < 2; k++) out[i * 2 + k] = share * points[a * 3 + k]! + (1 - share) * points[b * 3 + k]!;
  }
  return out;
}
