/** Eigenvalues by the properties that define them. */
import { test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { invert3, mapEigenvalues, multiply3, symmetricEigen } from './symmetric.ts';

const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];

test('the square root of a matrix, squared, is the matrix; its inverse undoes it', () => {
  const rng = streamFor(1, 'matrix');
  for (let i = 0; i < 50; i++) {
    const a = Array.from({ length: 9 }, () => rng.normal());
    const gram = multiply3(
      a,
      [0, 3, 6, 1, 4, 7, 2, 5, 8].map((k) => a[k]!),
    );
    const root = mapEigenvalues(gram, Math.sqrt);
    expectClose(multiply3(root, root), gram, { abs: 1e-12 });
    expectClose(multiply3(a, invert3(a)), identity, { abs: 1e-8 });
  }
});

test('eigenvectors of a 12×12 matrix are stretched by their eigenvalues and are orthonormal', () => {
  const rng = streamFor(2, 'matrix');
  const n = 12;
  const m = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) m[i * n + j] = m[j * n + i] = rng.normal();
  const { values, vectors } = symmetricEigen(m, n);
  for (let k = 0; k < n; k++) {
    const v = Array.from({ length: n }, (_, i) => vectors[i * n + k]!);
    const mv = v.map((_, i) => v.reduce((sum, x, j) => sum + m[i * n + j]! * x, 0));
    expectClose(
      mv,
      v.map((x) => x * values[k]!),
      { abs: 1e-12 },
    );
    const dots = values.map((_, l) => v.reduce((sum, x, i) => sum + x * vectors[i * n + l]!, 0));
    expectClose(
      dots,
      dots.map((_, l) => (l === k ? 1 : 0)),
      { abs: 1e-12 },
    );
  }
});
