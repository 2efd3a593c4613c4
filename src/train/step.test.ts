/** The train step as a whole: what the golden cases do not vary. Both lowerings are two programs for one function. */
import { expect, test } from 'vitest';
import { Rng, sizeOf } from '../base/index.ts';
import { encodeModel, lower, type Value } from '../graph/index.ts';
import { type ModelConfig, parseArchi } from '../models/index.ts';
import { initialValue, type Lowering } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { type Feed, OPSET } from '../runtime/index.ts';
import { dropoutName, learningRateName, type StepOptions, trainStep } from './step.ts';

const plain: StepOptions = {
  maskedTraining: true,
  eyesMouthPriority: false,
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
  clipGradients: false,
  learningRateDropout: false,
};

const nameOf = (value: Value): string => (value.source.kind === 'input' ? value.source.name : '');

interface Outcome {
  readonly results: Readonly<Record<string, Float32Array>>;
  readonly before: Readonly<Record<string, Float32Array>>;
  readonly after: Readonly<Record<string, Float32Array>>;
}

interface Start {
  /** Share of the weights that dropout lets move. */
  readonly kept?: number;
  /** The generator's. */
  readonly learningRate?: number;
  /** Instead of initial ones. */
  readonly weights?: Readonly<Record<string, Float32Array>>;
}

/** One step on random pictures. */
async function oneStep(
  config: ModelConfig,
  options: StepOptions,
  lowering: Lowering,
  { kept = 0.3, learningRate = 5e-5, weights = {} }: Start = {},
): Promise<Outcome> {
  const step = trainStep(config, options, { n: 2, lowering });
  const rng = new Rng(5);
  const feeds: Record<string, Feed> = {};
  for (const value of step.loop.data) {
    const size = sizeOf(value.shape);
    const draw = (): number => rng.uniform();
    if (value.dtype === 'bool') {
      feeds[nameOf(value)] = { shape: value.shape, data: Uint8Array.from({ length: size }, () => (draw() < kept ? 1 : 0)) };
    } else feeds[nameOf(value)] = { shape: value.shape, data: Float32Array.from({ length: size }, draw) };
  }
  for (const { key, slots } of step.optimizers) {
    feeds[learningRateName(key)] = { shape: [], data: Float32Array.of(key === 'src_dst_opt' ? learningRate : 5e-5) };
    for (const { name, shape } of slots) feeds[name] = { shape, data: new Float32Array(sizeOf(shape)) };
  }
  for (const variable of step.variables)
    feeds[variable.name] = { shape: variable.shape, data: weights[variable.name] ?? initialValue(variable, 3) };
  const outputs = { ...Object.fromEntries(step.loop.state.map(([now, next]) => [`${nameOf(now)}.next`, next])), ...step.loop.results };
  await using program = await ortBackend().compile(encodeModel(lower(outputs), OPSET));
  const read = [...step.loop.data, ...step.frozen, ...step.loop.state.map(([now]) => now)].map(nameOf);
  const out = await program.run(Object.fromEntries(read.map((name) => [name, feeds[name]!])));
  const floats = (feed: Feed | undefined): Float32Array => feed?.data as Float32Array;
  return {
    results: Object.fromEntries(Object.keys(step.loop.results).map((name) => [name, floats(out[name])])),
    before: Object.fromEntries(read.map((name) => [name, floats(feeds[name])])),
    after: Object.fromEntries(step.loop.state.map(([now]) => [nameOf(now), floats(out[`${nameOf(now)}.next`])])),
  };
}

const network = (archi: string, resolution: number, dims: [ae: number, e: number, d: number, mask: number]): ModelConfig => {
  const [aeDims, eDims, dDims, dMaskDims] = dims;
  return { ...parseArchi(archi), resolution, aeDims, eDims, dDims, dMaskDims };
};

/** Architectures, sizes and mixes of options without golden cases. Powers are large, so that their terms show in the norm. */
const mixes: readonly (readonly [ModelConfig, Partial<StepOptions>])[] = [
  [network('liae-ut', 96, [5, 3, 2, 3]), { blurOutMask: true, eyesMouthPriority: true, optimizer: 'rmsprop' }],
  [network('liae-dt', 64, [7, 2, 3, 2]), { faceStylePower: 10, bgStylePower: 50, maskedTraining: false }],
  [network('df-udt', 64, [6, 3, 2, 1]), { trueFacePower: 1, bgStylePower: 50, clipGradients: true }],
  [network('df', 80, [4, 2, 2, 2]), { trueFacePower: 1, ganPower: 1, ganPatchSize: 12, randomWarp: false }],
  [network('liae-c', 112, [3, 2, 2, 2]), { ganPower: 5, ganPatchSize: 16, variationAxes: 'channels-rows', randomWarp: false }],
  [network('df-dc', 96, [4, 3, 2, 2]), { faceStylePower: 100, learningRateDropout: true, ganPower: 1, ganPatchSize: 32 }],
];

for (const [config, options] of mixes) {
  const name = `${config.type}-${['u', 'd', 't', 'c'].filter((letter) => config[letter as 'u']).join('')} at ${config.resolution}`;
  test(`${name} with ${Object.keys(options).join(', ')} is one function in both lowerings`, async () => {
    const [direct, fast] = [
      await oneStep(config, { ...plain, ...options }, 'direct'),
      await oneStep(config, { ...plain, ...options }, 'fast'),
    ];
    for (const [result, values] of Object.entries(direct.results)) {
      for (const [i, value] of values.entries()) {
        expect(value, result).toBeGreaterThan(0);
        expect(Math.abs(fast.results[result]![i]! / value - 1), result).toBeLessThan(1e-3);
      }
    }
    expect(Object.keys(fast.after)).toEqual(Object.keys(direct.after));
    // Updates are nearly sign-like, so gradients are compared, as the first moments (or mean squares) that a first step leaves. A unit so
    // close to 0 that rounding decides its slope moves a small gradient by a percent or two.
    for (const [slot, values] of Object.entries(direct.after)) {
      if (!slot.includes('_opt/ms/') && !slot.includes('_opt/acc/')) continue;
      const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
      const distance = norm(values.map((v, i) => v - fast.after[slot]![i]!));
      expect(distance, slot).toBeLessThanOrEqual(0.05 * norm(values) + 1e-9);
    }
  });
}

test('adversaries learn at the updated generator, and not through its update', async () => {
  const config = network('df-ud', 64, [4, 2, 2, 2]);
  const options: StepOptions = { ...plain, trueFacePower: 1, ganPower: 1, optimizer: 'rmsprop' };
  const learningRate = 2e-3; // the larger, the more would pass through
  const moving = await oneStep(config, options, 'direct', { learningRate });
  const weights = Object.fromEntries(Object.entries(moving.after).filter(([name]) => !/^(D_src|dis)\//.test(name)));
  const still = await oneStep(config, options, 'direct', { learningRate: 0, weights });
  const slots = Object.keys(moving.after).filter((name) => /^(GAN_opt|D_code_opt)\//.test(name));
  expect(slots.length).toBeGreaterThan(10);
  for (const slot of slots) {
    const [expected, actual] = [still.after[slot]!, moving.after[slot]!];
    const largest = Math.max(...expected);
    expect(largest, slot).toBeGreaterThan(0);
    for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value) / largest, slot).toBeLessThan(1e-6);
  }
});

test('dropout holds a weight where its draw is false, and lets the optimizer remember its gradient', async () => {
  const config = network('liae-ud', 64, [4, 2, 2, 2]);
  const free = await oneStep(config, plain, 'direct');
  const { before, after } = await oneStep(config, { ...plain, learningRateDropout: true }, 'direct', { kept: 0.5 });
  const name = 'decoder/res0/conv1/weight';
  const kept = before[dropoutName(name)]!;
  let held = 0;
  for (const [i, keep] of kept.entries()) {
    if (keep === 0) held++;
    expect(after[name]![i]).toBe(keep === 0 ? before[name]![i] : free.after[name]![i]);
  }
  expect(held).toBeGreaterThan(kept.length / 4);
  const slot = `src_dst_opt/ms/${name}`;
  expect(after[slot]).toEqual(free.after[slot]);
  expect(after[slot]!.every((m) => m !== 0)).toBe(true);
});

test('with warping off inter_AB is read and not written, and its optimizer state is not touched', () => {
  const config = network('liae-ud', 64, [4, 2, 2, 2]);
  const step = trainStep(config, { ...plain, randomWarp: false }, { n: 1, lowering: 'direct' });
  const written = step.loop.state.map(([now]) => nameOf(now));
  expect(written.filter((name) => name.includes('inter_AB'))).toEqual([]);
  expect(step.frozen.map(nameOf).every((name) => name.startsWith('inter_AB/'))).toBe(true);
  expect(step.frozen).toHaveLength(6);
  expect(step.optimizers[0]!.slots.filter(({ name }) => name.includes('/inter_AB/'))).toHaveLength(12);
});

test('in df everything is trained with warping off', () => {
  const config = network('df-ud', 64, [4, 2, 2, 2]);
  const step = trainStep(config, { ...plain, randomWarp: false }, { n: 1, lowering: 'direct' });
  expect(step.frozen).toEqual([]);
});
