/** How operators of TensorFlow Lite are written as ONNX: what each one's lowering sees, and the order of axes on either side. */
import type { Shape } from '../base/index.ts';
import type { OnnxWriter } from '../graph/index.ts';
import type { Constant } from './constants.ts';
import type { LiteOperator } from './model.ts';

/** Axes of [n, h, w, c] in the order [n, c, h, w], and where each of the former is in the latter. */
export const channelsFirst: readonly number[] = [0, 3, 1, 2];
export const axisInOnnx: readonly number[] = [0, 2, 3, 1];

/** What an operator's lowering sees: its operands by position, the writer, and the way to give its results. */
export interface Lowering {
  readonly operator: LiteOperator;
  readonly writer: OnnxWriter;
  /** Of the file, [n, h, w, c]. */
  shape(input: number): Shape;
  /** Of the first result. */
  readonly resultShape: Shape;
  /** Whether there is an operand at this position. */
  has(input: number): boolean;
  /** The name of an operand, in ONNX's order of axes. */
  value(input: number): string;
  /** An operand of a sum or product, shaped so that it spreads over `other` as it did before. */
  spread(input: number, other: number): string;
  constant(input: number): Constant;
  /** Constant weights written with their axes in this order. */
  weights(input: number, order: readonly number[]): string;
  /** A constant of whole numbers. */
  integers(input: number): readonly number[];
  fail(found: string): never;
}

/** A shape of the file as it is in ONNX. */
export const inOnnx = (shape: Shape): Shape => (shape.length === 4 ? channelsFirst.map((axis) => shape[axis]!) : shape);
