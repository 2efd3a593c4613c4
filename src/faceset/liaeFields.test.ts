/** Our own fields come back as they were, through a file that DeepFaceLab would read, and damaged ones are left out. */
import { expect, test } from 'vitest';
import { concatenate } from './jpeg.ts';
import { type LiaeFields, liaeFields, withLiaeFields } from './liaeFields.ts';
import { readPickle } from './pickleReader.ts';
import { writePickle } from './pickleWriter.ts';
import { isDict, type PyValue, pyArray } from './pythonValues.ts';

const all: LiaeFields = {
  frame: 41,
  time: 1.64,
  sourceHash: 'ab12',
  detectorScore: 0.875,
  landmarkScore: 0.99,
  filled: false,
  sharpness: 12.5,
  exposure: 0.25,
  pose: { pitch: 0.1, yaw: -0.2, roll: 0.3 },
  mesh: Float32Array.from({ length: 478 * 3 }, (_, i) => i / 7),
  embedding: Float32Array.from({ length: 128 }, (_, i) => i / 128),
};

test('fields come back through a pickle beside the keys of others', () => {
  const dict = withLiaeFields(new Map<string, PyValue>([['face_type', 'whole_face']]), all);
  const payload = concatenate(writePickle(dict, 4));
  expect(payload.length).toBeLessThan(8192);
  const read = readPickle(payload, 'test');
  if (!isDict(read)) throw new Error('no dict');
  expect(read.get('face_type')).toBe('whole_face');
  expect(liaeFields(read)).toEqual(all);
});

test('fields of a later version stay, fields that are gone go, and damaged ones are left out', () => {
  const later = new Map<string, PyValue>([
    [
      'liae',
      new Map<string, PyValue>([
        ['hue', 3n],
        ['frame', 1n],
        ['time', 2],
      ]),
    ],
  ]);
  const dict = withLiaeFields(later, { frame: 5 });
  expect([...(dict.get('liae') as Map<string, PyValue>)]).toEqual([
    ['hue', 3n],
    ['frame', 5n],
    ['version', 1n],
  ]);
  const damaged = new Map<string, PyValue>([
    ['mesh', pyArray('f4', [2], [1, 2])],
    ['pose', [1, 2]],
    ['time', Number.NaN],
    ['frame', 'x'],
    ['exposure', 0.5],
  ]);
  expect(Object.entries(liaeFields(new Map([['liae', damaged]]))).filter(([, value]) => value !== undefined)).toEqual([['exposure', 0.5]]);
  expect(liaeFields(new Map([['liae', 'text']]))).toEqual({});
});
