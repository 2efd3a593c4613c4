/** Histogram matching: every channel takes the distribution of another picture's channel, value by value and without bins. */
import { type FloatImage, floatImage } from './image.ts';
import type { Simd } from './simd.ts';
import { sortValues } from './sortOrder.ts';

/**
 * @param image, like  of the same channels; sizes may differ.
 * @param threshold  0…255: the share (of 255) of the target's distribution that is used. Below 255 its upper end is left out.
 * Source: for a value with the cumulative share q, the linear interpolation of (share → value) of `like` at q·threshold/255.
 */
export function histogramMatch(image: FloatImage, like: FloatImage, threshold: number, simd: Simd): FloatImage {
  const out = floatImage(image.width, image.height, image.channels);
  const [n, m] = [image.width * image.height, like.width * like.height];
  const [values, shares] = [new Float32Array(m), new Float64Array(m)];
  for (let c = 0; c < image.channels; c++) {
    const levels = distinctLevels(sortValues(like.data, c, like.channels, m, simd).values, values, shares);
    const own = sortValues(image.data, c, image.channels, n, simd);
    matchChannel(own.values, own.order, values, shares, levels, threshold / n, out.data, c, image.channels);
  }
  return out;
}

/** The distinct values of a sorted list and 255 times the share of values up to each; how many there are. */
function distinctLevels(sorted: Float32Array, values: Float32Array, shares: Float64Array): number {
  let levels = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i + 1 < sorted.length && sorted[i + 1] === sorted[i]) continue;
    values[levels] = sorted[i]!;
    shares[levels++] = (255 * (i + 1)) / sorted.length;
  }
  return levels;
}

function matchChannel(
  sorted: Float32Array,
  order: Int32Array,
  values: Float32Array,
  shares: Float64Array,
  levels: number,
  scale: number,
  out: Float32Array,
  offset: number,
  stride: number,
): void {
  let level = 0; // the first whose share reaches the present one
  for (let i = 0; i < sorted.length; ) {
    let end = i + 1;
    while (end < sorted.length && sorted[end] === sorted[i]) end++;
    const share = end * scale;
    while (level < levels && shares[level]! < share) level++;
    let value = values[Math.min(level, levels - 1)]!;
    if (level > 0 && level < levels) {
      const t = (share - shares[level - 1]!) / (shares[level]! - shares[level - 1]!);
      value = values[level - 1]! + t * (values[level]! - values[level - 1]!);
    }
    for (; i < end; i++) out[order[i]! * stride + offset] = value;
  }
}
