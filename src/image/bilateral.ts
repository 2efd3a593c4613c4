/**
 * The bilateral filter on three-channel float images, as OpenCV's bilateralFilter with a diameter that follows from sigmaSpace:
 * circular window of radius round(1.5·sigmaSpace), colour distance |Δb| + |Δg| + |Δr|, border reflect-101. Four pixels at a time.
 */
import { reflect101 } from './blur.ts';
import { type FloatImage, floatImage } from './image.ts';
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine } from './wasmCode.ts';

/** Bytes of a tap in the list: its offset in bytes, its weight. */
const TAP = 8;

export function bilateralFilter(image: FloatImage, sigmaColor: number, sigmaSpace: number, simd: Simd): FloatImage {
  const { width, height } = image;
  const radius = Math.max(1, Math.round(1.5 * sigmaSpace));
  const stride = width + 2 * radius;
  const plane = stride * (height + 2 * radius) + 4;
  const taps = circle(radius, stride, sigmaSpace);
  const [list, from, to] = simd.layout(taps.length * 2, plane * 3, (width + 4) * 3);
  const [offsets, weights] = [simd.integers(list, taps.length * 2), simd.floats(list, taps.length * 2)];
  for (const [k, { offset, weight }] of taps.entries()) [offsets[k * 2], weights[k * 2 + 1]] = [offset * 4, weight];
  pad(image, radius, simd.floats(from, plane * 3), plane);
  const out = floatImage(width, height, 3);
  const results = simd.floats(to, (width + 4) * 3);
  const run = simd.run(filterRow);
  for (let y = 0; y < height; y++) {
    const at = from + ((y + radius) * stride + radius) * 4;
    run(at, plane * 4, list, taps.length * TAP, to, (width + 4) * 4, width * 4, Math.LOG2E / (2 * sigmaColor * sigmaColor));
    for (let c = 0; c < 3; c++) {
      const row = results.subarray(c * (width + 4));
      for (let x = 0, p = y * width * 3 + c; x < width; x++, p += 3) out.data[p] = row[x]!;
    }
  }
  return out;
}

/** Channels as planes, with their mirrored border. */
function pad({ width, height, data }: FloatImage, radius: number, to: Float32Array, plane: number): void {
  const columns = Int32Array.from({ length: width + 2 * radius }, (_, x) => reflect101(x - radius, width) * 3);
  for (let y = 0, o = 0; y < height + 2 * radius; y++) {
    const row = reflect101(y - radius, height) * width * 3;
    for (let x = 0; x < columns.length; x++, o++) {
      const p = row + columns[x]!;
      to[o] = data[p]!;
      to[o + plane] = data[p + 1]!;
      to[o + 2 * plane] = data[p + 2]!;
    }
  }
}

/** The taps inside the circle: where they are, and exp(−r²/2σ²). */
function circle(radius: number, stride: number, sigma: number): { readonly offset: number; readonly weight: number }[] {
  const taps: { offset: number; weight: number }[] = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (Math.sqrt(x * x + y * y) > radius) continue;
      taps.push({ offset: y * stride + x, weight: Math.exp((-0.5 * (x * x + y * y)) / (sigma * sigma)) });
    }
  }
  return taps;
}

/** 2^x for −½…½ within 1.1e-7 of itself, the highest power first: interpolated at Chebyshev's points. */
const powers = [0.001339086336, 0.009676031918, 0.055503571142, 0.240221074853, 0.693147188026, 1] as const;

/** 2^−t for t ≥ 0; where it would be below the smallest normal number, that one. */
function powerOfHalf(t: Local, whole: Local, fraction: Local): { readonly code: Code; readonly value: Code } {
  const [highest, ...lower] = powers.map((power) => f32x4.splatConstant(power)) as [Code, ...Code[]];
  const exponent = i32x4.shiftLeft(i32x4.subtract(i32x4.splat(constant(127)), i32x4.fromFloats(whole.get)), 23);
  return {
    code: [
      ...t.set(f32x4.lesser(t.get, f32x4.splatConstant(126))),
      ...whole.set(f32x4.nearest(t.get)),
      ...fraction.set(f32x4.subtract(whole.get, t.get)),
    ],
    value: f32x4.mul(
      lower.reduce((sum, power) => f32x4.add(f32x4.mul(sum, fraction.get), power), highest),
      exponent,
    ),
  };
}

/** A row of results as planes `outPlane` bytes apart; `scale` turns squared distances into powers of one half. */
const filterRow: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  body(locals, from, plane, taps, bytes, out, outPlane, count, scale) {
    const [x, k, address, target] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [centres, values, sums] = [locals.many('v128', 3), locals.many('v128', 3), locals.many('v128', 3)];
    const [total, t, whole, fraction, weight, factor] = locals.many('v128', 6) as [Local, Local, Local, Local, Local, Local];
    const planes = (at: Local, into: readonly Local[]): Code =>
      into.flatMap((local, c) => [...local.set(f32x4.load(at.get)), ...(c === 2 ? [] : at.set(i32.add(at.get, plane.get)))]);
    const distance = values
      .map((value, c) => f32x4.absolute(f32x4.subtract(value.get, centres[c]!.get)))
      .reduce((sum, part) => f32x4.add(sum, part));
    const half = powerOfHalf(t, whole, fraction);
    const tap = i32.add(taps.get, k.get);
    return [
      ...factor.set(f32x4.splat(scale.get)),
      ...loop(x, count.get, constant(16), [
        ...address.set(i32.add(from.get, x.get)),
        ...planes(address, centres),
        ...[total, ...sums].flatMap((sum) => sum.set(f32x4.splatConstant(0))),
        ...k.set(constant(0)),
        ...loop(k, bytes.get, constant(TAP), [
          ...address.set(i32.add(from.get, x.get, i32.load(tap))),
          ...planes(address, values),
          ...t.set(distance),
          ...t.set(f32x4.mul(f32x4.mul(t.get, t.get), factor.get)),
          ...half.code,
          ...weight.set(f32x4.mul(half.value, f32x4.loadSplat(tap, 4))),
          ...total.set(f32x4.add(total.get, weight.get)),
          ...sums.flatMap((sum, c) => sum.set(f32x4.add(sum.get, f32x4.mul(values[c]!.get, weight.get)))),
        ]),
        ...target.set(i32.add(out.get, x.get)),
        ...sums.flatMap((sum) => [
          ...f32x4.store(target.get, f32x4.divide(sum.get, total.get)),
          ...target.set(i32.add(target.get, outPlane.get)),
        ]),
      ]),
    ];
  },
};
