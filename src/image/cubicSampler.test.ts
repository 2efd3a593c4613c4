/** The WebAssembly sampler against the plain one. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import { streamFor } from '../base/index.ts';
import { CubicSampler } from './cubicSampler.ts';
import { floatImage } from './image.ts';
import { positions } from './positions.ts';
import { type Border, sampleCubic, sinkOf } from './sampling.ts';

test.each<Border>(['zero', 'replicate'])('it agrees with the plain loop inside, across and far beyond the edges: %s', (border) => {
  const rng = streamFor(1, 'cubic');
  const [width, height] = [13, 9];
  const image = floatImage(width, height, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.uniform();
  const sampler = new CubicSampler({ width, height });
  for (const reach of [3, 40, 1e6]) {
    const at = positions(width, height);
    for (let i = 0; i < at.x.length; i++) {
      at.x[i] = 32 * rng.uniform(-reach, width + reach);
      at.y[i] = 32 * rng.uniform(-reach, height + reach);
    }
    const expected = floatImage(width, height, 3);
    sampleCubic(image, at, border, sinkOf(expected));
    const out = sampler.sample(image, sampler.plan(at), border);
    expectClose(
      out.filter((_, i) => i % 4 !== 3),
      expected.data,
      { abs: 1e-6 },
    );
  }
});

test('sources and results may differ in size', () => {
  const rng = streamFor(3, 'cubic');
  const image = floatImage(10, 7, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.uniform();
  const at = positions(4, 6);
  for (let i = 0; i < 24; i++) [at.x[i], at.y[i]] = [32 * rng.uniform(-2, 12), 32 * rng.uniform(-2, 9)];
  const expected = floatImage(4, 6, 3);
  sampleCubic(image, at, 'replicate', sinkOf(expected));
  const sampler = new CubicSampler(image, expected);
  expectClose(
    sampler.sample(image, sampler.plan(at), 'replicate').filter((_, i) => i % 4 !== 3),
    expected.data,
    { abs: 1e-6 },
  );
});

test('a result can be sampled again', () => {
  const rng = streamFor(2, 'cubic');
  const image = floatImage(8, 8, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = rng.uniform();
  const sampler = new CubicSampler({ width: 8, height: 8 });
  const shifted = positions(8, 8);
  for (let i = 0; i < 64; i++) [shifted.x[i], shifted.y[i]] = [32 * ((i % 8) + 1), 32 * Math.floor(i / 8)]; // one pixel to the right
  const once = sampler.sample(image, sampler.plan(shifted), 'replicate');
  const twice = sampler.sample({ data: once, channels: 4 }, sampler.plan(shifted), 'replicate');
  for (let i = 0; i < 64; i++) {
    const source = Math.floor(i / 8) * 8 + Math.min((i % 8) + 2, 7);
    expect([...twice.subarray(i * 4, i * 4 + 3)]).toEqual([...image.data.subarray(source * 3, source * 3 + 3)]);
  }
});
