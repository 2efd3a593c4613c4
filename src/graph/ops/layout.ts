/** Operations that move elements and compute nothing: reshape, transpose, slice and pad, concatenation. */
import { type Shape, sameShape, sizeOf } from '../../base/index.ts';
import { defineOp, misfit, type Op, type Value } from '../op.ts';

const reshapeOp = defineOp<{ readonly to: Shape }>({
  name: 'reshape',
  arity: 1,
  shape([x], { to }) {
    if (sizeOf(to) !== sizeOf(x!.shape)) throw misfit(`reshape: [${to}] has another number of elements`, { x: x! });
    return to;
  },
  grad: (dy, [x]) => [reshape(dy, x!.shape)],
  onnx: (writer, [x], { to }) => writer.reshape(x!, to),
  examples: [{ shapes: [[2, 6]], attrs: { to: [3, 4] } }],
});

export function reshape(x: Value, to: Shape): Value {
  if (sameShape(x.shape, to)) return x;
  const inner = x.source.kind === 'op' && x.source.op === reshapeOp.op ? x.source.inputs[0]! : x;
  return sameShape(inner.shape, to) ? inner : reshapeOp([inner], { to });
}

/** Rows of so many elements are moved whole. */
const LONG_ROW = 16;

const transposeOp = defineOp<{ readonly perm: readonly number[] }>({
  name: 'transpose',
  arity: 1,
  shape([x], { perm }) {
    const sorted = [...perm].sort((a, b) => a - b);
    if (
      !sameShape(
        sorted,
        x!.shape.map((_, i) => i),
      )
    )
      throw misfit(`transpose: (${perm}) is no permutation`, { x: x! });
    return perm.map((axis) => x!.shape[axis]!);
  },
  grad: (dy, _inputs, { perm }) => [transpose(dy, invert(perm))],
  onnx: (writer, [x], { perm }, _y, [value]) => {
    const last = perm.length - 1;
    const long = perm[last] === last && value!.shape[last]! >= LONG_ROW;
    return long ? writer.permuteRows(x!, value!.shape, perm.slice(0, -1)) : writer.node('Transpose', [x!], { perm });
  },
  examples: [
    { shapes: [[2, 3, 4]], attrs: { perm: [2, 0, 1] } },
    { shapes: [[2, 3, 16]], attrs: { perm: [1, 0, 2] } },
  ],
});

/** y's axis i is x's axis perm[i]. */
export const transpose = (x: Value, perm: readonly number[]): Value =>
  perm.every((axis, i) => axis === i) ? x : transposeOp([x], { perm });

const invert = (perm: readonly number[]): readonly number[] => perm.map((_, i) => perm.indexOf(i));

const sliceOp = defineOp<{ readonly axis: number; readonly from: number; readonly to: number }>({
  name: 'slice',
  arity: 1,
  shape([x], { axis, from, to }) {
    const side = x!.shape[axis];
    if (side === undefined || from < 0 || to > side || from >= to) throw misfit(`slice: no ${from}…${to} on axis ${axis}`, { x: x! });
    return x!.shape.map((s, i) => (i === axis ? to - from : s));
  },
  grad: (dy, [x], { axis, from, to }) => [pad(dy, axis, from, x!.shape[axis]! - to)],
  onnx: (writer, [x], { axis, from, to }) => writer.node('Slice', [x!, writer.ints([from]), writer.ints([to]), writer.ints([axis])]),
  examples: [{ shapes: [[2, 5, 3]], attrs: { axis: 1, from: 1, to: 4 } }],
});

/** Elements from … to − 1 along one axis. */
export const slice = (x: Value, axis: number, from: number, to: number): Value =>
  from === 0 && to === x.shape[axis] ? x : sliceOp([x], { axis, from, to });

const padOp = defineOp<{ readonly axis: number; readonly before: number; readonly after: number }>({
  name: 'pad',
  arity: 1,
  shape: ([x], { axis, before, after }) => x!.shape.map((s, i) => (i === axis ? s + before + after : s)),
  grad: (dy, [x], { axis, before }) => [slice(dy, axis, before, before + x!.shape[axis]!)],
  onnx(writer, [x], { axis, before, after }, y) {
    const rank = y.shape.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === axis ? before : i === rank + axis ? after : 0));
    return writer.node('Pad', [x!, writer.ints(pads)]);
  },
  examples: [{ shapes: [[2, 3]], attrs: { axis: 1, before: 1, after: 2 } }],
});

/** Zeros before and after along one axis. */
export const pad = (x: Value, axis: number, before: number, after: number): Value =>
  before === 0 && after === 0 ? x : padOp([x], { axis, before, after });

const concatOp = defineOp<{ readonly axis: number }>({
  name: 'concat',
  arity: 'any',
  shape(inputs, { axis }) {
    const [first] = inputs;
    for (const x of inputs) {
      if (x.shape.length !== first!.shape.length || x.shape.some((s, i) => i !== axis && s !== first!.shape[i])) {
        throw misfit(`concat: sides other than axis ${axis} differ`, { a: first!, b: x });
      }
    }
    return first!.shape.map((s, i) => (i === axis ? inputs.reduce((sum, x) => sum + x.shape[axis]!, 0) : s));
  },
  grad(dy, inputs, { axis }, _y, needs) {
    let at = 0;
    return inputs.map((x, i) => {
      const from = at;
      at += x.shape[axis]!;
      return needs[i] ? slice(dy, axis, from, at) : undefined;
    });
  },
  onnx: (writer, inputs, { axis }) => writer.node('Concat', inputs, { axis }),
  examples: [
    {
      shapes: [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      attrs: { axis: 1 },
    },
  ],
});

export const concat = (xs: readonly Value[], axis: number): Value => (xs.length === 1 ? xs[0]! : concatOp(xs, { axis }));

export const layoutOps: readonly Op[] = [reshapeOp, transposeOp, sliceOp, padOp, concatOp].map(({ op }) => op);
