/** What tests share: the golden vectors, and comparison that reports the worst element. */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { readSafetensors, type StoredTensor } from '../src/base/index.ts';
import { compare, type Tolerance } from '../src/golden/case.ts';

export const goldenFolder = new URL('./golden/', import.meta.url);

/** Arrays of a golden file, by name. */
export async function golden(file: string): Promise<ReadonlyMap<string, StoredTensor>> {
  return readSafetensors(await readFile(new URL(file, goldenFolder)), file).tensors;
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Partial<Tolerance>): void {
  const check = compare('array', actual, expected, { abs: 0, rel: 0, ...tolerance });
  expect(check.ok, check.detail).toBe(true);
}
