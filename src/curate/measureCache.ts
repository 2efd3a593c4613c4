/**
 * Measures kept beside the faces, one hidden file for each measure, so that sorting again needs no image. A face is known by when its file was written
 * and by what it is (size, landmarks, frame), not by its name: sorting renames files and loses nothing.
 */
import { LiaeError, readSafetensors, writeSafetensors } from '../base/index.ts';
import { type Folder, readWhole } from '../faceset/index.ts';
import type { FaceValues, KnownMeasures, MeasurableFaces } from './measureFaces.ts';
import { type MeasureName, type Measures, type MeasureValues, measureArray, measureTable } from './measureTable.ts';

/** To be raised when a measure is computed differently; files of other versions are measured anew. */
const VERSION = '1';

/** Folders do not list names that begin so. */
const fileOf = (name: MeasureName): string => `.liae-measures.${name}`;

/** Whole pictures are the faces themselves. */
const isKept = (name: MeasureName): boolean => name !== 'picture';

interface Column {
  readonly values: MeasureValues;
  /** Row by key. */
  readonly rows: ReadonlyMap<string, number>;
}

/**
 * Opens what is known of these faces.
 *
 * @param stamps  of each face's file: anything that changes when the file is written anew, such as its time and length.
 */
export async function openMeasureCache(
  folder: Folder,
  faces: MeasurableFaces,
  stamps: readonly string[],
  wanted: readonly MeasureName[],
): Promise<KnownMeasures> {
  const keys = stamps.map((stamp, i) => keyOf(faces, i, stamp));
  const columns = new Map<MeasureName, Column>();
  for (const name of wanted.filter(isKept)) {
    const column = await readColumn(folder, name);
    if (column !== undefined) columns.set(name, column);
  }
  const find = (i: number, names: readonly MeasureName[]): FaceValues => {
    const found: Partial<Record<MeasureName, MeasureValues>> = {};
    for (const name of names) {
      const column = columns.get(name);
      const row = column?.rows.get(keys[i]!);
      const { width } = measureTable[name];
      if (row !== undefined) found[name] = column!.values.subarray(row * width, (row + 1) * width);
    }
    return found;
  };
  return {
    find,
    async keep(measures, names, taken) {
      for (const name of names.filter(isKept)) {
        const rows = keys.flatMap((key, i) => {
          const values = taken(i) ? rowOf(measures, name, i) : find(i, [name])[name];
          return values === undefined || Number.isNaN(values[0]) ? [] : [{ key, values }];
        });
        await folder.write(fileOf(name), columnFile(name, rows));
      }
    },
  };
}

function rowOf(measures: Measures, name: MeasureName, i: number): MeasureValues {
  const { width } = measureTable[name];
  return measures.values(name).subarray(i * width, (i + 1) * width);
}

function columnFile(name: MeasureName, rows: readonly { readonly key: string; readonly values: MeasureValues }[]): Uint8Array[] {
  const { width, store } = measureTable[name];
  const values = measureArray(name, rows.length * width);
  const keys = new Uint8Array(rows.length * KEY);
  for (const [i, row] of rows.entries()) {
    values.set(row.values, i * width);
    for (let c = 0; c < KEY; c++) keys[i * KEY + c] = row.key.charCodeAt(c);
  }
  const kind = ({ f8: 'F64', f4: 'F32', u1: 'U8' } as const)[store];
  return writeSafetensors(
    [
      ['values', { kind, shape: [rows.length, width], data: values }],
      ['keys', { kind: 'U8', shape: [rows.length, KEY], data: keys }],
    ],
    { version: VERSION },
  );
}

/** Undefined if there is no file or it is of no use: it is then measured anew, which is all that a cache owes. */
async function readColumn(folder: Folder, name: MeasureName): Promise<Column | undefined> {
  try {
    const { tensors, metadata } = readSafetensors(await readWhole(folder, fileOf(name)), folder.describe(fileOf(name)));
    const [values, keys] = [tensors.get('values')?.data, tensors.get('keys')?.data];
    const empty = measureArray(name, 0);
    if (metadata.version !== VERSION || !(keys instanceof Uint8Array) || values?.constructor !== empty.constructor) return undefined;
    const count = keys.length / KEY;
    if (values.length !== count * measureTable[name].width) return undefined;
    const rows = new Map<string, number>();
    for (let i = 0; i < count; i++) rows.set(String.fromCharCode(...keys.subarray(i * KEY, (i + 1) * KEY)), i);
    return { values: values as MeasureValues, rows };
  } catch (error) {
    if (error instanceof LiaeError) return undefined;
    throw error;
  }
}

/** Characters of a key: two hashes of 32 bits in hexadecimal. */
const KEY = 16;

/** Two images differ in 64 bits of hash, or are the same for all that matters here. */
function keyOf(faces: MeasurableFaces, i: number, stamp: string): string {
  const metadata = faces.metadata(i);
  const identity = metadata === undefined ? faces.name(i) : `${metadata.sourceFilename ?? ''}|${metadata.sourceRect?.join() ?? ''}`;
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  const mix = (v: number): void => {
    a = Math.imul(a ^ v, 0x01000193); // FNV-1a
    b = Math.imul((b ^ v) + 0x7ed55d16, 0x85ebca6b);
    b ^= b >>> 15;
  };
  for (const c of `${stamp}|${faces.size(i).join()}|${identity}`) mix(c.codePointAt(0)!);
  const { buffer, byteOffset, length } = metadata?.landmarks ?? new Float64Array(0);
  for (const v of new Uint32Array(buffer, byteOffset, length * 2)) mix(v);
  return [a, b].map((h) => (h >>> 0).toString(16).padStart(8, '0')).join('');
}
