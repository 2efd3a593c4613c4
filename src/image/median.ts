/**
 * The 5×5 median of each channel, border replicated: four floats or eight values of 16 bits at a time, two rows of results together, which
 * share most of their comparisons. bench/merge.mjs times it.
 */
import { type FloatImage, floatImage } from './image.ts';
import type { Simd } from './simd.ts';
import { type Code, constant, f32, f32x4, i32, i32x4, type Local, type Locals, loop, type Routine, u16x8, v128 } from './wasmCode.ts';

const SIDE = 5;
const REACH = 2;
/** Rows that one round of the routine makes. */
const ROUND = 4;

/**
 * Medians one after another: one for each ten of `power`, weaker towards the end.
 *
 * @param whole  while what is left of the power is at least this, the median counts whole; below, as the share left / whole.
 * @param levels  for values in 0…1: they are held in so many steps, at most 65535, which takes half the time.
 * @param out  of the same size: what is written, the image itself perhaps.
 */
export function medianFiltered(image: FloatImage, power: number, whole: number, simd: Simd, levels?: number, out?: FloatImage): FloatImage {
  if (power <= 0) return image;
  const { width, height, channels } = image;
  const lanes = levels === undefined ? floats : words;
  const row = width * channels;
  // Rows with two pixels on either side, an odd number of cache lines apart; two more rows above and below, and what completes a round.
  const stride = Math.ceil(((width + 2 * REACH) * channels * lanes.bytes + 16) / 128) * 128 + 64;
  const size = (stride / 4) * (height + 2 * REACH + ROUND);
  let [from, to, line] = simd.layout(size, size, row + 8) as readonly number[] as [number, number, number];
  const first = REACH * stride + REACH * channels * lanes.bytes;
  const values = simd.floats(line, row);
  for (let y = 0; y < height; y++) {
    values.set(image.data.subarray(y * row, (y + 1) * row));
    simd.run(lanes.read)(line, from + first + y * stride, row * 4, levels ?? 1);
  }
  const routines = routinesFor(lanes, channels);
  for (let n = power; n > 0; n -= 10) {
    replicate(simd, lanes, from, stride, image);
    simd.run(n >= whole ? routines.whole : routines.share)(from, to + first, stride, row * lanes.bytes, height, n / whole);
    [from, to] = [to, from];
  }
  const result = out ?? floatImage(width, height, channels);
  for (let y = 0; y < height; y++) {
    simd.run(lanes.write)(from + first + y * stride, line, row * 4, levels ?? 1);
    result.data.set(values, y * row);
  }
  return result;
}

/** Writes the edge's pixels into the border around it. */
function replicate(simd: Simd, lanes: Lanes, at: number, stride: number, { width, height, channels }: FloatImage): void {
  const padded = (width + 2 * REACH) * channels;
  const rowAt = (y: number): Float32Array | Uint16Array => lanes.view(simd, at + y * stride, padded);
  for (let y = 0; y < height; y++) {
    const row = rowAt(y + REACH);
    for (let k = 0; k < REACH * channels; k++) {
      row[k] = row[REACH * channels + (k % channels)]!;
      row[padded - 1 - k] = row[padded - 1 - REACH * channels - (k % channels)]!;
    }
  }
  for (let k = 0; k < REACH; k++) rowAt(k).set(rowAt(REACH));
  for (let k = 0; k < REACH; k++) rowAt(height + REACH + k).set(rowAt(height + REACH - 1));
}

/** How values lie in vectors. */
interface Lanes {
  /** Of a value. */
  readonly bytes: number;
  readonly lesser: (a: Code, b: Code) => Code;
  readonly greater: (a: Code, b: Code) => Code;
  /** The share of the way from the centre to the median; cut to whole numbers where lanes hold those, so that no step of a byte is crossed. */
  readonly between: (centre: Local, median: Local, share: Local) => Code;
  /** A row of floats (`bytes` in all) times a factor, and back: rounded to whole numbers where lanes hold those. */
  readonly read: Routine;
  readonly write: Routine;
  view(simd: Simd, at: number, count: number): Float32Array | Uint16Array;
}

/** Rows of floats to rows of something, 32 bytes of floats a round. */
const rowRoutine = (fromBytes: number, toBytes: number, convert: (from: Code, to: Code, factor: Code) => Code): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'f32'],
  body(locals, from, to, bytes, factor) {
    const [at, splat] = [locals.one('i32'), locals.one('v128')];
    return [
      ...splat.set(f32x4.splat(factor.get)),
      ...at.set(constant(0)),
      ...loop(at, bytes.get, constant(32), [
        ...convert(from.get, to.get, splat.get),
        ...from.set(i32.add(from.get, constant(fromBytes))),
        ...to.set(i32.add(to.get, constant(toBytes))),
      ]),
    ];
  },
});

const copied = rowRoutine(32, 32, (from, to) => [...f32x4.store(to, f32x4.load(from)), ...f32x4.store(to, f32x4.load(from, 16), 16)]);

const floats: Lanes = {
  bytes: 4,
  lesser: f32x4.lesser,
  greater: f32x4.greater,
  between: (centre, median, share) => f32x4.add(centre.get, f32x4.mul(f32x4.subtract(median.get, centre.get), f32x4.splat(share.get))),
  read: copied,
  write: copied,
  view: (simd, at, count) => simd.floats(at, count),
};

const words: Lanes = {
  bytes: 2,
  lesser: u16x8.lesser,
  greater: u16x8.greater,
  between(centre, median, share) {
    const own = i32.fromFloat(f32.mul(share.get, f32.constant(65536)));
    const rest = i32.subtract(constant(65536), own);
    const half = (mul: (a: Code, b: Code) => Code): Code => {
      const sum = i32x4.add(mul(centre.get, u16x8.splat(rest)), mul(median.get, u16x8.splat(own)));
      return i32x4.shiftRightUnsigned(sum, 16);
    };
    return u16x8.narrow(half(u16x8.mulLow), half(u16x8.mulHigh));
  },
  read: rowRoutine(32, 16, (from, to, factor) => {
    const four = (at: number): Code => i32x4.fromFloats(f32x4.nearest(f32x4.mul(f32x4.load(from, at), factor)));
    return v128.store(to, u16x8.narrow(four(0), four(16)));
  }),
  write: rowRoutine(16, 32, (from, to, factor) => {
    const four = (half: (a: Code) => Code): Code => f32x4.divide(f32x4.fromIntegers(half(v128.load(from))), factor);
    return [...f32x4.store(to, four(u16x8.extendLow)), ...f32x4.store(to, four(u16x8.extendHigh), 16)];
  }),
  view: (simd, at, count) => simd.words(at, count),
};

/** A value that is read, or the lesser or greater of two. */
type Term = { readonly code: Code } | { readonly pick: 'lesser' | 'greater'; readonly of: readonly [Term, Term] };

const lesser = (a: Term, b: Term): Term => ({ pick: 'lesser', of: [a, b] });
const greater = (a: Term, b: Term): Term => ({ pick: 'greater', of: [a, b] });

/** Two sorted lists as one. Source: Batcher's odd-even merge, Knuth, The Art of Computer Programming 3, 5.3.4. */
function merged(a: readonly Term[], b: readonly Term[]): readonly Term[] {
  const [x, y] = [a[0], b[0]];
  if (x === undefined || y === undefined) return x === undefined ? b : a;
  if (a.length === 1 && b.length === 1) return [lesser(x, y), greater(x, y)];
  const every2nd = (list: readonly Term[], from: number): Term[] => list.filter((_, i) => i % 2 === from);
  const odd = merged(every2nd(a, 0), every2nd(b, 0));
  const even = merged(every2nd(a, 1), every2nd(b, 1));
  const out = [odd[0]!];
  for (let i = 0; i < Math.max(even.length, odd.length - 1); i++) {
    const [p, q] = [even[i], odd[i + 1]];
    if (p === undefined || q === undefined) out.push((p ?? q)!);
    else out.push(lesser(p, q), greater(p, q));
  }
  return out;
}

/** Source: Knuth, 5.3.4: nine comparisons are the fewest. */
const sortingFive = [[0, 3], [1, 4], [0, 2], [1, 3], [0, 1], [2, 4], [1, 2], [3, 4], [2, 3]] as const; // biome-ignore format: a network

function sorted(five: readonly Term[]): readonly Term[] {
  const out = [...five];
  for (const [i, j] of sortingFive) [out[i], out[j]] = [lesser(out[i]!, out[j]!), greater(out[i]!, out[j]!)];
  return out;
}

/** The sixth of six and five sorted values: the least, over all splits of six between the lists, of the last ones taken. */
const sixthOf = (six: readonly Term[], five: readonly Term[]): Term =>
  six.map((v, i) => (i === 5 ? v : greater(v, five[4 - i]!))).reduce(lesser);

/** Code that computes terms into locals, each part once. Terms that nothing depends on are never asked for, so cost nothing. */
function computed(terms: readonly Term[], lanes: Lanes, locals: Locals): { code: Code; values: readonly Code[] } {
  const done = new Map<Term, Code>();
  const code: number[] = [];
  const value = (term: Term): Code => {
    const known = done.get(term);
    if (known !== undefined) return known;
    const own = 'code' in term ? term.code : lanes[term.pick](value(term.of[0]), value(term.of[1]));
    const local = locals.one('v128');
    code.push(...local.set(own));
    done.set(term, local.get);
    return local.get;
  };
  const values = terms.map(value);
  return { code, values };
}

/** Sorted rows by fives, held from one pair of results to the next. */
interface Held<T> {
  /** Two rows above the next result. */
  readonly above: readonly T[];
  /** The row above it and its own, as one list. */
  readonly before: readonly T[];
  readonly own: readonly T[];
  readonly below: readonly T[];
}

/**
 * Medians of rows two by two, in columns of four values. Every row is sorted by fives once; two results above one another have four rows
 * in common. Of those twenty values only the six in the middle can be the median of twenty-five, whatever the fifth row holds.
 */
const medians = (lanes: Lanes, pixelBytes: number, whole: boolean): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  body(locals, from, to, stride, bytes, rows, share) {
    const [x, y, read, write] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [above, before, own, below] = [5, 10, 5, 5].map((count) => locals.many('v128', count)) as [Local[], Local[], Local[], Local[]];
    const terms = (codes: readonly Code[]): Term[] => codes.map((code) => ({ code }));
    const current = (list: readonly Local[]): Term[] => terms(list.map(({ get }) => get));
    const keep = (into: readonly Local[], values: readonly Term[]): Code =>
      into.flatMap((local, k) => local.set((values[k] as { code: Code }).code));
    const rowAt = (address: Code): readonly Term[] =>
      sorted(Array.from({ length: SIDE }, (_, k) => ({ code: v128.load(address, k * pixelBytes) })));
    const nextRow = read.set(i32.add(read.get, stride.get));
    const start = (into: readonly Local[]): Code => {
      const { code, values } = computed(rowAt(read.get), lanes, locals);
      return [...code, ...keep(into, terms(values)), ...nextRow];
    };
    const pairOf = (a: readonly Local[], b: readonly Local[]): Code => {
      const { code, values } = computed(merged(current(a), current(b)), lanes, locals);
      return [...code, ...keep(before, terms(values))];
    };

    const [centre, middle] = locals.many('v128', 2) as [Local, Local];
    const put = (median: Code): Code => {
      const own = v128.load(i32.subtract(read.get, i32.mul(stride.get, constant(REACH))), REACH * pixelBytes);
      const value = whole ? median : [...centre.set(own), ...middle.set(median), ...lanes.between(centre, middle, share)];
      return [...v128.store(write.get, value), ...write.set(i32.add(write.get, stride.get)), ...nextRow];
    };
    /** Two results, and what is held for the next two. */
    const twoRows = (held: Held<Term>): { code: Code; held: Held<Term> } => {
      const [next, last] = [rowAt(read.get), rowAt(i32.add(read.get, stride.get))];
      const pair = merged(held.below, next);
      const six = merged(held.before, pair).slice(7, 13);
      const results = [sixthOf(six, held.above), sixthOf(six, last)];
      const { code, values } = computed([...results, ...pair, ...next, ...last], lanes, locals);
      const [upper, lower] = values as readonly [Code, Code];
      const part = (first: number, count: number): Term[] => terms(values.slice(first, first + count));
      return {
        code: [...code, ...put(upper), ...put(lower)],
        held: { above: held.own, before: part(2, 10), own: part(12, 5), below: part(17, 5) },
      };
    };
    // Four rows a round: what is held is renamed after the first two, and moved only after the last.
    const first = twoRows({ above: current(above), before: current(before), own: current(own), below: current(below) });
    const second = twoRows(first.held);
    return loop(x, bytes.get, constant(16), [
      ...read.set(i32.add(from.get, x.get)),
      ...write.set(i32.add(to.get, x.get)),
      ...start(above),
      ...start(below), // the row before the first, for now
      ...start(own),
      ...pairOf(below, own),
      ...start(below),
      ...y.set(constant(0)),
      ...loop(y, rows.get, constant(ROUND), [
        ...first.code,
        ...second.code,
        ...keep(above, second.held.above),
        ...keep(before, second.held.before),
        ...keep(own, second.held.own),
        ...keep(below, second.held.below),
      ]),
    ]);
  },
});

interface Medians {
  readonly whole: Routine;
  readonly share: Routine;
}

const ofLanes = (lanes: Lanes): readonly [gray: Medians, colour: Medians] => {
  const [gray, colour] = [1, 3].map((channels) => ({
    whole: medians(lanes, channels * lanes.bytes, true),
    share: medians(lanes, channels * lanes.bytes, false),
  })) as [Medians, Medians];
  return [gray, colour];
};
const [ofFloats, ofWords] = [ofLanes(floats), ofLanes(words)];

function routinesFor(lanes: Lanes, channels: number): Medians {
  if (channels !== 1 && channels !== 3) throw new RangeError(`medians of ${channels} channels`);
  const [gray, colour] = lanes === floats ? ofFloats : ofWords;
  return channels === 1 ? gray : colour;
}
