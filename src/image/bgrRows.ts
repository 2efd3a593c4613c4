/** Rows of RGB bytes as BGR floats in 0…1 and back, four pixels at a time; the same values as dividing and multiplying one by one. */
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine, v128 } from './wasmCode.ts';

/** float32(byte) / 255 for each value of a row, whose pixels are turned around. */
export function readBgrRow(rgb: Uint8Array, to: Float32Array, start: number, simd: Simd): void {
  const [bytes, floats] = simd.layout(rgb.length / 4 + 4, rgb.length + 12);
  simd.bytes(bytes, rgb.length).set(rgb);
  simd.run(read)(bytes, floats, rgb.length * 4);
  to.set(simd.floats(floats, rgb.length), start);
}

/** Values held in 0…1, times 255 in float32, cut to whole numbers. */
export function writeBgrRow(bgr: Float32Array, to: Uint8Array, start: number, simd: Simd): void {
  const [floats, bytes] = simd.layout(bgr.length + 12, bgr.length / 4 + 4);
  simd.floats(floats, bgr.length).set(bgr);
  simd.run(write)(floats, bytes, bgr.length);
  to.set(simd.bytes(bytes, bgr.length), start);
}

/** Where the bytes of twelve floats in a row are in twelve bytes of pixels. */
const turned = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9] as const;
const ZERO = 16; // the first byte of the second operand of a shuffle
const levels = f32x4.splatConstant(255);

const read: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body(locals, from, to, bytes) {
    const [end, value] = [locals.one('i32'), locals.one('v128')];
    const four = (k: number): Code => {
      const places = turned.slice(k * 4, k * 4 + 4).flatMap((place) => [place, ZERO, ZERO, ZERO]);
      const whole = v128.shuffleBytes(value.get, f32x4.splatConstant(0), places);
      return f32x4.divide(f32x4.fromIntegers(whole), levels);
    };
    return [
      ...end.set(i32.add(to.get, bytes.get)),
      ...loop(to, end.get, constant(48), [
        ...value.set(v128.load(from.get)),
        ...[0, 1, 2].flatMap((k) => f32x4.store(to.get, four(k), k * 16)),
        ...from.set(i32.add(from.get, constant(12))),
      ]),
    ];
  },
};

const write: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body(locals, from, to, bytes) {
    const end = locals.one('i32');
    const [a, b, c] = locals.many('v128', 3) as [Local, Local, Local];
    const four = (k: number): Code => {
      const value = f32x4.load(from.get, k * 16);
      const inRange = f32x4.lesser(f32x4.greater(value, f32x4.splatConstant(0)), f32x4.splatConstant(1));
      return i32x4.fromFloats(f32x4.mul(inRange, levels));
    };
    // The lowest bytes of twelve integers: eight of the first two vectors, then four of the third.
    const two = v128.shuffleBytes(a.get, b.get, [8, 4, 0, 20, 16, 12, 0, 28, 24, 0, 0, 0, 0, 0, 0, 0]);
    const three = v128.shuffleBytes(two, c.get, [0, 1, 2, 3, 4, 5, 16, 7, 8, 28, 24, 20, 0, 0, 0, 0]);
    return [
      ...end.set(i32.add(to.get, bytes.get)),
      ...loop(to, end.get, constant(12), [
        ...[a, b, c].flatMap((local, k) => local.set(four(k))),
        ...f32x4.store(to.get, three),
        ...from.set(i32.add(from.get, constant(48))),
      ]),
    ];
  },
};
