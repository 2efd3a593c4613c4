/**
 * The subset of FlexBuffers in which custom operators keep their options: a map from names to numbers, truth values and vectors of
 * whole numbers. It is read from its end: width and type of the root are the last two bytes.
 * Format: FlexBuffers internals, https://flatbuffers.dev/internals#flexbuffers.
 */
import { FormatError } from '../base/index.ts';

export type FlexValue = number | boolean | readonly number[];

const types = {
  int: 1,
  uint: 2,
  float: 3,
  indirectInt: 6,
  indirectUint: 7,
  indirectFloat: 8,
  map: 9,
  vector: 10,
  ints: 11,
  uints: 12,
  bool: 26,
};

const LONGEST = 4096;

/**
 * The entries of a map of options; values of other kinds (text, nested maps) are left out. A vector of vectors comes out flat.
 *
 * @param name of the file, for errors.
 * @throws FormatError if a place lies outside the bytes, or the root is no map.
 */
export function readFlexMap(bytes: Uint8Array, name: string): ReadonlyMap<string, FlexValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (found: string): never => {
    throw new FormatError(`${name}: damaged options of a custom operator`, { found });
  };
  const need = (at: number, size: number): number =>
    at >= 0 && at + size <= bytes.length ? at : fail(`bytes ${at}…${at + size} of ${bytes.length}`);
  const unsigned = (at: number, width: number): number => {
    need(at, width);
    if (width === 1) return view.getUint8(at);
    if (width === 2) return view.getUint16(at, true);
    return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
  };
  const signed = (at: number, width: number): number => {
    need(at, width);
    if (width === 1) return view.getInt8(at);
    if (width === 2) return view.getInt16(at, true);
    return width === 4 ? view.getInt32(at, true) : Number(view.getBigInt64(at, true));
  };
  const float = (at: number, width: number): number => {
    need(at, width);
    if (width < 4) return fail(`a floating-point number of ${width} bytes`);
    return width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  };
  const back = (at: number, width: number): number => need(at - unsigned(at, width), 1);
  const lengthOf = (at: number, width: number): number => {
    const length = unsigned(at - width, width);
    return length <= LONGEST ? length : fail(`a vector of ${length} elements`);
  };
  const number = (at: number, width: number, type: number, inner: number): number | undefined => {
    if (type === types.int) return signed(at, width);
    if (type === types.uint || type === types.bool) return unsigned(at, width);
    if (type === types.float) return float(at, width);
    if (type === types.indirectInt) return signed(back(at, width), inner);
    if (type === types.indirectUint) return unsigned(back(at, width), inner);
    if (type === types.indirectFloat) return float(back(at, width), inner);
    return undefined;
  };
  const value = (at: number, width: number, packed: number): FlexValue | undefined => {
    const [type, inner] = [packed >> 2, 1 << (packed & 3)];
    const plain = number(at, width, type, inner);
    if (plain !== undefined) return type === types.bool ? plain !== 0 : plain;
    if (type === types.ints || type === types.uints) {
      const start = back(at, width);
      const read = type === types.ints ? signed : unsigned;
      return Array.from({ length: lengthOf(start, inner) }, (_, i) => read(start + i * inner, inner));
    }
    if (type !== types.vector) return undefined;
    const start = back(at, width);
    const length = lengthOf(start, inner);
    const out: number[] = [];
    for (let i = 0; i < length; i++) {
      const item = unsigned(start + length * inner + i, 1);
      // One level is enough: lists of lists of numbers occur, deeper ones do not.
      const found = item >> 2 === types.vector ? undefined : value(start + i * inner, inner, item);
      if (typeof found === 'number') out.push(found);
      else if (typeof found === 'object') out.push(...found);
      if (out.length > LONGEST) fail('a vector too long');
    }
    return out;
  };

  if (bytes.length < 3) fail(`${bytes.length} bytes`);
  const [width, packed] = [bytes.at(-1)!, bytes.at(-2)!];
  if (packed >> 2 !== types.map || ![1, 2, 4, 8].includes(width)) fail(`a root of type ${packed >> 2} and width ${width}`);
  const inner = 1 << (packed & 3);
  const start = back(bytes.length - 2 - width, width);
  const length = lengthOf(start, inner);
  const keys = back(start - 3 * inner, inner);
  const keyWidth = unsigned(start - 2 * inner, inner);
  if (![1, 2, 4, 8].includes(keyWidth)) fail(`keys of width ${keyWidth}`);
  const out = new Map<string, FlexValue>();
  for (let i = 0; i < length; i++) {
    const from = back(keys + i * keyWidth, keyWidth);
    const end = bytes.indexOf(0, from);
    if (end < 0 || end - from > 256) fail('a name without an end');
    const found = value(start + i * inner, inner, unsigned(start + length * inner + i, 1));
    if (found !== undefined) out.set(new TextDecoder().decode(bytes.subarray(from, end)), found);
  }
  return out;
}
