/** The face networks as converted here, against outputs of other programs that run the files as they are. README.md says where those come from. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { networkSources, readNetworkFiles } from '../../src/platform/node/faceModelFiles.ts';
import { ortBackend } from '../../src/platform/node/ortBackend.ts';
import type { Program } from '../../src/runtime/index.ts';
import { coarseOutputs, type FaceNetworkName } from '../../src/vision/index.ts';
import { expectClose } from '../support.ts';

interface Golden {
  readonly side: number;
  readonly low: number;
  readonly outputs: Readonly<Record<string, { readonly size: number; readonly step: number; readonly values: readonly number[] }>>;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const golden = read('networks.json') as Readonly<Record<string, Golden>>;

async function compiled(name: FaceNetworkName): Promise<Program> {
  const source = networkSources[name];
  return ortBackend().compile(source.convert(await readNetworkFiles(source), name), { threads: 1 });
}

/** The rough figure of a person with noise, as networks.py and identity.mjs draw it: byte i of rows of R, G, B. */
function figure(side: number): (i: number) => number {
  return (i) => {
    const pixel = Math.floor(i / 3);
    const x = Math.floor(((pixel % side) * 256) / side) - 128;
    const y = Math.floor((Math.floor(pixel / side) * 256) / side) - 128;
    const head = 16 * x * x + 9 * (y + 20) ** 2 < 32400;
    const body = x * x + (y - 130) ** 2 < 10000;
    const base = head ? [205, 160, 135] : body ? [60, 60, 90] : [90, 110, 140];
    return base[i % 3]! + (Math.imul(i, 2654435761) >>> 27);
  };
}

function planes(side: number, value: (byte: number, channel: number) => number): { shape: number[]; data: Float32Array } {
  const [at, area] = [figure(side), side * side];
  const data = Float32Array.from({ length: 3 * area }, (_, k) => value(at((k % area) * 3 + Math.floor(k / area)), Math.floor(k / area)));
  return { shape: [1, 3, side, side], data };
}

/** Greatest differences allowed; outputs reach 140 pixels and logits of 40. */
const tolerances = { fullRange: 2e-5, shortRange: 1e-4, attentionMesh: 3e-4, person: 1e-5 } as const;

test.each(Object.keys(tolerances) as (keyof typeof tolerances)[])('%s gives what its own interpreter gives', async (name) => {
  const { side, low, outputs } = golden[name]!;
  await using program = await compiled(name);
  const results = await program.run({ input: planes(side, (byte) => (low === 0 ? byte / 255 : (byte * 2) / 255 - 1)) });
  expect(Object.keys(results).sort()).toEqual(Object.keys(outputs).sort());
  for (const [output, { size, step, values }] of Object.entries(outputs)) {
    const { data } = results[output]!;
    expect(data.length, output).toBe(size);
    expectClose(
      values.map((_, i) => Number(data[i * step])),
      values,
      { abs: tolerances[name] },
    );
  }
});

test('a glance is the mesh before its second look', async () => {
  const input = planes(192, (byte) => byte / 255);
  await using whole = await compiled('attentionMesh');
  await using part = await compiled('coarseMesh');
  const [all, some] = [await whole.run({ input }), await part.run({ input })];
  expect(Object.keys(some).sort()).toEqual([...coarseOutputs].sort());
  for (const name of coarseOutputs) expectClose(some[name]!.data as Float32Array, all[name]!.data as Float32Array, { abs: 1e-5 });
});

test('identity gives what face-api gives', async () => {
  const { side, embedding } = read('identity.json') as { readonly side: number; readonly embedding: readonly number[] };
  const mean = [122.782, 117.001, 104.298];
  await using program = await compiled('identity');
  const { embedding: found } = await program.run({ input: planes(side, (byte, channel) => (byte - mean[channel]!) / 255) });
  expectClose(found!.data as Float32Array, embedding, { abs: 2e-5 });
});
