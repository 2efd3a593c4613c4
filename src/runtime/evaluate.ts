/** Runs a small graph once: for tests, checks and inference at odd moments, where no program is kept. */
import { encodeModel, inputsOf, lower, type Value } from '../graph/index.ts';
import type { Backend, Feed } from './backend.ts';

export const OPSET = 17;

/** Values of `outputs`, given an array for each input they need. @throws if an input has no array. */
export async function evaluate(
  backend: Backend,
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Float32Array | Uint8Array>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const prepared: Record<string, Feed> = {};
  for (const value of inputsOf(Object.values(outputs))) {
    if (value.source.kind !== 'input') continue;
    const data = feeds[value.source.name];
    if (data === undefined) throw new Error(`no array for ${value.describe()}`);
    prepared[value.source.name] = { shape: value.shape, data };
  }
  await using program = await backend.compile(encodeModel(lower(outputs), OPSET));
  const results = await program.run(prepared);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}
