/** Aligned faces at another size or with another crop; whatever is kept of the face in pixels moves along. Source: the reference's resize tool. */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceFromImage } from '../face/index.ts';
import { type FaceMetadata, writeFace } from '../faceset/index.ts';
import {
  type Affine,
  after,
  type ByteImage,
  type FloatImage,
  floatFromBytes,
  type ImageCodec,
  mapPoints,
  resizeLanczos,
  warpLanczos,
} from '../image/index.ts';
import type { FaceToEdit } from './editFaces.ts';
import { decodeMask, encodeMask, hardMask, storedMaskSide } from './faceMasks.ts';

export interface NewCrop {
  /** Side in pixels. */
  readonly size: number;
  /** The face's own if left out. */
  readonly faceType?: FaceType | undefined;
}

/** JPEG quality of what tools write: nothing is lost that another generation would miss. */
export const toolQuality = 100;

/**
 * @returns the new file, or undefined if the face has this size and type already.
 * @throws FormatError if the face is not square, or keeps its whole frame and so has no crop.
 */
export async function resizeFace(face: FaceToEdit, { size, faceType }: NewCrop, codec: ImageCodec): Promise<Uint8Array | undefined> {
  const { metadata, jpeg, name } = face;
  const type = faceType ?? metadata.faceType;
  if (jpeg.width !== jpeg.height)
    throw new FormatError(`${name}: only square faces are resized`, { found: `${jpeg.width}×${jpeg.height} pixels` });
  if (type !== metadata.faceType && metadata.faceType === 'mark_only')
    throw new FormatError(`${name}: its face type keeps the whole frame, so it cannot be cropped`, { found: metadata.faceType });
  if (jpeg.width === size && type === metadata.faceType) return undefined;
  const image = floatFromBytes(await codec.decode(face.bytes, name));
  const same = type === metadata.faceType;
  const scale = size / jpeg.width;
  const targetFromFace: Affine = same ? [scale, 0, 0, 0, scale, 0] : faceFromImage(metadata.landmarks, size, type);
  const resized = same ? resizeLanczos(image, size, size) : warpLanczos(image, targetFromFace, size, size);
  const jpegBytes = await codec.encodeJpeg(roundedBytes(resized), toolQuality);
  const made: FaceMetadata = {
    ...metadata,
    faceType: type,
    landmarks: mapPoints(targetFromFace, metadata.landmarks),
    polygons: metadata.polygons.map(({ include, points }) => ({ include, points: Float32Array.from(mapPoints(targetFromFace, points)) })),
    imageToFace: matrixOf(metadata, size, type, targetFromFace),
    xsegMask: same ? metadata.xsegMask : await croppedMask(face, type, codec),
  };
  return writeFace(jpegBytes, made, name, face.dict);
}

/** Frame to face, from the landmarks in the frame as extraction computes it; without them, what the file had, and the change after it. */
function matrixOf(
  { sourceLandmarks, imageToFace }: FaceMetadata,
  size: number,
  type: FaceType,
  targetFromFace: Affine,
): readonly number[] | undefined {
  if (imageToFace === undefined) return undefined;
  if (sourceLandmarks !== undefined && type !== 'mark_only') return faceFromImage(sourceLandmarks, size, type);
  return after(targetFromFace, imageToFace as unknown as Affine);
}

/** The stored mask in the new crop: warped at 256 pixels, made hard. */
async function croppedMask({ metadata, jpeg, name }: FaceToEdit, type: FaceType, codec: ImageCodec): Promise<Uint8Array | undefined> {
  if (metadata.xsegMask === undefined) return undefined;
  const side = storedMaskSide;
  const mask = resizeLanczos(await decodeMask(metadata.xsegMask, codec, name), side, side);
  const crop = faceFromImage(
    metadata.landmarks.map((v) => (v * side) / jpeg.width),
    side,
    type,
  );
  return encodeMask(hardMask(warpLanczos(mask, crop, side, side)), codec);
}

/** 0…1 as bytes, rounded; the filter's overshoot is held at the limits. */
export function roundedBytes({ width, height, channels, data }: FloatImage): ByteImage {
  const bytes = new Uint8ClampedArray(data.length); // rounds and clamps by itself
  for (let i = 0; i < bytes.length; i++) bytes[i] = data[i]! * 255;
  return { width, height, channels, data: new Uint8Array(bytes.buffer) };
}
