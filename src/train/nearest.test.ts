/** Distances by hand. */
import { expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

test('distance counts insertions, deletions, substitutions and swaps', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abc', 'abc')).toBe(0);
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(editDistance('trian', 'train')).toBe(1);
});

test('nearest gives nothing when nothing is near', () => {
  expect(nearest('trian', ['export', 'train', 'swap'])).toBe('train');
  expect(nearest('zzzzzz', ['export', 'train', 'swap'])).toBeUndefined();
});
