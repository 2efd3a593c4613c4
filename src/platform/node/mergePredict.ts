/** Faces predicted in batches, in a thread or right here: the model's, and what networks of the user's make of them. */
import type { Tensor } from '../../base/index.ts';
import { clip, type FloatImage, floatImage, resize } from '../../image/index.ts';
import { type FaceNetwork, MASK_SCALE, mixedFace, XSEG_SIDE } from '../../merge/index.ts';
import { createSwapper, type ModelConfig, type Swapper } from '../../models/index.ts';
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
export function square(data: Float32Array, channels: number): FloatImage {
  const side = Math.round(Math.sqrt(data.length / channels));
  return { ...floatImage(0, 0, channels), width: side, height: side, data };
}
