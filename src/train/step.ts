/**
 * The train step as one graph: forward, losses, gradients and optimizers, so that one run trains and no weight leaves the device.
 * Adversaries step after the generator, against its updated weights. Learning rates and dropout are inputs of the graph; their
 * schedules live in the loop.
 */
import { type Shape, sizeOf } from '../base/index.ts';
import { constant, gradients, input, type LoopStep, stopGradient, type Value } from '../graph/index.ts';
import { inCheckpointOrder, type ModelConfig, wiring } from '../models/index.ts';
import {
  bestGradientScale,
  clipScale,
  globalNorm,
  type Lowering,
  type OptimizerName,
  Scope,
  slotsOf,
  update,
  type Variable,
} from '../nn/index.ts';
import {
  type BatchValues,
  batchInputs,
  codeObjective,
  generatorObjective,
  type ObjectiveOptions,
  patchObjective,
  usesTrueFace,
} from './objective.ts';
import type { TrainOptions } from './optionTable.ts';

export interface StepOptions extends ObjectiveOptions {
  /** Off freezes inter_AB. */
  readonly randomWarp: boolean;
  readonly optimizer: OptimizerName;
  /** Each optimizer scales its gradients so that their global norm is at most 1. */
  readonly clipGradients: boolean;
  /** Each weight's update is masked by an input. */
  readonly learningRateDropout: boolean;
}

/** The options of a run that shape its graph. */
export function stepOptions(options: TrainOptions): StepOptions {
  return {
    maskedTraining: options.masked_training,
    eyesMouthPriority: options.eyes_mouth_prio,
    blurOutMask: options.blur_out_mask,
    faceStylePower: options.face_style_power,
    bgStylePower: options.bg_style_power,
    ganPower: options.gan_power,
    ganPatchSize: options.gan_patch_size,
    ganDims: options.gan_dims,
    trueFacePower: options.true_face_power,
    variationAxes: options.tv_axes,
    randomWarp: options.random_warp,
    optimizer: options.adabelief ? 'adabelief' : 'rmsprop',
    clipGradients: options.clipgrad,
    learningRateDropout: options.lr_dropout !== 'n',
  };
}

/** Names as in the reference's files. */
export type OptimizerKey = 'src_dst_opt' | 'GAN_opt' | 'D_code_opt';

/** What one optimizer keeps. */
export interface OptimizerLayout {
  readonly key: OptimizerKey;
  /** Variables it steps, in checkpoint order. */
  readonly trained: readonly Variable[];
  /** All its state, `<key>/<slot>/<variable>`, also that of variables which are frozen for now. It is 0 at the start. */
  readonly slots: readonly { readonly name: string; readonly shape: Shape }[];
}

/** Names of inputs other than the batch's. */
export const learningRateName = (key: OptimizerKey): string => `lr/${key}`;
export const dropoutName = (variable: string): string => `dropout/${variable}`;

export interface TrainStep {
  /**
   * Ready for lowerLoop.
   *
   * data: `src/warped` … `dst/em` (batchInputs), a scalar `lr/<optimizer>` each, and with learning-rate dropout a boolean
   * `dropout/<variable>` of the shape of each trained variable, true where it moves.
   * state: the trained variables under their names and their slots, each with its next value.
   * results: `src_loss` and `dst_loss`, (n); `gradient_norm`, the global norm of src_dst_opt's gradients before clipping.
   */
  readonly loop: LoopStep;
  /** Variables that the step reads and does not change. */
  readonly frozen: readonly Value[];
  /** Every variable of the generator and of the adversaries in use, in checkpoint order. */
  readonly variables: readonly Variable[];
  readonly optimizers: readonly OptimizerLayout[];
}

/**
 * @param n samples per side.
 * @param lowering how convolutions are written.
 */
export function trainStep(
  c: ModelConfig,
  options: StepOptions,
  { n, lowering }: { readonly n: number; readonly lowering: Lowering },
): TrainStep {
  const p = Scope.root({ lowering, cosine: c.c });
  const batch = batchInputs(c.resolution, n);
  const objective = generatorObjective(p, c, options, batch);
  const variables = inCheckpointOrder(p.variables, c);
  const under = (networks: readonly string[]): readonly Variable[] => variables.filter(({ name }) => networks.includes(networkOf(name)));

  const { networks, frozenUnwarped } = wiring(c);
  const generator = under(networks);
  const main = step('src_dst_opt', objective.total, generator, {
    trained: generator.filter(({ name }) => options.randomWarp || !frozenUnwarped.includes(networkOf(name))),
    ...{ options, lowering },
  });
  const updated = p.replacing(main.next);
  const adversaries = [
    ...(options.ganPower > 0
      ? [{ key: 'GAN_opt' as const, network: 'D_src', loss: patchObjective(p, updated, c, options, batch).loss }]
      : []),
    ...(usesTrueFace(c, options) ? [{ key: 'D_code_opt' as const, network: 'dis', loss: codeObjective(p, updated, c, batch) }] : []),
  ].map(({ key, network, loss }) => step(key, loss, under([network]), { trained: under([network]), options, lowering }));

  const steps = [main, ...adversaries];
  const moved = new Set(steps.flatMap(({ layout }) => layout.trained.map(({ name }) => name)));
  return {
    loop: {
      data: [...batchValues(batch), ...steps.flatMap(({ data }) => data)],
      state: steps.flatMap(({ state }) => state),
      results: { src_loss: objective.srcLoss, dst_loss: objective.dstLoss, gradient_norm: main.norm },
    },
    frozen: variables.filter(({ name }) => !moved.has(name)).map(({ value }) => value),
    variables,
    optimizers: steps.map(({ layout }) => layout),
  };
}

const networkOf = (name: string): string => name.slice(0, name.indexOf('/'));

const batchValues = ({ src, dst }: BatchValues): readonly Value[] =>
  [src, dst].flatMap(({ warped, target, mask, em }) => [warped, target, mask, em]);

interface OptimizerStep {
  readonly layout: OptimizerLayout;
  readonly norm: Value;
  readonly data: readonly Value[];
  readonly state: readonly (readonly [now: Value, next: Value])[];
  /** Updated weights by name. */
  readonly next: ReadonlyMap<string, Value>;
}

/** All gradients first, then all updates. */
function step(
  key: OptimizerKey,
  loss: Value,
  variables: readonly Variable[],
  { trained, options, lowering }: { readonly trained: readonly Variable[]; readonly options: StepOptions; readonly lowering: Lowering },
): OptimizerStep {
  const { optimizer, clipGradients, learningRateDropout } = options;
  const gradientScale = lowering === 'direct' ? 1 : bestGradientScale(optimizer); // direct rounds as the reference does
  const slotNames = slotsOf(optimizer).map((slot) => (name: string) => `${key}/${slot}/${name}`);
  const slopes = gradients(
    [[loss, constant(new Float32Array(sizeOf(loss.shape)).fill(gradientScale), loss.shape)]],
    trained.map(({ value }) => value),
  );
  const norm = gradientScale === 1 ? globalNorm(slopes) : globalNorm(slopes).div(gradientScale);
  const learningRate = input(learningRateName(key), []);
  const scale = clipGradients ? clipScale(norm) : undefined;
  const data: Value[] = [learningRate];
  const state: (readonly [Value, Value])[] = [];
  const next = new Map<string, Value>();
  for (const [i, { name, shape, value }] of trained.entries()) {
    const slots = slotNames.map((nameOf) => input(nameOf(name), shape));
    const keep = learningRateDropout ? input(dropoutName(name), shape, 'bool') : undefined;
    if (keep !== undefined) data.push(keep);
    const after = update(optimizer, value, slopes[i]!, slots, { learningRate, gradientScale, scale, keep });
    state.push([value, after.weight], ...slots.map((slot, j) => [slot, after.slots[j]!] as const));
    next.set(name, stopGradient(after.weight)); // an adversary's loss sees new weights, not how they came about
  }
  const slots = variables.flatMap(({ name, shape }) => slotNames.map((nameOf) => ({ name: nameOf(name), shape })));
  return { layout: { key, trained, slots }, norm, data, state, next };
}
