/** Warps of whole images: one set of positions, one reading. Loops that move several images alike use the parts directly. */
import { type Affine, invertAffine } from './affine.ts';
import { type FloatImage, floatImage } from './image.ts';
import { affinePositions, positions } from './positions.ts';
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
