import { expect, test } from 'vitest';
import { resize } from './resize.ts';

test('positions are not rounded to float32: steep edges far from the origin are cut where mathematics cuts them', () => {
  // Black and white columns: between them the linear filter follows the position itself, as a triangle wave.
  const [from, to] = [640, 448];
  const stripes = { width: from, height: 1, channels: 1, data: Float32Array.from({ length: from }, (_, x) => x % 2) };
  const { data } = resize(stripes, to, 1, 'linear');
  for (const [d, value] of data.entries()) {
    const at = (d + 0.5) * (from / to) - 0.5;
    const expected = Math.abs(at - 2 * Math.round(at / 2));
    expect(Math.abs(value - expected)).toBeLessThan(2e-7);
  }
});
