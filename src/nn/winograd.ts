/**
 * 3×3 convolution of stride 1 as matrix products in HWNC: Winograd's F(m×m, 3×3) for m = 2 and 4, and patches times weights for small maps.
 * The transforms are linear maps along one axis at a time, so space stays leading, channels stay innermost, and what is left
 * between them is a copy of large blocks. All of it is differentiable by itself: gradients of input and weight are
 * formed in the transformed domain and share the transforms.
 * Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
 */
import {
  concat,
  constantMatmul,
  dims4,
  haloMatmul,
  type Matrix,
  matmul,
  matrix,
  pad,
  reshape,
  slice,
  transpose,
  type Value,
  withoutHalo,
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

/** How a side is cut: `blocks` blocks of `rows` rows, each of `tiles` tiles. The last tile of a single block may reach beyond the side. */
interface Cut {
  readonly blocks: number;
  readonly rows: number;
  readonly tiles: number;
}

const LARGEST_BLOCK = 16; // measured: 8 and 32 are slower

function cut(side: number, m: number): Cut {
  const whole: Cut = { blocks: 1, rows: side, tiles: Math.ceil(side / m) };
  if (side <= LARGEST_BLOCK) return whole;
  for (let rows = LARGEST_BLOCK; rows >= 8; rows -= m) if (side % rows === 0) return { blocks: side / rows, rows, tiles: rows / m };
  return whole;
}

/** Bᵀ of every tile of a block, rows ordered (position in the tile, tile); columns: the block's rows and one more on each side. */
const inputMatrix = ({ m, input }: Transforms, { rows, tiles }: Cut): Matrix => {
  const a = m + 2;
  const data = new Float32Array(a * tiles * (rows + 2));
  for (let tile = 0; tile < tiles; tile++) {
    for (let r = 0; r < a; r++) {
      for (let c = 0; c < a; c++) if (tile * m + c < rows + 2) data[(r * tiles + tile) * (rows + 2) + tile * m + c]! += input[r]![c]!;
    }
  }
  return { rows: a * tiles, columns: rows + 2, data };
};

/** Aᵀ of every tile of a block: from (position, tile) to the block's rows. */
const outputMatrix = ({ m, output }: Transforms, { rows, tiles }: Cut): Matrix =>
  matrix(rows, (m + 2) * tiles, (row, column) =>
    column % tiles === Math.floor(row / m) ? output[row % m]![Math.floor(column / tiles)]! : 0,
  );

/** G ⊗ G: all a² transformed weights from the nine. */
const weightMatrix = ({ m, weight }: Transforms): Matrix => {
  const a = m + 2;
  return matrix(a * a, 9, (row, column) => weight[Math.floor(row / a)]![Math.floor(column / 3)]! * weight[row % a]![column % 3]!);
};

function transformAxis(m: Matrix, x: Value, c: Cut): Value {
  return c.blocks === 1 ? constantMatmul(withoutHalo(m), x) : haloMatmul(m, x);
}

function winograd(t: Transforms, x: Value, w: Value): Value {
  const [h, width, n, c] = dims4(x);
  const k = w.shape[3]!;
  const a = t.m + 2;
  const [ch, cw] = [cut(h, t.m), cut(width, t.m)];
  // Rows, then columns. Each result is (…, blocks, position, tile, rest): the positions move to the front.
  const rowsDone = transformAxis(inputMatrix(t, ch), reshape(x, [1, ch.blocks, ch.rows, width * n * c]), ch);
  const lines = ch.blocks * a * ch.tiles;
  const done = transformAxis(inputMatrix(t, cw), reshape(rowsDone, [lines, cw.blocks, cw.rows, n * c]), cw);
  const spread = reshape(done, [ch.blocks, a, ch.tiles, cw.blocks, a, cw.tiles * n * c]);
  const points = ch.blocks * ch.tiles * cw.blocks * cw.tiles * n;
  const v = reshape(transpose(spread, [1, 4, 0, 2, 3, 5]), [a * a, points, c]);

  const u = reshape(constantMatmul(weightMatrix(t), reshape(w, [9, c * k])), [a * a, c, k]);
  const product = reshape(matmul(v, u), [a, a, ch.blocks, ch.tiles, cw.blocks, cw.tiles * n * k]);

  const gathered = reshape(transpose(product, [2, 0, 3, 4, 1, 5]), [lines * cw.blocks, a * cw.tiles, n * k]);
  const columns = constantMatmul(outputMatrix(t, cw), gathered);
  const rows = constantMatmul(outputMatrix(t, ch), reshape(columns, [ch.blocks, a * ch.tiles, width * n * k]));
  return reshape(rows, [h, width, n, k]);
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
