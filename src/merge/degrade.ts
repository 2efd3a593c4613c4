/** Degradation of whole frames, so that a soft face doesn't stand out: less grain, less sharpness, fewer colours. */
import { type FloatImage, medianFiltered, reduceColours, resizeCubic, type Simd } from '../image/index.ts';
import type { MergeSettings } from './settings.ts';

/** Steps in which values of 8-bit frames are denoised: 256 to one of theirs. */
const BYTE_LEVELS = 255 * 256;

/**
 * Denoised by medians, then softened by resizing down and up; values may overshoot 0…1.
 *
 * @param frame  is overwritten: what is made of it lies in its place.
 * @param greatest  value of the picture that the frame, in 0…1, was read from.
 */
export function degradeFrame(frame: FloatImage, settings: MergeSettings, greatest: number, simd: Simd): void {
  const { image_denoise_power: denoise, bicubic_degrade_power: bicubic } = settings;
  medianFiltered(frame, denoise, 100, simd, greatest === 255 ? BYTE_LEVELS : greatest, frame);
  if (bicubic === 0) return;
  const share = 1 - bicubic / 101;
  const [width, height] = [Math.max(1, Math.trunc(frame.width * share)), Math.max(1, Math.trunc(frame.height * share))];
  resizeCubic(resizeCubic(frame, width, height, simd), frame.width, frame.height, simd, undefined, frame);
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
