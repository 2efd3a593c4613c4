/** The learning rate of a step, as a pure function of the number of steps. It enters the graph as a scalar. */

/** Steps in one wave of the learning rate. */
const PERIOD = 500;

/**
 * @param stepsBefore steps this optimizer has taken before this one: the reference reads its counter after counting the step.
 * @param wave whether the rate falls and rises as a cosine, as it does with learning-rate dropout.
 */
export function learningRateAt(base: number, stepsBefore: number, wave: boolean): number {
  return wave ? (base * (Math.cos(((stepsBefore + 1) * 2 * Math.PI) / PERIOD) + 1)) / 2 : base;
}
