/** One person among several: followed through frames in which the identity is unsure, and told apart from whoever takes their place. */
import { expect, test } from 'vitest';
import type { FrameFace } from './matchFaces.ts';
import { facesOfPerson } from './personFaces.ts';

/** A face 60 pixels wide at x, whose identity is `apart` from the one that is wanted. */
const face = (x: number, apart: number | undefined): FrameFace => ({
  name: `${x}`,
  landmarks: Float64Array.from({ length: 136 }, (_, i) => (i % 2 === 0 ? x + ((i * 7) % 60) : 100 + (i % 50))),
  embedding: apart === undefined ? undefined : Float32Array.of(apart, 0, 0),
});
const wanted = Float32Array.of(0, 0, 0);
const found = (frames: Map<number, FrameFace[]>): [number, string[]][] =>
  [...facesOfPerson(frames, wanted, 0.6)].map(([frame, faces]) => [frame, faces.map(({ name }) => name!)]);

test('a head that turns away stays the same person, and another one beside it stays out', () => {
  const frames = new Map([
    [0, [face(10, 0.3), face(200, 0.9)]],
    [1, [face(15, 0.7), face(205, 0.5)]], // both look like the other for a moment
    [2, [face(20, 0.75), face(210, 0.8)]],
    [4, [face(215, 1), face(30, 0.4)]],
    [5, [face(35, undefined), face(220, 0.9)]],
    [6, [face(40, 0.3), face(225, 0.9)]],
  ]);
  expect(found(frames)).toEqual([
    [0, ['10']],
    [1, ['15']],
    [2, ['20']],
    [4, ['30']],
    [5, ['35']],
    [6, ['40']],
  ]);
});

test('after a cut the same place may be another person', () => {
  const frames = new Map([
    [0, [face(10, 0.3)]],
    [1, [face(12, 0.3)]],
    [10, [face(12, 0.9)]],
    [11, [face(14, 0.9)]],
    [12, [face(200, 0.2)]],
  ]);
  expect(found(frames)).toEqual([
    [0, ['10']],
    [1, ['12']],
    [12, ['200']],
  ]);
});

test('nobody near enough is nobody', () => {
  expect(found(new Map([[0, [face(10, 0.6), face(200, undefined)]]]))).toEqual([]);
});
