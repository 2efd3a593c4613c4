/**
 * The two adversaries: a U-Net that judges patches of a picture (GAN), and a small stack that tells src codes from dst codes
 * (true face). Both answer with raw logits and keep the leaky ReLU whatever the generator's activation is.
 */
import { concat, leakyRelu, type Value } from '../graph/index.ts';
import { conv, convTransposed, type Scope } from '../nn/index.ts';

type Stride = 1 | 2;

/**
 * Strides of the patch discriminator's 3×3 layers. Of all stacks of 1 to 9 layers that begin with stride 2, the one whose receptive
 * field is nearest to the patch size (the smaller if two are equally near). For one receptive field: fewer layers, then the
 * larger sum of strides, then the one found first.
 *
 * @param patchSize the receptive field wanted, in pixels.
 */
export function patchStrides(patchSize: number): readonly Stride[] {
  const best = new Map<number, readonly Stride[]>();
  const sum = (strides: readonly number[]): number => strides.reduce((a, b) => a + b, 0);
  for (let layers = 1; layers <= 9; layers++) {
    for (let bits = 2 ** (layers - 1) - 1; bits >= 0; bits--) {
      const strides = Array.from({ length: layers }, (_, j): Stride => (j === 0 || (bits >> (j - 1)) & 1 ? 2 : 1));
      const field = receptiveField(strides);
      const known = best.get(field);
      if (known === undefined || (known.length === layers && sum(strides) > sum(known))) best.set(field, strides);
    }
  }
  let nearest = Number.POSITIVE_INFINITY;
  for (const field of [...best.keys()].sort((a, b) => a - b)) {
    if (Math.abs(field - patchSize) < Math.abs(nearest - patchSize)) nearest = field;
  }
  return best.get(nearest) ?? [2];
}

/** Side of the patch that one output of a stack of 3×3 layers sees. */
export function receptiveField(strides: readonly number[]): number {
  let [field, step] = [1, 1];
  for (const stride of strides) {
    field += 2 * step;
    step *= stride;
  }
  return field;
}

export interface PatchOptions {
  readonly patchSize: number;
  /** Width of the first layer. */
  readonly dims: number;
}

/** Logits at the bottom of the U and at full resolution. */
export interface PatchLogits {
  /** (h/s, w/s, n, 1), s the product of the strides. */
  readonly center: Value;
  /** (h, w, n, 1). */
  readonly out: Value;
}

const MAX_WIDTH = 512;

/** @param x (h, w, n, 3), sides divisible by the product of the strides. */
export function patchDiscriminator(p: Scope, x: Value, { patchSize, dims }: PatchOptions): PatchLogits {
  const strides = patchStrides(patchSize);
  const width = (i: number): number => Math.min(dims * 2 ** (i + 1), MAX_WIDTH); // of layer i; −1 is what comes in
  let y = leakyRelu(conv(p.in('in_conv'), x, width(-1), { kernel: 1 }), 0.2);
  const remembered: Value[] = [];
  for (const [i, stride] of strides.entries()) {
    remembered.push(y);
    y = leakyRelu(conv(p.in(`convs_${i}`), y, width(i), { kernel: 3, stride }), 0.2);
  }
  const center = conv(p.in('center_out'), y, 1, { kernel: 1 });
  y = leakyRelu(conv(p.in('center_conv'), y, y.shape[3]!, { kernel: 1 }), 0.2);
  for (let i = strides.length - 1; i >= 0; i--) {
    const up = convTransposed(p.in(`upconvs_${strides.length - 1 - i}`), y, width(i - 1), { stride: strides[i]! });
    y = concat([remembered[i]!, leakyRelu(up, 0.2)], 3);
  }
  return { center, out: conv(p.in('out_conv'), y, 1, { kernel: 1 }) };
}

/** @param code (s, s, n, c): df's inter map. @returns logits, one map per sample; 1 means dst. */
export function codeDiscriminator(p: Scope, code: Value): Value {
  const layers = 1 + Math.floor(code.shape[0]! / 8);
  let y = code;
  for (let i = 0; i < layers; i++) {
    y = leakyRelu(conv(p.in(`convs_${i}`), y, 256 * Math.min(2 ** i, 8), { kernel: i === 0 ? 4 : 3, stride: 2 }), 0.1);
  }
  return conv(p.in('out_conv'), y, 1, { kernel: 1 });
}
