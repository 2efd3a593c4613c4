/**
 * Just enough of the WebAssembly binary format to write one short function with SIMD by hand: instructions by their names, and a module
 * around a body. Source: WebAssembly Core Specification 2.0, chapter 5.
 */

export type Code = readonly number[];

const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

function signed(value: number): Code {
  const low = value & 127;
  const rest = value >> 7;
  const done = (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0);
  return done ? [low] : [low | 128, ...signed(rest)];
}

const memory = (code: Code, offset: number): Code => [...code, 0, ...unsigned(offset)];
const simd = (code: number): Code => [0xfd, ...unsigned(code)];

/** Instructions work on a stack: operands come first, as in x, y, add. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
export const i32 = {
  add: [0x6a],
  mul: [0x6c],
  and: [0x71],
  shiftRight: [0x76],
  less: [0x48],
  load: (offset: number): Code => memory([0x28], offset),
};
/** Four floats at once. */
export const f32x4 = {
  add: simd(0xe4),
  mul: simd(0xe6),
  /** The lesser (greater) of two, by one comparison: for operands that are no NaN. */
  lesser: simd(0xea),
  greater: simd(0xeb),
  load: (offset: number): Code => memory(simd(0), offset),
  /** One float, four times. */
  splat: (offset: number): Code => memory(simd(9), offset),
  store: (offset: number): Code => memory(simd(11), offset),
};
/** Repeats its body while the value that the body leaves is not 0. */
export const repeat = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, 0x0b];

/** Numbers of locals after the parameter: first integers, then vectors. */
export interface Locals {
  readonly i32: number;
  readonly v128: number;
}

/** A module that exports `run(parameter: i32)` over an imported memory "m" "m". */
export function moduleOf(body: Code, locals: Locals): Uint8Array {
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const text = (name: string): Code => [name.length, ...Array.from(name, (c) => c.charCodeAt(0))];
  const code = [2, ...unsigned(locals.i32), 0x7f, ...unsigned(locals.v128), 0x7b, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]), // one type: i32 → nothing
    ...section(2, [1, ...text('m'), ...text('m'), 2, 0, 1]), // the memory, of at least one page
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('run'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
