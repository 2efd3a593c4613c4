/** Options in a journal are read back as they were written; what no command writes is refused with what it is. */
import { expect, test } from 'vitest';
import { optionsText, readOptions, type WriteOptions } from './writeOptions.ts';

const identity = Float32Array.from({ length: 128 }, (_, i) => i / 100);
const options: WriteOptions = {
  make: { faceType: 'whole_face', size: 512, quality: 90 },
  choose: { maxFaces: 2, minSize: 40, minScore: 0.5, yaw: [-30, 30], persons: { keep: [identity], drop: [], distance: 0.6 } },
  smooth: true,
  fill: false,
};

test('what was written is read, and is the same text again', () => {
  const text = optionsText(options);
  expect(readOptions(text, 'j')).toEqual(options);
  expect(optionsText(readOptions(text, 'j'))).toBe(text);
});

test('sizes that would fill the memory, unknown crops and persons that are none are refused', () => {
  const bad = (change: object): (() => unknown) => {
    const text = JSON.stringify({ ...JSON.parse(optionsText(options)), ...change });
    return () => readOptions(text, 'j.ndjson');
  };
  expect(bad({ make: { ...options.make, size: 1e9 } })).toThrow('j.ndjson: not a journal of written faces');
  expect(bad({ make: { ...options.make, faceType: 'other' } })).toThrow('not a journal');
  expect(bad({ choose: { ...options.choose, persons: { keep: [[1, 2]], drop: [], distance: 0.6 } } })).toThrow('not a journal');
  expect(bad({ choose: [] })).toThrow('not a journal');
  expect(() => readOptions('{', 'j')).toThrow('not a journal');
});
