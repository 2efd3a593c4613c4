/**
 * Affine transforms of the plane as 2×3 matrices, row by row: (x, y) → (a·x + b·y + tx, c·x + d·y + ty). A name reads target-from-source;
 * pixel centres lie on integers.
 */

/** [a, b, tx, c, d, ty]. */
export type Affine = readonly [a: number, b: number, tx: number, c: number, d: number, ty: number];

const affineX = (m: Affine, x: number, y: number): number => m[0] * x + m[1] * y + m[2];
const affineY = (m: Affine, x: number, y: number): number => m[3] * x + m[4] * y + m[5];

/** The plain inverse; not finite where m flattens the plane. */
export function invertAffine([a, b, tx, c, d, ty]: Affine): Affine {
  const scale = 1 / (a * d - b * c);
  const [ia, ib, ic, id] = [d * scale, -b * scale, -c * scale, a * scale];
  return [ia, ib, -ia * tx - ib * ty, ic, id, -ic * tx - id * ty];
}

/** The transform that does `first` and then `then`. */
export function after(then: Affine, first: Affine): Affine {
  const [a, b, tx, c, d, ty] = then;
  const [e, f, ux, g, h, uy] = first;
  return [a * e + b * g, a * f + b * h, a * ux + b * uy + tx, c * e + d * g, c * f + d * h, c * ux + d * uy + ty];
}

/**
 * Rotation about a centre with a scale.
 *
 * @param angleDeg  counter-clockwise as seen on the screen (y down).
 * Source: OpenCV, getRotationMatrix2D.
 */
export function rotationAbout(centreX: number, centreY: number, angleDeg: number, scale: number): Affine {
  const angle = (angleDeg * Math.PI) / 180;
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return [a, b, (1 - a) * centreX - b * centreY, -b, a, b * centreX + (1 - a) * centreY];
}

/** The affine that sends three points to three others; from and to are [x0, y0, x1, y1, x2, y2]. */
export function affineFromTriangles(from: ArrayLike<number>, to: ArrayLike<number>): Affine {
  const [x0, y0] = [from[0]!, from[1]!];
  const [ux, uy, vx, vy] = [from[2]! - x0, from[3]! - y0, from[4]! - x0, from[5]! - y0];
  const det = ux * vy - uy * vx;
  const row = (k: number): [number, number, number] => {
    const t0 = to[k]!;
    const [p, q] = [to[2 + k]! - t0, to[4 + k]! - t0];
    const [a, b] = [(p * vy - q * uy) / det, (q * ux - p * vx) / det];
    return [a, b, t0 - a * x0 - b * y0];
  };
  return [...row(0), ...row(1)];
}

/** Points [x0, y0, x1, y1, …] mapped by m. */
export function mapPoints(m: Affine, points: ArrayLike<number>): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i + 1 < points.length; i += 2) {
    out[i] = affineX(m, points[i]!, points[i + 1]!);
    out[i + 1] = affineY(m, points[i]!, points[i + 1]!);
  }
  return out;
}
