import { expect, test } from 'vitest';
import { Rng } from '../base/index.ts';
import { type ModelConfig, parseArchi } from '../models/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import type { Batch, EngineState, SideBatch } from './engine.ts';
import { graphEngine } from './graphEngine.ts';
import type { StepOptions } from './step.ts';

const config: ModelConfig = { ...parseArchi('liae-ud'), resolution: 64, aeDims: 8, eDims: 4, dDims: 4, dMaskDims: 2 };
const step: StepOptions = {
  maskedTraining: true,
  eyesMouthPriority: true,
  blurOutMask: false,
  faceStylePower: 0,
  bgStylePower: 0,
  ganPower: 0,
  ganPatchSize: 8,
  ganDims: 4,
  trueFacePower: 0,
  variationAxes: 'rows-columns',
  randomWarp: true,
  optimizer: 'adabelief',
  clipGradients: true,
  learningRateDropout: true,
};
const options = { config, step, lowering: 'fast' as const, batchSize: 2, learningRate: 5e-5, seed: 3 };

function batch(iteration: number): Batch {
  const rng = new Rng(100 + iteration);
  const noise = (channels: number): Float32Array => Float32Array.from({ length: 64 * 64 * 2 * channels }, () => rng.uniform());
  const side = (): SideBatch => ({ warped: noise(3), target: noise(3), mask: noise(1), em: noise(1) });
  return { src: side(), dst: side() };
}

const sameBits = (a: EngineState, b: EngineState): boolean =>
  JSON.stringify(a.counters) === JSON.stringify(b.counters) &&
  [...a.tensors].every(([name, { data }]) => data.every((x, i) => Object.is(x, b.tensors.get(name)!.data[i])));

test('one call of several iterations, single calls, and a resumed engine give the same bits', async () => {
  const batches = Array.from({ length: 4 }, (_, i) => batch(i));
  await using together = graphEngine(ortBackend(), options);
  await using apart = graphEngine(ortBackend(), options);
  await using resumed = graphEngine(ortBackend(), { ...options, seed: 3 });
  const results = await together.run(batches, 0);
  const single = [];
  for (const [i, b] of batches.slice(0, 2).entries()) single.push(...(await apart.run([b], i)));
  resumed.load(structuredClone(apart.state()));
  single.push(...(await resumed.run(batches.slice(2), 2)));
  expect(single).toEqual(results);
  expect(sameBits(together.state(), resumed.state())).toBe(true);
});

test('a frozen network and its optimizer slots stay as they are while the others learn', async () => {
  await using engine = graphEngine(ortBackend(), { ...options, step: { ...step, randomWarp: false, learningRateDropout: false } });
  const before = structuredClone(engine.state());
  await engine.run([batch(0), batch(1)], 0);
  for (const [name, { data }] of engine.state().tensors) {
    const same = data.every((x, i) => x === before.tensors.get(name)!.data[i]);
    expect(same, name).toBe(name.includes('inter_AB/'));
  }
});

test('a state with a missing or mismatched tensor is refused by the name of the tensor', () => {
  const engine = graphEngine(ortBackend(), options);
  const { tensors, counters } = engine.state();
  const name = 'inter_B/dense1/weight';
  expect(() => engine.load({ tensors: new Map([...tensors].filter(([n]) => n !== name)), counters })).toThrow(name);
  const wrong = new Map([...tensors, [name, { shape: [1], data: new Float32Array(1) }] as const]);
  expect(() => engine.load({ tensors: wrong, counters })).toThrow(name);
});

test('predictions of the initial network lie in 0…1 and depend on the faces', async () => {
  await using engine = graphEngine(ortBackend(), options);
  const { src, dst } = batch(0);
  const a = await engine.predict(src.target, dst.target, 2);
  const b = await engine.predict(src.target, src.target, 2);
  expect(a.srcSrc.every((x) => x > 0 && x < 1)).toBe(true);
  expect(a.srcDst.some((x, i) => x !== b.srcDst[i])).toBe(true);
  expect(a.srcSrc.every((x, i) => Math.abs(x - b.srcSrc[i]!) < 1e-5)).toBe(true);
});
