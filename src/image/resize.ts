/**
 * Resizing by interpolation with half-pixel centres and replicated edges, without antialiasing, as OpenCV's `resize` does it: the
 * linear and cubic filters keep their width in source pixels however much the image shrinks.
 */
import { type FloatImage, floatImage } from './image.ts';
import { cubicWeights } from './sampling.ts';
import type { Filter } from './warp.ts';

/** The taps of each target index along one axis: `count` source indices and weights. */
interface Taps {
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

/** @returns the image itself if it has the size already. */
export function resize(image: FloatImage, width: number, height: number, filter: Filter): FloatImage {
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  const across = taps(image.width, width, filter);
  const down = taps(image.height, height, filter);
  const out = floatImage(width, height, channels);
  const rows = new Map<number, Float32Array>();
  const rowLength = width * channels;
  for (let y = 0; y < height; y++) {
    const needed = down.index.subarray(y * down.count, (y + 1) * down.count);
    for (const row of rows.keys()) if (row < needed[0]!) rows.delete(row);
    const sources = Array.from(needed, (row) => {
      let values = rows.get(row);
      if (values === undefined) {
        values = new Float32Array(rowLength);
        stretchRow(image.data, row * image.width * channels, channels, across, values);
        rows.set(row, values);
      }
      return values;
    });
    mixRows(sources, down.weight.subarray(y * down.count, (y + 1) * down.count), out.data.subarray(y * rowLength, (y + 1) * rowLength));
  }
  return out;
}

/** Source: OpenCV, resize: s = (d + ½)·scale − ½ in float32, weights in float32. */
function taps(from: number, to: number, filter: Filter): Taps {
  const count = filter === 'cubic' ? 4 : 2;
  const first = filter === 'cubic' ? -1 : 0;
  const index = new Int32Array(to * count);
  const weight = new Float32Array(to * count);
  for (let d = 0; d < to; d++) {
    const s = Math.fround((d + 0.5) * (from / to) - 0.5);
    const whole = Math.floor(s);
    const t = Math.fround(s - whole);
    const weights = filter === 'cubic' ? cubicWeights(t) : [1 - t, t];
    for (let k = 0; k < count; k++) {
      index[d * count + k] = Math.min(Math.max(whole + first + k, 0), from - 1);
      weight[d * count + k] = weights[k]!;
    }
  }
  return { count, index, weight };
}

function stretchRow(src: Float32Array, at: number, channels: number, { count, index, weight }: Taps, out: Float32Array): void {
  for (let o = 0, t = 0; o < out.length; o += channels, t += count) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = t; k < t + count; k++) sum += src[at + index[k]! * channels + c]! * weight[k]!;
      out[o + c] = sum;
    }
  }
}

function mixRows(rows: readonly Float32Array[], weights: Float32Array, out: Float32Array): void {
  const [a, b, c, d] = [rows[0]!, rows[1]!, rows[2], rows[3]];
  const [wa, wb, wc, wd] = [weights[0]!, weights[1]!, weights[2] ?? 0, weights[3] ?? 0];
  if (c === undefined || d === undefined) for (let i = 0; i < out.length; i++) out[i] = a[i]! * wa + b[i]! * wb;
  else for (let i = 0; i < out.length; i++) out[i] = a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd;
}
