/**
 * What liae keeps of a face beyond DeepFaceLab's metadata: one dict under the key 'liae', of plain numbers, texts and NumPy arrays, so that
 * it loads in Python without us and that DeepFaceLab carries it along unseen. What is damaged or of a newer form is left out when read.
 */
import { type DtypeCode, isDict, numberOf, numbersOf, PyArray, type PyDict, type PyKey, type PyValue, pyArray } from './pythonValues.ts';

export const liaeKey = 'liae';

/** The form of the fields below. */
export const liaeFieldsVersion = 1;

const MESH_POINTS = 478;
const EMBEDDING = 128;

/** Every field is optional: files come from several versions of the program, and from people. */
export interface LiaeFields {
  /** Number of the frame in its clip, from 0. */
  readonly frame?: number | undefined;
  /** Seconds from the beginning of the clip. */
  readonly time?: number | undefined;
  /** The clip, as ClipInfo.hash has it. */
  readonly sourceHash?: string | undefined;
  /** Of the detector, 0…1; absent where tracking found the face without it. */
  readonly detectorScore?: number | undefined;
  /** That the mesh network saw a face, 0…1. */
  readonly landmarkScore?: number | undefined;
  /** Whether the landmarks were made from those of the frames around it, as none were found in this one. */
  readonly filled?: boolean | undefined;
  /** Variance of the Laplacian of the aligned face at a fixed scale; larger is sharper. */
  readonly sharpness?: number | undefined;
  /** Mean luminance of the face inside its hull, 0…1. */
  readonly exposure?: number | undefined;
  /** Radians, as poseOf has them. */
  readonly pose?: { readonly pitch: number; readonly yaw: number; readonly roll: number } | undefined;
  /** The 478 points x, y, z in pixels of the frame. */
  readonly mesh?: Float32Array | undefined;
  /** The 128 numbers of identity. */
  readonly embedding?: Float32Array | undefined;
}

/** The fields of a face's dict; an empty object if it has none. */
export function liaeFields(dict: PyDict): LiaeFields {
  const own = dict.get(liaeKey);
  if (!isDict(own)) return {};
  const number = (key: string): number | undefined => {
    const value = numberOf(own.get(key));
    return value !== undefined && Number.isFinite(value) ? value : undefined;
  };
  const hash = own.get('source_hash');
  const filled = own.get('filled');
  const [pitch, yaw, roll, ...more] = numbersOf(own.get('pose')) ?? [];
  const posed = more.length === 0 && [pitch, yaw, roll].every((angle) => angle !== undefined && Number.isFinite(angle));
  return {
    frame: number('frame'),
    time: number('time'),
    sourceHash: typeof hash === 'string' ? hash : undefined,
    detectorScore: number('detector_score'),
    landmarkScore: number('landmark_score'),
    filled: typeof filled === 'boolean' ? filled : undefined,
    sharpness: number('sharpness'),
    exposure: number('exposure'),
    pose: posed ? { pitch: pitch!, yaw: yaw!, roll: roll! } : undefined,
    mesh: floats(own.get('mesh'), [MESH_POINTS, 3]),
    embedding: floats(own.get('embedding'), [EMBEDDING]),
  };
}

/** The dict with these fields in place of those it had; keys of ours that this version does not know stay. */
export function withLiaeFields(dict: PyDict, fields: LiaeFields): PyDict {
  const before = dict.get(liaeKey);
  const own = new Map<PyKey, PyValue>(isDict(before) ? before : []);
  const put = (key: string, value: PyValue | undefined): void => {
    if (value === undefined) own.delete(key);
    else own.set(key, value);
  };
  const array = (code: DtypeCode, shape: readonly number[], values: ArrayLike<number> | undefined): PyValue | undefined =>
    values === undefined ? undefined : pyArray(code, shape, values);
  const { pose } = fields;
  put('version', BigInt(liaeFieldsVersion));
  put('frame', fields.frame === undefined ? undefined : BigInt(fields.frame));
  put('time', fields.time);
  put('source_hash', fields.sourceHash);
  put('detector_score', fields.detectorScore);
  put('landmark_score', fields.landmarkScore);
  put('filled', fields.filled);
  put('sharpness', fields.sharpness);
  put('exposure', fields.exposure);
  put('pose', pose === undefined ? undefined : [pose.pitch, pose.yaw, pose.roll]);
  put('mesh', array('f4', [MESH_POINTS, 3], fields.mesh));
  put('embedding', array('f4', [EMBEDDING], fields.embedding));
  return new Map(dict).set(liaeKey, own);
}

/** The values of an array of this shape; undefined for anything else or where one is not finite. */
function floats(value: PyValue | undefined, shape: readonly number[]): Float32Array | undefined {
  if (!(value instanceof PyArray) || value.shape.length !== shape.length || !value.shape.every((n, i) => n === shape[i])) return undefined;
  if (value.dtype !== 'f4' && value.dtype !== 'f8') return undefined;
  const values = Float32Array.from(value.values() as Float32Array | Float64Array);
  return values.every(Number.isFinite) ? values : undefined;
}
