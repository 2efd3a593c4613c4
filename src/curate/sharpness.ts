/**
 * Sharpness as the cumulative probability of blur detection (CPBD): the share of edges too narrow for their blur to be seen.
 * Source: Narvekar and Karam, "A No-Reference Image Blur Metric Based on the Cumulative Probability of Blur Detection", 2011; edges by the
 * rules that DeepFaceLab's measure follows, so that faces sort alike.
 */
import { cannyEdges } from './canny.ts';
import { paintedRegion, type Region } from './region.ts';

/** A gray picture as real numbers, 0…255. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** Beyond this distance from all that is not black there is no edge. */
const MARGIN = 6;
const BLOCK = 64;
/** More of a block's pixels than this must be edges. */
const EDGE_SHARE = 0.002;
const MAX_STEPS = 100;
/** Just-noticeable blur: the width of an edge in pixels that is seen as blurred in 64 % of cases, below and above this contrast. */
const LOW_CONTRAST = 50;
const NOTICEABLE = { low: 5, high: 3 };
const BETA = 3.6;
const SEEN_PERCENT = 63;

/** @returns 0…1, 0 without any edge. */
export function sharpness(image: GreyImage): number {
  const { width, height, data } = image;
  const region = paintedRegion(data, width, height, 1, MARGIN);
  const edges = cannyEdges(image, region);
  const widths = edgeWidths(image, thinnedEdges(image, region));
  const percents = new Float64Array(101);
  let total = 0;
  for (let top = 0; top + BLOCK <= height; top += BLOCK) {
    for (let left = 0; left + BLOCK <= width; left += BLOCK) {
      let [count, low, high] = [0, Infinity, -Infinity];
      for (let y = top; y < top + BLOCK; y++) {
        for (let p = y * width + left, end = p + BLOCK; p < end; p++) {
          count += edges[p]!;
          const v = data[p]!;
          if (v < low) low = v;
          if (v > high) high = v;
        }
      }
      if (!(count > EDGE_SHARE * BLOCK * BLOCK)) continue;
      const noticeable = Math.trunc(high - low) <= LOW_CONTRAST ? NOTICEABLE.low : NOTICEABLE.high;
      for (let y = top; y < top + BLOCK; y++) {
        for (let p = y * width + left, end = p + BLOCK; p < end; p++) {
          const w = widths[p]!;
          if (w === 0) continue;
          percents[roundHalfEven((1 - Math.exp(-((w / noticeable) ** BETA))) * 100)]!++;
          total++;
        }
      }
    }
  }
  return total === 0 ? 0 : percents.subarray(0, SEEN_PERCENT + 1).reduce((a, b) => a + b, 0) / total;
}

/** As NumPy rounds. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Vertical edges: the squared horizontal Sobel gradient where it exceeds twice its root mean, thinned to strict maxima along row or column. */
function thinnedEdges({ width, height, data }: GreyImage, region: Region): Uint8Array {
  const strength = new Float64Array(width * height);
  let sum = 0;
  for (let y = region.top; y < region.bottom; y++) {
    const [up, here, down] = [Math.max(0, y - 1) * width, y * width, Math.min(height - 1, y + 1) * width];
    for (let x = region.left; x < region.right; x++) {
      const [l, r] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
      const left = data[up + l]! + 2 * data[here + l]! + data[down + l]!;
      const right = data[up + r]! + 2 * data[here + r]! + data[down + r]!;
      const squared = ((right - left) / 8) ** 2;
      strength[here + x] = squared;
      sum += squared;
    }
  }
  const threshold = 2 * Math.sqrt(sum / strength.length);
  for (let p = 0; p < strength.length; p++) if (strength[p]! <= threshold) strength[p] = 0;
  const edges = new Uint8Array(strength.length);
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      const v = strength[p]!;
      if (v === 0) continue;
      const [left, right] = [x > 0 ? strength[p - 1]! : 0, x + 1 < width ? strength[p + 1]! : 0];
      const [up, down] = [y > 0 ? strength[p - width]! : 0, y + 1 < height ? strength[p + width]! : 0];
      if ((v > left && v > right) || (v > up && v > down)) edges[p] = 1;
    }
  }
  return edges;
}

/** Width in pixels of each edge whose gradient points along the row; 0 elsewhere. Source: Marziliano et al. 2004. */
function edgeWidths({ width, height, data }: GreyImage, edges: Uint8Array): Uint16Array {
  const widths = new Uint16Array(data.length);
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const p = y * width + x;
      if (edges[p] === 0) continue;
      const gx = (data[p + 1]! - data[p - 1]!) / 2;
      const gy = (data[p + width]! - data[p - width]!) / 2;
      const turns = roundHalfEven((gx === 0 ? 0 : Math.atan2(gy, gx) * (180 / Math.PI)) / 45);
      if (turns === 0) widths[p] = steps(data, p, x, -1, -1) + steps(data, p, width - 1 - x, 1, 1);
      else if (turns === 4 || turns === -4) widths[p] = steps(data, p, x, -1, 1) + steps(data, p, width - 1 - x, 1, -1);
    }
  }
  return widths;
}

/**
 * Pixels from an edge to where its slope ends.
 *
 * @param room  pixels between p and the border of the picture in this direction.
 * @param step  −1 to the left, 1 to the right.
 * @param slope  1 while the brightness rises on the way, −1 while it falls.
 */
function steps(data: Float64Array, p: number, room: number, step: number, slope: number): number {
  let margin = 0;
  for (; margin < MAX_STEPS; margin++) {
    if (margin + 2 > room) break;
    const at = p + (margin + 1) * step;
    if ((data[at + step]! - data[at]!) * slope <= 0) break;
  }
  return margin + 1;
}
