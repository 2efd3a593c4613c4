/**
 * A clip's own wide colours as they look on a display of standard range, and back, in floating point: light brought under standard white by the curve
 * of toneMap.ts and coded for BT.1886, but in the primaries of BT.2020 and never clipped. Here a predicted face, which knows BT.709 only, and the
 * face of the frame can be compared and given each other's colours, and what results goes back with highlights as bright as they were.
 */
import { LightCurve } from '../image/index.ts';
import { compressedLight, HLG_PEAK, hlgScene, LUMA, PQ_PEAK, peakOf, pqLight, pqSignal, WHITE, type WideTransfer } from './toneMap.ts';

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
/** Steps of the tables, over a signal or over the square root of a light. */
const STEPS = 4096;

/** HLG signal of a scene light in 0…1. Source: BT.2100-2, table 5. */
export function hlgSignal(scene: number): number {
  const a = 0.17883277;
  const b = 1 - 4 * a;
  const c = 0.5 - a * Math.log(4 * a);
  return scene <= 1 / 12 ? Math.sqrt(3 * scene) : a * Math.log(12 * scene - b) + c;
}

/** The look of one kind of signal. Pictures are interleaved BGR and changed in place. */
export class DisplayColours {
  #curve: LightCurve | undefined;
  readonly #transfer: WideTransfer;
  /** Brightest light that is told apart, in units of white. */
  readonly #top: number;
  /** Light before compression over light after it, in units of white; undefined if nothing is compressed. */
  readonly #expanded: Float64Array | undefined;
  /** Light after compression over light before it, up to the top. */
  readonly #compressed: Float64Array;
  /** Light of a signal: scene light for HLG, else in units of white. */
  readonly #light: Float64Array;
  /** Light of the display's code, as BT.1886 has it. */
  readonly #shown: Float64Array;

  constructor({ transfer, peak = 1000 }: WideColours) {
    this.#transfer = transfer;
    const top = peakOf(transfer, peak);
    this.#top = top / WHITE;
    this.#expanded = top <= WHITE ? undefined : expansion(top);
    const steps = Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1));
    this.#shown = Float64Array.from(steps, (v) => v ** 2.4);
    this.#compressed = Float64Array.from(steps, (s) => compressedLight(s ** 2 * top, { peak: top, target: WHITE }) / WHITE);
    this.#light = Float64Array.from(steps, (v) => (transfer === 'hlg' ? hlgScene(v) : transfer === 'pq' ? pqLight(v) / WHITE : v ** 2.4));
  }

  /** What the signal means, of the brightest that it can say: light of the scene for HLG, else of the display. */
  get light(): LightCurve {
    this.#curve ??= lightOfSignal(this.#transfer);
    return this.#curve;
  }

  /** From BT.709 of standard range, held in 0…1: what networks know. */
  fromBt709({ data }: { readonly data: Float32Array }): void {
    const shown = this.#shown;
    const [g0, g1, g2, g3, g4, g5, g6, g7, g8] = GAMUT;
    for (let i = 0; i + 2 < data.length; i += 3) {
      const [z, y, x] = [between(shown, data[i]!), between(shown, data[i + 1]!), between(shown, data[i + 2]!)];
      data[i] = coded(g6 * x + g7 * y + g8 * z);
      data[i + 1] = coded(g3 * x + g4 * y + g5 * z);
      data[i + 2] = coded(g0 * x + g1 * y + g2 * z);
    }
  }

  /** From the clip's own signal in 0…1. Light above the top, which the signal may mean, becomes white. */
  fromSignal({ data }: { readonly data: Float32Array }): void {
    for (let i = 0; i + 2 < data.length; i += 3) {
      const [b, g, r] = [between(this.#light, data[i]!), between(this.#light, data[i + 1]!), between(this.#light, data[i + 2]!)];
      let factor = this.#transfer === 'hlg' ? systemGain(LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) : 1;
      const most = Math.max(r, g, b) * factor;
      if (this.#expanded !== undefined && most > 0) factor *= between(this.#compressed, Math.sqrt(most / this.#top)) / most;
      data[i] = coded(b * factor);
      data[i + 1] = coded(g * factor);
      data[i + 2] = coded(r * factor);
    }
  }

  /** Light that the brightest component of a picture of the display stands for, in units of standard-range white. */
  brightest({ data }: { readonly data: Float32Array }): number {
    return this.#expand(
      between(
        this.#shown,
        data.reduce((a, b) => Math.max(a, b), 0),
      ),
    );
  }

  /**
   * To the clip's own signal.
   *
   * @param most  light in units of white that nothing is made brighter than, as the map is all but flat at the top: 1 at least.
   */
  toSignal({ data }: { readonly data: Float32Array }, most = Number.POSITIVE_INFINITY): void {
    const shown = this.#shown;
    const limit = Math.max(1, most);
    for (let i = 0; i + 2 < data.length; i += 3) {
      let [b, g, r] = [between(shown, data[i]!), between(shown, data[i + 1]!), between(shown, data[i + 2]!)];
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
    return this.#expanded === undefined ? compressed : between(this.#expanded, Math.sqrt(compressed));
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

function lightOfSignal(transfer: WideTransfer): LightCurve {
  switch (transfer) {
    case 'hlg':
      return new LightCurve(hlgScene, hlgSignal);
    case 'pq':
      return new LightCurve(
        (signal) => pqLight(signal) / PQ_PEAK,
        (light) => pqSignal(light * PQ_PEAK),
      );
    case 'sdr':
      return new LightCurve(
        (signal) => signal ** 2.4,
        (light) => light ** (1 / 2.4),
      );
  }
}

/** A table's value at a place in 0…1, where it is held, on the line between its neighbours. */
function between(table: Float64Array, place: number): number {
  const at = Math.min(Math.max(place, 0), 1) * (STEPS - 1);
  const cell = Math.min(at | 0, STEPS - 2);
  return table[cell]! + (at - cell) * (table[cell + 1]! - table[cell]!);
}

const coded = (light: number): number => (light <= 0 ? 0 : light >= 1 ? 1 : light ** (1 / 2.4));

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
