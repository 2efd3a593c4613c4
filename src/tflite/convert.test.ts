/** Small networks whose results are worked out by hand, and files that are none. The large ones are in test/vision. */
import { expect, test } from 'vitest';
import { floats, integers, type LiteFile, liteFile, optionByte, optionInt, sampleNetworks } from '../../scripts/fuzz/liteFile.mjs';
import { FormatError } from '../base/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { onnxFromTflite } from './index.ts';

/** Runs a network of one input and one output. */
async function run(file: LiteFile, shape: readonly number[], data: readonly number[]): Promise<readonly number[]> {
  await using program = await ortBackend().compile(onnxFromTflite(liteFile(file), 'test'), { threads: 1 });
  const results = await program.run({ input: { shape, data: Float32Array.from(data) } });
  return [...Object.values(results)[0]!.data].map(Number);
}

const ones = (length: number): number[] => new Array<number>(length).fill(1);

test('"same" padding puts the odd pixel behind', async () => {
  const file = {
    tensors: [{ shape: [1, 4, 4, 1] }, { shape: [1, 3, 3, 1], data: floats(...ones(9)) }, { shape: [1, 2, 2, 1] }],
    operators: [{ kind: 3, inputs: [0, 1, -1], outputs: [2], options: [optionByte(0), optionInt(2), optionInt(2)] }],
    inputs: [0],
    outputs: [2],
  };
  // Windows begin at 0 and 2; the second has one column and row outside.
  expect(await run(file, [1, 1, 4, 4], ones(16))).toEqual([9, 6, 6, 4]);
});

test('reshaping counts channels fastest, as the file does', async () => {
  const file = {
    tensors: [{ shape: [1, 2, 2, 3] }, { shape: [1, 4, 3] }],
    operators: [{ kind: 22, inputs: [0], outputs: [1] }],
    inputs: [0],
    outputs: [1],
  };
  const planes = [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23];
  expect(await run(file, [1, 3, 2, 2], planes)).toEqual([0, 10, 20, 1, 11, 21, 2, 12, 22, 3, 13, 23]);
});

test('a slope below zero of each channel, above and below 1', async () => {
  const file = (slopes: readonly number[]): LiteFile => ({
    tensors: [
      { shape: [1, 1, 2, slopes.length] },
      { shape: [1, 1, slopes.length], data: floats(...slopes) },
      { shape: [1, 1, 2, slopes.length] },
    ],
    operators: [{ kind: 54, inputs: [0, 1], outputs: [2] }],
    inputs: [0],
    outputs: [2],
  });
  // Planes of two pixels: 4 and −2 in each.
  expect(await run(file([0.25, -0.5, 1]), [1, 3, 1, 2], [4, -2, 4, -2, 4, -2])).toEqual([4, -0.5, 4, 1, 4, -2]);
  expect(await run(file([3, 0.5, 0]), [1, 3, 1, 2], [4, -2, 4, -2, 4, -2])).toEqual([4, -6, 4, -1, 4, 0]);
});

test.each([
  ['few', 16],
  ['odd', 3],
])('channels of zeros are put before and behind: %s', async (_, channels) => {
  const file = {
    tensors: [
      { shape: [1, 1, 2, channels] },
      { shape: [4, 2], type: 2, data: integers(0, 0, 0, 0, 0, 0, 4, 12) },
      { shape: [1, 1, 2, channels + 16] },
    ],
    operators: [{ kind: 34, inputs: [0, 1], outputs: [2] }],
    inputs: [0],
    outputs: [2],
  };
  const planes = Array.from({ length: 2 * channels }, (_value, i) => i + 1);
  const zeros = (count: number): number[] => new Array<number>(2 * count).fill(0);
  expect(await run(file, [1, channels, 1, 2], planes)).toEqual([...zeros(4), ...planes, ...zeros(12)]);
});

test('half floats are widened, subnormal and largest ones too', async () => {
  const halves = new Uint8Array(new Uint16Array([0x3c00, 0xc000, 0x7bff, 0x0001, 0x8400]).buffer);
  const file = {
    tensors: [{ shape: [5] }, { shape: [5], type: 1, data: halves }, { shape: [5] }, { shape: [5] }],
    operators: [
      { kind: 6, inputs: [1], outputs: [2] },
      { kind: 18, inputs: [0, 2], outputs: [3] },
    ],
    inputs: [0],
    outputs: [3],
  };
  expect(await run(file, [5], ones(5))).toEqual([1, -2, 65504, 2 ** -24, -(2 ** -14)]);
});

test('slices and joins go along the axes of the file', async () => {
  const file = {
    tensors: [
      { shape: [1, 2, 3, 1] },
      { shape: [4], type: 2, data: integers(0, 0, 1, 0) },
      { shape: [4], type: 2, data: integers(1, 2, 9, 1) },
      { shape: [4], type: 2, data: integers(1, 1, 1, 1) },
      { shape: [1, 2, 2, 1] },
      { shape: [1, 2, 2, 2] },
    ],
    operators: [
      { kind: 45, inputs: [0, 1, 2, 3], outputs: [4], options: [optionInt(0), optionInt(4)] }, // the end of axis 2 is left open
      { kind: 2, inputs: [4, 4], outputs: [5], options: [optionInt(-1)] },
    ],
    inputs: [0],
    outputs: [5],
  };
  expect(await run(file, [1, 1, 2, 3], [1, 2, 3, 4, 5, 6])).toEqual([2, 3, 5, 6, 2, 3, 5, 6]);
});

test.each([
  ['another file', Uint8Array.of(1, 2, 3)],
  ['no mark', new Uint8Array(64)],
  ['half a file', sampleNetworks()[0]!.subarray(0, 700)],
  [
    'an operator that is unknown',
    liteFile({ tensors: [{ shape: [1] }], operators: [{ kind: 99, inputs: [0], outputs: [0] }], inputs: [0], outputs: [0] }),
  ],
  [
    'a tensor that is not there',
    liteFile({ tensors: [{ shape: [1] }], operators: [{ kind: 19, inputs: [7], outputs: [0] }], inputs: [0], outputs: [0] }),
  ],
  ['a constant too short', liteFile({ tensors: [{ shape: [9], data: floats(1) }], operators: [], inputs: [], outputs: [0] })],
  ['a shape too large', liteFile({ tensors: [{ shape: [65536, 65536] }], operators: [], inputs: [0], outputs: [0] })],
  ['a value used before it is made', liteFile({ tensors: [{ shape: [1] }, { shape: [1] }], operators: [], inputs: [0], outputs: [1] })],
])('%s is refused with a reason', (_, bytes) => {
  expect(() => onnxFromTflite(bytes, 'test.tflite')).toThrow(FormatError);
  expect(() => onnxFromTflite(bytes, 'test.tflite')).toThrow('test.tflite');
});
