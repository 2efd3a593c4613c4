/** The ways of sorting by small sets whose order can be seen at a glance. */
import { expect, test } from 'vitest';
import { OptionError } from '../base/index.ts';
import type { FaceMetadata } from '../faceset/index.ts';
import { measuresOf } from './measureTable.ts';
import { sortFaces } from './sorting.ts';
import { sortKindOf } from './sortKinds.ts';

const face = (sourceFilename?: string): FaceMetadata => ({
  faceType: 'whole_face',
  landmarks: new Float64Array(136),
  sourceFilename,
  eyebrowsExpandMod: 1,
  polygons: [],
});

const files = ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'e.jpg'];
const faces = files.map(() => face());

test('the menu of DeepFaceLab has its numbers, and names it never knew mean what they say', () => {
  const menu = [
    'blur',
    'motion-blur',
    'face-yaw',
    'face-pitch',
    'face-source-rect-size',
    'hist',
    'hist-dissim',
    'brightness',
    'hue',
    'black',
  ];
  menu.push('origname', 'oneface', 'absdiff', 'final', 'final-fast');
  expect(menu.map((_, number) => sortKindOf(String(number)).name)).toEqual(menu);
  expect(sortKindOf('final-by-blur')).toBe(sortKindOf('final'));
  expect(sortKindOf('final-by-size').number).toBe(14);
  expect(() => sortKindOf('beauty')).toThrow(OptionError);
});

test('the largest comes first, equals keep their order, and a sharpness of 0 is set aside', () => {
  const measures = measuresOf(files, { sharpness: Float64Array.of(0.2, 0.7, 0, 0.2, 0.7) }, faces);
  expect(sortFaces(sortKindOf('blur'), measures)).toEqual({ order: [1, 4, 0, 3], trash: [2], notes: [] });
});

test('fewest black pixels come first', () => {
  const measures = measuresOf(files, { black: Float64Array.of(5, 0, 9, 0, 1) }, faces);
  expect(sortFaces(sortKindOf('black'), measures).order).toEqual([1, 3, 4, 0, 2]);
});

test('faces without face data are set aside where it is needed, and sorted where it is not; broken ones always are set aside', () => {
  const some = [face(), undefined, face(), face(), undefined];
  const arrays = {
    hue: Float64Array.of(1, 2, 3, Number.NaN, 5),
    pose: Float64Array.of(0, 0.1, 0, Number.NaN, Number.NaN, 0, 0, 0.3, 0, 0, 0.2, 0, 0, 0, 0),
  };
  const measures = measuresOf(files, arrays, some, new Map([[3, 'cut off']]));
  expect(sortFaces(sortKindOf('hue'), measures)).toEqual({ order: [4, 2, 1, 0], trash: [3], notes: [] });
  expect(sortFaces(sortKindOf('face-yaw'), measures)).toEqual({ order: [2, 0], trash: [1, 3, 4], notes: [] });
});

test('original names sort as text, and faces without one come last', () => {
  const named = [face('10.png'), face('9.png'), face(), face('B.png'), face('a.png')];
  expect(sortFaces(sortKindOf('origname'), measuresOf(files, {}, named)).order).toEqual([0, 1, 3, 4, 2]);
});

test('every face of a frame with several is set aside, and other names are told to be recovered', () => {
  const names = ['00001_0.jpg', '00002_0.jpg', '00002_1.jpg', '00003_0.jpg', 'x.jpg'];
  expect(sortFaces(sortKindOf('oneface'), measuresOf(names, {}, faces))).toEqual({ order: [0, 3, 4], trash: [1, 2], notes: [] });
  expect(sortFaces(sortKindOf('oneface'), measuresOf(files, {}, faces)).notes[0]).toContain('recover');
});

test('the face farthest from the usual expression comes first', () => {
  const expression = new Float64Array(20);
  for (let i = 0; i < 5; i++) expression.set([0.05 + i * 0.001, 0.47, i === 3 ? 0.05 : 0.3 + i * 0.01, 0.2], i * 4);
  expect(sortFaces(sortKindOf('expression'), measuresOf(files, { expression }, faces)).order[0]).toBe(3);
});

test('faces of the main person come before others', () => {
  const identity = new Float32Array(5 * 128);
  for (const [i, person] of [0, 1, 0, 0, 1].entries()) identity[i * 128 + person] = 1 + i * 0.01;
  const { order } = sortFaces(sortKindOf('identity'), measuresOf(files, { identity }, faces));
  expect(order.slice(3)).toEqual([1, 4]);
  identity.fill(Number.NaN);
  expect(() => sortFaces(sortKindOf('identity'), measuresOf(files, { identity }, faces))).toThrow('no face of this set has a vector');
});

test('a measure that was not taken is named', () => {
  expect(() => sortFaces(sortKindOf('hue'), measuresOf(files, {}, faces))).toThrow('the measure hue was not taken');
});
