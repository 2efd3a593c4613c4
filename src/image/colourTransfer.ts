/**
 * Gives one picture the colours of another. A target is first reduced to what the method needs of it (two moments for the linear
 * methods, its pixels for the iterative ones), so that it can be kept. Pixels are BGR, 0…1; random methods get their draws from outside.
 */
import type { Rng } from '../base/index.ts';
import { bilateralFilter } from './bilateral.ts';
import { distributionTransfer, IDT_ROUNDS } from './distributionTransfer.ts';
import { clip, type FloatImage } from './image.ts';
import { bgrFromLab, type LabTable, labFromBgr } from './lab.ts';
import { SOT_STEPS, slicedTransport } from './slicedTransport.ts';
import { type Matrix3, mapEigenvalues, multiply3 } from './symmetric.ts';

/** rct: Reinhard in L*a*b*; lct: linear ("pca"); mkl: Monge-Kantorovich; idt: iterative distribution transfer; sot: sliced optimal transport. */
export type ColourMode = 'rct' | 'lct' | 'mkl' | 'idt' | 'sot';

export type ColourTarget =
  | { readonly mode: 'rct'; readonly mean: readonly number[]; readonly std: readonly number[] }
  | { readonly mode: 'lct' | 'mkl'; readonly mean: readonly number[]; readonly covariance: Matrix3 }
  | { readonly mode: 'idt' | 'sot'; readonly pixels: Float32Array };

/**
 * What `mode` needs to know of the picture whose colours are wanted.
 *
 * @param mask  for rct: pixels where it is below ½ count as black.
 */
export function colourTarget(mode: ColourMode, { data }: FloatImage, table: LabTable, mask?: FloatImage): ColourTarget {
  switch (mode) {
    case 'rct': {
      const lab = new Float32Array(data.length);
      labFromBgr(data, lab, table);
      if (mask !== undefined) blacken(lab, mask.data);
      return { mode, ...meanAndStd(lab) };
    }
    case 'lct':
    case 'mkl': {
      const mean = meanAndStd(data).mean;
      return { mode, mean, covariance: covarianceFor(mode, data, mean) };
    }
    case 'idt':
    case 'sot':
      return { mode, pixels: data };
  }
}

/**
 * The random numbers of one transfer: 20 rotations for idt, ten steps of some directions for sot, none for the others.
 *
 * @param directions  of each step of sot.
 */
export function colourDraws(mode: ColourMode, rng: Rng, directions = 5): Float64Array {
  if (mode === 'sot') return Float64Array.from({ length: SOT_STEPS * directions * 3 }, () => rng.normal());
  if (mode !== 'idt') return new Float64Array(0);
  const draws = new Float64Array(IDT_ROUNDS * 9);
  for (let i = 0; i < IDT_ROUNDS; i++) draws.set(randomRotation(rng), i * 9);
  return draws;
}

/** A rotation uniform on SO(3), from a unit quaternion of four normals (Shoemake 1992). */
function randomRotation(rng: Rng): number[] {
  const q = [rng.normal(), rng.normal(), rng.normal(), rng.normal()];
  const length = Math.hypot(...q);
  const [w, x, y, z] = q.map((v) => v / length) as [number, number, number, number];
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ]; // biome-ignore format: a matrix
}

/**
 * The image with the target's colours, in 0…1; sizes must agree for sot only.
 *
 * @param draws  those of colourDraws for the target's mode.
 * @param mask  for rct: pixels where it is below ½ count as black in the statistics; what is found is applied to all.
 * Source: Reinhard 2001 (rct); Pitié 2007 (lct, mkl, idt); Rabin 2012 (sot), with the roundings and steps of DeepFaceLab.
 */
export function transferColours(
  image: FloatImage,
  target: ColourTarget,
  draws: Float64Array,
  table: LabTable,
  mask?: FloatImage,
): FloatImage {
  const out: FloatImage = { ...image, data: new Float32Array(image.data.length) };
  switch (target.mode) {
    case 'rct':
      reinhard(image.data, out.data, target, table, mask);
      return out;
    case 'lct':
    case 'mkl': {
      const { mean } = meanAndStd(image.data);
      const own = covarianceFor(target.mode, image.data, mean);
      const map = target.mode === 'lct' ? principalMap(own, target.covariance) : mongeMap(own, target.covariance);
      applyLinear(image.data, out.data, map, mean, target.mean);
      break;
    }
    case 'idt':
      out.data.set(distributionTransfer(image.data, target.pixels, draws));
      break;
    case 'sot': {
      const change: FloatImage = { ...image, data: slicedTransport(image.data, target.pixels, draws, table.simd) };
      const smooth = bilateralFilter(change, 5, 16, table.simd);
      for (let i = 0; i < out.data.length; i++) out.data[i] = image.data[i]! + smooth.data[i]!;
      break;
    }
  }
  clip(out.data, 0, 1);
  return out;
}

function reinhard(
  from: Float32Array,
  to: Float32Array,
  target: { mean: readonly number[]; std: readonly number[] },
  table: LabTable,
  mask: FloatImage | undefined,
): void {
  labFromBgr(from, to, table);
  const counted = mask === undefined ? to : to.slice();
  if (mask !== undefined) blacken(counted, mask.data);
  const own = meanAndStd(counted);
  for (let c = 0; c < 3; c++) {
    const scale = own.std[c] === 0 ? 0 : target.std[c]! / own.std[c]!;
    const [low, high] = c === 0 ? [0, 100] : [-127, 127];
    for (let p = c; p < to.length; p += 3) to[p] = Math.min(Math.max((to[p]! - own.mean[c]!) * scale + target.mean[c]!, low), high);
  }
  bgrFromLab(to, to, table);
}

function blacken(lab: Float32Array, mask: Float32Array): void {
  for (let i = 0; i < mask.length; i++) if (mask[i]! < 0.5) lab.fill(0, i * 3, i * 3 + 3);
}

function meanAndStd(data: Float32Array): { mean: number[]; std: number[] } {
  const sum = [0, 0, 0];
  const square = [0, 0, 0];
  const n = data.length / 3;
  for (let c = 0; c < 3; c++) {
    let s = 0;
    for (let p = c; p < data.length; p += 3) s += data[p]!;
    const mean = s / n;
    let v = 0;
    for (let p = c; p < data.length; p += 3) v += (data[p]! - mean) ** 2;
    [sum[c], square[c]] = [mean, Math.sqrt(v / n)];
  }
  return { mean: sum, std: square };
}

/** lct: divided by N and regularised; mkl: divided by N − 1. */
function covarianceFor(mode: 'lct' | 'mkl', data: Float32Array, [mb, mg, mr]: readonly number[]): Matrix3 {
  let [bb, bg, br, gg, gr, rr] = [0, 0, 0, 0, 0, 0];
  for (let p = 0; p < data.length; p += 3) {
    const b = data[p]! - mb!;
    const g = data[p + 1]! - mg!;
    const r = data[p + 2]! - mr!;
    bb += b * b;
    bg += b * g;
    br += b * r;
    gg += g * g;
    gr += g * r;
    rr += r * r;
  }
  const n = mode === 'lct' ? data.length / 3 : data.length / 3 - 1;
  const e = mode === 'lct' ? 1e-5 : 0;
  return [bb / n + e, bg / n, br / n, bg / n, gg / n + e, gr / n, br / n, gr / n, rr / n + e];
}

/** Q_y·Q_x⁻¹ with the symmetric square roots Q of the covariances. */
const principalMap = (x: Matrix3, y: Matrix3): Matrix3 =>
  multiply3(
    mapEigenvalues(y, Math.sqrt),
    mapEigenvalues(x, (v) => 1 / Math.sqrt(v)),
  );

/** X^−½·(X^½·Y·X^½)^½·X^−½, eigenvalues floored at 2.2e-16. */
function mongeMap(x: Matrix3, y: Matrix3): Matrix3 {
  const root = (v: number): number => Math.sqrt(Math.max(v, 2.2e-16));
  const xRoot = mapEigenvalues(x, root);
  const xInverse = mapEigenvalues(x, (v) => 1 / root(v));
  return multiply3(multiply3(xInverse, mapEigenvalues(multiply3(multiply3(xRoot, y), xRoot), root)), xInverse);
}

function applyLinear(from: Float32Array, to: Float32Array, m: Matrix3, before: readonly number[], after: readonly number[]): void {
  const shift = [0, 1, 2].map((r) => after[r]! - m[r * 3]! * before[0]! - m[r * 3 + 1]! * before[1]! - m[r * 3 + 2]! * before[2]!);
  for (let p = 0; p < from.length; p += 3) {
    const [b, g, r] = [from[p]!, from[p + 1]!, from[p + 2]!];
    for (let c = 0; c < 3; c++) to[p + c] = m[c * 3]! * b + m[c * 3 + 1]! * g + m[c * 3 + 2]! * r + shift[c]!;
  }
}
