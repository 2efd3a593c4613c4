/** A face brought to the size and type of the samples, before anything random: image, whole-face mask, eyes and mouth. */
import { eyesMouthMask, type FaceType, faceFromImage, hullMask } from '../face/index.ts';
import { type ByteImage, clip, type FloatImage, floatFromBytes, resize, warpAffine } from '../image/index.ts';
import type { Face } from './faceSource.ts';

export interface PreparedFace {
  /** 3 channels, BGR; cubic resampling may leave 0…1 a little. */
  readonly image: FloatImage;
  /** 1 channel: the whole face. */
  readonly mask: FloatImage;
  /** 1 channel: eyes and mouth, inside the face. */
  readonly em: FloatImage;
}

/**
 * @param resolution  side of the result in pixels.
 * @param faceType  what the result shows; if the face has another type its landmarks give the crop.
 */
export function prepareFace(face: Face, resolution: number, faceType: FaceType): PreparedFace {
  const { width, height } = face.image;
  const mask =
    face.mask === undefined ? hullMask(face.landmarks, width, height, face.eyebrowsExpandMod) : ownMask(face.mask, width, height);
  const em = eyesMouthMask(face.landmarks, mask);
  const image = floatFromBytes(face.image);
  if (face.faceType === faceType) {
    const sized = (from: FloatImage, filter: 'linear' | 'cubic'): FloatImage => resize(from, resolution, resolution, filter);
    return { image: sized(image, 'cubic'), mask: sized(mask, 'linear'), em: sized(em, 'linear') };
  }
  const crop = faceFromImage(face.landmarks, resolution, faceType);
  const size = { width: resolution, height: resolution };
  const cropped = (from: FloatImage): FloatImage => warpAffine(from, crop, { ...size, filter: 'linear', border: 'zero' });
  return { image: warpAffine(image, crop, { ...size, filter: 'cubic', border: 'replicate' }), mask: cropped(mask), em: cropped(em) };
}

/** A stored mask at the size of the image. */
function ownMask(mask: ByteImage, width: number, height: number): FloatImage {
  const sized = resize(floatFromBytes(mask), width, height, 'cubic');
  clip(sized.data, 0, 1);
  return sized;
}
