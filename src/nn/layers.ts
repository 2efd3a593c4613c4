/**
 * Layers: functions from values to values whose parameters are named by a scope. Activations are [height, width, batch, channels];
 * weights have the shapes of the checkpoint, HWIO. Flattening follows the order of NCHW, which is what the dense weights were made for:
 * the small activation is transposed, never the weights.
 */
import {
  conv2d,
  convTranspose2d,
  cos,
  depthToSpace,
  dims4,
  leakyRelu,
  matmul,
  pad,
  reduceMean,
  reshape,
  slice,
  sqrt,
  transpose,
  type Value,
} from '../graph/index.ts';
import { convolve } from './conv.ts';
import type { Scope } from './scope.ts';

/** max(x, slope·x), or x·cos(x) where the scope says so. */
const activation = (p: Scope, x: Value, slope: number): Value => (p.cosine ? x.mul(cos(x)) : leakyRelu(x, slope));

/** x·W + b. @param x (n, in). @returns (n, out). */
export function dense(p: Scope, x: Value, out: number): Value {
  const weight = p.variable('weight', [x.shape[1]!, out], 'glorot');
  return matmul(x, weight).add(p.variable('bias', [out], 'zeros'));
}

/** @param x (h, w, n, c). @returns (⌈h/stride⌉, ⌈w/stride⌉, n, out), with ⌊kernel/2⌋ zeros around x. An even kernel gives one more. */
export function conv(p: Scope, x: Value, out: number, { kernel, stride = 1 }: { readonly kernel: number; readonly stride?: 1 | 2 }): Value {
  const weight = p.variable('weight', [kernel, kernel, x.shape[3]!, out], 'glorot');
  const strict = p.lowering === 'direct' && kernel === 5 && stride === 2;
  const y = strict ? convolveRowWise(x, weight) : convolve(x, weight, { stride, lowering: p.lowering });
  return y.add(p.variable('bias', [out], 'zeros'));
}

/**
 * A 5×5 convolution of stride 2 as the sum of its five rows. The encoder's sums of up to 25·c terms lose digits when they are
 * added up one by one, and a pixel norm behind them multiplies the loss by ten or twenty; sums of sums lose less. For the strict
 * lowering only.
 */
function convolveRowWise(x: Value, w: Value): Value {
  const [h, width] = dims4(x);
  const after = (side: number): number => 1 + (side % 2); // what the last window reaches
  const padded = pad(pad(x, 0, 2, after(h)), 1, 2, after(width));
  const rows = 2 * Math.ceil(h / 2) - 1;
  const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((row) =>
    conv2d(slice(padded, 0, row, row + rows), slice(w, 0, row, row + 1), { stride: 2, padding: 0 }),
  ) as [Value, Value, Value, Value, Value];
  return a.add(b).add(d.add(e)).add(c);
}

/**
 * Transposed 3×3 convolution, (h, w, n, c) → (h·stride, w·stride, n, out). The weight is [3, 3, out, c].
 * With stride 2, y[2i + a, 2j + b] += x[i, j]·w[a, b], and what falls beyond 2h or 2w is dropped (TensorFlow's SAME).
 */
export function convTransposed(p: Scope, x: Value, out: number, { stride }: { readonly stride: 1 | 2 }): Value {
  const [h, w, , c] = dims4(x);
  const weight = p.variable('weight', [3, 3, out, c], 'glorot');
  const bias = p.variable('bias', [out], 'zeros');
  if (stride === 1) return convTranspose2d(x, weight, { stride, padding: 1, h, w }).add(bias);
  const full = convTranspose2d(x, weight, { stride, padding: 0, h: 2 * h + 1, w: 2 * w + 1 });
  return slice(slice(full, 0, 0, 2 * h), 1, 0, 2 * w).add(bias);
}

/** Halves the sides. */
export const downscale = (p: Scope, x: Value, out: number): Value =>
  activation(p, conv(p.in('conv1'), x, out, { kernel: 5, stride: 2 }), 0.1);

/** Doubles the sides: (h, w, n, c) → (2h, 2w, n, out). */
export const upscale = (p: Scope, x: Value, out: number): Value =>
  depthToSpace(activation(p, conv(p.in('conv1'), x, 4 * out, { kernel: 3 }), 0.1), 2);

/** Two convolutions beside the identity; the shape stays. */
export function residual(p: Scope, x: Value): Value {
  const channels = x.shape[3]!;
  const inner = activation(p, conv(p.in('conv1'), x, channels, { kernel: 3 }), 0.2);
  return activation(p, x.add(conv(p.in('conv2'), inner, channels, { kernel: 3 })), 0.2);
}

/** x / √(mean of squares + 10⁻⁶), per sample. @param x (n, length). */
export const pixelNorm = (x: Value): Value => x.div(sqrt(reduceMean(x.square(), [1]).add(1e-6)));

/** (h, w, n, c) → (n, c·h·w), elements in the order channel, row, column. */
export function flatten(x: Value): Value {
  const [h, w, n, c] = dims4(x);
  return reshape(transpose(x, [2, 3, 0, 1]), [n, c * h * w]);
}

/** The inverse of flatten: (n, channels·side²) → (side, side, n, channels). */
export const unflatten = (x: Value, side: number, channels: number): Value =>
  transpose(reshape(x, [x.shape[0]!, channels, side, side]), [2, 3, 0, 1]);
