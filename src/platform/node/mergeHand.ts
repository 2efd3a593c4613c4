/** The two jobs of merging that take time, as they are done in a thread or right here: predicting faces in batches, and composing frames. */

import type { Tensor } from '../../base/index.ts';
import { type FaceType, faceFromImage } from '../../face/index.ts';
import {
  type Affine,
  affineFromTriangles,
  clip,
  type FloatImage,
  floatImage,
  invertAffine,
  mapPoints,
  resize,
  warpAffine,
} from '../../image/index.ts';
import {
  cropFace,
  type FaceCrop,
  type FaceNetwork,
  MASK_SCALE,
  type MergeSettings,
  type Motion,
  mergeFrame,
  mergeTools,
  mixedFace,
  type Picture,
  type Prediction,
  XSEG_SIDE,
} from '../../merge/index.ts';
import { createSwapper, type ModelConfig, type Swapper } from '../../models/index.ts';
import { DisplayColours, type SinkPicture, type WideColours } from '../../video/index.ts';
import { type NetworkFile, openEnhancer, openMasker } from './mergeNetworks.ts';
import { ortBackend } from './ortBackend.ts';

/** The network and how it is asked. Plain data: it travels to a thread. */
export interface PredictorParts {
  readonly config: ModelConfig;
  /** Of the generator. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly batch: number;
  readonly lowering: 'fast' | 'direct';
  /** Networks that the user brought, for XSeg masks and for super resolution. */
  readonly masker?: NetworkFile | undefined;
  readonly enhancer?: NetworkFile | undefined;
}

/** What is asked of the networks for one face, and what they see. BGR in 0…1. */
export interface PredictInput {
  /** At the model's side. */
  readonly face: Float32Array;
  /** At XSEG_SIDE, where the frame's own face needs an XSeg mask that it does not bring. */
  readonly xseg?: Float32Array | undefined;
  /** Whether the predicted face needs one. */
  readonly xsegPrd: boolean;
  /** Share of the enhanced face in percent. */
  readonly power: number;
}

/** Of one face, at the model's side: face of three channels, and two masks. */
export interface RawPrediction {
  readonly face: Float32Array;
  readonly mask: Float32Array;
  readonly dstMask: Float32Array;
  /** The face at four times the side. */
  readonly enhanced?: Float32Array | undefined;
  /** At XSEG_SIDE. */
  readonly xsegPrd?: Float32Array | undefined;
  readonly xsegDst?: Float32Array | undefined;
}

/** The memory of predictions, to be handed to another thread. */
export const buffersOfPrediction = (prediction: RawPrediction): ArrayBuffer[] =>
  Object.values(prediction).flatMap((one: Float32Array | undefined) => (one === undefined ? [] : [one.buffer as ArrayBuffer]));

export class PredictHand implements AsyncDisposable {
  readonly #parts: PredictorParts;
  #swapper: Promise<Swapper> | undefined;
  #masker: Promise<FaceNetwork> | undefined;
  #enhancer: Promise<FaceNetwork> | undefined;

  constructor(parts: PredictorParts) {
    this.#parts = parts;
  }

  /** @param inputs  one face each; at most a batch of them. */
  async predict(inputs: readonly PredictInput[]): Promise<RawPrediction[]> {
    const { config, batch } = this.#parts;
    this.#swapper ??= createSwapper(ortBackend(), this.#parts);
    const swapper = await this.#swapper;
    const pixels = config.resolution ** 2;
    const faces = new Float32Array(pixels * batch * 3);
    for (const [k, { face: input }] of inputs.entries()) {
      for (let p = 0; p < pixels; p++) for (let c = 0; c < 3; c++) faces[(p * batch + k) * 3 + c] = input[p * 3 + c]!;
    }
    const { face, faceMask, dstMask } = await swapper.swap(faces);
    const take = (all: Float32Array, k: number, channels: number): Float32Array => {
      const out = new Float32Array(pixels * channels);
      for (let p = 0; p < pixels; p++) for (let c = 0; c < channels; c++) out[p * channels + c] = all[(p * batch + k) * channels + c]!;
      return out;
    };
    const out: RawPrediction[] = [];
    for (const [k, input] of inputs.entries()) {
      const plain = { face: take(face, k, 3), mask: take(faceMask, k, 1), dstMask: take(dstMask, k, 1) };
      out.push({ ...plain, ...(await this.#more(plain.face, input)) });
    }
    return out;
  }

  /** What the user's networks add. */
  async #more(
    face: Float32Array,
    { xseg, xsegPrd, power }: PredictInput,
  ): Promise<Pick<RawPrediction, 'enhanced' | 'xsegPrd' | 'xsegDst'>> {
    const { config, masker, enhancer } = this.#parts;
    const predicted = square(face, 3);
    const size = config.resolution * (power === 0 ? 1 : MASK_SCALE);
    let enhanced: FloatImage | undefined;
    if (power > 0 && enhancer !== undefined) {
      this.#enhancer ??= openEnhancer(enhancer, config.resolution);
      const clean: FloatImage = { ...predicted, data: predicted.data.slice() };
      clip(clean.data, 0, 1);
      enhanced = resize(await (await this.#enhancer).run(clean), size, size, 'linear');
    }
    const wantsMask = xsegPrd || xseg !== undefined;
    if (wantsMask && masker !== undefined) this.#masker ??= openMasker(masker);
    const mask = async (image: FloatImage): Promise<Float32Array | undefined> => (await (await this.#masker)?.run(image))?.data;
    return {
      ...(enhanced && { enhanced: enhanced.data }),
      ...(xsegPrd && { xsegPrd: await mask(resize(mixedFace(predicted, enhanced, size, power), XSEG_SIDE, XSEG_SIDE, 'cubic')) }),
      ...(xseg && { xsegDst: await mask(square(xseg, 3)) }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.#swapper, this.#masker, this.#enhancer]) await (await one?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

/** Values as a square picture. */
function square(data: Float32Array, channels: number): FloatImage {
  const side = Math.round(Math.sqrt(data.length / channels));
  return { ...floatImage(0, 0, channels), width: side, height: side, data };
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
  /** The frame as extraction saw it and networks know it, and what the picture's own signal means, where it is of wider colours. */
  readonly seen?: { readonly picture: Picture; readonly wide: WideColours } | undefined;
  /** XSeg masks that the faces bring, one for each face; in place of what a network would say of them. */
  readonly xsegMasks?: readonly PlacedMask[] | undefined;
  readonly settings: MergeSettings;
  readonly motion?: Motion | undefined;
  readonly seed: number;
  /** Gives the mask as a fourth channel. */
  readonly covered: boolean;
}

/** A mask, one channel in 0…1, and where it lies in the frame. */
export interface PlacedMask {
  readonly side: number;
  readonly data: Float32Array;
  /** Pixels of the mask from pixels of the frame. */
  readonly maskFromFrame: Affine;
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
  readonly #colours = new Map<string, DisplayColours>();

  constructor(model: MergeModel) {
    this.#model = model;
  }

  /** Begins a frame. @returns what the network must see of each face. */
  crop(task: MergeTask): PredictInput[] {
    const began = performance.now();
    const { picture, faces, settings, seen, xsegMasks } = task;
    const wide = seen && { picture: seen.picture, colours: this.#coloursOf(seen.wide) };
    const crops = faces.map((landmarks) => cropFace(picture, landmarks, this.#model, settings, this.#tools.simd, wide));
    this.#open.set(task.id, { task, crops, ms: performance.now() - began });
    return crops.map(({ predictorInput, xsegInput }) => ({
      face: Float32Array.from(predictorInput.data),
      ...(xsegInput && xsegMasks === undefined && { xseg: Float32Array.from(xsegInput.data) }),
      xsegPrd: settings.mask_mode.includes('xseg-prd'),
      power: settings.super_resolution_power,
    }));
  }

  /** Gives a frame up that was begun. */
  forget(id: number): void {
    this.#open.delete(id);
  }

  /** Completes a frame that was begun. */
  finish(id: number, predictions: readonly RawPrediction[]): MergedResult {
    const began = performance.now();
    const { task, crops, ms } = this.#open.get(id)!;
    this.#open.delete(id);
    const faces = crops.map((crop, i) => ({ crop, prediction: this.#prediction(task, i, predictions[i]!) }));
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

  /** What the networks said, with the mask that the face brings. */
  #prediction({ xsegMasks, faces }: MergeTask, i: number, raw: RawPrediction): Prediction {
    const { face, mask, dstMask, enhanced, xsegPrd, xsegDst } = raw;
    const own = xsegMasks?.[i];
    return {
      face: square(face, 3),
      enhanced: enhanced && square(enhanced, 3),
      ...{ mask: square(mask, 1), dstMask: square(dstMask, 1) },
      xsegPrd: xsegPrd && square(xsegPrd, 1),
      xsegDst:
        own === undefined ? xsegDst && square(xsegDst, 1) : placedMask(own, faceFromImage(faces[i]!, XSEG_SIDE, this.#model.faceType)),
    };
  }

  #coloursOf(wide: WideColours): DisplayColours {
    const key = JSON.stringify(wide);
    const known = this.#colours.get(key) ?? new DisplayColours(wide);
    this.#colours.set(key, known);
    return known;
  }
}

/** A face's own mask as the crop at XSEG_SIDE shows it, treated as a network's is. */
function placedMask({ side, data, maskFromFrame }: PlacedMask, xsegFromFrame: Affine): FloatImage {
  const mask: FloatImage = { ...floatImage(0, 0, 1), width: side, height: side, data };
  const corners = [0, 0, side, 0, 0, side];
  const xsegFromMask = affineFromTriangles(corners, mapPoints(xsegFromFrame, mapPoints(invertAffine(maskFromFrame), corners)));
  const out = warpAffine(mask, xsegFromMask, {
    ...{ width: XSEG_SIDE, height: XSEG_SIDE, filter: 'linear', border: 'zero' },
  });
  clip(out.data, 0, 1);
  for (let p = 0; p < out.data.length; p++) if (out.data[p]! < 0.1) out.data[p] = 0;
  return out;
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
