/** Warps of windows against the same warp of whole images, and large resizes against small ones: programs that share nothing but the grid. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { invertAffine, rotationAbout } from './affine.ts';
import { type FloatImage, floatImage } from './image.ts';
import { resize } from './resize.ts';
import { resizeCubic } from './resizeCubic.ts';
import { Simd } from './simd.ts';
import { warpAffine } from './warp.ts';
import { warpWindow } from './windowWarp.ts';

const simd = new Simd();

function noise(width: number, height: number, channels: number): FloatImage {
  const image = floatImage(width, height, channels);
  const rng = streamFor(1, 'window', channels);
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.normal();
  return image;
}

/** A window of an image, zeros where it reaches beyond. */
function cut(image: FloatImage, x0: number, y0: number, width: number, height: number): FloatImage {
  const out = floatImage(width, height, image.channels);
  for (let i = 0; i < out.data.length; i++) {
    const [c, x, y] = [i % image.channels, (Math.floor(i / image.channels) % width) + x0, Math.floor(i / image.channels / width) + y0];
    out.data[i] = x < 0 || y < 0 || x >= image.width || y >= image.height ? 0 : image.data[(y * image.width + x) * image.channels + c]!;
  }
  return out;
}

test.each([1, 3])('a window of a warp of %i channels is that part of the whole warp', (channels) => {
  const image = noise(37, 29, channels);
  const targetFromSource = rotationAbout(20, 12, 33, 1.7);
  const whole = warpAffine(image, targetFromSource, { width: 60, height: 50, filter: 'cubic', border: 'zero' });
  const target = { x: 11, y: -3, image: floatImage(43, 40, channels) };
  warpWindow({ x: 0, y: 0, image }, invertAffine(targetFromSource), target, simd);
  const expected = cut(whole, 11, -3, 43, 40);
  expectClose(target.image.data.subarray(43 * channels * 3), expected.data.subarray(43 * channels * 3), { abs: 2e-6 });
  expect(target.image.data.some((v, i) => v === 0 && expected.data[i] === 0)).toBe(true); // part of it lies outside of the source

  // A source that is itself a window gives the same where the window holds all taps; a mask leaves zeros.
  const source = { x: 4, y: 5, image: cut(image, 4, 5, 30, 24) };
  const framed = { x: 25, y: 20, image: floatImage(8, 6, channels) };
  const where = Float32Array.from({ length: 48 }, (_, i) => i % 3);
  warpWindow(source, invertAffine(targetFromSource), framed, simd, { where, range: [-0.5, 1] });
  const inner = cut(whole, 25, 20, 8, 6);
  expectClose(
    framed.image.data,
    inner.data.map((v, i) => (where[Math.floor(i / channels)] === 0 ? 0 : Math.min(Math.max(v, -0.5), 1))),
    { abs: 2e-6 },
  );
});

test.each([
  [16, 16, 64, 64, 1],
  [64, 64, 16, 16, 1],
  [13, 9, 29, 31, 1],
  [41, 17, 19, 12, 3],
  [5, 1, 7, 3, 3],
])('%i×%i pixels at %i×%i, %i channels', (width, height, toWidth, toHeight, channels) => {
  const image = noise(width, height, channels);
  expectClose(resizeCubic(image, toWidth, toHeight, simd).data, resize(image, toWidth, toHeight, 'cubic').data, { abs: 2e-6 });
});
