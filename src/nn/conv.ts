/**
 * Convolution as layers ask for it: "same" padding of ⌊k/2⌋ on all sides, in the lowering that the graph is built for.
 */
import { conv2d, dims4, matmul, pad, reshape, spaceToDepth, type Value } from '../graph/index.ts';
import { convolve3x3, type Method, weightsOfBlocks } from './winograd.ts';

/**
 * How a convolution becomes ONNX: as Conv (the strict reference), or as matrix products (fast on CPUs). `winograd` is `fast` with F(4×4)
 * everywhere, to hold it against small reference networks, for which `fast` would choose patches.
 */
export type Lowering = 'direct' | 'fast' | 'winograd';

/**
 * @param x (h, w, n, c). @param w (k, k, c, out).
 * @returns (⌈h/stride⌉, ⌈w/stride⌉, n, out) for odd k.
 */
export function convolve(x: Value, w: Value, { stride, lowering }: { readonly stride: 1 | 2; readonly lowering: Lowering }): Value {
  const [h, width, n, c] = dims4(x);
  const [k, , , out] = dims4(w);
  if (k === 1 && stride === 1) return reshape(matmul(reshape(x, [h * width * n, c]), reshape(w, [c, out])), [h, width, n, out]);
  const method = (input: Value, weights: Value): Method => (lowering === 'winograd' ? 'winograd4' : chooseMethod(input, weights));
  if (lowering !== 'direct' && k === 3 && stride === 1) return convolve3x3(x, w, method(x, w));
  if (lowering !== 'direct' && k === 5 && stride === 2) {
    const blocks = spaceToDepth(pad(pad(x, 0, 0, h % 2), 1, 0, width % 2), 2);
    const weights = weightsOfBlocks(w);
    return convolve3x3(blocks, weights, method(blocks, weights));
  }
  return conv2d(x, w, { stride, padding: Math.floor(k / 2) });
}

/**
 * The method of least estimated time for a layer's forward pass and both gradients, in arbitrary units: arithmetic of the three products,
 * traffic of the transformed weights, traffic of the transformed maps. The three weights were fitted to timings of single layers
 * (bench/layers.mjs); a fixed rule, rather than a timing at start, keeps the bits of a run the same on every machine.
 */
export function chooseMethod(x: Value, w: Value): Method {
  const [h, width, n, c] = dims4(x);
  const k = w.shape[3]!;
  const cost = (method: Method): number => {
    if (method === 'patches') return 9 * h * width * n * c * k + 9 * c * k * 20 + 9 * h * width * n * c * 300;
    const m = method === 'winograd2' ? 2 : 4;
    const points = Math.ceil(h / m) * Math.ceil(width / m) * n;
    return (m + 2) ** 2 * (points * c * k + c * k * 52 + points * (c + k) * 47);
  };
  const methods: readonly Method[] = ['patches', 'winograd2', 'winograd4'];
  return methods.reduce((best, method) => (cost(method) < cost(best) ? method : best));
}
