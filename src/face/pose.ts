/**
 * Pitch, yaw and roll of an aligned face: the rigid pose of the 3D face that best explains 33 landmarks through a pinhole camera, by
 * least squares in the picture (Levenberg-Marquardt from a direct linear start). OpenCV's solvePnP takes the same steps; where it
 * stops before the minimum, as it does for one face in thirty, so do we.
 */
import { mapEigenvalues, multiply3, symmetricEigen } from '../image/index.ts';
import { type Landmarks, model3d, poseIndices } from './landmarks.ts';

/** Radians, each within ±π/2. Positive pitch looks up, positive yaw has the nose to the image's left. */
export interface Pose {
  readonly pitch: number;
  readonly yaw: number;
  readonly roll: number;
}

/** Rotation, row by row, and translation: model to camera. */
interface Rigid {
  readonly rotation: readonly number[];
  readonly translation: readonly number[];
}

/** What is refined: a rotation vector and a translation. */
type Parameters = readonly number[];

/** Source: OpenCV 4, solvePnP: at most 20 steps, until the parameters change by less than a float32 can tell. */
const MAX_STEPS = 20;
const SETTLED = 2 ** -23;

/**
 * @param landmarks  in the pixels of the aligned image.
 * @param size  side of the aligned image; it is the camera's focal length, half of it its centre.
 * @returns NaN angles if the landmarks fit no face at all (all on one point or line).
 */
export function poseOf(landmarks: Landmarks, size: number): Pose {
  const points = Float64Array.from(poseIndices.flatMap((i) => [0, 1].map((k) => Math.fround(landmarks[i * 2 + k]!) / size - 0.5)));
  const model = Float64Array.from(poseIndices.flatMap((i) => [0, 1, 2].map((k) => Math.fround(model3d[i * 3 + k]!))));
  const { rotation: r } = refine(directLinear(model, points), model, points);
  const level = Math.hypot(r[0]!, r[3]!);
  const clipped = (angle: number): number => Math.min(Math.max(angle, -Math.PI / 2), Math.PI / 2);
  const upright = level >= 1e-6;
  const x = upright ? Math.atan2(r[7]!, r[8]!) : Math.atan2(-r[5]!, r[4]!);
  return { pitch: -clipped(x), yaw: clipped(Math.atan2(-r[6]!, level)), roll: upright ? clipped(Math.atan2(r[3]!, r[0]!)) : 0 };
}

/**
 * The projection matrix of least algebraic error (direct linear transform), its left part made a rotation. As in OpenCV the sign is
 * that of a proper rotation even where this puts the face behind the camera, so that both refine towards the same minimum.
 */
function directLinear(model: Float64Array, points: Float64Array): Rigid {
  const normal = new Float64Array(144);
  for (let i = 0; i * 2 < points.length; i++) {
    const at = [model[i * 3]!, model[i * 3 + 1]!, model[i * 3 + 2]!, 1];
    for (let axis = 0; axis < 2; axis++) {
      const row = new Float64Array(12);
      row.set(at, axis * 4);
      row.set(
        at.map((v) => -v * points[i * 2 + axis]!),
        8,
      );
      for (let j = 0; j < 12; j++) for (let k = 0; k < 12; k++) normal[j * 12 + k]! += row[j]! * row[k]!;
    }
  }
  const { values, vectors } = symmetricEigen(normal, 12);
  const least = values.indexOf(Math.min(...values));
  const p = Array.from({ length: 12 }, (_, i) => vectors[i * 12 + least]!);
  const left = [0, 1, 2, 4, 5, 6, 8, 9, 10].map((i) => p[i]!);
  const sign = determinant(left) < 0 ? -1 : 1;
  const gram = multiply3(transposed(left), left);
  const rotation = multiply3(
    left,
    mapEigenvalues(gram, (v) => sign / Math.sqrt(v)),
  ); // the nearest rotation: M·(MᵀM)^−½
  const scale = (sign * Math.sqrt(3)) / Math.hypot(...left);
  return { rotation, translation: [3, 7, 11].map((i) => p[i]! * scale) };
}

const transposed = (m: readonly number[]): readonly number[] => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => m[i]!);

const determinant = (m: readonly number[]): number =>
  m[0]! * (m[4]! * m[8]! - m[5]! * m[7]!) - m[1]! * (m[3]! * m[8]! - m[5]! * m[6]!) + m[2]! * (m[3]! * m[7]! - m[4]! * m[6]!);

function refine(start: Rigid, model: Float64Array, points: Float64Array): Rigid {
  let now: Parameters = [...vectorOf(start.rotation), ...start.translation];
  let { error, normal, gradient } = linearize(now, model, points);
  let damping = -3; // a power of ten
  for (let step = 0; step < MAX_STEPS; step++) {
    const before = now;
    for (;;) {
      const factor = 1 + 10 ** damping;
      const change = solve(
        normal.map((v, i) => (i % 7 === 0 ? v * factor : v)),
        gradient,
      );
      now = before.map((v, i) => v + change[i]!);
      const tried = linearize(now, model, points);
      if (tried.error > error && ++damping <= 16) continue;
      ({ error, normal, gradient } = tried);
      break;
    }
    damping = Math.max(damping - 1, -16);
    if (!(Math.hypot(...now.map((v, i) => v - before[i]!)) >= SETTLED * Math.hypot(...before))) break;
  }
  return { rotation: rotationOf(now), translation: now.slice(3) };
}

/** The sum of squared residuals, and the normal equations JᵀJ·δ = −Jᵀr for a change δ of the parameters. */
function linearize(now: Parameters, model: Float64Array, points: Float64Array) {
  const r = rotationOf(now);
  const t = now.slice(3);
  const bend = leftJacobian(now);
  const normal = new Float64Array(36);
  const gradient = new Float64Array(6);
  let error = 0;
  for (let i = 0; i * 2 < points.length; i++) {
    const [mx, my, mz] = [model[i * 3]!, model[i * 3 + 1]!, model[i * 3 + 2]!];
    const turned = [0, 3, 6].map((k) => r[k]! * mx + r[k + 1]! * my + r[k + 2]! * mz) as [number, number, number];
    const [x, y, z] = [turned[0] + t[0]!, turned[1] + t[1]!, turned[2] + t[2]!];
    for (let axis = 0; axis < 2; axis++) {
      const ratio = (axis === 0 ? x : y) / z;
      const residual = ratio - points[i * 2 + axis]!;
      const d = [axis === 0 ? 1 / z : 0, axis === 1 ? 1 / z : 0, -ratio / z] as const; // ∂ratio/∂(x, y, z)
      const [px, py, pz] = turned;
      const turn = [py * d[2] - pz * d[1], pz * d[0] - px * d[2], px * d[1] - py * d[0]]; // p × d: by a small rotation
      const row = [...[0, 1, 2].map((k) => turn[0]! * bend[k]! + turn[1]! * bend[3 + k]! + turn[2]! * bend[6 + k]!), ...d];
      error += residual * residual;
      for (let j = 0; j < 6; j++) {
        for (let k = 0; k < 6; k++) normal[j * 6 + k]! += row[j]! * row[k]!;
        gradient[j]! -= row[j]! * residual;
      }
    }
  }
  return { error, normal, gradient };
}

/** s·1 + q·aaᵀ + c·[a]×, row by row, for a vector a. */
const ofAxis = ([x, y, z]: readonly [number, number, number], s: number, q: number, c: number): readonly number[] => [
  ...[s + q * x * x, q * x * y - c * z, q * x * z + c * y],
  ...[q * x * y + c * z, s + q * y * y, q * y * z - c * x],
  ...[q * x * z - c * y, q * y * z + c * x, s + q * z * z],
];

/** Angle and axis of a rotation vector. */
function angleAxis(v: Parameters): readonly [number, readonly [number, number, number]] {
  const angle = Math.hypot(v[0]!, v[1]!, v[2]!);
  return [angle, angle === 0 ? [0, 0, 0] : [v[0]! / angle, v[1]! / angle, v[2]! / angle]];
}

/** The rotation of a rotation vector (Rodrigues). */
function rotationOf(v: Parameters): readonly number[] {
  const [angle, axis] = angleAxis(v);
  return ofAxis(axis, Math.cos(angle), 1 - Math.cos(angle), Math.sin(angle));
}

/** How a change of the rotation vector turns what is already rotated: the left Jacobian of SO(3). */
function leftJacobian(v: Parameters): readonly number[] {
  const [angle, axis] = angleAxis(v);
  if (angle < 1e-12) return ofAxis(axis, 1, 0, 0);
  const s = Math.sin(angle) / angle;
  return ofAxis(axis, s, 1 - s, (1 - Math.cos(angle)) / angle);
}

/** The rotation vector of a rotation, of length 0…π. At half a turn the sign of the axis is free. */
function vectorOf(r: readonly number[]): Parameters {
  const [x, y, z] = [r[7]! - r[5]!, r[2]! - r[6]!, r[3]! - r[1]!];
  const sine = Math.hypot(x, y, z) / 2;
  const cosine = Math.min(Math.max((r[0]! + r[4]! + r[8]! - 1) / 2, -1), 1);
  if (sine >= 1e-5) return [x, y, z].map((v) => (v * Math.acos(cosine)) / (2 * sine));
  if (cosine > 0) return [0, 0, 0];
  const [a, b, c] = [0, 4, 8].map((i) => Math.sqrt(Math.max((r[i]! + 1) / 2, 0))) as [number, number, number];
  const axis = [a, b * (r[1]! < 0 ? -1 : 1), c * (r[2]! < 0 ? -1 : 1)] as [number, number, number];
  if (a < b && a < c && r[5]! > 0 !== axis[1] * axis[2] > 0) axis[2] = -axis[2];
  return axis.map((v) => (v * Math.PI) / Math.hypot(...axis));
}

/** Solves a·x = b by elimination with pivots; a is used up. NaN if a is singular. */
function solve(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let col = 0; col < n; col++) {
    let pivot = col;
    for (let row = col + 1; row < n; row++) if (Math.abs(a[row * n + col]!) > Math.abs(a[pivot * n + col]!)) pivot = row;
    for (let k = 0; k < n; k++) [a[col * n + k], a[pivot * n + k]] = [a[pivot * n + k]!, a[col * n + k]!];
    [x[col], x[pivot]] = [x[pivot]!, x[col]!];
    for (let row = 0; row < n; row++) {
      if (row === col) continue;
      const factor = a[row * n + col]! / a[col * n + col]!;
      for (let k = col; k < n; k++) a[row * n + k]! -= factor * a[col * n + k]!;
      x[row]! -= factor * x[col]!;
    }
  }
  return x.map((v, i) => v / a[i * n + i]!);
}
