/** The tools for clips from the command line: exact frames, times and sound through extraction, cutting, joining and denoising. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openPictures } from '../src/platform/node/pictures.ts';
import { openClip } from '../src/platform/node/video.ts';
import type { Frame, FrameSource } from '../src/video/index.ts';
import { liae } from './support/built.ts';
import { soundOf } from './support/sound.ts';

const clip = (name: string): string => fileURLToPath(new URL(`clips/${name}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'liae video ü '));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function video(...args: string[]): Promise<string> {
  const { code, out, err } = await liae(['video', ...args]);
  expect(code, `liae video ${args.join(' ')}\n${err}`).toBe(0);
  return out;
}

async function read(opened: Promise<FrameSource>): Promise<Frame[]> {
  await using source = await opened;
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  return frames;
}

test('frames as pictures have the number of the frame and its pixels; joined like the clip, its times and sound', {
  timeout: 60_000,
}, async () => {
  const source = clip('dst_rotated.mp4');
  const before = await read(openClip(source));
  await video('extract', source, '--out', at('all'));
  const pictures = await read(openPictures(at('all')));
  expect(pictures.map(({ name }) => name)).toEqual(before.map(({ index }) => `${String(index + 1).padStart(5, '0')}.png`));
  for (const [i, { image }] of pictures.entries()) expect(Buffer.compare(image.data, before[i]!.image.data)).toBe(0);
  await video('extract', source, '--out', at('some'), '--fps', '5', '--from', '10', '--format', 'jpg');
  expect(readdirSync(at('some'))).toEqual([
    '00011.jpg',
    '00016.jpg',
    '00021.jpg',
    '00026.jpg',
    '00031.jpg',
    '00036.jpg',
    '00041.jpg',
    '00046.jpg',
  ]);

  const joined = at('joined.mkv');
  await video('join', at('all'), '--out', joined, '--like', source, '--codec', 'ffv1');
  const after = await read(openClip(joined));
  expect(after.map(({ time }) => Math.round(time * 1e3))).toEqual(before.map(({ time }) => Math.round(time * 1e3)));
  for (const [i, { image }] of after.entries()) expect(Buffer.compare(image.data, before[i]!.image.data)).toBe(0);
  expect((await soundOf(joined)).map(({ bytes }) => bytes)).toEqual((await soundOf(source)).map(({ bytes }) => bytes));
  await video('join', at('all'), '--out', at('slow.mp4'), '--fps', '10');
  expect((await read(openClip(at('slow.mp4')))).map(({ time }) => Math.round(time * 10))).toEqual(before.map(({ index }) => index));
  const { code, err } = await liae(['video', 'join', at('some'), '--out', at('x.mp4'), '--like', source]);
  expect([code, err]).toEqual([2, expect.stringMatching(/not a picture for every frame[\s\S]*8 pictures, 50 frames/)]);
});

test('a cut begins and ends at exact frames, with the sound between them', { timeout: 60_000 }, async () => {
  const source = clip('dst_rotated.mp4');
  await video('cut', source, '--out', at('cut.mp4'), '--from', '0.48s', '--to', '37', '--quality', 'master');
  const [before, after] = [await read(openClip(source)), await read(openClip(at('cut.mp4')))];
  expect(after.length).toBe(25);
  for (const [i, { image, time }] of after.entries()) {
    expect(time).toBeCloseTo(i / 25, 4);
    let sum = 0;
    for (let k = 0; k < image.data.length; k++) sum += Math.abs(image.data[k]! - before[i + 12]!.image.data[k]!);
    expect(sum / image.data.length).toBeLessThan(1.2);
  }
  const [whole, part] = [await soundOf(source), await soundOf(at('cut.mp4'))];
  const shift = whole.findIndex(({ time }) => Math.abs(time - 4800 - part[0]!.time) < 100);
  expect(part.length).toBeGreaterThan(40);
  for (const [i, { time, bytes }] of part.entries()) {
    expect(bytes).toBe(whole[shift + i]!.bytes);
    expect(Math.abs(time + 4800 - whole[shift + i]!.time)).toBeLessThanOrEqual(1);
  }
  const { code, err } = await liae(['video', 'cut', source, '--out', at('x.mp4'), '--from', '100']);
  expect([code, err]).toEqual([2, expect.stringContaining('no frame in this range')]);
  expect(readdirSync(scratch).filter((name) => name.startsWith('.') || name === 'x.mp4')).toEqual([]);
});

test('denoising takes the grain between frames and keeps the picture', { timeout: 60_000 }, async () => {
  const source = clip('black.mp4');
  await video('denoise', source, '--out', at('black'));
  expect(readdirSync(at('black')).length).toBe(50);
  await video('denoise', clip('dst_odd_size.mp4'), '--out', at('calm.mkv'), '--codec', 'ffv1');
  const [before, after] = [await read(openClip(clip('dst_odd_size.mp4'))), await read(openClip(at('calm.mkv')))];
  const grain = (frames: readonly Frame[]): number => {
    let sum = 0;
    // The upper left corner is a wall that does not move.
    for (let y = 0; y < 60; y++)
      for (let x = 0; x < 60; x++) sum += Math.abs(frames[20]!.image.data[(y * 481 + x) * 3]! - frames[21]!.image.data[(y * 481 + x) * 3]!);
    return sum / 3600;
  };
  expect(grain(after)).toBeLessThan(grain(before) / 2);
  let sum = 0;
  for (let i = 0; i < after[20]!.image.data.length; i++) sum += Math.abs(after[20]!.image.data[i]! - before[20]!.image.data[i]!);
  expect(sum / after[20]!.image.data.length).toBeLessThan(3);
});
