/** Reads the pictures, matrices and numbers of golden cases about images; *_u8 arrays hold bytes that stand for 0…1. */
import { FormatError, type StoredTensor } from '../base/index.ts';
import { type Affine, type FloatImage, floatFromBytes } from '../image/index.ts';
import type { Check, GoldenCase, Tolerance } from './case.ts';
import { compare } from './case.ts';

export function arrayOf(golden: GoldenCase, name: string): StoredTensor {
  const tensor = golden.arrays.tensors.get(name);
  if (tensor === undefined) throw new FormatError(`${golden.name}: no array ${name}`, { next: 'copy the golden vectors again' });
  return tensor;
}

export const hasArray = (golden: GoldenCase, name: string): boolean => golden.arrays.tensors.has(name);

/** Numbers of any stored kind as float64. */
export const numbersOf = (golden: GoldenCase, name: string): Float64Array => Float64Array.from(arrayOf(golden, name).data, Number);

/** An array [h, w, c] of bytes or floats as a float image. */
export function pictureOf(golden: GoldenCase, name: string): FloatImage {
  const { shape, data } = arrayOf(golden, name);
  const [height = 0, width = 0, channels = 0] = shape;
  if (data instanceof Uint8Array) return floatFromBytes({ width, height, channels, data });
  return { width, height, channels, data: Float32Array.from(data, Number) };
}

export function affineOf(golden: GoldenCase, name: string): Affine {
  const [a = 0, b = 0, tx = 0, c = 0, d = 0, ty = 0] = numbersOf(golden, name);
  return [a, b, tx, c, d, ty];
}

/** The entries of the index's item list. */
export function itemsOf(golden: GoldenCase): readonly Readonly<Record<string, unknown>>[] {
  const { items } = golden.index;
  if (!Array.isArray(items)) throw new FormatError(`${golden.name}: no list of items`, { next: 'copy the golden vectors again' });
  return items as Readonly<Record<string, unknown>>[];
}

export function numberOf(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number') throw new FormatError(`golden index: ${key} is not a number`, { found: JSON.stringify(value) });
  return value;
}

export function textOf(record: Readonly<Record<string, unknown>>, key: string): string {
  const value = record[key];
  if (typeof value !== 'string') throw new FormatError(`golden index: ${key} is not a text`, { found: JSON.stringify(value) });
  return value;
}

/** Holds a computed image against the stored array of this name. */
export const check = (golden: GoldenCase, name: string, actual: ArrayLike<number>, tolerance: Partial<Tolerance>): Check =>
  compare(name, actual, numbersOf(golden, name), { abs: 0, rel: 0, ...tolerance });
