/**
 * Just enough of the WebAssembly binary format to write short functions with SIMD: instructions take their operands as code, as in
 * f32x4.add(a.get, b.get), locals are asked for by kind, and a module holds one function over an imported memory.
 * Source: WebAssembly Core Specification 2.0, chapter 5.
 */

export type Code = readonly number[];

const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

function signed(value: number): Code {
  const low = value & 127;
  const rest = value >> 7;
  const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0);
  return done ? [low] : [low | 128, ...signed(rest)];
}

/** Long lists are joined by a built-in function: as a literal of spread lists each number would count towards the literal's being compiled. */
const joined = (...parts: readonly Code[]): Code => ([] as Code).concat(...parts);

const after =
  (code: Code) =>
  (...operands: readonly Code[]): Code =>
    joined(...operands, code);
const simd = (code: number): Code => [0xfd, ...unsigned(code)];
const unary = (code: Code) => (a: Code) => after(code)(a);
const binary = (code: Code) => (a: Code, b: Code) => after(code)(a, b);
/** Loads at an address and a fixed offset; stores also take what is stored. Alignment is not promised. */
const load =
  (code: Code) =>
  (address: Code, offset = 0): Code => [...address, ...code, 0, ...unsigned(offset)];
const store =
  (code: Code) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...code, 0, ...unsigned(offset)];

/** Replaces a lane of a vector by what lies at an address. */
const loadLane =
  (code: Code) =>
  (address: Code, into: Code, lane: number, offset = 0): Code => [...address, ...into, ...code, 0, ...unsigned(offset), lane];
/** Stores a lane of a vector. */
const storeLane =
  (code: Code) =>
  (address: Code, value: Code, lane: number, offset = 0): Code => [...address, ...value, ...code, 0, ...unsigned(offset), lane];

export const constant = (value: number): Code => [0x41, ...signed(value)];

const add = binary([0x6a]);
export const i32 = {
  add: (...terms: readonly Code[]): Code => terms.reduce((sum, term) => add(sum, term)),
  subtract: binary([0x6b]),
  mul: binary([0x6c]),
  and: binary([0x71]),
  or: binary([0x72]),
  /** Arithmetic shift. */
  shiftRight: binary([0x75]),
  shiftLeft: binary([0x74]),
  /** 1 where a < b as signed numbers, else 0. */
  less: binary([0x48]),
  greater: binary([0x4a]),
  isZero: unary([0x45]),
  same: binary([0x46]),
  /** A float cut towards zero. */
  fromFloat: unary([0xa8]),
  fromDouble: unary([0xaa]),
  load: load([0x28]),
  loadByte: load([0x2d]),
  /** 16 bits without a sign. */
  loadWord: load([0x2f]),
  store: store([0x36]),
};

/** Four integers at once. */
export const i32x4 = {
  add: binary(simd(0xae)),
  mul: binary(simd(0xb5)),
  subtract: binary(simd(0xb1)),
  lesser: binary(simd(0xb6)),
  /** Arithmetic shift by a fixed number of bits. */
  shiftRight: (a: Code, bits: number): Code => [...a, ...constant(bits), ...simd(0xac)],
  shiftLeft: (a: Code, bits: number): Code => [...a, ...constant(bits), ...simd(0xab)],
  splat: unary(simd(0x11)),
  /** Of the signed 16-bit numbers in the lower half. */
  extendLow: unary(simd(0xa7)),
  extendHigh: unary(simd(0xa8)),
  /** Sums of neighbouring products of eight 16-bit numbers each. */
  dot: binary(simd(0xba)),
  lane: (a: Code, lane: number): Code => [...a, ...simd(0x1b), lane],
  /** Floats cut towards zero. */
  fromFloats: unary(simd(0xf8)),
  shiftRightUnsigned: (a: Code, bits: number): Code => [...a, ...constant(bits), ...simd(0xad)],
  /** All bits where a and b differ, else none. */
  differ: binary(simd(0x38)),
  /** The upper bit of each as one of four bits. */
  upperBits: unary(simd(0xa4)),
};

/** Eight unsigned integers of 16 bits at once. */
export const u16x8 = {
  add: binary(simd(0x8e)),
  /** Of the bytes in the lower (upper) half. */
  fromBytesLow: unary(simd(0x89)),
  fromBytesHigh: unary(simd(0x8a)),
  lesser: binary(simd(0x97)),
  greater: binary(simd(0x99)),
  splat: unary(simd(0x10)),
  /** Products of the lower (upper) four of each, as 32 bits. */
  mulLow: binary(simd(0xbe)),
  mulHigh: binary(simd(0xbf)),
  /** Eight integers of 32 bits, none above 65535. */
  narrow: binary(simd(0x86)),
  /** The lower (upper) four as 32 bits. */
  extendLow: unary(simd(0xa9)),
  extendHigh: unary(simd(0xaa)),
};

const bytesOf = (value: number): Code => [...new Uint8Array(Float32Array.of(value).buffer)];

/** One float. */
export const f32 = {
  mul: binary([0x94]),
  divide: binary([0x95]),
  fromInteger: unary([0xb2]),
  fromDouble: unary([0xb6]),
  store: store([0x38]),
  constant: (value: number): Code => [0x43, ...bytesOf(value)],
};

/** Four floats at once. */
export const f32x4 = {
  add: binary(simd(0xe4)),
  subtract: binary(simd(0xe5)),
  mul: binary(simd(0xe6)),
  divide: binary(simd(0xe7)),
  /** The lesser (greater) of two, by one comparison: for operands that are no NaN. */
  lesser: binary(simd(0xea)),
  greater: binary(simd(0xeb)),
  absolute: unary(simd(0xe0)),
  nearest: unary(simd(0x6a)),
  truncate: unary(simd(0x69)),
  fromIntegers: unary(simd(0xfa)),
  splat: unary(simd(0x13)),
  splatConstant: (value: number): Code => [...simd(12), ...[0, 1, 2, 3].flatMap(() => bytesOf(value))],
  constants: (values: readonly [number, number, number, number]): Code => [...simd(12), ...values.flatMap(bytesOf)],
  load: load(simd(0)),
  /** One float, four times. */
  loadSplat: load(simd(9)),
  store: store(simd(11)),
};

const doubleBytes = (value: number): Code => [...new Uint8Array(Float64Array.of(value).buffer)];

/** One float of 64 bits. */
export const f64 = {
  add: binary([0xa0]),
  mul: binary([0xa2]),
  divide: binary([0xa3]),
  fromInteger: unary([0xb7]),
  constant: (value: number): Code => [0x44, ...doubleBytes(value)],
  load: load([0x2b]),
  store: store([0x39]),
};

/** Two floats of 64 bits at once: JavaScript's numbers, so that results are the same to the last bit. */
export const f64x2 = {
  add: binary(simd(0xf0)),
  subtract: binary(simd(0xf1)),
  mul: binary(simd(0xf2)),
  divide: binary(simd(0xf3)),
  /** The lesser (greater) of two, by one comparison: for operands that are no NaN. */
  lesser: binary(simd(0xf6)),
  greater: binary(simd(0xf7)),
  floor: unary(simd(0x75)),
  /** All bits where a < b (a > b), else none. */
  less: binary(simd(0x49)),
  more: binary(simd(0x4a)),
  splat: unary(simd(0x14)),
  splatConstant: (value: number): Code => f64x2.pairConstant(value, value),
  pairConstant: (a: number, b: number): Code => [...simd(12), ...doubleBytes(a), ...doubleBytes(b)],
  pair: (a: Code, b: Code): Code => [...a, ...simd(0x14), ...b, ...simd(0x22), 1],
  first: (a: Code): Code => [...a, ...simd(0x21), 0],
  second: (a: Code): Code => [...a, ...simd(0x21), 1],
  /** Of the lower two integers (floats of 32 bits). */
  fromIntegers: unary(simd(0xfe)),
  fromFloats: unary(simd(0x5f)),
  /** As the lower two floats of 32 bits; the others are 0. */
  toFloats: unary(simd(0x5e)),
  /** Whole numbers from 0 to below 2^31 as integers, in lanes 0 and 2: they stand in the lower bits of the sum with 2^52. */
  asIntegers: (whole: Code): Code => f64x2.add(whole, f64x2.splatConstant(2 ** 52)),
};

/** Any four numbers of 32 bits. */
export const v128 = {
  load: load(simd(0)),
  /** The lower one (two) from memory, the others 0. */
  loadOne: load(simd(0x5c)),
  loadTwo: load(simd(0x5d)),
  store: store(simd(11)),
  /** One of eight words of 16 bits. */
  loadWord: loadLane(simd(0x55)),
  /** One of the four (one half). */
  storeLane: storeLane(simd(0x5a)),
  storeHalf: storeLane(simd(0x5b)),
  and: binary(simd(0x4e)),
  /** Bits of a that b does not have. */
  andNot: binary(simd(0x4f)),
  or: binary(simd(0x50)),
  xor: binary(simd(0x51)),
  /** Lanes of a (0 … 3) and b (4 … 7) by their numbers. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...[...a, ...b, ...simd(13)],
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  ],
  /** Bytes of a (0 … 15) and b (16 … 31) by their numbers. */
  shuffleBytes: (a: Code, b: Code, bytes: readonly number[]): Code => [...a, ...b, ...simd(13), ...bytes],
  constants: (bytes: readonly number[]): Code => [...simd(12), ...bytes],
};

/** a where the condition is not 0, else b. */
export const choose = (a: Code, b: Code, condition: Code): Code => [...a, ...b, ...condition, 0x1b];
export const when = (condition: Code, body: Code): Code => joined(condition, [0x04, 0x40], body, [0x0b]);
/** For as long as the local is less than its bound, the body, then a step of the local. */
export const loop = (at: Local, bound: Code, step: Code, body: Code): Code =>
  joined(
    [0x02, 0x40, 0x03, 0x40],
    i32.isZero(i32.less(at.get, bound)),
    [0x0d, 1],
    body,
    at.set(i32.add(at.get, step)),
    [0x0c, 0, 0x0b, 0x0b],
  );

const kinds = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
type Kind = keyof typeof kinds;

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** Gives out the locals of one function. */
export class Locals {
  readonly #kinds: Kind[] = [];
  readonly #before: number;

  constructor(parameters: number) {
    this.#before = parameters;
  }

  one(kind: Kind): Local {
    const number = unsigned(this.#before + this.#kinds.push(kind) - 1);
    return { get: [0x20, ...number], set: (value) => [...value, 0x21, ...number] };
  }

  many(kind: Kind, count: number): Local[] {
    return Array.from({ length: count }, () => this.one(kind));
  }

  declared(): Code {
    return [...unsigned(this.#kinds.length), ...this.#kinds.flatMap((kind) => [1, kinds[kind]])];
  }
}

/** A function of some parameters that returns nothing; its body is written when it is first needed. */
export interface Routine {
  readonly parameters: readonly Exclude<Kind, 'v128'>[];
  readonly body: (locals: Locals, ...parameters: Local[]) => Code;
}

/** A routine's instructions within another one. */
export function inlined(locals: Locals, { parameters, body }: Routine, ...values: readonly Code[]): Code {
  const given = parameters.map((kind) => locals.one(kind));
  return joined(...given.map((local, i) => local.set(values[i]!)), body(locals, ...given));
}

/** A module that exports the routine as "run" over an imported memory "m" "m". */
export function moduleOf({ parameters, body }: Routine): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): Code => joined([id], unsigned(content.length), content);
  const text = (name: string): Code => [name.length, ...Array.from(name, (c) => c.charCodeAt(0))];
  const given = new Locals(0);
  const locals = new Locals(parameters.length);
  const instructions = body(locals, ...parameters.map((kind) => given.one(kind)));
  const code = joined(locals.declared(), instructions, [0x0b]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...unsigned(parameters.length), ...parameters.map((kind) => kinds[kind]), 0]),
    ...section(2, [1, ...text('m'), ...text('m'), 2, 0, 1]), // the memory, of at least one page
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('run'), 0, 0]),
    ...section(10, joined([1], unsigned(code.length), code)),
  ]);
}
