/** What tests share: the golden vectors, and comparison that reports the worst element. */
import { expect } from 'vitest';
import { compare, type Tolerance } from '../src/golden/case.ts';

export const goldenFolder = new URL('./golden/', import.meta.url);

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Partial<Tolerance>): void {
  const check = compare('array', actual, expected, { abs: 0, rel: 0, ...tolerance });
  expect(check.ok, check.detail).toBe(true);
}
