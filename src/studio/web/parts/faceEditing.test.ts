/** What the editors of a face compute: steps back and forth, parts of landmarks, regions. */
import { expect, test } from 'vitest';
import type { MaskShape } from '../../protocol.ts';
import * as edit from './faceEditing.ts';

test('steps go back and forth; a change drops what was undone', () => {
  let history = edit.changedTo(edit.changedTo(edit.begun('a'), 'b'), 'c');
  history = edit.stepBack(edit.stepBack(edit.stepBack(history)));
  expect(history).toEqual({ past: [], present: 'a', future: ['b', 'c'] });
  expect(edit.stepForth(history).present).toBe('b');
  expect(edit.stepForth(edit.changedTo(history, 'x')).present).toBe('x');
});

test('every landmark is in one part, and moves alone, with its part or with all', () => {
  for (let i = 0; i < 68; i++) expect(edit.parts.filter(({ from, to }) => i >= from && i < to)).toHaveLength(1);
  const points = Array.from({ length: 136 }, (_, i) => i);
  const count = (scope: edit.Scope): number => edit.moved(points, edit.scopeOf(38, scope), 1, 2).filter((v, i) => v !== i).length / 2;
  expect([count('point'), count('part'), count('all')]).toEqual([1, 6, 68]);
  expect(edit.moved(points, [38, 39], 1, 2).slice(74, 80)).toEqual([74, 75, 77, 79, 78, 79]);
  expect(edit.nearestPoint(points, 20.4, 21)).toMatchObject({ at: 10 });
});

const square = [0, 0, 10, 0, 10, 10, 0, 10];
const shapes: readonly MaskShape[] = [
  { include: true, points: square },
  { include: false, points: [2, 2, 4, 2, 3, 4] },
];

test('points are added on edges, moved, and taken away; a region of two points goes', () => {
  const { at, foot, distance } = edit.nearestEdge(square, 11, 4);
  expect([at, foot, distance]).toEqual([1, [10, 4], 1]);
  expect(edit.nearestEdge(square, -1, 5)).toMatchObject({ at: 3, foot: [0, 5] }); // the edge that closes
  expect(edit.pointAdded(shapes, 0, at, foot)[0]!.points).toEqual([0, 0, 10, 0, 10, 4, 10, 10, 0, 10]);
  expect(edit.pointAdded(shapes, 0, 3, [0, 5])[0]!.points.slice(-4)).toEqual([0, 10, 0, 5]);
  expect(edit.pointRemoved(shapes, 0, 0)[0]!.points).toEqual([10, 0, 10, 10, 0, 10]);
  expect(edit.pointRemoved(shapes, 1, 2)).toEqual([shapes[0]]);
  expect(edit.pointMoved(shapes, 0, 2, 1, -1)[0]!.points).toEqual([0, 0, 10, 0, 11, 9, 0, 10]);
  expect(edit.regionMoved(shapes, 1, 1, 2)[1]!.points).toEqual([3, 4, 5, 4, 4, 6]);
  expect(edit.regionFlipped(shapes, 1)[1]!.include).toBe(true);
});

test('a mask is empty where regions only cut out; without regions there is none', () => {
  expect(edit.isEmptyMask([])).toBe(false);
  expect(edit.isEmptyMask(shapes)).toBe(false);
  expect(edit.isEmptyMask(edit.regionFlipped(shapes, 0))).toBe(true);
  expect(edit.isEmptyMask(edit.regionRemoved(shapes, 0))).toBe(true);
});

test('a place is inside a region by the even-odd rule; two mirrors are none', () => {
  expect([edit.holds(square, 5, 5), edit.holds(square, 11, 5), edit.holds([0, 0, 10, 0, 0, 10], 8, 8)]).toEqual([true, false, false]);
  expect(edit.mirrored(shapes, 16)[1]!.points).toEqual([13, 2, 11, 2, 12, 4]);
  expect(edit.mirrored(edit.mirrored(shapes, 16), 16)).toEqual(shapes);
});

test('the outline of a face is the hull of its landmarks', () => {
  const inner = Array.from({ length: 64 }, (_, i) => [4 + (i % 3), 4 + (i % 2)]).flat();
  const outline = edit.faceOutline([...square, ...inner]);
  const corners = Array.from({ length: outline.length / 2 }, (_, i) => `${outline[2 * i]} ${outline[2 * i + 1]}`);
  expect(corners.sort()).toEqual(['0 0', '0 10', '10 0', '10 10']);
});
