import { expect, test } from 'vitest';
import { Rng, sizeOf } from '../base/index.ts';
import { conv2d, gradients, input, spaceToDepth, type Value } from '../graph/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { evaluate } from '../runtime/index.ts';
import { convolve3x3, type Method, weightsOfBlocks } from './winograd.ts';

const noise = (rng: Rng, size: number): Float32Array => Float32Array.from({ length: size }, () => rng.normal());

/** Worst error of y and both gradients against the direct convolution, relative to the largest value. */
async function worstError(
  xShape: number[],
  wShape: number[],
  fast: (x: Value, w: Value) => Value,
  geometry: { stride: number; padding: number },
): Promise<number> {
  const rng = new Rng(11);
  const [x, w] = [input('x', xShape), input('w', wShape)];
  const target = conv2d(x, w, geometry);
  const dy = input('dy', target.shape);
  const outputs = (y: Value): Value[] => [y, ...gradients([[y, dy]], [x, w])];
  const [a, b] = [outputs(fast(x, w)), outputs(target)];
  const named = Object.fromEntries([...a.map((v, i) => [`a${i}`, v] as const), ...b.map((v, i) => [`b${i}`, v] as const)]);
  const feeds = { x: noise(rng, sizeOf(xShape)), w: noise(rng, sizeOf(wShape)), dy: noise(rng, sizeOf(a[0]!.shape)) };
  const got = await evaluate(ortBackend(), named, feeds);
  return Math.max(
    ...[0, 1, 2].map((i) => {
      const [p, q] = [got[`a${i}`]!, got[`b${i}`]!];
      const largest = q.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      return p.reduce((m, v, j) => Math.max(m, Math.abs(v - q[j]!)), 0) / largest;
    }),
  );
}

const methods: Method[] = ['patches', 'winograd2', 'winograd4'];
for (const method of methods) {
  for (const side of [2, 3, 5, 8, 16, 20, 32, 48]) {
    test(`${method} at side ${side} gives the convolution and both gradients`, async () => {
      const error = await worstError([side, side, 2, 3], [3, 3, 3, 4], (x, w) => convolve3x3(x, w, method), { stride: 1, padding: 1 });
      expect(error).toBeLessThan(method === 'winograd4' ? 3e-5 : 5e-6);
    });
  }
}

test('a 5×5 convolution of stride 2 is a 3×3 one on blocks', async () => {
  const fast = (x: Value, w: Value): Value => convolve3x3(spaceToDepth(x, 2), weightsOfBlocks(w), 'winograd4');
  expect(await worstError([16, 16, 2, 3], [5, 5, 3, 4], fast, { stride: 2, padding: 2 })).toBeLessThan(3e-5);
});
