/**
 * Pictures as networks want them: a stretch of the picture, turned and scaled, as planes of R, G and B. It is read bilinearly from
 * averages over whole cells of pixels, about as large as a pixel of the result: plain bilinear reading of a large square skips pixels,
 * loses small faces and makes points tremble. bench/vision.mjs times it.
 * Coordinates count from the corner of the first pixel: its centre is at 0.5.
 */
import { type Affine, after, mapPoints, type Picture, type PlanarImage } from '../image/index.ts';

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

/** Cells of R, G, B averaged from a stretch of a picture; cell (i, j) covers `across` × `down` pixels from (left + i·across, top + j·down). */
interface Cells {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

type Size = Pick<Picture, 'width' | 'height'>;

/** How much more is averaged than a tile needs, as a share of it: the next tile of the same picture often lies near. */
const MARGIN = 1 / 16;

/** Reads tiles, and keeps its memory from one to the next. */
export class TileReader {
  #memory = new Float32Array();
  /** What the memory holds, and of which picture. */
  #held: { readonly image: Picture; readonly cells: Cells } | undefined;
  readonly #rows = new ChromaRows();

  /**
   * @param image its pixels stay as they are as long as it is the last picture that was read.
   * @param out 3 · width · height values: the planes of R, G, B.
   */
  read(image: Picture, tile: Tile, out: Float32Array): void {
    if (!('luma' in image)) readCells(this.#cells(image, image, tile), tile, out);
    else {
      // As the planes lie, which need not be upright.
      const turned = { ...tile, pictureFromTile: after(image.lumaFromPicture, tile.pictureFromTile) };
      readCells(this.#cells(image, image.luma, turned), turned, out);
    }
  }

  #cells(image: Picture, { width: imageWidth, height: imageHeight }: Size, { width, height, pictureFromTile: m }: Tile): Cells {
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
      const needed = [stretch(...reach(xs, across, 0), imageWidth), stretch(...reach(ys, down, 0), imageHeight)] as const;
      if (covers(held.cells, ...needed)) return held.cells;
    }
    const [left, right] = stretch(...reach(xs, across, MARGIN), imageWidth);
    const [top, bottom] = stretch(...reach(ys, down, MARGIN), imageHeight);
    const size = { width: Math.ceil((right - left) / across), height: Math.ceil((bottom - top) / down) };
    const length = size.width * size.height * 3;
    if (this.#memory.length < length) this.#memory = new Float32Array(length);
    if ('luma' in image) averagePlanes(image, left, top, across, down, size.width, size.height, this.#rows, this.#memory);
    else averageCells(image.data, imageWidth, imageHeight, left, top, across, down, size.width, size.height, this.#memory);
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

/** Rows of both colour differences, one number for each cell. */
class ChromaRows {
  blue = new Float32Array();
  red = new Float32Array();

  reserve(length: number): void {
    if (this.blue.length < length) [this.blue, this.red] = [new Float32Array(length), new Float32Array(length)];
  }
}

/** The same from planes: luminance over its pixels, colour differences between their samples, then R, G, B of the cell. */
function averagePlanes(
  { luma, blue, red, chroma, colours }: PlanarImage,
  left: number,
  top: number,
  across: number,
  down: number,
  width: number,
  height: number,
  rows: ChromaRows,
  out: Float32Array,
): void {
  rows.reserve(width);
  // A reading between samples covers two by two of them, so that so many readings in a cell see all of it.
  const columns = Math.min(4, Math.max(1, Math.ceil((across * chroma.scaleX) / 2)));
  const lines = Math.min(4, Math.max(1, Math.ceil((down * chroma.scaleY) / 2)));
  const share = 1 / (columns * lines);
  const { black, gain, rv, gu, gv, bu } = colours;
  for (let j = 0; j < height; j++) {
    rows.blue.fill(0, 0, width);
    rows.red.fill(0, 0, width);
    for (let line = 0; line < lines; line++) {
      const y = (top + (j + (line + 0.5) / lines) * down) * chroma.scaleY + chroma.shiftY - 0.5;
      for (let column = 0; column < columns; column++) {
        const x = (left + ((column + 0.5) / columns) * across) * chroma.scaleX + chroma.shiftX - 0.5;
        addRow(blue.data, blue.width, blue.height, x, across * chroma.scaleX, y, share, width, rows.blue);
        addRow(red.data, red.width, red.height, x, across * chroma.scaleX, y, share, width, rows.red);
      }
    }
    averageRow(luma.data, luma.width, luma.height, left, top + j * down, across, down, width, out, j * width * 3);
    colourRow(rows.blue, rows.red, black, gain, rv, gu, gv, bu, width, out, j * width * 3);
  }
}

/** Adds a row of a plane, read between its samples. */
function addRow(
  data: Uint8Array,
  planeWidth: number,
  planeHeight: number,
  start: number,
  step: number,
  y: number,
  share: number,
  width: number,
  out: Float32Array,
): void {
  const cy = Math.min(Math.max(y, 0), planeHeight - 1);
  const y0 = Math.floor(cy);
  const upper = y0 * planeWidth;
  const lower = y0 + 1 < planeHeight ? upper + planeWidth : upper;
  const below = (cy - y0) * share;
  const above = share - below;
  const last = planeWidth - 1;
  for (let i = 0, x = start; i < width; i++, x += step) {
    const cx = x < 0 ? 0 : x > last ? last : x;
    const p = cx | 0;
    const q = p < last ? 1 : 0;
    const f = cx - p;
    const a = data[upper + p]! * above + data[lower + p]! * below;
    const b = data[upper + p + q]! * above + data[lower + p + q]! * below;
    out[i]! += a + (b - a) * f;
  }
}

/** Means of a row of cells, as averageCells takes them; every third number of `out`. */
function averageRow(
  bytes: Uint8Array,
  imageWidth: number,
  imageHeight: number,
  left: number,
  top: number,
  across: number,
  down: number,
  width: number,
  out: Float32Array,
  start: number,
): void {
  if (across === 2 && down === 2 && left + 2 * width <= imageWidth && top + 2 <= imageHeight) {
    for (let i = 0, o = start, p = top * imageWidth + left; i < width; i++, o += 3, p += 2) {
      out[o] = (bytes[p]! + bytes[p + 1]! + bytes[p + imageWidth]! + bytes[p + imageWidth + 1]!) / 4;
    }
    return;
  }
  const stepX = Math.ceil(across / 4);
  const stepY = Math.ceil(down / 4);
  const firstX = left + (((across - 1) % stepX) >> 1);
  const y0 = Math.min(top + (((down - 1) % stepY) >> 1), imageHeight - 1);
  const y1 = Math.min(top + down, imageHeight);
  for (let i = 0, o = start; i < width; i++, o += 3) {
    const x0 = Math.min(firstX + i * across, imageWidth - 1);
    const x1 = Math.min(left + (i + 1) * across, imageWidth);
    let [sum, n] = [0, 0];
    for (let y = y0; y < y1; y += stepY) {
      for (let p = y * imageWidth + x0, end = y * imageWidth + x1; p < end; p += stepX) {
        sum += bytes[p]!;
        n++;
      }
    }
    out[o] = sum / n;
  }
}

/** Luminances, at every third place, and colour differences to R, G, B within 0…255. */
function colourRow(
  blue: Float32Array,
  red: Float32Array,
  black: number,
  gain: number,
  rv: number,
  gu: number,
  gv: number,
  bu: number,
  width: number,
  out: Float32Array,
  start: number,
): void {
  for (let i = 0, o = start; i < width; i++, o += 3) {
    const y = (out[o]! - black) * gain;
    const u = blue[i]! - 128;
    const v = red[i]! - 128;
    const r = y + rv * v;
    const g = y + gu * u + gv * v;
    const b = y + bu * u;
    out[o] = r < 0 ? 0 : r > 255 ? 255 : r;
    out[o + 1] = g < 0 ? 0 : g > 255 ? 255 : g;
    out[o + 2] = b < 0 ? 0 : b > 255 ? 255 : b;
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
