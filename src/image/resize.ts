/**
 * Resizing by interpolation with half-pixel centres and replicated edges, without antialiasing, as OpenCV's `resize` does it: the
 * linear and cubic filters keep their width in source pixels however much the image shrinks.
 */
import { type FloatImage, floatImage } from './image.ts';
import { cubicWeights } from './sampling.ts';
import type { Filter } from './warp.ts';

/** How target values mix source values along one axis: `count` taps each, tap k of value i at k · length + i. */
interface Taps {
  readonly count: number;
  readonly length: number;
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

/** @returns the image itself if it has the size already. */
export function resize(image: FloatImage, width: number, height: number, filter: Filter): FloatImage {
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  const across = taps(image.width, width, filter, channels);
  const down = taps(image.height, height, filter, 1);
  const out = floatImage(width, height, channels);
  const { length } = across;
  // Rows stretched across, as many as a target row mixes; source row r is held in slot r mod count.
  const held = Array.from({ length: down.count }, () => new Float32Array(length));
  const heldRow = new Int32Array(down.count).fill(-1);
  const stretch = filter === 'cubic' ? stretchCubic : stretchLinear;
  for (let y = 0; y < height; y++) {
    const rows: Float32Array[] = [];
    const weights: number[] = [];
    for (let k = 0; k < down.count; k++) {
      const row = down.index[k * height + y]!;
      const slot = row % down.count;
      const values = held[slot]!;
      if (heldRow[slot] !== row) stretch(image.data, row * image.width * channels, across, values);
      heldRow[slot] = row;
      rows.push(values);
      weights.push(down.weight[k * height + y]!);
    }
    mixRows(rows, weights, out.data, y * length);
  }
  return out;
}

/** s = (d + ½)·scale − ½, exact as the reference's OpenCV has it (measured: float32 positions are 6e-6 off on noise); weights in float32. */
function taps(from: number, to: number, filter: Filter, channels: number): Taps {
  const count = filter === 'cubic' ? 4 : 2;
  const first = filter === 'cubic' ? -1 : 0;
  const length = to * channels;
  const index = new Int32Array(length * count);
  const weight = new Float32Array(length * count);
  for (let d = 0; d < to; d++) {
    const s = (d + 0.5) * (from / to) - 0.5;
    const whole = Math.floor(s);
    const t = s - whole;
    const weights = filter === 'cubic' ? cubicWeights(t) : [1 - t, t];
    for (let k = 0; k < count; k++) {
      const source = Math.min(Math.max(whole + first + k, 0), from - 1) * channels;
      for (let c = 0; c < channels; c++) {
        index[k * length + d * channels + c] = source + c;
        weight[k * length + d * channels + c] = weights[k]!;
      }
    }
  }
  return { count, length, index, weight };
}

function stretchLinear(src: Float32Array, at: number, { length, index, weight }: Taps, out: Float32Array): void {
  for (let i = 0, j = length; i < length; i++, j++) out[i] = src[at + index[i]!]! * weight[i]! + src[at + index[j]!]! * weight[j]!;
}

function stretchCubic(src: Float32Array, at: number, { length, index, weight }: Taps, out: Float32Array): void {
  for (let i = 0; i < length; i++) {
    const [j, k, l] = [i + length, i + 2 * length, i + 3 * length];
    out[i] =
      src[at + index[i]!]! * weight[i]! +
      src[at + index[j]!]! * weight[j]! +
      src[at + index[k]!]! * weight[k]! +
      src[at + index[l]!]! * weight[l]!;
  }
}

function mixRows(rows: readonly Float32Array[], weights: readonly number[], out: Float32Array, at: number): void {
  const [a, b, c, d] = [rows[0]!, rows[1]!, rows[2], rows[3]];
  const [wa, wb, wc, wd] = [weights[0]!, weights[1]!, weights[2] ?? 0, weights[3] ?? 0];
  if (c === undefined || d === undefined) for (let i = 0; i < a.length; i++) out[at + i] = a[i]! * wa + b[i]! * wb;
  else for (let i = 0; i < a.length; i++) out[at + i] = a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd;
}
