/**
 * A face whose landmarks were corrected by hand: cropped anew along them, from its frame as extraction does it, or, where the frame is not to be
 * had, from the face itself. Regions and masks drawn on it stay where they are on the skin.
 */
import { FormatError } from '../base/index.ts';
import { measureFace, poseInFrame } from '../extract/index.ts';
import { faceFromImage, type Landmarks } from '../face/index.ts';
import { type FaceMetadata, liaeFields, liaeKey, withLiaeFields, writeFace } from '../faceset/index.ts';
import {
  type Affine,
  after,
  type ByteImage,
  encodeBaselineJpeg,
  floatFromBytes,
  type ImageCodec,
  invertAffine,
  mapPoints,
  resizeLanczos,
  warpBytes,
  warpLanczos,
} from '../image/index.ts';
import type { FaceToEdit } from './editFaces.ts';
import { decodeMask, encodeMask, hardMask, storedMaskSide } from './faceMasks.ts';
import { roundedBytes, toolQuality } from './resizeFaces.ts';

export interface Correction {
  /** The 68 points in pixels of the face's picture as it is. */
  readonly landmarks: Landmarks;
  /** RGB, upright. */
  readonly frame?: ByteImage | undefined;
  /** Of the JPEG of a face that is cut from its frame. */
  readonly quality: number;
}

export interface Corrected {
  readonly bytes: Uint8Array;
  /** The landmarks in the frame, to 0.01 pixels; undefined if the file does not say where in its frame the face is. */
  readonly source: Landmarks | undefined;
}

/** @throws FormatError if the picture is not square or the points fit no face. */
export async function correctFace(face: FaceToEdit, { landmarks, frame, quality }: Correction, codec: ImageCodec): Promise<Corrected> {
  const { metadata, jpeg, name, bytes, dict } = face;
  const { faceType } = metadata;
  const size = jpeg.width;
  const whole = faceType === 'mark_only';
  if (!whole && jpeg.width !== jpeg.height)
    throw new FormatError(`${name}: not an aligned face`, { found: `${jpeg.width}×${jpeg.height} pixels` });
  const faceFromFrame = whole ? identity : (metadata.imageToFace as unknown as Affine | undefined);
  const source = faceFromFrame && rounded(mapPoints(invertAffine(faceFromFrame), landmarks));
  const matrix = source === undefined ? undefined : whole ? identity : crop(source, size, metadata, name);
  const fromFace = whole
    ? identity
    : matrix !== undefined && faceFromFrame !== undefined
      ? after(matrix, invertAffine(faceFromFrame))
      : crop(landmarks, size, metadata, name);
  let picture: ByteImage;
  let made: Uint8Array;
  if (whole) [picture, made] = [await codec.decode(bytes, name), bytes];
  else if (frame !== undefined && matrix !== undefined) {
    picture = warpBytes(frame, matrix, size, size);
    made = encodeBaselineJpeg(picture, quality);
  } else {
    picture = roundedBytes(warpLanczos(floatFromBytes(await codec.decode(bytes, name)), fromFace, size, size));
    made = await codec.encodeJpeg(picture, toolQuality);
  }
  const now = source !== undefined && matrix !== undefined ? mapPoints(matrix, source) : mapPoints(fromFace, landmarks);
  const corrected: FaceMetadata = {
    ...metadata,
    ...(await movedMasks(metadata, fromFace, size, codec, name)),
    landmarks: now,
    imageToFace: whole ? metadata.imageToFace : matrix,
    sourceLandmarks: source ?? metadata.sourceLandmarks,
    sourceRect: source === undefined ? metadata.sourceRect : boxOf(source).map(Math.round),
  };
  // As extraction tells of a face that was drawn by hand: what networks said of the earlier landmarks no longer holds.
  const { frame: at, time, sourceHash } = liaeFields(dict);
  const measured = source !== undefined && frame !== undefined ? measureFace(frame, source) : measureFace(picture, now);
  const pose = poseInFrame(Float32Array.from(source ?? now));
  const kept = dict.has(liaeKey) ? withLiaeFields(dict, { frame: at, time, sourceHash, filled: false, ...measured, pose }) : dict;
  return { bytes: writeFace(made, corrected, name, kept), source };
}

const identity: Affine = [1, 0, 0, 0, 1, 0];

function crop(points: Landmarks, size: number, { faceType }: FaceMetadata, name: string): Affine {
  const matrix = faceFromImage(points, size, faceType);
  if (!matrix.every(Number.isFinite)) throw new FormatError(`${name}: these landmarks are no face`, { found: 'points that coincide' });
  return matrix;
}

/** As the file of edits keeps them, and extraction reads them. */
const rounded = (points: Landmarks): Landmarks => Float64Array.from(Float32Array.from(points, (v) => Math.round(v * 100) / 100));

/** Left, top, right, bottom. */
export function boxOf(points: Landmarks): readonly [number, number, number, number] {
  const [xs, ys] = [points.filter((_, i) => i % 2 === 0), points.filter((_, i) => i % 2 === 1)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/**
 * Regions and mask of a face in another crop of it.
 *
 * @param toFromFrom  from pixels of the crop that they are in to pixels of the new one.
 * @param size  side of the crop that they are in.
 * @param newSize  side of the new one; the same if left out.
 */
export async function movedMasks(
  { polygons, xsegMask }: Pick<FaceMetadata, 'polygons' | 'xsegMask'>,
  toFromFrom: Affine,
  size: number,
  codec: ImageCodec,
  name: string,
  newSize = size,
): Promise<Pick<FaceMetadata, 'polygons' | 'xsegMask'>> {
  const moved = polygons.map(({ include, points }) => ({ include, points: Float32Array.from(mapPoints(toFromFrom, points)) }));
  if (xsegMask === undefined || toFromFrom === identity) return { polygons: moved, xsegMask };
  const side = storedMaskSide;
  const [grow, shrink] = [size / side, side / newSize];
  const matrix = after([shrink, 0, 0, 0, shrink, 0], after(toFromFrom, [grow, 0, 0, 0, grow, 0]));
  const mask = resizeLanczos(await decodeMask(xsegMask, codec, name), side, side);
  return { polygons: moved, xsegMask: await encodeMask(hardMask(warpLanczos(mask, matrix, side, side)), codec) };
}
