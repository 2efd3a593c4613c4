/**
 * The discrete sine transform of pairs of rows, by complex Fourier transforms of any length: mixed radix, and Bluestein's detour over a
 * power of two where a prime factor is large. Plans hold tables and buffers, so that a transform allocates nothing.
 */

/** A Fourier transform of n complex numbers, in place in `re` and `im`; forward and not scaled. */
interface Fourier {
  readonly re: Float64Array;
  readonly im: Float64Array;
  run(): void;
}

/** Time of a transform of length n, in units of one number in one pass of radix 2 to 4 (measured: about 2 ns). */
export const fourierCost = (n: number): number => Math.min(mixedCost(n), detourCost(n));

function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (const p of [4, 2, 3, 5]) for (; rest % p === 0; rest /= p) factors.push(p);
  for (let p = 7; p * p <= rest; p += 2) for (; rest % p === 0; rest /= p) factors.push(p);
  if (rest > 1) factors.push(rest);
  return factors;
}

const mixedCost = (n: number): number => n * factorsOf(n).reduce((sum, p) => sum + (p < 5 ? 1 : p), 1);
const detourCost = (n: number): number => 2.2 * mixedCost(powerOver(2 * n - 1));
const powerOver = (n: number): number => 2 ** Math.ceil(Math.log2(n));

const fourier = (n: number): Fourier => (mixedCost(n) <= detourCost(n) ? mixedRadix(n) : bluestein(n));

/** Stockham's self-sorting transform, one pass a factor. Source: Van Loan, Computational Frameworks for the FFT, 1.7. */
function mixedRadix(n: number): Fourier {
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const [spareRe, spareIm] = [new Float64Array(n), new Float64Array(n)];
  const cos = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sin = Float64Array.from({ length: n }, (_, i) => -Math.sin((2 * Math.PI * i) / n));
  const factors = factorsOf(n);
  return {
    re,
    im,
    run() {
      let from: readonly [Float64Array, Float64Array] = [re, im];
      let to: readonly [Float64Array, Float64Array] = [spareRe, spareIm];
      let done = 1;
      for (const p of factors) {
        const pass = p === 2 ? pass2 : p === 4 ? pass4 : p === 3 ? pass3 : passAny;
        pass(from[0], from[1], to[0], to[1], cos, sin, n, done, p);
        done *= p;
        [from, to] = [to, from];
      }
      if (from[0] !== re) {
        re.set(spareRe);
        im.set(spareIm);
      }
    },
  };
}

// Each pass takes numbers m·done apart (m = n / (p · done)), transforms p of them, and turns the q-th by w^(q·j·done) for group j; k runs
// inside a group. Results of a group lie behind one another, so that no reordering is left at the end.

function pass2(
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  cos: Float64Array,
  sin: Float64Array,
  n: number,
  done: number,
): void {
  const m = n / (2 * done);
  for (let j = 0; j < m; j++) {
    const c = cos[j * done]!;
    const s = sin[j * done]!;
    for (let k = 0; k < done; k++) {
      const a = j * done + k;
      const b = a + m * done;
      const o = j * 2 * done + k;
      const dr = re[a]! - re[b]!;
      const di = im[a]! - im[b]!;
      outRe[o] = re[a]! + re[b]!;
      outIm[o] = im[a]! + im[b]!;
      outRe[o + done] = dr * c - di * s;
      outIm[o + done] = dr * s + di * c;
    }
  }
}

function pass3(
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  cos: Float64Array,
  sin: Float64Array,
  n: number,
  done: number,
): void {
  const m = n / (3 * done);
  const step = m * done;
  const h = Math.sqrt(3) / 2;
  for (let j = 0; j < m; j++) {
    const c1 = cos[j * done]!;
    const s1 = sin[j * done]!;
    const c2 = cos[2 * j * done]!;
    const s2 = sin[2 * j * done]!;
    for (let k = 0; k < done; k++) {
      const a = j * done + k;
      const o = j * 3 * done + k;
      const sr = re[a + step]! + re[a + 2 * step]!;
      const si = im[a + step]! + im[a + 2 * step]!;
      const dr = h * (im[a + step]! - im[a + 2 * step]!);
      const di = -h * (re[a + step]! - re[a + 2 * step]!);
      const tr = re[a]! - sr / 2;
      const ti = im[a]! - si / 2;
      outRe[o] = re[a]! + sr;
      outIm[o] = im[a]! + si;
      const xr = tr + dr;
      const xi = ti + di;
      const yr = tr - dr;
      const yi = ti - di;
      outRe[o + done] = xr * c1 - xi * s1;
      outIm[o + done] = xr * s1 + xi * c1;
      outRe[o + 2 * done] = yr * c2 - yi * s2;
      outIm[o + 2 * done] = yr * s2 + yi * c2;
    }
  }
}

function pass4(
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  cos: Float64Array,
  sin: Float64Array,
  n: number,
  done: number,
): void {
  const m = n / (4 * done);
  const step = m * done;
  for (let j = 0; j < m; j++) {
    const c1 = cos[j * done]!;
    const s1 = sin[j * done]!;
    const c2 = cos[2 * j * done]!;
    const s2 = sin[2 * j * done]!;
    const c3 = cos[3 * j * done]!;
    const s3 = sin[3 * j * done]!;
    for (let k = 0; k < done; k++) {
      const a = j * done + k;
      const o = j * 4 * done + k;
      const pr = re[a]! + re[a + 2 * step]!;
      const pi = im[a]! + im[a + 2 * step]!;
      const qr = re[a]! - re[a + 2 * step]!;
      const qi = im[a]! - im[a + 2 * step]!;
      const ur = re[a + step]! + re[a + 3 * step]!;
      const ui = im[a + step]! + im[a + 3 * step]!;
      const vr = im[a + step]! - im[a + 3 * step]!; // −i·(x1 − x3)
      const vi = re[a + 3 * step]! - re[a + step]!;
      outRe[o] = pr + ur;
      outIm[o] = pi + ui;
      const xr = qr + vr;
      const xi = qi + vi;
      outRe[o + done] = xr * c1 - xi * s1;
      outIm[o + done] = xr * s1 + xi * c1;
      const yr = pr - ur;
      const yi = pi - ui;
      outRe[o + 2 * done] = yr * c2 - yi * s2;
      outIm[o + 2 * done] = yr * s2 + yi * c2;
      const zr = qr - vr;
      const zi = qi - vi;
      outRe[o + 3 * done] = zr * c3 - zi * s3;
      outIm[o + 3 * done] = zr * s3 + zi * c3;
    }
  }
}

function passAny(
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  cos: Float64Array,
  sin: Float64Array,
  n: number,
  done: number,
  p: number,
): void {
  const m = n / (p * done);
  const step = m * done;
  const turn = n / p;
  for (let j = 0; j < m; j++) {
    for (let q = 0; q < p; q++) {
      const c = cos[q * j * done]!;
      const s = sin[q * j * done]!;
      for (let k = 0; k < done; k++) {
        const a = j * done + k;
        let sr = re[a]!;
        let si = im[a]!;
        for (let t = 1, w = q * turn; t < p; t++) {
          const xr = re[a + t * step]!;
          const xi = im[a + t * step]!;
          sr += xr * cos[w]! - xi * sin[w]!;
          si += xr * sin[w]! + xi * cos[w]!;
          w += q * turn;
          if (w >= n) w -= n;
        }
        const o = (j * p + q) * done + k;
        outRe[o] = sr * c - si * s;
        outIm[o] = sr * s + si * c;
      }
    }
  }
}

/** Any length as a convolution of a power of two. Source: Bluestein 1970. */
function bluestein(n: number): Fourier {
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const size = powerOver(2 * n - 1);
  const inner = mixedRadix(size);
  const angle = (i: number): number => (Math.PI * ((i * i) % (2 * n))) / n;
  const cos = Float64Array.from({ length: n }, (_, i) => Math.cos(angle(i)));
  const sin = Float64Array.from({ length: n }, (_, i) => Math.sin(angle(i)));
  for (let i = 0; i < n; i++) {
    for (const at of i === 0 ? [0] : [i, size - i]) {
      inner.re[at] = cos[i]! / size;
      inner.im[at] = sin[i]! / size;
    }
  }
  inner.run();
  const [chirpRe, chirpIm] = [inner.re.slice(), inner.im.slice()];
  return {
    re,
    im,
    run() {
      inner.re.fill(0, n);
      inner.im.fill(0, n);
      for (let i = 0; i < n; i++) {
        inner.re[i] = re[i]! * cos[i]! + im[i]! * sin[i]!;
        inner.im[i] = im[i]! * cos[i]! - re[i]! * sin[i]!;
      }
      inner.run();
      for (let i = 0; i < size; i++) {
        // Conjugated, so that a forward transform serves as the inverse.
        const r = inner.re[i]! * chirpRe[i]! - inner.im[i]! * chirpIm[i]!;
        inner.im[i] = -(inner.re[i]! * chirpIm[i]! + inner.im[i]! * chirpRe[i]!);
        inner.re[i] = r;
      }
      inner.run();
      for (let i = 0; i < n; i++) {
        const [r, m] = [inner.re[i]!, -inner.im[i]!];
        re[i] = r * cos[i]! + m * sin[i]!;
        im[i] = m * cos[i]! - r * sin[i]!;
      }
    },
  };
}

/**
 * The sine transform of type I of rows of n numbers, two at a time and in place: y[k] = Σ x[j]·sin(π·(j + 1)·(k + 1) / (n + 1)). Applied twice it
 * is the row times (n + 1) / 2.
 */
export interface SineTransform {
  /** Rows start at `first` and `second` of the data; they may be the same. */
  run(data: Float64Array, first: number, second: number): void;
}

/** Source: Press et al., Numerical Recipes, 12.4.1: n + 1 auxiliary numbers, of which one real transform is taken; two rows share a complex one. */
export function sineTransform(n: number): SineTransform {
  const size = n + 1;
  const plan = fourier(size);
  const { re, im } = plan;
  const sines = Float64Array.from({ length: size }, (_, j) => Math.sin((Math.PI * j) / size));
  return {
    run(data, first, second) {
      re[0] = 0;
      im[0] = 0;
      for (let j = 1; j < size; j++) {
        const s = sines[j]!;
        const a = data[first + j - 1]!;
        const b = data[first + size - j - 1]!;
        const c = data[second + j - 1]!;
        const d = data[second + size - j - 1]!;
        re[j] = s * (a + b) + (a - b) / 2;
        im[j] = s * (c + d) + (c - d) / 2;
      }
      plan.run();
      unfold(re, im, size, data, first, second);
    },
  };
}

/** The real transforms R + iI of both rows from the joint one, then F[2k] = −I[k] and F[2k + 1] = F[2k − 1] + R[k]. */
function unfold(re: Float64Array, im: Float64Array, size: number, data: Float64Array, first: number, second: number): void {
  let a = re[0]! / 2;
  let c = im[0]! / 2;
  data[first] = a;
  data[second] = c;
  for (let k = 1; 2 * k - 1 < size - 1; k++) {
    const pr = re[k]!;
    const pi = im[k]!;
    const qr = re[size - k]!;
    const qi = im[size - k]!;
    data[first + 2 * k - 1] = (qi - pi) / 2;
    data[second + 2 * k - 1] = (pr - qr) / 2;
    a += (pr + qr) / 2;
    c += (pi + qi) / 2;
    if (2 * k < size - 1) {
      data[first + 2 * k] = a;
      data[second + 2 * k] = c;
    }
  }
}
