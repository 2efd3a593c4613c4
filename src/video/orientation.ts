/**
 * Turning a stored picture upright: the eight orientations of EXIF, and those that a video's display matrix can say.
 */
import type { Affine, ByteImage } from '../image/index.ts';
import type { DeepImage } from './frameSink.ts';

/** As EXIF numbers them: 1 upright, 2 mirrored, 3 half turn, 4 flipped, 5 transposed, 6 to be turned clockwise, 7 transverse, 8 counter-clockwise. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** How the stored x and y change along the upright x, then along the upright y. Source: EXIF 2.32, 4.6.4 (Orientation). */
const steps: Readonly<Record<Orientation, readonly [number, number, number, number]>> = {
  1: [1, 0, 0, 1],
  2: [-1, 0, 0, 1],
  3: [-1, 0, 0, -1],
  4: [1, 0, 0, -1],
  5: [0, 1, 1, 0],
  6: [0, -1, 1, 0],
  7: [0, -1, -1, 0],
  8: [0, 1, -1, 0],
};

/** Whether width and height change places. */
const swapsSides = (orientation: Orientation): boolean => orientation >= 5;

/** The picture turned upright; itself if it stands upright already. @param memory  gives at least so many bytes. */
export function orient(
  image: ByteImage,
  orientation: Orientation,
  memory: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): ByteImage {
  if (orientation === 1) return image;
  const data = memory(image.data.length).subarray(0, image.data.length);
  return { ...turn(image, orientation, data), data };
}

/** The same for a picture of 16 bits. */
export function orientDeep(image: DeepImage, orientation: Orientation): DeepImage {
  if (orientation === 1) return image;
  const data = new Uint16Array(image.data.length);
  return { ...turn(image, orientation, data), channels: 3, data };
}

/** From the upright picture to the stored one of this size, counted from the corner of the first pixel. */
export function storedFromUpright(width: number, height: number, orientation: Orientation): Affine {
  const [xx, xy, yx, yy] = steps[orientation];
  return [xx, yx, xx + yx < 0 ? width : 0, xy, yy, xy + yy < 0 ? height : 0];
}

interface Rows<T> {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: T;
}

function turn<T extends Uint8Array | Uint16Array>(
  { width, height, channels, data }: Rows<T>,
  orientation: Orientation,
  out: T,
): Omit<Rows<T>, 'data'> {
  const [w, h] = swapsSides(orientation) ? [height, width] : [width, height];
  const [xx, xy, yx, yy] = steps[orientation];
  const startX = xx + yx < 0 ? width - 1 : 0;
  const startY = xy + yy < 0 ? height - 1 : 0;
  const alongX = (xy * width + xx) * channels;
  const alongY = (yy * width + yx) * channels;
  let row = (startY * width + startX) * channels;
  for (let y = 0, to = 0; y < h; y++, row += alongY) {
    for (let x = 0, from = row; x < w; x++, from += alongX) {
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return { width: w, height: h, channels };
}

/**
 * The orientation nearest to a display matrix: 36 bytes, nine 32-bit little-endian numbers (a, b, u, c, d, v, x, y, w), of which
 * x' = a·x + c·y and y' = b·x + d·y matter. Angles between the quarter turns go to the nearest. Source: ISO/IEC 14496-12, 6.2.2.
 */
export function orientationOfMatrix(bytes: Uint8Array): Orientation {
  if (bytes.length < 20) return 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [a, b, c, d] = [0, 4, 12, 16].map((at) => view.getInt32(at, true)) as [number, number, number, number];
  if (Math.abs(a) + Math.abs(d) >= Math.abs(b) + Math.abs(c)) return a >= 0 ? (d >= 0 ? 1 : 4) : d >= 0 ? 2 : 3;
  return b >= 0 ? (c >= 0 ? 5 : 6) : c >= 0 ? 8 : 7;
}
