/**
 * CBOR as far as content credentials use it. Written values have definite lengths and shortest heads; read values come from strangers, so that
 * every length is held against the bytes that are left before anything is allocated. Source: RFC 8949.
 */
import { FormatError } from '../../../base/index.ts';

/** What is read: maps are always Map. What is written may also be a plain object, whose keys become text. */
export type Cbor = number | bigint | string | boolean | null | Uint8Array | Tagged | readonly Cbor[] | ReadonlyMap<Cbor, Cbor>;
export type CborInput = Cbor | readonly CborInput[] | { readonly [key: string]: CborInput | undefined } | ReadonlyMap<CborInput, CborInput>;

export class Tagged {
  readonly tag: number;
  readonly value: Cbor;

  constructor(tag: number, value: Cbor) {
    this.tag = tag;
    this.value = value;
  }
}

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;
const INDEFINITE = 31;
const deepest = 64;

/** Fields of a plain object that are undefined are left out. */
export function writeCbor(value: CborInput): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return new Uint8Array(Buffer.concat(parts));
}

function write(value: CborInput, parts: Uint8Array[]): void {
  if (value === null || typeof value === 'boolean') parts.push(Uint8Array.of((SIMPLE << 5) | (value === null ? 22 : value ? 21 : 20)));
  else if (typeof value === 'bigint') writeInteger(value, parts);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writeInteger(BigInt(value), parts);
    else {
      const float = new DataView(new ArrayBuffer(9));
      float.setUint8(0, (SIMPLE << 5) | 27);
      float.setFloat64(1, value);
      parts.push(new Uint8Array(float.buffer));
    }
  } else if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    parts.push(head(TEXT, BigInt(bytes.length)), bytes);
  } else if (value instanceof Uint8Array) parts.push(head(BYTES, BigInt(value.length)), value);
  else if (value instanceof Tagged) {
    parts.push(head(TAG, BigInt(value.tag)));
    write(value.value, parts);
  } else if (isArray(value)) {
    parts.push(head(ARRAY, BigInt(value.length)));
    for (const item of value) write(item, parts);
  } else {
    const entries: (readonly [CborInput, CborInput | undefined])[] = value instanceof Map ? [...value] : Object.entries(value);
    const given = entries.filter((entry): entry is [CborInput, CborInput] => entry[1] !== undefined);
    parts.push(head(MAP, BigInt(given.length)));
    for (const [key, item] of given) {
      write(key, parts);
      write(item, parts);
    }
  }
}

const isArray = (value: CborInput): value is readonly CborInput[] => Array.isArray(value);

const writeInteger = (value: bigint, parts: Uint8Array[]): void => {
  parts.push(value < 0n ? head(NEGATIVE, -1n - value) : head(UNSIGNED, value));
};

function head(major: number, value: bigint): Uint8Array {
  if (value < 24n) return Uint8Array.of((major << 5) | Number(value));
  const width = value < 0x100n ? 1 : value < 0x1_0000n ? 2 : value < 0x1_0000_0000n ? 4 : 8;
  const bytes = new Uint8Array(1 + width);
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  for (let i = 0; i < width; i++) bytes[width - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

/**
 * One value that fills the bytes.
 *
 * @param name what errors call it.
 * @throws FormatError if the bytes are not CBOR, end early, go on behind the value or are nested too deep.
 */
export function readCbor(bytes: Uint8Array, name: string): Cbor {
  const reader = new Reader(bytes, name);
  const value = reader.value(0);
  if (reader.at !== bytes.length) reader.bad(`${bytes.length - reader.at} bytes after the value`);
  return value;
}

class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly name: string;
  at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.name = name;
  }

  bad(found: string): never {
    throw new FormatError(`${this.name}: damaged CBOR`, { found: `${found}, at byte ${this.at}` });
  }

  take(length: number): number {
    if (length > this.bytes.length - this.at) this.bad(`${length} bytes wanted, ${this.bytes.length - this.at} left`);
    this.at += length;
    return this.at - length;
  }

  value(depth: number): Cbor {
    if (depth > deepest) this.bad(`nested deeper than ${deepest}`);
    const initial = this.bytes[this.take(1)]!;
    const major = initial >> 5;
    const info = initial & 31;
    if (major === SIMPLE) return this.simple(info);
    if (info === INDEFINITE) return this.indefinite(major, depth);
    const argument = this.argument(info);
    if (major === UNSIGNED) return argument;
    if (major === NEGATIVE) return typeof argument === 'bigint' ? -1n - argument : -1 - argument;
    const length = Number(argument);
    if (major === BYTES || major === TEXT) return this.string(major, length);
    if (major === TAG) return new Tagged(length, this.value(depth + 1));
    // An item takes a byte at least, so that no count can be larger than what is left.
    if (length > this.bytes.length - this.at) this.bad(`${length} items announced`);
    if (major === ARRAY) {
      const items: Cbor[] = []; // grows with what is there, not with what is announced
      while (items.length < length) items.push(this.value(depth + 1));
      return items;
    }
    return this.entries(depth, () => length);
  }

  entries(depth: number, end: () => number): Cbor {
    const map = new Map<Cbor, Cbor>();
    for (let i = 0; i < end(); i++) {
      const key = this.value(depth + 1);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) this.bad(`additional information ${info}`);
    const at = this.take(2 ** (info - 24));
    if (info === 24) return this.view.getUint8(at);
    if (info === 25) return this.view.getUint16(at);
    if (info === 26) return this.view.getUint32(at);
    const wide = this.view.getBigUint64(at);
    return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
  }

  string(major: number, length: number): Cbor {
    const at = this.take(length);
    const bytes = this.bytes.slice(at, at + length);
    return major === BYTES ? bytes : new TextDecoder().decode(bytes);
  }

  /** A string in pieces, or an array or map up to a stop code. */
  indefinite(major: number, depth: number): Cbor {
    const stopped = (): boolean => {
      if (this.at >= this.bytes.length) this.bad('no end');
      if (this.bytes[this.at] !== 0xff) return false;
      this.at++;
      return true;
    };
    if (major === ARRAY) {
      const items: Cbor[] = [];
      while (!stopped()) items.push(this.value(depth + 1));
      return items;
    }
    if (major === MAP) return this.entries(depth, () => (stopped() ? 0 : Number.POSITIVE_INFINITY));
    if (major !== BYTES && major !== TEXT) this.bad(`indefinite length of major type ${major}`);
    const pieces: Uint8Array[] = [];
    while (!stopped()) {
      const initial = this.bytes[this.take(1)]!;
      if (initial >> 5 !== major || (initial & 31) === INDEFINITE) this.bad('a piece of another type');
      const length = Number(this.argument(initial & 31));
      const at = this.take(length);
      pieces.push(this.bytes.subarray(at, at + length));
    }
    const whole = new Uint8Array(Buffer.concat(pieces));
    return major === BYTES ? whole : new TextDecoder().decode(whole);
  }

  simple(info: number): Cbor {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null; // null, undefined
    if (info === 25) return half(this.view.getUint16(this.take(2)));
    if (info === 26) return this.view.getFloat32(this.take(4));
    if (info === 27) return this.view.getFloat64(this.take(8));
    return this.bad(`simple value ${info}`);
  }
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** A field of a map; undefined if this is no map or has none. */
export const field = (value: Cbor | undefined, key: string | number): Cbor | undefined =>
  value instanceof Map ? (value as ReadonlyMap<Cbor, Cbor>).get(key) : undefined;

export const textOf = (value: Cbor | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
export const bytesOf = (value: Cbor | undefined): Uint8Array | undefined => (value instanceof Uint8Array ? value : undefined);
export const listOf = (value: Cbor | undefined): readonly Cbor[] => (Array.isArray(value) ? value : []);
/** A whole number from 0 that JavaScript holds exactly. */
export const countOf = (value: Cbor | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
