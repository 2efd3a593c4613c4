/** Inference: what previews show and what a merger needs, from unwarped faces. */
import { concat, type Value } from '../graph/index.ts';
import type { Scope } from '../nn/index.ts';
import type { ModelConfig } from './config.ts';
import type { Face } from './networks.ts';
import { encodedPart, part, wiring } from './wiring.ts';

/** Each side as itself, and dst faces as src. */
export interface Predicted {
  readonly srcSrc: Face;
  readonly dstDst: Face;
  readonly srcDst: Face;
}

/** @param src, dst (res, res, n, 3), the same n. */
export function predictBoth(p: Scope, src: Value, dst: Value, c: ModelConfig): Predicted {
  const net = wiring(c);
  const n = src.shape[2]!;
  const encoded = net.encode(p, concat([src, dst], 2));
  const [onSrc, onDst] = [encodedPart(encoded, 0, n), encodedPart(encoded, n, 2 * n)];
  const codes = { src: net.srcCode(p, onSrc), dst: net.dstCode(p, onDst), swaps: [net.srcCode(p, onDst)] };
  const { both, swaps } = net.decode(p, codes);
  return { srcSrc: part(both, 0, n), dstDst: part(both, n, 2 * n), srcDst: swaps[0]! };
}

/**
 * Two passes of the decoder, of which the second is reduced to its mask branch when the graph is written.
 *
 * @param dst (res, res, n, 3).
 * @returns the swapped face and its mask, and the mask of the dst face itself, (res, res, n, 1).
 */
export function predictSwap(p: Scope, dst: Value, c: ModelConfig): { readonly swap: Face; readonly dstMask: Value } {
  const net = wiring(c);
  const encoded = net.encode(p, dst);
  return { swap: net.decodeSrc(p, net.srcCode(p, encoded)), dstMask: net.decodeDst(p, net.dstCode(p, encoded)).mask };
}
