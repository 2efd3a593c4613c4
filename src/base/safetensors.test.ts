import { expect, test } from 'vitest';
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';

const file = (): Uint8Array<ArrayBuffer> => {
  const tensors: [string, StoredTensor][] = [
    ['bytes', { kind: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ['floats', { kind: 'F32', shape: [2, 1], data: Float32Array.of(0.5, -2) }],
    ['counts', { kind: 'I64', shape: [], data: BigInt64Array.of(7n) }],
  ];
  const pieces = writeSafetensors(tensors, { made: 'here' });
  const all = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
};

test('what is written is read again, also where the file lies unaligned in a buffer', () => {
  const bytes = file();
  for (const shift of [0, 1, 2, 3]) {
    const buffer = Buffer.alloc(bytes.length + 8);
    buffer.set(bytes, shift);
    const { tensors, metadata } = readSafetensors(buffer.subarray(shift, shift + bytes.length), 'x');
    expect(metadata).toEqual({ made: 'here' });
    expect(tensors.get('floats')).toEqual({ kind: 'F32', shape: [2, 1], data: Float32Array.of(0.5, -2) });
    expect(tensors.get('counts')!.data).toEqual(BigInt64Array.of(7n));
    expect([...tensors.get('bytes')!.data]).toEqual([1, 2, 3]);
  }
});

test('a file that claims more than it has is refused', () => {
  const bytes = file();
  expect(() => readSafetensors(bytes.subarray(0, bytes.length - 1), 'cut.safetensors')).toThrow('cut.safetensors');
  const long = bytes.slice();
  new DataView(long.buffer).setBigUint64(0, 1n << 60n, true);
  expect(() => readSafetensors(long, 'x')).toThrow('not a valid safetensors file');
  expect(() => readSafetensors(new Uint8Array(4), 'x')).toThrow('not a valid safetensors file');
});
