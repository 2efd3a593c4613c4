/** The fast JPEG encoder against an independent decoder: pictures come back as near as libjpeg's tables allow, at every quality and size. */
import { expect, test } from 'vitest';
import { Rng } from '../../base/index.ts';
import { type ByteImage, encodeBaselineJpeg } from '../../image/index.ts';
import { nodeCodec } from './codec.ts';

const codec = nodeCodec();

function picture(width: number, height: number, noise: number): ByteImage {
  const rng = new Rng(width);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    data[i] = Math.min(255, Math.max(0, 128 + 90 * Math.sin(x / 9 + c) * Math.cos(y / 7 - c) + noise * ((rng.uint32() & 255) - 128)));
  }
  return { width, height, channels: 3, data };
}

const psnr = (a: ByteImage, b: ByteImage): number =>
  10 * Math.log10(255 ** 2 / (a.data.reduce((sum, v, i) => sum + (v - b.data[i]!) ** 2, 0) / a.data.length));

test('an independent decoder reads it; quality buys likeness, as with the careful encoder', async () => {
  const image = picture(120, 88, 0.1);
  let before = 0;
  for (const quality of [1, 10, 50, 75, 90, 95, 100]) {
    const bytes = encodeBaselineJpeg(image, quality);
    const likeness = psnr(await codec.decode(bytes, 'test'), image);
    expect(likeness).toBeGreaterThan(before);
    before = likeness;
    if (quality < 90) continue;
    const careful = await codec.encodeJpeg(image, quality);
    expect(likeness).toBeGreaterThan(psnr(await codec.decode(careful, 'test'), image) - 0.3);
    expect(bytes.length).toBeLessThan(1.6 * careful.length);
  }
  expect(before).toBeGreaterThan(45);
});

test('sizes that are no multiples of eight, plain colours and pure noise', async () => {
  for (const [width, height] of [
    [1, 1],
    [7, 9],
    [17, 64],
  ] as const) {
    const image = picture(width, height, 0.05);
    const read = await codec.decode(encodeBaselineJpeg(image, 95), 'test');
    expect([read.width, read.height]).toEqual([width, height]);
    expect(psnr(read, image)).toBeGreaterThan(30);
  }
  for (const level of [0, 1, 127, 254, 255]) {
    const plain = { width: 24, height: 16, channels: 3, data: new Uint8Array(24 * 16 * 3).fill(level) };
    const { data } = await codec.decode(encodeBaselineJpeg(plain, 90), 'test');
    for (const v of data) expect(Math.abs(v - level)).toBeLessThanOrEqual(1);
  }
  const noise = picture(64, 64, 2);
  expect(psnr(await codec.decode(encodeBaselineJpeg(noise, 100), 'test'), noise)).toBeGreaterThan(40);
});
