/**
 * Golden cases m_*: a whole network with one batch. Predictions, codes, masks, losses and gradients come from one graph at the given
 * weights; the weights after one and three steps come from the train step itself.
 */
import { type Shape, type StoredTensor, sizeOf } from '../base/index.ts';
import { constant, encodeModel, gradients, lower, type Value } from '../graph/index.ts';
import { encoder, inCheckpointOrder, inter, predictBoth, wiring } from '../models/index.ts';
import { globalNorm, type OptimizerName, Scope, totalVariation } from '../nn/index.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { evaluate, type Feed, OPSET } from '../runtime/index.ts';
import { batchInputs, codeObjective, generatorObjective, patchObjective, trainStep, usesTrueFace } from '../train/index.ts';
import { type CaseRunner, type Check, compare, type GoldenCase, same, type Tolerance } from './case.ts';
import { nhwcFromHwnc } from './layout.ts';
import { listOf, type ModelCase, modelCase, numberList, objectOf, type Record_, summariesOf } from './modelCase.ts';
import { numberOf } from './pictures.ts';

interface Limits {
  readonly prediction: Tolerance;
  readonly loss: Tolerance;
  readonly faceStyle: Tolerance;
  /** Of a variable's gradient: its l2 norm, relative. */
  readonly gradientL2: number;
  /** Of single elements, in units of the variable's rms; undefined where elements are not compared. */
  readonly gradientElement: number | undefined;
  readonly globalNorm: number;
  /** Of the l2 norm of a variable's change. */
  readonly delta: number;
  /** Of a change itself: relative distance of a whole variable, or a part of the largest possible move of an element. */
  readonly moved: number;
}

/** For another order of summation. */
const wide: Limits = {
  prediction: { abs: 4e-5, rel: 2e-4 },
  loss: { abs: 2e-6, rel: 6e-4 },
  faceStyle: { abs: 2e-6, rel: 4e-2 },
  gradientL2: 2e-2,
  gradientElement: undefined,
  globalNorm: 5e-3,
  delta: 2e-2,
  moved: 2e-1,
};

const limits: Readonly<Record<GoldenCase['lowering'], Limits>> = {
  direct: {
    prediction: { abs: 2e-6, rel: 1e-5 },
    loss: { abs: 1e-7, rel: 3e-5 },
    faceStyle: { abs: 1e-7, rel: 2e-3 },
    gradientL2: 3e-4,
    gradientElement: 1e-3,
    globalNorm: 3e-4,
    delta: 1e-3,
    moved: 2e-2,
  },
  fast: wide,
  winograd: wide,
};

/** Relative l2 distance allowed between all gradients together in the fast lowering, where the case has them in full. */
const FAST_GRADIENT_DISTANCE = 5e-3;

export const model: CaseRunner = async (golden) => {
  const given = await modelCase(golden);
  const atStart = await forwardChecks(golden, given);
  const after: Check[] = [];
  const steps = golden.index.after === undefined ? {} : objectOf(golden.index, 'after');
  for (const [name, entry] of Object.entries(steps)) {
    if (name === 'adabelief' || name === 'rmsprop')
      after.push(...(await stepChecks(golden, given, name, entry as Record_, atStart.slopes)));
  }
  return [...atStart.checks, ...after];
};

type Arrays = Readonly<Record<string, Float32Array>>;

async function forwardChecks(golden: GoldenCase, given: ModelCase): Promise<{ checks: Check[]; slopes: Arrays }> {
  const limit = limits[golden.lowering];
  const { config, options, n } = given;
  const p = Scope.root({ lowering: golden.lowering, cosine: config.c });
  const batch = batchInputs(config.resolution, n);
  const objective = generatorObjective(p, config, options, batch);
  const made = predictBoth(p, batch.src.warped, batch.dst.warped, config);
  const pictures: Record<string, Value> = {
    'out/pred_src_src': made.srcSrc.face,
    'out/pred_src_srcm': made.srcSrc.mask,
    'out/pred_dst_dst': made.dstDst.face,
    'out/pred_dst_dstm': made.dstDst.mask,
    'out/pred_src_dst': made.srcDst.face,
    'out/pred_src_dstm': made.srcDst.mask,
  };
  for (const [i, faces] of [batch.src.warped, batch.dst.warped].entries()) {
    const code = encoder(p.in('encoder'), faces, config);
    pictures[`mid/encoder_${i + 1}`] = code;
    for (const name of wiring(config).networks.filter((network) => network.startsWith('inter'))) {
      // inter_B sees dst alone, as its first call
      if (name !== 'inter_B') pictures[`mid/${name}_${i + 1}`] = inter(p.in(name), code, config);
      else if (i === 1) pictures[`mid/${name}_1`] = inter(p.in(name), code, config);
    }
  }
  const losses: Record<string, Value> = {
    G_loss: objective.total,
    src: objective.srcLoss,
    dst: objective.dstLoss,
    total_variation: totalVariation(made.srcSrc.face, options.variationAxes),
    ...objective.terms,
  };
  const seeds: (readonly [prefix: string, loss: Value])[] = [];
  if (options.ganPower > 0) {
    const judged = patchObjective(p, p, config, options, batch);
    pictures['D/pred_center'] = judged.made.center;
    pictures['D/pred_out'] = judged.made.out;
    pictures['D/target_center'] = judged.real.center;
    pictures['D/target_out'] = judged.real.out;
    losses.D_loss = judged.loss;
    seeds.push(['D_src/', judged.loss]);
  }
  if (usesTrueFace(config, options)) {
    const judged = codeObjective(p, p, config, batch);
    losses.D_code_loss = judged;
    seeds.push(['dis/', judged]);
  }
  const variables = inCheckpointOrder(p.variables, config);
  const adversary = (name: string): boolean => name.startsWith('D_src/') || name.startsWith('dis/');
  const frozen = options.randomWarp ? [] : wiring(config).frozenUnwarped;
  const trained = variables.filter(({ name }) => !adversary(name) && !frozen.some((network) => name.startsWith(`${network}/`)));
  const slopes = new Map<string, Value>();
  const differentiate = (loss: Value, of: typeof trained): void => {
    const ones = constant(new Float32Array(sizeOf(loss.shape)).fill(1), loss.shape);
    const found = gradients(
      [[loss, ones]],
      of.map(({ value }) => value),
    );
    for (const [i, { name }] of of.entries()) slopes.set(name, found[i]!);
  };
  differentiate(objective.total, trained);
  const norm = globalNorm(trained.map(({ name }) => slopes.get(name)!));
  for (const [prefix, loss] of seeds)
    differentiate(
      loss,
      variables.filter(({ name }) => name.startsWith(prefix)),
    );

  const { soft, picture } = objective.targets;
  const sides = { soft, picture };
  const named = {
    ...prefixed('picture:', pictures),
    ...prefixed('loss:', losses),
    ...prefixed('gradient:', Object.fromEntries(slopes)),
    ...prefixed('side:', sides),
    norm,
  };
  const feeds = Object.fromEntries([...given.batch, ...given.weights].map(([name, { data }]) => [name, data]));
  const out = await evaluate(ortBackend(), named, feeds);

  const checks: Check[] = [];
  const expectPicture = (name: string, shape: Shape, data: Float32Array): void => {
    const stored = storedPicture(given, name);
    if (stored === undefined) return;
    const nhwc = shape.length === 4 ? nhwcFromHwnc({ shape, data }) : { shape, data };
    checks.push(compare(stored.name, thinned(nhwc, stored), stored.tensor.data as ArrayLike<number>, limit.prediction));
  };
  for (const [name, value] of Object.entries(pictures)) expectPicture(name, value.shape, out[`picture:${name}`]!);
  for (const [i, side] of ['src', 'dst'].entries()) {
    for (const [name, what] of [[`mask_blur/${side}`, 'soft'] as const, [`blurred_out/target_${side}`, 'picture'] as const]) {
      const { shape } = sides[what];
      expectPicture(name, [shape[0]!, shape[1]!, n, shape[3]!], samples(shape, out[`side:${what}`]!, i * n, (i + 1) * n));
    }
  }
  checks.push(...lossChecks(golden, limit, unprefixed('loss:', out)));
  const names = trained.map(({ name }) => name);
  const arrays = unprefixed('gradient:', out);
  const { index } = golden;
  if (index.trained !== undefined) {
    const reference = listOf(index, 'trained').map(String);
    checks.push(same('trained', reference.join() === names.join(), `trained variables ${names.join()}, expected ${reference.join()}`));
  }
  if (index.grads !== undefined) checks.push(...gradientChecks(golden, given, limit, arrays, names));
  if (index.grad_global_norm !== undefined) {
    checks.push(compare('grad_global_norm', out.norm!, [numberOf(index, 'grad_global_norm')], { abs: 0, rel: limit.globalNorm }));
  }
  return { checks, slopes: arrays };
}

const prefixed = (prefix: string, values: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));

const unprefixed = (prefix: string, values: Arrays): Arrays =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, data]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [])),
  );

/** Samples from … to − 1 of an array [h, w, n, c]. */
function samples(shape: Shape, data: Float32Array, from: number, to: number): Float32Array {
  const [h = 0, w = 0, n = 0, c = 0] = shape;
  const out = new Float32Array(h * w * (to - from) * c);
  for (let i = 0; i < h * w; i++) out.set(data.subarray((i * n + from) * c, (i * n + to) * c), i * (to - from) * c);
  return out;
}

interface StoredPicture {
  readonly name: string;
  readonly tensor: StoredTensor;
  /** Every how many rows and columns are stored. */
  readonly every: number;
}

function storedPicture(given: ModelCase, name: string): StoredPicture | undefined {
  const stored = given.names.find((key) => key === name || key.startsWith(`${name}_every`));
  const tensor = stored === undefined ? undefined : given.find(stored);
  if (stored === undefined || tensor === undefined) return undefined;
  return { name: stored, tensor, every: Number(stored.slice(name.length).replace('_every', '') || 1) };
}

/** The samples, rows and columns that the reference has: the first samples, and every few rows and columns. */
function thinned({ shape, data }: { shape: Shape; data: Float32Array }, { tensor, every }: StoredPicture): Float32Array {
  const kept = tensor.shape[0]!;
  if (shape.length !== 4) return data.subarray(0, kept * (shape[1] ?? 1));
  const [, h = 0, w = 0, c = 0] = shape;
  const out: number[] = [];
  for (let n = 0; n < kept; n++)
    for (let y = 0; y < h; y += every)
      for (let x = 0; x < w; x += every) for (let k = 0; k < c; k++) out.push(data[((n * h + y) * w + x) * c + k]!);
  return Float32Array.from(out);
}

function lossChecks(golden: GoldenCase, limit: Limits, out: Arrays): Check[] {
  const losses = golden.index.losses === undefined ? {} : objectOf(golden.index, 'losses');
  return Object.entries(losses).flatMap(([name, entry]): Check[] => {
    if (name !== 'src' && name !== 'dst') return [compare(`losses/${name}`, out[name] ?? [], numberList(losses, name), limit.loss)];
    const terms = entry as Record_;
    return Object.keys(terms).map((term) => {
      const reference = numberList(terms, term);
      const actual = term === 'total' ? out[name]! : (out[`${name}/${term}`] ?? reference.map(() => 0)); // a term that is off counts as 0
      return compare(`losses/${name}/${term}`, actual, reference, term === 'face_style' ? limit.faceStyle : limit.loss);
    });
  });
}

const l2 = (data: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! ** 2;
  return Math.sqrt(sum);
};

function gradientChecks(golden: GoldenCase, given: ModelCase, limit: Limits, out: Arrays, trained: readonly string[]): Check[] {
  const checks: Check[] = [];
  const summaries = summariesOf(golden.index, 'grads');
  const groups = [trained, ...['D_src/', 'dis/'].map((prefix) => [...summaries.keys()].filter((name) => name.startsWith(prefix)))];
  for (const names of groups.filter((group) => group.length > 0)) {
    const full = names.map((name) => given.find(`g/${name}`));
    if (golden.lowering !== 'direct' && full.every((tensor) => tensor !== undefined)) {
      checks.push(distanceCheck(names, out, full));
      continue;
    }
    for (const [i, name] of names.entries()) {
      const summary = summaries.get(name);
      const slope = out[name];
      if (summary === undefined || slope === undefined) {
        checks.push(same(`grads/${name}`, false, summary === undefined ? 'trained, but not in the reference' : 'no gradient'));
        continue;
      }
      checks.push(compare(`grads/${name}/l2`, [l2(slope)], [summary.l2], { abs: 1e-9, rel: limit.gradientL2 }));
      if (limit.gradientElement === undefined) continue;
      const abs = (limit.gradientElement * summary.l2) / Math.sqrt(slope.length) + 1e-6;
      checks.push(
        compare(
          `grads/${name}`,
          summary.idx.map((at) => slope[at]!),
          summary.val,
          { abs, rel: 0 },
        ),
      );
      const whole = full[i];
      if (whole !== undefined) checks.push(compare(`g/${name}`, slope, whole.data as ArrayLike<number>, { abs, rel: 0 }));
    }
  }
  return checks;
}

/** Relative l2 distance over all variables of a group together. */
function distanceCheck(names: readonly string[], out: Arrays, full: readonly (StoredTensor | undefined)[]): Check {
  let [distance, size] = [0, 0];
  for (const [i, name] of names.entries()) {
    const [actual, expected] = [out[name]!, full[i]!.data as ArrayLike<number>];
    for (let k = 0; k < expected.length; k++) {
      distance += (actual[k]! - expected[k]!) ** 2;
      size += expected[k]! ** 2;
    }
  }
  const relative = Math.sqrt(distance / size);
  return compare(`g/ of ${names.length} variables, relative distance`, [relative], [0], { abs: FAST_GRADIENT_DISTANCE, rel: 0 });
}

const LEARNING_RATE = 5e-5;

/** The largest first step of either optimizer, in learning rates: 0.1 / (0.9·√0.001). */
const LARGEST_STEP = 3.5;

async function stepChecks(
  golden: GoldenCase,
  given: ModelCase,
  optimizer: OptimizerName,
  entry: Record_,
  slopes: Arrays,
): Promise<Check[]> {
  const limit = limits[golden.lowering];
  const step = trainStep(given.config, { ...given.options, optimizer }, { n: given.n, lowering: golden.lowering });
  const { data, state, results } = step.loop;
  const nextOf = new Map(state.map(([now, next]) => [nameOf(now), next]));
  const outputs = { ...Object.fromEntries([...nextOf].map(([name, next]) => [`next:${name}`, next])), ...results };
  await using program = await ortBackend().compile(encodeModel(lower(outputs), OPSET));

  const feeds: Record<string, Feed> = {};
  for (const [name, tensor] of [...given.batch, ...given.weights]) feeds[name] = tensor;
  for (const { key, slots } of step.optimizers) {
    feeds[`lr/${key}`] = { shape: [], data: Float32Array.of(LEARNING_RATE) };
    for (const { name, shape } of slots) feeds[name] = { shape, data: new Float32Array(sizeOf(shape)) };
  }
  const read = new Set([...data, ...state.map(([now]) => now), ...step.frozen].map(nameOf));
  for (const name of Object.keys(feeds)) if (!read.has(name)) delete feeds[name];

  const checks: Check[] = [];
  const losses = ['src_loss', 'dst_loss'].filter((loss) => entry[loss] !== undefined);
  const last = Math.max(...losses.map((loss) => listOf(entry, loss).length), ...Object.keys(entry).map((key) => Number(key) || 0));
  for (let t = 1; t <= last; t++) {
    const out = await program.run(feeds);
    for (const name of nextOf.keys()) feeds[name] = out[`next:${name}`]!;
    for (const loss of losses) {
      const reference = listOf(entry, loss)[t - 1] as readonly number[] | undefined;
      if (reference === undefined) continue;
      checks.push(compare(`after/${optimizer}/${loss}, step ${t}`, out[loss]!.data as Float32Array, reference, limit.loss));
    }
    if (entry[String(t)] === undefined) continue;
    for (const [name, summary] of summariesOf(entry, String(t))) {
      const [start, now] = [given.weights.get(name)!.data, feeds[name]!.data as Float32Array];
      const label = `after/${optimizer}/${t}/${name}`;
      const change = now.map((w, i) => w - start[i]!);
      if (summary.deltaL2 !== undefined) {
        checks.push(compare(`${label}/delta_l2`, [l2(change)], [summary.deltaL2], { abs: 0, rel: limit.delta }));
      }
      const clear = clearElements(summary.idx, slopes[name]);
      if (clear.length > 0) {
        const reference = clear.map((i) => summary.val[i]!);
        const actual = clear.map((i) => now[summary.idx[i]!]!);
        checks.push(compare(label, actual, reference, { abs: limit.moved * LARGEST_STEP * LEARNING_RATE * t, rel: 1e-6 }));
      }
      const whole = given.find(`${optimizer}.${t}/${name}`);
      if (whole !== undefined) {
        const distance = moveDistance(change, start, whole.data as ArrayLike<number>, slopes[name]);
        checks.push(compare(`${optimizer}.${t}/${name}, relative distance of the change`, [distance], [0], { abs: limit.moved, rel: 0 }));
      }
    }
  }
  return checks;
}

/** Relative l2 distance of a variable's change from the reference's, over the elements with a clear gradient; over all if it is frozen. */
function moveDistance(change: Float32Array, start: Float32Array, end: ArrayLike<number>, slope: Float32Array | undefined): number {
  const every = Array.from(change, (_, i) => i);
  const compared = slope === undefined ? every : clearElements(every, slope);
  const expected = compared.map((i) => end[i]! - start[i]!);
  const distance = l2(compared.map((at, i) => change[at]! - expected[i]!));
  return distance === 0 ? 0 : distance / l2(expected);
}

function nameOf(value: Value): string {
  if (value.source.kind !== 'input') throw new Error(`${value.describe()} is not an input`);
  return value.source.name;
}

/** Positions in `idx` of elements whose gradient is not close to 0, as far as it is known: those move the same way everywhere. */
function clearElements(idx: readonly number[], slope: Float32Array | undefined): readonly number[] {
  if (slope === undefined) return [];
  const rms = l2(slope) / Math.sqrt(slope.length);
  return idx.flatMap((at, i) => (Math.abs(slope[at]!) > rms / 10 ? [i] : []));
}
