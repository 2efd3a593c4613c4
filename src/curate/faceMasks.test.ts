/** Masks as files: PNG while it fits, else the best JPEG that does, fractions cut off; and face data files that are not what they should be. */
import { describe, expect, test } from 'vitest';
import { FormatError, streamFor } from '../base/index.ts';
import { concatenate, PyTuple, type PyValue, writePickle } from '../faceset/index.ts';
import { type FloatImage, floatImage } from '../image/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { decodeMask, encodeMask, polygonMask, storedMask } from './faceMasks.ts';
import { readMetadata, writeMetadata } from './metadataFile.ts';

const codec = nodeCodec();

function maskOf(side: number, value: (x: number, y: number) => number): FloatImage {
  const mask = floatImage(side, side, 1);
  for (let i = 0; i < mask.data.length; i++) mask.data[i] = value(i % side, Math.floor(i / side));
  return mask;
}

test('a mask that fits is a PNG without loss, fractions cut off', async () => {
  const bytes = await encodeMask(
    maskOf(256, (x) => (x === 0 ? 0.9999 : x === 1 ? 1.5 : x === 2 ? -1 : 0.5)),
    codec,
  );
  expect(bytes[0]).toBe(0x89);
  const { data } = await codec.decode(bytes, 'mask');
  expect([...data.subarray(0, 4)]).toEqual([254, 255, 0, 127]);
});

test('a mask that does not fit is the best JPEG of at most 50000 bytes', async () => {
  const rng = streamFor(3, 'mask');
  const noise = maskOf(256, () => rng.integer(0, 256) / 255);
  const bytes = await encodeMask(noise, codec);
  expect([bytes[0], bytes.length <= 50_000]).toEqual([0xff, true]);
  const gray = { width: 256, height: 256, channels: 1, data: Uint8Array.from(noise.data, (v) => Math.trunc(v * 255)) };
  let quality = 100;
  while ((await codec.encodeJpeg(gray, quality)).length > 50_000) quality--;
  expect(quality).toBeLessThan(100);
  expect(Buffer.compare(bytes, await codec.encodeJpeg(gray, quality))).toBe(0);
  const back = await decodeMask(bytes, codec, 'noise');
  expect([back.width, back.channels]).toEqual([256, 1]);
  const off = back.data.reduce((sum, v, i) => sum + Math.abs(v - noise.data[i]!), 0) / back.data.length;
  expect(off).toBeLessThan(0.12);
});

test('what is excluded wins over what is included, whatever comes first', () => {
  const square = (from: number, to: number): Float32Array => Float32Array.of(from, from, to, from, to, to, from, to);
  const mask = polygonMask(
    [
      { include: false, points: square(3, 5) },
      { include: true, points: square(1, 8.9) },
    ],
    10,
    10,
  );
  const row = (y: number): string => Array.from(mask.data.subarray(y * 10, y * 10 + 10), (v) => (v === 1 ? '#' : '.')).join('');
  expect([row(0), row(1), row(4), row(8), row(9)]).toEqual(['..........', '.########.', '.##...###.', '.########.', '..........']);
  expect(storedMask(mask)).toMatchObject({ width: 256, height: 256 });
  expect(new Set(storedMask(mask).data)).toEqual(new Set([0, 1]));
});

describe('face data kept apart', () => {
  test('come back as they were', () => {
    const dict = new Map<string, PyValue>([
      ['face_type', 'whole_face'],
      ['n', 3n],
    ]);
    const saved = new Map([['a.jpg', { width: 200, height: 100, dict }]]);
    expect(readMetadata(writeMetadata(saved), 'meta.dat')).toEqual(saved);
  });

  test.each<[string, PyValue]>([
    ['no dict', [1n, 2n]],
    ['no shape', new Map([['a.jpg', new Map()]])],
    ['an absurd size', new Map([['a.jpg', new PyTuple([new PyTuple([100000n, 1n, 3n]), new Map()])]])],
    ['more pixels than a frame has', new Map([['a.jpg', new PyTuple([new PyTuple([16384n, 16384n, 3n]), new Map()])]])],
    ['a name that is none', new Map([[1n, new PyTuple([new PyTuple([1n, 1n, 3n]), new Map()])]])],
  ])('%s is refused', (_, value) => {
    expect(() => readMetadata(concatenate(writePickle(value, 4)), 'meta.dat')).toThrow(FormatError);
  });
});
