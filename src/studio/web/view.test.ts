/** What the page computes by itself: orders of faces, what of a grid is in sight, columns of the loss chart. */
import { expect, test } from 'vitest';
import type { FaceList } from '../protocol.ts';
import { histogramOf, inSight, layoutOf, plainView, shownFaces } from './faceView.ts';
import { LossSeries, logTicks, ticks } from './lossSeries.ts';

const list: FaceList = {
  ...{ path: 'a', packed: false, names: ['a1', 'b', 'a2', 'c'], stamps: ['', '', '', ''], measured: 3, trashed: 0, undo: null },
  measures: { yaw: [5, null, -5, 5], sharpness: [0.1, null, 0.2, 0.3] },
};
const shown = (view: Partial<typeof plainView>): number[] => [...shownFaces(list, { ...plainView, ...view })];

test('faces sort by a measure both ways, equal ones by name, unmeasured ones last', () => {
  expect(shown({})).toEqual([0, 1, 2, 3]);
  expect(shown({ descending: true })).toEqual([3, 2, 1, 0]);
  expect(shown({ sort: 'yaw' })).toEqual([2, 0, 3, 1]);
  expect(shown({ sort: 'yaw', descending: true })).toEqual([0, 3, 2, 1]);
  expect(shown({ sort: 'pitch' })).toEqual([0, 1, 2, 3]);
});

test('faces come in an order that was found, both ways, and those without a place come last', () => {
  const ordered = (descending: boolean): number[] => [
    ...shownFaces(list, { ...plainView, sort: 'novelty', descending }, ['c', 'gone', 'a1', 'a2']),
  ];
  expect(ordered(false)).toEqual([3, 0, 2, 1]);
  expect(ordered(true)).toEqual([2, 0, 3, 1]);
  expect(shown({ sort: 'novelty' })).toEqual([0, 1, 2, 3]);
});

test('filters hold together, with their bounds included', () => {
  expect(shown({ text: 'A' })).toEqual([0, 2]);
  expect(shown({ ranges: { yaw: [-5, 0] } })).toEqual([2]);
  expect(shown({ ranges: { yaw: [0, null], sharpness: [null, 0.1] } })).toEqual([0]);
  expect(shown({ ranges: { yaw: [null, null] } })).toEqual([0, 1, 2, 3]);
});

test('of fifty thousand faces only those in sight and some rows around exist', () => {
  const layout = layoutOf(1000, 96, 50_000, 4);
  expect(layout).toEqual({ columns: 10, pitch: 100, height: 500_000 });
  expect(layoutOf(1080, 96, 50_000, 4)).toEqual({ columns: 10, pitch: 108, height: 540_000 }); // the width is filled
  expect(layoutOf(60, 96, 3, 4)).toEqual({ columns: 1, pitch: 100, height: 300 });
  expect(inSight(layout, 0, 700, 50_000)).toEqual([0, 100]);
  expect(inSight(layout, 250_000, 700, 50_000)).toEqual([24_970, 25_100]);
  expect(inSight(layout, 499_300, 700, 50_000)).toEqual([49_900, 50_000]);
});

test('columns hold the least, the largest and the mean of their iterations, and losses that are no numbers count for nothing', () => {
  const series = new LossSeries();
  series.append(Float32Array.of(1, 10, 3, 20));
  series.append(Float32Array.of(Number.NaN, 30, 5, 40, 7, 50, 9, 60));
  expect(series.count).toBe(6);
  const { least, most, mean } = series.columns(0, 0, 6, 3, 1);
  expect([...least]).toEqual([1, 5, 7]);
  expect([...most]).toEqual([3, 5, 9]);
  expect([...mean]).toEqual([2, 5, 8]);
  expect([...series.columns(1, 0, 6, 1, 100).mean]).toEqual([(10 + 20 + 40 + 50 + 60) / 5]);
});

test('a million iterations lose no spike', () => {
  const series = new LossSeries();
  for (let part = 0; part < 10; part++)
    series.append(Float32Array.from({ length: 200_000 }, (_, i) => (part === 7 && i === 1234 ? 9 : 0.5)));
  const { most } = series.columns(0, 0, series.count, 800, 1);
  expect(most.filter((value) => value === 9)).toHaveLength(1);
  expect(most.indexOf(9)).toBe(Math.floor((700_617 / 1_000_000) * 800));
});

test('axes are marked at round numbers', () => {
  expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  expect(ticks(1, 701, 7)).toEqual([100, 200, 300, 400, 500, 600, 700]);
  expect(logTicks(0.3, 3)).toEqual([0.5, 1, 2]);
});

test('least and largest come from blocks exactly as from the iterations themselves, gaps included', () => {
  const series = new LossSeries();
  const losses = new Float32Array(2 * 50_000).map((_, i) => (i % 977 < 3 ? Number.NaN : (Math.sin(i * 12.9898) * 43758.5453) % 1));
  for (let at = 0; at < losses.length; at += 2 * 777) series.append(losses.subarray(at, at + 2 * 777));
  for (const [from, to, width] of [
    [0, 50_000, 7],
    [63, 49_999, 11],
    [4095, 8193, 3],
    [100, 200, 50],
    [1, 65, 1],
    [12_345, 12_346, 1],
  ] as const) {
    for (const side of [0, 1] as const) {
      const { least, most } = series.columns(side, from, to, width, 1);
      for (let x = 0; x < width; x++) {
        const start = Math.floor(from + (x * (to - from)) / width);
        const end = Math.min(to, Math.max(start + 1, Math.floor(from + ((x + 1) * (to - from)) / width)));
        const inside = Array.from({ length: end - start }, (_, i) => losses[2 * (start + i) + side]!).filter(
          (value) => !Number.isNaN(value),
        );
        expect(least[x], `${from} ${to} ${x}`).toBe(inside.length === 0 ? Number.NaN : Math.min(...inside));
        expect(most[x]).toBe(inside.length === 0 ? Number.NaN : Math.max(...inside));
      }
    }
  }
});

test('a histogram counts all faces and those that are shown, areas by their side; each face falls into one bin', () => {
  const list = {
    ...{ path: 'p', packed: false, measured: 4, trashed: 0, undo: null, stamps: ['', '', '', '', ''] },
    names: ['a', 'b', 'c', 'd', 'e'],
    measures: { area: [100, 400, 1600, null, 10000], yaw: [null, null, null, null, null] },
  };
  const histogram = histogramOf(list, 'area', Int32Array.from([1, 4, 3]), 9)!;
  expect([histogram.least, histogram.most]).toEqual([10, 100]);
  expect([...histogram.all]).toEqual([1, 1, 0, 1, 0, 0, 0, 0, 1]);
  expect([...histogram.shown]).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 1]);
  expect(histogramOf(list, 'yaw', Int32Array.from([0]), 9)).toBeUndefined();
  const same = histogramOf({ ...list, measures: { yaw: [7, 7, null, 7, 7] } }, 'yaw', Int32Array.from([0, 1]), 4)!;
  expect([[...same.all], [...same.shown]]).toEqual([
    [4, 0, 0, 0],
    [2, 0, 0, 0],
  ]);
});

test('only the faces of a person are shown, together with the other filters', () => {
  const list = {
    ...{ path: 'p', packed: false, measured: 3, trashed: 0, undo: null, stamps: ['', '', ''] },
    names: ['a', 'b', 'c'],
    measures: { yaw: [1, 2, 3] },
  };
  const only = { label: 'Ada', names: new Set(['a', 'c', 'gone']) };
  expect([...shownFaces(list, { ...plainView, only })]).toEqual([0, 2]);
  expect([...shownFaces(list, { ...plainView, only, ranges: { yaw: [2, null] } })]).toEqual([2]);
});
