/** Erosion, dilation and blur of masks against their definitions, pixel by pixel on random masks. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { gaussianBlur } from './blur.ts';
import { type FloatImage, floatImage } from './image.ts';
import { blurMask, dilateMask, erodeMask } from './morphology.ts';
import { Simd } from './simd.ts';

const simd = new Simd();
const [WIDTH, HEIGHT] = [41, 33];

/** Soft blobs with zeros between them. */
function mask(seed: number): FloatImage {
  const image = floatImage(WIDTH, HEIGHT, 1);
  const rng = streamFor(seed, 'mask');
  for (let i = 0; i < image.data.length; i++) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    const v = 1.4 - Math.hypot(x - 18, y - 17) / 11 + 0.1 * rng.normal();
    image.data[i] = Math.min(1, Math.max(0, v));
  }
  return image;
}

/** The ellipse of OpenCV's getStructuringElement as offsets from its anchor. */
function ellipse(size: number): [number, number][] {
  const r = size >> 1;
  return Array.from({ length: size }, (_, i) => {
    const dx = r === 0 ? 0 : Math.round(r * Math.sqrt((r * r - (i - r) ** 2) / (r * r)));
    return Array.from({ length: size }, (_, j): [number, number] => [j - r, i - r]).filter(([x]) => Math.abs(x) <= dx);
  }).flat();
}

function byDefinition({ data }: FloatImage, size: number, pick: (values: number[]) => number): Float32Array {
  const shape = ellipse(size);
  return data.map((_, i) => {
    const values = shape.map(([dx, dy]) => {
      const [x, y] = [(i % WIDTH) + dx, Math.floor(i / WIDTH) + dy];
      return x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT ? 0 : data[y * WIDTH + x]!;
    });
    return pick(values);
  });
}

test.each([2, 3, 4, 7, 10, 21, 60])('erosion and dilation by an ellipse of %i are the least and greatest value under it', (size) => {
  const image = mask(size);
  expect([...erodeMask(image, size, simd).data]).toEqual([...byDefinition(image, size, (v) => Math.min(...v))]);
  const dilated = dilateMask(image, size, simd).data.map((v) => v + 0); // −0 is 0
  expect([...dilated]).toEqual([...byDefinition(image, size, (v) => Math.max(...v))]);
});

test.each([3, 9, 21, 61])('a blur of %i taps is the Gaussian blur of the mask among zeros', (size) => {
  const image = mask(100 + size);
  const wide = floatImage(WIDTH + 4 * size, HEIGHT + 4 * size, 1);
  for (let y = 0; y < HEIGHT; y++) wide.data.set(image.data.subarray(y * WIDTH, (y + 1) * WIDTH), (y + 2 * size) * wide.width + 2 * size);
  const expected = gaussianBlur(wide, size);
  const cut = image.data.map((_, i) => expected.data[(Math.floor(i / WIDTH) + 2 * size) * wide.width + (i % WIDTH) + 2 * size]!);
  expectClose(blurMask(image, size, simd).data, cut, { abs: 1e-6 });
});
