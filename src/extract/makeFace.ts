/** An aligned face from a frame: its crop as JPEG, with DeepFaceLab's metadata and ours. */
import { type FaceType, faceFromImage, unitFromImage } from '../face/index.ts';
import { concatenate, type FaceMetadata, faceDict, type LiaeFields, withApp15, withLiaeFields, writePickle } from '../faceset/index.ts';
import { type Affine, type BytePane, encodeBaselineJpeg, invertAffine, mapPoints, type Window, warpBytes } from '../image/index.ts';
import type { FaceRecord, FrameRecord } from './alignments.ts';
import { poseInFrame } from './choose.ts';
import type { RegionsEdit } from './edits.ts';
import { measureFace } from './measure.ts';
import type { SettledFace } from './settle.ts';

export interface MakeOptions {
  readonly faceType: FaceType;
  /** Side in pixels. */
  readonly size: number;
  /** Of JPEG, 1…100. */
  readonly quality: number;
}

/** All that it takes to make a face, but the frame. Plain data: it travels between threads. */
export interface FacePlan {
  /** The file to write. */
  readonly file: string;
  readonly sourceFilename: string;
  readonly rect: FaceRecord['rect'];
  readonly landmarks: Float32Array;
  readonly fields: LiaeFields;
  /** Kept from an earlier version of the face whose file is gone. */
  readonly regions?: RegionsEdit | undefined;
}

/** What is known of the clip that a face is from. */
export interface FaceOrigin {
  readonly stem: string;
  readonly sourceFilename: string;
  readonly hash: string;
}

/** @param frame  with the face's mesh, if it is to be kept.  @param index  of the face in its frame, largest first. */
export function planFace(frame: FrameRecord, face: SettledFace, index: number, origin: FaceOrigin, regions?: RegionsEdit): FacePlan {
  const own = face.record === undefined ? undefined : frame.faces[face.record];
  return {
    file: `${origin.stem}_${index}.jpg`,
    sourceFilename: origin.sourceFilename,
    rect: face.rect,
    landmarks: face.landmarks,
    regions,
    fields: {
      frame: frame.frame,
      time: frame.time,
      sourceHash: origin.hash,
      detectorScore: own?.score,
      landmarkScore: own?.presence,
      filled: face.filled,
      sharpness: own?.sharpness,
      exposure: own?.exposure,
      pose: poseInFrame(face.landmarks),
      mesh: own?.mesh === undefined ? undefined : movedMesh(own.mesh, face.move),
      embedding: own?.embedding,
    },
  };
}

/** The mesh moved as smoothing moved the face; depth grows with size. */
function movedMesh(mesh: Float32Array, move: Affine | undefined): Float32Array {
  if (move === undefined) return mesh;
  const [a, b, tx, c, d, ty] = move;
  const scale = Math.hypot(a, c);
  const out = new Float32Array(mesh.length);
  for (let i = 0; i < mesh.length; i += 3) {
    out[i] = a * mesh[i]! + b * mesh[i + 1]! + tx;
    out[i + 1] = c * mesh[i]! + d * mesh[i + 1]! + ty;
    out[i + 2] = scale * mesh[i + 2]!;
  }
  return out;
}

/** What hands and tools put into a face after it was made. */
export type OwnMasks = Pick<FaceMetadata, 'polygons' | 'xsegMask'>;

/** Frame to face; undefined for a face that keeps its whole frame. */
export const matrixOf = (
  { landmarks }: Pick<FacePlan, 'landmarks'>,
  { faceType, size }: Omit<MakeOptions, 'quality'>,
): Affine | undefined => (faceType === 'mark_only' ? undefined : faceFromImage(Float64Array.from(landmarks), size, faceType));

/** What a face shows of its frame, in whole pixels and with those that are read beside; it may reach beyond the frame. */
export function windowOf(plan: FacePlan, make: MakeOptions): Window {
  const matrix = matrixOf(plan, make);
  if (matrix === undefined) throw new RangeError('a face that keeps its whole frame');
  const shown = mapPoints(invertAffine(matrix), [0, 0, make.size, 0, 0, make.size, make.size, make.size]);
  const measured = mapPoints(invertAffine(unitFromImage(Float64Array.from(plan.landmarks))), [0, 0, 1, 0, 0, 1, 1, 1]);
  const reach = (k: 0 | 1): readonly [number, number] => {
    const values = [...shown, ...(plan.fields.sharpness === undefined ? measured : [])].filter((v, i) => i % 2 === k && Number.isFinite(v));
    return [Math.floor(Math.min(...values)) - 2, Math.ceil(Math.max(...values)) + 2];
  };
  const [left, right] = reach(0);
  const [top, bottom] = reach(1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * The bytes of the face's file.
 *
 * @param frame  RGB, upright: the whole frame or what `windowOf` says of it.
 * @param own  of an earlier version of the face, in pixels of this one.
 * @param memory  for the crop, size · size · 3 bytes; new if left out.
 */
export function makeFace(
  { image: frame, x, y }: BytePane,
  plan: FacePlan,
  make: MakeOptions,
  own: OwnMasks = { polygons: [] },
  memory?: Uint8Array,
): Uint8Array {
  const { faceType, size, quality } = make;
  const source = Float64Array.from(plan.landmarks);
  const matrix = matrixOf(plan, make);
  const picture = matrix === undefined ? frame : warpBytes(frame, matrix, size, size, { x, y, out: memory });
  const inPane = source.map((v, i) => v - (i % 2 === 0 ? x : y));
  const { sharpness, exposure } = plan.fields.sharpness === undefined ? measureFace(frame, inPane) : plan.fields;
  const metadata = {
    faceType,
    landmarks: matrix === undefined ? source : mapPoints(matrix, source),
    sourceFilename: plan.sourceFilename,
    sourceRect: plan.rect.map(Math.round),
    sourceLandmarks: source,
    imageToFace: matrix,
    eyebrowsExpandMod: 1,
    ...own,
  };
  const dict = withLiaeFields(faceDict(metadata), { ...plan.fields, sharpness, exposure });
  const jpeg = encodeBaselineJpeg(picture, quality);
  return withApp15(jpeg, concatenate(writePickle(dict, 4)), plan.file);
}

/** A short mark of everything that a face's file depends on beside the frame; equal marks, equal files. Source: cyrb53 (public domain). */
export function markOf(plan: FacePlan): string {
  const { mesh, embedding, ...fields } = plan.fields;
  const text = JSON.stringify([
    plan.file,
    plan.sourceFilename,
    plan.rect,
    [...plan.landmarks],
    fields,
    mesh?.[0] ?? null,
    embedding?.[0] ?? null,
  ]);
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
