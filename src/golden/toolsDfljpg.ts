/**
 * Golden cases of tools/dfljpg: aligned faces and packed facesets that the reference wrote. Every value is held against the index, and
 * what is written again against the files, byte for byte where nothing changes.
 */
import { FormatError } from '../base/index.ts';
import { faceTypeFromNumber } from '../face/index.ts';
import {
  app15,
  concatenate,
  type FaceFile,
  type Folder,
  faceSource,
  openFaces,
  type PakEntry,
  type PyValue,
  pakHeader,
  readFace,
  readJpeg,
  readPak,
  readPickle,
  typeText,
  withApp15,
  writeFace,
} from '../faceset/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { nodeFolder } from '../platform/node/files.ts';
import { type CaseRunner, type Check, compare, type GoldenCase, same } from './case.ts';
import { differs } from './pythonSame.ts';

interface FaceCase {
  readonly shape: readonly number[];
  readonly chunks: readonly (readonly [name: string, marker: number, length: number | null])[];
  readonly has_data: boolean;
  readonly face_type: string;
  readonly landmarks: readonly (readonly number[])[];
  readonly source_filename: string | null;
  readonly source_rect: readonly number[] | null;
  readonly source_landmarks: readonly (readonly number[])[] | null;
  readonly image_to_face_mat: readonly (readonly number[])[] | null;
  readonly eyebrows_expand_mod: number;
  readonly keys: readonly string[];
  readonly python_types: Readonly<Record<string, string>>;
  readonly seg_ie_polys: readonly { readonly type: number; readonly pts: readonly (readonly number[])[] }[];
  readonly xseg_codec?: 'png' | 'jpg';
  readonly xseg_bytes?: number;
  /** Sum of the mask as 0…1. */
  readonly xseg_mask_sum_0_1?: number;
}

interface PakSample {
  readonly sample_type: number;
  readonly filename: string;
  readonly face_type: number;
  readonly shape: readonly number[];
  readonly landmarks: readonly (readonly number[])[];
  readonly n_polys: number;
  readonly has_xseg: boolean;
  readonly eyebrows_expand_mod: number;
  readonly source_filename: string;
  readonly person_name: string | null;
  readonly offset: number;
  readonly size_as_stored: number;
  readonly real_size: number;
}

interface PakCase {
  readonly file_size: number;
  readonly samples: readonly PakSample[];
}

const exact = { abs: 0, rel: 0 };

/** Takes either index of the folder: that of the faces, or that of the packed facesets. */
export const toolsDfljpg: CaseRunner = async (golden) => {
  const checks: Check[] = [];
  for (const [name, entry] of Object.entries(golden.index as Readonly<Record<string, FaceCase | PakCase>>)) {
    if ('samples' in entry) checks.push(...(await pakChecks(golden, `faceset_${name}.pak`, entry)));
    else checks.push(...faceChecks(name, await golden.read(`${name}.jpg`), entry), ...(await maskChecks(golden, name, entry)));
  }
  return checks;
};

function faceChecks(name: string, bytes: Uint8Array, expected: FaceCase): Check[] {
  const jpeg = readJpeg(bytes, name);
  const segments = JSON.stringify(jpeg.segments.map(({ name, marker, payload }) => [name, marker, payload?.length ?? null]));
  const untouched = withApp15(bytes, app15(jpeg), name);
  const checks = [
    equal(`${name} shape`, [jpeg.height, jpeg.width, jpeg.channels], expected.shape),
    same(`${name} segments`, segments === JSON.stringify(expected.chunks), segments),
    same(`${name} with the same segment`, Buffer.compare(untouched, bytes) === 0, 'other bytes'),
    equal(`${name} has data`, app15(jpeg) !== undefined, expected.has_data),
  ];
  if (!expected.has_data) return checks;
  const face = readFace(bytes, name);
  return [...checks, ...valueChecks(name, face, expected), ...rewriteChecks(name, bytes, face)];
}

function valueChecks(name: string, { dict, metadata }: FaceFile, expected: FaceCase): Check[] {
  const types = Object.fromEntries(Object.keys(expected.python_types).map((key) => [key, typeText(dict.get(key))]));
  const checks = [
    equal(`${name} keys`, [...dict.keys()].sort(), [...expected.keys].sort()),
    equal(`${name} types`, types, expected.python_types),
    equal(`${name} face type`, metadata.faceType, expected.face_type),
    compare(`${name} landmarks`, metadata.landmarks, expected.landmarks.flat(), exact),
    equal(`${name} source filename`, metadata.sourceFilename ?? null, expected.source_filename),
    equal(`${name} source rectangle`, metadata.sourceRect ?? null, expected.source_rect),
    compare(`${name} source landmarks`, metadata.sourceLandmarks ?? [], expected.source_landmarks?.flat() ?? [], exact),
    compare(`${name} matrix`, metadata.imageToFace ?? [], expected.image_to_face_mat?.flat() ?? [], exact),
    equal(`${name} eyebrows`, metadata.eyebrowsExpandMod, expected.eyebrows_expand_mod),
    equal(
      `${name} kinds of polygons`,
      metadata.polygons.map(({ include }) => (include ? 1 : 0)),
      expected.seg_ie_polys.map(({ type }) => type),
    ),
    compare(
      `${name} points of polygons`,
      metadata.polygons.flatMap(({ points }) => [...points]),
      expected.seg_ie_polys.flatMap(({ pts }) => pts.flat()),
      exact,
    ),
    equal(`${name} mask bytes`, metadata.xsegMask?.length ?? null, expected.xseg_bytes ?? null),
  ];
  if (metadata.xsegMask !== undefined)
    checks.push(equal(`${name} mask format`, metadata.xsegMask[0] === 0x89 ? 'png' : 'jpg', expected.xseg_codec));
  return checks;
}

/** The XSeg mask as pixels: its sum, and the picture beside it if there is one. A JPEG decoder may round differently. */
async function maskChecks(golden: GoldenCase, name: string, expected: FaceCase): Promise<Check[]> {
  if (expected.xseg_mask_sum_0_1 === undefined) return [];
  const folder: Folder = { ...nodeFolder(golden.folder), list: async () => [`${name}.jpg`] };
  await using faces = await openFaces(folder);
  const codec = nodeCodec();
  const { mask } = await faceSource(faces, codec).face(0);
  if (mask === undefined) return [same(`${name} mask`, false, 'no mask')];
  const levels = expected.xseg_codec === 'png' ? { abs: 0, rel: 0 } : { abs: 2, rel: 0, mean: 0.05 };
  const sum = mask.data.reduce((a, b) => a + b, 0) / 255;
  const picture = await golden.read(`${name}.xseg.png`).catch(() => undefined);
  return [
    compare(`${name} mask sum`, [sum], [expected.xseg_mask_sum_0_1], { abs: 1e-3, rel: expected.xseg_codec === 'png' ? 1e-7 : 1e-4 }),
    ...(picture === undefined ? [] : [compare(`${name} mask`, mask.data, (await codec.decode(picture, name)).data, levels)]),
  ];
}

/** Unchanged data keep values and types; a changed name changes nothing else of the file. */
function rewriteChecks(name: string, bytes: Uint8Array, { dict, metadata }: FaceFile): Check[] {
  const again = readFace(writeFace(bytes, metadata, name, dict), name);
  const difference = differs(dict, again.dict, name);
  const renamed = writeFace(bytes, { ...metadata, sourceFilename: 'another.png' }, name, dict);
  const rest = (file: Uint8Array): Uint8Array => withApp15(file, undefined, name);
  return [
    same(`${name} written again`, difference === undefined, difference ?? ''),
    equal(`${name} renamed`, readFace(renamed, name).metadata.sourceFilename, 'another.png'),
    same(`${name} renamed: the rest`, Buffer.compare(rest(renamed), rest(bytes)) === 0, 'other bytes'),
  ];
}

async function pakChecks(golden: GoldenCase, file: string, expected: PakCase): Promise<Check[]> {
  const bytes = await golden.read(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
    [Symbol.asyncDispose]: async () => {},
  };
  const entries = await readPak(source, file);
  const table = 16 + Number(view.getBigUint64(8, true));
  const stored = entries.map((_, i) => Number(view.getBigUint64(table + 8 * i + 8, true) - view.getBigUint64(table + 8 * i, true)));
  const checks = [
    equal(`${file} size`, bytes.length, expected.file_size),
    equal(`${file} faces`, entries.length, expected.samples.length),
    equal(
      `${file} stored sizes`,
      stored,
      expected.samples.map((sample) => sample.size_as_stored),
    ),
  ];
  for (const [i, sample] of expected.samples.entries()) {
    const entry = entries[i];
    if (entry === undefined) continue;
    checks.push(...sampleChecks(`${file} ${sample.filename}`, entry, sample));
    const loose = await golden.read(sample.filename).catch(() => undefined);
    if (loose === undefined) continue;
    const unpacked = bytes.subarray(entry.offset, entry.offset + entry.length);
    checks.push(same(`${file} ${sample.filename} unpacked`, Buffer.compare(unpacked, loose) === 0, 'other bytes'));
    const packed = readFace(loose, sample.filename).metadata;
    checks.push(compare(`${file} ${sample.filename} polygons`, pointsOf(entry.metadata), pointsOf(packed), exact));
  }
  checks.push(...packedAgain(file, bytes, entries));
  return checks;
}

/** The pak made anew from its own faces: equal values and types, the same files, the last offset as the reference writes it. */
function packedAgain(file: string, bytes: Uint8Array, entries: readonly PakEntry[]): Check[] {
  const header = pakHeader(
    entries,
    entries.map(({ length }) => length),
  );
  const pickleOf = (pak: Uint8Array): PyValue => {
    const length = Number(new DataView(pak.buffer, pak.byteOffset).getBigUint64(8, true));
    return readPickle(pak.subarray(16, 16 + length), file);
  };
  const again = concatenate([header, ...entries.map(({ offset, length }) => bytes.subarray(offset, offset + length))]);
  const last = Number(new DataView(again.buffer).getBigUint64(header.length - 8, true));
  const difference = differs(pickleOf(bytes), pickleOf(again), file);
  const files = bytes.subarray(bytes.length - (again.length - header.length));
  return [
    same(`${file} packed again: table`, difference === undefined, difference ?? ''),
    same(`${file} packed again: files`, Buffer.compare(again.subarray(header.length), files) === 0, 'other bytes'),
    equal(`${file} packed again: last offset`, last, again.length),
  ];
}

function sampleChecks(name: string, entry: PakEntry, expected: PakSample): Check[] {
  const { metadata } = entry;
  return [
    equal(`${name} file name`, entry.filename, expected.filename),
    equal(`${name} face type`, metadata.faceType, faceTypeFromNumber(expected.face_type, name)),
    equal(`${name} shape`, [entry.height, entry.width], expected.shape.slice(0, 2)),
    compare(`${name} landmarks`, metadata.landmarks, expected.landmarks.flat(), exact),
    equal(`${name} polygons`, metadata.polygons.length, expected.n_polys),
    equal(`${name} has a mask`, metadata.xsegMask !== undefined, expected.has_xseg),
    equal(`${name} eyebrows`, metadata.eyebrowsExpandMod, expected.eyebrows_expand_mod),
    equal(`${name} source filename`, metadata.sourceFilename, expected.source_filename),
    equal(`${name} person`, entry.personName ?? null, expected.person_name),
    equal(`${name} place`, [entry.offset, entry.length], [expected.offset, expected.real_size]),
  ];
}

const pointsOf = ({ polygons }: PakEntry['metadata']): number[] => polygons.flatMap(({ points }) => [...points]);

function equal(name: string, actual: unknown, expected: unknown): Check {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (wanted === undefined) throw new FormatError(`golden index: nothing to hold ${name} against`);
  return same(name, found === wanted, `${found}, expected ${wanted}`);
}
