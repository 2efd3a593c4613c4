/**
 * Arrays with a shape: what crosses the borders between files, workers and the runtime. Rows are contiguous (C order).
 */

export type Shape = readonly number[];

/** A float32 array with its shape; `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((side, i) => side === b[i]);

export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`;
