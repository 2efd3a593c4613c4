/**
 * High dynamic range and wide gamut to 8-bit BT.709, one pixel at a time and the same on every machine. The light that the signal means is found
 * (BT.2100), brought under the white of standard range (203 cd/m², BT.2408) by the curve of BT.2390, moved to BT.709's primaries, clipped,
 * and coded for a BT.1886 display, which is what standard-range video is made for.
 */

export type WideTransfer = 'hlg' | 'pq' | 'sdr';

/** Standard-range white in cd/m². Source: ITU-R BT.2408-7, table 1. */
export const WHITE = 203;
/** Peak of the display that HLG is shown on, in cd/m². Source: ITU-R BT.2100-2, note 5e. */
export const HLG_PEAK = 1000;
/** The brightest light that PQ can say, in cd/m². Source: SMPTE ST 2084. */
export const PQ_PEAK = 10000;
/** BT.2020 to BT.709, linear light. Source: ITU-R BT.2087-0, the inverse of its M1. */
const GAMUT = [1.660491, -0.587641, -0.07285, -0.12455, 1.1329, -0.008349, -0.018151, -0.100579, 1.11873] as const;
/** Luminance of BT.2020. Source: ITU-R BT.2100-2, table 5. */
export const LUMA = [0.2627, 0.678, 0.0593] as const;
/** Steps of the tables over light, spaced by its square root. */
const STEPS = 4096;

/** Brightest light of a picture in cd/m². @param told  by the file, which counts for PQ. */
export const peakOf = (transfer: WideTransfer, told: number): number =>
  transfer === 'hlg' ? HLG_PEAK : transfer === 'pq' ? Math.min(Math.max(told, WHITE), PQ_PEAK) : WHITE;

/** cd/m² of a PQ signal in 0…1. Source: SMPTE ST 2084, 5.2 / BT.2100-2, table 4. */
export function pqLight(signal: number): number {
  const v = signal ** (1 / PQ.m2);
  return PQ_PEAK * (Math.max(v - PQ.c1, 0) / (PQ.c2 - PQ.c3 * v)) ** (1 / PQ.m1);
}

/** PQ signal of a light in cd/m². */
export function pqSignal(light: number): number {
  const y = (Math.max(light, 0) / PQ_PEAK) ** PQ.m1;
  return ((PQ.c1 + PQ.c2 * y) / (1 + PQ.c3 * y)) ** PQ.m2;
}

const PQ = { m1: 2610 / 16384, m2: (2523 / 4096) * 128, c1: 3424 / 4096, c2: (2413 / 4096) * 32, c3: (2392 / 4096) * 32 } as const;

/** Scene light 0…1 of an HLG signal in 0…1. Source: BT.2100-2, table 5. */
export function hlgScene(signal: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return signal <= 0.5 ? signal ** 2 / 3 : (Math.exp((signal - c) / a) + b) / 12;
}

/**
 * Light on a display of `target` cd/m² for a light of a picture made for `peak`; both begin at black. Below the knee it is the same light.
 * Source: ITU-R BT.2390-10, 5.4.1 (EETF).
 */
export function compressedLight(light: number, { peak, target }: { peak: number; target: number }): number {
  if (peak <= target) return light;
  const scale = pqSignal(peak);
  const most = pqSignal(target) / scale;
  const knee = 1.5 * most - 0.5;
  const e = Math.min(pqSignal(light) / scale, 1);
  if (e < knee) return light;
  const t = (e - knee) / (1 - knee);
  const p = (2 * t ** 3 - 3 * t ** 2 + 1) * knee + (t ** 3 - 2 * t ** 2 + t) * (1 - knee) + (-2 * t ** 3 + 3 * t ** 2) * most;
  return pqLight(p * scale);
}

/** The mapping of one kind of signal, with its tables. */
export class ToneMap {
  readonly #transfer: WideTransfer;
  /** Light of a 16-bit signal: scene light for HLG, else in units of white. */
  readonly #light: Float32Array;
  /** Brightest light that the tables know, in units of white. */
  readonly #most: number;
  /** What light is multiplied by, over the brightest of a pixel's three. */
  readonly #gain: Float32Array;
  /** HLG's system gamma: what scene light is multiplied by, over its luminance. */
  readonly #system: Float32Array;
  /** 8-bit codes over light. */
  readonly #code: Uint8Array;

  /** @param peak  brightest light of the picture in cd/m², as PQ files tell it; HLG is taken at 1000, standard range at white. */
  constructor(transfer: WideTransfer, peak = 1000) {
    this.#transfer = transfer;
    const top = peakOf(transfer, peak);
    this.#most = (transfer === 'pq' ? PQ_PEAK : top) / WHITE;
    this.#light = Float32Array.from({ length: 65536 }, (_, i) => {
      const signal = i / 65535;
      return transfer === 'hlg' ? hlgScene(signal) : transfer === 'pq' ? pqLight(signal) / WHITE : signal ** 2.4;
    });
    this.#gain = overLight(this.#most, (light) =>
      light === 0 ? 1 : compressedLight(light * WHITE, { peak: top, target: WHITE }) / WHITE / light,
    );
    const gamma = 1.2; // BT.2100-2, table 5, for a peak of 1000 cd/m²
    this.#system = overLight(1, (y) => (HLG_PEAK / WHITE) * y ** (gamma - 1));
    this.#code = Uint8Array.from({ length: STEPS }, (_, i) => Math.round(255 * (i / (STEPS - 1)) ** (2 / 2.4)));
  }

  /**
   * @param rgb  interleaved RGB of BT.2020, 16 bits, full range.
   * @param out  as many values: BT.709, 8 bits.
   */
  map(rgb: Uint16Array, out: Uint8Array): void {
    const light = this.#light;
    const gain = this.#gain;
    const code = this.#code;
    const last = STEPS - 1;
    const scale = last / Math.sqrt(this.#most);
    const hlg = this.#transfer === 'hlg';
    const [g0, g1, g2, g3, g4, g5, g6, g7, g8] = GAMUT;
    for (let i = 0; i + 2 < rgb.length; i += 3) {
      let r = light[rgb[i]!]!;
      let g = light[rgb[i + 1]!]!;
      let b = light[rgb[i + 2]!]!;
      let factor = 1;
      if (hlg) factor = this.#system[(Math.sqrt(LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) * last + 0.5) | 0]!;
      const most = factor * (r > g ? (r > b ? r : b) : g > b ? g : b);
      const at = (Math.sqrt(most) * scale + 0.5) | 0;
      factor *= gain[at > last ? last : at]!;
      r *= factor;
      g *= factor;
      b *= factor;
      const x = g0 * r + g1 * g + g2 * b;
      const y = g3 * r + g4 * g + g5 * b;
      const z = g6 * r + g7 * g + g8 * b;
      out[i] = x <= 0 ? 0 : x >= 1 ? 255 : code[(Math.sqrt(x) * last + 0.5) | 0]!;
      out[i + 1] = y <= 0 ? 0 : y >= 1 ? 255 : code[(Math.sqrt(y) * last + 0.5) | 0]!;
      out[i + 2] = z <= 0 ? 0 : z >= 1 ? 255 : code[(Math.sqrt(z) * last + 0.5) | 0]!;
    }
  }
}

const overLight = (most: number, f: (light: number) => number): Float32Array =>
  Float32Array.from({ length: STEPS }, (_, i) => f(most * (i / (STEPS - 1)) ** 2));
