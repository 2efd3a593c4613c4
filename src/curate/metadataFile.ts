/**
 * Face data kept apart from the faces (meta.dat), so that the pictures can be edited in programs that would drop it, and put back afterwards.
 * The file is a pickled dict: file name to (shape, face data). Source: the reference's metadata save and restore.
 */
import { FormatError } from '../base/index.ts';
import {
  app15,
  concatenate,
  isDict,
  itemsOf,
  numbersOf,
  type PyDict,
  PyTuple,
  type PyValue,
  readJpeg,
  readPickle,
  typeText,
  withApp15,
  writePickle,
} from '../faceset/index.ts';
import { floatFromBytes, type ImageCodec, resizeLanczos } from '../image/index.ts';
import { roundedBytes, toolQuality } from './resizeFaces.ts';

export const metadataFile = 'meta.dat';

export interface SavedFace {
  readonly width: number;
  readonly height: number;
  readonly dict: PyDict;
}

export function writeMetadata(faces: ReadonlyMap<string, SavedFace>): Uint8Array {
  const entries = [...faces].map(([name, { width, height, dict }]): [string, PyValue] => [
    name,
    new PyTuple([new PyTuple([BigInt(height), BigInt(width), 3n]), dict]),
  ]);
  return concatenate(writePickle(new Map(entries), 4));
}

/** @throws FormatError if the file is not of this form. */
export function readMetadata(bytes: Uint8Array, name: string): ReadonlyMap<string, SavedFace> {
  const table = readPickle(bytes, name);
  if (!isDict(table)) return bad(name, table);
  const faces = new Map<string, SavedFace>();
  for (const [file, entry] of table) {
    const [shape, dict] = itemsOf(entry) ?? [];
    const [height, width] = numbersOf(shape) ?? [];
    if (typeof file !== 'string' || height === undefined || width === undefined || !isDict(dict)) return bad(name, entry);
    if (!isSide(height) || !isSide(width) || height * width > MAX_PIXELS) return bad(name, shape);
    faces.set(file, { width, height, dict });
  }
  return faces;
}

/** Of a picture that is brought back to its size, in floats: a frame of 8K, kept whole, has half as many. */
const MAX_PIXELS = 2 ** 26;

const isSide = (side: number): boolean => Number.isInteger(side) && side > 0 && side <= 16384;

/**
 * A picture with its face data again, and with its size again if that changed.
 *
 * @returns undefined if the file has this size and these data already.
 * @throws FormatError if it is no JPEG or damaged.
 */
export async function restoreFace(bytes: Uint8Array, saved: SavedFace, codec: ImageCodec, name: string): Promise<Uint8Array | undefined> {
  const { width, height, dict } = saved;
  const jpeg = readJpeg(bytes, name, 'header');
  const same = jpeg.width === width && jpeg.height === height;
  const payload = concatenate(writePickle(dict, 4));
  if (same) {
    const present = app15(jpeg);
    if (present !== undefined && holdsSame(present, payload, name)) return undefined;
    return withApp15(bytes, payload, name);
  }
  const image = resizeLanczos(floatFromBytes(await codec.decode(bytes, name)), width, height);
  return withApp15(await codec.encodeJpeg(roundedBytes(image), toolQuality), payload, name);
}

/** Whether the face data are equal in value, whichever protocol they are written in. */
function holdsSame(present: Uint8Array, payload: Uint8Array, name: string): boolean {
  try {
    return equalBytes(concatenate(writePickle(readPickle(present, name), 4)), payload);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((v, i) => v === b[i]);

function bad(name: string, value: PyValue | undefined): never {
  throw new FormatError(`${name}: not face data that were saved`, {
    found: typeText(value),
    expected: 'a dict of file names with shape and face data',
    next: 'liae faces save-metadata makes such a file',
  });
}
