/**
 * The port between the training loop and whatever computes train steps. An engine owns the weights and the optimizer
 * state; the loop feeds it batches and reads its tensors when it saves. Implemented in graphEngine.ts.
 */
import type { Tensor } from '../base/index.ts';

/** One side of a batch: n samples as [res, res, n, channels], BGR, float32 in 0…1. */
export interface SideBatch {
  /** 3 channels. */
  readonly warped: Float32Array;
  /** 3 channels. */
  readonly target: Float32Array;
  /** 1 channel: the whole face. */
  readonly mask: Float32Array;
  /** 1 channel: eyes and mouth. */
  readonly em: Float32Array;
}

export interface Batch {
  readonly src: SideBatch;
  readonly dst: SideBatch;
}

/** What one iteration reports: means over the batch, and the norm of all gradients of the generator before clipping. */
export interface StepResult {
  readonly src: number;
  readonly dst: number;
  readonly gradientNorm: number;
}

/** The decoder's answers for n pairs of unwarped faces, each [res, res, n, channels] in 0…1. */
export interface Predictions {
  readonly srcSrc: Float32Array;
  readonly dstDst: Float32Array;
  readonly srcDst: Float32Array;
  /** 1 channel. */
  readonly dstDstMask: Float32Array;
  /** 1 channel. */
  readonly srcDstMask: Float32Array;
}

/** Everything that a save must hold to continue exactly. */
export interface EngineState {
  /**
   * Weights as `<network>/<path>/weight|bias`, e.g. `encoder/down1/downs_0/conv1/weight`; optimizer slots as
   * `<optimizer>/<slot>/<variable>`, e.g. `src_dst_opt/ms/encoder/down1/downs_0/conv1/weight`. Shapes are the checkpoint's (HWIO).
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Steps taken by each optimizer: src_dst_opt, and GAN_opt or D_code_opt where they exist. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface Engine extends AsyncDisposable {
  /** The learning rate from the next call on, before its schedule. */
  setLearningRate(rate: number): void;
  /**
   * Trains on each batch in turn. Any split of a sequence of batches into calls gives the same bits.
   *
   * @param iteration the number of iterations done before the first of these batches.
   */
  run(batches: readonly Batch[], iteration: number): Promise<readonly StepResult[]>;
  /** The present state. The arrays may be those in use: they hold until the next run(). */
  state(): EngineState;
  /**
   * Replaces the state. Every tensor of the engine must be present with its shape.
   *
   * @throws FormatError that names the missing or mismatched tensor.
   */
  load(state: EngineState): void;
  /** @param src, dst unwarped faces of n samples each, [res, res, n, 3]. */
  predict(src: Float32Array, dst: Float32Array, n: number): Promise<Predictions>;
}
