/** Constants of a network as float32 arrays: half floats widened, axes put in another order. */
import { sizeOf } from '../base/index.ts';
import type { LiteTensor } from './model.ts';

export interface Constant {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The constant of a tensor as float32; its bytes may lie at any place. */
export function constantOf({ shape, type, data }: LiteTensor): Constant {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const out = new Float32Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) {
    if (type === 'float32') out[i] = view.getFloat32(i * 4, true);
    else if (type === 'int32') out[i] = view.getInt32(i * 4, true);
    else out[i] = widened(view.getUint16(i * 2, true));
  }
  return { shape, data: out };
}

/** A number of IEEE 754 binary16 from its bits. */
function widened(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits >> 15 === 0 ? size : -size;
}

/** Axis i of the result is axis order[i] of the constant. */
export function transposed({ shape, data }: Constant, order: readonly number[]): Constant {
  const to = order.map((axis) => shape[axis]!);
  const strides = order.map((axis) => sizeOf(shape.slice(axis + 1)));
  const out = new Float32Array(data.length);
  const at = to.map(() => 0);
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = data[from]!;
    for (let d = to.length - 1; d >= 0; d--) {
      from += strides[d]!;
      if (++at[d]! < to[d]!) break;
      from -= strides[d]! * to[d]!;
      at[d] = 0;
    }
  }
  return { shape: to, data: out };
}
