/**
 * Square chips of light: the luminance of a signal where a transform of the unit square lies, and how much a chip's values change. Computed in
 * WebAssembly, two values at a time, each as the same formula in JavaScript's numbers.
 */
import type { Affine } from './affine.ts';
import type { PlanarImage, Plane } from './planarImage.ts';
import { Simd } from './simd.ts';
import { type Code, constant, f64, f64x2, i32, i32x4, inlined, type Local, loop, type Routine, u16x8, v128 } from './wasmCode.ts';

/** Side of a chip. */
export const CHIP = 128;

/** A luminance as a sum of a signal's numbers: a constant and a factor for each. */
export interface LightFactors {
  readonly base: number;
  readonly luma: number;
  readonly blue: number;
  readonly red: number;
}

/** One for each thread, made when it is first needed. Nothing stays in its memory. */
let simd: Simd | undefined;

/** The part of a plane that the unit square reaches, with the pixels to the right of it and below. */
interface Reach {
  readonly top: number;
  readonly bottom: number;
}

/**
 * The chip of a signal, where m · (u, v) lies for u and v in 0…1, centres of pixels at whole numbers. The luminance is the mean of samples × samples
 * bilinear readings; colour differences change slowly and count little, and are read once for each value.
 *
 * @param chip  CHIP × CHIP values.
 * @returns their sum.
 */
export function signalChip(
  { luma, blue, red }: PlanarImage,
  lumaFromUnit: Affine,
  chromaFromUnit: Affine,
  { base, luma: gain, blue: kb, red: kr }: LightFactors,
  samples: number,
  chip: Float32Array,
): number {
  simd ??= new Simd();
  const lanes = simd;
  const [light, colour] = [reachOf(lumaFromUnit, luma), reachOf(chromaFromUnit, blue)];
  const bytes = ({ top, bottom }: Reach, { width }: Plane): number => Math.ceil(((bottom - top + 1) * width) / 4) + 8; // with a row behind
  const [lumaAt, blueAt, redAt, sumsAt, out, totalAt] = lanes.layout(
    ...([bytes(light, luma), bytes(colour, blue), bytes(colour, red), CHIP * 2, CHIP * CHIP, 2] as const),
  );
  const copy = ({ width, data }: Plane, { top, bottom }: Reach, at: number): void =>
    lanes.bytes(at, (bottom - top) * width).set(data.subarray(top * width, bottom * width));
  copy(luma, light, lumaAt);
  copy(blue, colour, blueAt);
  copy(red, colour, redAt);
  const [a, b, tx, c, d, ty] = lumaFromUnit;
  const [ca, cb, ctx, cc, cd, cty] = chromaFromUnit;
  const [origin, blueOrigin] = [lumaAt - light.top * luma.width, blueAt - colour.top * blue.width];
  lanes.floats(totalAt, 2).fill(0);
  lanes.run(wholeChip)(
    ...[origin, luma.width, samples, a, b, tx, c, d, ty, luma.width - 1, luma.height - 1, sumsAt],
    ...[blueOrigin, redAt - blueAt, blue.width, ca, cb, ctx, cc, cd, cty, blue.width - 1, blue.height - 1],
    ...[base, gain, kb, kr, totalAt, out],
  );
  chip.set(lanes.floats(out, CHIP * CHIP));
  return lanes.doubles(totalAt, 1)[0]!;
}

/** Rows that the unit square reaches, with the one below. */
function reachOf([, , , c, d, ty]: Affine, { height }: Plane): Reach {
  const ys = [ty, c + ty, d + ty, c + d + ty].map((y) => Math.min(Math.max(y, 0), height - 1));
  return { top: Math.max(Math.floor(Math.min(...ys)) - 1, 0), bottom: Math.min(Math.floor(Math.max(...ys)) + 3, height) };
}

/** Variance of a chip's Laplacian, but for its edge. */
export function laplacianVariance(chip: Float32Array): number {
  simd ??= new Simd();
  const [at, sums] = simd.layout(CHIP * CHIP + 2, 4);
  simd.floats(at, CHIP * CHIP).set(chip);
  simd.floats(sums, 4).fill(0);
  simd.run(laplacians)(at + (CHIP + 1) * 4, at + ((CHIP - 1) * CHIP + 1) * 4, sums);
  const [sum, squares] = simd.doubles(sums, 2) as unknown as readonly [number, number];
  const n = (CHIP - 2) ** 2;
  return squares / n - (sum / n) ** 2;
}

/** Where the readings at two neighbours lie: (u, v) there for their two u in 0…1, within 0…limit, as whole numbers and what is left. */
function positions(locals: { many(kind: 'v128', count: number): Local[] }): {
  readonly set: (u: Local, m: readonly [Code, Code, Code], limit: Code) => Code;
  readonly at: Local;
  readonly whole: Local;
  readonly bits: Local;
} {
  const [at, whole, bits] = locals.many('v128', 3) as [Local, Local, Local];
  return {
    ...{ at, whole, bits },
    set: (u, [a, b, t], limit) => [
      ...at.set(f64x2.add(f64x2.add(f64x2.mul(f64x2.splat(a), u.get), f64x2.splat(b)), f64x2.splat(t))),
      ...at.set(f64x2.lesser(f64x2.greater(at.get, f64x2.splatConstant(0)), f64x2.splat(limit))),
      ...whole.set(f64x2.floor(at.get)),
      ...bits.set(f64x2.asIntegers(whole.get)),
    ],
  };
}

/** The integers of the lower two, from lanes 0 and 2 of a vector of bytes that was widened. */
const evens = (v: Code): Code => f64x2.fromIntegers(v128.shuffle(v, v, [0, 2, 0, 2]));
const odds = (v: Code): Code => f64x2.fromIntegers(v128.shuffle(v, v, [1, 3, 1, 3]));

/** Bytes (x, y) and (x + 1, y), then those below, of two places: as 16 bits each, those of a row beside each other. */
const fourBytes = (p: Local, q: Local, row: Local, zero: Code, into: Local): Code => [
  ...into.set(v128.loadWord(p.get, zero, 0)),
  ...into.set(v128.loadWord(q.get, into.get, 1)),
  ...into.set(v128.loadWord(i32.add(p.get, row.get), into.get, 2)),
  ...into.set(v128.loadWord(i32.add(q.get, row.get), into.get, 3)),
  ...into.set(u16x8.fromBytesLow(into.get)),
];

/** Adds to sums of 64 bits so many bilinear readings of a row of the chip: at (x + (i + ½) / samples) / CHIP. */
const lightRow: Routine = {
  parameters: [...(['i32', 'i32', 'f64'] as const), ...new Array<'f64'>(8).fill('f64'), ...(['i32', 'i32'] as const)],
  body(locals, bytes, row, samples, a, b, tx, c, d, ty, right, bottom, sums, sumsEnd) {
    const [p, q] = locals.many('i32', 2) as [Local, Local];
    const [n, count] = locals.many('i32', 2) as [Local, Local];
    const [x, shift, step, u, sum, four] = locals.many('v128', 6) as [Local, Local, Local, Local, Local, Local];
    const [fx, gx, upper, lower] = locals.many('v128', 4) as [Local, Local, Local, Local];
    const [h, v] = [positions(locals), positions(locals)];
    const addressOf = (lane: number): Code =>
      i32.add(bytes.get, i32.mul(i32x4.lane(v.bits.get, lane), row.get), i32x4.lane(h.bits.get, lane));
    const one = f64x2.splatConstant(1);
    const rowOf = (v16: (value: Code) => Code): Code =>
      f64x2.add(f64x2.mul(evens(v16(four.get)), gx.get), f64x2.mul(odds(v16(four.get)), fx.get));
    return [
      ...x.set(f64x2.pairConstant(0, 1)),
      ...count.set(i32.fromDouble(samples.get)),
      ...step.set(f64x2.splat(samples.get)),
      ...loop(sums, sumsEnd.get, constant(16), [
        ...sum.set(v128.load(sums.get)),
        ...shift.set(f64x2.splatConstant(0.5)),
        ...n.set(constant(0)),
        ...loop(n, count.get, constant(1), [
          ...u.set(f64x2.mul(f64x2.add(x.get, f64x2.divide(shift.get, step.get)), f64x2.splatConstant(1 / CHIP))),
          ...h.set(u, [a.get, b.get, tx.get], right.get),
          ...v.set(u, [c.get, d.get, ty.get], bottom.get),
          ...p.set(addressOf(0)),
          ...q.set(addressOf(2)),
          ...fourBytes(p, q, row, f64x2.splatConstant(0), four),
          ...fx.set(f64x2.subtract(h.at.get, h.whole.get)),
          ...gx.set(f64x2.add(f64x2.subtract(one, h.at.get), h.whole.get)),
          ...upper.set(rowOf(u16x8.extendLow)),
          ...lower.set(rowOf(u16x8.extendHigh)),
          ...upper.set(f64x2.mul(upper.get, f64x2.add(f64x2.subtract(one, v.at.get), v.whole.get))),
          ...sum.set(f64x2.add(sum.get, f64x2.add(upper.get, f64x2.mul(lower.get, f64x2.subtract(v.at.get, v.whole.get))))),
          ...shift.set(f64x2.add(shift.get, one)),
        ]),
        ...v128.store(sums.get, sum.get),
        ...x.set(f64x2.add(x.get, f64x2.splatConstant(2))),
      ]),
    ];
  },
};

/** Luminances of a row of the chip from those sums and colour differences, and their sum added to the total. */
const chromaRow: Routine = {
  parameters: [...(['i32', 'i32', 'i32'] as const), ...new Array<'f64'>(13).fill('f64'), ...(['i32', 'i32', 'i32'] as const)],
  body(locals, blue, toRed, row, a, b, tx, c, d, ty, right, bottom, base, gain, kb, kr, count, sums, totalAt, out) {
    const [p, q, end] = locals.many('i32', 3) as [Local, Local, Local];
    const total = locals.one('f64');
    const [x, u, blues, reds, fx, upper, lower, value] = locals.many('v128', 8) as [Local, Local, Local, Local, Local, Local, Local, Local];
    const [h, v] = [positions(locals), positions(locals)];
    const addressOf = (lane: number): Code =>
      i32.add(blue.get, i32.mul(i32x4.lane(v.bits.get, lane), row.get), i32x4.lane(h.bits.get, lane));
    const both = (pick: (value: Code) => Code, widen: (value: Code) => Code): Code =>
      f64x2.add(f64x2.mul(f64x2.splat(kb.get), pick(widen(blues.get))), f64x2.mul(f64x2.splat(kr.get), pick(widen(reds.get))));
    const rowOf = (widen: (value: Code) => Code, into: Local): Code => [
      ...into.set(both(evens, widen)),
      ...into.set(f64x2.add(into.get, f64x2.mul(f64x2.subtract(both(odds, widen), into.get), fx.get))),
    ];
    const chip = f64x2.fromFloats(f64x2.toFloats(f64x2.divide(v128.load(sums.get), f64x2.splat(count.get))));
    return [
      ...total.set(f64.load(totalAt.get)),
      ...x.set(f64x2.pairConstant(0.5, 1.5)),
      ...end.set(i32.add(out.get, constant(CHIP * 4))),
      ...loop(out, end.get, constant(8), [
        ...u.set(f64x2.mul(x.get, f64x2.splatConstant(1 / CHIP))),
        ...h.set(u, [a.get, b.get, tx.get], right.get),
        ...v.set(u, [c.get, d.get, ty.get], bottom.get),
        ...p.set(addressOf(0)),
        ...q.set(addressOf(2)),
        ...fourBytes(p, q, row, f64x2.splatConstant(0), blues),
        ...p.set(i32.add(p.get, toRed.get)),
        ...q.set(i32.add(q.get, toRed.get)),
        ...fourBytes(p, q, row, f64x2.splatConstant(0), reds),
        ...fx.set(f64x2.subtract(h.at.get, h.whole.get)),
        ...rowOf(u16x8.extendLow, upper),
        ...rowOf(u16x8.extendHigh, lower),
        ...value.set(f64x2.add(f64x2.add(f64x2.splat(base.get), f64x2.mul(f64x2.splat(gain.get), chip)), upper.get)),
        ...lower.set(f64x2.mul(f64x2.subtract(lower.get, upper.get), f64x2.subtract(v.at.get, v.whole.get))),
        ...value.set(f64x2.add(value.get, lower.get)),
        ...v128.storeHalf(out.get, f64x2.toFloats(value.get), 0),
        ...total.set(f64.add(f64.add(total.get, f64x2.first(value.get)), f64x2.second(value.get))),
        ...sums.set(i32.add(sums.get, constant(16))),
        ...x.set(f64x2.add(x.get, f64x2.splatConstant(2))),
      ]),
      ...f64.store(totalAt.get, total.get),
    ];
  },
};

/** Adds the Laplacians of a row's values, of which there is an even number, and their squares to two sums of 64 bits. */
const laplacianRow: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body(locals, at, end, sums) {
    const [sum, squares] = locals.many('f64', 2) as [Local, Local];
    const [value, square] = locals.many('v128', 2) as [Local, Local];
    const pair = (offset: number): Code => f64x2.fromFloats(v128.loadTwo(i32.add(at.get, constant(offset * 4))));
    const around = [1, -CHIP, CHIP].reduce((sumOf: Code, offset) => f64x2.add(sumOf, pair(offset)), pair(-1));
    return [
      ...sum.set(f64.load(sums.get)),
      ...squares.set(f64.load(sums.get, 8)),
      ...loop(at, end.get, constant(8), [
        ...value.set(f64x2.subtract(around, f64x2.mul(f64x2.splatConstant(4), pair(0)))),
        ...square.set(f64x2.mul(value.get, value.get)),
        ...sum.set(f64.add(f64.add(sum.get, f64x2.first(value.get)), f64x2.second(value.get))),
        ...squares.set(f64.add(f64.add(squares.get, f64x2.first(square.get)), f64x2.second(square.get))),
      ]),
      ...f64.store(sums.get, sum.get),
      ...f64.store(sums.get, squares.get, 8),
    ];
  },
};

/** The same for all rows that begin at `at` and before `rowsEnd`. */
const laplacians: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body: (locals, at, rowsEnd, sums) =>
    loop(at, rowsEnd.get, constant(CHIP * 4), inlined(locals, laplacianRow, at.get, i32.add(at.get, constant((CHIP - 2) * 4)), sums.get)),
};

/** All rows of a chip. */
const wholeChip: Routine = {
  parameters: [
    ...[...(['i32', 'i32', 'f64'] as const), ...new Array<'f64'>(8).fill('f64'), 'i32' as const],
    ...[...(['i32', 'i32', 'i32'] as const), ...new Array<'f64'>(12).fill('f64'), ...(['i32', 'i32'] as const)],
  ],
  body(locals, bytes, row, samples, a, b, tx, c, d, ty, right, bottom, sums, blue, toRed, blueRow, ca, cb, ctx, cc, cd, cty, ...more) {
    const [blueRight, blueBottom, base, gain, kb, kr, totalAt, out] = more as Locals8;
    const [y, j, p] = locals.many('i32', 3) as [Local, Local, Local];
    const v = locals.one('f64');
    const sumsEnd = i32.add(sums.get, constant(CHIP * 8));
    const down = (share: Code): Code => f64.divide(f64.add(f64.fromInteger(y.get), share), f64.constant(CHIP));
    const light = [a.get, f64.mul(b.get, v.get), tx.get, c.get, f64.mul(d.get, v.get), ty.get, right.get, bottom.get];
    const colour = [ca.get, f64.mul(cb.get, v.get), ctx.get, cc.get, f64.mul(cd.get, v.get), cty.get, blueRight.get, blueBottom.get];
    const factors = [base.get, gain.get, kb.get, kr.get, f64.mul(samples.get, samples.get)];
    return [
      ...y.set(constant(0)),
      ...loop(y, constant(CHIP), constant(1), [
        ...p.set(sums.get),
        ...loop(p, sumsEnd, constant(16), v128.store(p.get, f64x2.splatConstant(0))),
        ...j.set(constant(0)),
        ...loop(j, i32.fromDouble(samples.get), constant(1), [
          ...v.set(down(f64.divide(f64.add(f64.fromInteger(j.get), f64.constant(0.5)), samples.get))),
          ...inlined(locals, lightRow, bytes.get, row.get, samples.get, ...light, sums.get, sumsEnd),
        ]),
        ...v.set(down(f64.constant(0.5))),
        ...inlined(locals, chromaRow, blue.get, toRed.get, blueRow.get, ...colour, ...factors, sums.get, totalAt.get, out.get),
        ...out.set(i32.add(out.get, constant(CHIP * 4))),
      ]),
    ];
  },
};

type Locals8 = [Local, Local, Local, Local, Local, Local, Local, Local];
