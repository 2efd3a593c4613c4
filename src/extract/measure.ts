/** What is measured on pixels beside the networks: how a frame looks (to tell cuts), how sharp and how light a face is. */
import { type Landmarks, unitFromImage } from '../face/index.ts';
import {
  type Affine,
  after,
  type ByteImage,
  CHIP,
  invertAffine,
  type LightFactors,
  laplacianVariance,
  mapPoints,
  type Picture,
  type PlanarImage,
  signalChip,
} from '../image/index.ts';

const LOOK = 8;
const TAPS = 8;

/** Luminance of a pixel of three channels, or of one. Source: ITU-R BT.601. */
const luminance = (data: Uint8Array, at: number, channels: number): number =>
  channels < 3 ? data[at]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;

function lightFactors({ black, gain, rv, gu, gv, bu }: PlanarImage['colours']): LightFactors {
  const [blue, red] = [0.587 * gu + 0.114 * bu, 0.299 * rv + 0.587 * gv];
  return { base: -black * gain - 128 * (blue + red), luma: gain, blue, red };
}

/** Moves pixel centres from whole numbers to the corners' count and back: around a transform between pictures' corners. */
const centred = ([a, b, tx, c, d, ty]: Affine): Affine => [a, b, tx + (a + b - 1) / 2, c, d, ty + (c + d - 1) / 2];

/** From pixels of the luminance to those of the colour differences, centres at whole numbers. */
const chromaFromLuma = ({ chroma: { scaleX, shiftX, scaleY, shiftY } }: PlanarImage): Affine =>
  centred([scaleX, 0, shiftX, 0, scaleY, shiftY]);

/** Samples of a look, those of each part together. */
const SAMPLES = (LOOK * TAPS) ** 2;

/** Where a look's samples lie in a picture's data: of the luminance (or of three channels), and of the colour differences. */
interface LookPlaces {
  readonly key: string;
  readonly light: Int32Array;
  readonly colour: Int32Array;
}

/** Of the last kind of picture: a clip has but one. */
let lookPlaces: LookPlaces | undefined;

function placesOf(image: Picture): LookPlaces {
  const { width, height } = image;
  const isSignal = 'luma' in image;
  const channels = isSignal ? 0 : image.channels;
  const { blue, chroma, lumaFromPicture } = isSignal ? image : { blue: image, chroma: undefined, lumaFromPicture: [] };
  const key = [width, height, channels, blue.width, blue.height, ...Object.values(chroma ?? {}), ...lumaFromPicture].join();
  if (lookPlaces?.key === key) return lookPlaces;
  const [light, colour] = [new Int32Array(SAMPLES), new Int32Array(SAMPLES)];
  const at = isSignal ? samplesAt(image) : undefined;
  for (let i = 0; i < SAMPLES; i++) {
    const [part, tap] = [Math.floor(i / TAPS ** 2), i % TAPS ** 2];
    const y = Math.floor(((Math.floor(part / LOOK) + (Math.floor(tap / TAPS) + 0.5) / TAPS) * height) / LOOK);
    const x = Math.floor((((part % LOOK) + ((tap % TAPS) + 0.5) / TAPS) * width) / LOOK);
    [light[i], colour[i]] = at?.(x, y) ?? [(y * width + x) * channels, 0];
  }
  lookPlaces = { key, light, colour };
  return lookPlaces;
}

/** Pixels of an upright picture as places of the nearest sample in its luminance and in its colour differences. */
function samplesAt(image: PlanarImage): (x: number, y: number) => readonly [light: number, colour: number] {
  const { luma, blue } = image;
  const [a, b, tx, c, d, ty] = centred(image.lumaFromPicture);
  const [scaleX, , shiftX, , scaleY, shiftY] = chromaFromLuma(image);
  const [last, bottom] = [blue.width - 1, blue.height - 1];
  return (x, y) => {
    const px = Math.round(a * x + b * y + tx);
    const py = Math.round(c * x + d * y + ty);
    const qx = Math.min(Math.max(Math.round(px * scaleX + shiftX), 0), last);
    const qy = Math.min(Math.max(Math.round(py * scaleY + shiftY), 0), bottom);
    return [py * luma.width + px, qy * blue.width + qx];
  };
}

/** Mean luminances of 8×8 parts of a picture, 8×8 samples each, by the nearest sample of each plane, as hexadecimal digits. */
export function lookOf(image: Picture): string {
  const { light, colour } = placesOf(image);
  const sums = new Float64Array(LOOK ** 2);
  if ('luma' in image) {
    const { base, luma: gain, blue: kb, red: kr } = lightFactors(image.colours);
    addLights(image.luma.data, image.blue.data, image.red.data, light, colour, base, gain, kb, kr, sums);
  } else {
    const { data, channels } = image;
    for (let i = 0; i < SAMPLES; i++) sums[Math.floor(i / TAPS ** 2)]! += luminance(data, light[i]!, channels);
  }
  return Array.from(sums, (sum) => {
    const mean = Math.min(Math.max(Math.round(sum / TAPS ** 2), 0), 255);
    return mean.toString(16).padStart(2, '0');
  }).join('');
}

function addLights(
  luma: Uint8Array,
  blue: Uint8Array,
  red: Uint8Array,
  light: Int32Array,
  colour: Int32Array,
  base: number,
  gain: number,
  kb: number,
  kr: number,
  sums: Float64Array,
): void {
  for (let part = 0, i = 0; part < sums.length; part++) {
    let sum = 0;
    for (const end = i + TAPS ** 2; i < end; i++) {
      sum += base + gain * luma[light[i]!]! + kb * blue[colour[i]!]! + kr * red[colour[i]!]!;
    }
    sums[part] = sum;
  }
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

/** A face is read with so many samples a pixel of the chip and axis at most. */
const MOST_SAMPLES = 6;

/**
 * Sharpness and exposure of a face.
 *
 * @returns sharpness: the variance of the Laplacian of the luminance (0…255) of the mean face's square, brows to mouth, at 128 pixels; exposure:
 * the mean luminance of that square, 0…1. Both 0 if the landmarks coincide.
 */
export function measureFace(image: Picture, landmarks: Landmarks): { readonly sharpness: number; readonly exposure: number } {
  const m = invertAffine(unitFromImage(landmarks));
  if (!m.every(Number.isFinite)) return { sharpness: 0, exposure: 0 };
  const samples = Math.max(1, Math.min(MOST_SAMPLES, Math.round(Math.hypot(m[0], m[3]) / CHIP)));
  const chip = new Float32Array(CHIP * CHIP);
  const total = 'luma' in image ? planarChip(image, m, samples, chip) : byteChip(image, m, samples, chip);
  return { sharpness: laplacianVariance(chip), exposure: total / (CHIP * CHIP * 255) };
}

/** @param m  from the unit square to pixels. @returns the sum of the chip's values. */
function byteChip(image: ByteImage, m: Affine, samples: number, chip: Float32Array): number {
  const { width, height, channels, data } = image;
  const { left, top, right, bottom } = reachOf(m, width, height);
  const across = right - left;
  const light = lightOf(across * (bottom - top));
  for (let y = top, o = 0; y < bottom; y++) {
    for (let at = (y * width + left) * channels, i = 0; i < across; i++, at += channels, o++) light[o] = luminance(data, at, channels);
  }
  return readChip(light, across, m, width, height, left, top, samples, chip);
}

/** The same from planes. */
function planarChip(image: PlanarImage, m: Affine, samples: number, chip: Float32Array): number {
  const lumaFromUnit = after(centred(image.lumaFromPicture), m);
  return signalChip(image, lumaFromUnit, after(chromaFromLuma(image), lumaFromUnit), lightFactors(image.colours), samples, chip);
}

/** One for each thread, as large as the largest face needs it: of a new one for every face there is much to clear away. Nothing stays in it. */
let lightMemory = new Float64Array();

function lightOf(length: number): Float64Array {
  if (lightMemory.length < length) lightMemory = new Float64Array(length);
  return lightMemory;
}

/** The part of a picture that the mean face's square reaches, with the pixels to the right of it and below. */
function reachOf(
  m: Affine,
  width: number,
  height: number,
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } {
  const corners = mapPoints(m, [0, 0, 1, 0, 0, 1, 1, 1]);
  const within = (k: 0 | 1, size: number): readonly [number, number] => {
    const values = [0, 2, 4, 6].map((i) => Math.min(Math.max(corners[i + k]!, 0), size - 1));
    return [Math.floor(Math.min(...values)), Math.min(Math.floor(Math.max(...values)) + 2, size)];
  };
  const [left, right] = within(0, width);
  const [top, bottom] = within(1, height);
  return { left, top, right, bottom };
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
