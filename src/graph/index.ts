/** The compiler: values, operations, differentiation, and the ONNX that comes of them. It knows nothing of networks. */
import './ops/arithmetic.ts';

export { gradients, topological } from './autodiff.ts';
export { LOOP_COUNT, type LoopStep, loopNames, lowerLoop } from './onnx/loop.ts';
export { dataTypes, encodeModel, type GraphMessage } from './onnx/schema.ts';
export { inputsOf, lower, OnnxWriter, valueInfo } from './onnx/writer.ts';
export { constant, type DType, defineOp, dims4, input, misfit, scalar, Value, zeros } from './op.ts';
export { conv2d, convTranspose2d } from './ops/conv2d.ts';
export { depthToSpace, spaceToDepth } from './ops/depthToSpace.ts';
export { concat, pad, reshape, slice, transpose } from './ops/layout.ts';
export { constantMatmul, type Matrix, matmul, matrix } from './ops/matmul.ts';
export { expand, reduceMean, reduceSum, sumAll } from './ops/reduce.ts';
export { tileInput, tileOutput } from './ops/tiles.ts';
export { abs, clip, cos, exp, leakyRelu, log, sigmoid, sign, sin, sqrt, stopGradient, where } from './ops/unary.ts';
