/**
 * Frames as files hold them, RGB with 8 or 16 bits, and windows of them as float BGR to compute with.
 */
import {
  type ByteImage,
  type FloatImage,
  floatImage,
  inRange,
  type Pane,
  readBgrRow,
  type Simd,
  type Window,
  writeBgrRow,
} from '../image/index.ts';

/** 16 bits a channel. */
export interface WideImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint16Array;
}

/** An upright frame: 3 channels, RGB, values as sRGB encodes them. */
export type Picture = ByteImage | WideImage;

export const greatestOf = ({ data }: Picture): number => (data instanceof Uint16Array ? 65535 : 255);

/**
 * A window of the frame in 0…1, BGR, encoded.
 *
 * @param memory  at least so many values, all of which the window is read into; new memory if left out.
 */
export function readWindow(picture: Picture, { x, y, width, height }: Window, simd: Simd, memory?: Float32Array): Pane {
  const count = width * height * 3;
  const image: FloatImage =
    memory === undefined ? floatImage(width, height, 3) : { width, height, channels: 3, data: memory.subarray(0, count) };
  const { data } = picture;
  for (let j = 0; j < height; j++) {
    const [at, start] = [((y + j) * picture.width + x) * 3, j * width * 3];
    if (data instanceof Uint8Array) readBgrRow(data.subarray(at, at + width * 3), image.data, start, simd);
    else readRow(data, at, image.data, start, width * 3);
  }
  return { x, y, image };
}

function readRow(from: Uint16Array, at: number, to: Float32Array, start: number, count: number): void {
  for (let i = 0; i < count; i += 3) {
    to[start + i] = from[at + i + 2]! / 65535;
    to[start + i + 1] = from[at + i + 1]! / 65535;
    to[start + i + 2] = from[at + i]! / 65535;
  }
}

/**
 * Writes a window of encoded BGR values back, cut to whole steps of the picture as the reference does (×255, truncated).
 *
 * @param where  one value a pixel of the window: pixels where it is 0 keep what they hold, to the bit.
 */
export function writeWindow(picture: Picture, { x, y, image }: Pane, simd: Simd, where?: Float32Array): void {
  const greatest = greatestOf(picture);
  for (let j = 0; j < image.height; j++) {
    const at = ((y + j) * picture.width + x) * 3;
    const row = image.data.subarray(j * image.width * 3, (j + 1) * image.width * 3);
    if (where === undefined && picture.data instanceof Uint8Array) writeBgrRow(row, picture.data, at, simd);
    else writeRow(image.data, j * image.width, image.width, greatest, picture.data, at, where);
  }
}

function writeRow(
  from: Float32Array,
  first: number,
  count: number,
  greatest: number,
  to: Uint8Array | Uint16Array,
  at: number,
  where: Float32Array | undefined,
): void {
  const f = Math.fround;
  for (let i = 0, p = first * 3, q = at; i < count; i++, p += 3, q += 3) {
    if (where !== undefined && where[first + i] === 0) continue;
    // The product is rounded to float32 first: so b / 255 · 255 is b again. Stores truncate.
    to[q] = f(inRange(from[p + 2]!) * greatest);
    to[q + 1] = f(inRange(from[p + 1]!) * greatest);
    to[q + 2] = f(inRange(from[p]!) * greatest);
  }
}
