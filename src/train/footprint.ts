/**
 * What a training will hold in memory, from its graph alone: no weight is drawn and nothing is compiled. The weights and what the optimizers keep
 * are exact; of the values between them, which live and die within an iteration, all are counted, and memoryOf knows what that comes to.
 */
import { sizeOf } from '../base/index.ts';
import { topological, type Value } from '../graph/index.ts';
import { modelConfig } from './options.ts';
import type { TrainOptions } from './optionTable.ts';
import { stepOptions, type TrainStep, trainStep } from './step.ts';

export interface Footprint {
  /** Weights of the generator, and of the adversaries in use. */
  readonly parameters: number;
  readonly adversaryParameters: number;
  /** float32 of all weights. */
  readonly weightBytes: number;
  /** float32 of what the optimizers keep. */
  readonly optimizerBytes: number;
  /** All values that an iteration computes for one sample of each side. */
  readonly sampleBytes: number;
}

/** @throws ShapeError if the options make no network. */
export function footprint(options: TrainOptions): Footprint {
  const stepFor = (n: number): TrainStep => trainStep(modelConfig(options), stepOptions(options), { n, lowering: options.lowering });
  const step = stepFor(1);
  const count = (own: (name: string) => boolean): number =>
    step.variables.reduce((sum, { name, shape }) => sum + (own(name) ? sizeOf(shape) : 0), 0);
  const isAdversary = (name: string): boolean => /^(D_src|dis)\//.test(name);
  const [parameters, adversaryParameters] = [count((name) => !isAdversary(name)), count(isAdversary)];
  const slots = step.optimizers.flatMap((layout) => layout.slots).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    ...{ parameters, adversaryParameters, weightBytes: 4 * (parameters + adversaryParameters), optimizerBytes: 4 * slots },
    sampleBytes: allBytes(stepFor(2)) - allBytes(step), // what does not grow with the batch has the size of weights
  };
}

/**
 * About the most that the process of a training uses, in bytes. Fitted to the measured peaks of seven trainings of 0.8 to 9.6 GiB on processors: it was
 * between 0.94 and 1.5 of them, too little with RMSprop alone (docs/log.md).
 */
export function memoryOf({ weightBytes, optimizerBytes, sampleBytes }: Footprint, batchSize: number): number {
  return 400 * 2 ** 20 + 1.2 * weightBytes + 4 * optimizerBytes + 0.9 * batchSize * sampleBytes;
}

function allBytes({ loop }: TrainStep): number {
  const values = topological([...loop.state.map(([, next]) => next), ...Object.values(loop.results)]);
  return values.reduce((sum, value) => sum + (value.source.kind === 'op' ? bytesOf(value) : 0), 0);
}

const bytesOf = ({ shape, dtype }: Value): number => sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
