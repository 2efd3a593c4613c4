/**
 * One sample: a prepared face recoloured, bent and moved as its draws say, written into its place in a batch. Four outputs move alike,
 * so positions are computed once. No randomness here; the same face and draws give the same bits.
 */
import {
  affinePositions,
  bgrFromHsv,
  type ColourTarget,
  CubicSampler,
  type FloatImage,
  floatImage,
  hsvFromBgr,
  invertAffine,
  type LabTable,
  mapPositions,
  positions,
  sampleLinear,
  sinkOf,
  transferColours,
} from '../image/index.ts';
import type { HsvDraws, SampleDraws } from './draws.ts';
import type { PreparedFace } from './prepare.ts';

/** One side of a batch: n samples as [resolution, resolution, n, channels], BGR, 0…1. */
export interface SideBuffers {
  /** 3 channels. */
  readonly warped: Float32Array;
  /** 3 channels. */
  readonly target: Float32Array;
  /** 1 channel. */
  readonly mask: Float32Array;
  /** 1 channel. */
  readonly em: Float32Array;
}

/** Which of how many samples of a batch. */
export interface Place {
  readonly index: number;
  readonly of: number;
}

export type MakeSample = (
  face: PreparedFace,
  draws: SampleDraws,
  colours: ColourTarget | undefined,
  out: SideBuffers,
  place: Place,
) => void;

/**
 * @param resolution  side of the samples and of the prepared faces.
 * @param table  for rct.
 * @returns a function that keeps its scratch memory between samples; it is not reentrant.
 */
export function sampleMaker(resolution: number, table: LabTable): MakeSample {
  const bent = positions(resolution, resolution);
  const moved = positions(resolution, resolution);
  const sampler = new CubicSampler({ width: resolution, height: resolution });
  const shifted = floatImage(resolution, resolution, 3);
  const gray = floatImage(resolution, resolution, 1);

  return (face, draws, colours, out, place) => {
    affinePositions(moved, invertAffine(draws.targetFromSource), draws.mirrored);
    const move = sampler.plan(moved);
    const image = colours === undefined ? face.image : transferColours(face.image, colours, draws.colour, table);
    putColour(sampler.sample(image, move, 'replicate'), out.target, place);
    const again = colours !== undefined && draws.inputColour !== undefined && draws.inputColour.length > 0;
    const own = again ? transferColours(face.image, colours, draws.inputColour, table) : image;
    let input: Pick<FloatImage, 'data' | 'channels'> = own;
    if (draws.hsv !== undefined) {
      shiftHsv(own.data, shifted.data, draws.hsv);
      input = shifted;
    }
    if (draws.maps !== undefined) {
      mapPositions(bent, draws.maps.x, draws.maps.y);
      input = { data: sampler.sample(input, sampler.plan(bent), 'zero'), channels: 4 };
    }
    putColour(input === image ? sampler.out : sampler.sample(input, move, 'replicate'), out.warped, place);
    sampleLinear(face.mask, moved, 'zero', sinkOf(gray));
    putMask(gray, out.mask, place, 1);
    sampleLinear(face.em, moved, 'zero', sinkOf(gray));
    putMask(gray, out.em, place, largest(gray.data) || 1);
  };
}

/** Clips pixels of four values, the last spare, to 0…1 and writes them to their place in a batch. */
function putColour(data: Float32Array, out: Float32Array, { index, of }: Place): void {
  const stride = of * 3;
  for (let p = 0, o = index * 3; p < data.length; p += 4, o += stride) {
    const b = data[p]!;
    const g = data[p + 1]!;
    const r = data[p + 2]!;
    out[o] = b < 0 ? 0 : Math.min(b, 1);
    out[o + 1] = g < 0 ? 0 : Math.min(g, 1);
    out[o + 2] = r < 0 ? 0 : Math.min(r, 1);
  }
}

/** Divides a mask, clips it to 0…1 and writes it to its place in a batch. */
function putMask({ data }: FloatImage, out: Float32Array, { index, of }: Place, divisor: number): void {
  for (let p = 0, o = index; p < data.length; p++, o += of) {
    const v = data[p]! / divisor;
    out[o] = v < 0 ? 0 : Math.min(v, 1);
  }
}

function largest(data: Float32Array): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! > most) most = data[i]!;
  return most;
}

function shiftHsv(from: Float32Array, to: Float32Array, { hueDeg, saturation, value, power }: HsvDraws): void {
  hsvFromBgr(from, to);
  for (let p = 0; p < to.length; p += 3) {
    to[p] = (to[p]! + hueDeg + 360) % 360;
    to[p + 1] = Math.min(Math.max(to[p + 1]! + (saturation - 0.5) * power, 0), 1);
    to[p + 2] = Math.min(Math.max(to[p + 2]! + (value - 0.5) * power, 0), 1);
  }
  bgrFromHsv(to, to);
  for (let p = 0; p < to.length; p++) to[p] = Math.min(Math.max(to[p]!, 0), 1);
}
