/** Clips written: every timestamp, bit, tag and packet that is promised to be kept. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { barcode, readBarcode } from '../../../test/support/makeClip.ts';
import { soundOf } from '../../../test/support/sound.ts';
import type { DeepImage, Frame } from '../../video/index.ts';
import { openClip } from './video.ts';
import { VideoReader } from './videoReader.ts';
import { type ClipPlan, createClip } from './videoWriter.ts';

const clips = fileURLToPath(new URL('../../../test/clips/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae writes ü '));
afterAll(() => rmSync(scratch, { recursive: true }));

const read = async (path: string): Promise<Frame[]> => {
  await using clip = await openClip(path);
  const frames: Frame[] = [];
  for await (const frame of clip.frames()) frames.push(frame);
  return frames;
};
async function write(
  path: string,
  frames: readonly { time: number; image: Frame['image'] | DeepImage }[],
  plan: ClipPlan,
): Promise<readonly string[]> {
  await using sink = await createClip(path, plan);
  for (const frame of frames) await sink.write(frame);
  return await sink.finish();
}
const psnr = (a: Uint8Array, b: Uint8Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / a.length));
};
test.each(['mkv', 'mp4'])('a clip of variable rate keeps every time in %s', async (ending) => {
  const frames = await read(join(clips, 'dst_vfr.mkv'));
  const path = join(scratch, `vfr.${ending}`);
  expect(await write(path, frames, { codec: 'h264', depth: 8, like: join(clips, 'dst_vfr.mkv') })).toEqual([]);
  const again = await read(path);
  expect(again.map(({ time }) => Math.round(time * 1e6))).toEqual(frames.map(({ time }) => Math.round(time * 1e6)));
  for (const [i, { image }] of again.entries()) if (i % 10 === 0) expect(psnr(image.data, frames[i]!.image.data)).toBeGreaterThan(38);
});

test('sound is copied packet for packet at its times; a turned clip is written upright', async () => {
  const source = join(clips, 'dst_rotated.mp4');
  const frames = await read(source);
  const path = join(scratch, 'sound.mp4');
  await write(path, frames, { codec: 'h264', depth: 8, like: source });
  const [before, after] = [await soundOf(source), await soundOf(path)];
  expect(before.length).toBeGreaterThan(50);
  expect(after).toEqual(before);
  const again = await read(path);
  expect(again.map(({ time }) => time)).toEqual(frames.map(({ time }) => time));
  expect(again[0]!.image).toMatchObject({ width: 640, height: 480 });
  const cut = join(scratch, 'cut.mp4');
  await write(cut, frames.slice(25), { codec: 'h264', depth: 8, like: source, start: 1, end: 1.5 });
  const sound = await soundOf(cut);
  expect(sound.length).toBeGreaterThan(15);
  expect(sound.at(-1)!.time).toBeLessThan(5000);
  expect(before.map(({ bytes }) => bytes)).toContain(sound[0]!.bytes);
});

test('FFV1 gives back every bit, of 8 and of 16', async () => {
  const frames = Array.from({ length: 5 }, (_, i) => ({
    time: i / 25,
    image: { width: 97, height: 65, channels: 3, data: barcode(97, 65, i) },
  }));
  const path = join(scratch, 'exact.mkv');
  await write(path, frames, { codec: 'ffv1', depth: 8, rate: 25 });
  for (const [i, { image }] of (await read(path)).entries()) expect(Buffer.compare(image.data, frames[i]!.image.data)).toBe(0);

  const data = Uint16Array.from({ length: 32 * 24 * 3 }, (_, i) => (i * 2731) & 0xffff);
  const deep = join(scratch, 'deep.mkv');
  await write(deep, [{ time: 0, image: { width: 32, height: 24, channels: 3, data } }], { codec: 'ffv1', depth: 10, rate: 25 });
  await using reader = await VideoReader.open(deep, 'deep.mkv', async () => undefined);
  for await (const decoded of reader.frames()) {
    using frame = decoded;
    const [g, b, r] = frame.picture.data!.map((plane) =>
      Uint16Array.from({ length: 32 * 24 }, (_, i) => plane.readUInt16LE(i * 2 + Math.floor(i / 32) * (frame.picture.linesize[0]! - 64))),
    );
    for (let i = 0; i < 32 * 24; i++) expect([r![i], g![i], b![i]]).toEqual([...data.subarray(i * 3, i * 3 + 3)]);
  }
});

test('ten bits, odd sizes and colour tags are kept', async () => {
  const source = join(clips, 'dst_odd_size.mp4');
  const frames = (await read(source)).slice(0, 5);
  const path = join(scratch, 'ten.mp4');
  await write(path, frames, { codec: 'h264', depth: 10, like: source });
  await using clip = await openClip(path);
  expect(clip.info).toMatchObject({ width: 481, height: 361, colour: 'BT.709, limited range, 10 bits' });
  for await (const { index, image } of clip.frames()) expect(psnr(image.data, frames[index]!.image.data)).toBeGreaterThan(40);
});

test('a clip of high dynamic range read in 16 bits is written as it was: tags, bits and picture', async () => {
  const source = join(clips, 'dst_10bit_hlg.mkv');
  await using clip = await openClip(source, { deep: true });
  const frames: { time: number; image: DeepImage; seen: Uint8Array }[] = [];
  for await (const { time, deep, image } of clip.frames({ to: 3 })) frames.push({ time, image: deep!, seen: image.data });
  const path = join(scratch, 'hlg.mp4');
  await write(path, frames, { codec: 'h264', depth: 10, quality: 4, like: source });
  await using again = await openClip(path);
  expect(again.info.colour).toBe('BT.2020 HLG, 10 bits, tone-mapped to BT.709');
  for await (const { index, image } of again.frames()) expect(psnr(image.data, frames[index]!.seen)).toBeGreaterThan(42);
});

test('what is not finished leaves nothing, and what does not fit is refused', async () => {
  const folder = mkdtempSync(join(scratch, 'none '));
  const image = { width: 32, height: 32, channels: 3, data: barcode(32, 32, 3) };
  {
    await using sink = await createClip(join(folder, 'a.mp4'), { codec: 'h264', depth: 8, rate: 25 });
    await sink.write({ time: 0, image });
    await expect(sink.write({ time: 0, image })).rejects.toThrow('must grow');
    await expect(sink.write({ time: 1, image: { ...image, height: 16 } })).rejects.toThrow('one size');
  }
  expect(readdirSync(folder)).toEqual([]);
  await using sink = await createClip(join(folder, 'b.xyz'), { codec: 'h264', depth: 8, rate: 25 });
  await expect(sink.write({ time: 0, image })).rejects.toMatchObject({ name: 'ResourceError' });
  expect(readBarcode(image)).toBe(3);
});
