/**
 * Pitch, yaw and roll of an aligned face: the rigid pose of the 3D face that best explains 33 landmarks through a pinhole camera, by
 * least squares in the picture (Levenberg-Marquardt from a direct linear start). OpenCV's solvePnP finds the same minimum.
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

const MAX_STEPS = 60;

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
  let best = start;
  let { error, normal, gradient } = linearize(best, model, points);
  let damping = 1e-3;
  for (let step = 0; step < MAX_STEPS; step++) {
    const damped = normal.map((v, i) => (i % 7 === 0 ? v * (1 + damping) : v));
    const change = solve(damped, gradient);
    const next = moved(best, change);
    const tried = linearize(next, model, points);
    if (tried.error <= error) {
      const settled = error - tried.error <= 1e-14 * error;
      [best, error, normal, gradient] = [next, tried.error, tried.normal, tried.gradient];
      damping *= 0.1;
      if (settled) break;
    } else {
      damping *= 10;
      if (!(damping < 1e12)) break;
    }
  }
  return best;
}

/** The sum of squared residuals, and the normal equations JᵀJ·δ = −Jᵀr for a small rotation and a translation δ. */
function linearize({ rotation: r, translation: t }: Rigid, model: Float64Array, points: Float64Array) {
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
      const row = [py * d[2] - pz * d[1], pz * d[0] - px * d[2], px * d[1] - py * d[0], ...d]; // p × d, d
      error += residual * residual;
      for (let j = 0; j < 6; j++) {
        for (let k = 0; k < 6; k++) normal[j * 6 + k]! += row[j]! * row[k]!;
        gradient[j]! -= row[j]! * residual;
      }
    }
  }
  return { error, normal, gradient };
}

/** Turned by the rotation vector δ0…2 (Rodrigues), moved by δ3…5. */
function moved({ rotation: r, translation: t }: Rigid, change: Float64Array): Rigid {
  const [wx, wy, wz] = [change[0]!, change[1]!, change[2]!];
  const angle = Math.hypot(wx, wy, wz);
  const [s, c] = angle < 1e-12 ? [1, 0] : [Math.sin(angle) / angle, (1 - Math.cos(angle)) / angle ** 2];
  const q = 1 - c * angle ** 2;
  const turn = [
    [q + c * wx * wx, c * wx * wy - s * wz, c * wx * wz + s * wy],
    [c * wx * wy + s * wz, q + c * wy * wy, c * wy * wz - s * wx],
    [c * wx * wz - s * wy, c * wy * wz + s * wx, q + c * wz * wz],
  ];
  const rotation = turn.flatMap((row) => [0, 1, 2].map((k) => row[0]! * r[k]! + row[1]! * r[3 + k]! + row[2]! * r[6 + k]!));
  return { rotation, translation: t.map((v, k) => v + change[3 + k]!) };
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
