/** Golden arrays are [n, h, w, c]; the networks' are [h, w, n, c]. */
import type { StoredTensor, Tensor } from '../base/index.ts';

function moved({ shape, data }: Tensor, perm: readonly [number, number, number, number]): Tensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [a = 0, b = 0, c = 0, d = 0] = perm.map((axis) => shape[axis]!);
  const [sa = 0, sb = 0, sc = 0, sd = 0] = perm.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) for (let l = 0; l < d; l++) out[at++] = data[i * sa + j * sb + k * sc + l * sd]!;
  return { shape: [a, b, c, d], data: out };
}

export const hwncFromNhwc = (x: Tensor): Tensor => moved(x, [1, 2, 0, 3]);
export const nhwcFromHwnc = (x: Tensor): Tensor => moved(x, [2, 0, 1, 3]);
export const hwncFromNchw = (x: Tensor): Tensor => moved(x, [2, 3, 0, 1]);
export const nchwFromHwnc = (x: Tensor): Tensor => moved(x, [2, 3, 0, 1]);

/** Stored numbers as float32; bytes stand for 0…1. */
export const tensorOf = ({ shape, data }: StoredTensor): Tensor => ({
  shape,
  data: data instanceof Uint8Array ? Float32Array.from(data, (byte) => byte / 255) : Float32Array.from(data, Number),
});
