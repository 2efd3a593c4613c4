/**
 * Linear maps between a picture and its overlapping tiles, as Winograd convolution needs them. A picture (h, w, n, c) is cut into
 * ⌈h/m⌉ × ⌈w/m⌉ tiles of a × a pixels, a = m + 2, each m further and one pixel wider on every side than the last, zero outside. Going in, every tile is
 * multiplied by a matrix on both sides; coming out, so is every a × a block of products, which leaves m × m pixels.
 * Both are one Gather of rows and one product with the Kronecker square of the matrix: fewer passes through memory than one axis at a
 * time. The adjoint of the way in adds up where tiles overlap; it goes one axis at a time.
 */
import type { Shape } from '../../base/index.ts';
import { type Apply, constant, defineOp, dims4, misfit, type Value } from '../op.ts';
import { haloMatmulAdjoint, withoutHalo } from './haloMatmul.ts';
import { reshape, transpose } from './layout.ts';
import { constantMatmul, type Matrix, matrix, transposed } from './matmul.ts';

type Rows = readonly (readonly number[])[];

interface TileAttrs extends Record<string, number | Rows> {
  /** Pixels that a tile advances. */
  readonly m: number;
  /** The matrix of one axis: a × a going in, m × a coming out. */
  readonly along: Rows;
}

/** What comes out has a height and width that the tiles may exceed. */
interface OutputAttrs extends TileAttrs {
  readonly h: number;
  readonly w: number;
}

const tilesOf = (side: number, m: number): number => Math.ceil(side / m);

/** Row (i, j), column (k, l): along[i][k] · along[j][l]. */
function kroneckerSquare(along: Rows): Matrix {
  const [p, q] = [along.length, along[0]!.length];
  return matrix(p * p, q * q, (row, column) => along[Math.floor(row / p)]![Math.floor(column / q)]! * along[row % p]![column % q]!);
}

const LARGEST_BLOCK = 16; // measured: 8 and 32 are slower

/** How a side is cut for one axis at a time: `blocks` of `rows` rows and `tiles` tiles. */
function cut(side: number, m: number): { readonly blocks: number; readonly rows: number; readonly tiles: number } {
  if (side > LARGEST_BLOCK) {
    for (let rows = LARGEST_BLOCK; rows >= 8; rows -= m) if (side % rows === 0) return { blocks: side / rows, rows, tiles: rows / m };
  }
  return { blocks: 1, rows: side, tiles: tilesOf(side, m) };
}

/** The matrix of every tile of a block, rows ordered (position in the tile, tile); columns: the block's rows and one more on each side. */
function blockMatrix(along: Rows, m: number, { rows, tiles }: { readonly rows: number; readonly tiles: number }): Matrix {
  const a = along.length;
  return matrix(a * tiles, rows + 2, (row, column) => along[Math.floor(row / tiles)]![column - (row % tiles) * m] ?? 0);
}

/** One axis of the adjoint: (outer, blocks, a·tiles, inner) → (outer, blocks, rows, inner). */
function adjointAxis(along: Rows, m: number, side: number, dv: Value, outer: number, inner: number): Value {
  const c = cut(side, m);
  const band = blockMatrix(along, m, c);
  const split = reshape(dv, [outer, c.blocks, along.length * c.tiles, inner]);
  return c.blocks === 1 ? constantMatmul(transposed(withoutHalo(band)), split) : haloMatmulAdjoint(band, split);
}

/** F(2×2, 3×3), to test with. */
const exampleInput: Rows = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
const exampleOutput: Rows = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];

const inputOp: Apply<TileAttrs> = defineOp<TileAttrs>({
  name: 'tileInput',
  arity: 1,
  shape([x], { m, along }) {
    const [h, w, n, c] = dims4(x!);
    if (along.length !== m + 2) throw misfit(`tileInput: a matrix of ${along.length} rows for tiles of ${m + 2}`, { x: x! });
    return [along.length ** 2, tilesOf(h, m) * tilesOf(w, m) * n, c];
  },
  grad(dv, [x], { m, along }) {
    const [h, w, n, c] = dims4(x!);
    const a = along.length;
    const [rows, columns] = [cut(h, m), cut(w, m)];
    // The positions go back beside their tiles: (a, a', blocks, tiles, blocks', tiles'·rest) → (blocks, a, tiles, blocks', a', tiles'·rest).
    const split = reshape(dv, [a, a, rows.blocks, rows.tiles, columns.blocks, columns.tiles * n * c]);
    const lines = transpose(split, [2, 0, 3, 4, 1, 5]);
    const columnsDone = adjointAxis(along, m, w, lines, rows.blocks * a * rows.tiles, n * c);
    return [reshape(adjointAxis(along, m, h, columnsDone, 1, w * n * c), [h, w, n, c])];
  },
  onnx(writer, [x], { m, along }, y, [value]) {
    const [h, w, n, c] = dims4(value!);
    const a = along.length;
    const [th, tw] = [tilesOf(h, m), tilesOf(w, m)];
    const pixels = writer.reshape(x!, [h * w, n * c]);
    const zero = writer.constant(constant(new Float32Array(n * c), [1, n * c]));
    const index: number[] = [];
    for (let r = 0; r < a; r++) {
      for (let s = 0; s < a; s++) {
        for (let i = 0; i < th; i++) {
          for (let j = 0; j < tw; j++) {
            const [row, column] = [i * m + r - 1, j * m + s - 1];
            const inside = row >= 0 && row < h && column >= 0 && column < w;
            index.push(inside ? row * w + column : h * w);
          }
        }
      }
    }
    const gathered = writer.node('Gather', [writer.node('Concat', [pixels, zero], { axis: 0 }), writer.ints(index)], { axis: 0 });
    const tiles = writer.reshape(gathered, [a * a, th * tw * n * c]);
    return writer.reshape(writer.node('MatMul', [square(writer, kroneckerSquare(along)), tiles]), y.shape);
  },
  examples: [
    {
      shapes: [[5, 4, 2, 3]],
      attrs: {
        m: 2,
        along: exampleInput,
      },
    },
    {
      shapes: [[24, 4, 1, 1]],
      attrs: {
        m: 2,
        along: exampleInput,
      },
    },
  ],
});

/** Where the pixel (i, j) of a tile lies, tiles in order, pixels outside the picture as −1. */
function pixelsOfTiles(h: number, w: number, m: number): number[] {
  const index: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) {
      for (let y = i; y < tilesOf(h, m) * m; y += m)
        for (let x = j; x < tilesOf(w, m) * m; x += m) index.push(y < h && x < w ? y * w + x : -1);
    }
  }
  return index;
}

const outputOp: Apply<OutputAttrs> = defineOp<OutputAttrs>({
  name: 'tileOutput',
  arity: 1,
  shape([p], { m, along, h, w }) {
    const [positions, points, k] = p!.shape;
    const tiles = tilesOf(h, m) * tilesOf(w, m);
    if (positions !== along[0]!.length ** 2 || points === undefined || points % tiles !== 0 || k === undefined) {
      throw misfit(`tileOutput: no tiles of ${h}×${w} pixels`, { p: p! });
    }
    return [h, w, points / tiles, k];
  },
  grad: (dy, _inputs, attrs) => [outputAdjointOp([dy], attrs)],
  onnx(writer, [p], { m, along, h, w }, y, [value]) {
    const [positions, points, k] = value!.shape as readonly [number, number, number];
    const n = y.shape[2]!;
    const product = writer.node('MatMul', [square(writer, kroneckerSquare(along)), writer.reshape(p!, [positions, points * k])]);
    const index = new Array<number>(h * w);
    for (const [from, to] of pixelsOfTiles(h, w, m).entries()) if (to >= 0) index[to] = from;
    const rows = writer.reshape(product, [(m * m * points) / n, n * k]);
    return writer.reshape(writer.node('Gather', [rows, writer.ints(index)], { axis: 0 }), y.shape);
  },
  examples: [
    {
      shapes: [[16, 6, 2]],
      attrs: {
        m: 2,
        h: 4,
        w: 5,
        along: exampleOutput,
      },
    },
  ],
});

const outputAdjointOp: Apply<OutputAttrs> = defineOp<OutputAttrs>({
  name: 'tileOutputAdjoint',
  arity: 1,
  shape([dy], { m, along }): Shape {
    const [h, w, n, k] = dims4(dy!);
    return [along[0]!.length ** 2, tilesOf(h, m) * tilesOf(w, m) * n, k];
  },
  grad: (ddp, _inputs, attrs) => [outputOp([ddp], attrs)],
  onnx(writer, [dy], { m, along, h, w }, y, [value]) {
    const [, , n, k] = dims4(value!);
    const index = pixelsOfTiles(h, w, m);
    let pixels = writer.reshape(dy!, [h * w, n * k]);
    if (index.includes(-1))
      pixels = writer.node('Concat', [pixels, writer.constant(constant(new Float32Array(n * k), [1, n * k]))], { axis: 0 });
    const gathered = writer.node('Gather', [pixels, writer.ints(index.map((at) => (at < 0 ? h * w : at)))], { axis: 0 });
    const tiles = writer.reshape(gathered, [m * m, (index.length / (m * m)) * n * k]);
    return writer.reshape(writer.node('MatMul', [square(writer, transposed(kroneckerSquare(along))), tiles]), y.shape);
  },
  examples: [
    {
      shapes: [[4, 5, 1, 2]],
      attrs: {
        m: 2,
        h: 4,
        w: 5,
        along: exampleOutput,
      },
    },
  ],
});

const square = (writer: { constant(value: Value): string }, { rows, columns, data }: Matrix): string =>
  writer.constant(constant(data, [rows, columns]));

export const tileOps = [inputOp, outputOp, outputAdjointOp];

/** @param x (h, w, n, c). @param along a × a, a = m + 2. @returns (a², tiles·n, c): positions, then tiles by rows, then samples. */
export const tileInput = (x: Value, m: number, along: Rows): Value => inputOp([x], { m, along });

/** @param p (a², tiles·n, k). @param along m × a. @param size of the picture. @returns (h, w, n, k). */
export const tileOutput = (p: Value, m: number, along: Rows, size: { readonly h: number; readonly w: number }): Value =>
  outputOp([p], { m, along, ...size });
