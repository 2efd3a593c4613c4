/** Every operation, for the test that checks them all. A new operation is named here. */
import type { Op } from '../op.ts';
import { addOp, divOp, mulOp, subOp } from './arithmetic.ts';
import { convolutions } from './conv2d.ts';
import { depthToSpaceOp, spaceToDepthOp } from './depthToSpace.ts';
import { haloAdjointOp, haloOp } from './haloMatmul.ts';
import { layoutOps } from './layout.ts';
import { linearOp, matmulOp } from './matmul.ts';
import { reduceOps } from './reduce.ts';
import { tileOps } from './tiles.ts';
import { unaryOps } from './unary.ts';

export const allOps: readonly Op[] = [
  ...[addOp, subOp, mulOp, divOp, depthToSpaceOp, spaceToDepthOp, linearOp, matmulOp, haloOp, haloAdjointOp].map((apply) => apply.op),
  ...[...convolutions, ...tileOps].map((apply) => apply.op),
  ...layoutOps,
  ...reduceOps,
  ...unaryOps,
];
