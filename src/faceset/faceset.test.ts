/** Folders of faces and packed facesets: what is found, what is set aside, and that a pak comes out as the reference writes it. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describe, pythonReads, pythonWithNumpy } from '../../test/python.ts';
import type { ImageCodec } from '../image/index.ts';
import { nodeFolder } from '../platform/node/files.ts';
import type { FaceSource } from '../sample/index.ts';
import {
  concatenate,
  faceSource,
  openFaces,
  packFaces,
  pakHeader,
  pakPieces,
  readFace,
  readPak,
  readPickle,
  unpackFaces,
  writeFace,
} from './index.ts';

const golden = new URL('../../test/golden/tools/dfljpg/', import.meta.url).pathname;
const loose = ['00001_0.jpg', '00002_0.jpg', '00003_0.jpg'];
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'liae-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (...names: readonly string[]): void => {
  for (const name of names) copyFileSync(join(golden, name), join(folder, name));
};

test('loose faces come sorted by name, with their data and bytes', async () => {
  put('00003_1.jpg', '00001_0.jpg', '00004_0.jpg', 'mark_only_0.jpg');
  mkdirSync(join(folder, 'anna.jpg'));
  writeFileSync(join(folder, 'notes.txt'), 'not an image');
  await using faces = await openFaces(nodeFolder(folder));
  expect(Array.from({ length: faces.count }, (_, i) => faces.name(i))).toEqual([
    '00001_0.jpg',
    '00003_1.jpg',
    '00004_0.jpg',
    'mark_only_0.jpg',
  ]);
  expect(faces.skipped).toEqual([]);
  const { bytes, metadata, maskBytes } = await faces.read(2);
  expect(Buffer.compare(bytes, readFileSync(join(golden, '00004_0.jpg')))).toBe(0);
  expect(metadata.sourceFilename).toBe('00004.png');
  expect([...maskBytes!.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  expect([...(await faces.read(1)).maskBytes!.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
});

test('broken files are set aside, each with its cause', async () => {
  put('00001_0.jpg', 'plain.jpg', '00003_1.xseg.png');
  writeFileSync(join(folder, 'cut.jpg'), readFileSync(join(golden, '00001_0.jpg')).subarray(0, 1000));
  writeFileSync(join(folder, 'empty.jpeg'), '');
  writeFileSync(join(folder, 'half.jpg'), readFileSync(join(golden, '00001_0.jpg')).subarray(0, -2));
  writeFileSync(join(folder, 'text.jpg'), 'not an image');
  await using faces = await openFaces(nodeFolder(folder));
  expect(faces.count).toBe(1);
  const causes = Object.fromEntries(faces.skipped.map(({ name, cause }) => [name, cause]));
  expect(Object.keys(causes)).toEqual(['00003_1.xseg.png', 'cut.jpg', 'empty.jpeg', 'half.jpg', 'plain.jpg', 'text.jpg']);
  expect(causes['plain.jpg']).toContain('no face data');
  expect(causes['cut.jpg']).toContain('APP15');
  expect(causes['empty.jpeg']).toContain('SOI');
  expect(causes['text.jpg']).toBe('not a JPEG file that can be read; it does not begin with the marker SOI');
  expect(causes['half.jpg']).toContain('the picture is cut off; no end marker');
  expect(causes['00003_1.xseg.png']).toContain('only JPEG');
});

test('face data behind large foreign segments are found', async () => {
  const bytes = readFileSync(join(golden, '00001_0.jpg'));
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0xff, 0xff]), Buffer.alloc(65533)]);
  writeFileSync(join(folder, 'a.jpg'), Buffer.concat([bytes.subarray(0, 20), exif, exif, bytes.subarray(20)]));
  await using faces = await openFaces(nodeFolder(folder));
  expect(faces.metadata(0).sourceFilename).toBe('00001.png');
});

test('a picture has its end, whatever stands behind it and however long its face data are', async () => {
  const bytes = readFileSync(join(golden, '00001_0.jpg'));
  const foreign = Buffer.concat([Buffer.from([0xff, 0xe1, 0xff, 0xff]), Buffer.alloc(65533, 0xd9)]);
  const long = Buffer.concat([bytes.subarray(0, 20), foreign, foreign, bytes.subarray(20)]);
  const behind = [Buffer.alloc(0), Buffer.alloc(100), Buffer.alloc(200_000, 7)];
  for (const [i, trailer] of behind.entries()) {
    writeFileSync(join(folder, `short${i}.jpg`), Buffer.concat([bytes, trailer]));
    writeFileSync(join(folder, `long${i}.jpg`), Buffer.concat([long, trailer]));
    writeFileSync(join(folder, `cut${i}.jpg`), Buffer.concat([long.subarray(0, -2), trailer]));
  }
  await using faces = await openFaces(nodeFolder(folder));
  expect(faces.skipped.map(({ name }) => name)).toEqual(['cut0.jpg', 'cut1.jpg', 'cut2.jpg']);
  expect(faces.count).toBe(6);
});

test.each([
  ['an empty folder', [], 'no image files'],
  ['a folder without faces', ['plain.jpg', '00001_0.frame.png'], 'the first'],
] as const)('%s is an error that says what to do', async (_, names, found) => {
  put(...names);
  const error = await openFaces(nodeFolder(folder)).catch((thrown: unknown) => thrown as { report(): string });
  expect((error as { report(): string }).report()).toMatch(new RegExp(`no faces in this folder[^]*${found}[^]*liae extract makes`));
  await expect(openFaces(nodeFolder(join(folder, 'missing')))).rejects.toThrow('there is no such folder');
});

test('a pak wins over loose files, and packing gives the file that the reference wrote', async () => {
  put(...loose, 'plain.jpg');
  const { count, skipped } = await packFaces(nodeFolder(folder));
  expect([count, skipped.map(({ name }) => name)]).toEqual([3, ['plain.jpg']]);
  expect(Buffer.compare(readFileSync(join(folder, 'faceset.pak')), readFileSync(join(golden, 'faceset_flat.pak')))).toBe(0);
  put('00004_0.jpg');
  await using faces = await openFaces(nodeFolder(folder));
  expect([faces.packed, faces.count]).toEqual([true, 3]);
  expect(Buffer.compare((await faces.read(2)).bytes, readFileSync(join(golden, '00003_0.jpg')))).toBe(0);
  expect(faces.metadata(2).polygons.map(({ include }) => include)).toEqual([true, true, false]);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a pak of persons unpacks into their folders', async () => {
  copyFileSync(join(golden, 'faceset_persons.pak'), join(folder, 'faceset.pak'));
  expect(await unpackFaces(nodeFolder(folder))).toEqual(['anna/00001_0.jpg', 'anna/00002_0.jpg', 'bert/00003_0.jpg']);
  for (const [person, name] of [
    ['anna', '00001_0.jpg'],
    ['anna', '00002_0.jpg'],
    ['bert', '00003_0.jpg'],
  ] as const) {
    expect(Buffer.compare(readFileSync(join(folder, person, name)), readFileSync(join(golden, name)))).toBe(0);
  }
  const entries = await table(readFileSync(join(folder, 'faceset.pak')));
  const again = concatenate([
    pakHeader(
      entries,
      entries.map(({ length }) => length),
    ),
    ...loose.map((name) => readFileSync(join(golden, name))),
  ]);
  expect(Buffer.compare(again, readFileSync(join(golden, 'faceset_persons.pak')))).toBe(0);
});

test('the last offset may count from the table or from the start of the file', async () => {
  const bytes = readFileSync(join(golden, 'faceset_flat.pak'));
  const expected = (await table(bytes)).map(({ offset, length }) => [offset, length]);
  const start = expected[0]![0]!;
  bytes.writeBigUInt64LE(BigInt(bytes.length - start), start - 8);
  expect((await table(bytes)).map(({ offset, length }) => [offset, length])).toEqual(expected);
});

test.each([
  ['another version', 0, 2n, 'version 2'],
  ['a table longer than the file', 8, 1n << 40n, 'a table of 1099511627776 bytes'],
  ['an offset beyond the file', 5446 + 16 + 8, 1n << 50n, 'face 0 at bytes'],
] as const)('a pak with %s is refused', async (_, at, value, message) => {
  const bytes = readFileSync(join(golden, 'faceset_flat.pak'));
  bytes.writeBigUInt64LE(value, at);
  const error = await table(bytes).catch((thrown: unknown) => thrown as { report(): string });
  expect((error as { report(): string }).report()).toContain(message);
});

test('a file name that leaves the folder is refused', async () => {
  const [entry] = await table(readFileSync(join(golden, 'faceset_flat.pak')));
  for (const change of [{ filename: '../a.jpg' }, { filename: '..' }, { personName: 'a/b' }, { personName: '..' }]) {
    await expect(table(pakHeader([{ ...entry!, ...change }], [0]))).rejects.toThrow('not a packed faceset');
  }
});

test('faces are decoded to B, G, R, and masks to one channel', async () => {
  put('00003_1.jpg', '00001_0.jpg');
  const codec = {
    decode: async (bytes: Uint8Array) => {
      const png = bytes[0] === 0x89;
      return png
        ? { width: 2, height: 1, channels: 3, data: Uint8Array.of(7, 7, 7, 255, 0, 0) }
        : { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) };
    },
  } as unknown as ImageCodec;
  await using faces = await openFaces(nodeFolder(folder));
  const source: FaceSource = faceSource(faces, codec);
  const { image, mask, faceType, landmarks, eyebrowsExpandMod, name } = await source.face(1);
  expect([...image.data]).toEqual([3, 2, 1]);
  expect(mask).toEqual({ width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 76) });
  expect([faceType, landmarks.length, eyebrowsExpandMod, name]).toEqual(['head', 136, 1, '00003_1.jpg']);
  expect((await source.face(0)).mask).toBeUndefined();
  expect((await source.shape(1)).size).toBe(256);
});

test('faces that are not square, or whose landmarks are one point, are set aside before training begins', async () => {
  put('mark_only_0.jpg');
  const original = readFileSync(join(golden, '00001_0.jpg'));
  const { metadata, dict } = readFace(original, 'face');
  writeFileSync(
    join(folder, 'point.jpg'),
    writeFace(original, { ...metadata, landmarks: new Float64Array(136).fill(100.1) }, 'face', dict),
  );
  {
    await using faces = await openFaces(nodeFolder(folder));
    expect(() => faceSource(faces, {} as ImageCodec)).toThrow('none of the 2 faces is an aligned face');
  }
  put('00001_0.jpg', '00002_0.jpg');
  await using faces = await openFaces(nodeFolder(folder));
  const source = faceSource(faces, {} as ImageCodec);
  expect([source.name(0), source.name(1), source.count]).toEqual(['00001_0.jpg', '00002_0.jpg', 2]);
  expect(source.skipped.map(({ name, cause }) => `${name}: ${cause.slice(0, 19)}`)).toEqual([
    'mark_only_0.jpg: not an aligned face',
    'point.jpg: its landmarks lie o',
  ]);
});

const python = pythonWithNumpy();

test.skipIf(python === undefined)('Python reads a pak with masks and persons as it was written', async () => {
  put('00003_1.jpg', '00004_0.jpg', '00005_0.jpg');
  await packFaces(nodeFolder(folder));
  const entries = await table(readFileSync(join(folder, 'faceset.pak')));
  const file = join(folder, 'persons.pak');
  const faces = entries.map((entry, i) => ({
    ...entry,
    personName: `person ${i}`,
    bytes: async () => readFileSync(join(folder, entry.filename)),
  }));
  const pieces: Uint8Array[] = [];
  for await (const piece of pakPieces(faces)) pieces.push(piece);
  writeFileSync(file, concatenate(pieces));
  const [found] = pythonReads(python!, [file]);
  const bytes = readFileSync(file);
  const pickle = readPickle(bytes.subarray(16, 16 + Number(bytes.readBigUInt64LE(8))), 'pak');
  expect(found).toMatchObject({ version: 1, protocol: 4, pickle: describe(pickle) });
  expect((found!.offsets as number[]).at(-1)).toBe(bytes.length);
});

async function table(bytes: Uint8Array): ReturnType<typeof readPak> {
  const file = {
    size: bytes.length,
    read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
    [Symbol.asyncDispose]: async () => {},
  };
  return readPak(file, 'faceset.pak');
}
