/**
 * The engine over the graph compiler: the train step becomes the body of a Loop, so that one call runs several iterations and weights
 * cross the border to JavaScript once a call. A single iteration is a Loop of one, so any split into calls gives the same bits.
 */
import { FormatError, type Shape, sameShape, shapeText, sizeOf, type Tensor } from '../base/index.ts';
import { encodeModel, input, inputsOf, LOOP_COUNT, loopNames, lower, lowerLoop, type Value } from '../graph/index.ts';
import { type ModelConfig, predictBoth } from '../models/index.ts';
import { initialValue, type Lowering, learningRateAt, Scope } from '../nn/index.ts';
import { type Backend, type Feed, OPSET, type Program } from '../runtime/index.ts';
import { drawKept } from './dropout.ts';
import type { Batch, Engine, EngineState, Predictions, StepResult } from './engine.ts';
import {
  dropoutName,
  learningRateName,
  type OptimizerKey,
  type OptimizerLayout,
  type StepOptions,
  type TrainStep,
  trainStep,
} from './step.ts';

export interface GraphEngineOptions {
  readonly config: ModelConfig;
  readonly step: StepOptions;
  readonly lowering: Lowering;
  /** Samples per side. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** For initial values and dropout. */
  readonly seed: number;
  /** Threads of the device; all cores if left out. */
  readonly threads?: number | undefined;
}

/** An engine at its initial values. Programs are compiled when first needed. */
export function graphEngine(backend: Backend, options: GraphEngineOptions): Engine {
  return new GraphEngine(backend, options);
}

class GraphEngine implements Engine {
  readonly #backend: Backend;
  readonly #options: GraphEngineOptions;
  readonly #step: TrainStep;
  readonly #tensors: Map<string, Tensor>;
  readonly #counters: Record<string, number>;
  #learningRate: number;
  #train: Promise<Program> | undefined;
  /** Arrays that the next call writes the state to, by name: two copies take turns. */
  readonly #spare = new Map<string, Float32Array>();
  /** Arrays that were made here; others belong to whoever loaded them. */
  readonly #own = new WeakSet<Float32Array>();
  #predict: { readonly n: number; readonly program: Promise<Program>; readonly weights: readonly string[] } | undefined;

  constructor(backend: Backend, options: GraphEngineOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#learningRate = options.learningRate;
    this.#step = trainStep(options.config, options.step, { n: options.batchSize, lowering: options.lowering });
    const weights = this.#step.variables.map((v): [string, Tensor] => [v.name, { shape: v.shape, data: initialValue(v, options.seed) }]);
    const slots = this.#step.optimizers.flatMap((layout) => layout.slots);
    this.#tensors = new Map([
      ...weights,
      ...slots.map(({ name, shape }): [string, Tensor] => [name, { shape, data: new Float32Array(sizeOf(shape)) }]),
    ]);
    this.#counters = Object.fromEntries(this.#step.optimizers.map(({ key }) => [key, 0]));
  }

  async run(batches: readonly Batch[], _iteration: number): Promise<readonly StepResult[]> {
    const { loop, frozen, optimizers } = this.#step;
    this.#train ??= this.#compile(encodeModel(lowerLoop({ ...loop, fixed: frozen }), OPSET));
    const program = await this.#train;
    const feeds: Record<string, Feed> = { [LOOP_COUNT]: { shape: [], data: BigInt64Array.of(BigInt(batches.length)) } };
    for (const value of frozen) feeds[nameOf(value)] = this.#tensors.get(nameOf(value))!;
    for (const [now] of loop.state) feeds[loopNames.state(nameOf(now))] = this.#tensors.get(nameOf(now))!;
    for (const side of ['src', 'dst'] as const) {
      for (const what of ['warped', 'target', 'mask', 'em'] as const) {
        const name = `${side}/${what}`;
        const value = loop.data.find((v) => nameOf(v) === name)!;
        const data = stack(batches.map((batch) => batch[side][what]));
        feeds[loopNames.datum(name)] = { shape: [batches.length, ...value.shape], data };
      }
    }
    for (const layout of optimizers) this.#feedSchedule(feeds, layout, batches.length);

    const after = loop.state.map(([now]) => ({ name: nameOf(now), shape: now.shape, data: this.#takeSpare(nameOf(now), now.shape) }));
    const into = Object.fromEntries(after.map(({ name, shape, data }) => [loopNames.next(name), { shape, data }]));
    const results = await program.run(feeds, undefined, into);
    for (const { name, shape, data } of after) {
      const before = this.#tensors.get(name)!.data;
      if (this.#own.has(before)) this.#spare.set(name, before);
      this.#tensors.set(name, { shape, data });
    }
    for (const { key } of optimizers) this.#counters[key]! += batches.length;
    const series = (name: string): Float32Array => results[loopNames.result(name)]!.data as Float32Array;
    const [src, dst, norms] = [series('src_loss'), series('dst_loss'), series('gradient_norm')];
    return batches.map((_, k) => ({ src: meanOf(src, k, batches.length), dst: meanOf(dst, k, batches.length), gradientNorm: norms[k]! }));
  }

  #takeSpare(name: string, shape: Shape): Float32Array {
    const spare = this.#spare.get(name) ?? new Float32Array(sizeOf(shape));
    this.#spare.delete(name); // a call that fails may have written to it
    this.#own.add(spare);
    return spare;
  }

  /** Learning rates and dropout draws of an optimizer's next `count` steps. */
  #feedSchedule(feeds: Record<string, Feed>, { key, trained }: OptimizerLayout, count: number): void {
    const { step, seed } = this.#options;
    const before = this.#counters[key]!;
    const rates = Float32Array.from({ length: count }, (_, k) => learningRateAt(this.#learningRate, before + k, step.learningRateDropout));
    feeds[loopNames.datum(learningRateName(key))] = { shape: [count], data: rates };
    if (!step.learningRateDropout) return;
    for (const { name, shape } of trained) {
      const size = sizeOf(shape);
      const data = new Uint8Array(count * size);
      for (let k = 0; k < count; k++) drawKept(data.subarray(k * size, (k + 1) * size), seed, before + k, name);
      feeds[loopNames.datum(dropoutName(name))] = { shape: [count, ...shape], data };
    }
  }

  setLearningRate(rate: number): void {
    this.#learningRate = rate;
  }

  state(): EngineState {
    return { tensors: this.#tensors, counters: { ...this.#counters } };
  }

  load({ tensors, counters }: EngineState): void {
    for (const [name, { shape }] of this.#tensors) {
      const found = tensors.get(name);
      if (found === undefined)
        throw new FormatError(`${name} is missing`, { expected: shapeText(shape), next: 'restore the model from a backup' });
      if (!sameShape(found.shape, shape)) {
        const details = { found: shapeText(found.shape), expected: shapeText(shape), next: 'check that the file belongs to this model' };
        throw new FormatError(`${name} has another shape`, details);
      }
    }
    for (const name of this.#tensors.keys()) this.#tensors.set(name, tensors.get(name)!);
    for (const key of Object.keys(this.#counters) as OptimizerKey[]) this.#counters[key] = counters[key] ?? 0;
  }

  async predict(src: Float32Array, dst: Float32Array, n: number): Promise<Predictions> {
    if (this.#predict?.n !== n) {
      await (await this.#predict?.program)?.[Symbol.asyncDispose]();
      this.#predict = this.#predictor(n);
    }
    const { program, weights } = this.#predict;
    const { resolution } = this.#options.config;
    const feeds: Record<string, Feed> = {
      src: { shape: [resolution, resolution, n, 3], data: src },
      dst: { shape: [resolution, resolution, n, 3], data: dst },
    };
    for (const name of weights) feeds[name] = this.#tensors.get(name)!;
    const results = await (await program).run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data])) as unknown as Predictions;
  }

  #predictor(n: number): { n: number; program: Promise<Program>; weights: readonly string[] } {
    const { config, lowering } = this.#options;
    const p = Scope.root({ lowering, cosine: config.c });
    const image = (name: string): Value => input(name, [config.resolution, config.resolution, n, 3]);
    const { srcSrc, dstDst, srcDst } = predictBoth(p, image('src'), image('dst'), config);
    const outputs: Record<keyof Predictions, Value> = {
      srcSrc: srcSrc.face,
      dstDst: dstDst.face,
      srcDst: srcDst.face,
      dstDstMask: dstDst.mask,
      srcDstMask: srcDst.mask,
    };
    const weights = inputsOf(Object.values(outputs))
      .map(nameOf)
      .filter((name) => name !== 'src' && name !== 'dst');
    return { n, program: this.#compile(encodeModel(lower(outputs), OPSET)), weights };
  }

  #compile(model: Uint8Array): Promise<Program> {
    const { threads } = this.#options;
    return this.#backend.compile(model, threads === undefined ? {} : { threads });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#train)?.[Symbol.asyncDispose]();
    await (await this.#predict?.program)?.[Symbol.asyncDispose]();
  }
}

function nameOf(value: Value): string {
  if (value.source.kind !== 'input') throw new Error(`${value.describe()} is not an input`);
  return value.source.name;
}

/** Arrays of one length, one after another; a single one as it is. */
function stack(arrays: readonly Float32Array[]): Float32Array {
  const [first] = arrays;
  if (arrays.length === 1) return first!;
  const all = new Float32Array(first!.length * arrays.length);
  for (const [k, array] of arrays.entries()) all.set(array, k * first!.length);
  return all;
}

/** Mean of the k-th of `count` equal parts. */
function meanOf(all: Float32Array, k: number, count: number): number {
  const n = all.length / count;
  return all.subarray(k * n, (k + 1) * n).reduce((sum, x) => sum + x, 0) / n;
}
