import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../base/index.ts';
import { readWeights } from './weightsFile.ts';

const folder = await mkdtemp(join(tmpdir(), 'liae-weights-'));

test('half precision and gzip are read to the exact float32 values', async () => {
  // bits of 1, −2, 65504 (the largest), 2⁻²⁴ (the smallest), 0.333251953125
  const data = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555);
  const file = Buffer.concat(writeSafetensors([['a/weight', { kind: 'F16', shape: [5], data }]]));
  const path = join(folder, 'half.safetensors.gz');
  await writeFile(path, gzipSync(file));
  expect(await readWeights(path)).toEqual(
    new Map([['a/weight', { shape: [5], data: Float32Array.of(1, -2, 65504, 2 ** -24, 0.333251953125) }]]),
  );
});

test('what is not there, whole, or weights is said', async () => {
  await expect(readWeights(join(folder, 'none'))).rejects.toThrow('not there');
  await expect(readWeights(folder)).rejects.toThrow('no saved model here');
  const torn = join(folder, 'torn.gz');
  await writeFile(torn, gzipSync(Buffer.alloc(1000)).subarray(0, 20));
  await expect(readWeights(torn)).rejects.toThrow('damaged gzip file');
  const words = join(folder, 'words.safetensors');
  await writeFile(words, Buffer.concat(writeSafetensors([['a', { kind: 'I32', shape: [1], data: Int32Array.of(1) }]])));
  await expect(readWeights(words)).rejects.toThrow('not a tensor of floating-point numbers');
});
