/**
 * The 5×5 median of each channel on float images, border replicated: four values at a time, two rows of results together, which share most
 * of their comparisons. bench/merge.mjs times it.
 */
import { type FloatImage, floatImage } from './image.ts';
import type { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, type Local, type Locals, loop, type Routine } from './wasmCode.ts';

const SIDE = 5;
const REACH = 2;
/** Rows that one round of the routine makes. */
const ROUND = 4;

/**
 * Medians one after another: one for each ten of `power`, weaker towards the end.
 *
 * @param whole  while what is left of the power is at least this, the median counts whole; below, as the share left / whole.
 */
export function medianFiltered(image: FloatImage, power: number, whole: number, simd: Simd): FloatImage {
  if (power <= 0) return image;
  const { width, height, channels } = image;
  const row = width * channels;
  // Rows with two pixels on either side, an odd number of cache lines apart; two more rows above and below, and what completes a round.
  const stride = (Math.ceil(((width + 2 * REACH) * channels + 4) / 32) * 32 + 16) * 4;
  const floats = (stride / 4) * (height + 2 * REACH + ROUND);
  let [from, to] = simd.layout(floats, floats) as readonly number[] as [number, number];
  const first = REACH * stride + REACH * channels * 4;
  for (let y = 0; y < height; y++) simd.floats(from + first + y * stride, row).set(image.data.subarray(y * row, (y + 1) * row));
  const routines = routinesFor(channels);
  for (let n = power; n > 0; n -= 10) {
    replicate(simd, from, stride, image);
    const run = simd.run(n >= whole ? routines.whole : routines.share);
    run(from, to + first, stride, row * 4, height, n / whole);
    [from, to] = [to, from];
  }
  const out = floatImage(width, height, channels);
  for (let y = 0; y < height; y++) out.data.set(simd.floats(from + first + y * stride, row), y * row);
  return out;
}

/** Writes the edge's pixels into the border around it. */
function replicate(simd: Simd, at: number, stride: number, { width, height, channels }: FloatImage): void {
  const padded = (width + 2 * REACH) * channels;
  for (let y = 0; y < height; y++) {
    const row = simd.floats(at + (y + REACH) * stride, padded);
    for (let k = 0; k < REACH * channels; k++) {
      row[k] = row[REACH * channels + (k % channels)]!;
      row[padded - 1 - k] = row[padded - 1 - REACH * channels - (k % channels)]!;
    }
  }
  const rowAt = (y: number): Float32Array => simd.floats(at + y * stride, padded);
  for (let k = 0; k < REACH; k++) rowAt(k).set(rowAt(REACH));
  for (let k = 0; k < REACH; k++) rowAt(height + REACH + k).set(rowAt(height + REACH - 1));
}

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
function computed(terms: readonly Term[], locals: Locals): { code: Code; values: readonly Code[] } {
  const done = new Map<Term, Code>();
  const code: number[] = [];
  const value = (term: Term): Code => {
    const known = done.get(term);
    if (known !== undefined) return known;
    const own = 'code' in term ? term.code : f32x4[term.pick](value(term.of[0]), value(term.of[1]));
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
const medians = (pixelBytes: number, whole: boolean): Routine => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  body(locals, from, to, stride, bytes, rows, share) {
    const [x, y, read, write] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [above, before, own, below] = [5, 10, 5, 5].map((count) => locals.many('v128', count)) as [Local[], Local[], Local[], Local[]];
    const terms = (codes: readonly Code[]): Term[] => codes.map((code) => ({ code }));
    const current = (list: readonly Local[]): Term[] => terms(list.map(({ get }) => get));
    const keep = (into: readonly Local[], values: readonly Term[]): Code =>
      into.flatMap((local, k) => local.set((values[k] as { code: Code }).code));
    const rowAt = (address: Code): readonly Term[] =>
      sorted(Array.from({ length: SIDE }, (_, k) => ({ code: f32x4.load(address, k * pixelBytes) })));
    const nextRow = read.set(i32.add(read.get, stride.get));
    const start = (into: readonly Local[]): Code => {
      const { code, values } = computed(rowAt(read.get), locals);
      return [...code, ...keep(into, terms(values)), ...nextRow];
    };
    const pairOf = (a: readonly Local[], b: readonly Local[]): Code => {
      const { code, values } = computed(merged(current(a), current(b)), locals);
      return [...code, ...keep(before, terms(values))];
    };

    const put = (median: Code): Code => {
      const centre = f32x4.load(i32.subtract(read.get, i32.mul(stride.get, constant(REACH))), REACH * pixelBytes);
      const value = whole ? median : f32x4.add(centre, f32x4.mul(f32x4.subtract(median, centre), f32x4.splat(share.get)));
      return [...f32x4.store(write.get, value), ...write.set(i32.add(write.get, stride.get)), ...nextRow];
    };
    /** Two results, and what is held for the next two. */
    const twoRows = (held: Held<Term>): { code: Code; held: Held<Term> } => {
      const [next, last] = [rowAt(read.get), rowAt(i32.add(read.get, stride.get))];
      const pair = merged(held.below, next);
      const middle = merged(held.before, pair).slice(7, 13);
      const results = [sixthOf(middle, held.above), sixthOf(middle, last)];
      const { code, values } = computed([...results, ...pair, ...next, ...last], locals);
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

const ofChannels = (channels: number): Medians => ({ whole: medians(channels * 4, true), share: medians(channels * 4, false) });
const [gray, colour] = [ofChannels(1), ofChannels(3)];

function routinesFor(channels: number): Medians {
  if (channels !== 1 && channels !== 3) throw new RangeError(`medians of ${channels} channels`);
  return channels === 1 ? gray : colour;
}
