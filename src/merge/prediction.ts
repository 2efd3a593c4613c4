/** What the networks give for one face, and what merging makes of it first. */
import { OptionError } from '../base/index.ts';
import { clip, type FloatImage, floatImage, resize } from '../image/index.ts';
import { flagOf } from '../train/index.ts';
import type { FaceCrop } from './faceCrop.ts';
import type { MergeSettings } from './settings.ts';

/** Images at the model's side unless said; BGR of BT.709 or one channel, 0…1 (values outside are held at the limits). */
export interface Prediction {
  readonly face: FloatImage;
  /** Where the predicted face is. */
  readonly mask: FloatImage;
  /** Where the frame's own face is. */
  readonly dstMask: FloatImage;
  /** The predicted face at four times the side, by an enhancer; for super resolution. */
  readonly enhanced?: FloatImage | undefined;
  /** What XSeg says of the predicted face and of the crop's xsegInput, 256×256, below 0.1 made 0 and held in 0…1; one half where left out. */
  readonly xsegPrd?: FloatImage | undefined;
  readonly xsegDst?: FloatImage | undefined;
}

/**
 * Face and masks at the crop's size, clipped, the enhanced face mixed in; in the colours of the crop's own face.
 *
 * @throws OptionError if super resolution is asked for and there is no enhanced face.
 */
export function workingFace(
  { size, colours }: FaceCrop,
  { face, mask, dstMask, enhanced }: Prediction,
  { super_resolution_power: power }: MergeSettings,
): { face: FloatImage; prd: FloatImage; dst: FloatImage } {
  const working = mixedFace(face, enhanced, size, power);
  colours?.fromBt709(working);
  return {
    face: working,
    prd: resize(clipped(mask), size, size, 'cubic'),
    dst: resize(clipped(dstMask), size, size, 'cubic'),
  };
}

/**
 * The predicted face at `size`, clipped, with its share of the enhanced one. Source: the reference's order.
 *
 * @param enhanced  at `size`.
 * @throws OptionError if super resolution is asked for and there is no enhanced face.
 */
export function mixedFace(face: FloatImage, enhanced: FloatImage | undefined, size: number, power: number): FloatImage {
  const large = resize(clipped(face), size, size, 'linear');
  if (power === 0) return large;
  if (enhanced === undefined) {
    throw new OptionError('super_resolution_power: there is no enhanced face to mix in', { next: `${flagOf('super_resolution_power')} 0` });
  }
  const share = power / 100;
  for (let i = 0; i < large.data.length; i++) large.data[i] = large.data[i]! * (1 - share) + enhanced.data[i]! * share;
  clip(large.data, 0, 1);
  return large;
}

function clipped(image: FloatImage): FloatImage {
  const out = floatImage(image.width, image.height, image.channels);
  out.data.set(image.data);
  clip(out.data, 0, 1);
  return out;
}
