/**
 * The colours of another picture in two parts: light by its mean and spread, the rest by sliced optimal transport at equal light. On 8-bit
 * values, as the reference has it.
 */
import { bilateralFilter } from './bilateral.ts';
import type { FloatImage } from './image.ts';
import { bgrFromLab, type LabTable, labFromBgr } from './lab.ts';
import { slicedTransport } from './slicedTransport.ts';

/** L = 100 of 8-bit L*a*b*, in units of L*. */
const EVEN_LIGHT = (100 * 100) / 255;

/**
 * @param image, like  BGR in 0…1, of the same number of pixels.
 * @param draws  as slicedTransport takes them.
 * Source: DeepFaceLab's "mix": linear transfer of L, transport of the picture at L = 100, both cut to 8 bits between steps.
 */
export function mixColours(image: FloatImage, like: FloatImage, draws: Float64Array, table: LabTable): FloatImage {
  const own = byteLab(image.data, table);
  const target = byteLab(like.data, table);
  const light = lightLike(own, target);
  const [from, to] = [own, target].map((lab) => evenBytes(lab, table)) as [Float32Array, Float32Array];
  const moved = bilateralFilter({ ...image, data: slicedTransport(from, to, draws, table.simd) }, 5, 16, table.simd).data;
  for (let p = 0; p < moved.length; p++) moved[p] = Math.trunc(Math.min(Math.max(from[p]! + moved[p]!, 0), 255)) / 255;
  const out = byteLab(moved, table);
  for (let i = 0; i < light.length; i++) out[i * 3] = (light[i]! * 100) / 255;
  bgrFromLab(out, out, table);
  return { ...image, data: out };
}

/** L*a*b* of BGR cut to 8 bits, itself rounded to 8-bit steps. */
function byteLab(bgr: Float32Array, table: LabTable): Float32Array {
  const lab = bgr.map((v) => Math.trunc(Math.min(Math.max(v * 255, 0), 255)) / 255);
  labFromBgr(lab, lab, table);
  for (let p = 0; p < lab.length; p += 3) {
    lab[p] = (Math.round((lab[p]! * 255) / 100) * 100) / 255;
    lab[p + 1] = Math.round(lab[p + 1]!);
    lab[p + 2] = Math.round(lab[p + 2]!);
  }
  return lab;
}

/** L in 0…255, with the mean and spread of the target's. */
function lightLike(own: Float32Array, target: Float32Array): Float32Array {
  const [a, b] = [momentsOf(own), momentsOf(target)];
  const scale = Math.sqrt(b.variance + 1e-5) / Math.sqrt(a.variance + 1e-5);
  return Float32Array.from({ length: own.length / 3 }, (_, i) => {
    const v = (own[i * 3]! / 100 - a.mean) * scale + b.mean;
    return Math.trunc(Math.min(Math.max(v, 0), 1) * 255);
  });
}

function momentsOf(lab: Float32Array): { mean: number; variance: number } {
  const n = lab.length / 3;
  let sum = 0;
  for (let p = 0; p < lab.length; p += 3) sum += lab[p]! / 100;
  const mean = sum / n;
  let square = 0;
  for (let p = 0; p < lab.length; p += 3) square += (lab[p]! / 100 - mean) ** 2;
  return { mean, variance: square / n };
}

/** BGR in 0…255 of the same colours at even light. */
function evenBytes(lab: Float32Array, table: LabTable): Float32Array {
  const out = lab.slice();
  for (let p = 0; p < out.length; p += 3) out[p] = EVEN_LIGHT;
  bgrFromLab(out, out, table);
  return out.map((v) => Math.round(v * 255));
}
