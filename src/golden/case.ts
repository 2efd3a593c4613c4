/**
 * What a golden case is and how a computed array is held against it. A case is an index in JSON beside arrays in safetensors; each
 * kind of case has one runner, registered in index.ts, that reads everything it needs from these files.
 */
import type { Safetensors } from '../base/index.ts';
import type { Lowering } from '../nn/index.ts';

/** How near is near enough: |error| ≤ abs + rel·|reference|, and optionally a limit on the mean of |error|. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
  readonly mean?: number;
}

export interface GoldenCase {
  readonly name: string;
  /** The folder of the case, for files it names. */
  readonly folder: string;
  readonly index: Record<string, unknown>;
  readonly lowering: Lowering;
  /** The case's own arrays; empty if it has none. */
  readonly arrays: Safetensors;
  /** Another file of the folder, by name. */
  readonly open: (file: string) => Promise<Safetensors>;
  readonly read: (file: string) => Promise<Uint8Array>;
}

/** One line of the report. */
export interface Check {
  readonly tensor: string;
  readonly worstAbs: number;
  readonly worstRel: number;
  readonly tolerance: string;
  readonly ok: boolean;
  /** Where the worst element is and both values, or what went wrong. */
  readonly detail: string;
}

export type CaseRunner = (golden: GoldenCase) => Promise<Check[]>;

type Numbers = ArrayLike<number>;

/** Holds an array against its reference, element by element. */
export function compare(tensor: string, actual: Numbers, expected: Numbers, tolerance: Tolerance): Check {
  const text = toleranceText(tolerance);
  if (actual.length !== expected.length) {
    return {
      tensor,
      worstAbs: Infinity,
      worstRel: Infinity,
      tolerance: text,
      ok: false,
      detail: `${actual.length} elements, expected ${expected.length}`,
    };
  }
  let worst = -Infinity;
  let [worstAbs, worstRel, at, out, sum] = [0, 0, 0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const reference = Number(expected[i]);
    const error = Math.abs(Number(actual[i]) - reference);
    const limit = tolerance.abs + tolerance.rel * Math.abs(reference);
    if (!(error <= limit)) out++;
    const excess = Number.isNaN(error) ? Infinity : error - limit;
    if (excess > worst) [worst, at] = [excess, i];
    worstAbs = Number.isNaN(error) ? Infinity : Math.max(worstAbs, error);
    if (reference !== 0) worstRel = Math.max(worstRel, error / Math.abs(reference));
    sum += error;
  }
  const mean = expected.length === 0 ? 0 : sum / expected.length;
  const ok = out === 0 && (tolerance.mean === undefined || mean <= tolerance.mean);
  const detail = ok
    ? ''
    : `${out} of ${expected.length} out; worst at ${at}: ${actual[at]}, expected ${expected[at]}; mean error ${mean.toExponential(1)}`;
  return { tensor, worstAbs, worstRel, tolerance: text, ok, detail };
}

/** A single yes or no, for values that must be equal. */
export function same(tensor: string, ok: boolean, detail: string): Check {
  return { tensor, worstAbs: ok ? 0 : Infinity, worstRel: ok ? 0 : Infinity, tolerance: 'exact', ok, detail: ok ? '' : detail };
}

function toleranceText({ abs, rel, mean }: Tolerance): string {
  const parts = [abs === 0 ? '' : `${abs} abs`, rel === 0 ? '' : `${rel} rel`, mean === undefined ? '' : `${mean} mean`].filter(
    (p) => p !== '',
  );
  return parts.length === 0 ? 'exact' : parts.join(' + ');
}
