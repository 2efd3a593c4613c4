/**
 * BGR ↔ CIE L*a*b* on float images as OpenCV does it: forward through a 33³ table with trilinear interpolation in integers (up to 0.3
 * units from the exact formulas, which is why the table is reproduced), backward by the formulas. sRGB primaries and gamma, white D65.
 */

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
  /** L/100, (a + 128)/256, (b + 128)/256 at the corners of the cells, in units of 2⁻¹⁴; red runs fastest. */
  readonly cells: Int16Array;
  /** Linear light 0…1 to sRGB in 4096 steps, to be read linearly: within 2e-5 of the formula. */
  readonly gamma: Float32Array;
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
  return { cells: table, gamma };
}

const linearFromGamma = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const gammaFromLinear = (v: number): number => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const lightness = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 16 / 116);

/**
 * BGR in 0…1 (clipped) to L 0…100, a and b about ±127.
 *
 * @param from, to  interleaved pixels of three values; may be the same array.
 */
export function labFromBgr(from: Float32Array, to: Float32Array, { cells }: LabTable): void {
  const green = SIDE * 3;
  const blue = SIDE * SIDE * 3;
  for (let p = 0; p < from.length; p += 3) {
    const b = fixed(from[p]!);
    const g = fixed(from[p + 1]!);
    const r = fixed(from[p + 2]!);
    // At the far faces of the cube the next cell has no weight: staying one short keeps the reads inside.
    const [cr, cg, cb] = [Math.min(r >> 9, SIDE - 2), Math.min(g >> 9, SIDE - 2), Math.min(b >> 9, SIDE - 2)];
    const [tr, tg, tb] = [(r >> 5) - (cr << 4), (g >> 5) - (cg << 4), (b >> 5) - (cb << 4)];
    const at = cb * blue + cg * green + cr * 3;
    for (let c = 0; c < 3; c++) {
      const q = at + c;
      const near =
        (cells[q]! * (16 - tr) + cells[q + 3]! * tr) * (16 - tg) + (cells[q + green]! * (16 - tr) + cells[q + green + 3]! * tr) * tg;
      const s = q + blue;
      const far =
        (cells[s]! * (16 - tr) + cells[s + 3]! * tr) * (16 - tg) + (cells[s + green]! * (16 - tr) + cells[s + green + 3]! * tr) * tg;
      const value = (near * (16 - tb) + far * tb + 2048) >> 12;
      to[p + c] = c === 0 ? (value * 100) / ONE : (value * 256) / ONE - 128;
    }
  }
}

const fixed = (v: number): number => Math.round(Math.min(Math.max(v, 0), 1) * ONE);

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
