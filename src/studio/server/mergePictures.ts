/** Parts of pictures for the page: what of a frame a setting changed, cut out and made smaller. */
import type { ByteImage } from '../../image/index.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest rectangle, on whole steps, that holds all pixels in which two pictures of one size differ; without width if none do. */
export function changedRect(before: ByteImage, after: ByteImage, step: number): Rect {
  const row = before.width * before.channels;
  const [a, b] = [buffer(before.data), buffer(after.data)];
  const differs = (y: number, from: number, to: number): boolean =>
    a.compare(b, y * row + from, y * row + to, y * row + from, y * row + to) !== 0;
  return bounds(before, step, (y, from, to) => differs(y, from * before.channels, to * before.channels));
}

/** The same of all pixels that are not 0. */
export function coveredRect(mask: ByteImage, step: number): Rect {
  const { width, data } = mask;
  return bounds(mask, step, (y, from, to) => {
    for (let i = y * width + from; i < y * width + to; i++) if (data[i] !== 0) return true;
    return false;
  });
}

const buffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** @param holds  whether anything is in pixels `from` to `to` of a row. */
function bounds({ width, height }: ByteImage, step: number, holds: (y: number, from: number, to: number) => boolean): Rect {
  let top = 0;
  while (top < height && !holds(top, 0, width)) top++;
  if (top === height) return { x: 0, y: 0, width: 0, height: 0 };
  let bottom = height;
  while (!holds(bottom - 1, 0, width)) bottom--;
  let [left, right] = [width, 0];
  for (let y = top; y < bottom; y++) {
    while (left > 0 && holds(y, 0, left)) left = firstIn(y, left, holds);
    while (right < width && holds(y, right, width)) right = lastIn(y, right, width, holds);
  }
  const [x, y] = [left - (left % step), top - (top % step)];
  return {
    x,
    y,
    width: Math.min(width, Math.ceil(right / step) * step) - x,
    height: Math.min(height, Math.ceil(bottom / step) * step) - y,
  };
}

/** Where the first pixel is that holds something, of those before `to`, one of which does. */
function firstIn(y: number, to: number, holds: (y: number, from: number, to: number) => boolean): number {
  let [low, high] = [0, to];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (holds(y, low, middle)) high = middle;
    else low = middle;
  }
  return low;
}

/** Behind the last pixel that holds something, of those from `from` to `width`, one of which does. */
function lastIn(y: number, from: number, width: number, holds: (y: number, from: number, to: number) => boolean): number {
  let [low, high] = [from, width];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (holds(y, middle, high)) low = middle;
    else high = middle;
  }
  return high;
}

export function cut({ width, channels, data }: ByteImage, rect: Rect): ByteImage {
  const out = new Uint8Array(rect.width * rect.height * channels);
  for (let y = 0; y < rect.height; y++) {
    const from = ((rect.y + y) * width + rect.x) * channels;
    out.set(data.subarray(from, from + rect.width * channels), y * rect.width * channels);
  }
  return { width: rect.width, height: rect.height, channels, data: out };
}

/** Means over squares of `n` pixels; those at the right and lower edge may be smaller. */
export function shrunkBy(image: ByteImage, n: number): ByteImage {
  if (n === 1) return image;
  const { width, height, channels, data } = image;
  const [w, h] = [Math.ceil(width / n), Math.ceil(height / n)];
  const out = new Uint8Array(w * h * channels);
  const sums = new Uint32Array(w * channels);
  for (let y = 0; y < h; y++) {
    sums.fill(0);
    const rows = Math.min(n, height - y * n);
    for (let v = 0; v < rows; v++) {
      let from = (y * n + v) * width * channels;
      for (let x = 0; x < width; x++) {
        const to = ((x / n) | 0) * channels;
        for (let c = 0; c < channels; c++) sums[to + c] = sums[to + c]! + data[from++]!;
      }
    }
    for (let x = 0; x < w; x++) {
      const count = rows * Math.min(n, width - x * n);
      for (let c = 0; c < channels; c++) out[(y * w + x) * channels + c] = sums[x * channels + c]! / count + 0.5;
    }
  }
  return { width: w, height: h, channels, data: out };
}

/** Sides of the squares behind a mask, and their two grays: the page draws the same around what it gets. */
const SQUARE = 16;
const GRAYS = [92, 138] as const;

/** A picture through its mask, before a checkerboard. */
export function onChecker({ width, height, channels, data }: ByteImage, mask: ByteImage): ByteImage {
  const out = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const m = mask.data[i]! / 255;
      const ground = GRAYS[((x / SQUARE) ^ (y / SQUARE)) & 1]! * (1 - m);
      for (let c = 0; c < channels; c++) out[i * channels + c] = data[i * channels + c]! * m + ground + 0.5;
    }
  }
  return { width, height, channels, data: out };
}
