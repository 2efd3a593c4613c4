/**
 * Affine warps between windows of larger images: only the part that is needed is held and computed, and every value is what a warp of the
 * whole images gives. Cubic, on OpenCV 4's 1/32 grid, zeros outside of the source. bench/merge.mjs times it.
 */
import type { Affine } from './affine.ts';
import type { FloatImage } from './image.ts';
import { roundHalfEven } from './positions.ts';
import { cubicTable } from './sampling.ts';

/** A rectangle of a larger image: its first pixel and its size. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An image that is a window of a larger one: its first pixel lies at (x, y) there. */
export interface Pane {
  readonly x: number;
  readonly y: number;
  readonly image: FloatImage;
}

/** A whole image as a pane. */
export const wholePane = (image: FloatImage): Pane => ({ x: 0, y: 0, image });

/**
 * Fills `target`, which has the channels of `source` (1 or 3).
 *
 * @param sourceFromTarget  in pixels of the larger images.
 * @param where  one value for each pixel of the target: where it is 0, nothing is computed and 0 is written.
 * Source: as sampling.ts and positions.ts, which do the same for whole images.
 */
export function warpWindow(source: Pane, sourceFromTarget: Affine, target: Pane, where?: Float32Array): void {
  const [a, b, tx, c, d, ty] = sourceFromTarget;
  const { width, height, channels, data } = target.image;
  const acrossX = new Int32Array(width);
  const acrossY = new Int32Array(width);
  for (let i = 0; i < width; i++) {
    acrossX[i] = roundHalfEven(a * (target.x + i) * 1024);
    acrossY[i] = roundHalfEven(c * (target.x + i) * 1024);
  }
  const { image } = source;
  const sample = channels === 3 ? cubicRow3 : cubicRow1;
  for (let j = 0; j < height; j++) {
    const y = target.y + j;
    const x0 = ((roundHalfEven((b * y + tx) * 1024) + 16) | 0) - source.x * 1024;
    const y0 = ((roundHalfEven((d * y + ty) * 1024) + 16) | 0) - source.y * 1024;
    sample(image.data, image.width, image.height, acrossX, acrossY, x0, y0, data, j * width, where);
  }
}

function cubicRow3(
  src: Float32Array,
  width: number,
  height: number,
  acrossX: Int32Array,
  acrossY: Int32Array,
  x0: number,
  y0: number,
  out: Float32Array,
  first: number,
  where: Float32Array | undefined,
): void {
  const row = width * 3;
  const w = cubicTable;
  for (let i = 0, o = first * 3; i < acrossX.length; i++, o += 3) {
    let b = 0;
    let g = 0;
    let r = 0;
    if (where === undefined || where[first + i] !== 0) {
      const px = (x0 + acrossX[i]!) >> 5;
      const py = (y0 + acrossY[i]!) >> 5;
      const x = (px >> 5) - 1;
      const y = (py >> 5) - 1;
      const fx = (px & 31) << 2;
      const fy = (py & 31) << 2;
      if (x >= 0 && y >= 0 && x + 3 < width && y + 3 < height) {
        const w0 = w[fx]!;
        const w1 = w[fx + 1]!;
        const w2 = w[fx + 2]!;
        const w3 = w[fx + 3]!;
        let p = y * row + x * 3;
        for (let k = 0; k < 4; k++, p += row) {
          const v = w[fy + k]!;
          b += v * (src[p]! * w0 + src[p + 3]! * w1 + src[p + 6]! * w2 + src[p + 9]! * w3);
          g += v * (src[p + 1]! * w0 + src[p + 4]! * w1 + src[p + 7]! * w2 + src[p + 10]! * w3);
          r += v * (src[p + 2]! * w0 + src[p + 5]! * w1 + src[p + 8]! * w2 + src[p + 11]! * w3);
        }
      } else if (x > -4 && y > -4 && x < width && y < height) {
        for (let k = Math.max(0, -y); k < 4 && y + k < height; k++) {
          for (let j = Math.max(0, -x); j < 4 && x + j < width; j++) {
            const weight = w[fy + k]! * w[fx + j]!;
            const p = (y + k) * row + (x + j) * 3;
            b += weight * src[p]!;
            g += weight * src[p + 1]!;
            r += weight * src[p + 2]!;
          }
        }
      }
    }
    out[o] = b;
    out[o + 1] = g;
    out[o + 2] = r;
  }
}

function cubicRow1(
  src: Float32Array,
  width: number,
  height: number,
  acrossX: Int32Array,
  acrossY: Int32Array,
  x0: number,
  y0: number,
  out: Float32Array,
  first: number,
  where: Float32Array | undefined,
): void {
  const w = cubicTable;
  for (let i = 0; i < acrossX.length; i++) {
    let sum = 0;
    if (where === undefined || where[first + i] !== 0) {
      const px = (x0 + acrossX[i]!) >> 5;
      const py = (y0 + acrossY[i]!) >> 5;
      const x = (px >> 5) - 1;
      const y = (py >> 5) - 1;
      const fx = (px & 31) << 2;
      const fy = (py & 31) << 2;
      if (x >= 0 && y >= 0 && x + 3 < width && y + 3 < height) {
        let p = y * width + x;
        for (let k = 0; k < 4; k++, p += width) {
          sum += w[fy + k]! * (src[p]! * w[fx]! + src[p + 1]! * w[fx + 1]! + src[p + 2]! * w[fx + 2]! + src[p + 3]! * w[fx + 3]!);
        }
      } else if (x > -4 && y > -4 && x < width && y < height) {
        for (let k = Math.max(0, -y); k < 4 && y + k < height; k++) {
          for (let j = Math.max(0, -x); j < 4 && x + j < width; j++) {
            sum += w[fy + k]! * w[fx + j]! * src[(y + k) * width + x + j]!;
          }
        }
      }
    }
    out[first + i] = sum;
  }
}
