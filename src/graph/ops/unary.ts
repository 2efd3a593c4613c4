/** Elementwise functions of one value. */
import { type Apply, defineOp, type Example, type Op, scalar, type Value, zeros } from '../op.ts';

type Plain = Record<never, never>;

function unary(
  name: string,
  onnxName: string,
  grad: (dy: Value, x: Value, y: Value) => Value | undefined,
  ...examples: [Example, ...Example[]]
): Apply<Plain> {
  return defineOp({
    name,
    arity: 1,
    shape: ([x]) => x!.shape,
    grad: (dy, [x], _attrs, y) => [grad(dy, x!, y)],
    onnx: (writer, inputs) => writer.node(onnxName, inputs),
    examples,
  });
}

const positive: Example = { shapes: [[2, 3]], range: [0.5, 2] };
const signed: Example = { shapes: [[2, 3]], range: [-2, 2] };

const sqrtOp = unary('sqrt', 'Sqrt', (dy, _x, y) => dy.mul(0.5).div(y), positive);
const expOp = unary('exp', 'Exp', (dy, _x, y) => dy.mul(y), signed);
const logOp = unary('log', 'Log', (dy, x) => dy.div(x), positive);
const sinOp = unary('sin', 'Sin', (dy, x) => dy.mul(cos(x)), signed);
const cosOp = unary('cos', 'Cos', (dy, x) => dy.mul(sin(x)).neg(), signed);
const sigmoidOp = unary('sigmoid', 'Sigmoid', (dy, _x, y) => dy.mul(y.mul(y.rsub(1))), signed);
const absOp = unary('abs', 'Abs', (dy, x) => dy.mul(sign(x)), signed);
const signOp = unary('sign', 'Sign', () => undefined, { ...signed, fixed: [0] });

export const sqrt = (x: Value): Value => sqrtOp([x], {});
export const exp = (x: Value): Value => expOp([x], {});
export const log = (x: Value): Value => logOp([x], {});
export const sin = (x: Value): Value => sinOp([x], {});
export const cos = (x: Value): Value => cosOp([x], {});
export const sigmoid = (x: Value): Value => sigmoidOp([x], {});
export const abs = (x: Value): Value => absOp([x], {});
export const sign = (x: Value): Value => signOp([x], {});

const clipOp = defineOp<{ readonly low: number; readonly high: number }>({
  name: 'clip',
  arity: 1,
  shape: ([x]) => x!.shape,
  // 1 inside, 0 outside: sign(y − low)·sign(high − y) is 0 exactly where y was held at a limit.
  grad: (dy, _x, { low, high }, y) => [dy.mul(sign(y.sub(low)).mul(sign(y.rsub(high))))],
  onnx: (writer, [x], { low, high }) => writer.node('Clip', [x!, writer.float(low), writer.float(high)]),
  examples: [{ shapes: [[3, 4]], attrs: { low: -1, high: 0.5 }, range: [-2, 2] }],
});

/** Holds values within low … high. The gradient is 0 where a value was held. */
export const clip = (x: Value, low: number, high: number): Value => clipOp([x], { low, high });

/**
 * max(x, slope·x) for 0 ≤ slope < 1. Its derivative is read off the result: y·10³⁸ clipped to slope … 1 is the slope of the side y
 * lies on, in one multiplication and one clip, where a comparison and a selection take three passes.
 */
const leakyReluOp = defineOp<{ readonly slope: number }>({
  name: 'leakyRelu',
  arity: 1,
  shape: ([x]) => x!.shape,
  grad: (dy, _x, { slope }, y) => [dy.mul(clip(y.mul(scalar(1e38)), slope, 1))],
  onnx: (writer, [x], { slope }) => (slope === 0 ? writer.node('Relu', [x!]) : writer.node('LeakyRelu', [x!], {}, { alpha: slope })),
  examples: [{ shapes: [[3, 4]], attrs: { slope: 0.1 }, range: [-2, 2] }],
});

export const leakyRelu = (x: Value, slope: number): Value => leakyReluOp([x], { slope });

const whereOp = defineOp({
  name: 'where',
  arity: 3,
  shape: ([, a]) => a!.shape,
  grad: (dy, [mask, a]) => [undefined, where(mask!, dy, zeros(a!.shape)), where(mask!, zeros(a!.shape), dy)],
  onnx: (writer, inputs) => writer.node('Where', inputs),
  examples: [
    {
      shapes: [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      bools: [0],
    },
  ],
});

/** a where the mask is true, else b; all of one shape. */
export const where = (mask: Value, a: Value, b: Value): Value => whereOp([mask, a, b], {});

const stopOp = defineOp({
  name: 'stopGradient',
  arity: 1,
  shape: ([x]) => x!.shape,
  grad: () => [undefined],
  onnx: (_writer, [x]) => x!,
  examples: [{ shapes: [[2, 3]], fixed: [0] }],
});

/** x itself, through which no gradient passes. */
export const stopGradient = (x: Value): Value => stopOp([x], {});

export const unaryOps: readonly Op[] = [
  sqrtOp,
  expOp,
  logOp,
  sinOp,
  cosOp,
  sigmoidOp,
  absOp,
  signOp,
  clipOp,
  leakyReluOp,
  whereOp,
  stopOp,
].map(({ op }) => op);
