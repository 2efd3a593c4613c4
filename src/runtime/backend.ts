/**
 * The port to whatever executes graphs. A backend turns the bytes of an ONNX file into a Program; a program maps named arrays to named
 * arrays. Which tensors stay on the device between calls is up to the backend.
 */
import type { Shape } from '../base/index.ts';

export type FeedArray = Float32Array | BigInt64Array | Uint8Array;

/** An array on its way in or out. Uint8Array stands for booleans. */
export interface Feed {
  readonly shape: Shape;
  readonly data: FeedArray;
}

/** What a program takes or gives, as its file says. */
export interface Port {
  readonly name: string;
  /** 'float32', 'int64'…; 'none' for what is no tensor. */
  readonly type: string;
  /** Undefined where any length goes. */
  readonly shape: readonly (number | undefined)[];
}

export interface Program extends AsyncDisposable {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs once.
   *
   * @param feeds an array for every input; others are left aside.
   * @param fetch names of the outputs wanted; all of them if left out.
   * @param into arrays that outputs are written to, by name, of their types and shapes; the result holds these very arrays. They must not be
   *   memory of a feed. Other outputs come in arrays of their own.
   */
  run(
    feeds: Readonly<Record<string, Feed>>,
    fetch?: readonly string[],
    into?: Readonly<Record<string, Feed>>,
  ): Promise<Readonly<Record<string, Feed>>>;
}

export interface CompileOptions {
  /** Worker threads of one run; the number of cores if left out. */
  readonly threads?: number;
  /** Where to write a trace of the run's nodes, for profiling. */
  readonly profile?: string;
}

export interface Backend {
  readonly name: string;
  compile(model: Uint8Array, options?: CompileOptions): Promise<Program>;
}
