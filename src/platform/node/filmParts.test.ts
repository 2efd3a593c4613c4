/** Films made in parts: the same frames, times and sound as one that is made at once, whatever the codec; and pictures of 16 bits. */
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { soundOf } from '../../../test/support/sound.ts';
import type { Frame } from '../../video/index.ts';
import { decodingTimes, FilmPart, filmOf, joinFilm } from './filmParts.ts';
import { createPictures } from './pictureSequence.ts';
import { openPictures } from './pictures.ts';
import { openClip } from './video.ts';
import { type ClipPlan, shapeOf } from './videoEncoder.ts';
import { createClip } from './videoWriter.ts';

const clips = fileURLToPath(new URL('../../../test/clips/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae parts ü '));
afterAll(() => rmSync(scratch, { recursive: true }));

async function read(path: string, to?: number): Promise<Frame[]> {
  await using clip = await openClip(path);
  const frames: Frame[] = [];
  for await (const frame of clip.frames({ to })) frames.push(frame);
  return frames;
}

async function inParts(path: string, frames: readonly Frame[], plan: ClipPlan, length: number): Promise<readonly string[]> {
  const film = await filmOf(path, plan, shapeOf(frames[0]!.image));
  const files: string[] = [];
  for (let i = 0; i < frames.length; i += length) {
    files.push(`${path}.${i}`);
    await using part = await FilmPart.create(film, files.at(-1)!);
    for (const frame of frames.slice(i, i + length)) await part.write(frame);
    await part.finish();
  }
  expect((await joinFilm(film, files)).frames).toBe(frames.length);
  return files;
}

const psnr = (a: Uint8Array, b: Uint8Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / a.length));
};

test.each([
  ['h264', 'dst_rotated.mp4', 'mp4', 8],
  ['h264', 'dst_vfr.mkv', 'mkv', 10],
  ['h265', 'dst_vfr.mkv', 'mp4', 10],
  ['av1', 'dst_rotated.mp4', 'mp4', 10],
  ['vp9', 'dst_rotated.mp4', 'webm', 8],
  ['prores', 'dst_rotated.mp4', 'mov', 10],
] as const)('%s of %s: times and sound as if made at once', { timeout: 60_000 }, async (codec, name, ending, depth) => {
  const source = join(clips, name);
  const frames = await read(source, 23);
  const plan: ClipPlan = { codec, depth, like: source, quality: 'high', end: frames.at(-1)!.time + 0.02 };
  const [whole, parts] = [join(scratch, `whole-${codec}.${ending}`), join(scratch, `parts-${codec}.${ending}`)];
  {
    await using sink = await createClip(whole, plan);
    for (const frame of frames) await sink.write(frame);
    await sink.finish();
  }
  await inParts(parts, frames, plan, 7);
  const [one, many] = [await read(whole), await read(parts)];
  expect(many.map(({ time }) => Math.round(time * 1e6))).toEqual(one.map(({ time }) => Math.round(time * 1e6)));
  expect(many.map(({ time }) => Math.round(time * 1e3))).toEqual(frames.map(({ time }) => Math.round(time * 1e3)));
  expect(await soundOf(parts)).toEqual(await soundOf(whole));
  for (const i of [0, 6, 7, 22]) expect(psnr(many[i]!.image.data, frames[i]!.image.data)).toBeGreaterThan(36);
});

test('packets are decoded before they are shown, and one behind the other, where parts meet too', () => {
  // Two parts of four frames with a delay of one, the second with longer frames.
  const pts = [0, 2, 1, 3, 10, 30, 20, 40];
  const dts = decodingTimes(pts.map((v) => ({ pts: v, duration: 1 })));
  for (const [i, v] of dts.entries()) {
    expect(v).toBeLessThanOrEqual(pts[i]!);
    if (i > 0) expect(v).toBeGreaterThan(dts[i - 1]!);
  }
});

test('a part that was cut off is told, not used', async () => {
  const frames = await read(join(clips, 'dst_rotated.mp4'), 4);
  const path = join(scratch, 'cut.mkv');
  const [file] = await inParts(path, frames, { codec: 'ffv1', depth: 8, rate: 25 }, 4);
  for (const [i, { image }] of (await read(path)).entries()) expect(Buffer.compare(image.data, frames[i]!.image.data)).toBe(0);
  truncateSync(file!, 5000);
  const film = await filmOf(path, { codec: 'ffv1', depth: 8, rate: 25 }, shapeOf(frames[0]!.image));
  await expect(joinFilm(film, [file!])).rejects.toThrow('a damaged part of a film');
});

test('ProRes and FFV1 keep coverage beside the colours', async () => {
  const [width, height] = [64, 48];
  const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? (i >> 8) & 255 : 90 + (i % 4) * 30));
  for (const [codec, name] of [
    ['prores', 'alpha.mov'],
    ['ffv1', 'alpha.mkv'],
  ] as const) {
    const path = join(scratch, name);
    await using sink = await createClip(path, { codec, depth: codec === 'ffv1' ? 8 : 10, rate: 25 });
    await sink.write({ time: 0, image: { width, height, channels: 4, data } });
    await sink.finish();
    await using clip = await openClip(path);
    expect(clip.info.colour).toMatch(codec === 'ffv1' ? /^RGB/ : /^BT.709/);
    for await (const { image } of clip.frames()) for (let c = 0; c < 3; c++) expect(Math.abs(image.data[c]! - data[c]!)).toBeLessThan(3);
  }
  await expect(
    (async () => {
      await using sink = await createClip(join(scratch, 'alpha.mp4'), { codec: 'h264', depth: 8, rate: 25 });
      await sink.write({ time: 0, image: { width, height, channels: 4, data } });
    })(),
  ).rejects.toThrow('no channel for the mask');
});

test('PNGs of 16 bits give back every bit, and so do gray and covered ones of 8', async () => {
  const folder = join(scratch, 'deep');
  const data = Uint16Array.from({ length: 31 * 17 * 3 }, (_, i) => (i * 2731) & 0xffff);
  {
    await using sink = await createPictures(folder);
    await sink.write({ time: 0, image: { width: 31, height: 17, channels: 3, data } });
    await sink.write({ time: 1, image: { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 250, 251, 252) } });
    await sink.write({ time: 2, image: { width: 2, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) } });
  }
  await using pictures = await openPictures(folder, true);
  const found: Frame[] = [];
  for await (const frame of pictures.frames()) found.push(frame);
  expect(found[0]!.deep!.data).toEqual(data);
  expect(found[0]!.image.data).toEqual(Uint8Array.from(data, (v) => v >> 8));
  expect([...found[1]!.image.data]).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 250, 250, 250, 251, 251, 251, 252, 252, 252]);
  expect([...found[2]!.deep!.data]).toEqual([1, 2, 3, 5, 6, 7].map((v) => v * 257));
  const file = join(folder, '00001.png');
  const bytes = await readFile(file);
  await writeFile(file, bytes.subarray(0, bytes.length / 2));
  const again = await openPictures(folder, true);
  for await (const { name } of again.frames()) expect(name).not.toBe('00001.png');
  expect(again.trouble[0]).toContain('00001.png');
});
