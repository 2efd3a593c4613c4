/** The norm of all gradients together, and clipping by it. */
import { sizeOf } from '../../base/index.ts';
import { clip, matmul, reshape, scalar, sqrt, sumAll, type Value } from '../../graph/index.ts';

/**
 * Σ x², as products of rows with themselves: one pass that writes nothing back. Many rows keep each sum short, without
 * which float32 loses a thousandth over 16 million elements.
 */
function sumSquares(x: Value): Value {
  const size = sizeOf(x.shape);
  const rows = divisorNear(size, Math.sqrt(size));
  const split = reshape(x, [rows, 1, size / rows]);
  return sumAll(matmul(split, split, { tb: true }));
}

function divisorNear(size: number, wanted: number): number {
  let divisor = Math.floor(wanted);
  while (size % divisor !== 0) divisor--;
  return divisor;
}

/** √(Σ g²) over all elements of all gradients, as a scalar. */
export function globalNorm(gradients: readonly Value[]): Value {
  const [first, ...rest] = gradients.map(sumSquares);
  return sqrt(rest.reduce((sum, x) => sum.add(x), first!));
}

/** What to multiply gradients of this norm by so that it is at most 1: 1 / max(norm, 1). */
export const clipScale = (norm: Value): Value => scalar(1).div(clip(norm, 1, 3e38));
