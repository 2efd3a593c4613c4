/**
 * Optimizers: the next weight and the next slots from a gradient, as values of the graph. No bias correction, and ε = 10⁻⁶ outside the
 * root, as in the reference. Each elementwise operation is one pass through memory over all weights, so
 * formulas are arranged for few operations.
 * Sources: Hinton 2012, lecture 6e (RMSprop); Zhuang et al. 2020, algorithm 2 (AdaBelief).
 */
import { sqrt, type Value, where } from '../../graph/index.ts';

export type OptimizerName = 'adabelief' | 'rmsprop';

const EPSILON = 1e-6;

interface Rule {
  /** What gradients are best multiplied by before they arrive; the seed of differentiation carries it at no cost. */
  readonly bestScale: number;
  /** Names of what is remembered per weight; all start at 0. */
  readonly slots: readonly string[];
  /** @returns what to subtract from the weight, before the learning rate, and the next slots. */
  readonly move: (
    gradient: Value,
    slots: readonly Value[],
    gradientScale: number,
  ) => { readonly move: Value; readonly slots: readonly Value[] };
}

/**
 * m ← 0.9·m + 0.1·g, v ← 0.999·v + 0.001·(g − m)², step m / (√v + ε). With e = m − g before the update, the new m is g + 0.9·e and
 * g − m is −0.9·e.
 */
const adabelief: Rule = {
  bestScale: 1,
  slots: ['ms', 'vs'],
  move(g, [m, v]) {
    const e = m!.sub(g);
    const mean = e.mul(0.9).add(g);
    const variance = v!.mul(0.999).add(e.mul(e.mul(0.001 * 0.9 * 0.9)));
    return { move: mean.div(sqrt(variance).add(EPSILON)), slots: [mean, variance] };
  },
};

/** a ← 0.9·a + 0.1·g², step g / (√a + ε). The square of √0.1·g needs no factor: one pass less. */
const rmsprop: Rule = {
  bestScale: Math.sqrt(0.1),
  slots: ['acc'],
  move(g, [a], gradientScale) {
    const square = gradientScale === this.bestScale ? g.mul(g) : g.mul(g.mul(0.1 / gradientScale ** 2));
    const mean = a!.mul(0.9).add(square);
    return { move: g.div(sqrt(mean).add(EPSILON)), slots: [mean] };
  },
};

const rules: Readonly<Record<OptimizerName, Rule>> = { adabelief, rmsprop };

/** The gradientScale at which `update` takes the fewest passes. It changes how gradients round. */
export const bestGradientScale = (optimizer: OptimizerName): number => rules[optimizer].bestScale;

/** Names of the slots of each weight: state of the weight's shape, 0 at the start. */
export const slotsOf = (optimizer: OptimizerName): readonly string[] => rules[optimizer].slots;

export interface UpdateOptions {
  /** What the gradient was multiplied by: 1, or bestGradientScale. 1 if left out. */
  readonly gradientScale?: number | undefined;
  /** Scalar. */
  readonly learningRate: Value;
  /** Scalar that multiplies the gradient first: the clipping of clipScale. */
  readonly scale?: Value | undefined;
  /** Booleans of the weight's shape: where false, the weight keeps its value; the slots move on. */
  readonly keep?: Value | undefined;
}

/** One step of one variable. */
export function update(
  optimizer: OptimizerName,
  weight: Value,
  gradient: Value,
  slots: readonly Value[],
  { learningRate, gradientScale = 1, scale, keep }: UpdateOptions,
): { readonly weight: Value; readonly slots: readonly Value[] } {
  const { move, slots: next } = rules[optimizer].move(scale === undefined ? gradient : gradient.mul(scale), slots, gradientScale);
  const rate = gradientScale === 1 ? learningRate : learningRate.div(gradientScale);
  const moved = weight.sub(move.mul(rate));
  return { weight: keep === undefined ? moved : where(keep, moved, weight), slots: next };
}
