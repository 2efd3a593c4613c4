/**
 * Elementwise arithmetic of two values, with broadcasting. Where a side was repeated going forward, its gradient is summed
 * going back.
 */
import { sameShape } from '../../base/index.ts';
import { type Apply, broadcastShape, defineArithmetic, defineOp, type Example, type Value } from '../op.ts';
import { sumTo } from './reduce.ts';

const examples: readonly [Example, ...Example[]] = [
  {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    range: [0.5, 2],
  },
  { shapes: [[2, 3, 4], [4]], range: [0.5, 2] },
  {
    shapes: [
      [3, 1],
      [2, 3, 4],
    ],
    range: [0.5, 2],
  },
  { shapes: [[2, 2], []], range: [0.5, 2] },
];

function binary(
  name: string,
  onnxName: string,
  grads: (dy: Value, a: Value, b: Value, y: Value) => readonly [() => Value, () => Value],
): Apply<Record<never, never>> {
  return defineOp({
    name,
    arity: 2,
    shape: ([a, b]) => broadcastShape(name, a!, b!),
    grad(dy, [a, b], _attrs, y, needs) {
      const [da, db] = grads(dy, a!, b!, y);
      return [needs[0] ? sumTo(da(), a!.shape) : undefined, needs[1] ? sumTo(db(), b!.shape) : undefined];
    },
    onnx: (writer, inputs) => writer.node(onnxName, inputs),
    examples,
  });
}

export const addOp = binary('add', 'Add', (dy) => [() => dy, () => dy]);
export const subOp = binary('sub', 'Sub', (dy) => [() => dy, () => dy.neg()]);
export const mulOp = binary('mul', 'Mul', (dy, a, b) => [() => dy.mul(b), () => dy.mul(a)]);
export const divOp = binary('div', 'Div', (dy, _a, b, y) => [() => dy.div(b), () => dy.div(b).mul(y).neg()]);

const isScalar = (v: Value, x: number): boolean => v.source.kind === 'constant' && v.shape.length === 0 && v.source.data[0] === x;

/** Known constants, so that generated gradients stay small: x·1, x + 0, and (x·p)·q = x·(pq) for scalars. */
function multiply(a: Value, b: Value): Value {
  if (isScalar(b, 1)) return a;
  if (isScalar(a, 1)) return b;
  if (b.source.kind === 'constant' && b.shape.length === 0 && a.source.kind === 'op' && a.source.op === mulOp.op) {
    const [x, factor] = a.source.inputs as [Value, Value];
    if (factor.source.kind === 'constant' && factor.shape.length === 0) return x.mul(factor.source.data[0]! * b.source.data[0]!);
  }
  return mulOp([a, b], {});
}

defineArithmetic('add', (a, b) => (isScalar(b, 0) && sameShape(a.shape, b.shape) ? a : addOp([a, b], {})));
defineArithmetic('sub', (a, b) => subOp([a, b], {}));
defineArithmetic('mul', multiply);
defineArithmetic('div', (a, b) => divOp([a, b], {}));
