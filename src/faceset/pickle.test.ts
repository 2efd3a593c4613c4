/** The pickle subset against files written by Python, and against Python itself where it is installed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describe, pythonReads, pythonWithNumpy } from '../../test/python.ts';
import { LiaeError } from '../base/index.ts';
import { PyArray, PyCall, PyOrderedDict, PyTuple, type PyValue, pyArray, pyScalar, readPickle, writePickle } from './index.ts';

const files = new URL('../../test/golden/files/', import.meta.url).pathname;
const golden = (name: string): Uint8Array => readFileSync(join(files, name));
const join1 = (chunks: readonly Uint8Array[]): Uint8Array => Buffer.concat(chunks);

/** One of every kind, with the edges of each encoding. */
const everything: PyValue = new Map<string, PyValue>([
  ['none', null],
  ['flags', [true, false]],
  [
    'ints',
    [0n, 1n, 255n, 256n, 65535n, 65536n, -1n, 2147483647n, -2147483648n, 2147483648n, -2147483649n, 2n ** 63n, -(2n ** 63n), 2n ** 200n],
  ],
  ['floats', [0, -0, 1, 0.1, Number.NaN, Infinity, -Infinity, 5e-324]],
  [
    'text',
    ['', 'a', 'é', 'ÿ', 'Ā', '00001.png', 'x'.repeat(255), 'x'.repeat(256), '漢字😀', '\ud800 alone', '\ufeffmark', 'n'.repeat(70000)],
  ],
  [
    'bytes',
    [new Uint8Array(0), Uint8Array.of(98), new Uint8Array(255).fill(7), new Uint8Array(256).fill(8), new Uint8Array(70000).fill(9)],
  ],
  [
    'tuples',
    new PyTuple([new PyTuple([]), new PyTuple([1n]), new PyTuple([1n, 2]), new PyTuple(['a', 'b', 'c']), new PyTuple([1n, 2n, 3n, 4n])]),
  ],
  ['nested', [[], [[[1n]]], new Map([['polys', [new Map<string, PyValue>([['type', 1n]])]]])]],
  ['f4', pyArray('f4', [2, 3], [1, 2, 3, 4, 5, 6])],
  ['f8', pyArray('f8', [2], [Math.PI, -0])],
  ['i4', pyArray('i4', [4], [1, -2, 3, 2147483647])],
  ['i8', pyArray('i8', [2], [1, -2])],
  ['u1', pyArray('u1', [3, 1], [0, 128, 255])],
  ['b1', pyArray('b1', [2], [0, 1])],
  ['u2', pyArray('u2', [0, 5], [])],
  ['zero rank', pyArray('f4', [], [2.5])],
  [
    'large',
    pyArray(
      'f4',
      [200, 100],
      new Float32Array(20000).map((_, i) => i / 7),
    ),
  ],
  ['fortran', new PyArray('f4', [2, 3], new Uint8Array(Float32Array.of(1, 4, 2, 5, 3, 6).buffer), true)],
  ['scalars', [pyScalar('i8', 3), pyScalar('f8', 0.25), pyScalar('f4', 1.5), pyScalar('u1', 200)]],
  ['enums', [new PyCall('samplelib.Sample', 'SampleType', [1n]), new PyCall('facelib.FaceType', 'FaceType', [4n])]],
  [
    'ordered',
    new PyOrderedDict([
      ['b', 1n],
      ['a', 2n],
    ]),
  ],
  ['many', Array.from({ length: 2500 }, (_, i) => [i, BigInt(i)])],
  ['dict of 2000', new Map(Array.from({ length: 2000 }, (_, i) => [`key ${i}`, BigInt(i)]))],
]);

test.each([
  ['tiny_SAEHD_encoder.npy', 4],
  ['tiny_SAEHD_data.dat', 3],
  ['SAEHD_default_options.dat', 4],
] as const)('%s is written back byte for byte', (name, protocol) => {
  const bytes = golden(name);
  expect(Buffer.compare(join1(writePickle(readPickle(bytes, name), protocol)), bytes)).toBe(0);
});

test.each(['inter_AB', 'decoder', 'src_dst_opt'])('%s, from a newer NumPy, differs only by the name of its module', (network) => {
  const bytes = Buffer.from(golden(`tiny_SAEHD_${network}.npy`));
  const at = bytes.indexOf('numpy._core.multiarray');
  const renamed = Buffer.concat([bytes.subarray(0, at + 6), bytes.subarray(at + 7)]);
  renamed[at - 1]! -= 1; // the length of the name
  renamed.writeBigUInt64LE(bytes.readBigUInt64LE(3) - 1n, 3); // the length of the first frame
  expect(Buffer.compare(join1(writePickle(readPickle(bytes, network))), renamed)).toBe(0);
});

test.each([3, 4] as const)('every kind of value comes back with its type through protocol %i', (protocol) => {
  const again = readPickle(join1(writePickle(everything, protocol)), 'test');
  expect(describe(again)).toEqual(describe(everything));
});

test('arrays are views of the file, and large ones are written without a copy', () => {
  const large = pyArray('f4', [1 << 20], new Float32Array(1 << 20).fill(3));
  const chunks = writePickle(large);
  expect(chunks.some((chunk) => chunk === large.bytes)).toBe(true);
  const bytes = join1(chunks);
  expect((readPickle(bytes, 'test') as PyArray).bytes.buffer).toBe(bytes.buffer);
});

test('a value that occurs twice is read as one and written as one', () => {
  const shared = [1, 2];
  const list = readPickle(join1(writePickle([shared, shared, [1, 2]])), 'test') as readonly PyValue[];
  expect(list[0]).toBe(list[1]);
  expect(list[0]).not.toBe(list[2]);
});

test('Fortran order is put right when the elements are taken', () => {
  const array = (everything as Map<string, PyValue>).get('fortran') as PyArray;
  expect([...array.values()]).toEqual([1, 2, 3, 4, 5, 6]);
});

test.each([
  ['a name that is not known', '8003 63 6f730a 73797374656d0a 58 02000000 6c73 85 52 2e', 'os system'],
  ['a list that contains itself', '8003 5d 71 00 68 00 61 2e', 'contains itself'],
  ['text longer than the file', '8004 58 ffffffff 41 2e', '4294967295 bytes wanted'],
  ['bytes longer than the file', '8004 8e ffffffffffffff7f 41 2e', 'bytes wanted where'],
  ['an array whose bytes do not fit', '', 'instead of 16'],
  ['a class left as a value', '8004 8c05 6e756d7079 8c07 6e646172726179 93 2e', 'where a value should be'],
  [
    'an array without contents',
    '8003 63 6e756d70792e636f72652e6d756c746961727261790a5f7265636f6e7374727563740a 636e756d70790a6e6461727261790a 4b00 85 43 0162 87 52 2e',
    'without its contents',
  ],
  ['an empty file', '', '1 bytes wanted'],
  ['an older protocol', '8001 4e 2e', 'protocol 1'],
  ['an opcode outside the subset', '8004 69 2e', 'opcode 0x69'],
])('refuses %s', (title, hex, message) => {
  const bad = title.startsWith('an array whose') ? misfit() : Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(caught(() => readPickle(bad, 'test.npy')).report()).toContain(message);
});

test('refuses values shared so that walking them would never end', () => {
  let shared: PyValue = [0n];
  for (let level = 0; level < 12; level++) shared = new Array<PyValue>(16).fill(shared); // 16¹² leaves in a few hundred bytes
  expect(() => readPickle(join1(writePickle(shared)), 'test')).toThrow('not a pickle that can be read');
});

test('refuses a file of tiny objects before they fill the memory', () => {
  for (const opcode of ['5d', '7d', '4300', '29']) {
    const bytes = Buffer.from(`8004${opcode.repeat(6_000_000)}2e`, 'hex');
    const error = caught(() => readPickle(bytes, 'test'));
    expect(error.report()).toMatch(/more than \d+ objects/);
  }
});

test('refuses lists nested deeper than a reader could follow', () => {
  const bytes = Buffer.from(`8003${'5d'.repeat(100000)}${'61'.repeat(99999)}2e`, 'hex');
  expect(() => readPickle(bytes, 'test')).toThrow('not a pickle');
});

const python = pythonWithNumpy();

test.skipIf(python === undefined)('Python loads what is written to equal types and values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'liae-'));
  try {
    for (const protocol of [3, 4] as const) {
      const file = join(folder, `everything.${protocol}`);
      writeFileSync(file, join1(writePickle(everything, protocol)));
      const [found] = pythonReads(python!, [file]);
      expect(found).toEqual({ protocol, pickle: describe(everything) });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(python === undefined)("Python and this reader find the same in DeepFaceLab's own files", () => {
  for (const name of ['tiny_SAEHD_encoder.npy', 'tiny_SAEHD_src_dst_opt.npy', 'tiny_SAEHD_data.dat', 'SAEHD_default_options.dat']) {
    const [found] = pythonReads(python!, [join(files, name)]);
    expect(describe(readPickle(golden(name), name))).toEqual(found!.pickle);
  }
});

function caught(action: () => unknown): LiaeError {
  try {
    action();
  } catch (error) {
    if (error instanceof LiaeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** An array float32[4] of 8 bytes. */
function misfit(): Uint8Array {
  const bytes = Buffer.from(join1(writePickle(pyArray('f4', [2], [1, 2]), 3)));
  const at = bytes.indexOf(Buffer.from('4b014b0285', 'hex'));
  bytes[at + 3] = 4;
  return bytes;
}
