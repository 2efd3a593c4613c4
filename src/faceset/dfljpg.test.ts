/** Face data in JPEG files against files that the reference wrote, and what writing must leave alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describe, pythonReads, pythonWithNumpy } from '../../test/python.ts';
import {
  app15,
  concatenate,
  type FaceMetadata,
  PyTuple,
  type PyValue,
  pyArray,
  pyScalar,
  readFace,
  readJpeg,
  readPickle,
  typeText,
  withApp15,
  writeFace,
  writePickle,
} from './index.ts';

const folder = new URL('../../test/golden/tools/dfljpg/', import.meta.url).pathname;
const golden = (name: string): Uint8Array => readFileSync(join(folder, `${name}.jpg`));
const faces = ['00001_0', '00002_0', '00003_0', '00003_1', '00004_0', '00005_0', 'mark_only_0', 'proto2_0', 'proto5_0'];

/** The face of a golden file with an Exif segment, a comment and bytes after the end. */
function withForeignParts(): Uint8Array {
  const bytes = golden('00001_0');
  const { segments } = readJpeg(bytes, 'test');
  const at = segments.find(({ name }) => name === 'DQT')!.start;
  const exif = Buffer.from([0xff, 0xe1, 0, 8, 69, 120, 105, 102, 0xff, 0xd9]);
  const comment = Buffer.from([0xff, 0xff, 0xfe, 0, 5, 1, 2, 3]); // with a fill byte
  return Buffer.concat([bytes.subarray(0, at), exif, comment, bytes.subarray(at), Buffer.from('trailing')]);
}

test.each(faces)('%s: face data that do not change are written back with equal types, values and order', (name) => {
  const bytes = golden(name);
  const { dict, metadata } = readFace(bytes, name);
  const again = readFace(writeFace(bytes, metadata, name, dict), name);
  expect(describe(again.dict)).toEqual(describe(dict));
});

test.each([
  ['00002_0', 4],
  ['00001_0', 3],
  ['00004_0', 3],
] as const)('%s: the whole file comes back byte for byte in its own protocol', (name, protocol) => {
  const bytes = golden(name);
  const { dict, metadata } = readFace(bytes, name);
  expect(Buffer.compare(writeFace(bytes, metadata, name, dict, protocol), bytes)).toBe(0);
});

test('a change replaces its key only: landmarks stay an array, an unknown key stays, polygons become the new form', () => {
  const bytes = golden('00005_0');
  const { dict, metadata } = readFace(bytes, 'face');
  const extended = new Map([['relighted', new PyTuple([1n, 2.5, 'x'])], ...dict]) as Map<string, PyValue>;
  const polygons = [{ include: true, points: Float32Array.of(1, 2, 3, 4, 5, 6) }];
  const changed: FaceMetadata = { ...metadata, polygons, eyebrowsExpandMod: 1.25, sourceFilename: undefined };
  const again = readFace(writeFace(bytes, changed, 'face', extended), 'face');
  expect([...again.dict.keys()]).toEqual([
    'relighted',
    ...[...dict.keys()].filter((key) => key !== 'source_filename'),
    'eyebrows_expand_mod',
  ]);
  expect(describe(again.dict.get('relighted')!)).toEqual(describe(extended.get('relighted')!));
  expect(typeText(again.dict.get('landmarks'))).toBe('ndarray float64 (68, 2)');
  expect(typeText(dict.get('seg_ie_polys'))).toBe('list');
  expect(typeText(again.dict.get('seg_ie_polys'))).toBe('dict');
  expect(again.metadata).toEqual(changed);
});

test('a new face is written with the types that the reference writes', () => {
  const { metadata } = readFace(golden('00003_0'), 'face');
  const { dict } = readFace(writeFace(golden('plain'), metadata, 'plain'), 'plain');
  expect(Object.fromEntries([...dict].map(([key, value]) => [key, typeText(value)]))).toEqual({
    face_type: 'str',
    landmarks: 'list',
    source_filename: 'str',
    source_rect: 'ndarray int64 (4,)',
    source_landmarks: 'list',
    image_to_face_mat: 'ndarray float64 (2, 3)',
    seg_ie_polys: 'dict',
  });
});

test('foreign segments, fill bytes, the image and trailing bytes stay byte for byte', () => {
  const bytes = withForeignParts();
  const { dict, metadata } = readFace(bytes, 'face');
  const written = writeFace(bytes, { ...metadata, sourceFilename: 'other.png' }, 'face', dict);
  const plain = (file: Uint8Array): Buffer => Buffer.from(withApp15(file, undefined, 'face'));
  expect(plain(written).equals(plain(bytes))).toBe(true);
  const names = readJpeg(written, 'face').segments.map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual(['SOI', 'APP0', 'APP1', 'APP15', 'COM']);
  expect(readFace(written, 'face').metadata.sourceFilename).toBe('other.png');
});

test('a progressive file with several scans, and one without an end, can be read and rewritten', () => {
  const bytes = golden('00001_0');
  const { segments } = readJpeg(bytes, 'test');
  const table = segments.find(({ name }) => name === 'DHT')!;
  const scan = segments.find(({ name }) => name === 'SOS')!;
  const end = segments.at(-1)!;
  const again = Buffer.concat([bytes.subarray(0, end.start), bytes.subarray(table.start, table.end), bytes.subarray(scan.start)]);
  expect(
    readJpeg(again, 'test')
      .segments.map(({ name }) => name)
      .slice(-4),
  ).toEqual(['SOS', 'DHT', 'SOS', 'EOI']);
  const cut = bytes.subarray(0, end.start);
  const { dict, metadata } = readFace(cut, 'test');
  expect(Buffer.compare(writeFace(cut, metadata, 'test', dict, 3), cut)).toBe(0);
});

test('face data longer than a segment are refused with their size', () => {
  const { metadata } = readFace(golden('00001_0'), 'face');
  expect(() => writeFace(golden('plain'), { ...metadata, xsegMask: new Uint8Array(65000) }, 'big.jpg')).toThrow(
    'big.jpg: the face data does not fit',
  );
  const payload = new Uint8Array(65533).fill(1);
  expect(app15(readJpeg(withApp15(golden('plain'), payload, 'x'), 'x'))).toEqual(payload);
});

test('numbers of any type are understood: ints, NumPy scalars, tuples', () => {
  const { dict } = readFace(golden('00001_0'), 'face');
  const odd = new Map<string, PyValue>([
    ...(dict as Map<string, PyValue>),
    ['landmarks', new PyTuple(Array.from({ length: 68 }, (_, i) => new PyTuple([BigInt(i), pyScalar('f4', 0.5)])))],
    ['source_rect', [1n, 2n, 3.5, pyScalar('i8', 4)]],
    ['eyebrows_expand_mod', pyScalar('f8', 1.5)],
    ['xseg_mask', null],
  ]);
  const bytes = withApp15(golden('plain'), concatenate(writePickle(odd)), 'odd');
  const { metadata } = readFace(bytes, 'odd');
  expect([...metadata.landmarks.subarray(134)]).toEqual([67, 0.5]);
  expect(metadata.sourceRect).toEqual([1, 2, 3.5, 4]);
  expect(metadata.eyebrowsExpandMod).toBe(1.5);
  expect(metadata.xsegMask).toBeUndefined();
});

test.each([
  ['landmarks', [[1, 2]], 'landmarks'],
  ['landmarks', pyArray('f8', [68, 2], new Float64Array(136).fill(Number.NaN)), 'landmarks'],
  ['face_type', 'hole_face', 'unknown face type'],
  ['source_rect', [1n, 2n], 'source_rect'],
  ['image_to_face_mat', pyArray('f8', [2, 2], [1, 2, 3, 4]), 'image_to_face_mat'],
  ['seg_ie_polys', new Map([['polys', [new Map([['type', 7n]])]]]), 'seg_ie_polys'],
  ['xseg_mask', pyArray('f4', [1], [1]), 'xseg_mask'],
  ['eyebrows_expand_mod', 'much', 'eyebrows_expand_mod'],
])('a damaged %s is named', (key, value, message) => {
  const { dict } = readFace(golden('00001_0'), 'face');
  const bytes = withApp15(golden('plain'), concatenate(writePickle(new Map([...dict, [key, value as PyValue]]))), 'x');
  expect(() => readFace(bytes, 'face.jpg')).toThrow(`face.jpg: ${message}`);
});

test('a JPEG without face data says where they would be', () => {
  expect(() => readFace(golden('plain'), 'plain.jpg')).toThrow('plain.jpg: no face data in this JPEG');
});

test('what is no dict, no pickle or no JPEG is refused', () => {
  const holding = (payload: Uint8Array): Uint8Array => withApp15(golden('plain'), payload, 'x');
  expect(() => readFace(holding(concatenate(writePickle([1n]))), 'x')).toThrow('damaged or of an unknown form');
  expect(() => readFace(holding(Buffer.from('another program')), 'x')).toThrow('not a pickle');
  expect(() => readFace(Buffer.from('GIF89a'), 'x')).toThrow('not a JPEG');
  expect(() => readPickle(new Uint8Array(0), 'x')).toThrow('not a pickle');
});

const python = pythonWithNumpy();

test.skipIf(python === undefined)('Python finds in rewritten files what it finds in those of the reference', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'liae-'));
  try {
    const written = faces.map((name) => {
      const { dict, metadata } = readFace(golden(name), name);
      const file = join(temporary, `${name}.jpg`);
      writeFileSync(file, writeFace(golden(name), metadata, name, dict));
      return file;
    });
    const ours = pythonReads(python!, written).map(({ pickle }) => pickle);
    const reference = pythonReads(
      python!,
      faces.map((name) => join(folder, `${name}.jpg`)),
    ).map(({ pickle }) => pickle);
    expect(ours).toEqual(reference);
  } finally {
    rmSync(temporary, { recursive: true });
  }
});
