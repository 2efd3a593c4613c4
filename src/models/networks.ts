/**
 * The three networks of a generator: an encoder that reduces a face to a code, an inter that widens the code to a small map, and a
 * decoder that turns such a map into a face and its mask. Options are spelled once, as data; widths of inputs come from the values.
 */
import { concat, depthToSpace, pad, sigmoid, type Value } from '../graph/index.ts';
import { conv, convolve, dense, downscale, flatten, pixelNorm, residual, type Scope, unflatten, upscale } from '../nn/index.ts';
import { denseSide, type ModelConfig } from './config.ts';

/** Widths of the encoder's halvings, in units of its base width. */
const encoderStages = (c: ModelConfig): readonly number[] => (c.t ? [1, 2, 4, 8, 8] : [1, 2, 4, 8]);

/** Widths of the decoder's doublings, in units of its base width. Option `t` adds a stage. */
const decoderStages = (c: ModelConfig): readonly number[] => (c.t ? [8, 8, 4, 2] : [8, 4, 2]);

/**
 * Encoder: a face becomes a code.
 *
 * @param x (res, res, n, 3).
 * @returns (n, 8·eDims·(res/16)²), or /32 with option `t`.
 */
export function encoder(p: Scope, x: Value, c: ModelConfig): Value {
  let y = x;
  for (const [i, width] of encoderStages(c).entries()) {
    y = downscale(p.in(c.t ? `down${i + 1}` : `down1/downs_${i}`), y, width * c.eDims);
    if (c.t && (i === 0 || i === 4)) y = residual(p.in(`res${i + 1}`), y);
  }
  const code = flatten(y);
  return c.u ? pixelNorm(code) : code;
}

/**
 * Inter: a code becomes a small map.
 *
 * @returns (s, s, n, channels); s is denseSide(c), doubled without option `t`.
 */
export function inter(p: Scope, code: Value, c: ModelConfig): Value {
  const side = denseSide(c);
  const channels = interChannels(c);
  const wide = dense(p.in('dense2'), dense(p.in('dense1'), code, c.aeDims), side * side * channels);
  const map = unflatten(wide, side, channels);
  return c.t ? map : upscale(p.in('upscale1'), map, channels);
}

const interChannels = (c: ModelConfig): number => (c.type === 'liae' ? 2 : 1) * c.aeDims;

/** A face (res, res, n, 3) and its mask (res, res, n, 1), in 0…1. */
export interface Face {
  readonly face: Value;
  readonly mask: Value;
}

/**
 * Decoder: a map becomes a face and its mask, in two branches that share nothing but `z`.
 *
 * @param z (s, s, n, c), a map as an inter makes it, or two on top of each other.
 */
export function decoder(p: Scope, z: Value, c: ModelConfig): Face {
  const stages = decoderStages(c);
  let x = z;
  let m = z;
  for (const [i, width] of stages.entries()) {
    x = residual(p.in(`res${i}`), upscale(p.in(`upscale${i}`), x, width * c.dDims));
    m = upscale(p.in(`upscalem${i}`), m, width * c.dMaskDims);
  }
  if (c.d) m = upscale(p.in(`upscalem${stages.length}`), m, c.dMaskDims);
  const face = c.d ? doubledOutput(p, x) : conv(p.in('out_conv'), x, 3, { kernel: 1 });
  return { face: sigmoid(face), mask: sigmoid(conv(p.in('out_convm'), m, 1, { kernel: 1 })) };
}

/**
 * Four heads of 3 channels, one for each pixel of a 2×2 block: a 1×1 convolution for the pixel at even row and column, 3×3 ones for
 * the others. They run as one convolution, the small kernel padded with zeros.
 */
function doubledOutput(p: Scope, x: Value): Value {
  const channels = x.shape[3]!;
  const heads = ['out_conv', 'out_conv1', 'out_conv2', 'out_conv3'].map((name, i) => {
    const kernel = i === 0 ? 1 : 3;
    const weight = p.in(name).variable('weight', [kernel, kernel, channels, 3], 'glorot');
    return {
      weight: kernel === 1 ? pad(pad(weight, 0, 1, 1), 1, 1, 1) : weight,
      bias: p.in(name).variable('bias', [3], 'zeros'),
    };
  });
  const weights = concat(
    heads.map(({ weight }) => weight),
    3,
  );
  const biases = concat(
    heads.map(({ bias }) => bias),
    0,
  );
  return depthToSpace(convolve(x, weights, { stride: 1, lowering: p.lowering }).add(biases), 2);
}
