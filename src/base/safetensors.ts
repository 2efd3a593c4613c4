/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then raw little-endian arrays.
 * Nothing in a file can execute. Every offset is checked before it is used, and arrays are views where alignment allows.
 * Source: the format description of the safetensors project (huggingface, Apache-2.0).
 */
import { FormatError } from './errors.ts';
import { type Shape, sizeOf } from './tensor.ts';

const kinds = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U32: Uint32Array,
  /** Half precision, as its bits. */
  F16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type ArrayKind = keyof typeof kinds;
export type StoredArray = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

export interface StoredTensor {
  readonly kind: ArrayKind;
  readonly shape: Shape;
  readonly data: StoredArray;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const MAX_HEADER_BYTES = 100_000_000; // the limit of the reference implementation

/**
 * Reads a whole file. Arrays share the memory of `bytes` where they are aligned.
 *
 * @param name what errors call the file.
 * @throws FormatError if the header is not valid, or an array lies outside the file or overlaps another.
 */
export function readSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const bad = (found: string): never => {
    throw new FormatError(`${name}: not a valid safetensors file`, { found, next: 'restore the file from a backup' });
  };
  if (bytes.length < 8) bad(`${bytes.length} bytes, fewer than the 8 of the header length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || headerLength > bytes.length - 8) {
    bad(`a header of ${headerLength} bytes in a file of ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)));
  } catch (cause) {
    bad(`a header that is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) bad('a header that is not an object');
  const start = 8 + headerLength;
  const tensors = new Map<string, StoredTensor>();
  const ranges: [number, number][] = [];
  let metadata: Record<string, string> = {};
  for (const [key, entry] of Object.entries(header as Record<string, unknown>)) {
    if (key === '__metadata__') {
      metadata = stringsOf(entry) ?? bad('metadata that is not a table of strings');
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    if (typeof dtype !== 'string' || !Object.hasOwn(kinds, dtype)) bad(`${key}: element type ${JSON.stringify(dtype)}`);
    const kind = dtype as ArrayKind;
    if (!isCounts(shape) || shape.length > 16) bad(`${key}: shape ${JSON.stringify(shape)}`);
    if (!isCounts(offsets) || offsets.length !== 2) bad(`${key}: offsets ${JSON.stringify(offsets)}`);
    const [from, to] = offsets as [number, number];
    const elements = sizeOf(shape as Shape);
    const width = kinds[kind].BYTES_PER_ELEMENT;
    if (to < from || to > bytes.length - start || to - from !== elements * width) {
      bad(`${key}: bytes ${from}…${to} for ${elements} elements of ${width} bytes, in ${bytes.length - start} bytes of data`);
    }
    if (to > from) ranges.push([from, to]);
    tensors.set(key, { kind, shape: shape as Shape, data: arrayAt(bytes, kind, start + from, elements) });
  }
  ranges.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < ranges.length; i++) if (ranges[i]![0] < ranges[i - 1]![1]) bad('arrays that overlap');
  return { tensors, metadata };
}

/**
 * The file as pieces to be written one after another, so that no second copy of the arrays is made. Arrays are ordered by element
 * width and 8-byte aligned, as the reference implementation does; keys keep their order within a width.
 */
export function writeSafetensors(tensors: Iterable<readonly [string, StoredTensor]>, metadata?: Record<string, string>): Uint8Array[] {
  const entries = [...tensors].sort((a, b) => kinds[b[1].kind].BYTES_PER_ELEMENT - kinds[a[1].kind].BYTES_PER_ELEMENT);
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let offset = 0;
  for (const [key, { kind, shape, data }] of entries) {
    header[key] = { dtype: kind, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = JSON.stringify(header);
  const encoded = new TextEncoder().encode(text);
  const padded = new Uint8Array(8 + Math.ceil(encoded.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(encoded, 8);
  return [padded, ...entries.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** The values of a tensor as float32. @throws FormatError if it holds neither F32, F16 nor F64. */
export function floatsOf({ kind, data }: StoredTensor, name: string): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  if (kind === 'F16' && data instanceof Uint16Array) return Float32Array.from(data, halfValue);
  throw new FormatError(`${name}: not a tensor of floating-point numbers`, { found: kind, expected: 'F32, F16 or F64' });
}

/** IEEE 754 half precision: sign, 5 bits of exponent, 10 of fraction. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function arrayAt(bytes: Uint8Array, kind: ArrayKind, at: number, elements: number): StoredArray {
  const Kind = kinds[kind];
  const offset = bytes.byteOffset + at;
  if (offset % Kind.BYTES_PER_ELEMENT === 0) return new Kind(bytes.buffer as ArrayBuffer, offset, elements);
  const copy = new Uint8Array(bytes.subarray(at, at + elements * Kind.BYTES_PER_ELEMENT)); // slice() of a Node Buffer would be a view
  return new Kind(copy.buffer, 0, elements);
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);

function stringsOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value);
  return entries.every((e): e is [string, string] => typeof e[1] === 'string') ? Object.fromEntries(entries) : undefined;
}
