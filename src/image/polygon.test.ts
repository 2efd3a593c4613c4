/** Hulls and filled polygons against cases worked out by hand; the golden masks hold the rest. */
import { expect, test } from 'vitest';
import { floatImage } from './image.ts';
import { type Corner, convexHull, fillConvexPolygon, fillPolygon } from './polygon.ts';

function drawn(width: number, height: number, corners: readonly Corner[], fill = fillConvexPolygon): string[] {
  const image = floatImage(width, height, 1);
  fill(image, corners, 1);
  return Array.from({ length: height }, (_, y) =>
    Array.from(image.data.subarray(y * width, (y + 1) * width), (v) => (v === 1 ? '#' : '.')).join(''),
  );
}

test('a hull keeps the corners and drops points inside, on edges and given twice', () => {
  const hull = convexHull([
    [0, 0],
    [4, 0],
    [2, 0],
    [4, 4],
    [1, 2],
    [0, 4],
    [4, 4],
  ]);
  expect(new Set(hull.map(String))).toEqual(new Set(['0,0', '4,0', '4,4', '0,4']));
  expect(
    convexHull([
      [3, 5],
      [3, 5],
    ]),
  ).toEqual([[3, 5]]);
});

test('edges belong to a polygon', () => {
  expect(
    drawn(6, 5, [
      [1, 1],
      [4, 1],
      [4, 3],
      [1, 3],
    ]),
  ).toEqual(['......', '.####.', '.####.', '.####.', '......']);
  expect(
    drawn(5, 5, [
      [2, 0],
      [4, 2],
      [2, 4],
      [0, 2],
    ]),
  ).toEqual(['..#..', '.###.', '#####', '.###.', '..#..']);
});

test('points and lines are drawn as such', () => {
  expect(drawn(4, 3, [[2, 1]])).toEqual(['....', '..#.', '....']);
  expect(
    drawn(4, 4, [
      [0, 0],
      [3, 3],
    ]),
  ).toEqual(['#...', '.#..', '..#.', '...#']);
});

test('what lies outside the image is cut off', () => {
  expect(
    drawn(3, 3, [
      [-5, -5],
      [8, -5],
      [8, 8],
      [-5, 8],
    ]),
  ).toEqual(['###', '###', '###']);
  expect(
    drawn(3, 2, [
      [1, -9],
      [1, 9],
    ]),
  ).toEqual(['.#.', '.#.']);
  expect(
    drawn(3, 2, [
      [5, 5],
      [9, 5],
      [7, 9],
    ]),
  ).toEqual(['...', '...']);
});

test('a polygon that is not convex keeps its dents', () => {
  expect(
    drawn(
      7,
      5,
      [
        [0, 0],
        [6, 0],
        [6, 4],
        [4, 4],
        [4, 2],
        [2, 2],
        [2, 4],
        [0, 4],
      ],
      fillPolygon,
    ),
  ).toEqual(['#######', '#######', '#######', '###.###', '###.###']);
});
