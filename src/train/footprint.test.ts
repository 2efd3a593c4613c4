/** What is said of a training before it starts: numbers counted by hand from the reference's layer tables, and the size of the save it will write. */
import { expect, test } from 'vitest';
import { footprint, memoryOf } from './footprint.ts';
import { resolveOptions } from './options.ts';

const of = (asked: Record<string, unknown>) => footprint(resolveOptions(asked).options);

/** Weights and biases of a k×k convolution. */
const conv = (k: number, from: number, to: number): number => k * k * from * to + to;
const dense = (from: number, to: number): number => from * to + to;

test('parameters of LIAE-UD are those of the layer table', () => {
  const [resolution, ae, e, d, m] = [64, 32, 16, 18, 20];
  const up = (from: number, to: number): number => conv(3, from, 4 * to);
  const residual = (n: number): number => 2 * conv(3, n, n);
  const encoder = conv(5, 3, e) + conv(5, e, 2 * e) + conv(5, 2 * e, 4 * e) + conv(5, 4 * e, 8 * e);
  const side = resolution / 32;
  const inter = dense(8 * e * (resolution / 16) ** 2, ae) + dense(ae, side * side * 2 * ae) + up(2 * ae, 2 * ae);
  const face = up(4 * ae, 8 * d) + residual(8 * d) + up(8 * d, 4 * d) + residual(4 * d) + up(4 * d, 2 * d) + residual(2 * d);
  const mask = up(4 * ae, 8 * m) + up(8 * m, 4 * m) + up(4 * m, 2 * m) + up(2 * m, m) + conv(1, m, 1);
  const heads = conv(1, 2 * d, 3) + 3 * conv(3, 2 * d, 3);
  const found = of({ archi: 'liae-ud', resolution, ae_dims: ae, e_dims: e, d_dims: d, d_mask_dims: m });
  expect(found.parameters).toBe(encoder + 2 * inter + face + mask + heads);
  expect(found.adversaryParameters).toBe(0);
  expect(found.weightBytes).toBe(4 * found.parameters);
});

test('AdaBelief keeps two numbers a weight, RMSprop one, frozen weights included; adversaries count apart', () => {
  const small = { resolution: 64, ae_dims: 32, e_dims: 16, d_dims: 16, d_mask_dims: 16 };
  const [adabelief, rmsprop, late] = [of(small), of({ ...small, adabelief: false }), of({ ...small, random_warp: false })];
  expect(adabelief.optimizerBytes).toBe(2 * adabelief.weightBytes);
  expect(rmsprop.optimizerBytes).toBe(rmsprop.weightBytes);
  expect(late.optimizerBytes).toBe(adabelief.optimizerBytes);
  const gan = of({ ...small, gan_power: 0.1 });
  expect(gan.parameters).toBe(adabelief.parameters);
  expect(gan.adversaryParameters).toBeGreaterThan(0);
  expect(gan.optimizerBytes).toBe(2 * gan.weightBytes);
});

test('every sample more, every option that remembers more, takes more', () => {
  const bytes = (asked: Record<string, unknown>): number => memoryOf(of(asked), Number(asked.batch_size ?? 4));
  expect(bytes({ batch_size: 8 })).toBeGreaterThan(bytes({ batch_size: 4 }));
  expect(bytes({})).toBeGreaterThan(bytes({ adabelief: false }));
  expect(bytes({ gan_power: 0.1 })).toBeGreaterThan(bytes({}));
  expect(bytes({ resolution: 256, archi: 'liae-udt' })).toBeGreaterThan(bytes({ resolution: 128, archi: 'liae-udt' }));
});
