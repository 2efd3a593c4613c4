/**
 * A trained model at work: destination faces in, swapped faces and masks out, in batches. The same program serves every batch size, so
 * that mergers, previews and exports see one behaviour.
 */
import type { Tensor } from '../base/index.ts';
import { encodeModel, input, inputsOf, lower, type Value } from '../graph/index.ts';
import { type Lowering, Scope } from '../nn/index.ts';
import { type Backend, type Feed, OPSET } from '../runtime/index.ts';
import type { ModelConfig } from './config.ts';
import { predictSwap } from './predict.ts';

/** For n faces, [res, res, n, channels] in 0…1, BGR. */
export interface Swapped {
  /** 3 channels: the source person with the destination's expression. */
  readonly face: Float32Array;
  /** 1 channel: where that face is. */
  readonly faceMask: Float32Array;
  /** 1 channel: where the destination's own face is. */
  readonly dstMask: Float32Array;
}

export interface Swapper extends AsyncDisposable {
  /** Faces per call. */
  readonly batch: number;
  /** @param faces [res, res, batch, 3], BGR in 0…1, aligned as the model was trained. */
  swap(faces: Float32Array): Promise<Swapped>;
}

export interface SwapperOptions {
  readonly config: ModelConfig;
  /** The generator's weights by name; others are ignored. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly batch: number;
  readonly lowering: Lowering;
}

/** @throws Error if a weight is missing: states are checked where they are read. */
export async function createSwapper(backend: Backend, { config, weights, batch, lowering }: SwapperOptions): Promise<Swapper> {
  const outputs = swapOutputs(config, lowering, input('faces', [config.resolution, config.resolution, batch, 3]));
  const program = await backend.compile(encodeModel(lower(outputs), OPSET));
  const fixed: Record<string, Feed> = {};
  for (const value of inputsOf(Object.values(outputs))) {
    if (value.source.kind !== 'input' || value.source.name === 'faces') continue;
    const found = weights.get(value.source.name);
    if (found === undefined) throw new Error(`${value.source.name} is missing`);
    fixed[value.source.name] = found;
  }
  return {
    batch,
    async swap(faces) {
      const shape = [config.resolution, config.resolution, batch, 3];
      const results = await program.run({ ...fixed, faces: { shape, data: faces } });
      const array = (name: keyof Swapped): Float32Array => results[name]!.data as Float32Array;
      return { face: array('face'), faceMask: array('faceMask'), dstMask: array('dstMask') };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

export function swapOutputs(config: ModelConfig, lowering: Lowering, faces: Value): Record<keyof Swapped, Value> {
  const { swap, dstMask } = predictSwap(Scope.root({ lowering, cosine: config.c }), faces, config);
  return { face: swap.face, faceMask: swap.mask, dstMask };
}
