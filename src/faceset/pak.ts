/**
 * Packed facesets (faceset.pak): one file that holds many faces, their data in a table at the front.
 *   u64 version = 1 | u64 L | pickle of L bytes: a list of dicts | n + 1 offsets (u64) | the JPEG files
 * Offsets count from the end of their table, but the last one, as the reference writes it, from the start of the file.
 */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceTypeFromNumber, faceTypeInfo } from '../face/index.ts';
import { type FaceMetadata, landmarksOf, maskBytes, pointList, polygonDict, polygonsOf } from './dfljpg.ts';
import type { RandomAccess } from './folder.ts';
import { concatenate } from './jpeg.ts';
import { readPickle } from './pickleReader.ts';
import { writePickle } from './pickleWriter.ts';
import { isDict, numberOf, numbersOf, PyCall, type PyDict, PyTuple, type PyValue, pyArray, typeText } from './pythonValues.ts';

export const pakName = 'faceset.pak';

const MAX_PICKLE = 2 ** 31;
const MAX_FACE = 2 ** 28;

/** What the table of a pak says of one face. */
export interface PakFace {
  readonly filename: string;
  /** The sub-folder that the file came from. */
  readonly personName: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly metadata: FaceMetadata;
}

export interface PakEntry extends PakFace {
  /** Where the file begins in the pak. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads the table of a pak; the files themselves stay where they are.
 *
 * @throws FormatError if the version is another one, or an offset lies outside the file.
 */
export async function readPak(file: RandomAccess, name: string): Promise<readonly PakEntry[]> {
  const header = view(await file.read(0, 16));
  if (header.byteLength < 16) bad(name, `${file.size} bytes`);
  const version = header.getBigUint64(0, true);
  if (version !== 1n) bad(name, `version ${version}; version 1 is known`);
  const length = Number(header.getBigUint64(8, true));
  if (length > Math.min(file.size - 16, MAX_PICKLE)) bad(name, `a table of ${length} bytes in a file of ${file.size}`);
  const table = readPickle(await file.read(16, length), name);
  if (!Array.isArray(table)) bad(name, `a table that is not a list but ${typeText(table)}`);
  const dicts = table as readonly PyValue[];
  const start = 16 + length + 8 * (dicts.length + 1);
  if (start > file.size) bad(name, `${dicts.length} faces, but no room for their offsets`);
  const offsets = view(await file.read(16 + length, 8 * (dicts.length + 1)));
  const at = (i: number): number => start + Number(offsets.getBigUint64(8 * i, true));
  return dicts.map((dict, i) => {
    // The last offset is too large by `start` as the reference writes it; both forms end with the file.
    const [from, to] = [at(i), Math.min(at(i + 1), i === dicts.length - 1 ? file.size : Infinity)];
    if (from > to || to > file.size || to - from > MAX_FACE) bad(name, `face ${i} at bytes ${from}…${to} of ${file.size}`);
    if (!isDict(dict)) return bad(name, `face ${i} is not a dict but ${typeText(dict)}`);
    return { ...faceOf(dict, name, i), offset: from, length: to - from };
  });
}

/** A pak's beginning, after which the files follow one after another. @param lengths bytes of each file. */
export function pakHeader(faces: readonly PakFace[], lengths: readonly number[]): Uint8Array {
  const pickle = concatenate(writePickle(faces.map(dictOf), 4, new Set(faces.flatMap(({ personName }) => personName ?? []))));
  const offsets = new DataView(new ArrayBuffer(8 * (faces.length + 1)));
  let offset = 0;
  for (const [i, length] of lengths.entries()) {
    offsets.setBigUint64(8 * i, BigInt(offset), true);
    offset += length;
  }
  const start = 16 + pickle.length + offsets.byteLength;
  offsets.setBigUint64(8 * faces.length, BigInt(start + offset), true);
  const head = new DataView(new ArrayBuffer(16));
  head.setBigUint64(0, 1n, true);
  head.setBigUint64(8, BigInt(pickle.length), true);
  return concatenate([new Uint8Array(head.buffer), pickle, new Uint8Array(offsets.buffer)]);
}

function faceOf(dict: PyDict, name: string, i: number): PakFace {
  const filename = dict.get('filename');
  if (typeof filename !== 'string' || filename === '' || /[/\\\0]/.test(filename) || filename === '..') {
    return bad(
      name,
      `face ${i} without a plain file name: ${typeof filename === 'string' ? JSON.stringify(filename.slice(0, 60)) : typeText(filename)}`,
    );
  }
  const person = dict.get('person_name') ?? undefined;
  if (person !== undefined && (typeof person !== 'string' || /[/\\\0]/.test(person) || person === '..'))
    bad(name, `${filename}: person_name ${typeText(person)}`);
  const at = (key: string): PyValue | undefined => dict.get(key) ?? undefined;
  const file = `${name}/${filename}`;
  const [height, width] = numbersOf(at('shape')) ?? [];
  if (height === undefined || width === undefined) return bad(file, `shape ${typeText(at('shape'))}`);
  const source = at('source_filename');
  return {
    filename,
    personName: person as string | undefined,
    width,
    height,
    metadata: {
      faceType: faceTypeOf(at('face_type'), file),
      landmarks: landmarksOf(at('landmarks'), 'landmarks', file),
      sourceFilename: typeof source === 'string' ? source : undefined,
      eyebrowsExpandMod:
        numberOf(at('eyebrows_expand_mod') ?? 1) ?? bad(name, `${filename}: eyebrows_expand_mod ${typeText(at('eyebrows_expand_mod'))}`),
      polygons: polygonsOf(at('seg_ie_polys'), file),
      xsegMask: maskBytes(at('xseg_mask_compressed'), 'xseg_mask_compressed', file),
    },
  };
}

function faceTypeOf(value: PyValue | undefined, file: string): FaceType {
  const number = numberOf(value instanceof PyCall ? value.args[0] : value);
  return number === undefined ? bad(file, `face_type ${typeText(value)}`) : faceTypeFromNumber(number, file);
}

const dictOf = ({ filename, personName, width, height, metadata }: PakFace): PyDict =>
  new Map<string, PyValue>([
    ['sample_type', new PyCall('samplelib.Sample', 'SampleType', [1n])],
    ['filename', filename],
    ['face_type', new PyCall('facelib.FaceType', 'FaceType', [BigInt(faceTypeInfo(metadata.faceType).number)])],
    ['shape', new PyTuple([BigInt(height), BigInt(width), 3n])],
    ['landmarks', pointList(metadata.landmarks)],
    ['seg_ie_polys', polygonDict(metadata.polygons)],
    ['xseg_mask', null],
    ['xseg_mask_compressed', metadata.xsegMask === undefined ? null : pyArray('u1', [metadata.xsegMask.length], metadata.xsegMask)],
    ['eyebrows_expand_mod', metadata.eyebrowsExpandMod],
    ['source_filename', metadata.sourceFilename ?? null],
    ['person_name', personName ?? null],
  ]);

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function bad(name: string, found: string): never {
  throw new FormatError(`${name}: not a packed faceset that can be read`, {
    found,
    next: 'unpack it with the program that made it, or restore it from a backup',
  });
}
