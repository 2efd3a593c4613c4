/**
 * Means of a picture's pixels over whole cells, and tiles of any turn and size read between them bilinearly, as planes of R, G and B. The means of
 * signals and all tiles are computed in WebAssembly.
 * Coordinates count from the corner of the first pixel: its centre is at 0.5.
 */
import type { Affine } from './affine.ts';
import { barredTile, CELL, HEAD, LINE, signalCells, wholeTile } from './cellRoutines.ts';
import type { ByteImage } from './image.ts';
import type { Picture, PlanarImage, Plane } from './planarImage.ts';
import { Simd } from './simd.ts';

/** Cell (i, j) covers `across` × `down` pixels from (left + i·across, top + j·down), so far as the picture has them, which is one at least. */
export interface CellGrid {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

/** How cells become values: 0…255 becomes value · scale + offset of its channel. */
export interface TileValues {
  readonly scale: number;
  readonly offset: readonly [r: number, g: number, b: number];
  /** Whether values are 0 where the picture has ended; else those of its nearest pixel. */
  readonly zeroOutside: boolean;
}

/** A cell sees at most so many of its pixels across and down. */
const MOST_TAPS = 4;

type Places = readonly [number, number, number, number, number, number, number, number, number, number, number];

/** Pixels of a cell, along one axis: the first from its beginning, and the step to the next. */
function tapsOf(length: number): { readonly first: number; readonly step: number } {
  const step = Math.ceil(length / MOST_TAPS);
  return { first: ((length - 1) % step) >> 1, step };
}

/** Owns its memory: the cells of one picture at a time, for as many tiles as are wanted. */
export class Cells {
  readonly #simd = new Simd();
  #grid: CellGrid = { width: 0, height: 0, left: 0, top: 0, across: 1, down: 1 };
  /** Floats of the cells, and of all that lies before a tile. */
  #counts: readonly number[] = [];

  /** Averages the cells of a grid; those that were there are gone. Of a signal, it is a grid of its luminance as it lies. */
  average(image: Picture, grid: CellGrid): void {
    this.#grid = grid;
    if ('luma' in image) this.#ofSignal(image, grid);
    else this.#ofBytes(image, grid);
  }

  /**
   * @param cellsFromTile  to cells with their centres at whole numbers, from a tile's pixels.
   * @returns 3 · width · height values, which are valid until the next call.
   */
  tile([du, uy, u0, dv, vy, v0]: Affine, width: number, height: number, { scale, offset, zeroOutside }: TileValues): Float32Array {
    const [r, g, b] = offset;
    const { width: cellsWide, height: cellsHigh } = this.#grid;
    const [cells, ...others] = this.#simd.layout(...this.#counts, 3 * width * height) as readonly number[] as readonly [
      number,
      ...number[],
    ];
    const out = others.at(-1)!;
    const run = this.#simd.run(zeroOutside ? barredTile : wholeTile);
    run(cells, cellsWide * CELL * 4, uy, u0, vy, v0, du, dv, cellsWide - 1, cellsHigh - 1, scale, r, g, b, width, height, out);
    return this.#simd.floats(out, 3 * width * height);
  }

  /** Room for the cells and for what they are made of. */
  #layout<const N extends readonly number[]>({ width, height }: CellGrid, ...counts: N): readonly [number, ...number[]] {
    const spare = (width + 2) * CELL; // behind the cells, which a tile reads with a weight of 0
    this.#counts = [width * height * CELL + spare, ...counts];
    const places = this.#simd.layout(...this.#counts) as unknown as readonly [number, ...number[]];
    this.#simd.floats(places[0] + width * height * CELL * 4, spare).fill(0);
    return places;
  }

  #ofBytes({ width: imageWidth, height: imageHeight, data: bytes }: ByteImage, grid: CellGrid): void {
    const { width, height, left, top, across, down } = grid;
    const out = this.#simd.floats(this.#layout(grid)[0], width * height * CELL);
    const [x, y] = [tapsOf(across), tapsOf(down)];
    averageBytes(bytes, imageWidth, imageHeight, left, top, across, down, x.first, x.step, y.first, y.step, width, height, out);
  }

  #ofSignal(image: PlanarImage, grid: CellGrid): void {
    const { luma, blue, red, chroma, colours } = image;
    const { width, height, left, top, across, down } = grid;
    const { scaleX, shiftX, scaleY } = chroma;
    // A reading between samples covers two by two of them, so that so many readings in a cell see all of it.
    const columns = Math.min(MOST_TAPS, Math.max(1, Math.ceil((across * scaleX) / 2)));
    const lines = Math.min(MOST_TAPS, Math.max(1, Math.ceil((down * scaleY) / 2)));
    const xOf = (column: number): number => (left + ((column + 0.5) / columns) * across) * scaleX + shiftX - 0.5;
    const last = blue.width - 1;
    // Samples that are read, and rows that they lie in.
    const from = Math.min(Math.max(Math.floor(xOf(0)) - 1, 0), last);
    const to = Math.max(Math.min(Math.ceil(xOf(columns - 1) + width * across * scaleX) + 1, last), from);
    const chromaTop = Math.floor(chromaRow(image, grid, (0.5 / lines) * down));
    const chromaRows =
      Math.min(Math.floor(chromaRow(image, grid, (height - 1 + (lines - 0.5) / lines) * down)) + 2, blue.height) - chromaTop;
    const lumaRows = Math.min(top + height * down, luma.height) - top;
    const bytes = (count: number): number => Math.ceil(count / 4) + 8; // whole vectors are read
    const rowOfTable = HEAD + LINE * lines;
    const [cells, table, starts, sums, light, blueAt, redAt, row, lumaAt, blueBytes, redBytes] = this.#layout(
      grid,
      ...[(rowOfTable * height) / 4, columns * 2, bytes((width * across + 16) * 2)],
      ...[width + 2, width + 4, width + 4, (to - from + 6) * 2],
      ...[bytes(lumaRows * luma.width), bytes(chromaRows * blue.width), bytes(chromaRows * red.width)],
    ) as readonly number[] as Places;
    const copy = ({ data, width: row }: Plane, first: number, rows: number, at: number): void =>
      this.#simd.bytes(at, rows * row).set(data.subarray(first * row, (first + rows) * row));
    copy(luma, top, lumaRows, lumaAt);
    copy(blue, chromaTop, chromaRows, blueBytes);
    copy(red, chromaTop, chromaRows, redBytes);
    this.#simd.doubles(starts, columns).set(Array.from({ length: columns }, (_, column) => xOf(column)));
    const [x, y] = [tapsOf(across), tapsOf(down)];
    // The last cell may be cut by the picture's edge.
    const whole = Math.min(width, Math.floor((luma.width - left) / across));
    fillTable(image, grid, whole, lines, columns, lumaAt - top * luma.width, from - chromaTop * blue.width, this.#simd, table);
    const { black, gain, rv, gu, gv, bu } = colours;
    this.#simd.run(signalCells)(
      ...[table, table + rowOfTable * height, lines, starts, starts + columns * 8, blueBytes, redBytes, blueAt, redAt],
      ...[row, row + (to - from + 2) * 8, row - from * 8, y.step * luma.width, whole * across - x.first, sums],
      ...[x.step * 2, across * 2, Math.ceil((across - x.first) / x.step), light, whole * 4, width * 4, cells],
      ...[across * scaleX, last, black, gain, rv, gu, gv, bu],
    );
    this.#simd.floats(cells + width * height * CELL * 4, CELL).fill(0);
  }
}

/** The row of the colour differences, between samples, that is read `down` pixels below the top of a grid. */
function chromaRow({ blue, chroma: { scaleY, shiftY } }: PlanarImage, { top }: CellGrid, down: number): number {
  return Math.min(Math.max((top + down) * scaleY + shiftY - 0.5, 0), blue.height - 1);
}

/**
 * The table of `signalCells`.
 *
 * @param whole  cells of a row that the picture's edge does not cut.
 * @param lumaAt  address of the luminance of pixel (0, 0).
 * @param chromaAt  where its colour differences lie, behind the bytes of each plane.
 */
function fillTable(
  image: PlanarImage,
  grid: CellGrid,
  whole: number,
  lines: number,
  columns: number,
  lumaAt: number,
  chromaAt: number,
  simd: Simd,
  table: number,
): void {
  const { luma, blue } = image;
  const { left, top, across, down, width, height } = grid;
  const rowOfTable = HEAD + LINE * lines;
  const integers = simd.integers(table, (rowOfTable * height) / 4);
  const doubles = simd.doubles(table, (rowOfTable * height) / 8);
  const [x, y] = [tapsOf(across), tapsOf(down)];
  const share = 1 / (columns * lines);
  for (let j = 0, at = 0; j < height; j++) {
    const y0 = Math.min(top + j * down + y.first, luma.height - 1);
    const y1 = Math.min(top + (j + 1) * down, luma.height);
    integers[at * 2] = lumaAt + y0 * luma.width + left + x.first;
    integers[at * 2 + 1] = Math.ceil((y1 - y0) / y.step);
    const atEdge = Math.min(left + whole * across + x.first, luma.width - 1);
    doubles[at + 1] = whole < width ? meanAtEdge(luma, atEdge, x.step, y0, y1, y.step) : 0;
    at += HEAD / 8;
    for (let line = 0; line < lines; line++, at += LINE / 8) {
      const between = chromaRow(image, grid, (j + (line + 0.5) / lines) * down);
      const upper = Math.floor(between);
      const below = (between - upper) * share;
      integers[at * 2] = chromaAt + upper * blue.width;
      integers[at * 2 + 1] = integers[at * 2]! + (upper + 1 < blue.height ? blue.width : 0);
      doubles[at + 1] = share - below;
      doubles[at + 2] = below;
    }
  }
}

/** Mean of every so many pixels to the right edge. */
function meanAtEdge({ width, data }: Plane, x0: number, stepX: number, y0: number, y1: number, stepY: number): number {
  let [sum, n] = [0, 0];
  for (let y = y0; y < y1; y += stepY) {
    for (let x = x0; x < width; x += stepX) {
      sum += data[y * width + x]!;
      n++;
    }
  }
  return sum / n;
}

/** Means of cells of R, G, B. */
function averageBytes(
  bytes: Uint8Array,
  imageWidth: number,
  imageHeight: number,
  left: number,
  top: number,
  across: number,
  down: number,
  firstX: number,
  stepX: number,
  firstY: number,
  stepY: number,
  width: number,
  height: number,
  out: Float32Array,
): void {
  for (let j = 0, o = 0; j < height; j++) {
    const y0 = Math.min(top + firstY + j * down, imageHeight - 1);
    const y1 = Math.min(top + (j + 1) * down, imageHeight);
    for (let i = 0; i < width; i++, o += CELL) {
      const x0 = Math.min(left + firstX + i * across, imageWidth - 1);
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
