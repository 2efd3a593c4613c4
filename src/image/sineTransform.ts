/**
 * The discrete sine transform of pairs of rows of pixels of four floats, by complex Fourier transforms of any length: mixed radix, and
 * Bluestein's detour over a length of small factors where a prime factor is large. A plan owns tables in a Simd memory; nothing is allocated
 * by a transform. A complex number of a pixel is two vectors behind one another, four real parts and four imaginary ones.
 */
import type { Simd } from './simd.ts';
import { type Code, choose, constant, f32x4, i32, i32x4, type Local, type Locals, loop, type Routine, when } from './wasmCode.ts';

/** Floats of a pixel and of a complex number of one; their bytes. */
const FLOATS = 4;
const PIXEL = FLOATS * 4;
const COMPLEX = 2 * PIXEL;
/** Bytes of one cosine and sine. */
const TURN = 8;

/** A Fourier transform of n complex numbers, forward and not scaled. */
interface Fourier {
  /** Where the numbers are put, and where the results lie. */
  readonly input: number;
  readonly output: number;
  run(): void;
}

/** Time of a transform of length n, in units of one number in one pass of radix 2 to 5 (bench/merge.mjs). */
export const fourierCost = (n: number): number => Math.min(mixedCost(n), detourCost(n));

function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (const p of [4, 2, 3, 5]) for (; rest % p === 0; rest /= p) factors.push(p);
  for (let p = 7; p * p <= rest; p += 2) for (; rest % p === 0; rest /= p) factors.push(p);
  if (rest > 1) factors.push(rest);
  return factors;
}

const mixedCost = (n: number): number => n * factorsOf(n).reduce((sum, p) => sum + (p < 7 ? 1 : 1 + 0.3 * p), 0.5);
const detourCost = (n: number): number => 2.3 * mixedCost(detourSize(n));

/** The cheapest length of factors 2, 3 and 5 that holds a convolution of n numbers. */
function detourSize(n: number): number {
  const least = 2 * n - 1;
  let [best, cost] = [0, Infinity];
  for (let fives = 1; fives < 2 * least; fives *= 5) {
    for (let threes = fives; threes < 2 * least; threes *= 3) {
      const size = threes * 2 ** Math.max(0, Math.ceil(Math.log2(least / threes)));
      if (mixedCost(size) < cost) [best, cost] = [size, mixedCost(size)];
    }
  }
  return best;
}

const takesDetour = (n: number): boolean => detourCost(n) < mixedCost(n);

/** Floats of memory that a plan for n numbers takes; addresses inside are given out by a Shelf. */
const mixedFloats = (n: number): number => n * (4 * FLOATS + 2) + Math.max(0, ...factorsOf(n)) * 2 * FLOATS;
const fourierFloats = (n: number): number =>
  takesDetour(n) ? mixedFloats(detourSize(n)) + detourSize(n) * 2 * FLOATS + n * 2 : mixedFloats(n);

/** Gives out memory from an address on. */
class Shelf {
  readonly simd: Simd;
  #next: number;

  constructor(simd: Simd, at: number) {
    this.simd = simd;
    this.#next = at;
  }

  take(floats: number): number {
    const at = this.#next;
    this.#next += floats * 4;
    return at;
  }

  /** Cosines and sines of so many angles. */
  turns(count: number, angle: (i: number) => number): number {
    const at = this.take(count * 2);
    const table = this.simd.floats(at, count * 2);
    for (let i = 0; i < count; i++) {
      table[2 * i] = Math.cos(angle(i));
      table[2 * i + 1] = Math.sin(angle(i));
    }
    return at;
  }
}

const fourier = (n: number, shelf: Shelf): Fourier => (takesDetour(n) ? bluestein(n, shelf) : mixedRadix(n, shelf));

/** Stockham's self-sorting transform, one pass a factor. Source: Van Loan, Computational Frameworks for the FFT, 1.7. */
function mixedRadix(n: number, shelf: Shelf): Fourier {
  const { simd } = shelf;
  const [input, spare] = [shelf.take(n * 2 * FLOATS), shelf.take(n * 2 * FLOATS)];
  const turns = shelf.turns(n, (i) => (-2 * Math.PI * i) / n);
  const factors = factorsOf(n);
  const scratch = shelf.take(Math.max(0, ...factors) * 2 * FLOATS);
  let done = 1;
  const passes = factors.map((p, k) => {
    const [from, to] = k % 2 === 0 ? [input, spare] : [spare, input];
    const run = simd.run(p === 2 ? pass2 : p === 3 ? pass3 : p === 4 ? pass4 : p === 5 ? pass5 : passOdd);
    const [step, span] = [(n / p) * COMPLEX, done * COMPLEX];
    done *= p;
    return () => run(from, to, turns, step, span, p, scratch);
  });
  return {
    input,
    output: factors.length % 2 === 0 ? input : spare,
    run() {
      for (const pass of passes) pass();
    },
  };
}

/** The code of a complex number of four pixels' values. */
interface Complex {
  readonly re: Code;
  readonly im: Code;
}

const { add, subtract, mul } = f32x4;
const plus = (a: Complex, b: Complex): Complex => ({ re: add(a.re, b.re), im: add(a.im, b.im) });
const minus = (a: Complex, b: Complex): Complex => ({ re: subtract(a.re, b.re), im: subtract(a.im, b.im) });
const scaled = (a: Complex, by: Code): Complex => ({ re: mul(a.re, by), im: mul(a.im, by) });
/** −i·a is (im, −re): the difference of two numbers so turned needs no negation. */
const turnedDifference = (a: Complex, b: Complex): Complex => ({ re: subtract(a.im, b.im), im: subtract(b.re, a.re) });
const product = (a: Complex, c: Code, s: Code): Complex => ({
  re: subtract(mul(a.re, c), mul(a.im, s)),
  im: add(mul(a.re, s), mul(a.im, c)),
});

/** Keeps a complex number in two locals. */
function held(locals: Locals): { readonly get: Complex; set(value: Complex): Code } {
  const [re, im] = [locals.one('v128'), locals.one('v128')];
  return { get: { re: re.get, im: im.get }, set: (value) => [...re.set(value.re), ...im.set(value.im)] };
}

const loadComplex = (address: Code): Complex => ({ re: f32x4.load(address), im: f32x4.load(address, PIXEL) });
const storeComplex = (address: Code, { re, im }: Complex): Code => [...f32x4.store(address, re), ...f32x4.store(address, im, PIXEL)];

/** From, to, turns, step, span; then for any odd radix the radix and a scratch memory. */
const passParameters = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/**
 * A pass of radix p takes numbers `step` bytes apart, transforms p of them, and turns the q-th of group j by the (q·j·done)-th turn. Results
 * of a group lie `span` bytes (done numbers) behind one another, so that no reordering is left at the end.
 */
function pass(p: number, butterfly: (locals: Locals, x: readonly Complex[]) => { code: Code; y: readonly Complex[] }): Routine {
  return {
    parameters: passParameters,
    body(locals, from, to, turns, step, span) {
      const [at, end, groupEnd, turn] = locals.many('i32', 4) as [Local, Local, Local, Local];
      const factors = Array.from({ length: p - 1 }, () => [locals.one('v128'), locals.one('v128')] as const);
      const x = Array.from({ length: p }, () => held(locals));
      const place = (base: Local, q: number, by: Local): Code => i32.add(base.get, i32.mul(constant(q), by.get));
      const { code, y } = butterfly(
        locals,
        x.map((one) => one.get),
      );
      return [
        ...at.set(from.get),
        ...end.set(i32.add(from.get, step.get)),
        ...turn.set(constant(0)),
        ...loop(at, end.get, constant(0), [
          // Group after group; `at` moves inside.
          ...factors.flatMap(([c, s], q) => {
            const address = i32.add(turns.get, i32.mul(turn.get, constant(q + 1)));
            return [...c.set(f32x4.loadSplat(address)), ...s.set(f32x4.loadSplat(address, 4))];
          }),
          ...groupEnd.set(i32.add(at.get, span.get)),
          ...loop(at, groupEnd.get, constant(COMPLEX), [
            ...x.flatMap((one, q) => one.set(loadComplex(place(at, q, step)))),
            ...code,
            ...y.flatMap((one, q) => {
              const factor = factors[q - 1];
              return storeComplex(place(to, q, span), factor === undefined ? one : product(one, factor[0].get, factor[1].get));
            }),
            ...to.set(i32.add(to.get, constant(COMPLEX))),
          ]),
          ...to.set(place(to, p - 1, span)),
          ...turn.set(i32.add(turn.get, quarter(span.get))),
        ]),
      ];
    },
  };
}

/** A turn takes a quarter of the bytes of a number, and they are stepped through alike. */
const quarter = (bytes: Code): Code => i32.shiftRight(bytes, constant(2));

const float = (value: number): Code => f32x4.splatConstant(value);

const pass2 = pass(2, (_, [a, b]) => ({ code: [], y: [plus(a!, b!), minus(a!, b!)] }));

const pass3 = pass(3, (locals, [a, b, c]) => {
  const [sum, difference, rest] = [held(locals), held(locals), held(locals)];
  return {
    code: [
      ...sum.set(plus(b!, c!)),
      ...difference.set(scaled(turnedDifference(b!, c!), float(Math.sqrt(3) / 2))),
      ...rest.set(minus(a!, scaled(sum.get, float(0.5)))),
    ],
    y: [plus(a!, sum.get), plus(rest.get, difference.get), minus(rest.get, difference.get)],
  };
});

const pass4 = pass(4, (locals, [a, b, c, d]) => {
  const [even, evenLess, odd, oddTurned] = [held(locals), held(locals), held(locals), held(locals)];
  return {
    code: [...even.set(plus(a!, c!)), ...evenLess.set(minus(a!, c!)), ...odd.set(plus(b!, d!)), ...oddTurned.set(turnedDifference(b!, d!))],
    y: [plus(even.get, odd.get), plus(evenLess.get, oddTurned.get), minus(even.get, odd.get), minus(evenLess.get, oddTurned.get)],
  };
});

const pass5 = pass(5, (locals, [a, b, c, d, e]) => {
  const [near, far, nearTurned, farTurned] = [held(locals), held(locals), held(locals), held(locals)];
  const [first, second, firstTurned, secondTurned] = [held(locals), held(locals), held(locals), held(locals)];
  const [c1, c2] = [float(Math.cos((2 * Math.PI) / 5)), float(Math.cos((4 * Math.PI) / 5))];
  const [s1, s2] = [float(Math.sin((2 * Math.PI) / 5)), float(Math.sin((4 * Math.PI) / 5))];
  return {
    code: [
      ...near.set(plus(b!, e!)),
      ...far.set(plus(c!, d!)),
      ...nearTurned.set(turnedDifference(b!, e!)),
      ...farTurned.set(turnedDifference(c!, d!)),
      ...first.set(plus(a!, plus(scaled(near.get, c1), scaled(far.get, c2)))),
      ...second.set(plus(a!, plus(scaled(near.get, c2), scaled(far.get, c1)))),
      ...firstTurned.set(plus(scaled(nearTurned.get, s1), scaled(farTurned.get, s2))),
      ...secondTurned.set(minus(scaled(nearTurned.get, s2), scaled(farTurned.get, s1))),
    ],
    y: [
      plus(a!, plus(near.get, far.get)),
      plus(first.get, firstTurned.get),
      plus(second.get, secondTurned.get),
      minus(second.get, secondTurned.get),
      minus(first.get, firstTurned.get),
    ],
  };
});

/**
 * A pass of any odd radix p. The number t and the number p − t meet as a sum and a turned difference in the scratch memory; each pair of
 * results is then Σ cos·sum ∓ Σ sin·difference, with cosines and sines of the turns.
 */
const passOdd: Routine = {
  parameters: passParameters,
  body(locals, from, to, turns, step, span, p, scratch) {
    const names = ['at', 'end', 'groupEnd', 'turn', 'low', 'high', 'pair', 'pairEnd', 'q', 'half', 'root', 'rootStep', 'rootEnd'] as const;
    const l = Object.fromEntries(names.map((name) => [name, locals.one('i32')])) as Record<(typeof names)[number], Local>;
    const [first, own, straight, across] = [held(locals), held(locals), held(locals), held(locals)];
    const [c, s] = [locals.one('v128'), locals.one('v128')];
    const pairBytes = 2 * COMPLEX;
    const turnedBy = (factor: Code, value: Complex): Complex => {
      const address = i32.add(turns.get, i32.mul(l.turn.get, factor));
      return product(value, f32x4.loadSplat(address), f32x4.loadSplat(address, 4));
    };
    const gather = [
      ...first.set(loadComplex(l.at.get)),
      ...own.set(first.get),
      ...l.low.set(i32.add(l.at.get, step.get)),
      ...l.high.set(i32.add(l.at.get, i32.mul(step.get, i32.subtract(p.get, constant(1))))),
      ...l.pair.set(scratch.get),
      ...loop(l.pair, l.pairEnd.get, constant(pairBytes), [
        ...straight.set(plus(loadComplex(l.low.get), loadComplex(l.high.get))),
        ...own.set(plus(own.get, straight.get)),
        ...storeComplex(l.pair.get, straight.get),
        ...storeComplex(i32.add(l.pair.get, constant(COMPLEX)), turnedDifference(loadComplex(l.low.get), loadComplex(l.high.get))),
        ...l.low.set(i32.add(l.low.get, step.get)),
        ...l.high.set(i32.subtract(l.high.get, step.get)),
      ]),
      ...storeComplex(to.get, own.get),
    ];
    const pairOfResults = [
      ...straight.set(first.get),
      ...across.set({ re: float(0), im: float(0) }),
      ...l.rootStep.set(i32.mul(l.q.get, quarter(step.get))),
      ...l.root.set(i32.add(turns.get, l.rootStep.get)),
      ...l.pair.set(scratch.get),
      ...loop(l.pair, l.pairEnd.get, constant(pairBytes), [
        ...c.set(f32x4.loadSplat(l.root.get)),
        ...s.set(f32x4.loadSplat(l.root.get, 4)),
        ...straight.set(plus(straight.get, scaled(loadComplex(l.pair.get), c.get))),
        ...across.set(plus(across.get, scaled(loadComplex(i32.add(l.pair.get, constant(COMPLEX))), s.get))),
        ...l.root.set(i32.add(l.root.get, l.rootStep.get)),
        ...l.root.set(
          choose(l.root.get, i32.subtract(l.root.get, i32.subtract(l.rootEnd.get, turns.get)), i32.less(l.root.get, l.rootEnd.get)),
        ),
      ]),
      ...storeComplex(i32.add(to.get, i32.mul(l.q.get, span.get)), turnedBy(l.q.get, minus(straight.get, across.get))),
      ...l.low.set(i32.subtract(p.get, l.q.get)),
      ...storeComplex(i32.add(to.get, i32.mul(l.low.get, span.get)), turnedBy(l.low.get, plus(straight.get, across.get))),
    ];
    return [
      ...l.at.set(from.get),
      ...l.end.set(i32.add(from.get, step.get)),
      ...l.turn.set(constant(0)),
      ...l.half.set(i32.shiftRight(i32.add(p.get, constant(1)), constant(1))),
      ...l.pairEnd.set(i32.add(scratch.get, i32.mul(i32.subtract(l.half.get, constant(1)), constant(pairBytes)))),
      ...l.rootEnd.set(i32.add(turns.get, i32.mul(p.get, quarter(step.get)))),
      ...loop(l.at, l.end.get, constant(0), [
        ...l.groupEnd.set(i32.add(l.at.get, span.get)),
        ...loop(l.at, l.groupEnd.get, constant(COMPLEX), [
          ...gather,
          ...l.q.set(constant(1)),
          ...loop(l.q, l.half.get, constant(1), pairOfResults),
          ...to.set(i32.add(to.get, constant(COMPLEX))),
        ]),
        ...to.set(i32.add(to.get, i32.mul(i32.subtract(p.get, constant(1)), span.get))),
        ...l.turn.set(i32.add(l.turn.get, quarter(span.get))),
      ]),
    ];
  },
};

/** Any length as a convolution of a convenient one. Source: Bluestein 1970. */
function bluestein(n: number, shelf: Shelf): Fourier {
  const { simd } = shelf;
  const size = detourSize(n);
  const inner = mixedRadix(size, shelf);
  const angle = (i: number): number => (Math.PI * ((i * i) % (2 * n))) / n;
  const chirp = shelf.turns(n, angle);
  const spectrum = shelf.take(size * 2 * FLOATS);
  const put = simd.floats(inner.input, size * 2 * FLOATS).fill(0);
  for (let i = 0; i < n; i++) {
    for (const at of i === 0 ? [0] : [i, size - i]) {
      put.fill(Math.cos(angle(i)) / size, at * 2 * FLOATS, at * 2 * FLOATS + FLOATS);
      put.fill(Math.sin(angle(i)) / size, at * 2 * FLOATS + FLOATS, (at + 1) * 2 * FLOATS);
    }
  }
  inner.run();
  simd.floats(spectrum, size * 2 * FLOATS).set(simd.floats(inner.output, size * 2 * FLOATS));
  const [unwind, convolve] = [simd.run(unwound), simd.run(multipliedConjugate)];
  return {
    input: inner.input,
    output: inner.input,
    run() {
      unwind(inner.input, inner.input, chirp, n * COMPLEX, 0);
      simd.floats(inner.input + n * COMPLEX, (size - n) * 2 * FLOATS).fill(0);
      inner.run();
      convolve(inner.output, inner.input, spectrum, size * COMPLEX);
      inner.run();
      unwind(inner.output, inner.input, chirp, n * COMPLEX, 1);
    },
  };
}

/** Numbers turned back by their chirp, of themselves or (conjugated) of their conjugates. */
const unwound: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, from, to, chirp, bytes, conjugated) {
    const [at, turn, sign] = [locals.one('i32'), locals.one('i32'), locals.one('v128')];
    const value = held(locals);
    const source = loadComplex(i32.add(from.get, at.get));
    const [c, s] = [f32x4.loadSplat(turn.get), f32x4.loadSplat(turn.get, 4)];
    return [
      ...sign.set(f32x4.fromIntegers(i32x4.splat(i32.subtract(constant(1), i32.mul(constant(2), conjugated.get))))),
      ...turn.set(chirp.get),
      ...loop(at, bytes.get, constant(COMPLEX), [
        ...value.set({ re: source.re, im: mul(source.im, sign.get) }),
        ...storeComplex(i32.add(to.get, at.get), {
          re: add(mul(value.get.re, c), mul(value.get.im, s)),
          im: subtract(mul(value.get.im, c), mul(value.get.re, s)),
        }),
        ...turn.set(i32.add(turn.get, constant(TURN))),
      ]),
    ];
  },
};

/** The conjugates of products: a forward transform of them is the conjugate of the inverse transform. */
const multipliedConjugate: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, from, to, by, bytes) {
    const at = locals.one('i32');
    const [a, b] = [held(locals), held(locals)];
    return loop(at, bytes.get, constant(COMPLEX), [
      ...a.set(loadComplex(i32.add(from.get, at.get))),
      ...b.set(loadComplex(i32.add(by.get, at.get))),
      ...storeComplex(i32.add(to.get, at.get), {
        re: subtract(mul(a.get.re, b.get.re), mul(a.get.im, b.get.im)),
        im: subtract(float(0), add(mul(a.get.re, b.get.im), mul(a.get.im, b.get.re))),
      }),
    ]);
  },
};

/**
 * The sine transform of type I of rows of n pixels, two at a time and in place: y[k] = Σ x[j]·sin(π·(j + 1)·(k + 1) / (n + 1)). Applied twice it
 * is the row times (n + 1) / 2.
 */
export interface SineTransform {
  /** Rows start at addresses `first` and `second`; they may be the same. */
  run(first: number, second: number): void;
}

/** Floats of memory that sineTransform(n) takes. */
export const sineFloats = (n: number): number => fourierFloats(n + 1) + n + 1;

/**
 * @param at  address of sineFloats(n) floats of the memory, which hold its tables as long as it is used.
 * Source: Press et al., Numerical Recipes, 12.4.1: n + 1 auxiliary numbers, of which one real transform is taken; two rows share a complex one.
 */
export function sineTransform(n: number, simd: Simd, at: number): SineTransform {
  const size = n + 1;
  const shelf = new Shelf(simd, at);
  const plan = fourier(size, shelf);
  const sines = shelf.take(size);
  simd.floats(sines, size).set(Float64Array.from({ length: size }, (_, j) => Math.sin((Math.PI * j) / size)));
  const [fold, unfold] = [simd.run(folded), simd.run(unfolded)];
  return {
    run(first, second) {
      fold(first, second, plan.input, sines, n);
      plan.run();
      unfold(plan.output, first, second, n);
    },
  };
}

/** The auxiliary numbers sin·(x[j] + x[−j]) + (x[j] − x[−j]) / 2 of both rows, as one complex row. */
const folded: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32'],
  body(locals, first, second, to, sines, n) {
    const [forth, back, end] = locals.many('i32', 3) as [Local, Local, Local];
    const [s, a, b] = locals.many('v128', 3) as [Local, Local, Local];
    const one = (row: Local): Code => [
      ...a.set(f32x4.load(i32.add(row.get, forth.get))),
      ...b.set(f32x4.load(i32.add(row.get, back.get))),
      ...add(mul(s.get, add(a.get, b.get)), mul(float(0.5), subtract(a.get, b.get))),
    ];
    return [
      ...storeComplex(to.get, { re: float(0), im: float(0) }),
      ...end.set(i32.mul(n.get, constant(PIXEL))),
      ...back.set(end.get),
      ...loop(forth, end.get, constant(PIXEL), [
        ...back.set(i32.subtract(back.get, constant(PIXEL))),
        ...to.set(i32.add(to.get, constant(COMPLEX))),
        ...sines.set(i32.add(sines.get, constant(4))),
        ...s.set(f32x4.loadSplat(sines.get)),
        ...f32x4.store(to.get, one(first)),
        ...f32x4.store(to.get, one(second), PIXEL),
      ]),
    ];
  },
};

/** The real transforms R + iI of both rows from the joint one, then F[2k] = −I[k] and F[2k + 1] = F[2k − 1] + R[k]. */
const unfolded: Routine = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  body(locals, from, first, second, n) {
    const [place, end, forth, back] = locals.many('i32', 4) as [Local, Local, Local, Local];
    const [sumA, sumB] = [locals.one('v128'), locals.one('v128')];
    const [p, q] = [held(locals), held(locals)];
    const half = float(0.5);
    const put = (offset: number, a: Code, b: Code): Code => [
      ...f32x4.store(i32.add(first.get, place.get), a, offset),
      ...f32x4.store(i32.add(second.get, place.get), b, offset),
    ];
    const advance = [
      ...forth.set(i32.add(forth.get, constant(COMPLEX))),
      ...back.set(i32.subtract(back.get, constant(COMPLEX))),
      ...p.set(loadComplex(forth.get)),
      ...q.set(loadComplex(back.get)),
    ];
    return [
      ...sumA.set(mul(half, f32x4.load(from.get))),
      ...sumB.set(mul(half, f32x4.load(from.get, PIXEL))),
      ...put(0, sumA.get, sumB.get),
      ...forth.set(from.get),
      ...back.set(i32.add(from.get, i32.mul(i32.add(n.get, constant(1)), constant(COMPLEX)))),
      ...end.set(i32.mul(i32.subtract(n.get, constant(2)), constant(PIXEL))),
      // Two results of each row at a time, behind the first; of an even number the last is alone.
      ...loop(place, end.get, constant(2 * PIXEL), [
        ...advance,
        ...put(PIXEL, mul(half, subtract(q.get.im, p.get.im)), mul(half, subtract(p.get.re, q.get.re))),
        ...sumA.set(add(sumA.get, mul(half, add(p.get.re, q.get.re)))),
        ...sumB.set(add(sumB.get, mul(half, add(p.get.im, q.get.im)))),
        ...put(2 * PIXEL, sumA.get, sumB.get),
      ]),
      ...when(i32.less(place.get, i32.add(end.get, constant(PIXEL))), [
        ...advance,
        ...put(PIXEL, mul(half, subtract(q.get.im, p.get.im)), mul(half, subtract(p.get.re, q.get.re))),
      ]),
    ];
  },
};
