/**
 * Masks stored in faces: drawn from the hull of the landmarks, from hand-drawn polygons, or given by a network; and how they are kept, one
 * gray picture of 256×256 that DeepFaceLab's XSeg tools read. Source of the form: the reference's dfljpg.
 */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceFromImage, hullMask } from '../face/index.ts';
import type { FaceMetadata, MaskPolygon } from '../faceset/index.ts';
import {
  type ByteImage,
  type Corner,
  type FloatImage,
  fillConvexPolygon,
  fillPolygon,
  floatFromBytes,
  floatImage,
  type ImageCodec,
  invertAffine,
  mapPoints,
  resize,
  resizeLanczos,
} from '../image/index.ts';

/** Side of a stored mask, whatever the size of the face. */
export const storedMaskSide = 256;

const MAX_PNG = 50_000;

/**
 * A mask as a file: PNG, or, where that is larger than 50000 bytes, JPEG of the best quality that is not.
 *
 * @param mask  one channel in 0…1; fractions are cut off, not rounded, as in the reference.
 */
export async function encodeMask({ width, height, data }: FloatImage, codec: ImageCodec): Promise<Uint8Array> {
  const bytes = Uint8Array.from(data, (v) => Math.trunc(Math.min(255, Math.max(0, v * 255))));
  const image: ByteImage = { width, height, channels: 1, data: bytes };
  const png = await codec.encodePng(image);
  if (png.length <= MAX_PNG) return png;
  for (let quality = 100; quality > 0; quality--) {
    const jpeg = await codec.encodeJpeg(image, quality);
    if (jpeg.length <= MAX_PNG) return jpeg;
  }
  throw new FormatError(`a mask of ${width}×${height} pixels does not fit into a face file`, { expected: `at most ${MAX_PNG} bytes` });
}

/** A stored mask as 0…1, one channel. */
export async function decodeMask(bytes: Uint8Array, codec: ImageCodec, name: string): Promise<FloatImage> {
  const image = await codec.decode(bytes, `${name}, its mask`);
  if (image.channels === 1) return floatFromBytes(image);
  const gray = new Uint8Array(image.width * image.height);
  for (let i = 0; i < gray.length; i++) gray[i] = image.data[i * image.channels]!; // a gray JPEG: all channels are alike
  return floatFromBytes({ ...image, channels: 1, data: gray });
}

/** 1 where the mask is at least ½, else 0. */
export const hardMask = (mask: FloatImage): FloatImage => ({ ...mask, data: mask.data.map((v) => (v >= 0.5 ? 1 : 0)) });

export const smallerOf = (a: FloatImage, b: FloatImage): FloatImage => ({ ...a, data: a.data.map((v, i) => Math.min(v, b.data[i]!)) });

/** The hull of the landmarks at `side` pixels. @param size  width of the face's image. */
export const hullOf = ({ landmarks, eyebrowsExpandMod }: FaceMetadata, size: number, side: number): FloatImage =>
  hullMask(
    landmarks.map((v) => (v * side) / size),
    side,
    side,
    eyebrowsExpandMod,
  );

/** Polygons that include are filled with 1, then those that exclude with 0, each at whole pixels of the face's image. */
export function polygonMask(polygons: readonly MaskPolygon[], width: number, height: number): FloatImage {
  const mask = floatImage(width, height, 1);
  for (const kind of [true, false]) {
    for (const { include, points } of polygons) {
      if (include === kind) fillPolygon(mask, wholeCorners(points), include ? 1 : 0);
    }
  }
  return mask;
}

const wholeCorners = (points: ArrayLike<number>): Corner[] =>
  Array.from({ length: points.length / 2 }, (_, i) => [Math.trunc(points[2 * i]!), Math.trunc(points[2 * i + 1]!)]);

/** 1 in the square that a face type shows of this face, at `side` pixels. @param size  width of the face's image. */
export function cropMask({ landmarks }: FaceMetadata, size: number, side: number, type: FaceType): FloatImage {
  const scaled = landmarks.map((v) => (v * side) / size);
  const imageFromFace = invertAffine(faceFromImage(scaled, side, type));
  const mask = floatImage(side, side, 1);
  fillConvexPolygon(mask, wholeCorners(mapPoints(imageFromFace, [0, 0, side, 0, side, side, 0, side]).map(Math.round)), 1);
  return mask;
}

/** A mask as it is stored: 256×256 of 0 and 1. */
export const storedMask = (mask: FloatImage): FloatImage => hardMask(resizeLanczos(mask, storedMaskSide, storedMaskSide));

/**
 * The mask that a face has, hard, in the pixels of its image: the stored one, else that of its polygons.
 *
 * @throws FormatError if it has neither.
 */
export async function maskOfFace(
  { xsegMask, polygons }: FaceMetadata,
  [width, height]: readonly [number, number],
  codec: ImageCodec,
  name: string,
): Promise<FloatImage> {
  if (xsegMask !== undefined) return hardMask(resize(await decodeMask(xsegMask, codec, name), width, height, 'cubic'));
  if (polygons.length > 0) return polygonMask(polygons, width, height);
  throw new FormatError(`${name}: no mask and no polygons in this face`, { next: 'liae faces mask DIR --from person makes masks' });
}
