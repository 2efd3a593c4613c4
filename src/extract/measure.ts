/** What is measured on pixels beside the networks: how a frame looks (to tell cuts), how sharp and how light a face is. */
import { type Landmarks, unitFromImage } from '../face/index.ts';
import { type Affine, type ByteImage, invertAffine, mapPoints } from '../image/index.ts';

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
  const light = lightAround({ width, height, channels, data }, m);
  const chip = new Float32Array(CHIP * CHIP);
  const total = readChip(light.data, light.width, m, width, height, light.left, light.top, samples, chip);
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

/** Luminances of the part of a picture that the mean face's square reaches, with the pixels to the right of it and below. */
function lightAround(
  { width, height, channels, data }: ByteImage,
  m: Affine,
): { readonly data: Float64Array; readonly width: number; readonly left: number; readonly top: number } {
  const corners = mapPoints(m, [0, 0, 1, 0, 0, 1, 1, 1]);
  const within = (k: 0 | 1, size: number): readonly [number, number] => {
    const values = [0, 2, 4, 6].map((i) => Math.min(Math.max(corners[i + k]!, 0), size - 1));
    return [Math.floor(Math.min(...values)), Math.min(Math.floor(Math.max(...values)) + 2, size)];
  };
  const [left, right] = within(0, width);
  const [top, bottom] = within(1, height);
  const across = right - left;
  const out = new Float64Array(across * (bottom - top));
  for (let y = top, o = 0; y < bottom; y++) {
    for (let at = (y * width + left) * channels, i = 0; i < across; i++, at += channels, o++) out[o] = luminance(data, at, channels);
  }
  return { data: out, width: across, left, top };
}

/** @returns the sum of the chip's values. */
function readChip(
  light: Float64Array,
  across: number,
  m: Affine,
  width: number,
  height: number,
  left: number,
  top: number,
  samples: number,
  chip: Float32Array,
): number {
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
          const right = x0 + 1 < width ? 1 : 0;
          const below = y0 + 1 < height ? across : 0;
          const at = (y0 - top) * across + x0 - left;
          const upper = light[at]! * (1 - px + x0) + light[at + right]! * (px - x0);
          const lower = light[at + below]! * (1 - px + x0) + light[at + below + right]! * (px - x0);
          sum += upper * (1 - py + y0) + lower * (py - y0);
        }
      }
      chip[o] = sum / samples ** 2;
      total += chip[o]!;
    }
  }
  return total;
}
