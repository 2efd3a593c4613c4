/** Weight files that do not fit together; the network itself is tested in test/vision. */
import { expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { onnxFromIdentityWeights } from './index.ts';

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const array = (shape: readonly unknown[], more: object = {}): unknown => [
  { weights: [{ name: 'conv32_down/conv/filters', shape, dtype: 'float32', quantization: { dtype: 'uint8', scale: 1, min: 0 }, ...more }] },
];

test.each([
  ['no JSON', new TextEncoder().encode('{'), 'no JSON'],
  ['arrays longer than the file', json(array([7, 7, 3, 32])), 'ends behind'],
  ['a side that is no number', json(array([7, 'x'])), 'shape of'],
  ['a side below 1', json(array([7, -1])), 'shape of'],
  ['a shape beyond all bounds', json(array([1e9, 1e9, 1e9])), 'ends behind'],
  ['another packing', json(array([8], { quantization: { dtype: 'uint16', scale: 1, min: 0 } })), 'type of'],
  ['a scale that is none', json(array([8], { quantization: { dtype: 'uint8', scale: '1', min: 0 } })), 'scale of'],
  ['bytes that no array names', json(array([4])), '8 bytes, of which the manifest names 4'],
  ['nothing', json([]), '8 bytes'],
  ['another network', json(array([8])), '[8]'],
])('%s: refused, and the reason said', (_, manifest, found) => {
  const make = (): unknown => onnxFromIdentityWeights(manifest, new Uint8Array(8), 'weights');
  expect(make).toThrow(FormatError);
  try {
    make();
  } catch (error) {
    expect((error as FormatError).report()).toContain(found);
  }
});
