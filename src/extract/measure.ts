/** What is measured on pixels beside the networks: how a frame looks (to tell cuts), how sharp and how light a face is. */
import { type Landmarks, unitFromImage } from '../face/index.ts';
import { type ByteImage, invertAffine } from '../image/index.ts';

const LOOK = 8;
const TAPS = 8;

/** Luminance of a pixel of three channels, or of one. Source: ITU-R BT.601. */
const luminance = (data: Uint8Array, at: number, channels: number): number =>
  channels < 3 ? data[at]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;

/** Mean luminances of 8×8 parts of a picture, 8×8 samples each, as hexadecimal digits. */
export function lookOf({ width, height, channels, data }: ByteImage): string {
  let text = '';
  for (let row = 0; row < LOOK; row++) {
    for (let column = 0; column < LOOK; column++) {
      let sum = 0;
      for (let j = 0; j < TAPS; j++) {
        const y = Math.floor(((row + (j + 0.5) / TAPS) * height) / LOOK);
        for (let i = 0; i < TAPS; i++) {
          const x = Math.floor(((column + (i + 0.5) / TAPS) * width) / LOOK);
          sum += luminance(data, (y * width + x) * channels, channels);
        }
      }
      text += Math.round(sum / TAPS ** 2)
        .toString(16)
        .padStart(2, '0');
    }
  }
  return text;
}

/** Mean difference of two looks, 0…1. */
export function lookDifference(a: string, b: string): number {
  let sum = 0;
  for (let i = 0; i < 2 * LOOK * LOOK; i += 2)
    sum += Math.abs(Number.parseInt(a.slice(i, i + 2), 16) - Number.parseInt(b.slice(i, i + 2), 16));
  return sum / (LOOK * LOOK * 255);
}

/** How far two frames of one shot may differ in their looks. */
export const CUT = 0.1;

const CHIP = 128;
/** A face is read with so many samples a pixel of the chip and axis at most. */
const MOST_SAMPLES = 6;

/**
 * Sharpness and exposure of a face.
 *
 * @returns sharpness: the variance of the Laplacian of the luminance (0…255) of the mean face's square, brows to mouth, at 128 pixels; exposure:
 * the mean luminance of that square, 0…1. Both 0 if the landmarks coincide.
 */
export function measureFace(
  { width, height, channels, data }: ByteImage,
  landmarks: Landmarks,
): { readonly sharpness: number; readonly exposure: number } {
  const m = invertAffine(unitFromImage(landmarks));
  if (!m.every(Number.isFinite)) return { sharpness: 0, exposure: 0 };
  const samples = Math.max(1, Math.min(MOST_SAMPLES, Math.round(Math.hypot(m[0], m[3]) / CHIP)));
  const chip = new Float32Array(CHIP * CHIP);
  let total = 0;
  for (let y = 0, o = 0; y < CHIP; y++) {
    for (let x = 0; x < CHIP; x++, o++) {
      let sum = 0;
      for (let j = 0; j < samples; j++) {
        const v = (y + (j + 0.5) / samples) / CHIP;
        for (let i = 0; i < samples; i++) {
          const u = (x + (i + 0.5) / samples) / CHIP;
          const px = Math.min(Math.max(m[0] * u + m[1] * v + m[2], 0), width - 1);
          const py = Math.min(Math.max(m[3] * u + m[4] * v + m[5], 0), height - 1);
          const x0 = Math.floor(px);
          const y0 = Math.floor(py);
          const right = x0 + 1 < width ? channels : 0;
          const below = y0 + 1 < height ? width * channels : 0;
          const at = (y0 * width + x0) * channels;
          const top = luminance(data, at, channels) * (1 - px + x0) + luminance(data, at + right, channels) * (px - x0);
          const bottom = luminance(data, at + below, channels) * (1 - px + x0) + luminance(data, at + below + right, channels) * (px - x0);
          sum += top * (1 - py + y0) + bottom * (py - y0);
        }
      }
      chip[o] = sum / samples ** 2;
      total += chip[o]!;
    }
  }
  let [sum, squares] = [0, 0];
  for (let y = 1; y < CHIP - 1; y++) {
    for (let x = 1; x < CHIP - 1; x++) {
      const at = y * CHIP + x;
      const laplacian = chip[at - 1]! + chip[at + 1]! + chip[at - CHIP]! + chip[at + CHIP]! - 4 * chip[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const n = (CHIP - 2) ** 2;
  return { sharpness: squares / n - (sum / n) ** 2, exposure: total / (CHIP * CHIP * 255) };
}
