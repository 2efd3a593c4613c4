/** What every FrameSource must do, for clips and for pictures. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeCodec } from '../../src/platform/node/codec.ts';
import { openInput } from '../../src/platform/node/openInput.ts';
import type { Frame, FrameRange, FrameSource } from '../../src/video/index.ts';
import { barcode, makeClip, readBarcode } from '../support/makeClip.ts';

const FRAMES = 90;
const [WIDTH, HEIGHT] = [96, 64];
const scratch = mkdtempSync(join(tmpdir(), 'liae frames é '));
const clip = (name: string): string => join(scratch, name);

beforeAll(async () => {
  const plan = { width: WIDTH, height: HEIGHT, frames: FRAMES, picture: (i: number) => barcode(WIDTH, HEIGHT, i) };
  await makeClip(clip('closed.mp4'), { ...plan, options: { crf: '10', g: '12', bf: '3' } });
  await makeClip(clip('open.mkv'), {
    ...plan,
    options: { crf: '10', 'x264-params': 'open-gop=1:keyint=15:min-keyint=15:bframes=4:b-pyramid=normal:scenecut=0' },
  });
  await makeClip(clip('no times.avi'), {
    ...plan,
    codec: 'mpeg4',
    options: { qscale: '2', g: '10', flags: '+qscale', global_quality: '236' },
  });
  await makeClip(clip('stream.ts'), { ...plan, codec: 'mpeg2video', options: { b: '4M', g: '9', bf: '2' } });
  mkdirSync(clip('pictures'));
  const codec = nodeCodec();
  for (let i = 0; i < FRAMES; i++) {
    writeFileSync(
      clip(`pictures/bild ${i}.png`),
      await codec.encodePng({ width: WIDTH, height: HEIGHT, channels: 3, data: barcode(WIDTH, HEIGHT, i) }),
    );
  }
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true }));

const read = async (source: FrameSource, range?: FrameRange): Promise<Frame[]> => {
  const frames: Frame[] = [];
  for await (const frame of source.frames(range)) frames.push(frame);
  return frames;
};
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe.each(['closed.mp4', 'open.mkv', 'no times.avi', 'stream.ts', 'pictures'])('a FrameSource of %s', (name) => {
  test('gives every frame once, in order, with its own picture', async () => {
    await using source = await openInput(clip(name));
    const frames = await read(source);
    expect(frames.map(({ index }) => index)).toEqual(upTo(FRAMES));
    expect(frames.map(({ image }) => readBarcode(image))).toEqual(upTo(FRAMES));
    expect(frames[0]!.time).toBe(0);
    expect(source.trouble).toEqual([]);
    expect(source.info).toMatchObject({ width: WIDTH, height: HEIGHT });
    for (let i = 1; i < FRAMES; i++) expect(frames[i]!.time).toBeGreaterThan(frames[i - 1]!.time);
  });

  test('a range keeps the numbers, times and bits of the whole', async () => {
    await using source = await openInput(clip(name));
    const all = await read(source);
    const ranges: FrameRange[] = [
      { from: 5, to: 9 },
      { from: 29, to: 33 },
      { from: 47 },
      { every: 7 },
      { from: 61, to: 90, every: 10 },
      { from: 88, to: 500 },
    ];
    for (const range of ranges) {
      const expected = all.filter(
        ({ index }) => index >= (range.from ?? 0) && index < (range.to ?? FRAMES) && index % (range.every ?? 1) === 0,
      );
      const frames = await read(source, range);
      expect(frames.map(({ index }) => index)).toEqual(expected.map(({ index }) => index));
      for (const [i, { time, image, index }] of frames.entries()) {
        expect(time).toBeCloseTo(expected[i]!.time, 9);
        expect(readBarcode(image)).toBe(index);
        expect(Buffer.compare(image.data, expected[i]!.image.data)).toBe(0);
      }
    }
    expect(await read(source, { from: 200 })).toEqual([]);
  });

  test('two readings at a time do not disturb each other', async () => {
    await using source = await openInput(clip(name));
    const other = source.frames({ from: 30, every: 2 })[Symbol.asyncIterator]();
    expect((await other.next()).value.index).toBe(30);
    expect((await read(source, { to: 4 })).length).toBe(4);
    expect((await other.next()).value.index).toBe(32);
    await other.return?.();
  });

  test('an abort stops the reading with its reason, before it and within it', async () => {
    await using source = await openInput(clip(name));
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { index } of source.frames({}, stop.signal)) {
        seen.push(index);
        if (index === 3) stop.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(seen).toEqual([0, 1, 2, 3]);
    await expect(source.frames({}, stop.signal)[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
  });

  test('nonsense is refused, and a closed source gives no more', async () => {
    const source = await openInput(clip(name));
    for (const range of [{ from: -1 }, { from: 4, to: 4 }, { every: 0 }, { every: 1.5 }, { rate: 0 }, { every: 2, rate: 5 }]) {
      await expect(read(source, range)).rejects.toMatchObject({ name: 'OptionError' });
    }
    await source[Symbol.asyncDispose]();
    await expect(read(source)).rejects.toThrow('closed');
  });
});

test('a rate picks the frame nearest to each tick, and no frame twice', async () => {
  await using source = await openInput(clip('closed.mp4')); // 25 a second
  const picked = async (rate: number, range: FrameRange = {}): Promise<number[]> =>
    (await read(source, { ...range, rate })).map(({ index }) => index);
  expect((await picked(5)).slice(0, 4)).toEqual([0, 5, 10, 15]);
  expect((await picked(10)).slice(0, 5)).toEqual([0, 2, 5, 7, 10]); // ticks at 0, 2.5, 5, 7.5 frames: of two as near, the earlier
  expect(await picked(25)).toEqual(upTo(FRAMES));
  expect(await picked(1000)).toEqual(upTo(FRAMES));
  expect(await picked(1, { from: 30, to: 80 })).toEqual([50, 75]);
});
