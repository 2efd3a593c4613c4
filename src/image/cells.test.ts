/** Cells and tiles computed two at a time are those of the formulas, written one by one, to the last bit. */
import { expect, test } from 'vitest';
import { type CellGrid, Cells } from './cells.ts';
import { type PlanarImage, type Plane, signalColours } from './planarImage.ts';

const noise = (width: number, height: number, seed: number): Plane => ({
  ...{ width, height },
  data: Uint8Array.from({ length: width * height }, (_, i) => (Math.imul(i + seed * 7919, 0x9e3779b1) >>> 13) & 255),
});

const [WIDTH, HEIGHT] = [94, 58];
const signal = (halved: 0 | 1): PlanarImage => ({
  ...{ width: WIDTH, height: HEIGHT, luma: noise(WIDTH, HEIGHT, 1) },
  ...{ blue: noise(WIDTH >> halved, HEIGHT >> halved, 2), red: noise(WIDTH >> halved, HEIGHT >> halved, 3) },
  lumaFromPicture: [1, 0, 0, 0, 1, 0],
  chroma: { scaleX: 1 / (1 + halved), shiftX: halved / 4, scaleY: 1 / (1 + halved), shiftY: 0 },
  colours: signalColours(0.2126, 0.0722, false),
});

const clamp = (v: number, most: number): number => Math.min(Math.max(v, 0), most);

/** Between samples, as the sum of one row and of two columns. */
function between({ width, height, data }: Plane, x: number, y: number, share: number): number {
  const [cx, cy] = [clamp(x, width - 1), clamp(y, height - 1)];
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const below = (cy - y0) * share;
  const at = (i: number): number =>
    data[y0 * width + Math.min(i, width - 1)]! * (share - below) +
    data[Math.min(y0 + 1, height - 1) * width + Math.min(i, width - 1)]! * below;
  return at(x0) + (at(x0 + 1) - at(x0)) * (cx - x0);
}

/** R, G, B of a cell. */
function cellOf({ luma, blue, red, chroma, colours }: PlanarImage, grid: CellGrid, i: number, j: number): readonly number[] {
  const { left, top, across, down } = grid;
  const readings = (length: number, scale: number): number => clamp(Math.ceil((length * scale) / 2), 4);
  const [columns, lines] = [readings(across, chroma.scaleX), readings(down, chroma.scaleY)];
  const differences = [blue, red].map((plane) => {
    let sum = 0;
    for (let line = 0; line < lines; line++) {
      const y = (top + (j + (line + 0.5) / lines) * down) * chroma.scaleY + chroma.shiftY - 0.5;
      for (let column = 0; column < columns; column++) {
        const x = (left + (i + (column + 0.5) / columns) * across) * chroma.scaleX + chroma.shiftX - 0.5;
        sum = Math.fround(sum + between(plane, x, y, 1 / (columns * lines)));
      }
    }
    return sum - 128;
  });
  const [stepX, stepY] = [Math.ceil(across / 4), Math.ceil(down / 4)];
  let [light, n] = [0, 0];
  for (let y = top + j * down + (((down - 1) % stepY) >> 1); y < Math.min(top + (j + 1) * down, HEIGHT); y += stepY) {
    for (let x = left + i * across + (((across - 1) % stepX) >> 1); x < Math.min(left + (i + 1) * across, WIDTH); x += stepX) {
      light += luma.data[y * WIDTH + x]!;
      n++;
    }
  }
  const y = (Math.fround(light / n) - colours.black) * colours.gain;
  const [u, v] = differences as [number, number];
  return [y + colours.rv * v, y + colours.gu * u + colours.gv * v, y + colours.bu * u].map((value) => Math.fround(clamp(value, 255)));
}

const grids = [
  [1, 1],
  [2, 2],
  [3, 4],
  [7, 8],
  [13, 2],
].map(([across = 1, down = 1]): CellGrid => {
  const [left, top] = [3, 1];
  return { left, top, across, down, width: Math.ceil((WIDTH - left) / across), height: Math.ceil((HEIGHT - top) / down) };
});

test.each(grids.flatMap((grid) => [0, 1].map((halved) => [grid.across, grid.down, halved as 0 | 1, grid] as const)))(
  'cells of %i×%i pixels, chroma halved %i times',
  (_across, _down, halved, grid) => {
    const image = signal(halved);
    const cells = new Cells();
    cells.average(image, grid);
    const out = cells.tile([1, 0, 0, 0, 1, 0], grid.width, grid.height, { scale: 1, offset: [0, 0, 0], zeroOutside: false });
    const plane = grid.width * grid.height;
    const expected = new Float32Array(3 * plane);
    for (let i = 0; i < plane; i++)
      for (const [c, value] of cellOf(image, grid, i % grid.width, Math.floor(i / grid.width)).entries()) expected[c * plane + i] = value;
    expect(out).toEqual(expected);
  },
);

test.each([true, false])('a tile between cells; 0 outside: %s', (zeroOutside) => {
  const grid = grids[1]!;
  const [width, height, last, bottom] = [61, 37, grid.width - 1, grid.height - 1];
  const cells = new Cells();
  cells.average(signal(1), grid);
  const means = cells.tile([1, 0, 0, 0, 1, 0], grid.width, grid.height, { scale: 1, offset: [0, 0, 0], zeroOutside }).slice();
  const m = [0.75, -0.375, 3, 0.5, 0.625, -7] as const; // dyadic, so that sums of steps are products
  const out = cells.tile(m, width, height, { scale: 2 / 255, offset: [-1, -0.5, 0.25], zeroOutside });
  const expected = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [u, v] = [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]];
    const isOutside = zeroOutside && (u < -0.5 || v < -0.5 || u > last + 0.5 || v > bottom + 0.5);
    const [cu, cv] = [clamp(u, last), clamp(v, bottom)];
    const [fx, fy] = [cu - Math.floor(cu), cv - Math.floor(cv)];
    for (let c = 0; c < 3; c++) {
      const at = (dx: number, dy: number): number =>
        means[(c * grid.height + Math.min(Math.floor(cv) + dy, bottom)) * grid.width + Math.min(Math.floor(cu) + dx, last)]!;
      const [w11, w10] = [fx * fy, fy - fx * fy];
      const sum = at(0, 0) * (1 - fx - w10) + at(1, 0) * (fx - w11) + at(0, 1) * w10 + at(1, 1) * w11;
      expected[c * width * height + i] = (isOutside ? 0 : sum * (2 / 255)) + [-1, -0.5, 0.25][c]!;
    }
  }
  expect(out).toEqual(expected);
});
