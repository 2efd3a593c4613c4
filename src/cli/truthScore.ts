/**
 * How near swapped faces come to the truth, where the truth is known: pictures of the source person rendered in the place of the destination. Compared
 * are the pixels inside the given mask and inside the model's crop, in the aligned destination image.
 */
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type FaceType, faceFromImage } from '../face/index.ts';
import {
  type Affine,
  type FloatImage,
  floatFromBytes,
  floatImage,
  type ImageCodec,
  invertAffine,
  maskedDssim,
  maskedPsnr,
  rgbBytes,
  warpAffine,
} from '../image/index.ts';
import type { SwappedFace } from '../platform/node/swapFaces.ts';

/** DSSIM (0 is equal) and PSNR in decibels. */
export interface Score {
  readonly dssim: number;
  readonly psnr: number;
}

export interface ScoredFace {
  readonly swap: Score;
  /** The same for the untouched destination. */
  readonly untouched: Score;
  /** RGB, for a sheet: destination, swapped face in its place, truth. */
  readonly pictures: readonly [dst: FloatImage, swap: FloatImage, truth: FloatImage];
}

/** @returns undefined if there is no truth for this face. */
export async function scoreFace(
  codec: ImageCodec,
  { dst, face, mask, dstMask }: SwappedFace,
  truthFolder: string,
  faceType: FaceType,
): Promise<ScoredFace | undefined> {
  const stem = join(truthFolder, basename(dst.name, extname(dst.name)));
  const read = (path: string): Promise<Uint8Array | undefined> => readFile(path).catch(() => undefined);
  const [truthBytes, maskBytes] = [await read(`${stem}.jpg`), await read(`${stem}_mask.png`)];
  if (truthBytes === undefined || maskBytes === undefined) return undefined;
  const truth = floatFromBytes(await codec.decode(truthBytes, `${stem}.jpg`));
  const inside = floatFromBytes(await codec.decode(maskBytes, `${stem}_mask.png`));
  const original = floatFromBytes(rgbBytes(floatFromBytes(dst.image)));
  const size = { width: dst.image.width, height: dst.image.height };
  const imageFromFace = placeOf(dst, face.width, faceType);
  const placed = (image: FloatImage, border: 'replicate' | 'zero', filter: 'cubic' | 'linear'): FloatImage =>
    warpAffine(image, imageFromFace, { ...size, filter, border });
  const swapped = placed(floatFromBytes(rgbBytes(face)), 'replicate', 'cubic');
  const crop = placed(
    { ...floatImage(face.width, face.height, 1), data: new Float32Array(face.width * face.height).fill(1) },
    'zero',
    'linear',
  );
  const compared: FloatImage = { ...inside, data: inside.data.map((x, p) => x * crop.data[p]!) };
  const score = (image: FloatImage): Score => ({ dssim: maskedDssim(image, truth, compared), psnr: maskedPsnr(image, truth, compared) });
  const both = { ...mask, data: mask.data.map((x, p) => x * dstMask.data[p]!) }; // where both people have a face, as mergers do
  const blend = placed(both, 'zero', 'linear').data.map((x) => Math.min(1, Math.max(0, (x - 0.1) / 0.8)));
  const pasted: FloatImage = {
    ...original,
    data: original.data.map((x, i) => x + (Math.min(1, Math.max(0, swapped.data[i]!)) - x) * blend[Math.floor(i / 3)]!),
  };
  return { swap: score(swapped), untouched: score(original), pictures: [original, pasted, truth] };
}

/** From the model's crop to the aligned image. */
function placeOf(dst: SwappedFace['dst'], resolution: number, faceType: FaceType): Affine {
  if (dst.faceType !== faceType) return invertAffine(faceFromImage(dst.landmarks, resolution, faceType));
  const scale = dst.image.width / resolution;
  return [scale, 0, (scale - 1) / 2, 0, scale, (scale - 1) / 2];
}

export function meanScore(scores: readonly Score[]): Score {
  const mean = (of: (score: Score) => number): number => scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
  return { dssim: mean(({ dssim }) => dssim), psnr: mean(({ psnr }) => psnr) };
}

export const scoreText = ({ dssim, psnr }: Score): string => `DSSIM ${dssim.toFixed(4)}, PSNR ${psnr.toFixed(2)} dB`;
