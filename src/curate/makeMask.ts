/** New masks for faces: from the hull of the landmarks, from the person that a network sees in it, or from polygons drawn by hand. */
import { FormatError } from '../base/index.ts';
import type { FaceType } from '../face/index.ts';
import { writeFace } from '../faceset/index.ts';
import type { ByteImage, FloatImage, ImageCodec } from '../image/index.ts';
import type { FaceToEdit } from './editFaces.ts';
import { cropMask, encodeMask, hullOf, polygonMask, smallerOf, storedMask, storedMaskSide } from './faceMasks.ts';

export const maskSources = ['hull', 'person', 'polygons'] as const;
type MaskSource = (typeof maskSources)[number];

export interface NewMask {
  readonly from: MaskSource;
  /** Nothing outside the crop of this type. */
  readonly within?: FaceType | undefined;
}

/**
 * The face's file with a hard mask of 256×256; undefined if the face has no polygons to make it from.
 *
 * @param person  the probability that a pixel shows a person, for `person` only.
 */
export async function maskFace(
  face: FaceToEdit,
  { from, within }: NewMask,
  codec: ImageCodec,
  person: (image: ByteImage) => Promise<FloatImage>,
): Promise<Uint8Array | undefined> {
  const { metadata, jpeg, bytes, name, dict } = face;
  const made = await maskFrom(face, from, codec, person);
  if (made === undefined) return undefined;
  const confined = within === undefined ? made : smallerOf(made, cropMask(metadata, jpeg.width, storedMaskSide, within));
  return writeFace(bytes, { ...metadata, xsegMask: await encodeMask(confined, codec) }, name, dict);
}

async function maskFrom(
  { metadata, jpeg, bytes, name }: FaceToEdit,
  from: MaskSource,
  codec: ImageCodec,
  person: (image: ByteImage) => Promise<FloatImage>,
): Promise<FloatImage | undefined> {
  if (from === 'polygons')
    return metadata.polygons.length === 0 ? undefined : storedMask(polygonMask(metadata.polygons, jpeg.width, jpeg.height));
  if (jpeg.width !== jpeg.height) throw new FormatError(`${name}: not an aligned face`, { found: `${jpeg.width}×${jpeg.height} pixels` });
  const hull = hullOf(metadata, jpeg.width, storedMaskSide);
  return from === 'hull' ? hull : smallerOf(hull, storedMask(await person(await codec.decode(bytes, name))));
}
