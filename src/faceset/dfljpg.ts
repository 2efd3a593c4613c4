/**
 * Face data as DeepFaceLab keeps it inside aligned JPEG files: a pickled dict in segment APP15. What is typed here is checked when
 * read; keys that are not known, and values that do not change, are written back with the types they had.
 */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceTypeFromName, type Landmarks } from '../face/index.ts';
import { app15, concatenate, type Jpeg, readJpeg, withApp15 } from './jpeg.ts';
import { readPickle } from './pickleReader.ts';
import { writePickle } from './pickleWriter.ts';
import { isDict, itemsOf, numberOf, numbersOf, PyArray, type PyDict, type PyValue, pyArray, rowsOf, typeText } from './pythonValues.ts';

/** A region drawn by hand for XSeg, in pixels of the aligned image. */
export interface MaskPolygon {
  /** Whether the region belongs to the face; else it is cut out of it. */
  readonly include: boolean;
  /** x0, y0, x1, y1, … */
  readonly points: Float32Array;
}

export interface FaceMetadata {
  readonly faceType: FaceType;
  /** The 68 landmarks x0, y0, x1, … in pixels of the aligned image. */
  readonly landmarks: Landmarks;
  /** Name of the frame, with extension, without folder. */
  readonly sourceFilename?: string | undefined;
  /** Left, top, right, bottom in the frame. */
  readonly sourceRect?: readonly number[] | undefined;
  /** The 68 landmarks in the frame. */
  readonly sourceLandmarks?: Landmarks | undefined;
  /** Rows of the 2×3 matrix that maps the frame to the aligned image. */
  readonly imageToFace?: readonly number[] | undefined;
  readonly eyebrowsExpandMod: number;
  /** Those that include first. */
  readonly polygons: readonly MaskPolygon[];
  /** A whole PNG or JPEG file that holds the XSeg mask. */
  readonly xsegMask?: Uint8Array | undefined;
}

export interface FaceFile {
  readonly jpeg: Jpeg;
  /** Everything that the file holds of the face, as Python values. */
  readonly dict: PyDict;
  readonly metadata: FaceMetadata;
}

/**
 * Reads the face data of a JPEG file.
 *
 * @param bytes the file, or its beginning up to the compressed data.
 * @param name what errors call the file.
 * @throws FormatError if it is no JPEG, has no face data, or these are damaged.
 */
export function readFace(bytes: Uint8Array, name: string): FaceFile {
  const jpeg = readJpeg(bytes, name, 'header');
  const payload = app15(jpeg);
  if (payload === undefined) {
    throw new FormatError(`${name}: no face data in this JPEG`, {
      found: `segments ${jpeg.segments.map((segment) => segment.name).join(', ')}; face data lives in APP15`,
      next: 'extract the faces of the picture with DeepFaceLab; liae cannot do that yet',
    });
  }
  const dict = readPickle(payload, name);
  if (!isDict(dict)) return bad(name, 'the face data', dict, 'a dict');
  return { jpeg, dict, metadata: faceMetadata(dict, name) };
}

/**
 * The JPEG file with face data; all its other segments and its image stay byte for byte.
 *
 * @param original the dict that the file held before, if any: unknown keys and unchanged values keep their types and order.
 * @throws FormatError if the data exceed 65533 bytes.
 */
export function writeFace(bytes: Uint8Array, metadata: FaceMetadata, name: string, original?: PyDict, protocol: 3 | 4 = 4): Uint8Array {
  return withApp15(bytes, concatenate(writePickle(faceDict(metadata, original), protocol)), name);
}

/** Checks and types a dict of face data. @throws FormatError that names the key. */
export function faceMetadata(dict: PyDict, name: string): FaceMetadata {
  const at = (key: string): PyValue | undefined => dict.get(key) ?? undefined; // None is as good as absent
  const faceType = at('face_type') ?? 'full_face';
  if (typeof faceType !== 'string') return bad(name, 'face_type', faceType, 'a text');
  const sourceFilename = at('source_filename');
  if (sourceFilename !== undefined && typeof sourceFilename !== 'string') bad(name, 'source_filename', sourceFilename, 'a text');
  const sourceRect = at('source_rect');
  const rect = numbersOf(sourceRect);
  if (sourceRect !== undefined && rect?.length !== 4) bad(name, 'source_rect', sourceRect, 'four numbers');
  const matrix = at('image_to_face_mat');
  const rows = rowsOf(matrix, 3);
  if (matrix !== undefined && (rows?.length !== 2 || !rows.flat().every(Number.isFinite)))
    bad(name, 'image_to_face_mat', matrix, '2×3 numbers');
  const expand = at('eyebrows_expand_mod');
  const eyebrowsExpandMod = expand === undefined ? 1 : numberOf(expand);
  if (eyebrowsExpandMod === undefined || !Number.isFinite(eyebrowsExpandMod)) return bad(name, 'eyebrows_expand_mod', expand, 'a number');
  const source = at('source_landmarks');
  return {
    faceType: faceTypeFromName(faceType, name),
    landmarks: landmarksOf(at('landmarks'), 'landmarks', name),
    sourceFilename,
    sourceRect: rect,
    sourceLandmarks: source === undefined ? undefined : landmarksOf(source, 'source_landmarks', name),
    imageToFace: rows?.flat(),
    eyebrowsExpandMod,
    polygons: polygonsOf(at('seg_ie_polys'), name),
    xsegMask: maskBytes(at('xseg_mask'), 'xseg_mask', name),
  };
}

/** Bytes of an encoded mask, stored as an array of bytes of any shape. */
export function maskBytes(value: PyValue | undefined, key: string, name: string): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value;
  if (!(value instanceof PyArray) || value.dtype !== 'u1') return bad(name, key, value, 'the bytes of a PNG or JPEG file');
  return value.bytes;
}

/** The dict for a face: of `original`, only what differs from `metadata` is replaced. */
export function faceDict(metadata: FaceMetadata, original: PyDict = new Map()): PyDict {
  const before = original.size === 0 ? undefined : faceMetadata(original, 'the face data to be replaced');
  const dict = new Map(original);
  for (const [key, field, encode] of fields) {
    const value = metadata[field];
    if (before !== undefined && equal(before[field], value)) continue;
    const encoded = encode(metadata);
    if (encoded === null) dict.delete(key);
    else dict.set(key, encoded);
  }
  for (const [key, value] of original) if (value === null) dict.delete(key);
  return dict;
}

/** Landmarks and frame points as DeepFaceLab writes them: lists of [x, y]. */
export const pointList = (points: Float64Array): PyValue =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!]);

export const polygonDict = (polygons: readonly MaskPolygon[]): PyValue =>
  new Map([
    [
      'polys',
      polygons.map(
        ({ include, points }) =>
          new Map<string, PyValue>([
            ['type', include ? 1n : 0n],
            ['pts', pyArray('f4', [points.length / 2, 2], points)],
          ]),
      ),
    ],
  ]);

/** Keys in the order of writing, their fields, and how a field is written; null leaves the key out. */
const fields: readonly (readonly [key: string, field: keyof FaceMetadata, encode: (face: FaceMetadata) => PyValue])[] = [
  ['face_type', 'faceType', (face) => face.faceType],
  ['landmarks', 'landmarks', (face) => pointList(face.landmarks)],
  ['source_filename', 'sourceFilename', (face) => face.sourceFilename ?? null],
  ['source_rect', 'sourceRect', (face) => (face.sourceRect === undefined ? null : pyArray('i8', [4], face.sourceRect.map(Math.trunc)))],
  ['source_landmarks', 'sourceLandmarks', (face) => (face.sourceLandmarks === undefined ? null : pointList(face.sourceLandmarks))],
  ['image_to_face_mat', 'imageToFace', (face) => (face.imageToFace === undefined ? null : pyArray('f8', [2, 3], face.imageToFace))],
  ['eyebrows_expand_mod', 'eyebrowsExpandMod', (face) => (face.eyebrowsExpandMod === 1 ? null : face.eyebrowsExpandMod)],
  ['seg_ie_polys', 'polygons', (face) => (face.polygons.length === 0 ? null : polygonDict(face.polygons))],
  ['xseg_mask', 'xsegMask', (face) => (face.xsegMask === undefined ? null : pyArray('u1', [face.xsegMask.length], face.xsegMask))],
];

export function landmarksOf(value: PyValue | undefined, key: string, name: string): Landmarks {
  const rows = rowsOf(value, 2);
  if (rows?.length !== 68 || !rows.every((row) => row.every(Number.isFinite))) return bad(name, key, value, '68 points (x, y)');
  return Float64Array.from(rows.flat());
}

/** {'polys': [{'type', 'pts'}]}, or in old files a list of (type, points). Those that include come first, as they are drawn in that order. */
export function polygonsOf(value: PyValue | undefined, name: string): MaskPolygon[] {
  if (value === undefined) return [];
  const list = itemsOf(isDict(value) ? (value.get('polys') ?? []) : value);
  const polygons = (list ?? bad(name, 'seg_ie_polys', value, 'a dict with polys')).map((polygon) => {
    const pair = itemsOf(polygon);
    const [type, points] = isDict(polygon) ? [polygon.get('type'), polygon.get('pts')] : [pair?.[0], pair?.[1]];
    const kind = numberOf(type);
    const rows = rowsOf(points, 2);
    if ((kind !== 0 && kind !== 1) || rows === undefined || !rows.every((row) => row.every(Number.isFinite))) {
      return bad(name, 'seg_ie_polys', polygon, 'type 0 or 1 and points (x, y)');
    }
    return { include: kind === 1, points: Float32Array.from(rows.flat()) };
  });
  return polygons.sort((a, b) => Number(b.include) - Number(a.include));
}

/** Equality of fields: numbers, texts, arrays of numbers, polygons. */
function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [left, right] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
    return left.length === right.length && Array.from(left).every((item, i) => equal(item, right[i]));
  }
  const [left, right] = [a as MaskPolygon, b as MaskPolygon];
  return left.include === right.include && equal(left.points, right.points);
}

function bad(name: string, key: string, value: PyValue | undefined, expected: string): never {
  const text = typeof value === 'string' ? ` ${JSON.stringify(value.slice(0, 60))}` : '';
  throw new FormatError(`${name}: ${key} is damaged or of an unknown form`, { found: `${typeText(value)}${text}`, expected });
}
