/**
 * How the networks of an architecture are joined. Both architectures have a src path and a dst path from a face to a picture; they
 * differ in what the two paths share. A swap is a dst face on the src path. Faces of both sides go through shared networks as one batch.
 *   liae  src path: decoder([AB, AB])   dst path: decoder([B, AB])    AB, B = inter_AB, inter_B of the code
 *   df    src path: decoder_src(inter)  dst path: decoder_dst(inter)
 */
import { concat, slice, type Value } from '../graph/index.ts';
import type { Scope } from '../nn/index.ts';
import type { ModelConfig } from './config.ts';
import { decoder, encoder, type Face, inter } from './networks.ts';

/** What a batch of faces looks like before the paths part. */
export interface Encoded {
  /** (n, length): the encoder's answer. */
  readonly code: Value;
  /** (s, s, n, c): the answer of inter_AB or inter, which both paths use. */
  readonly shared: Value;
}

/** What a decoder takes, (s, s, n, c), for each path. `swaps` are more inputs of the src path. */
export interface Codes {
  readonly src: Value;
  readonly dst: Value;
  readonly swaps: readonly Value[];
}

export interface Wiring {
  /** Networks in the order of the checkpoint. */
  readonly networks: readonly string[];
  /** Networks that do not learn while inputs are not warped. */
  readonly frozenUnwarped: readonly string[];
  /** @param faces (res, res, n, 3). */
  encode(p: Scope, faces: Value): Encoded;
  srcCode(p: Scope, encoded: Encoded): Value;
  dstCode(p: Scope, encoded: Encoded): Value;
  /** One path alone. */
  decodeSrc(p: Scope, code: Value): Face;
  decodeDst(p: Scope, code: Value): Face;
  /** All codes in as few passes as possible; `both` has src before dst on the batch axis. */
  decode(p: Scope, codes: Codes): { readonly both: Face; readonly swaps: readonly Face[] };
}

export function wiring(c: ModelConfig): Wiring {
  const encode = (p: Scope, faces: Value, name: string): Encoded => {
    const code = encoder(p.in('encoder'), faces, c);
    return { code, shared: inter(p.in(name), code, c) };
  };
  switch (c.type) {
    case 'liae':
      return {
        networks: ['encoder', 'inter_AB', 'inter_B', 'decoder'],
        frozenUnwarped: ['inter_AB'],
        encode: (p, faces) => encode(p, faces, 'inter_AB'),
        srcCode: (_p, { shared }) => concat([shared, shared], 3),
        dstCode: (p, { code, shared }) => concat([inter(p.in('inter_B'), code, c), shared], 3),
        decodeSrc: (p, code) => decoder(p.in('decoder'), code, c),
        decodeDst: (p, code) => decoder(p.in('decoder'), code, c),
        decode(p, { src, dst, swaps }) {
          const faces = decoder(p.in('decoder'), joined([src, dst, ...swaps]), c);
          const n = src.shape[2]! + dst.shape[2]!;
          return { both: part(faces, 0, n), swaps: split(faces, n, swaps) };
        },
      };
    case 'df':
      return {
        networks: ['encoder', 'inter', 'decoder_src', 'decoder_dst'],
        frozenUnwarped: [],
        encode: (p, faces) => encode(p, faces, 'inter'),
        srcCode: (_p, { shared }) => shared,
        dstCode: (_p, { shared }) => shared,
        decodeSrc: (p, code) => decoder(p.in('decoder_src'), code, c),
        decodeDst: (p, code) => decoder(p.in('decoder_dst'), code, c),
        decode(p, { src, dst, swaps }) {
          const onSrc = decoder(p.in('decoder_src'), joined([src, ...swaps]), c);
          const onDst = decoder(p.in('decoder_dst'), dst, c);
          const n = src.shape[2]!;
          const first = part(onSrc, 0, n);
          return {
            both: { face: joined([first.face, onDst.face]), mask: joined([first.mask, onDst.mask]) },
            swaps: split(onSrc, n, swaps),
          };
        },
      };
  }
}

const joined = (xs: readonly Value[]): Value => concat(xs, 2);

/** Samples from … to − 1 of a face and its mask. */
export const part = ({ face, mask }: Face, from: number, to: number): Face => ({
  face: slice(face, 2, from, to),
  mask: slice(mask, 2, from, to),
});

/** Samples from … to − 1 of an encoded batch. */
export const encodedPart = ({ code, shared }: Encoded, from: number, to: number): Encoded => ({
  code: slice(code, 0, from, to),
  shared: slice(shared, 2, from, to),
});

function split(faces: Face, start: number, codes: readonly Value[]): readonly Face[] {
  let at = start;
  return codes.map((code) => {
    const from = at;
    at += code.shape[2]!;
    return part(faces, from, at);
  });
}
