/**
 * BGR ↔ CIE L*a*b* on float images as OpenCV does it: forward through a 33³ table with trilinear interpolation in integers (up to 0.3
 * units from the exact formulas, which is why the table is reproduced), backward by the formulas. sRGB primaries and gamma, white D65.
 */

import { Simd } from './simd.ts';
import { type Code, constant, f32x4, i32, i32x4, type Local, loop, type Routine, v128 } from './wasmCode.ts';

const SIDE = 33;
/** The table's fixed point: 1.0 is 2¹⁴; a cell is 2⁹ wide, of which the top 4 bits choose one of 16 steps. */
const ONE = 16384;

const WHITE = [0.950456, 1, 1.088754] as const;
const XYZ_FROM_RGB = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
] as const;
const RGB_FROM_XYZ = [
  [3.240479, -1.53715, -0.498535],
  [-0.969256, 1.875991, 0.041556],
  [0.055648, -0.204043, 1.057311],
] as const;

export interface LabTable {
  /** Holds L/100, (a + 128)/256, (b + 128)/256 at the corners of the cells, in units of 2⁻¹⁴; red runs fastest. */
  readonly reader: LabReader;
  /** Linear light 0…1 to sRGB in 4096 steps, to be read linearly: within 2e-5 of the formula. */
  readonly gamma: Float32Array;
  /** For the filters of colour transfers. */
  readonly simd: Simd;
}

const GAMMA_STEPS = 4096;

/** Source: OpenCV 4, createLabTabs (CIE 1976 formulas on linear sRGB). */
export function labTable(): LabTable {
  const table = new Int16Array(SIDE ** 3 * 3);
  const linear = Array.from({ length: SIDE }, (_, i) => linearFromGamma(i / (SIDE - 1)));
  let at = 0;
  for (const b of linear) {
    for (const g of linear) {
      for (const r of linear) {
        const [fx, fy, fz] = XYZ_FROM_RGB.map((row, k) => lightness((row[0] * r + row[1] * g + row[2] * b) / WHITE[k]!)) as [
          number,
          number,
          number,
        ];
        table[at++] = Math.round((ONE * (116 * fy - 16)) / 100);
        table[at++] = Math.round((ONE * (500 * (fx - fy) + 128)) / 256);
        table[at++] = Math.round((ONE * (200 * (fy - fz) + 128)) / 256);
      }
    }
  }
  const gamma = Float32Array.from({ length: GAMMA_STEPS + 2 }, (_, i) => gammaFromLinear(i / GAMMA_STEPS));
  return { reader: new LabReader(table), gamma, simd: new Simd() };
}

const linearFromGamma = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const gammaFromLinear = (v: number): number => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const lightness = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 16 / 116);

/** Pixels converted at once. */
const CHUNK = 4096;

/** Converts pixels through the table, in a memory that it keeps for itself. */
class LabReader {
  readonly #simd = new Simd();
  readonly #table: number;
  readonly #pixels: number;

  constructor(cells: Int16Array) {
    [this.#table, this.#pixels] = this.#simd.layout((SIDE ** 3 * CELL) / 4 + 4, CHUNK * 3);
    const table = new Int16Array(this.#simd.bytes(this.#table, SIDE ** 3 * CELL).buffer, this.#table, SIDE ** 3 * 4);
    for (let i = 0; i < SIDE ** 3; i++) table.set(cells.subarray(i * 3, i * 3 + 3), i * 4);
  }

  read(from: Float32Array, to: Float32Array): void {
    const run = this.#simd.run(labPixels);
    for (let p = 0; p < from.length; p += CHUNK * 3) {
      const values = this.#simd.floats(this.#pixels, Math.min(CHUNK * 3, from.length - p));
      values.set(from.subarray(p, p + values.length));
      run(this.#pixels, this.#table, values.length * 4);
      to.set(values, p);
    }
  }
}

/** Bytes of a cell: three 16-bit numbers and a spare. */
const CELL = 8;

/**
 * Each pixel from the eight corners of its cell. Two of them lie behind one another, so that one load and one sum of products does what
 * red asks for; green and blue take four corners to one.
 */
const labPixels: Routine = {
  parameters: ['i32', 'i32', 'i32'],
  body(locals, pixels, table, bytes) {
    const [at, next] = [locals.one('i32'), locals.one('v128')];
    const [value, cell, part, red] = locals.many('v128', 4) as [Local, Local, Local, Local];
    const [address, green, blue] = locals.many('i32', 3) as [Local, Local, Local];
    const whole = (n: number): Code => i32x4.splat(constant(n));
    const clipped = f32x4.lesser(f32x4.greater(value.get, f32x4.splatConstant(0)), f32x4.splatConstant(1));
    const fixed = i32x4.fromFloats(f32x4.add(f32x4.mul(clipped, f32x4.splatConstant(ONE)), f32x4.splatConstant(0.5)));
    const lane = (of: Local, channel: 0 | 1 | 2): Code => i32x4.lane(of.get, channel);
    // L, a and b of two neighbours as pairs, for the products with 16 − t and t.
    const pairs = [0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15];
    const corner = (offset: number): Code => {
      const both = v128.load(address.get, offset);
      return i32x4.dot(v128.shuffleBytes(both, both, pairs), red.get);
    };
    const mixed = (low: Code, high: Code, t: Code): Code =>
      i32x4.add(i32x4.mul(low, i32x4.splat(i32.subtract(constant(16), t))), i32x4.mul(high, i32x4.splat(t)));
    const face = (offset: number): Code => mixed(corner(offset), corner(offset + SIDE * CELL), green.get);
    const end = locals.one('i32');
    return [
      ...end.set(i32.add(pixels.get, bytes.get)),
      ...value.set(f32x4.load(pixels.get)),
      ...at.set(pixels.get),
      ...loop(at, end.get, constant(12), [
        // The store below reaches one float into the next pixel, which is therefore read first.
        ...next.set(f32x4.load(at.get, 12)),
        ...cell.set(fixed),
        ...part.set(i32x4.shiftRight(cell.get, 5)),
        // At the far faces of the cube the next cell has no weight: staying one short keeps the reads inside.
        ...cell.set(i32x4.lesser(i32x4.shiftRight(cell.get, 9), whole(SIDE - 2))),
        ...part.set(i32x4.subtract(part.get, i32x4.mul(cell.get, whole(16)))),
        ...address.set(i32.add(i32.mul(i32.add(i32.mul(lane(cell, 0), constant(SIDE)), lane(cell, 1)), constant(SIDE)), lane(cell, 2))),
        ...address.set(i32.add(table.get, i32.mul(address.get, constant(CELL)))),
        ...green.set(lane(part, 1)),
        ...blue.set(lane(part, 0)),
        ...red.set(i32x4.splat(i32.add(i32.mul(lane(part, 2), constant(65535)), constant(16)))), // t · 65536 + 16 − t
        ...cell.set(mixed(face(0), face(SIDE * SIDE * CELL), blue.get)),
        ...value.set(f32x4.fromIntegers(i32x4.shiftRight(i32x4.add(cell.get, whole(2048)), 12))),
        ...value.set(f32x4.add(f32x4.mul(value.get, f32x4.constants(LAB_STEPS)), f32x4.constants(LAB_START))),
        ...f32x4.store(at.get, value.get),
        ...value.set(next.get),
      ]),
    ];
  },
};

/** What one step of the table's numbers is, and where they begin. */
const LAB_STEPS = [100 / ONE, 256 / ONE, 256 / ONE, 0] as const;
const LAB_START = [0, -128, -128, 0] as const;

/**
 * BGR in 0…1 (clipped) to L 0…100, a and b about ±127.
 *
 * @param from, to  interleaved pixels of three values; may be the same array.
 */
export function labFromBgr(from: Float32Array, to: Float32Array, { reader }: LabTable): void {
  reader.read(from, to);
}

/** L*a*b* to BGR in 0…1, clipped. Source: OpenCV 4, Lab2RGBfloat. */
export function bgrFromLab(from: Float32Array, to: Float32Array, { gamma }: LabTable): void {
  const [[rx, ry, rz], [gx, gy, gz], [bx, by, bz]] = RGB_FROM_XYZ;
  for (let p = 0; p < from.length; p += 3) {
    const l = from[p]!;
    const low = l <= 0.008856 * 903.3;
    const f = (l + 16) / 116;
    const y = low ? l / 903.3 : f * f * f;
    const fy = low ? 7.787 * y + 16 / 116 : f;
    const x = WHITE[0] * unlightness(from[p + 1]! / 500 + fy);
    const z = WHITE[2] * unlightness(fy - from[p + 2]! / 200);
    to[p] = shaded(gamma, bx * x + by * y + bz * z);
    to[p + 1] = shaded(gamma, gx * x + gy * y + gz * z);
    to[p + 2] = shaded(gamma, rx * x + ry * y + rz * z);
  }
}

function shaded(gamma: Float32Array, linear: number): number {
  const at = Math.min(Math.max(linear, 0), 1) * GAMMA_STEPS;
  const cell = at | 0;
  const low = gamma[cell]!;
  return low + (at - cell) * (gamma[cell + 1]! - low);
}

const unlightness = (f: number): number => (f <= 7.787 * 0.008856 + 16 / 116 ? (f - 16 / 116) / 7.787 : f * f * f);
