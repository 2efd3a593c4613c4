/** Functions of symmetric 3×3 matrices through their eigenvalues (cyclic Jacobi). Matrices are nine numbers, row by row. */

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

/**
 * V·diag(f(λ))·Vᵀ of a symmetric matrix V·diag(λ)·Vᵀ.
 * Source: Golub and Van Loan, Matrix Computations, 8.5 (Jacobi); 3×3 matrices converge to the last bit within some 6 sweeps.
 */
export function mapEigenvalues(m: Matrix3, f: (eigenvalue: number) => number): Matrix3 {
  const a = Float64Array.from(m);
  const v = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  for (let sweep = 0; sweep < 30; sweep++) {
    const off = Math.abs(a[1]!) + Math.abs(a[2]!) + Math.abs(a[5]!);
    if (off === 0 || off < 1e-300) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const)
      rotate(a, v, p, q);
  }
  const values = [f(a[0]!), f(a[4]!), f(a[8]!)];
  return Array.from({ length: 9 }, (_, i) => {
    const [r, c] = [Math.floor(i / 3) * 3, (i % 3) * 3];
    return v[r]! * v[c]! * values[0]! + v[r + 1]! * v[c + 1]! * values[1]! + v[r + 2]! * v[c + 2]! * values[2]!;
  });
}

/** One Jacobi rotation that makes a[p][q] zero and keeps a = Vᵀ·A·V. */
function rotate(a: Float64Array, v: Float64Array, p: number, q: number): void {
  const apq = a[p * 3 + q]!;
  if (apq === 0) return;
  const theta = (a[q * 3 + q]! - a[p * 3 + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) turnPair(a, k * 3 + p, k * 3 + q, c, s);
  for (let k = 0; k < 3; k++) turnPair(a, p * 3 + k, q * 3 + k, c, s);
  for (let k = 0; k < 3; k++) turnPair(v, k * 3 + p, k * 3 + q, c, s);
  a[p * 3 + q] = 0;
  a[q * 3 + p] = 0;
}

function turnPair(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const [x, y] = [m[i]!, m[j]!];
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}
