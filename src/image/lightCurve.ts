/** What a signal means in light, as a curve of each channel by itself: read linearly between the values of tables, both ways. */
import { inRange } from './image.ts';

/** Steps of the signal, and of the fourth root of light: curves of signals are all but straight over that. */
const SIGNALS = 16384;
const LIGHTS = 4096;
/** Below this fourth root of light curves may be too bent for the table, and the formula is used. */
const DARK = LIGHTS / 16;

/** A signal in 0…1 and light in 0…1, each from the other; both grow. Good to a tenth of a 16-bit step. */
export class LightCurve {
  readonly #lights: Float32Array;
  readonly #signals: Float32Array;
  readonly #signalOf: (light: number) => number;

  constructor(lightOf: (signal: number) => number, signalOf: (light: number) => number) {
    this.#lights = Float32Array.from({ length: SIGNALS + 2 }, (_, i) => lightOf(i / SIGNALS));
    this.#signals = Float32Array.from({ length: LIGHTS + 2 }, (_, i) => signalOf((i / LIGHTS) ** 4));
    this.#signalOf = signalOf;
  }

  /** Signals, held in 0…1, to light; in place. */
  toLight({ data }: { readonly data: Float32Array }): void {
    const lights = this.#lights;
    for (let i = 0; i < data.length; i++) {
      const at = inRange(data[i]!) * SIGNALS;
      const cell = at | 0;
      data[i] = lights[cell]! + (at - cell) * (lights[cell + 1]! - lights[cell]!);
    }
  }

  /** Light, held in 0…1, to signals; in place. */
  toSignal({ data }: { readonly data: Float32Array }): void {
    const signals = this.#signals;
    for (let i = 0; i < data.length; i++) {
      const light = inRange(data[i]!);
      const at = Math.sqrt(Math.sqrt(light)) * LIGHTS;
      const cell = at | 0;
      data[i] = at < DARK ? this.#signalOf(light) : signals[cell]! + (at - cell) * (signals[cell + 1]! - signals[cell]!);
    }
  }
}

/** That of sRGB. Source: IEC 61966-2-1. */
export const srgbCurve = (): LightCurve =>
  new LightCurve(
    (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4),
    (v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055),
  );
