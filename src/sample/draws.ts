/**
 * The random numbers of one sample, and what they mean: a small affine move, a mirror, a bent grid, a shift of colours. Each part is
 * drawn whether it is used or not, so that switching one option leaves the others' numbers as they are.
 */
import type { Rng } from '../base/index.ts';
import { type Affine, colourDraws, rotationAbout } from '../image/index.ts';
import type { SampleOptions } from './options.ts';

/** Where each pixel of a bent image reads, in pixels: resolution² values each. */
export interface WarpMaps {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** The hue moves by whole degrees; saturation and value by (uniform − ½) · power. */
export interface HsvDraws {
  readonly hueDeg: number;
  readonly saturation: number;
  readonly value: number;
  readonly power: number;
}

export interface SampleDraws {
  /** Moves all four outputs alike, before the mirror. */
  readonly targetFromSource: Affine;
  readonly mirrored: boolean;
  /** Bends the input; absent without random warp. */
  readonly maps?: WarpMaps | undefined;
  readonly hsv?: HsvDraws | undefined;
  /** What the colour transfer of the target draws; empty for those that draw nothing. */
  readonly colour: Float64Array;
  /** The same for the input: transfers that draw are drawn anew for it, as in the reference. Empty or absent: it is coloured as the target. */
  readonly inputColour?: Float64Array | undefined;
}

/** The share of a cell that a grid point may move. */
const BEND = 0.24;

export function drawSample(rng: Rng, options: SampleOptions): SampleDraws {
  const { resolution, hsvPower } = options;
  const rotationDeg = rng.uniform(-10, 10);
  const scale = rng.uniform(1 / 1.15, 1.15);
  const [tx, ty] = [rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05)];
  const mirrored = rng.integer(0, 10) < 4 && options.randomFlip;
  const reach = Math.max(1, Math.trunc(180 * hsvPower));
  const hsv = { hueDeg: rng.integer(-reach, reach + 1), saturation: rng.uniform(), value: rng.uniform(), power: hsvPower };
  const cell = Math.floor(resolution / 2 ** rng.integer(1, 4));
  const transfer = (): Float64Array => (options.colourMode === undefined ? new Float64Array(0) : colourDraws(options.colourMode, rng));
  return {
    targetFromSource: affineFromDraws(resolution, { rotationDeg, scale, tx, ty }),
    mirrored,
    hsv: hsvPower > 0 ? hsv : undefined,
    maps: options.randomWarp ? drawMaps(rng, resolution, cell, options) : undefined,
    colour: transfer(),
    inputColour: transfer(),
  };
}

/** Rotation and scale about the middle, then a move by shares of the side. */
export function affineFromDraws(
  resolution: number,
  { rotationDeg, scale, tx, ty }: { readonly rotationDeg: number; readonly scale: number; readonly tx: number; readonly ty: number },
): Affine {
  const middle = Math.floor(resolution / 2);
  const [a, b, x, c, d, y] = rotationAbout(middle, middle, rotationDeg, scale);
  return [a, b, x + tx * resolution, c, d, y + ty * resolution];
}

function drawMaps(rng: Rng, resolution: number, cell: number, options: SampleOptions): WarpMaps {
  const inner = (Math.floor(resolution / cell) - 1) ** 2;
  const [r1, r2] = [truncatedNormals(rng, inner), truncatedNormals(rng, inner)];
  const none = new Float64Array(inner);
  const x = options.symmetricWarp ? warpMapX(resolution, cell, r1, r2) : warpMapX(resolution, cell, r1, none);
  const y = transposeSquare(options.symmetricWarp ? x : warpMapX(resolution, cell, none, r2), resolution);
  if (!options.halfPixelShift) for (const map of [x, y]) for (let i = 0; i < map.length; i++) map[i]! -= 0.5;
  return { x, y };
}

/** Standard normals, redrawn beyond ±2.5, then divided by 2.5. */
const truncatedNormals = (rng: Rng, count: number): Float64Array =>
  Float64Array.from({ length: count }, () => {
    let v = rng.normal();
    while (Math.abs(v) > 2.5) v = rng.normal();
    return v / 2.5;
  });

/**
 * The map of x: a grid with moved inner points, enlarged linearly. Its transpose serves as the map of y.
 *
 * @param cell  side of a grid cell in pixels.
 * @param r1, r2  noise in ±1 at the inner points, (n − 2)² each for n = resolution/cell + 1; r2 acts transposed.
 * @returns resolution² positions; without noise x + ½, as the enlargement counts from pixel centres.
 * Source: DeepFaceLab's warp grid; the enlargement is OpenCV's resize of float64, weights in float32.
 */
export function warpMapX(resolution: number, cell: number, r1: ArrayLike<number>, r2: ArrayLike<number>): Float32Array {
  const n = Math.floor(resolution / cell) + 1;
  const inner = n - 2;
  const grid = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const moves = i > 0 && j > 0 && i < n - 1 && j < n - 1;
      const noise = moves ? r1[(i - 1) * inner + j - 1]! + r2[(j - 1) * inner + i - 1]! : 0;
      grid[i * n + j] = j * cell + BEND * cell * noise;
    }
  }
  const at = new Int32Array(resolution);
  const share = new Float32Array(resolution);
  for (let d = 0; d < resolution; d++) {
    const s = Math.fround((d + Math.floor(cell / 2) + 0.5) * (n / (resolution + cell)) - 0.5);
    const first = Math.min(Math.max(Math.floor(s), 0), n - 2);
    at[d] = first;
    share[d] = Math.min(Math.max(s - first, 0), 1);
  }
  const map = new Float32Array(resolution * resolution);
  const row = new Float64Array(n);
  for (let y = 0, o = 0; y < resolution; y++) {
    const top = at[y]! * n;
    for (let j = 0; j < n; j++) row[j] = grid[top + j]! * (1 - share[y]!) + grid[top + n + j]! * share[y]!;
    for (let x = 0; x < resolution; x++, o++) map[o] = row[at[x]!]! * (1 - share[x]!) + row[at[x]! + 1]! * share[x]!;
  }
  return map;
}

/** A square map with rows and columns exchanged. */
export function transposeSquare(map: Float32Array, side: number): Float32Array {
  const out = new Float32Array(map.length);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) out[x * side + y] = map[y * side + x]!;
  return out;
}
