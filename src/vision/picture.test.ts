/** Reading tiles: properties that hold for any picture. */
import { expect, test } from 'vitest';
import { expectClose } from '../../test/support.ts';
import type { ByteImage } from '../image/index.ts';
import { type Tile, TileReader } from './picture.ts';
import { pictureFromSquare, tilesOf, wholePicture } from './squares.ts';

function image(width: number, height: number, at: (x: number, y: number, channel: number) => number): ByteImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => at(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3));
  return { width, height, channels: 3, data };
}

function read(picture: ByteImage, tile: Partial<Tile> & Pick<Tile, 'pictureFromTile'>, size: number): Float32Array {
  return new TileReader().read(picture, { width: size, height: size, outside: 'replicate', scale: 1, offset: [0, 0, 0], ...tile });
}

test.each([
  ['enlarged', 20, 0.3],
  ['as it is', 32, 0],
  ['shrunk', 90, -0.7],
  ['turned a quarter', 100, Math.PI / 2],
])('a picture that grows evenly is read exactly where the square says: %s', (_, side, angle) => {
  const [size, middle] = [32, 100];
  const ramp = image(200, 200, (x, y, c) => (c === 0 ? x : c === 1 ? y : 7));
  const out = read(ramp, { pictureFromTile: pictureFromSquare({ x: middle, y: middle - 8, side, angle }, size) }, size);
  const expected = new Float32Array(out.length);
  for (let i = 0; i < size * size; i++) {
    const [u, v] = [((i % size) + 0.5 - size / 2) * (side / size), (Math.floor(i / size) + 0.5 - size / 2) * (side / size)];
    expected[i] = middle + u * Math.cos(angle) - v * Math.sin(angle);
    expected[size * size + i] = middle - 8 + u * Math.sin(angle) + v * Math.cos(angle);
    expected[2 * size * size + i] = 7;
  }
  expectClose(out, expected, { abs: 1e-3 });
});

test('shrinking by a whole number averages', () => {
  const noise = image(32, 32, (x, y, c) => (x * 37 + y * 101 + c * 11) % 256);
  const out = read(noise, { pictureFromTile: pictureFromSquare(wholePicture(32, 32), 8) }, 8);
  let sum = 0;
  for (let y = 8; y < 12; y++) for (let x = 4; x < 8; x++) sum += noise.data[(y * 32 + x) * 3]!;
  expect(out[2 * 8 + 1]).toBeCloseTo(sum / 16, 4);
});

test('outside the picture there is its edge, or the value of black', () => {
  const bright = image(10, 10, () => 200);
  const pictureFromTile = pictureFromSquare({ x: 0, y: 4.5, side: 10, angle: 0 }, 10); // left half outside
  expect([...read(bright, { pictureFromTile, outside: 'replicate' }, 10)]).toEqual(new Array(300).fill(200));
  const barred = read(bright, { pictureFromTile, outside: 'zero', scale: 0.5, offset: [-1, -2, -3] }, 10);
  expect([barred[0], barred[9], barred[100], barred[109], barred[200], barred[209]]).toEqual([-1, 99, -2, 98, -3, 97]);
});

test('a tile near the last one of the same picture is read from what was averaged for that one', () => {
  const slope = image(200, 160, (x, y, c) => (c === 0 ? x : y));
  const tiles = [0, 1.5, 30].map((shift): Tile => {
    const pictureFromTile = pictureFromSquare({ x: 90 + shift, y: 80 - shift, side: 100, angle: 0.1 + shift / 100 }, 40);
    return { width: 40, height: 40, pictureFromTile, outside: 'replicate', scale: 1, offset: [0, 0, 0] };
  });
  const reader = new TileReader();
  for (const tile of tiles) expectClose(reader.read(slope, tile), new TileReader().read(slope, tile), { abs: 1e-3 });
  const other = image(200, 160, () => 7);
  expect(reader.read(other, tiles[2]!).every((v) => v === 7)).toBe(true);
});

test('a picture of one pixel, and a square far outside, are read', () => {
  const dot = image(1, 1, () => 9);
  expect([...read(dot, { pictureFromTile: pictureFromSquare({ x: 500, y: -300, side: 50, angle: 1 }, 4) }, 4)]).toEqual(
    new Array(48).fill(9),
  );
});

test('tiles cover the picture and stay inside it', () => {
  for (const [width, height, count] of [
    [1280, 720, 2],
    [720, 1280, 3],
    [640, 640, 3],
    [1000, 100, 2],
  ] as const) {
    const tiles = tilesOf(width, height, count);
    const covers = (x: number, y: number): boolean => tiles.some((t) => Math.abs(x - t.x) <= t.side / 2 && Math.abs(y - t.y) <= t.side / 2);
    for (let y = 0; y < height; y += 20) for (let x = 0; x < width; x += 20) expect(covers(x, y), `${x}, ${y}`).toBe(true);
    for (const { x, y, side } of tiles) {
      expect(Math.min(x - side / 2, y - side / 2)).toBeGreaterThan(-0.51);
      expect(x + side / 2).toBeLessThan(width);
      expect(y + side / 2).toBeLessThan(height);
    }
  }
});
