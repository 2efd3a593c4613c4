/**
 * Loops over the cells of a picture (cells.ts): sums of luminances, rows of colour differences between their samples, colours from both, and tiles
 * read between the cells. They compute what the same formulas in JavaScript's numbers give, in the same order, two at a time.
 */
import {
  type Code,
  constant,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  inlined,
  type Local,
  loop,
  type Routine,
  u16x8,
  v128,
  when,
} from './wasmCode.ts';

/** Floats of a cell: R, G, B and one that means nothing. */
export const CELL = 4;
const CELL_BYTES = CELL * 4;

/** Either half of a vector, twice. */
const low = (v: Code): Code => v128.shuffle(v, v, [0, 1, 0, 1]);
const high = (v: Code): Code => v128.shuffle(v, v, [2, 3, 2, 3]);

/** Sums of so many rows of bytes, at most four, as 16 bits: up to 30 bytes behind the end are written. */
const sumRows = [1, 2, 3, 4].map(
  (rows): Routine => ({
    parameters: ['i32', 'i32', 'i32', 'i32'],
    body(locals, bytes, bytesEnd, step, out) {
      const [at] = locals.many('i32', 1) as [Local];
      const [lower, upper, row] = locals.many('v128', 3) as [Local, Local, Local];
      const more = [
        ...at.set(i32.add(at.get, step.get)),
        ...row.set(v128.load(at.get)),
        ...lower.set(u16x8.add(lower.get, u16x8.fromBytesLow(row.get))),
        ...upper.set(u16x8.add(upper.get, u16x8.fromBytesHigh(row.get))),
      ];
      return loop(bytes, bytesEnd.get, constant(16), [
        ...at.set(bytes.get),
        ...row.set(v128.load(at.get)),
        ...lower.set(u16x8.fromBytesLow(row.get)),
        ...upper.set(u16x8.fromBytesHigh(row.get)),
        ...Array.from({ length: rows - 1 }, () => more).flat(),
        ...v128.store(out.get, lower.get),
        ...v128.store(out.get, upper.get, 16),
        ...out.set(i32.add(out.get, constant(32))),
      ]);
    },
  }),
);

/** Floats that are the sums of so many of those, at most four, `step` bytes apart, divided by `count`; the next sum lies `across` bytes on. */
const meansOfSums = [1, 2, 3, 4].map(
  (taps): Routine => ({
    parameters: ['i32', 'i32', 'i32', 'f32', 'i32', 'i32'],
    body(locals, sums, step, across, count, out, outEnd) {
      const [at, sum] = locals.many('i32', 2) as [Local, Local];
      const more = [...at.set(i32.add(at.get, step.get)), ...sum.set(i32.add(sum.get, i32.loadWord(at.get)))];
      return loop(out, outEnd.get, constant(4), [
        ...at.set(sums.get),
        ...sum.set(i32.loadWord(at.get)),
        ...Array.from({ length: taps - 1 }, () => more).flat(),
        ...f32.store(out.get, f32.divide(f32.fromInteger(sum.get), count.get)),
        ...sums.set(i32.add(sums.get, across.get)),
      ]);
    },
  }),
);

/** Between two rows of bytes: floats of 64 bits, upper · above + lower · below. Up to three behind the end are written. */
const betweenRows: Routine = {
  parameters: ['i32', 'i32', 'f64', 'f64', 'i32', 'i32'],
  body(locals, upper, lower, above, below, out, outEnd) {
    const [a, b, over, under] = locals.many('v128', 4) as [Local, Local, Local, Local];
    const integers = (at: Code): Code => u16x8.extendLow(u16x8.fromBytesLow(v128.loadOne(at)));
    const mixed = (half: (v: Code) => Code): Code =>
      f64x2.add(f64x2.mul(f64x2.fromIntegers(half(a.get)), over.get), f64x2.mul(f64x2.fromIntegers(half(b.get)), under.get));
    return [
      ...over.set(f64x2.splat(above.get)),
      ...under.set(f64x2.splat(below.get)),
      ...loop(out, outEnd.get, constant(32), [
        ...a.set(integers(upper.get)),
        ...b.set(integers(lower.get)),
        ...v128.store(
          out.get,
          mixed((v) => v),
        ),
        ...v128.store(out.get, mixed(high), 16),
        ...upper.set(i32.add(upper.get, constant(4))),
        ...lower.set(i32.add(lower.get, constant(4))),
      ]),
    ];
  },
};

/**
 * A row of those read at start, start + step, … within 0 … last: added to floats. Up to one behind the end is written.
 * `row` is where number 0 would lie.
 */
const addRow: Routine = {
  parameters: ['i32', 'f64', 'f64', 'f64', 'i32', 'i32'],
  body(locals, row, start, step, last, out, outEnd) {
    const next = locals.one('f64');
    const [x, whole, at, left, right, value, end] = locals.many('v128', 7) as [Local, Local, Local, Local, Local, Local, Local];
    const pairAt = (lane: number): Code => v128.load(i32.add(row.get, i32.shiftLeft(i32x4.lane(at.get, lane), constant(3))));
    return [
      ...end.set(f64x2.splat(last.get)),
      ...loop(out, outEnd.get, constant(8), [
        ...next.set(f64.add(start.get, step.get)),
        ...x.set(f64x2.pair(start.get, next.get)),
        ...start.set(f64.add(next.get, step.get)),
        ...x.set(f64x2.lesser(f64x2.greater(x.get, f64x2.splatConstant(0)), end.get)),
        ...whole.set(f64x2.floor(x.get)),
        ...at.set(f64x2.asIntegers(whole.get)),
        ...left.set(pairAt(0)),
        ...right.set(pairAt(2)),
        ...value.set(v128.shuffle(left.get, right.get, [0, 1, 4, 5])),
        ...right.set(v128.shuffle(left.get, right.get, [2, 3, 6, 7])),
        ...value.set(f64x2.add(value.get, f64x2.mul(f64x2.subtract(right.get, value.get), f64x2.subtract(x.get, whole.get)))),
        ...v128.storeHalf(out.get, f64x2.toFloats(f64x2.add(f64x2.fromFloats(v128.loadTwo(out.get)), value.get)), 0),
      ]),
    ];
  },
};

/** Cells of a row from luminances and colour differences: see SignalColours. Within 0…255. Up to one behind the end is written. */
const colourRow: Routine = {
  parameters: ['i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64', 'i32', 'i32'],
  body(locals, luma, blue, red, black, gain, rv, gu, gv, bu, out, outEnd) {
    const factors = locals.many('v128', 6);
    const [blackAt, gainOf, rvOf, guOf, gvOf, buOf] = factors as [Local, Local, Local, Local, Local, Local];
    const [y, u, v, r, g, b] = locals.many('v128', 6) as [Local, Local, Local, Local, Local, Local];
    const pair = (at: Local): Code => f64x2.fromFloats(v128.loadTwo(at.get));
    const within = (value: Code): Code =>
      f64x2.toFloats(f64x2.lesser(f64x2.greater(value, f64x2.splatConstant(0)), f64x2.splatConstant(255)));
    const difference = (at: Local): Code => f64x2.subtract(pair(at), f64x2.splatConstant(128));
    return [
      ...[black, gain, rv, gu, gv, bu].flatMap((value, i) => factors[i]!.set(f64x2.splat(value.get))),
      ...loop(out, outEnd.get, constant(2 * CELL_BYTES), [
        ...y.set(f64x2.mul(f64x2.subtract(pair(luma), blackAt.get), gainOf.get)),
        ...u.set(difference(blue)),
        ...v.set(difference(red)),
        ...r.set(within(f64x2.add(y.get, f64x2.mul(rvOf.get, v.get)))),
        ...g.set(within(f64x2.add(f64x2.add(y.get, f64x2.mul(guOf.get, u.get)), f64x2.mul(gvOf.get, v.get)))),
        ...b.set(within(f64x2.add(y.get, f64x2.mul(buOf.get, u.get)))),
        ...g.set(v128.shuffle(r.get, g.get, [0, 4, 1, 5])),
        ...v128.store(out.get, v128.shuffle(g.get, b.get, [0, 1, 4, 6])),
        ...v128.store(out.get, v128.shuffle(g.get, b.get, [2, 3, 5, 6]), CELL_BYTES),
        ...[luma, blue, red].flatMap((at) => at.set(i32.add(at.get, constant(8)))),
      ]),
    ];
  },
};

/**
 * A row of a tile: cells read bilinearly at (u, v), (u + du, v + dv), … within 0 … (right, bottom), times `scale`, plus the offset of each
 * channel; the planes lie `plane` bytes apart. Behind the last row of cells must lie one more and one cell, of finite numbers.
 */
const tileRow = (zeroOutside: boolean): Routine => ({
  parameters: [
    ...(['i32', 'i32', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64'] as const),
    ...(['f64', 'f64', 'f64', 'f64', 'i32', 'i32', 'i32'] as const),
  ],
  body(locals, cells, rowBytes, u, v, du, dv, right, bottom, scale, offsetR, offsetG, offsetB, plane, out, outEnd) {
    const [p, q] = locals.many('i32', 2) as [Local, Local];
    const [at, step, limit, factor, firstTwo, third] = locals.many('v128', 6) as [Local, Local, Local, Local, Local, Local];
    const [inside, whole, fx, fy, w00, w01, w10, w11] = locals.many('v128', 8) as [Local, Local, Local, Local, Local, Local, Local, Local];
    const four = locals.many('v128', 4);
    const [a, b, c, d] = four as [Local, Local, Local, Local];
    const sum = (half: (value: Code) => Code): Code => {
      const [x, y, z, w] = [a, b, c, d].map((value, i) => f64x2.mul(f64x2.fromFloats(half(value.get)), [w00, w01, w10, w11][i]!.get));
      return f64x2.mul(f64x2.add(f64x2.add(f64x2.add(x!, y!), z!), w!), factor.get);
    };
    const outside = v128.or(
      f64x2.less(at.get, f64x2.splatConstant(-0.5)),
      f64x2.more(at.get, f64x2.add(limit.get, f64x2.splatConstant(0.5))),
    );
    const put = (value: Code, offsets: Local): Code =>
      f64x2.toFloats(f64x2.add(zeroOutside ? v128.andNot(value, fy.get) : value, offsets.get));
    return [
      ...at.set(f64x2.pair(u.get, v.get)),
      ...step.set(f64x2.pair(du.get, dv.get)),
      ...limit.set(f64x2.pair(right.get, bottom.get)),
      ...factor.set(f64x2.splat(scale.get)),
      ...firstTwo.set(f64x2.pair(offsetR.get, offsetG.get)),
      ...third.set(f64x2.splat(offsetB.get)),
      ...loop(out, outEnd.get, constant(4), [
        ...inside.set(f64x2.lesser(f64x2.greater(at.get, f64x2.splatConstant(0)), limit.get)),
        ...whole.set(f64x2.floor(inside.get)),
        ...inside.set(f64x2.subtract(inside.get, whole.get)),
        ...whole.set(f64x2.asIntegers(whole.get)),
        ...p.set(i32.add(cells.get, i32.mul(i32x4.lane(whole.get, 2), rowBytes.get), i32.shiftLeft(i32x4.lane(whole.get, 0), constant(4)))),
        ...q.set(i32.add(p.get, rowBytes.get)),
        ...fx.set(low(inside.get)),
        ...fy.set(high(inside.get)),
        ...w11.set(f64x2.mul(fx.get, fy.get)),
        ...w10.set(f64x2.subtract(fy.get, w11.get)),
        ...w01.set(f64x2.subtract(fx.get, w11.get)),
        ...w00.set(f64x2.subtract(f64x2.subtract(f64x2.splatConstant(1), fx.get), w10.get)),
        ...a.set(v128.load(p.get)),
        ...b.set(v128.load(p.get, CELL_BYTES)),
        ...c.set(v128.load(q.get)),
        ...d.set(v128.load(q.get, CELL_BYTES)),
        // Where the picture has ended, no bit of the values stays.
        ...(zeroOutside ? [...fy.set(outside), ...fy.set(v128.or(fy.get, v128.shuffle(fy.get, fy.get, [2, 3, 0, 1])))] : []),
        ...fx.set(
          put(
            sum((value) => value),
            firstTwo,
          ),
        ),
        ...v128.storeLane(out.get, fx.get, 0),
        ...v128.storeLane(i32.add(out.get, plane.get), fx.get, 1),
        ...fx.set(put(sum(high), third)),
        ...v128.storeLane(i32.add(out.get, i32.shiftLeft(plane.get, constant(1))), fx.get, 0),
        ...at.set(f64x2.add(at.get, step.get)),
      ]),
    ];
  },
});

/** Bytes of a row in the table of `signalCells`: of its head, and of each line of colour differences. */
export const [HEAD, LINE] = [16, 24];

/**
 * All cells of a signal. The table has for each row of them: where its luminances begin, of how many rows, and the last cell's mean, which counts if
 * it lies behind `whole`; then for each line where the upper and the lower row of differences begin, and the share of both. `starts` are the places of
 * the first readings of a line.
 */
export const signalCells: Routine = {
  parameters: [
    ...(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const),
    ...(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const),
    ...(['f64', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64'] as const),
  ],
  body(locals, ...given) {
    const [at, tableEnd, lines, starts, startsEnd, blueBytes, redBytes, blue, red, row, rowEnd, rowOrigin, ...more] = given as Locals12;
    const [lumaStep, lumaBytes, sums, tapStep, across, taps, light, whole, width, ...factors] = more as Locals9;
    const [out, step, last, black, gain, rv, gu, gv, bu] = factors as Locals9;
    const [line, lineEnd, start, rows, p] = locals.many('i32', 5) as [Local, Local, Local, Local, Local];
    const cleared = (floats: Local): Code => [
      ...p.set(floats.get),
      ...loop(p, i32.add(floats.get, width.get), constant(16), v128.store(p.get, f32x4.splatConstant(0))),
    ];
    const added = (bytes: Local, floats: Local): Code => [
      ...inlined(
        locals,
        betweenRows,
        ...[i32.add(bytes.get, i32.load(line.get)), i32.add(bytes.get, i32.load(line.get, 4))],
        ...[f64.load(line.get, 8), f64.load(line.get, 16), row.get, rowEnd.get],
      ),
      ...start.set(starts.get),
      ...loop(
        start,
        startsEnd.get,
        constant(8),
        inlined(locals, addRow, rowOrigin.get, f64.load(start.get), step.get, last.get, floats.get, i32.add(floats.get, width.get)),
      ),
    ];
    const bytes = i32.load(at.get);
    const count = f32.fromInteger(i32.mul(taps.get, rows.get));
    const summed = sumRows.map((sum, n) =>
      when(i32.same(rows.get, constant(n + 1)), inlined(locals, sum, bytes, i32.add(bytes, lumaBytes.get), lumaStep.get, sums.get)),
    );
    const averaged = meansOfSums.map((mean, n) =>
      when(
        i32.same(taps.get, constant(n + 1)),
        inlined(locals, mean, sums.get, tapStep.get, across.get, count, light.get, i32.add(light.get, whole.get)),
      ),
    );
    const outEnd = i32.add(out.get, i32.mul(width.get, constant(CELL)));
    const colours = [black, gain, rv, gu, gv, bu].map((factor) => factor.get);
    return [
      ...loop(at, tableEnd.get, constant(HEAD), [
        ...rows.set(i32.load(at.get, 4)),
        ...cleared(blue),
        ...cleared(red),
        ...line.set(i32.add(at.get, constant(HEAD))),
        ...lineEnd.set(i32.add(line.get, i32.mul(lines.get, constant(LINE)))),
        ...loop(line, lineEnd.get, constant(LINE), [...added(blueBytes, blue), ...added(redBytes, red)]),
        ...when(whole.get, [...summed.flat(), ...averaged.flat()]),
        ...f32.store(i32.add(light.get, whole.get), f32.fromDouble(f64.load(at.get, 8))),
        ...inlined(locals, colourRow, light.get, blue.get, red.get, ...colours, out.get, outEnd),
        ...out.set(outEnd),
        ...at.set(i32.subtract(lineEnd.get, constant(HEAD))),
      ]),
    ];
  },
};

type Locals9 = [Local, Local, Local, Local, Local, Local, Local, Local, Local, ...Local[]];
type Locals12 = [Local, Local, Local, ...Locals9];

/** A tile: row y begins at (uy·y + u0, vy·y + v0), and the rest is as in `tileRow`. */
const tileOf = (zeroOutside: boolean): Routine => ({
  parameters: [
    ...(['i32', 'i32', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64', 'f64'] as const),
    ...(['f64', 'f64', 'f64', 'f64', 'i32', 'i32', 'i32'] as const),
  ],
  body(locals, cells, rowBytes, uy, u0, vy, v0, du, dv, right, bottom, scale, offsetR, offsetG, offsetB, width, height, out) {
    const [j, plane] = locals.many('i32', 2) as [Local, Local];
    const at = (perRow: Local, first: Local): Code => f64.add(f64.mul(perRow.get, f64.fromInteger(j.get)), first.get);
    const fixed = [du, dv, right, bottom, scale, offsetR, offsetG, offsetB, plane].map((value) => value.get);
    const outEnd = i32.add(out.get, i32.shiftLeft(width.get, constant(2)));
    return [
      ...plane.set(i32.shiftLeft(i32.mul(width.get, height.get), constant(2))),
      ...j.set(constant(0)),
      ...loop(j, height.get, constant(1), [
        ...inlined(locals, tileRow(zeroOutside), cells.get, rowBytes.get, at(uy, u0), at(vy, v0), ...fixed, out.get, outEnd),
        ...out.set(outEnd),
      ]),
    ];
  },
});

export const wholeTile = tileOf(false);
/** The same with values of 0 more than half a cell outside. */
export const barredTile = tileOf(true);
