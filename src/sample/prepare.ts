/** A face brought to the size and type of the samples, before anything random: image, whole-face mask, eyes and mouth. */
import { eyesMouthMask, type FaceType, faceFromImage, hullMask } from '../face/index.ts';
import {
  affinePositions,
  type ByteImage,
  CubicSampler,
  clip,
  type FloatImage,
  floatFromBytes,
  floatImage,
  invertAffine,
  positions,
  resize,
  sampleLinear,
  sinkOf,
} from '../image/index.ts';
import type { Face } from './faceSource.ts';

export interface PreparedFace {
  /** 3 channels, BGR; cubic resampling may leave 0…1 a little. */
  readonly image: FloatImage;
  /** 1 channel: the whole face. */
  readonly mask: FloatImage;
  /** 1 channel: eyes and mouth, inside the face. */
  readonly em: FloatImage;
}

export type PrepareFace = (face: Face) => PreparedFace;

/**
 * @param resolution  side of the results in pixels.
 * @param faceType  what the results show; if a face has another type its landmarks give the crop.
 * @returns a function that keeps its scratch memory between faces of one size; it is not reentrant.
 */
export function facePreparer(resolution: number, faceType: FaceType): PrepareFace {
  const target = { width: resolution, height: resolution };
  const at = positions(resolution, resolution);
  let [sampler, sampled]: [CubicSampler | undefined, { width: number; height: number }] = [undefined, target];

  const cropped = (image: FloatImage): FloatImage => {
    if (sampler === undefined || sampled.width !== image.width || sampled.height !== image.height) {
      [sampler, sampled] = [new CubicSampler(image, target), { width: image.width, height: image.height }];
    }
    const out = floatImage(resolution, resolution, 3);
    dropSpare(sampler.sample(image, sampler.plan(at), 'replicate'), out.data);
    return out;
  };
  const croppedMask = (mask: FloatImage): FloatImage => {
    const out = floatImage(resolution, resolution, 1);
    sampleLinear(mask, at, 'zero', sinkOf(out));
    return out;
  };

  return (face) => {
    const { width, height } = face.image;
    const mask =
      face.mask === undefined ? hullMask(face.landmarks, width, height, face.eyebrowsExpandMod) : ownMask(face.mask, width, height);
    const em = eyesMouthMask(face.landmarks, mask);
    const image = floatFromBytes(face.image);
    if (face.faceType === faceType) {
      const sized = (from: FloatImage, filter: 'linear' | 'cubic'): FloatImage => resize(from, resolution, resolution, filter);
      return { image: sized(image, 'cubic'), mask: sized(mask, 'linear'), em: sized(em, 'linear') };
    }
    affinePositions(at, invertAffine(faceFromImage(face.landmarks, resolution, faceType)));
    return { image: cropped(image), mask: croppedMask(mask), em: croppedMask(em) };
  };
}

/** One face alone; sets of faces are cheaper through one facePreparer. */
export const prepareFace = (face: Face, resolution: number, faceType: FaceType): PreparedFace => facePreparer(resolution, faceType)(face);

/** Pixels of four values, the last spare, as pixels of three. */
function dropSpare(from: Float32Array, to: Float32Array): void {
  for (let p = 0, o = 0; o < to.length; p += 4, o += 3) {
    to[o] = from[p]!;
    to[o + 1] = from[p + 1]!;
    to[o + 2] = from[p + 2]!;
  }
}

/** A stored mask at the size of the image. */
function ownMask(mask: ByteImage, width: number, height: number): FloatImage {
  const sized = resize(floatFromBytes(mask), width, height, 'cubic');
  clip(sized.data, 0, 1);
  return sized;
}
