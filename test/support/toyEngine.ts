/**
 * A deterministic stand-in for the train step: a handful of weights that chase the mean of their batch with momentum. Its state is as
 * sensitive to order, repetition and loss of iterations as the real one, and it runs in microseconds.
 */
import { FormatError, streamFor, type Tensor } from '../../src/base/index.ts';
import type { Batch, Engine, EngineState, Predictions, SideBatch, StepResult } from '../../src/train/engine.ts';
import type { BatchSource } from '../../src/train/loop.ts';
import type { TrainOptions } from '../../src/train/optionTable.ts';

export class ToyEngine implements Engine {
  #weights: Float32Array = new Float32Array([0.5, -0.25, 3]);
  #slot: Float32Array = new Float32Array(3);
  #steps = 0;
  readonly #slotName: string;
  /** Iterations done before each call, and how many it ran. */
  readonly calls: { readonly iteration: number; readonly count: number }[] = [];
  disposed = false;
  /** Called in each run; tests move their clock here. */
  during: (count: number) => void = () => undefined;

  constructor(options: Pick<TrainOptions, 'adabelief'> = { adabelief: true }) {
    this.#slotName = options.adabelief ? 'ms' : 'acc';
  }

  /** As it was set, in order. */
  readonly rates: number[] = [];

  setLearningRate(rate: number): void {
    this.rates.push(rate);
  }

  async run(batches: readonly Batch[], iteration: number): Promise<readonly StepResult[]> {
    if (this.disposed) throw new Error('the engine is disposed');
    this.calls.push({ iteration, count: batches.length });
    this.during(batches.length);
    [this.#weights, this.#slot] = [this.#weights.slice(), this.#slot.slice()]; // arrays handed out before stay as they were
    return batches.map((batch, i) => {
      const [src, dst] = [batch.src.target[0]!, batch.dst.target[0]!];
      const noise = streamFor(1, 'dropout', iteration + i).uniform();
      for (let k = 0; k < 3; k++) {
        this.#slot[k] = 0.9 * this.#slot[k]! + 0.1 * (src * (k + 1) + dst * noise - this.#weights[k]!);
        this.#weights[k] = this.#weights[k]! + 0.05 * this.#slot[k]!;
      }
      this.#steps++;
      // A batch of 1000 blows the weights up and lets the loss look fine, as real divergence can.
      if (src === 1000) this.#weights[1] = Number.POSITIVE_INFINITY;
      return { src: Math.abs(src - this.#weights[0]!), dst: Math.abs(dst - this.#weights[2]!), gradientNorm: Math.abs(src) };
    });
  }

  state(): EngineState {
    const tensors = new Map<string, Tensor>([
      ['net/a/weight', { shape: [3], data: this.#weights }],
      [`src_dst_opt/${this.#slotName}/net/a/weight`, { shape: [3], data: this.#slot }],
    ]);
    return { tensors, counters: { src_dst_opt: this.#steps } };
  }

  load({ tensors, counters }: EngineState): void {
    const of = (key: string): Float32Array => {
      const tensor = tensors.get(key);
      if (tensor?.data.length !== 3) throw new FormatError(`${key}: missing`);
      return tensor.data.slice();
    };
    this.#weights = of('net/a/weight');
    this.#slot = of(`src_dst_opt/${this.#slotName}/net/a/weight`);
    this.#steps = counters.src_dst_opt ?? 0;
  }

  async predict(src: Float32Array, dst: Float32Array): Promise<Predictions> {
    const mask = new Float32Array(src.length / 3).fill(1);
    return { srcSrc: src, dstDst: dst, srcDst: dst, dstDstMask: mask, srcDstMask: mask };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }
}

/** Batches of noise from (seed, attempt, iteration). `spoil` may replace the first value of the source side. */
export class ToyBatches implements BatchSource {
  readonly #options: TrainOptions;
  readonly asked: (readonly [iteration: number, attempt: number])[] = [];
  spoil: (iteration: number, attempt: number) => number | undefined = () => undefined;
  disposed = false;
  /** Called before each batch; tests send commands or fail here. */
  before: (iteration: number) => void = () => undefined;

  constructor(options: TrainOptions) {
    this.#options = options;
  }

  async next(iteration: number, attempt: number): Promise<{ batch: Batch; waitMs: number }> {
    if (this.disposed) throw new Error('the batches are disposed');
    this.before(iteration);
    this.asked.push([iteration, attempt]);
    const { resolution: res, batch_size: n, seed } = this.#options;
    const rng = streamFor(seed, 'toy', attempt, iteration);
    const side = (first: number): SideBatch => {
      const target = new Float32Array(res * res * n * 3).fill(0.5);
      target[0] = first;
      return { warped: target, target, mask: new Float32Array(res * res * n).fill(1), em: new Float32Array(res * res * n) };
    };
    const src = rng.uniform();
    return { batch: { src: side(this.spoil(iteration, attempt) ?? src), dst: side(rng.uniform()) }, waitMs: 0.5 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }
}
