/**
 * The operators of the face networks, each as nodes of ONNX. Fields of the options are numbered as in the schema; meanings are those of
 * TensorFlow Lite's kernels (Apache-2.0). "Same" padding there puts the odd pixel at the end, so pads are written out.
 */
import { sameShape, sizeOf } from '../base/index.ts';
import { landmarksToMatrix, transformLandmarks, transformTensor } from './attention.ts';
import type { Constant } from './constants.ts';
import { axisInOnnx, inOnnx, type Lowering } from './lowering.ts';

/** Writes an operator and returns the name of its first result, or the constant that it is. */
type Lower = (l: Lowering) => string | Constant;

export const operators: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ['DEQUANTIZE', dequantize],
  ['CONV_2D', (l) => convolution(l, false)],
  ['DEPTHWISE_CONV_2D', (l) => convolution(l, true)],
  ['Convolution2DTransposeBias', transposedConvolution],
  ['MAX_POOL_2D', (l) => pool(l, 'MaxPool')],
  ['AVERAGE_POOL_2D', (l) => pool(l, 'AveragePool')],
  ['ADD', (l) => spread(l, 'Add')],
  ['MUL', (l) => spread(l, 'Mul')],
  ['RELU', (l) => l.writer.node('Relu', [l.value(0)])],
  ['LOGISTIC', (l) => l.writer.node('Sigmoid', [l.value(0)])],
  ['HARD_SWISH', (l) => l.writer.node('HardSwish', [l.value(0)])],
  ['PRELU', slopedRelu],
  ['PAD', pad],
  ['RESHAPE', reshape],
  ['CONCATENATION', concatenation],
  ['RESIZE_BILINEAR', resizeBilinear],
  ['STRIDED_SLICE', stridedSlice],
  ['Landmarks2TransformMatrix', landmarksToMatrix],
  ['TransformTensorBilinear', transformTensor],
  ['TransformLandmarks', transformLandmarks],
]);

function dequantize(l: Lowering): Constant {
  return l.constant(0);
}

/** Channels of the runtime's blocks, at most. */
const BLOCK = 16;
/** Products of a convolution up to which it takes less time than leaving the runtime's layout. bench/vision.mjs times the networks. */
const CHEAP_PAD = 2 ** 21;

/** The activation that is fused into an operator, by its number in the schema. */
function activated(l: Lowering, x: string, kind: number): string {
  if (kind === 0) return x;
  if (kind === 1) return l.writer.node('Relu', [x]);
  if (kind === 3) return l.writer.node('Clip', [x, l.writer.float(0), l.writer.float(6)]);
  return l.fail(`activation ${kind}`);
}

/** [before, after] along one axis. */
function pads(valid: boolean, size: number, kernel: number, stride: number, dilation: number): readonly [number, number] {
  if (valid) return [0, 0];
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

interface Window {
  readonly kernel: readonly [h: number, w: number];
  readonly strides: readonly [h: number, w: number];
  readonly dilations?: readonly [h: number, w: number];
  readonly valid: boolean;
}

/** Attributes of a window that moves over the first operand. */
function windowOf(l: Lowering, { kernel, strides, dilations = [1, 1], valid }: Window): Record<string, readonly number[]> {
  const [, h, w] = l.shape(0);
  if (h === undefined || w === undefined || l.shape(0).length !== 4) return l.fail('an operand that is no picture');
  if ([...kernel, ...strides, ...dilations].some((v) => v < 1 || v > 4096)) l.fail('a window of no size');
  const [top, bottom] = pads(valid, h, kernel[0], strides[0], dilations[0]);
  const [left, right] = pads(valid, w, kernel[1], strides[1], dilations[1]);
  return { kernel_shape: kernel, strides, dilations, pads: [top, left, bottom, right] };
}

function convolution(l: Lowering, depthwise: boolean): string {
  const options = l.operator.options ?? l.fail('no options');
  const [activation, across, down] = depthwise ? [4, 5, 6] : [3, 4, 5];
  const [, kh = 0, kw = 0] = l.shape(1);
  const window = windowOf(l, {
    kernel: [kh, kw],
    strides: [options.int(2), options.int(1)],
    dilations: [options.int(down, 1), options.int(across, 1)],
    valid: options.byte(0) === 1,
  });
  const operands = [l.value(0), l.weights(1, depthwise ? [3, 0, 1, 2] : [0, 3, 1, 2])];
  if (l.has(2)) operands.push(l.weights(2, [0]));
  const group = depthwise ? l.shape(0)[3]! : 1;
  return activated(l, l.writer.node('Conv', operands, { ...window, group }), options.byte(activation));
}

/** MediaPipe's custom operator; its options are three int32: padding (1 is "same"), stride across, stride down. */
function transposedConvolution(l: Lowering): string {
  const { customOptions: bytes } = l.operator;
  if (bytes.length < 12) l.fail(`options of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strides = [view.getInt32(8, true), view.getInt32(4, true)] as const;
  const [, kh = 0, kw = 0] = l.shape(1);
  // Where windows do not overlap, "same" and "valid" padding are one.
  if (strides[0] !== kh || strides[1] !== kw) l.fail(`strides ${strides} of a ${kh}×${kw} kernel`);
  return l.writer.node('ConvTranspose', [l.value(0), l.weights(1, [3, 0, 1, 2]), l.weights(2, [0])], { kernel_shape: [kh, kw], strides });
}

function pool(l: Lowering, opType: 'MaxPool' | 'AveragePool'): string {
  const options = l.operator.options ?? l.fail('no options');
  const { dilations: _, ...window } = windowOf(l, {
    kernel: [options.int(4), options.int(3)],
    strides: [options.int(2), options.int(1)],
    valid: options.byte(0) === 1,
  });
  return activated(l, l.writer.node(opType, [l.value(0)], window), options.byte(5));
}

function spread(l: Lowering, opType: 'Add' | 'Mul'): string {
  const activation = l.operator.options?.byte(0) ?? 0;
  return activated(l, l.writer.node(opType, [l.spread(0, 1), l.spread(1, 0)]), activation);
}

/**
 * max(x, 0) + a·min(x, 0) with a slope for each channel. The runtime keeps pictures in blocks of channels between convolutions, and would leave
 * that layout for its PRelu, which takes longer than the convolutions around it; so it is written as products of one channel each:
 * a·x + max((1 − a)·x, 0) where no slope is above 1, else a·x + (1 − a)·max(x, 0).
 */
function slopedRelu(l: Lowering): string {
  const { writer } = l;
  const [x, slopes] = [l.value(0), l.constant(1).data];
  const channels = l.shape(0)[3];
  if (l.shape(0).length !== 4 || channels !== slopes.length) return l.fail(`${slopes.length} slopes for ${channels} channels`);
  const scaled = (value: string, factor: (slope: number) => number): string =>
    writer.node('Conv', [value, writer.array([channels, 1, 1, 1], Float32Array.from(slopes, factor))], {
      kernel_shape: [1, 1],
      group: channels,
    });
  const below = scaled(x, (a) => a);
  if (slopes.every((a) => a <= 1)) return writer.node('Add', [writer.node('Relu', [scaled(x, (a) => 1 - a)]), below]);
  return writer.node('Add', [below, scaled(writer.node('Relu', [x]), (a) => 1 - a)]);
}

function pad(l: Lowering): string {
  const axes = l.shape(0).map((_, i) => i);
  const amounts = l.integers(1);
  if (amounts.length !== axes.length * 2 || amounts.some((v) => v < 0 || v > 4096)) l.fail(`amounts ${amounts}`);
  const [, h, w, channels] = l.shape(0);
  if (h !== undefined && w !== undefined && channels !== undefined && amounts.slice(0, 6).every((v) => v === 0)) {
    const all = amounts[6]! + channels + amounts[7]!;
    const whole = channels % BLOCK === 0 && all % BLOCK === 0;
    if (whole && h * w * channels * all <= CHEAP_PAD) return channelPad(l, channels, amounts[6]!, all);
  }
  const order = inOnnx(axes);
  const both = [...order.map((axis) => amounts[axis * 2]!), ...order.map((axis) => amounts[axis * 2 + 1]!)];
  return l.writer.node('Pad', [l.value(0), l.writer.ints(both)]);
}

/** Channels of zeros around those there are, `all` in the end, as a convolution with ones and zeros, for which the runtime need not leave its layout. */
function channelPad(l: Lowering, channels: number, before: number, all: number): string {
  const { writer } = l;
  const weights = new Float32Array(all * channels);
  for (let c = 0; c < channels; c++) weights[(before + c) * channels + c] = 1;
  return writer.node('Conv', [l.value(0), writer.array([all, channels, 1, 1], weights)], { kernel_shape: [1, 1] });
}

/** Reshaping counts elements in the file's order of axes; where a picture is one pixel, both orders are the same. */
function reshape(l: Lowering): string {
  const [from, to] = [l.shape(0), l.resultShape];
  if (sizeOf(from) !== sizeOf(to)) l.fail(`${from} as ${to}`);
  if (sameShape(from, to)) return l.value(0);
  const flat = (shape: readonly number[]): boolean => shape.length !== 4 || (shape[1] === 1 && shape[2] === 1);
  const x = flat(from) ? l.value(0) : l.writer.node('Transpose', [l.value(0)], { perm: [0, 2, 3, 1] });
  if (flat(to)) return l.writer.reshape(x, inOnnx(to));
  return l.writer.node('Transpose', [l.writer.reshape(x, to)], { perm: [0, 3, 1, 2] });
}

function concatenation(l: Lowering): string {
  const rank = l.resultShape.length;
  const given = l.operator.options?.int(0) ?? 0;
  const axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) l.fail(`axis ${given}`);
  const parts = l.operator.inputs.map((_, i) => l.value(i));
  return activated(l, l.writer.node('Concat', parts, { axis: rank === 4 ? axisInOnnx[axis]! : axis }), l.operator.options?.byte(1) ?? 0);
}

function resizeBilinear(l: Lowering): string {
  const options = l.operator.options;
  const transform = options?.byte(2) === 1 ? 'align_corners' : options?.byte(3) === 1 ? 'half_pixel' : 'asymmetric';
  const settings = { mode: 'linear', coordinate_transformation_mode: transform };
  return l.writer.node('Resize', [l.value(0), '', '', l.writer.ints(inOnnx(l.resultShape))], settings);
}

function stridedSlice(l: Lowering): string {
  const from = l.shape(0);
  const options = l.operator.options ?? l.fail('no options');
  if (options.int(2) !== 0 || options.int(3) !== 0 || options.int(4) !== 0) l.fail('masks that change the number of axes');
  const [begin, end, step] = [l.integers(1), l.integers(2), l.integers(3)];
  if ([begin, end, step].some((list) => list.length !== from.length)) l.fail('bounds of another number of axes');
  if (step.some((v) => v < 1)) l.fail(`steps ${step}`);
  const starts = begin.map((v, i) => ((options.int(0) >> i) & 1 ? 0 : v));
  const ends = end.map((v, i) => ((options.int(1) >> i) & 1 ? from[i]! : v));
  const axes = from.map((_, i) => (from.length === 4 ? axisInOnnx[i]! : i));
  return l.writer.node('Slice', [l.value(0), ...[starts, ends, axes, step].map((list) => l.writer.ints(list))]);
}
