/**
 * Matrix products, batched over leading axes. A transposed operand is read as it lies (FusedMatMul of com.microsoft, which every
 * provider of ONNX Runtime has), so that no gradient copies a weight.
 */
import { type Shape, sameShape } from '../../base/index.ts';
import { constant, defineOp, misfit, type Value } from '../op.ts';
import { sumTo } from './reduce.ts';

interface Sides extends Record<string, boolean> {
  readonly ta: boolean;
  readonly tb: boolean;
}

export const matmulOp = defineOp<Sides>({
  name: 'matmul',
  arity: 2,
  shape([a, b], { ta, tb }) {
    if (a!.shape.length < 2 || b!.shape.length < 2) throw misfit('matmul: operands need two axes or more', { a: a!, b: b! });
    const [m, p] = ends(a!.shape, ta);
    const [q, n] = ends(b!.shape, tb);
    const [left, right] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
    const batch = left.length >= right.length ? left : right;
    const other = left.length >= right.length ? right : left;
    if (p !== q || (other.length > 0 && !sameShape(other, batch))) throw misfit('matmul: shapes do not go together', { a: a!, b: b! });
    return [...batch, m, n];
  },
  grad(dy, [a, b], { ta, tb }, _y, needs) {
    const da = (): Value => (ta ? product(b!, dy, { ta: tb, tb: true }) : product(dy, b!, { ta: false, tb: !tb }));
    const db = (): Value => (tb ? product(dy, a!, { ta: true, tb: ta }) : product(a!, dy, { ta: !ta, tb: false }));
    return [needs[0] ? sumTo(da(), a!.shape) : undefined, needs[1] ? sumTo(db(), b!.shape) : undefined];
  },
  onnx: (writer, inputs, { ta, tb }) =>
    ta || tb
      ? writer.node('FusedMatMul', inputs, { transA: ta ? 1 : 0, transB: tb ? 1 : 0 }, {}, 'com.microsoft')
      : writer.node('MatMul', inputs),
  examples: [
    {
      shapes: [
        [2, 3],
        [3, 4],
      ],
      attrs: { ta: false, tb: false },
    },
    {
      shapes: [
        [5, 3, 2],
        [5, 4, 3],
      ],
      attrs: { ta: true, tb: true },
    },
    {
      shapes: [
        [2, 3],
        [5, 3, 4],
      ],
      attrs: { ta: false, tb: false },
    },
    {
      shapes: [
        [5, 2, 3],
        [4, 3],
      ],
      attrs: { ta: false, tb: true },
    },
  ],
});

function ends(shape: Shape, transposed: boolean): readonly [number, number] {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
}

const product = (a: Value, b: Value, sides: Sides): Value => matmulOp([a, b], sides);

/** a·b, or with either operand transposed in its last two axes. Leading axes are equal, or absent on one side. */
export const matmul = (a: Value, b: Value, { ta = false, tb = false } = {}): Value => product(a, b, { ta, tb });

/** A fixed matrix M of rows × columns, in row order, for constantMatmul. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

export function matrix(rows: number, columns: number, at: (row: number, column: number) => number): Matrix {
  const data = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[r * columns + c] = at(r, c);
  return { rows, columns, data };
}

/** Rows as columns. */
export const transposed = ({ rows, columns, data }: Matrix): Matrix => matrix(columns, rows, (r, c) => data[c * columns + r]!);

export const linearOp = defineOp({
  name: 'constantMatmul',
  arity: 2,
  shape([m, x]) {
    if (m!.shape.length !== 2 || x!.shape.length < 2 || x!.shape.at(-2) !== m!.shape[1]) {
      throw misfit('constantMatmul: shapes do not go together', { m: m!, x: x! });
    }
    return [...x!.shape.slice(0, -2), m!.shape[0]!, x!.shape.at(-1)!];
  },
  grad(dy, [m]) {
    if (m!.source.kind !== 'constant') throw misfit('constantMatmul: the matrix is no constant', { m: m! });
    return [undefined, constantMatmul(transposed({ rows: m!.shape[0]!, columns: m!.shape[1]!, data: m!.source.data }), dy)];
  },
  onnx: (writer, inputs) => writer.node('MatMul', inputs),
  examples: [
    {
      shapes: [
        [2, 3],
        [5, 3, 4],
      ],
      fixed: [0],
    },
  ],
});

/**
 * M·x over the last two axes of x, for a fixed linear map along the second last axis: blur, resize, Winograd transforms. The gradient
 * multiplies by a stored transpose, which is faster than transposing on the fly.
 */
export const constantMatmul = (m: Matrix, x: Value): Value => linearOp([constant(m.data, [m.rows, m.columns]), x], {});
