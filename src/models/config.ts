/**
 * What fixes the shape of a network: its architecture letters and widths. Any positive sizes are allowed here; the limits and the
 * rounding that users meet are those of train/options.ts.
 */
import { OptionError } from '../base/index.ts';

export interface ModelConfig {
  readonly type: 'liae' | 'df';
  /** Pixel norm over the encoder's code. */
  readonly u: boolean;
  /** Doubled output: a dense map of half the side, and four sub-pixel heads. */
  readonly d: boolean;
  /** Deeper encoder with residual blocks, one more decoder stage. */
  readonly t: boolean;
  /** x·cos(x) in place of the leaky ReLU. */
  readonly c: boolean;
  readonly resolution: number;
  readonly aeDims: number;
  readonly eDims: number;
  readonly dDims: number;
  readonly dMaskDims: number;
}

export type Archi = Pick<ModelConfig, 'type' | 'u' | 'd' | 't' | 'c'>;

/**
 * Reads "liae", "liae-ud", "df-udt"…: a type and any subset of the letters u d t c in any order.
 *
 * @throws OptionError for another type, an unknown letter or a letter given twice.
 */
export function parseArchi(text: string): Archi {
  const [type, letters = '', ...rest] = text.toLowerCase().split('-');
  const known = new Set('udtc');
  const valid = (type === 'liae' || type === 'df') && rest.length === 0 && [...letters].every((letter) => known.delete(letter));
  if (!valid) {
    throw new OptionError(`archi: "${text}" is not an architecture`, {
      expected: 'liae or df, then optionally a dash and any of the letters u d t c, each once',
      next: 'liae-ud is the usual choice; liae-udt for 256 pixels and more',
    });
  }
  return { type, u: letters.includes('u'), d: letters.includes('d'), t: letters.includes('t'), c: letters.includes('c') };
}

/** The letters in the order u d t c. */
export function archiText({ type, u, d, t, c }: Archi): string {
  const letters = `${u ? 'u' : ''}${d ? 'd' : ''}${t ? 't' : ''}${c ? 'c' : ''}`;
  return letters === '' ? type : `${type}-${letters}`;
}

/** Side of the inter's dense map. */
export const denseSide = (config: ModelConfig): number => Math.floor(config.resolution / (config.d ? 32 : 16));
