/** Frames composed, in a thread or right here: each is begun with what networks must see of it, and completed with what they said. */
import { type FaceType, faceFromImage } from '../../face/index.ts';
import {
  type Affine,
  affineFromTriangles,
  clip,
  type FloatImage,
  floatImage,
  invertAffine,
  mapPoints,
  warpAffine,
} from '../../image/index.ts';
import {
  cropFace,
  type FaceCrop,
  type MergeSettings,
  type Motion,
  mergeFrame,
  mergeTools,
  type Picture,
  type Prediction,
  XSEG_SIDE,
} from '../../merge/index.ts';
import { DisplayColours, type SinkPicture, type WideColours } from '../../video/index.ts';
import { type PredictInput, type RawPrediction, square } from './mergePredict.ts';

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
        own === undefined ? xsegDst && square(xsegDst, 1) : maskInCrop(own, faceFromImage(faces[i]!, XSEG_SIDE, this.#model.faceType)),
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
function maskInCrop({ side, data, maskFromFrame }: PlacedMask, xsegFromFrame: Affine): FloatImage {
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
