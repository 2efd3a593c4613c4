/**
 * The way back from BT.709 of standard range to a clip's own wide colours: the inverse of toneMap.ts, in floating point. What the map rolled off
 * comes back as bright as it was; colours that BT.709 does not hold do not come back.
 */
import { compressedLight, HLG_PEAK, hlgScene, LUMA, pqLight, pqSignal, WHITE, type WideTransfer } from './toneMap.ts';

/** How the signal of a frame means light, where the frame is not of BT.709. */
export interface WideColours {
  readonly transfer: WideTransfer;
  /** Brightest light of the picture in cd/m², as far as it is told. */
  readonly peak?: number | undefined;
}

/** BT.709 to BT.2020, linear light. Source: ITU-R BT.2087-0, M1. */
const GAMUT = [0.6274039, 0.329283, 0.0433131, 0.0690973, 0.9195404, 0.0113623, 0.0163914, 0.0880133, 0.8955953] as const;
/** HLG's system gamma for a peak of 1000 cd/m². Source: BT.2100-2, table 5. */
const GAMMA = 1.2;
/** Steps of the table over compressed light, spaced by its square root. */
const STEPS = 4096;

/** HLG signal of a scene light in 0…1. Source: BT.2100-2, table 5. */
export function hlgSignal(scene: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return scene <= 1 / 12 ? Math.sqrt(3 * scene) : a * Math.log(12 * scene - b) + c;
}

/** The mapping back for one kind of signal. */
export class ToneUnmap {
  readonly #transfer: WideTransfer;
  /** Light before compression over light after it, in units of white; undefined if nothing was compressed. */
  readonly #expanded: Float64Array | undefined;

  constructor({ transfer, peak = 1000 }: WideColours) {
    this.#transfer = transfer;
    const top = transfer === 'hlg' ? HLG_PEAK : transfer === 'pq' ? Math.min(Math.max(peak, WHITE), 10000) : WHITE;
    this.#expanded = top <= WHITE ? undefined : expansion(top);
  }

  /**
   * Brightest component of the light of a picture, in units of standard-range white.
   *
   * @param bgr  interleaved signals of the clip's own colours in 0…1.
   */
  brightest({ data }: { readonly data: Float32Array }): number {
    let most = 0;
    for (let i = 0; i + 2 < data.length; i += 3) {
      const [b, g, r] = [this.#lightOf(data[i]!), this.#lightOf(data[i + 1]!), this.#lightOf(data[i + 2]!)];
      const factor = this.#transfer === 'hlg' ? systemGain(LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) : 1;
      most = Math.max(most, factor * Math.max(r, g, b));
    }
    return most;
  }

  #lightOf(signal: number): number {
    const v = Math.min(1, Math.max(0, signal));
    return this.#transfer === 'hlg' ? hlgScene(v) : this.#transfer === 'pq' ? pqLight(v) / WHITE : v ** 2.4;
  }

  /**
   * Makes signals of BT.709 signals of the clip's own colours, in place.
   *
   * @param bgr  interleaved, held in 0…1.
   * @param most  light in units of white that nothing is made brighter than, as the map is all but flat at the top: 1 at least.
   */
  unmap({ data }: { readonly data: Float32Array }, most = Number.POSITIVE_INFINITY): void {
    const [g0, g1, g2, g3, g4, g5, g6, g7, g8] = GAMUT;
    const limit = Math.max(1, most);
    for (let i = 0; i + 2 < data.length; i += 3) {
      const [z, y, x] = [linear(data[i]!), linear(data[i + 1]!), linear(data[i + 2]!)];
      let [r, g, b] = [g0 * x + g1 * y + g2 * z, g3 * x + g4 * y + g5 * z, g6 * x + g7 * y + g8 * z];
      const compressed = Math.max(r, g, b);
      if (compressed > 0) {
        let factor = Math.min(this.#expand(compressed), limit) / compressed;
        if (this.#transfer === 'hlg')
          factor /= systemGain(((LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) * factor * WHITE) / HLG_PEAK, 1 / GAMMA);
        [r, g, b] = [r * factor, g * factor, b * factor];
      }
      data[i] = this.#signalOf(b);
      data[i + 1] = this.#signalOf(g);
      data[i + 2] = this.#signalOf(r);
    }
  }

  #expand(compressed: number): number {
    const table = this.#expanded;
    if (table === undefined) return compressed;
    const at = Math.min(Math.sqrt(compressed), 1) * (STEPS - 1);
    const cell = Math.min(at | 0, STEPS - 2);
    return table[cell]! + (at - cell) * (table[cell + 1]! - table[cell]!);
  }

  #signalOf(light: number): number {
    const transfer = this.#transfer;
    return transfer === 'hlg'
      ? hlgSignal(Math.min(light, 1))
      : transfer === 'pq'
        ? pqSignal(light * WHITE)
        : Math.min(light, 1) ** (1 / 2.4);
  }
}

const linear = (v: number): number => (v <= 0 ? 0 : v >= 1 ? 1 : v ** 2.4);

/**
 * HLG: light on the display, in units of white, over the light of the scene. Source: BT.2100-2, table 5 (OOTF).
 *
 * @param luminance  of the scene; or of the display over its peak, with a power of 1 / GAMMA.
 */
const systemGain = (luminance: number, power = 1): number => (HLG_PEAK / WHITE) * luminance ** (power * (GAMMA - 1));

/** Light for compressed light, both in units of white, by halving: the curve grows all the way. */
function expansion(peak: number): Float64Array {
  return Float64Array.from({ length: STEPS }, (_, i) => {
    const wanted = (i / (STEPS - 1)) ** 2 * WHITE;
    let [low, high] = [0, peak];
    for (let k = 0; k < 48; k++) {
      const middle = (low + high) / 2;
      if (compressedLight(middle, { peak, target: WHITE }) < wanted) low = middle;
      else high = middle;
    }
    return high / WHITE;
  });
}
