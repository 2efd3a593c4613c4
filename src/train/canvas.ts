/** A small rasteriser over an RGB image: rectangles and antialiased lines, enough for the loss chart and labels. */
import type { ByteImage } from '../image/index.ts';

/** Red, green, blue, 0…255. */
export type Colour = readonly [number, number, number];

/** Pixels left…right and top…bottom, all inside the image. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export class Canvas {
  readonly width: number;
  readonly height: number;
  /** Rows of RGB. */
  readonly data: Uint8Array;

  constructor(width: number, height: number, background: Colour) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  get image(): ByteImage {
    return { width: this.width, height: this.height, channels: 3, data: this.data };
  }

  /** Mixes a colour into one pixel; nothing outside the image. @param cover 0…1. */
  blend(x: number, y: number, [r, g, b]: Colour, cover: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 3;
    const mix = (old: number, value: number): number => Math.round(old + (value - old) * cover);
    this.data[at] = mix(this.data[at]!, r);
    this.data[at + 1] = mix(this.data[at + 1]!, g);
    this.data[at + 2] = mix(this.data[at + 2]!, b);
  }

  /** A rectangle of whole pixels. */
  fill(x: number, y: number, width: number, height: number, colour: Colour, cover = 1): void {
    for (let row = y; row < y + height; row++) for (let column = x; column < x + width; column++) this.blend(column, row, colour, cover);
  }

  /**
   * A line through points with round joints. Every pixel takes the colour once, by its distance from the nearest segment.
   *
   * @param points x, y, x, y… in pixels; pixel centres are at halves.
   * @param clip nothing is drawn outside.
   */
  line(points: readonly number[], { width, colour, clip }: { width: number; colour: Colour; clip: Box }): void {
    const reach = width / 2 + 0.5;
    const cover = new Map<number, number>();
    for (let i = 0; i + 3 < points.length; i += 2) {
      const [x0, y0, x1, y1] = [points[i]!, points[i + 1]!, points[i + 2]!, points[i + 3]!];
      const [dx, dy] = [x1 - x0, y1 - y0];
      const length2 = dx * dx + dy * dy;
      const top = Math.max(clip.top, Math.floor(Math.min(y0, y1) - reach));
      const bottom = Math.min(clip.bottom, Math.max(y0, y1) + reach);
      for (let y = top; y <= bottom; y++) {
        for (let x = Math.max(clip.left, Math.floor(Math.min(x0, x1) - reach)); x <= Math.min(clip.right, Math.max(x0, x1) + reach); x++) {
          const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
          const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
          const near = Math.min(1, reach - Math.hypot(px - t * dx, py - t * dy));
          const at = y * this.width + x;
          if (near > (cover.get(at) ?? 0)) cover.set(at, near);
        }
      }
    }
    for (const [at, near] of cover) this.blend(at % this.width, Math.floor(at / this.width), colour, near);
  }
}
