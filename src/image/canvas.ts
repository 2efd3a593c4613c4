/** A small rasteriser over an RGB image: rectangles, antialiased lines and circles, pasted pictures; enough for charts, sheets and labels. */
import type { ByteImage } from './image.ts';

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
  /** The line through points and back to the first. */
  outline(points: readonly number[], style: { width: number; colour: Colour; clip: Box }): void {
    this.line([...points, ...points.slice(0, 2)], style);
  }

  /** A filled circle; pixel centres are at halves. @param cover  0…1, on top of the edge's own. */
  disc(x: number, y: number, radius: number, colour: Colour, cover = 1): void {
    const reach = radius + 0.5;
    for (let row = Math.floor(y - reach); row <= y + reach; row++) {
      for (let column = Math.floor(x - reach); column <= x + reach; column++) {
        const near = Math.min(1, reach - Math.hypot(column + 0.5 - x, row + 0.5 - y));
        if (near > 0) this.blend(column, row, colour, near * cover);
      }
    }
  }

  /** The edge of a circle. */
  ring(x: number, y: number, radius: number, { width, colour }: { width: number; colour: Colour }): void {
    const reach = radius + width / 2 + 0.5;
    for (let row = Math.floor(y - reach); row <= y + reach; row++) {
      for (let column = Math.floor(x - reach); column <= x + reach; column++) {
        const off = Math.abs(Math.hypot(column + 0.5 - x, row + 0.5 - y) - radius);
        const near = Math.min(1, width / 2 + 0.5 - off);
        if (near > 0) this.blend(column, row, colour, near);
      }
    }
  }

  /** Puts a picture of 1 (gray) or 3 channels (RGB) with its left top at (x, y); parts outside are cut off. */
  paste({ width, height, channels, data }: ByteImage, x: number, y: number): void {
    const step = channels === 1 ? 0 : 1;
    for (let row = Math.max(0, -y); row < Math.min(height, this.height - y); row++) {
      for (let column = Math.max(0, -x); column < Math.min(width, this.width - x); column++) {
        const from = (row * width + column) * channels;
        const to = ((y + row) * this.width + x + column) * 3;
        for (let c = 0; c < 3; c++) this.data[to + c] = data[from + c * step]!;
      }
    }
  }
}
