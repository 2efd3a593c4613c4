/** One face in full: what its file says beside the picture, its stored mask, and whether edits by hand are kept for it. */
import { basename } from 'node:path';
import { FormatError } from '../../base/index.ts';
import { type Edit, parseEdits } from '../../extract/index.ts';
import { poseOf } from '../../face/index.ts';
import { type FaceFile, liaeFields, readFace } from '../../faceset/index.ts';
import { textOf } from '../../platform/node/extractFiles.ts';
import type { FaceDetail } from '../protocol.ts';
import { clipOfFaces } from './faceFrame.ts';
import { facePicture } from './faceTable.ts';
import type { Places } from './places.ts';
import type { Bytes } from './routing.ts';

export interface OpenedFace extends FaceFile {
  readonly folder: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @throws FormatError if there is no such face, or its file is damaged. */
export async function openFace(places: Places, path: string, name: string): Promise<OpenedFace> {
  const bytes = await facePicture(places, path, name);
  return { ...readFace(bytes, name), folder: await places.at(path), name, bytes };
}

export async function faceDetail(places: Places, path: string, name: string): Promise<FaceDetail> {
  const face = await openFace(places, path, name);
  const { jpeg, dict, metadata, folder, bytes } = face;
  const fields = liaeFields(dict);
  const degrees = (radians: number): number => Math.round((radians * 1800) / Math.PI) / 10;
  const { pitch, yaw, roll } = fields.pose ?? poseOf(metadata.landmarks, jpeg.width);
  const kept = await clipOfFaces(folder, fields.sourceHash);
  const edits = kept === undefined ? [] : await readEdits(kept.files.edits);
  return {
    ...{ name, bytes: bytes.length, width: jpeg.width, height: jpeg.height, faceType: metadata.faceType },
    landmarks: [...metadata.landmarks],
    matrix: metadata.imageToFace === undefined ? null : [...metadata.imageToFace],
    source: metadata.sourceFilename ?? null,
    sourceRect: metadata.sourceRect === undefined ? null : metadata.sourceRect.slice(0, 4),
    ...{ frame: fields.frame ?? null, seconds: fields.time ?? null, clip: fields.sourceHash?.slice(0, 12) ?? null },
    ...{ detectorScore: fields.detectorScore ?? null, landmarkScore: fields.landmarkScore ?? null, filled: fields.filled ?? false },
    ...{ sharpness: fields.sharpness ?? null, exposure: fields.exposure ?? null },
    pose: Number.isNaN(pitch + yaw + roll) ? null : { pitch: degrees(pitch), yaw: degrees(yaw), roll: degrees(roll) },
    eyebrows: metadata.eyebrowsExpandMod,
    polygons: metadata.polygons.map(({ include, points }) => ({ include, points: [...points] })),
    ...{ mask: metadata.xsegMask !== undefined, mesh: fields.mesh !== undefined, identity: fields.embedding !== undefined },
    edits: kept === undefined ? null : basename(kept.files.edits),
    edited: editAt(edits, face) !== undefined,
  };
}

/** Edits by hand of a clip; none if there is no such file. @throws FormatError if it is damaged. */
export async function readEdits(file: string): Promise<readonly Edit[]> {
  const text = await textOf(file);
  return text === undefined ? [] : parseEdits(text, basename(file));
}

/** Where in the list the landmarks of this face are: the last edit of its frame, if it sets a face that this one is. */
export function editAt(edits: readonly Edit[], { dict, metadata }: Pick<FaceFile, 'dict' | 'metadata'>): number | undefined {
  const { frame } = liaeFields(dict);
  const { sourceLandmarks } = metadata;
  if (frame === undefined || sourceLandmarks === undefined) return undefined;
  const at = edits.findLastIndex((edit) => {
    if (edit.frame !== frame || edit.kind !== 'set') return false;
    return edit.landmarks.every((v, i) => Math.abs(v - sourceLandmarks[i]!) < 0.02);
  });
  return at < 0 || edits.slice(at + 1).some((edit) => edit.frame === frame && edit.kind === 'clear') ? undefined : at;
}

/** The stored mask as the file that it is. @throws FormatError if the face has none. */
export async function storedMaskOf(places: Places, path: string, name: string): Promise<Bytes> {
  const { metadata } = await openFace(places, path, name);
  const mask = metadata.xsegMask;
  if (mask === undefined) throw new FormatError(`${name}: no mask is stored in this face`);
  return { bytes: mask, type: mask[0] === 0x89 ? 'image/png' : 'image/jpeg' };
}
