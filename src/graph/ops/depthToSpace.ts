/**
 * depthToSpace moves blocks of channels into space. It is a permutation, so its gradient is its inverse.
 *   y[h·b + i, w·b + j, n, c] = x[h, w, n, (i·b + j)·C + c]     "DCR" order, as in TensorFlow
 * In HWNC it is one block copy: channels stay innermost.
 */
import { type Apply, defineOp, dims4, misfit, type Value } from '../op.ts';

interface Block extends Record<string, number> {
  readonly block: number;
}

export const depthToSpaceOp: Apply<Block> = defineOp<Block>({
  name: 'depthToSpace',
  arity: 1,
  shape([x], { block }) {
    const [h, w, n, c] = dims4(x!);
    if (c % block ** 2 !== 0) throw misfit(`depthToSpace: ${c} channels do not split into ${block}×${block} blocks`, { x: x! });
    return [h * block, w * block, n, c / block ** 2];
  },
  grad: (dy, _inputs, { block }) => [spaceToDepth(dy, block)],
  onnx(writer, [x], { block }, y, [source]) {
    const [h, w, n, c] = dims4(source!);
    return writer.reshape(writer.permuteRows(x!, [h, w, n, block, block, c / block ** 2], [0, 3, 1, 4, 2]), y.shape);
  },
  examples: [{ shapes: [[3, 5, 2, 8]], attrs: { block: 2 } }],
});

export const spaceToDepthOp: Apply<Block> = defineOp<Block>({
  name: 'spaceToDepth',
  arity: 1,
  shape([x], { block }) {
    const [h, w, n, c] = dims4(x!);
    if (h % block !== 0 || w % block !== 0) throw misfit(`spaceToDepth: sides do not split into blocks of ${block}`, { x: x! });
    return [h / block, w / block, n, c * block ** 2];
  },
  grad: (dy, _inputs, { block }) => [depthToSpace(dy, block)],
  onnx(writer, [x], { block }, y, [source]) {
    const [h, w, n, c] = dims4(source!);
    return writer.reshape(writer.permuteRows(x!, [h / block, block, w / block, block, n, c], [0, 2, 4, 1, 3]), y.shape);
  },
  examples: [{ shapes: [[4, 6, 2, 3]], attrs: { block: 2 } }],
});

/** (h, w, n, c·b²) → (h·b, w·b, n, c). */
export const depthToSpace = (x: Value, block: number): Value => depthToSpaceOp([x], { block });

/** (h·b, w·b, n, c) → (h, w, n, c·b²). */
export const spaceToDepth = (x: Value, block: number): Value => spaceToDepthOp([x], { block });
