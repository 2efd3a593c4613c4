import { expect, test } from 'vitest';
import { sizeOf } from '../base/index.ts';
import { initialValue } from './initial.ts';
import { learningRateAt } from './optim/learningRate.ts';
import { Scope } from './scope.ts';

test('weights fill the interval of Glorot evenly, and biases are 0', () => {
  const shape = [3, 3, 20, 30];
  const limit = Math.sqrt(6 / (9 * 20 + 9 * 30));
  const w = initialValue({ name: 'decoder/res0/conv1/weight', shape, initial: 'glorot' }, 1);
  const mean = w.reduce((a, b) => a + b, 0) / w.length;
  const variance = w.reduce((a, b) => a + b * b, 0) / w.length;
  expect(Math.max(...w)).toBeLessThanOrEqual(limit);
  expect(Math.max(...w)).toBeGreaterThan(0.99 * limit);
  expect(Math.min(...w)).toBeLessThan(-0.99 * limit);
  expect(Math.abs(mean)).toBeLessThan((4 * limit) / Math.sqrt(3 * sizeOf(shape))); // four standard errors
  expect(Math.abs(variance / (limit ** 2 / 3) - 1)).toBeLessThan(0.06);
  expect(initialValue({ name: 'decoder/res0/conv1/bias', shape: [30], initial: 'zeros' }, 1)).toEqual(new Float32Array(30));
});

test('a variable starts from its seed and its name alone', () => {
  const make = (name: string, seed: number): Float32Array => initialValue({ name, shape: [4, 4], initial: 'glorot' }, seed);
  expect(make('a', 1)).toEqual(make('a', 1));
  expect(make('a', 1)).not.toEqual(make('a', 2));
  expect(make('a', 1)).not.toEqual(make('b', 1));
});

test('the learning rate is constant, or a cosine of period 500 read after the step is counted', () => {
  expect(learningRateAt(5e-5, 1234, false)).toBe(5e-5);
  expect(learningRateAt(5e-5, 499, true)).toBeCloseTo(5e-5, 12);
  expect(learningRateAt(5e-5, 249, true)).toBeCloseTo(0, 12);
  expect(learningRateAt(5e-5, 124, true)).toBeCloseTo(2.5e-5, 12);
  expect(learningRateAt(5e-5, 0, true)).toBeLessThan(5e-5);
});

test('a name means one variable in all scopes of a tree, and one shape', () => {
  const root = Scope.root({ lowering: 'direct' });
  const first = root.in('encoder').in('down1').variable('weight', [2, 3], 'glorot');
  expect(root.in('encoder').in('down1').variable('weight', [2, 3], 'glorot')).toBe(first);
  expect(root.variables.map(({ name }) => name)).toEqual(['encoder/down1/weight']);
  expect(() => root.in('encoder/down1').variable('weight', [3, 2], 'glorot')).toThrow('encoder/down1/weight is used with two shapes');
});

test('a replaced variable has its new value and keeps its place in the register', () => {
  const root = Scope.root({ lowering: 'direct' });
  const old = root.variable('w', [2], 'zeros');
  const other = root.variable('other', [2], 'zeros');
  const later = root.replacing(new Map([['w', other]]));
  expect(later.variable('w', [2], 'zeros')).toBe(other);
  expect(root.variable('w', [2], 'zeros')).toBe(old);
  expect(later.variables).toHaveLength(2);
});
