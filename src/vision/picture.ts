/**
 * Pictures as networks want them: a stretch of the picture, turned and scaled, as planes of R, G and B. It is read bilinearly from
 * averages over whole cells of pixels, about as large as a pixel of the result: plain bilinear reading of a large square skips pixels,
 * loses small faces and makes points tremble. bench/vision.mjs times it.
 * Coordinates count from the corner of the first pixel: its centre is at 0.5.
 */
import { type Affine, type ByteImage, mapPoints } from '../image/index.ts';

/** What is put in where the picture has ended: a value of 0, or the nearest pixel. */
export type Outside = 'zero' | 'replicate';

export interface Tile {
  /** Sides of the result. */
  readonly width: number;
  readonly height: number;
  /** From the result's coordinates to the picture's. */
  readonly pictureFromTile: Affine;
  readonly outside: Outside;
  /** Values 0…255 become value · scale + offset of their channel. */
  readonly scale: number;
  readonly offset: readonly [r: number, g: number, b: number];
}

/** Cells averaged from a stretch of a picture; cell (i, j) covers `across` × `down` pixels from (left + i·across, top + j·down). */
interface Cells {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

/** How much more is averaged than a tile needs, as a share of it: the next tile of the same picture often lies near. */
const MARGIN = 1 / 16;

/** Reads tiles, and keeps its memory from one to the next. */
export class TileReader {
  #memory = new Float32Array();
  /** What the memory holds, and of which picture. */
  #held: { readonly image: ByteImage; readonly cells: Cells } | undefined;

  /**
   * @param image RGB; its pixels stay as they are as long as it is the last picture that was read.
   * @param out 3 · width · height values: the planes of R, G, B.
   */
  read(image: ByteImage, tile: Tile, out: Float32Array): void {
    readCells(this.#cells(image, tile), tile, out);
  }

  #cells(image: ByteImage, { width, height, pictureFromTile: m }: Tile): Cells {
    const corners = mapPoints(m, [0, 0, width, 0, 0, height, width, height]);
    // Steps of the result along its axes, and how much of the picture's axes each covers.
    const across = Math.max(1, Math.round(Math.hypot(m[0], m[1])));
    const down = Math.max(1, Math.round(Math.hypot(m[3], m[4])));
    const xs = corners.filter((_, i) => i % 2 === 0);
    const ys = corners.filter((_, i) => i % 2 === 1);
    const reach = (values: Float64Array, step: number, share: number): readonly [number, number] => {
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const more = step + share * (most - least);
      return [least - more, most + more];
    };
    const held = this.#held;
    if (held?.image === image && held.cells.across === across && held.cells.down === down) {
      const needed = [stretch(...reach(xs, across, 0), image.width), stretch(...reach(ys, down, 0), image.height)] as const;
      if (covers(held.cells, ...needed)) return held.cells;
    }
    const [left, right] = stretch(...reach(xs, across, MARGIN), image.width);
    const [top, bottom] = stretch(...reach(ys, down, MARGIN), image.height);
    const size = { width: Math.ceil((right - left) / across), height: Math.ceil((bottom - top) / down) };
    const length = size.width * size.height * 3;
    if (this.#memory.length < length) this.#memory = new Float32Array(length);
    averageCells(image.data, image.width, image.height, left, top, across, down, size.width, size.height, this.#memory);
    const cells = { data: this.#memory, ...size, left, top, across, down };
    this.#held = { image, cells };
    return cells;
  }
}

function covers(cells: Cells, [left, right]: readonly [number, number], [top, bottom]: readonly [number, number]): boolean {
  const { width, height, across, down } = cells;
  const [x, y] = [left - cells.left, top - cells.top];
  return x >= 0 && y >= 0 && right - cells.left <= width * across && bottom - cells.top <= height * down;
}

/** Whole pixels from `from` to `to` that the picture has; at least one. */
function stretch(from: number, to: number, size: number): readonly [number, number] {
  const first = Math.min(Math.max(Math.floor(from), 0), size - 1);
  return [first, Math.min(Math.max(Math.ceil(to), first + 1), size)];
}

/** Means of cells, over at most four by four of each cell's pixels. */
function averageCells(
  bytes: Uint8Array,
  imageWidth: number,
  imageHeight: number,
  left: number,
  top: number,
  across: number,
  down: number,
  width: number,
  height: number,
  out: Float32Array,
): void {
  const stepX = Math.ceil(across / 4);
  const stepY = Math.ceil(down / 4);
  const firstX = left + (((across - 1) % stepX) >> 1);
  const firstY = top + (((down - 1) % stepY) >> 1);
  for (let j = 0, o = 0; j < height; j++) {
    const y0 = Math.min(firstY + j * down, imageHeight - 1);
    const y1 = Math.min(top + (j + 1) * down, imageHeight);
    for (let i = 0; i < width; i++, o += 3) {
      const x0 = Math.min(firstX + i * across, imageWidth - 1);
      const x1 = Math.min(left + (i + 1) * across, imageWidth);
      let [r, g, b, n] = [0, 0, 0, 0];
      for (let y = y0; y < y1; y += stepY) {
        const end = (y * imageWidth + x1) * 3;
        for (let p = (y * imageWidth + x0) * 3; p < end; p += stepX * 3) {
          r += bytes[p]!;
          g += bytes[p + 1]!;
          b += bytes[p + 2]!;
          n++;
        }
      }
      out[o] = r / n;
      out[o + 1] = g / n;
      out[o + 2] = b / n;
    }
  }
}

function readCells(cells: Cells, { width, height, pictureFromTile: m, outside, scale, offset }: Tile, out: Float32Array): void {
  const { data, left, top, across, down } = cells;
  // From the centre of the tile's first pixel to cells whose centres are at whole numbers.
  const u0 = (m[0] * 0.5 + m[1] * 0.5 + m[2] - left) / across - 0.5;
  const v0 = (m[3] * 0.5 + m[4] * 0.5 + m[5] - top) / down - 0.5;
  sampleCells(
    data,
    cells.width,
    cells.height,
    [m[0] / across, m[1] / across, u0, m[3] / down, m[4] / down, v0],
    width,
    height,
    outside === 'zero',
    scale,
    offset[0],
    offset[1],
    offset[2],
    out,
  );
}

function sampleCells(
  data: Float32Array,
  cellsWide: number,
  cellsHigh: number,
  m: Affine,
  width: number,
  height: number,
  zero: boolean,
  scale: number,
  offsetR: number,
  offsetG: number,
  offsetB: number,
  out: Float32Array,
): void {
  const [ux, uy, u0, vx, vy, v0] = m;
  const plane = width * height;
  const [right, bottom] = [cellsWide - 1, cellsHigh - 1];
  for (let y = 0, o = 0; y < height; y++) {
    let u = uy * y + u0;
    let v = vy * y + v0;
    for (let x = 0; x < width; x++, o++, u += ux, v += vx) {
      if (zero && (u < -0.5 || v < -0.5 || u > right + 0.5 || v > bottom + 0.5)) {
        out[o] = offsetR;
        out[plane + o] = offsetG;
        out[2 * plane + o] = offsetB;
        continue;
      }
      const cu = u < 0 ? 0 : u > right ? right : u;
      const cv = v < 0 ? 0 : v > bottom ? bottom : v;
      const i = cu | 0;
      const j = cv | 0;
      const fx = cu - i;
      const fy = cv - j;
      const p = (j * cellsWide + i) * 3;
      const dx = i < right ? 3 : 0;
      const q = j < bottom ? p + cellsWide * 3 : p;
      const w11 = fx * fy;
      const w10 = fy - w11;
      const w01 = fx - w11;
      const w00 = 1 - fx - w10;
      out[o] = (data[p]! * w00 + data[p + dx]! * w01 + data[q]! * w10 + data[q + dx]! * w11) * scale + offsetR;
      out[plane + o] = (data[p + 1]! * w00 + data[p + dx + 1]! * w01 + data[q + 1]! * w10 + data[q + dx + 1]! * w11) * scale + offsetG;
      out[2 * plane + o] = (data[p + 2]! * w00 + data[p + dx + 2]! * w01 + data[q + 2]! * w10 + data[q + dx + 2]! * w11) * scale + offsetB;
    }
  }
}
