/**
 * Pictures as networks want them: a stretch of the picture, turned and scaled, as planes of R, G and B. It is read bilinearly from
 * averages over whole cells of pixels, about as large as a pixel of the result: plain bilinear reading of a large square skips pixels,
 * loses small faces and makes points tremble. bench/vision.mjs times it.
 * Coordinates count from the corner of the first pixel: its centre is at 0.5.
 */
import { type Affine, after, type CellGrid, Cells, mapPoints, type Picture } from '../image/index.ts';

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

type Size = Pick<Picture, 'width' | 'height'>;

/** How much more is averaged than a tile needs, as a share of it: the next tile of the same picture often lies near. */
const MARGIN = 1 / 16;

/** Reads tiles, and keeps its memory from one to the next. */
export class TileReader {
  readonly #cells = new Cells();
  /** What the cells are of. */
  #held: { readonly image: Picture; readonly grid: CellGrid } | undefined;

  /**
   * @param image its pixels stay as they are as long as it is the last picture that was read.
   * @returns 3 · width · height values, the planes of R, G, B; valid until the next call.
   */
  read(image: Picture, tile: Tile): Float32Array {
    const { width, height, scale, offset, outside } = tile;
    // As the planes of a signal lie, which need not be upright.
    const [lying, m] = 'luma' in image ? [image.luma, after(image.lumaFromPicture, tile.pictureFromTile)] : [image, tile.pictureFromTile];
    const { left, top, across, down } = this.#gridFor(image, lying, width, height, m);
    // From the centre of the tile's first pixel to cells whose centres are at whole numbers.
    const u0 = (m[0] * 0.5 + m[1] * 0.5 + m[2] - left) / across - 0.5;
    const v0 = (m[3] * 0.5 + m[4] * 0.5 + m[5] - top) / down - 0.5;
    const cellsFromTile = [m[0] / across, m[1] / across, u0, m[3] / down, m[4] / down, v0] as const;
    return this.#cells.tile(cellsFromTile, width, height, { scale, offset, zeroOutside: outside === 'zero' });
  }

  #gridFor(image: Picture, { width: imageWidth, height: imageHeight }: Size, width: number, height: number, m: Affine): CellGrid {
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
    if (held?.image === image && held.grid.across === across && held.grid.down === down) {
      const needed = [stretch(...reach(xs, across, 0), imageWidth), stretch(...reach(ys, down, 0), imageHeight)] as const;
      if (covers(held.grid, ...needed)) return held.grid;
    }
    const [left, right] = stretch(...reach(xs, across, MARGIN), imageWidth);
    const [top, bottom] = stretch(...reach(ys, down, MARGIN), imageHeight);
    const grid = { width: Math.ceil((right - left) / across), height: Math.ceil((bottom - top) / down), left, top, across, down };
    this.#held = undefined;
    this.#cells.average(image, grid);
    this.#held = { image, grid };
    return grid;
  }
}

function covers(grid: CellGrid, [left, right]: readonly [number, number], [top, bottom]: readonly [number, number]): boolean {
  const { width, height, across, down } = grid;
  const [x, y] = [left - grid.left, top - grid.top];
  return x >= 0 && y >= 0 && right - grid.left <= width * across && bottom - grid.top <= height * down;
}

/** Whole pixels from `from` to `to` that the picture has; at least one. */
function stretch(from: number, to: number, size: number): readonly [number, number] {
  const first = Math.min(Math.max(Math.floor(from), 0), size - 1);
  return [first, Math.min(Math.max(Math.ceil(to), first + 1), size)];
}
