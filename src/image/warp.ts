/** Warps of whole images, each one set of positions and one reading. Loops that move several images alike use the parts directly. */
import { type Affine, invertAffine } from './affine.ts';
import { type FloatImage, floatImage } from './image.ts';
import { affinePositions, mapPositions, positions } from './positions.ts';
import { type Border, sampleCubic, sampleLinear, sinkOf } from './sampling.ts';

export type Filter = 'linear' | 'cubic';

/**
 * The image moved by an affine transform, as OpenCV 4's warpAffine on float images.
 *
 * @param targetFromSource  in pixels; must be invertible.
 */
export function warpAffine(
  image: FloatImage,
  targetFromSource: Affine,
  to: { readonly width: number; readonly height: number; readonly filter: Filter; readonly border: Border },
): FloatImage {
  const at = positions(to.width, to.height);
  affinePositions(at, invertAffine(targetFromSource));
  const out = floatImage(to.width, to.height, image.channels);
  (to.filter === 'cubic' ? sampleCubic : sampleLinear)(image, at, to.border, sinkOf(out));
  return out;
}

/** The image read through maps of source positions, cubic, with zeros outside; maps hold width · height values each. */
export function remapCubic(image: FloatImage, mapX: Float32Array, mapY: Float32Array, width: number): FloatImage {
  const at = positions(width, mapX.length / width);
  mapPositions(at, mapX, mapY);
  const out = floatImage(at.width, at.height, image.channels);
  sampleCubic(image, at, 'zero', sinkOf(out));
  return out;
}
