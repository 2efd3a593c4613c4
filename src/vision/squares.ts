/** Squares of a picture that a network looks at, as transforms: turned ones, the whole picture with bars, overlapping tiles. */
import type { Affine } from '../image/index.ts';
import type { Region } from './faceModels.ts';

/** From a result of `size`×`size` pixels to the picture, both with pixel centres at 0.5. */
export function pictureFromSquare({ x, y, side, angle }: Region, size: number): Affine {
  const scale = side / size;
  const [c, s] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  const half = size / 2;
  const [cx, cy] = [x + 0.5, y + 0.5];
  return [c, -s, cx - (c - s) * half, s, c, cy - (s + c) * half];
}

/** The same, to pixels with their centres at whole numbers. */
export function imageFromSquare(region: Region, size: number): Affine {
  const [a, b, tx, c, d, ty] = pictureFromSquare(region, size);
  return [a, b, tx - 0.5, c, d, ty - 0.5];
}

/** The least square around the whole picture. */
export const wholePicture = (width: number, height: number, angle = 0): Region => ({
  x: (width - 1) / 2,
  y: (height - 1) / 2,
  side: Math.max(width, height),
  angle,
});

/** Squares `count` across the picture's longer side that cover it and overlap by about a quarter. */
export function tilesOf(width: number, height: number, count: number): readonly Region[] {
  const side = Math.min(width, height, (1.25 * Math.max(width, height)) / count);
  const places = (length: number): readonly number[] => {
    const n = Math.max(1, Math.ceil((length - side) / (side * 0.75)) + 1);
    return Array.from({ length: n }, (_, i) => (n === 1 ? length / 2 : side / 2 + (i * (length - side)) / (n - 1)) - 0.5);
  };
  return places(height).flatMap((y) => places(width).map((x) => ({ x, y, side, angle: 0 })));
}
