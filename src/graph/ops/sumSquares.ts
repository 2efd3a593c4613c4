/** Sum of the squares of all elements, in one pass: what a norm needs of a large array. */
import { sizeOf } from '../../base/index.ts';
import { defineOp, type Value } from '../op.ts';

export const sumSquaresOp = defineOp({
  name: 'sumSquares',
  arity: 1,
  shape: () => [],
  grad: (dy, [x]) => [x!.mul(dy.mul(2))],
  onnx: (writer, [x]) => writer.node('ReduceSumSquare', [x!], { keepdims: 0 }),
  examples: [{ shapes: [[2, 3]] }, { shapes: [[12]] }],
});

export const sumSquares = (x: Value): Value => sumSquaresOp([x], {});
void sizeOf;
