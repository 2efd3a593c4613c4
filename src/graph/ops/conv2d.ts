/**
 * Convolution with zero padding, without bias, in its direct form, with its two adjoints. The three are one trilinear map read in three directions, so
 * each is the gradient of the others. ONNX wants NCHW and OIHW: the transposes are part of the lowering, and the writer
 * shares equal ones. This is the strict numerical reference; nn/winograd.ts is the fast form.
 *   y[i, j, n, k] = Σ x[i·s + a − p, j·s + b − p, n, c] · w[a, b, c, k]
 */

import type { OnnxWriter } from '../onnx/writer.ts';
import { type Apply, defineOp, dims4, misfit, type Value } from '../op.ts';

interface Geometry extends Record<string, number> {
  readonly stride: number;
  readonly padding: number;
}
interface Adjoint extends Geometry {
  /** Sides of the array that the adjoint returns. */
  readonly h: number;
  readonly w: number;
}

const toNchw = (writer: OnnxWriter, x: string): string => writer.node('Transpose', [x], { perm: [2, 3, 0, 1] });
const fromNchw = toNchw; // (2, 3, 0, 1) is its own inverse
const toOihw = (writer: OnnxWriter, w: string): string => writer.node('Transpose', [w], { perm: [3, 2, 0, 1] });
const fromOihw = (writer: OnnxWriter, w: string): string => writer.node('Transpose', [w], { perm: [2, 3, 1, 0] });

/** Rows and columns of the padded input that no window reaches: the input's gradient there is zero. */
const unreached = (size: number, out: number, kernel: number, { stride, padding }: Geometry): number =>
  size + 2 * padding - ((out - 1) * stride + kernel);

const convOp: Apply<Geometry> = defineOp<Geometry>({
  name: 'conv2d',
  arity: 2,
  shape([x, w], { stride, padding }) {
    const [h, width, n, c] = dims4(x!);
    const [kh, kw, cin, k] = dims4(w!);
    const side = (size: number, kernel: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1;
    if (c !== cin || side(h, kh) < 1 || side(width, kw) < 1) throw misfit('conv2d: the kernel does not fit', { x: x!, w: w! });
    return [side(h, kh), side(width, kw), n, k];
  },
  grad(dy, [x, w], { stride, padding }, _y, needs) {
    const [h, width] = dims4(x!);
    const [kh, kw] = dims4(w!);
    return [
      needs[0] ? inputGradOp([dy, w!], { stride, padding, h, w: width }) : undefined,
      needs[1] ? weightGradOp([x!, dy], { stride, padding, h: kh, w: kw }) : undefined,
    ];
  },
  onnx(writer, [x, w], { stride, padding: p }) {
    const y = writer.node('Conv', [toNchw(writer, x!), toOihw(writer, w!)], { pads: [p, p, p, p], strides: [stride, stride] });
    return fromNchw(writer, y);
  },
  examples: [
    {
      shapes: [
        [5, 6, 2, 3],
        [3, 3, 3, 2],
      ],
      attrs: { stride: 1, padding: 1 },
    },
    {
      shapes: [
        [6, 8, 1, 2],
        [5, 5, 2, 3],
      ],
      attrs: { stride: 2, padding: 2 },
    },
    {
      shapes: [
        [5, 5, 1, 2],
        [4, 4, 2, 2],
      ],
      attrs: { stride: 2, padding: 2 },
    },
    {
      shapes: [
        [6, 7, 1, 2],
        [3, 3, 2, 2],
      ],
      attrs: { stride: 2, padding: 0 },
    },
  ],
});

const inputGradOp: Apply<Adjoint> = defineOp<Adjoint>({
  name: 'conv2dInputGrad',
  arity: 2,
  shape([dy, w], { h, w: width }) {
    const [, , n, k] = dims4(dy!);
    const [, , c, kOut] = dims4(w!);
    if (k !== kOut) throw misfit('conv2dInputGrad: channels differ', { dy: dy!, w: w! });
    return [h, width, n, c];
  },
  grad(ddx, [dy, w], { stride, padding }, _y, needs) {
    const [kh, kw] = dims4(w!);
    return [
      needs[0] ? convOp([ddx, w!], { stride, padding }) : undefined,
      needs[1] ? weightGradOp([ddx, dy!], { stride, padding, h: kh, w: kw }) : undefined,
    ];
  },
  onnx(writer, [dy, w], geometry, _y, [dyValue, wValue]) {
    const { stride, padding: p } = geometry;
    const [oh, ow] = dims4(dyValue!);
    const [kh, kw] = dims4(wValue!);
    const extra = [unreached(geometry.h, oh, kh, geometry), unreached(geometry.w, ow, kw, geometry)];
    const dx = writer.node('ConvTranspose', [toNchw(writer, dy!), toOihw(writer, w!)], {
      pads: [p, p, p, p],
      strides: [stride, stride],
      output_padding: extra,
    });
    return fromNchw(writer, dx);
  },
  examples: [
    {
      shapes: [
        [5, 6, 2, 2],
        [3, 3, 3, 2],
      ],
      attrs: { stride: 1, padding: 1, h: 5, w: 6 },
    },
    {
      shapes: [
        [3, 4, 1, 3],
        [5, 5, 2, 3],
      ],
      attrs: { stride: 2, padding: 2, h: 6, w: 8 },
    },
  ],
});

const weightGradOp: Apply<Adjoint> = defineOp<Adjoint>({
  name: 'conv2dWeightGrad',
  arity: 2,
  shape([x, dy], { h, w }) {
    const [, , n, c] = dims4(x!);
    const [, , m, k] = dims4(dy!);
    if (n !== m) throw misfit('conv2dWeightGrad: batches differ', { x: x!, dy: dy! });
    return [h, w, c, k];
  },
  grad(ddw, [x, dy], { stride, padding }, _y, needs) {
    const [h, w] = dims4(x!);
    return [
      needs[0] ? inputGradOp([dy!, ddw], { stride, padding, h, w }) : undefined,
      needs[1] ? convOp([x!, ddw], { stride, padding }) : undefined,
    ];
  },
  // Batch and channels change places: x becomes (c, n, h, w), dy a kernel (k, n, oh, ow) whose taps lie `stride` apart.
  onnx(writer, [x, dy], geometry, _y, [xValue, dyValue]) {
    const { stride, padding: p } = geometry;
    const [height, width] = dims4(xValue!);
    const [oh, ow] = dims4(dyValue!);
    const swapped = (v: string): string => writer.node('Transpose', [v], { perm: [3, 2, 0, 1] });
    const extra = [unreached(height, oh, geometry.h, geometry), unreached(width, ow, geometry.w, geometry)] as const;
    // Rows that no window reaches shorten the padding behind; where there is none left, they are cut off.
    const cut = (v: string, axis: number, side: number, rows: number): string =>
      rows <= 0 ? v : writer.node('Slice', [v, writer.ints([0]), writer.ints([side - rows]), writer.ints([axis])]);
    const reached = cut(cut(x!, 0, height, extra[0] - p), 1, width, extra[1] - p);
    const pads = [p, p, Math.max(0, p - extra[0]), Math.max(0, p - extra[1])];
    const dw = writer.node('Conv', [swapped(reached), swapped(dy!)], { pads, dilations: [stride, stride] });
    return fromOihw(writer, writer.node('Transpose', [dw], { perm: [1, 0, 2, 3] }));
  },
  examples: [
    {
      shapes: [
        [5, 6, 2, 3],
        [5, 6, 2, 2],
      ],
      attrs: { stride: 1, padding: 1, h: 3, w: 3 },
    },
    {
      shapes: [
        [6, 8, 1, 2],
        [3, 4, 1, 3],
      ],
      attrs: { stride: 2, padding: 2, h: 5, w: 5 },
    },
  ],
});

/** @param x (h, w, n, c). @param w (kh, kw, c, k). @returns (h', w', n, k), h' = ⌊(h + 2·padding − kh) / stride⌋ + 1. */
export const conv2d = (x: Value, w: Value, geometry: { readonly stride: number; readonly padding: number }): Value =>
  convOp([x, w], { ...geometry });

/**
 * Transposed convolution: the adjoint of conv2d with the same weight, from y's side to x's.
 *
 * @param y (h', w', n, k). @param w (kh, kw, c, k). @param size sides of the result, (h, w, n, c).
 */
export const convTranspose2d = (
  y: Value,
  w: Value,
  geometry: { readonly stride: number; readonly padding: number; readonly h: number; readonly w: number },
): Value => inputGradOp([y, w], { ...geometry });

/** For tests: the three directions of one map. */
export const convolutions = [convOp, inputGradOp, weightGradOp];
