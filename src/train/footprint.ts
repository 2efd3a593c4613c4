/**
 * What a training will hold in memory, from its graph alone: no weight is drawn and nothing is compiled. The weights and what the optimizers keep
 * are exact. The work beside them is the most that lives at once when values are computed in the graph's order and let go after their last use.
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
  /** The most that the values of one iteration take at once, weights and optimizer aside. */
  readonly workBytes: number;
}

/** @throws ShapeError if the options make no network. */
export function footprint(options: TrainOptions): Footprint {
  const step = trainStep(modelConfig(options), stepOptions(options), { n: options.batch_size, lowering: options.lowering });
  const count = (own: (name: string) => boolean): number =>
    step.variables.reduce((sum, { name, shape }) => sum + (own(name) ? sizeOf(shape) : 0), 0);
  const isAdversary = (name: string): boolean => /^(D_src|dis)\//.test(name);
  const [parameters, adversaryParameters] = [count((name) => !isAdversary(name)), count(isAdversary)];
  const slots = step.optimizers.flatMap((layout) => layout.slots).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    ...{ parameters, adversaryParameters, weightBytes: 4 * (parameters + adversaryParameters), optimizerBytes: 4 * slots },
    workBytes: mostAtOnce(step),
  };
}

function mostAtOnce({ loop }: TrainStep): number {
  const outputs = [...loop.state.map(([, next]) => next), ...Object.values(loop.results)];
  const order = topological(outputs);
  const last = new Map<Value, number>();
  for (const [at, value] of order.entries()) if (value.source.kind === 'op') for (const input of value.source.inputs) last.set(input, at);
  for (const value of outputs) last.delete(value); // of the next state, which is counted with the optimizer
  const kept = new Set(outputs);
  const ending = new Map<number, Value[]>();
  for (const [value, at] of last) if (value.source.kind === 'op' && !kept.has(value)) ending.set(at, [...(ending.get(at) ?? []), value]);
  let [now, most] = [0, 0];
  for (const [at, value] of order.entries()) {
    if (value.source.kind === 'op' && !kept.has(value)) now += bytesOf(value);
    most = Math.max(most, now);
    for (const gone of ending.get(at) ?? []) now -= bytesOf(gone);
  }
  return most;
}

const bytesOf = ({ shape, dtype }: Value): number => sizeOf(shape) * (dtype === 'bool' ? 1 : 4);
