/** The two jobs of merging that take time, as they are done in a thread or right here: predicting faces in batches, and composing frames. */

import type { Tensor } from '../../base/index.ts';
import type { FaceType } from '../../face/index.ts';
import { type FloatImage, floatImage } from '../../image/index.ts';
import { cropFace, type FaceCrop, type MergeSettings, type Motion, mergeFrame, mergeTools, type Picture } from '../../merge/index.ts';
import { createSwapper, type ModelConfig, type Swapper } from '../../models/index.ts';
import type { SinkPicture } from '../../video/index.ts';
import { ortBackend } from './ortBackend.ts';

/** The network and how it is asked. Plain data: it travels to a thread. */
export interface PredictorParts {
  readonly config: ModelConfig;
  /** Of the generator. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly batch: number;
  readonly lowering: 'fast' | 'direct';
}

/** Of one face, at the model's side: face of three channels, and two masks. */
export interface RawPrediction {
  readonly face: Float32Array;
  readonly mask: Float32Array;
  readonly dstMask: Float32Array;
}

export class PredictHand implements AsyncDisposable {
  readonly #parts: PredictorParts;
  #swapper: Promise<Swapper> | undefined;

  constructor(parts: PredictorParts) {
    this.#parts = parts;
  }

  /** @param inputs  one face each, BGR in 0…1; at most a batch of them. */
  async predict(inputs: readonly Float32Array[]): Promise<RawPrediction[]> {
    const { config, batch } = this.#parts;
    this.#swapper ??= createSwapper(ortBackend(), this.#parts);
    const swapper = await this.#swapper;
    const pixels = config.resolution ** 2;
    const faces = new Float32Array(pixels * batch * 3);
    for (const [k, input] of inputs.entries()) {
      for (let p = 0; p < pixels; p++) for (let c = 0; c < 3; c++) faces[(p * batch + k) * 3 + c] = input[p * 3 + c]!;
    }
    const { face, faceMask, dstMask } = await swapper.swap(faces);
    const take = (all: Float32Array, k: number, channels: number): Float32Array => {
      const out = new Float32Array(pixels * channels);
      for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) out[p * channels + c] = all[(p * batch + k) * channels + c]!;
      return out;
    };
    return inputs.map((_, k) => ({ face: take(face, k, 3), mask: take(faceMask, k, 1), dstMask: take(dstMask, k, 1) }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#swapper?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

export interface MergeModel {
  readonly resolution: number;
  readonly faceType: FaceType;
}

/** A frame that is to be merged, and what is to be done. */
export interface MergeTask {
  readonly id: number;
  /** Number in the clip: with the seed it makes random draws repeatable. */
  readonly frame: number;
  readonly picture: Picture;
  /** In the order in which they are laid over one another. */
  readonly faces: readonly Float64Array[];
  readonly settings: MergeSettings;
  readonly motion?: Motion | undefined;
  readonly seed: number;
  /** Gives the mask as a fourth channel. */
  readonly covered: boolean;
}

export interface MergedResult {
  readonly image: SinkPicture;
  readonly mask: SinkPicture;
  /** Mean light inside the mask, 0…255: of the frame as it was and as it is; absent without a mask. */
  readonly light?: readonly [before: number, after: number] | undefined;
  /** Milliseconds that composing took, cropping included. */
  readonly ms: number;
}

export class MergeHand {
  readonly #model: MergeModel;
  readonly #tools = mergeTools();
  readonly #open = new Map<number, { task: MergeTask; crops: FaceCrop[]; ms: number }>();

  constructor(model: MergeModel) {
    this.#model = model;
  }

  /** Begins a frame. @returns what the network must see of each face. */
  crop(task: MergeTask): Float32Array[] {
    const began = performance.now();
    const crops = task.faces.map((landmarks) => cropFace(task.picture, landmarks, this.#model, task.settings));
    this.#open.set(task.id, { task, crops, ms: performance.now() - began });
    return crops.map(({ predictorInput }) => Float32Array.from(predictorInput.data));
  }

  /** Completes a frame that was begun. */
  finish(id: number, predictions: readonly RawPrediction[]): MergedResult {
    const began = performance.now();
    const { task, crops, ms } = this.#open.get(id)!;
    this.#open.delete(id);
    const { resolution } = this.#model;
    const image = (data: Float32Array, channels: number): FloatImage => ({
      ...floatImage(0, 0, channels),
      width: resolution,
      height: resolution,
      data,
    });
    const faces = crops.map((crop, i) => {
      const { face, mask, dstMask } = predictions[i]!;
      return { crop, prediction: { face: image(face, 3), mask: image(mask, 1), dstMask: image(dstMask, 1) } };
    });
    const { frame, motion, seed, picture, settings, covered } = task;
    const merged = mergeFrame(picture, faces, settings, { frame, motion, seed, tools: this.#tools });
    const light = merged.image.width === picture.width ? lightOf(picture, merged.image, merged.mask) : undefined;
    return {
      image: covered ? withCoverage(merged.image, merged.mask) : merged.image,
      mask: merged.mask,
      light,
      ms: ms + performance.now() - began,
    };
  }
}

/** Every fourth pixel of every fourth row is looked at. */
const STEP = 4;

function lightOf(before: Picture, after: Picture, mask: Picture): readonly [number, number] | undefined {
  const { width, height } = before;
  const level = before.data instanceof Uint16Array ? 257 : 1;
  let [sum, a, b] = [0, 0, 0];
  for (let y = 0; y < height; y += STEP) {
    for (let x = 0; x < width; x += STEP) {
      const p = y * width + x;
      const m = mask.data[p]!;
      if (m === 0) continue;
      sum += m;
      a += m * luma(before.data, p * 3);
      b += m * luma(after.data, p * 3);
    }
  }
  return sum === 0 ? undefined : [a / sum / level, b / sum / level];
}

/** Source: ITU-R BT.709. */
const luma = (data: Picture['data'], p: number): number => 0.2126 * data[p]! + 0.7152 * data[p + 1]! + 0.0722 * data[p + 2]!;

/** The picture with the mask as its fourth channel. */
export function withCoverage({ width, height, data }: SinkPicture, mask: SinkPicture): SinkPicture {
  const pixels = width * height;
  const out = data instanceof Uint16Array ? new Uint16Array(pixels * 4) : new Uint8Array(pixels * 4);
  for (let p = 0; p < pixels; p++) {
    for (let c = 0; c < 3; c++) out[p * 4 + c] = data[p * 3 + c]!;
    out[p * 4 + 3] = mask.data[p]!;
  }
  return { width, height, channels: 4, data: out } as SinkPicture;
}
