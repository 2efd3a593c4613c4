/** Pictures: which files, in which order, how they come out, and what is said of those that do not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode as encodePng } from 'fast-png';
import { afterAll, expect, test } from 'vitest';
import { barcode, encodePicture, readBarcode } from '../../../test/support/makeClip.ts';
import type { ByteImage } from '../../image/index.ts';
import { type Frame, orient } from '../../video/index.ts';
import { nodeCodec } from './codec.ts';
import { openInput } from './openInput.ts';
import { naturalOrder } from './picturePaths.ts';
import { createPictures } from './pictureSequence.ts';
import { openPictures } from './pictures.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae pictures '));
afterAll(() => rmSync(scratch, { recursive: true }));
const codec = nodeCodec();
const picture = (i: number, width = 48, height = 32): ByteImage => ({ width, height, channels: 3, data: barcode(width, height, i) });

let folders = 0;
async function folderOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(scratch, String(folders++));
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}
async function read(input: string | readonly string[]): Promise<{ frames: Frame[]; trouble: readonly string[] }> {
  await using source = await openPictures(input);
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  return { frames, trouble: source.trouble };
}

test('numbers in names count by value', () => {
  const names = ['img10.png', 'img2.png', 'img1.png', 'img02b.png', 'a.png', 'IMG3.png', 'img2.5.png'];
  expect([...names].sort(naturalOrder)).toEqual(['IMG3.png', 'a.png', 'img1.png', 'img2.5.png', 'img2.png', 'img02b.png', 'img10.png']);
});

test('a folder gives its pictures in natural order; others, hidden ones and second ones of a name are left out', async () => {
  const png = (i: number): Promise<Uint8Array> => codec.encodePng(picture(i));
  const folder = await folderOf({
    'pic 10.png': await png(10),
    'pic 2.PNG': await png(2),
    'größe 1.jpg': await codec.encodeJpeg(picture(1), 95),
    'pic 2.jpg': await codec.encodeJpeg(picture(3), 95),
    '.hidden.png': await png(7),
    'notes.txt': new Uint8Array(5),
    'sub/deep 4.png': await png(4),
  });
  const { frames, trouble } = await read(folder);
  expect(frames.map(({ name }) => name)).toEqual(['größe 1.jpg', 'pic 2.PNG', 'pic 10.png']);
  expect(frames.map(({ image }) => readBarcode(image))).toEqual([1, 2, 10]);
  expect(frames.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(trouble).toEqual(['pic 2.jpg: left out, as pic 2.PNG has the same name but for the ending']);
  expect((await read(join(folder, '**/*.png'))).frames.map(({ name }) => name)).toEqual(['pic 10.png', 'deep 4.png']);
  expect((await read(join(folder, 'pic [0-9].*'))).frames.map(({ name }) => name)).toEqual(['pic 2.PNG']);
  expect((await read([join(folder, 'pic 10.png'), join(folder, 'gr?ße*')])).frames.map(({ name }) => name)).toEqual([
    'pic 10.png',
    'größe 1.jpg',
  ]);
});

test('a damaged picture is named and skipped, and the others keep their numbers', async () => {
  const jpeg = await codec.encodeJpeg(picture(2), 90);
  const folder = await folderOf({
    '0.png': await codec.encodePng(picture(1)),
    '1.jpg': jpeg.subarray(0, jpeg.length / 2),
    '2.png': new Uint8Array(0),
    '3.png': await codec.encodePng(picture(3)),
    '4.tif': new TextEncoder().encode('II*\0 no picture at all'),
  });
  const { frames, trouble } = await read(folder);
  expect(frames.map(({ index }) => index)).toEqual([0, 3]);
  expect(trouble.length).toBe(3);
  expect(trouble[0]).toMatch(/^1\.jpg: this JPEG is damaged/);
  expect(trouble[1]).toMatch(/^2\.png: .*empty file/);
  expect(trouble[2]).toMatch(/^4\.tif: this picture is damaged/);
});

test.each([
  ['tiff', 'tif', 'rgb24'],
  ['tiff', 'tiff', 'rgb48le'],
  ['bmp', 'bmp', 'bgr24'],
  ['libwebp', 'webp', 'bgra'],
])('%s as .%s with %s comes out as it went in', async (encoder, ending, pixelFormat) => {
  const folder = await folderOf({ [`a.${ending}`]: await encodePicture(encoder, picture(77), pixelFormat) });
  const { frames } = await read(folder);
  expect(frames[0]!.image).toMatchObject({ width: 48, height: 32, channels: 3 });
  const worst = frames[0]!.image.data.reduce((most, v, i) => Math.max(most, Math.abs(v - picture(77).data[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(1);
});

test('gray and deep PNGs come out as RGB of 8 bits', async () => {
  const gray = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
  const deep = Uint16Array.from(gray, (v) => v * 257);
  const folder = await folderOf({
    'a.png': encodePng({ width: 4, height: 3, channels: 1, data: gray }),
    'b.png': encodePng({ width: 4, height: 3, channels: 1, data: deep, depth: 16 }),
    'c.tif': await encodePicture(
      'tiff',
      { width: 4, height: 3, data: Uint8Array.from({ length: 36 }, (_, i) => gray[Math.floor(i / 3)]!) },
      'gray',
    ),
  });
  const expected = Array.from({ length: 36 }, (_, i) => gray[Math.floor(i / 3)]!);
  const { frames } = await read(folder);
  expect([...frames[0]!.image.data]).toEqual(expected);
  expect([...frames[1]!.image.data]).toEqual(expected);
  for (const [i, v] of frames[2]!.image.data.entries()) expect(Math.abs(v - expected[i]!)).toBeLessThanOrEqual(1);
});

/** A JPEG with an orientation in EXIF, before its other segments. */
function turned(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const exif = [0xff, 0xe1, 0, tiff.length + 8, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...exif, ...jpeg.subarray(2)]);
}

test('EXIF orientation is applied: each of the eight stored forms comes out upright', async () => {
  const upright = picture(45);
  const inverse = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 } as const;
  const files: Record<string, Uint8Array> = {};
  for (const o of [1, 2, 3, 4, 5, 6, 7, 8] as const) files[`${o}.jpg`] = turned(await codec.encodeJpeg(orient(upright, inverse[o]), 97), o);
  const { frames } = await read(await folderOf(files));
  for (const { image } of frames) {
    expect(image).toMatchObject({ width: 48, height: 32 });
    expect(readBarcode(image)).toBe(45);
    expect(image.data[image.data.length - 3]).toBeGreaterThan(200); // the slope below rises to the right
  }
});

test('a path means a folder, a pattern, a picture, a clip, or the first file of a stem', async () => {
  const clips = fileURLToPath(new URL('../../../test/clips/', import.meta.url));
  const folder = await folderOf({ 'data_src.png': await codec.encodePng(picture(9)), 'odd [1].png': await codec.encodePng(picture(8)) });
  const opened = async (path: string): Promise<string> => {
    await using source = await openInput(path);
    return `${source.info.kind} ${source.info.name} ${source.info.frames}`;
  };
  expect(await opened(folder)).toBe(`pictures ${folder.split('/').at(-1)} 2`);
  expect(await opened(join(folder, 'odd [1].png'))).toMatch(/ 1$/);
  expect(await opened(join(folder, 'data_src.*'))).toMatch(/^pictures .* 1$/);
  expect(await opened(join(clips, 'one_frame.mp4'))).toBe('video one_frame.mp4 1');
  expect(await opened(join(clips, 'one_frame.*'))).toBe('video one_frame.mp4 1');
  await expect(opened(join(folder, '*.jpg'))).rejects.toThrow('no pictures');
  await expect(opened(join(folder, 'none.*'))).rejects.toMatchObject({ name: 'FormatError' });
  await expect(opened(join(folder, 'none.png'))).rejects.toThrow('no such file');
});

test('a folder of PNGs that is written reads back bit for bit', async () => {
  const folder = join(scratch, 'written');
  {
    await using sink = await createPictures(folder);
    for (const i of [5, 6]) await sink.write({ time: i, image: picture(i) });
    await sink.write({ time: 9, image: picture(9), name: 'named' });
    await expect(sink.write({ time: 10, image: picture(9), name: '../out' })).rejects.toMatchObject({ name: 'OptionError' });
    await sink.finish();
  }
  const { frames } = await read(folder);
  expect(frames.map(({ name }) => name)).toEqual(['00001.png', '00002.png', 'named.png']);
  for (const [k, i] of [5, 6, 9].entries()) expect(Buffer.compare(frames[k]!.image.data, picture(i).data)).toBe(0);
});
