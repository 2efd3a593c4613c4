/** Sums and their adjoint, repetition. Means are sums divided by a count. */
import { type Shape, sameShape, sizeOf } from '../../base/index.ts';
import { defineOp, misfit, type Op, type Value } from '../op.ts';
import { reshape } from './layout.ts';

const sumOp = defineOp<{ readonly axes: readonly number[] }>({
  name: 'reduceSum',
  arity: 1,
  shape([x], { axes }) {
    if (axes.some((axis) => axis < 0 || axis >= x!.shape.length)) throw misfit(`reduceSum: no axes ${axes}`, { x: x! });
    return x!.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  },
  grad: (dy, [x]) => [expand(dy, x!.shape)],
  onnx: (writer, [x], { axes }) =>
    writer.opset < 13
      ? writer.node('ReduceSum', [x!], { axes, keepdims: 1 })
      : writer.node('ReduceSum', [x!, writer.ints(axes)], { keepdims: 1 }),
  examples: [
    { shapes: [[2, 3, 4]], attrs: { axes: [0, 2] } },
    { shapes: [[2, 3]], attrs: { axes: [1] } },
  ],
});

const expandOp = defineOp<{ readonly to: Shape }>({
  name: 'expand',
  arity: 1,
  shape([x], { to }) {
    const offset = to.length - x!.shape.length;
    const fits = offset >= 0 && x!.shape.every((side, i) => side === 1 || side === to[i + offset]);
    if (!fits) throw misfit(`expand: cannot repeat to [${to}]`, { x: x! });
    return to;
  },
  grad: (dy, [x]) => [sumTo(dy, x!.shape)],
  onnx: (writer, [x], { to }) => writer.node('Expand', [x!, writer.ints(to)]),
  examples: [
    { shapes: [[1, 3, 1]], attrs: { to: [2, 3, 4] } },
    { shapes: [[3]], attrs: { to: [2, 3] } },
  ],
});

/** Sum over `axes`, which stay as sides of 1. */
export const reduceSum = (x: Value, axes: readonly number[]): Value => {
  const present = axes.filter((axis) => x.shape[axis] !== 1);
  return present.length === 0 ? x : sumOp([x], { axes: [...present].sort((a, b) => a - b) });
};

/** Mean over `axes`, which stay as sides of 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value =>
  reduceSum(x, axes).mul(1 / axes.reduce((count, axis) => count * x.shape[axis]!, 1));

/** Sum of all elements, as a scalar. */
export const sumAll = (x: Value): Value =>
  sizeOf(x.shape) === 1
    ? reshape(x, [])
    : reshape(
        reduceSum(
          x,
          x.shape.map((_, i) => i),
        ),
        [],
      );

/** Repeats sides of 1, and adds sides in front. */
export const expand = (x: Value, to: Shape): Value => (sameShape(x.shape, to) ? x : expandOp([x], { to }));

/** The adjoint of broadcasting: sums x down to `shape`. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.shape.length - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis < offset || (shape[axis - offset] === 1 && x.shape[axis] !== 1));
  return reshape(reduceSum(x, axes), shape);
}

export const reduceOps: readonly Op[] = [sumOp, expandOp].map(({ op }) => op);
