/** Losses other than structure: each turns (h, w, n, c) maps into one value per sample, (n). */
import { sizeOf } from '../../base/index.ts';
import { abs, exp, log, reduceSum, reshape, slice, sqrt, type Value } from '../../graph/index.ts';
import { gaussianBlur } from './blur.ts';

/**
 * Sum over rows and columns: (h, w, n, c) → (1, 1, n, c). One axis after the other, because a running sum of 10⁵ float32 numbers loses
 * several digits.
 */
const mapSum = (x: Value): Value => reduceSum(reduceSum(x, [1]), [0]);

/** Mean over rows and columns: (h, w, n, c) → (1, 1, n, c). */
export const mapMean = (x: Value): Value => mapSum(x).mul(1 / (x.shape[0]! * x.shape[1]!));

/** Sum over rows, columns and channels: (h, w, n, c) → (n). */
const sampleSum = (x: Value): Value => reshape(reduceSum(mapSum(x), [3]), [x.shape[2]!]);

/** Mean over rows, columns and channels: (h, w, n, c) → (n). */
export const sampleMean = (x: Value): Value => sampleSum(x).mul(x.shape[2]! / sizeOf(x.shape));

/** Mean cross entropy of a map of logits against one label, 0 or 1: max(z, 0) − z·label + ln(1 + e^−|z|). */
export function crossEntropy(label: 0 | 1, z: Value): Value {
  const size = abs(z);
  const positive = z.add(size).mul(0.5); // max(z, 0)
  const softplus = log(exp(size.neg()).add(1));
  return sampleMean((label === 0 ? positive : positive.sub(z)).add(softplus));
}

/**
 * Distance of the colour statistics of two images: per channel, the squared differences of the means and of the deviations
 * √(variance + 10⁻⁵), summed and weighted by weight / channels.
 *
 * @param sigma both are blurred by this first; 0 compares them as they are.
 * @returns (n).
 */
export function styleLoss(a: Value, b: Value, { sigma, weight }: { readonly sigma: number; readonly weight: number }): Value {
  const [p, q] = [a, b].map((x) => statistics(sigma > 0 ? gaussianBlur(x, sigma) : x)) as [Statistics, Statistics];
  const distance = p.mean.sub(q.mean).square().add(p.deviation.sub(q.deviation).square());
  return sampleSum(distance).mul(weight / a.shape[3]!);
}

interface Statistics {
  readonly mean: Value;
  readonly deviation: Value;
}

function statistics(x: Value): Statistics {
  const mean = mapMean(x);
  return { mean, deviation: sqrt(mapMean(x.sub(mean).square()).add(1e-5)) };
}

/**
 * Which neighbours total variation compares. The reference names the axes by number, so what they are depends on its data layout:
 * rows and columns on a CPU, colour channels and rows on a GPU.
 */
export type VariationAxes = 'rows-columns' | 'channels-rows';

/** Sum of the squared differences between neighbours: (h, w, n, c) → (n). */
export function totalVariation(x: Value, axes: VariationAxes): Value {
  const along = (axis: number): Value => {
    const side = x.shape[axis]!;
    return sampleSum(
      slice(x, axis, 1, side)
        .sub(slice(x, axis, 0, side - 1))
        .square(),
    );
  };
  return axes === 'rows-columns' ? along(0).add(along(1)) : along(3).add(along(0));
}
