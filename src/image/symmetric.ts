/** Symmetric matrices through their eigenvalues, and the little algebra of 3×3 matrices (nine numbers, row by row) that goes with it. */

export type Matrix3 = readonly number[];

/** The inverse, by cofactors. */
export function invert3(m: ArrayLike<number>): Matrix3 {
  const minor = (i: number, j: number, k: number, l: number): number => m[i]! * m[l]! - m[j]! * m[k]!;
  const [a, b, c] = [minor(4, 5, 7, 8), -minor(3, 5, 6, 8), minor(3, 4, 6, 7)];
  const det = m[0]! * a + m[1]! * b + m[2]! * c;
  const adjugate = [
    a,
    -minor(1, 2, 7, 8),
    minor(1, 2, 4, 5),
    b,
    minor(0, 2, 6, 8),
    -minor(0, 2, 3, 5),
    c,
    -minor(0, 1, 6, 7),
    minor(0, 1, 3, 4),
  ];
  return adjugate.map((v) => v / det);
}

export const multiply3 = (a: Matrix3, b: Matrix3): Matrix3 =>
  Array.from({ length: 9 }, (_, i) => {
    const [r, c] = [Math.floor(i / 3) * 3, i % 3];
    return a[r]! * b[c]! + a[r + 1]! * b[3 + c]! + a[r + 2]! * b[6 + c]!;
  });

/** Eigenvalues λ and eigenvectors of a symmetric matrix; vector k is column k of `vectors` (n × n, row by row). Unsorted. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * Cyclic Jacobi: rotations make one element off the diagonal zero after another, until all are negligible.
 *
 * @param m  n² numbers, row by row.
 * Source: Golub and Van Loan, Matrix Computations, 8.5.
 */
export function symmetricEigen(m: ArrayLike<number>, n: number): Eigen {
  const a = Float64Array.from(m);
  const vectors = Float64Array.from(a, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < 50; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotated = rotate(a, vectors, n, p, q) || rotated;
    if (!rotated) break;
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * (n + 1)]!), vectors };
}

/** V·diag(f(λ))·Vᵀ of a symmetric 3×3 matrix V·diag(λ)·Vᵀ. */
export function mapEigenvalues(m: Matrix3, f: (eigenvalue: number) => number): Matrix3 {
  const { values, vectors: v } = symmetricEigen(m, 3);
  const [x, y, z] = [f(values[0]!), f(values[1]!), f(values[2]!)];
  return Array.from({ length: 9 }, (_, i) => {
    const [r, c] = [Math.floor(i / 3) * 3, (i % 3) * 3];
    return v[r]! * v[c]! * x + v[r + 1]! * v[c + 1]! * y + v[r + 2]! * v[c + 2]! * z;
  });
}

/** One Jacobi rotation that makes a[p][q] zero; false if it is negligible already. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): boolean {
  const apq = a[p * n + q]!;
  if (!(Math.abs(apq) > 1e-17 * Math.sqrt(Math.abs(a[p * n + p]! * a[q * n + q]!)))) return false;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turnPair(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turnPair(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turnPair(v, k * n + p, k * n + q, c, s);
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  return true;
}

function turnPair(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const [x, y] = [m[i]!, m[j]!];
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}
