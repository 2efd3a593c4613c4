/**
 * A linear map along one axis that is cut into blocks, each of which also sees one row of its neighbours:
 *   y[b, i] = M · (x[b, i−1][last], x[b, i], x[b, i+1][first]),    zero beyond the ends.
 * A banded map over a whole side wastes arithmetic in proportion to the side; this keeps the bands and stays a matrix product.
 * Rows arrive by Gather, and at the two ends M's outer column is zeroed, so that no padded copy is made.
 */

import type { OnnxWriter } from '../onnx/writer.ts';
import { type Apply, constant, defineOp, misfit, type Value } from '../op.ts';
import { type Matrix, matrix } from './matmul.ts';

type Plain = Record<never, never>;

const dims = (x: Value): readonly [outer: number, blocks: number, rows: number, inner: number] => {
  const [outer, blocks, rows, inner] = x.shape;
  if (x.shape.length !== 4) throw misfit('haloMatmul: [outer, blocks, rows, inner] is needed', { x });
  return [outer!, blocks!, rows!, inner!];
};

const matrixOf = (m: Value): Matrix => {
  if (m.source.kind !== 'constant') throw misfit('haloMatmul: the matrix is no constant', { m });
  return { rows: m.shape[0]!, columns: m.shape[1]!, data: m.source.data };
};

/** M once per block, with the column of a missing neighbour zeroed. */
function perBlock(m: Matrix, blocks: number, transposed: boolean): Value {
  const { rows, columns, data } = m;
  const all = new Float32Array(blocks * rows * columns);
  for (let b = 0; b < blocks; b++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const outside = (b === 0 && c === 0) || (b === blocks - 1 && c === columns - 1);
        const at = transposed ? (b * columns + c) * rows + r : (b * rows + r) * columns + c;
        all[at] = outside ? 0 : data[r * columns + c]!;
      }
    }
  }
  return constant(all, transposed ? [blocks, columns, rows] : [blocks, rows, columns]);
}

export const haloOp: Apply<Plain> = defineOp({
  name: 'haloMatmul',
  arity: 2,
  shape([m, x]) {
    const [outer, blocks, rows, inner] = dims(x!);
    if (m!.shape[1] !== rows + 2)
      throw misfit('haloMatmul: the matrix needs a column per row and one for each neighbour', { m: m!, x: x! });
    return [outer, blocks, m!.shape[0]!, inner];
  },
  grad: (dy, [m]) => [undefined, haloAdjointOp([m!, dy], {})],
  onnx(writer, [, x], _attrs, _y, [m, value]) {
    const [outer, blocks, rows, inner] = dims(value!);
    const side = blocks * rows;
    const index = Array.from({ length: blocks * (rows + 2) }, (_, i) => {
      const row = Math.floor(i / (rows + 2)) * rows + (i % (rows + 2)) - 1;
      return Math.min(Math.max(row, 0), side - 1);
    });
    const flat = writer.reshape(x!, [outer, side, inner]);
    const gathered = writer.node('Gather', [flat, writer.ints(index)], { axis: 1 });
    const split = writer.reshape(gathered, [outer, blocks, rows + 2, inner]);
    return writer.node('MatMul', [writer.constant(perBlock(matrixOf(m!), blocks, false)), split]);
  },
  examples: [
    {
      shapes: [
        [3, 4],
        [2, 3, 2, 2],
      ],
      fixed: [0],
    },
    {
      shapes: [
        [2, 5],
        [1, 2, 3, 2],
      ],
      fixed: [0],
    },
  ],
});

export const haloAdjointOp: Apply<Plain> = defineOp({
  name: 'haloMatmulAdjoint',
  arity: 2,
  shape([m, dy]) {
    const [outer, blocks, rows, inner] = dims(dy!);
    if (m!.shape[0] !== rows) throw misfit('haloMatmulAdjoint: the matrix does not fit', { m: m!, dy: dy! });
    return [outer, blocks, m!.shape[1]! - 2, inner];
  },
  grad: (ddx, [m]) => [undefined, haloOp([m!, ddx], {})],
  onnx(writer, [, dy], _attrs, y, [m, value]) {
    const [outer, blocks, , inner] = dims(value!);
    const rows = dims(y)[2];
    const g = writer.node('MatMul', [writer.constant(perBlock(matrixOf(m!), blocks, true)), dy!]); // rows + 2 per block
    const part = (axis: number, from: number, to: number, v: string): string =>
      writer.node('Slice', [v, writer.ints([from]), writer.ints([to]), writer.ints([axis])]);
    const shift = (v: string, before: number, after: number): string =>
      writer.node('Pad', [v, writer.ints([0, before, 0, 0, 0, after, 0, 0])]);
    const fromNext = shift(part(1, 1, blocks, part(2, 0, 1, g)), 0, 1); // what block i + 1 owes the last row of block i
    const fromPrevious = shift(part(1, 0, blocks - 1, part(2, rows + 1, rows + 2, g)), 1, 0);
    return overlap(writer, g, rows, fromPrevious, fromNext, part, [outer, blocks, rows, inner]);
  },
  examples: [
    {
      shapes: [
        [3, 4],
        [2, 3, 3, 2],
      ],
      fixed: [0],
    },
    {
      shapes: [
        [2, 3],
        [1, 2, 2, 2],
      ],
      fixed: [0],
    },
  ],
});

/** Adds what the neighbours owe to the first and the last row of each block. */
function overlap(
  writer: OnnxWriter,
  g: string,
  rows: number,
  fromPrevious: string,
  fromNext: string,
  part: (axis: number, from: number, to: number, v: string) => string,
  shape: readonly number[],
): string {
  if (rows === 1) return writer.node('Add', [writer.node('Add', [part(2, 1, 2, g), fromPrevious]), fromNext]);
  const first = writer.node('Add', [part(2, 1, 2, g), fromPrevious]);
  const last = writer.node('Add', [part(2, rows, rows + 1, g), fromNext]);
  const pieces = rows === 2 ? [first, last] : [first, part(2, 2, rows, g), last];
  return writer.reshape(writer.node('Concat', pieces, { axis: 2 }), shape);
}

/** @param m rows' × (rows + 2). @param dy (outer, blocks, rows', inner) with at least two blocks. @returns (outer, blocks, rows, inner). */
export const haloMatmulAdjoint = (m: Matrix, dy: Value): Value => haloAdjointOp([constant(m.data, [m.rows, m.columns]), dy], {});

/** The band of M that a block without neighbours uses. */
export const withoutHalo = (m: Matrix): Matrix => matrix(m.rows, m.columns - 2, (r, c) => m.data[r * m.columns + c + 1]!);
