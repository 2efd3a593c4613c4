/** Types of mutate.mjs, for tests. */
import type { Rng } from '../../src/base/index.ts';

export function mutate(rng: Rng, seed: Uint8Array, others: readonly Uint8Array[]): Uint8Array;
