/**
 * Seconds per training iteration, beside PyTorch on the same machine where a Python with torch is found. Each measurement is a process of its own; they take turns,
 * so that a change in the machine's speed meets both. Random data: the sample generator has a bench of its own.
 *
 *   npm run bench -- train [--case ud128|udt256|all] [--rounds 3] [--steps 8] [--chunk 4] [--lowering fast|direct]
 *                          [--python FILE] [--peer fp32|fp32cl|bf16|none] [--adabelief]
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: 'all' },
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '8' },
    chunk: { type: 'string', default: '4' },
    lowering: { type: 'string', default: 'fast' },
    python: { type: 'string' },
    peer: { type: 'string', default: 'fp32' },
    adabelief: { type: 'boolean', default: false },
    child: { type: 'string' },
    profile: { type: 'string' },
  },
});

const cases = {
  ud128: { archi: 'liae-ud', resolution: 128, batch: 4 },
  udt256: { archi: 'liae-udt', resolution: 256, batch: 2 },
};
const dims = { aeDims: 256, eDims: 64, dDims: 64, dMaskDims: 22 };
const median = (xs) => xs.toSorted((a, b) => a - b)[Math.floor(xs.length / 2)];

/** Multiplications and additions of all convolutions and dense layers, forward and both gradients, in their direct form. */
function flopsOf({ resolution, archi, batch }) {
  const [u, d, t] = [...'udt'].map((letter) => archi.split('-')[1].includes(letter));
  void u;
  const { aeDims: ae, eDims: e, dDims, dMaskDims } = dims;
  let flops = 0;
  const conv = (side, kernel, inputs, outputs, n, first = false) => {
    flops += (first ? 2 : 3) * 2 * side * side * kernel * kernel * inputs * outputs * n;
  };
  const both = 2 * batch;
  let side = resolution;
  let width = 3;
  for (const [i, next] of (t ? [e, 2 * e, 4 * e, 8 * e, 8 * e] : [e, 2 * e, 4 * e, 8 * e]).entries()) {
    side /= 2;
    conv(side, 5, width, next, both, i === 0);
    width = next;
    if (t && (i === 0 || i === 4)) for (let k = 0; k < 2; k++) conv(side, 3, width, width, both);
  }
  const code = side * side * width;
  const s = resolution / (d ? 32 : 16);
  for (const n of [both, batch]) {
    flops += 3 * 2 * n * (code * ae + ae * s * s * 2 * ae);
    if (!t) conv(s, 3, 2 * ae, 8 * ae, n);
  }
  const decode = (base, residual) => {
    let x = t ? s : 2 * s;
    let c = 4 * ae;
    for (const w of t ? [8, 8, 4, 2] : [8, 4, 2]) {
      conv(x, 3, c, 4 * w * base, both);
      x *= 2;
      c = w * base;
      if (residual) for (let k = 0; k < 2; k++) conv(x, 3, c, c, both);
    }
    return { x, c };
  };
  const face = decode(dDims, true);
  for (const kernel of d ? [1, 3, 3, 3] : [1]) conv(face.x, kernel, face.c, 3, both);
  const mask = decode(dMaskDims, false);
  if (d) {
    conv(mask.x, 3, mask.c, 4 * dMaskDims, both);
    conv(mask.x * 2, 1, dMaskDims, 1, both);
  } else conv(mask.x, 1, mask.c, 1, both);
  return flops;
}

async function child(name) {
  const { archi, resolution, batch } = cases[name];
  const { graphEngine } = await import('../dist/train/index.js');
  const { parseArchi } = await import('../dist/models/index.js');
  const { ortBackend } = await import('../dist/platform/node/ortBackend.js');
  const step = {
    ...{
      maskedTraining: true,
      eyesMouthPriority: true,
      blurOutMask: false,
      faceStylePower: 0,
      bgStylePower: 0,
      ganPower: 0,
      ganPatchSize: 16,
    },
    ...{ ganDims: 16, trueFacePower: 0, variationAxes: 'rows-columns', randomWarp: true, clipGradients: false, learningRateDropout: false },
    optimizer: options.adabelief ? 'adabelief' : 'rmsprop',
  };
  const config = { ...parseArchi(archi), resolution, ...dims };
  const profiled = { ...ortBackend(), compile: (model, o) => ortBackend().compile(model, { ...o, profile: options.profile }) };
  const engine = graphEngine(options.profile ? profiled : ortBackend(), {
    ...{ config, step, lowering: options.lowering, batchSize: batch, learningRate: 5e-5, seed: 1 },
  });
  const noise = (channels, fill) => Float32Array.from({ length: resolution * resolution * batch * channels }, () => fill ?? Math.random());
  const side = () => ({ warped: noise(3), target: noise(3), mask: noise(1, 1), em: noise(1, 1) });
  const chunk = Number(options.chunk);
  const seconds = [];
  const start = performance.now();
  await engine.run([{ src: side(), dst: side() }], 0);
  const firstMs = performance.now() - start;
  await engine.run(
    Array.from({ length: chunk }, () => ({ src: side(), dst: side() })),
    1,
  ); // memory is fetched from the system here
  for (let done = 0; done < Number(options.steps); done += chunk) {
    const batches = Array.from({ length: chunk }, () => ({ src: side(), dst: side() }));
    const from = performance.now();
    await engine.run(batches, done);
    seconds.push((performance.now() - from) / 1000 / chunk);
  }
  await engine[Symbol.asyncDispose]();
  process.stdout.write(JSON.stringify({ seconds, firstMs, peakBytes: process.resourceUsage().maxRSS * 1024 }));
}

function measure(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** A Python that can import torch. */
function findPython() {
  for (const python of [options.python, process.env.LIAE_BENCH_PYTHON, 'python3', 'python'].filter(Boolean)) {
    if (python.includes('/') && !existsSync(python)) continue;
    if (spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0) return python;
  }
  return undefined;
}

function main() {
  const python = options.peer === 'none' ? undefined : findPython();
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.versions.node}`);
  if (python === undefined && options.peer !== 'none') console.log('no Python with torch found (--python FILE): timing liae alone');
  for (const name of options.case === 'all' ? Object.keys(cases) : [options.case]) {
    const shape = cases[name];
    if (shape === undefined) throw new Error(`--case ${name}: one of ${Object.keys(cases).join(', ')}, all`);
    const flops = flopsOf(shape);
    console.log(
      `\n${name}: ${shape.archi} ${shape.resolution}, batch ${shape.batch}, ${options.adabelief ? 'AdaBelief' : 'RMSprop'}, ${(flops / 1e9).toFixed(0)} GFLOP a step in direct form`,
    );
    const ours = [];
    const theirs = [];
    const ratios = [];
    const self = fileURLToPath(import.meta.url);
    const flags = [
      '--steps',
      options.steps,
      '--chunk',
      options.chunk,
      '--lowering',
      options.lowering,
      ...(options.adabelief ? ['--adabelief'] : []),
    ];
    for (let round = 0; round < Number(options.rounds); round++) {
      const mine = measure(process.execPath, [self, '--child', name, ...flags]);
      ours.push(...mine.seconds);
      const line = [
        `  liae ${median(mine.seconds).toFixed(3)} s, first ${(mine.firstMs / 1000).toFixed(1)} s, peak ${(mine.peakBytes / 2 ** 30).toFixed(2)} GiB`,
      ];
      if (python !== undefined) {
        const peer = measure(python, [
          fileURLToPath(new URL('./peers/torch_liae.py', import.meta.url)),
          ...[String(shape.resolution), shape.archi.split('-')[1], String(shape.batch), String(Number(options.steps) + 1), options.peer],
        ]);
        const times = peer.seconds.slice(1);
        theirs.push(...times);
        ratios.push(median(times) / median(mine.seconds));
        line.push(
          `PyTorch ${peer.version} ${options.peer} ${median(times).toFixed(3)} s, peak ${(peer.peakBytes / 2 ** 30).toFixed(2)} GiB, ratio ${ratios.at(-1).toFixed(2)}`,
        );
      }
      console.log(line.join(';  '));
    }
    const spread = (xs) => `${median(xs).toFixed(3)} (${Math.min(...xs).toFixed(3)} … ${Math.max(...xs).toFixed(3)})`;
    console.log(`  liae ${spread(ours)} s/iteration, ${(flops / median(ours) / 1e9).toFixed(0)} GFLOP/s`);
    if (theirs.length > 0)
      console.log(
        `  PyTorch ${spread(theirs)} s/iteration, ${(flops / median(theirs) / 1e9).toFixed(0)} GFLOP/s; liae is ${spread(ratios)} times as fast`,
      );
  }
}

if (options.child !== undefined) await child(options.child);
else main();
