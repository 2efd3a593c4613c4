/**
 * From landmarks to the crop of an aligned face: a similarity fit to the mean face, then a square around it that depends on the face
 * type. The reference works partly in float32; its roundings are kept (f), as warps round their positions to 1/32 pixel and show them.
 */
import { type Affine, affineFromTriangles, invertAffine, mapPoints } from '../image/index.ts';
import { type FaceType, faceTypeInfo } from './faceType.ts';
import { fitIndices, type Landmarks, meanFace } from './landmarks.ts';

const f = Math.fround;

type Vector = readonly [x: number, y: number];

/**
 * The similarity that sends landmarks 17…48 and 54 onto the mean face's unit square; not finite if all of them coincide.
 * Source: Umeyama 1991, with scale. In the plane the best rotation has a closed form, so no SVD is needed.
 */
export function unitFromImage(landmarks: Landmarks): Affine {
  const n = fitIndices.length;
  const to = fitIndices.map((i): Vector => [f(meanFace[(i - 17) * 2]!), f(meanFace[(i - 17) * 2 + 1]!)]);
  const sum = to.reduce(([x, y], p): Vector => [f(x + p[0]), f(y + p[1])], [0, 0]);
  const [tx, ty] = [f(sum[0] / n), f(sum[1] / n)];
  let [sx, sy] = [0, 0];
  for (const i of fitIndices) {
    sx += landmarks[i * 2]! / n;
    sy += landmarks[i * 2 + 1]! / n;
  }
  let [along, across, variance] = [0, 0, 0]; // a11 + a22, a21 − a12 and the variance of the source, each times n
  for (const [k, i] of fitIndices.entries()) {
    const [x, y] = [landmarks[i * 2]! - sx, landmarks[i * 2 + 1]! - sy];
    const [u, v] = [f(to[k]![0] - tx), f(to[k]![1] - ty)];
    along += u * x + v * y;
    across += v * x - u * y;
    variance += x * x + y * y;
  }
  const [a, b] = [along / variance, across / variance];
  return [a, -b, tx - (a * sx - b * sy), b, a, ty - (b * sx + a * sy)];
}

/**
 * The crop of an aligned face: image pixels to 0 … size.
 *
 * @param scale  above 1 the crop shows less.
 * @returns a similarity; not finite if the landmarks coincide.
 */
export function faceFromImage(landmarks: Landmarks, size: number, type: FaceType, scale = 1): Affine {
  const { padding, keepsRotation } = faceTypeInfo(type);
  if (padding === undefined) throw new RangeError(`${type} keeps the whole image and has no crop`);
  const unit = unitFromImage(landmarks);
  const inverse = invertAffine(unit).map(f) as unknown as Affine;
  const corner = (x: number, y: number): Vector => [
    f(f(inverse[0] * x + inverse[1] * y) + inverse[2]),
    f(f(inverse[3] * x + inverse[4] * y) + inverse[5]),
  ];
  const [p0, p1, p2, p3] = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
  let centre = corner(0.5, 0.5);
  if (type === 'whole_face') centre = shifted(centre, p3, p0, 0.07);
  if (type === 'head') {
    const yaw = averagedYaw(mapPoints(unit, landmarks));
    centre = shifted(centre, p0, p1, (yaw * Math.abs(Math.tanh(2 * yaw))) / 2);
    centre = shifted(centre, p3, p0, 0.5);
  }
  const half = f((1 / scale) * lengthOf(between(p2, p0)) * (padding * Math.SQRT2 + 0.5));
  const [tb, bt] = [unitVector(between(p0, p2)), unitVector(between(p3, p1))];
  const at = (d: Vector, sign: number): Vector => [f(centre[0] + sign * f(d[0] * half)), f(centre[1] + sign * f(d[1] * half))];
  let corners: readonly Vector[] = [at(tb, -1), at(bt, 1), at(tb, 1)];
  if (keepsRotation) {
    const side = f(Math.sqrt(quadArea([...corners, at(bt, -1)])) / 2);
    const [x, y] = centre;
    corners = [
      [f(x - side), f(y - side)],
      [f(x + side), f(y - side)],
      [f(x + side), f(y + side)],
    ];
  }
  return affineFromTriangles(corners.flat(), [0, 0, size, 0, size, size]);
}

/** The upright rectangle around a face, [left, top, right, bottom] in image pixels: the full face without rotation. */
export function rectFromLandmarks(landmarks: Landmarks): readonly [number, number, number, number] {
  const imageFromFace = invertAffine(faceFromImage(landmarks, 256, 'full_face_no_align'));
  const [left = 0, top = 0, right = 0, bottom = 0] = mapPoints(imageFromFace, [0, 0, 255, 255]);
  return [left, top, right, bottom];
}

/** How much wider the image-right half of the face is, in the units of the landmarks: positive with the nose to the left. */
export function averagedYaw(landmarks: ArrayLike<number>): number {
  const x = (i: number): number => landmarks[i * 2]!;
  const left = (x(27) - x(0) + (x(28) - x(1)) + (x(29) - x(2))) / 3;
  const right = (x(16) - x(27) + (x(15) - x(28)) + (x(14) - x(29))) / 3;
  return right - left;
}

/** How far the jaw beside the chin lies above it, doubled: y8 − (mean(y6, y10) − y8), in the units of the landmarks. */
export function pitchMeasure(landmarks: ArrayLike<number>): number {
  const y = (i: number): number => landmarks[i * 2 + 1]!;
  return y(8) - (y(6) - y(8) + (y(10) - y(8))) / 2;
}

const between = (from: Vector, to: Vector): Vector => [f(to[0] - from[0]), f(to[1] - from[1])];
const lengthOf = ([x, y]: Vector): number => f(Math.sqrt(f(f(x * x) + f(y * y))));

function unitVector(v: Vector): Vector {
  const length = lengthOf(v);
  return [f(v[0] / length), f(v[1] / length)];
}

/** The point moved by a share of the way from one corner to another. */
function shifted(point: Vector, from: Vector, to: Vector, share: number): Vector {
  const v = between(from, to);
  const [length, [ux, uy]] = [lengthOf(v), unitVector(v)];
  return [f(point[0] + f(f(ux * length) * f(share))), f(point[1] + f(f(uy * length) * f(share)))];
}

/** Area of a quadrilateral by the shoelace rule. */
function quadArea(corners: readonly Vector[]): number {
  let [forward, backward] = [0, 0];
  for (const [i, [x, y]] of corners.entries()) {
    const [px, py] = corners[(i + 3) % 4]!;
    forward += f(x * py);
    backward += f(y * px);
  }
  return 0.5 * Math.abs(f(f(forward) - f(backward)));
}
