/**
 * Smoothing without lag: of all curves the one that is nearest to the measurements while its third differences stay small (Whittaker 1923,
 * order 3; Eilers 2003). It looks both ways in time at once, keeps constant speed and acceleration exactly, and bridges gaps. Where the
 * measurements leave the curve for several frames together the motion is real, and the curve gives way.
 */

/** The penalty on differences of `order` is solved as a banded system; `weights` may be 0 where nothing was measured. */
export interface Smoother {
  /** The curve for measurements; both of the length that the smoother was made for. */
  readonly solve: (values: Float64Array) => Float64Array;
}

/** Signs and sizes of the differences of order 1, 2, 3. */
const differences = [[1], [-1, 1], [1, -2, 1], [-1, 3, -3, 1]] as const;

/**
 * @param weights  how much each measurement counts, 0 or more; at least `order` of them above 0.
 * @param stiffness  of the curve at each measurement, above 0.
 * @param order  1…3: of the differences that are kept small.
 */
export function smoother(weights: Float64Array, stiffness: Float64Array, order: 1 | 2 | 3): Smoother {
  const n = weights.length;
  const width = order + 1;
  const band = new Float64Array(n * width); // row i: columns i − order … i
  for (let i = 0; i < n; i++) band[i * width + order] = weights[i]!;
  const c = differences[order];
  for (let j = 0; j + order < n; j++) {
    const stiff = Math.sqrt(stiffness[j]! * stiffness[j + order]!);
    for (let p = 0; p <= order; p++) for (let q = 0; q <= p; q++) band[(j + p) * width + order - p + q]! += stiff * c[p]! * c[q]!;
  }
  // LDLᵀ in place: L's rows left of the diagonal, D on it.
  for (let i = 0; i < n; i++) {
    for (let k = Math.max(0, i - order); k <= i; k++) {
      let sum = band[i * width + order - i + k]!;
      for (let m = Math.max(0, i - order, k - order); m < k; m++) {
        sum -= band[i * width + order - i + m]! * band[m * width + order]! * band[k * width + order - k + m]!;
      }
      band[i * width + order - i + k] = k === i ? sum : sum / band[k * width + order]!;
    }
  }
  return {
    solve(values) {
      const z = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let sum = weights[i]! === 0 ? 0 : weights[i]! * values[i]!;
        for (let k = Math.max(0, i - order); k < i; k++) sum -= band[i * width + order - i + k]! * z[k]!;
        z[i] = sum;
      }
      for (let i = 0; i < n; i++) z[i]! /= band[i * width + order]!;
      for (let i = n - 1; i >= 0; i--) {
        for (let k = i + 1; k <= Math.min(n - 1, i + order); k++) z[i]! -= band[k * width + order - k + i]! * z[k]!;
      }
      return z;
    },
  };
}

/** Frames to either side over which measurements must leave the curve together to be believed. */
const NEAR = 2;
/** Mean departures over 2·NEAR + 1 frames, in deviations of the noise, from which on the curve gives way. */
const BELIEVED = 1;

/**
 * Smooths several values of a moving thing together, in one unit, so that they give way together.
 *
 * @param values  one array for each value; where `weights` is 0 what stands there is not read.
 * @param stiffness  1 halves motions of a period of 6 frames, keeps 98 % of those of 12 and 4 % of those of 3.
 */
export function smoothTogether(values: readonly Float64Array[], weights: Float64Array, stiffness: number): readonly Float64Array[] {
  const n = weights.length;
  const known = weights.reduce((count, w) => count + (w > 0 ? 1 : 0), 0);
  if (known < 3) return values.map((v) => bridged(v, weights));
  const order = known > 3 ? 3 : 2;
  const even = new Float64Array(n).fill(stiffness);
  const first = smoother(weights, even, order);
  const curves = values.map((v) => first.solve(v));
  const stiff = givingWay(values, curves, weights, even);
  const second = smoother(weights, stiff, order);
  return values.map((v) => second.solve(v));
}

/** Less stiffness where the measurements leave the curves for several frames together. */
function givingWay(
  values: readonly Float64Array[],
  curves: readonly Float64Array[],
  weights: Float64Array,
  stiffness: Float64Array,
): Float64Array {
  const out = stiffness.slice();
  for (const [k, v] of values.entries()) {
    const away = v.map((x, i) => (weights[i]! > 0 ? x - curves[k]![i]! : 0));
    const noise = Math.max(deviation(away, weights), 1e-9);
    for (let i = 0; i < out.length; i++) {
      let [sum, total] = [0, 0];
      for (let j = Math.max(0, i - NEAR); j <= Math.min(out.length - 1, i + NEAR); j++) {
        sum += weights[j]! * away[j]!;
        total += weights[j]!;
      }
      const together = total > 0 ? Math.abs(sum / total) / noise : 0;
      if (together > BELIEVED) out[i] = Math.min(out[i]!, stiffness[i]! / (together / BELIEVED) ** 8);
    }
  }
  return out;
}

/** Standard deviation of the departures, by their median size. */
function deviation(away: Float64Array, weights: Float64Array): number {
  const sizes = [...away].filter((_, i) => weights[i]! > 0).map(Math.abs);
  sizes.sort((a, b) => a - b);
  return 1.4826 * (sizes[sizes.length >> 1] ?? 0);
}

/** Values where nothing was measured, on a line between their neighbours; beyond the ends the nearest one. */
export function bridged(values: Float64Array, weights: Float64Array): Float64Array {
  const out = values.slice();
  let last = -1;
  for (let i = 0; i <= values.length; i++) {
    if (i < values.length && !(weights[i]! > 0)) continue;
    for (let j = last + 1; j < i; j++) {
      if (last < 0) out[j] = i < values.length ? values[i]! : 0;
      else if (i === values.length) out[j] = values[last]!;
      else out[j] = values[last]! + ((values[i]! - values[last]!) * (j - last)) / (i - last);
    }
    last = i;
  }
  return out;
}
