/** The order of faces: whole passes, pure in the position, even over yaw. */
import { expect, test } from 'vitest';
import { shuffledPasses, uniformYawOrder, yawBins } from './order.ts';

const take = (order: (position: number, attempt: number) => number, from: number, to: number, attempt = 0): number[] =>
  Array.from({ length: to - from }, (_, i) => order(from + i, attempt));

test('every pass holds every face once, and passes differ', () => {
  const order = shuffledPasses(3, 'src', 50);
  const [first, second] = [take(order, 0, 50), take(order, 50, 100)];
  const all = Array.from({ length: 50 }, (_, i) => i);
  expect([...first].sort((a, b) => a - b)).toEqual(all);
  expect([...second].sort((a, b) => a - b)).toEqual(all);
  expect(first).not.toEqual(second);
});

test('a face depends on the position alone, not on what was asked before', () => {
  const forward = take(shuffledPasses(3, 'src', 7), 0, 40);
  const order = shuffledPasses(3, 'src', 7);
  const backward = Array.from({ length: 40 }, (_, i) => order(39 - i, 0)).reverse();
  expect(backward).toEqual(forward);
});

test('sides, seeds and attempts have streams of their own', () => {
  const base = take(shuffledPasses(3, 'src', 30), 0, 30);
  expect(take(shuffledPasses(3, 'dst', 30), 0, 30)).not.toEqual(base);
  expect(take(shuffledPasses(4, 'src', 30), 0, 30)).not.toEqual(base);
  expect(take(shuffledPasses(3, 'src', 30), 0, 30, 1)).not.toEqual(base);
});

test('uniform yaw draws rare poses as often as common ones', () => {
  const yaws = [...Array.from({ length: 97 }, () => 0), 0.8, -0.8, -0.8]; // 97 frontal faces, one to a side, two to the other
  const drawn = take(uniformYawOrder(1, 'src', yaws), 0, 3 * 194);
  const times = (i: number): number => drawn.filter((face) => face === i).length;
  expect(times(97)).toBe(194);
  expect([times(98), times(99)]).toEqual([97, 97]);
  for (let i = 0; i < 97; i++) expect(times(i)).toBe(2);
});

test('bins run over −yaw from −1.2 to 1.2; the outer ones take what lies beyond', () => {
  const edge = -1.2 + 2.4 / 127;
  expect(yawBins([1.5, 1.2, 1.19, -edge - 1e-6])).toEqual([[0, 1, 2], [3]]);
  expect(yawBins([-1.2, -1.5, -1.19])).toEqual([[2], [0, 1]]);
});

test('a face without a yaw never comes; a set without any is an error', () => {
  expect(yawBins([0, Number.NaN, 0])).toEqual([[0, 2]]);
  expect(() => yawBins([Number.NaN])).toThrow('no yaw of 1 faces: their landmarks fit no face');
});
