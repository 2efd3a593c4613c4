/**
 * 3×3 convolution of stride 1 as matrix products in HWNC: Winograd's F(m×m, 3×3) for m = 2 and 4, and patches times weights for small maps.
 * Space stays leading and channels stay innermost, so the transforms are products with small constant matrices and copies of whole
 * rows. All of it is differentiable by itself: gradients of input and weight are
 * formed in the transformed domain and share the transforms.
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
 */
import {
  concat,
  constantMatmul,
  dims4,
  type Matrix,
  matmul,
  matrix,
  pad,
  reshape,
  slice,
  tileInput,
  tileOutput,
  transpose,
  type Value,
} from '../graph/index.ts';

interface Transforms {
  /** Outputs per tile and axis. */
  readonly m: 2 | 4;
  /** Bᵀ, a × a: input. */
  readonly input: readonly (readonly number[])[];
  /** G, a × 3: weights. */
  readonly weight: readonly (readonly number[])[];
  /** Aᵀ, m × a: output. */
  readonly output: readonly (readonly number[])[];
}

const f2: Transforms = {
  m: 2,
  input: [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, 1, 0, -1],
  ],
  weight: [
    [1, 0, 0],
    [0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5],
    [0, 0, 1],
  ],
  output: [
    [1, 1, 1, 0],
    [0, 1, -1, -1],
  ],
};

const f4: Transforms = {
  m: 4,
  input: [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  weight: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  output: [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
};

export type Method = 'patches' | 'winograd2' | 'winograd4';

/** G ⊗ G: all a² transformed weights from the nine. */
const weightMatrix = ({ m, weight }: Transforms): Matrix => {
  const a = m + 2;
  return matrix(a * a, 9, (row, column) => weight[Math.floor(row / a)]![Math.floor(column / 3)]! * weight[row % a]![column % 3]!);
};

function winograd(t: Transforms, x: Value, w: Value): Value {
  const [h, width, , c] = dims4(x);
  const k = w.shape[3]!;
  const v = tileInput(x, t.m, t.input);
  const u = reshape(constantMatmul(weightMatrix(t), reshape(w, [9, c * k])), [(t.m + 2) ** 2, c, k]);
  return tileOutput(matmul(v, u), t.m, t.output, { h, w: width });
}

/** Each output's nine inputs side by side, times the weights as they lie: no transform of large weights. */
function patches(x: Value, w: Value): Value {
  const [h, width, n, c] = dims4(x);
  const k = w.shape[3]!;
  const padded = pad(pad(x, 0, 1, 1), 1, 1, 1);
  const shifted = Array.from({ length: 9 }, (_, i) => {
    const [a, b] = [Math.floor(i / 3), i % 3];
    return slice(slice(padded, 0, a, a + h), 1, b, b + width);
  });
  const rows = reshape(concat(shifted, 3), [h * width * n, 9 * c]);
  return reshape(matmul(rows, reshape(w, [9 * c, k])), [h, width, n, k]);
}

/**
 * @param x (h, w, n, c). @param w (3, 3, c, k). @returns (h, w, n, k), with zero padding of 1.
 */
export function convolve3x3(x: Value, w: Value, method: Method): Value {
  switch (method) {
    case 'patches':
      return patches(x, w);
    case 'winograd2':
      return winograd(f2, x, w);
    case 'winograd4':
      return winograd(f4, x, w);
  }
}

/**
 * A 5×5 convolution of stride 2 and padding 2, as the 3×3 convolution of stride 1 on 2×2 blocks that it is:
 * tap a of the large kernel is tap (⌊a/2⌋, a mod 2), and the sixth is zero.
 *
 * @param w (5, 5, c, k). @returns (3, 3, 4·c, k), for a space-to-depth input.
 */
export function weightsOfBlocks(w: Value): Value {
  const [, , c, k] = dims4(w);
  const six = pad(pad(w, 0, 0, 1), 1, 0, 1);
  return reshape(transpose(reshape(six, [3, 2, 3, 2, c, k]), [0, 2, 1, 3, 4, 5]), [3, 3, 4 * c, k]);
}
