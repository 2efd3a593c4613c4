/** The Node codec: round trips, what it refuses, and that it lives on after a damaged file. */
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { expect, test } from 'vitest';
import { goldenFolder } from '../../../test/support.ts';
import { streamFor } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { nodeCodec } from './codec.ts';

const codec = nodeCodec();

function noise(width: number, height: number, channels: number): ByteImage {
  const rng = streamFor(7, 'noise');
  return { width, height, channels, data: Uint8Array.from({ length: width * height * channels }, () => rng.integer(0, 256)) };
}

/** Smooth enough for JPEG to keep. */
function gradient(width: number, height: number, channels: number): ByteImage {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [p, c] = [Math.floor(i / channels), i % channels];
    return 40 + 2 * (p % width) + c * 30 + Math.floor(p / width);
  });
  return { width, height, channels, data };
}

test.each([1, 3])('PNGs of %i channels come back bit by bit', async (channels) => {
  const image = noise(17, 9, channels);
  expect(await codec.decode(await codec.encodePng(image), 'noise.png')).toEqual(image);
});

test('alpha is dropped', async () => {
  const image = noise(5, 4, 4);
  const { channels, data } = await codec.decode(await codec.encodePng(image), 'alpha.png');
  expect(channels).toBe(3);
  expect([...data]).toEqual([...image.data].filter((_, i) => i % 4 !== 3));
});

test('16-bit samples keep their high byte; palettes and packed gray become plain pixels', async () => {
  const deep = encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0x12ff, 0xfe00) });
  expect([...(await codec.decode(deep, 'deep.png')).data]).toEqual([0x12, 0xfe]);
  const palette = [
    [1, 2, 3],
    [250, 100, 0],
  ];
  const indexed = encode({ width: 10, height: 1, channels: 1, depth: 1, data: Uint8Array.of(0b10100000, 0b01000000), palette });
  const first = await codec.decode(indexed, 'indexed.png');
  expect([first.channels, ...first.data.subarray(0, 6)]).toEqual([3, 250, 100, 0, 1, 2, 3]);
  expect([...first.data.subarray(27)]).toEqual([250, 100, 0]);
});

test.each([1, 3])('a smooth JPEG of %i channels comes back within a few levels', async (channels) => {
  const image = gradient(40, 24, channels);
  const decoded = await codec.decode(await codec.encodeJpeg(image, 95), 'smooth.jpg');
  const worst = decoded.data.reduce((most, v, i) => Math.max(most, Math.abs(v - image.data[Math.floor((i * channels) / 3)]!)), 0);
  expect([decoded.width, decoded.height, decoded.channels]).toEqual([40, 24, 3]);
  expect(worst).toBeLessThanOrEqual(4);
});

test('a JPEG decodes to the picture it was made from', async () => {
  const read = (file: string) => readFile(new URL(`tools/dfljpg/${file}`, goldenFolder));
  const jpeg = await codec.decode(await read('00001_0.jpg'), '00001_0.jpg');
  const lossless = await codec.decode(await read('00001_0.aligned_lossless.png'), 'lossless.png');
  const mean = jpeg.data.reduce((sum, v, i) => sum + Math.abs(v - lossless.data[i]!), 0) / jpeg.data.length;
  expect(mean).toBeLessThan(2);
});

test('what is no image, damaged or absurdly large is refused by name, and the next image still decodes', async () => {
  const jpeg = await codec.encodeJpeg(gradient(64, 64, 3), 90);
  const png = await codec.encodePng(noise(16, 16, 3));
  await expect(codec.decode(new Uint8Array(0), 'empty.jpg')).rejects.toThrow('empty.jpg: not an image');
  await expect(codec.decode(jpeg.subarray(0, jpeg.length >> 1), 'half.jpg')).rejects.toThrow('half.jpg: this JPEG is damaged');
  await expect(codec.decode(jpeg.subarray(0, 60), 'head.jpg')).rejects.toThrow('head.jpg: this JPEG is damaged');
  const garbled = Uint8Array.from(jpeg, (v, i) => (i > 20 && i < 200 && v !== 0xff ? 255 - v : v));
  await expect(codec.decode(garbled, 'garbled.jpg')).rejects.toThrow('garbled.jpg');
  await expect(codec.decode(png.subarray(0, png.length - 40), 'half.png')).rejects.toThrow('half.png: this PNG is damaged');
  const huge = Uint8Array.from(jpeg);
  const frame = huge.findIndex((v, i) => v === 0xff && huge[i + 1] === 0xc0);
  huge.set([0xff, 0xff, 0xff, 0xff], frame + 5);
  await expect(codec.decode(huge, 'huge.jpg')).rejects.toThrow('huge.jpg: images of this size are not read');
  expect((await codec.decode(jpeg, 'good.jpg')).width).toBe(64);
});

test('a small PNG that unpacks to far more than its size is refused', async () => {
  const bomb = deflateSync(new Uint8Array(50_000_000));
  const png = await codec.encodePng(noise(8, 8, 1));
  const at = Buffer.from(png).indexOf('IDAT') - 4;
  const chunk = Buffer.alloc(12 + bomb.length);
  chunk.writeUInt32BE(bomb.length, 0);
  chunk.write('IDAT', 4, 'latin1');
  chunk.set(bomb, 8);
  const file = Buffer.concat([png.subarray(0, at), chunk, png.subarray(png.length - 12)]);
  await expect(codec.decode(file, 'bomb.png')).rejects.toThrow('bomb.png: this PNG is damaged');
});
