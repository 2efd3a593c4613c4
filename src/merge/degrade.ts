/** Degradation of whole frames, so that a soft face doesn't stand out: less grain, less sharpness, fewer colours. */
import { type FloatImage, medianFiltered, reduceColours, resizeCubic, type Simd } from '../image/index.ts';
import type { MergeSettings } from './settings.ts';

/** Denoised by medians, then softened by resizing down and up; values may overshoot 0…1. */
export function degradeFrame(frame: FloatImage, settings: MergeSettings, simd: Simd): FloatImage {
  const { image_denoise_power: denoise, bicubic_degrade_power: bicubic } = settings;
  const quiet = medianFiltered(frame, denoise, 100, simd);
  if (bicubic === 0) return quiet;
  const share = 1 - bicubic / 101;
  const [width, height] = [Math.max(1, Math.trunc(frame.width * share)), Math.max(1, Math.trunc(frame.height * share))];
  return resizeCubic(resizeCubic(quiet, width, height, simd), frame.width, frame.height, simd);
}

const PALETTE = 256;

/** The picture mixed with itself in 256 colours; in place. */
export function degradeColours(frame: FloatImage, { color_degrade_power: power }: MergeSettings): void {
  const { data } = frame;
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) {
    const v = Math.fround(data[i]! * 255);
    bytes[i] = v < 0 ? 0 : v > 255 ? 255 : v;
  }
  const reduced = reduceColours({ ...frame, data: bytes }, PALETTE).data;
  const share = power / 100;
  for (let i = 0; i < reduced.length; i++) data[i] = data[i]! + (reduced[i]! / 255 - data[i]!) * share;
}
