/**
 * One 3×3 convolution, forward and both gradients, by each method: what the cost rule of nn/conv.ts was fitted to. The methods take
 * turns; the least of ten runs counts, as other work on the machine only adds.
 *
 *   npm run bench -- layers ['N,C,K,SIDE;N,C,K,SIDE…']
 */
import { encodeModel, gradients, input, lower, sumAll } from '../dist/graph/index.js';
import { chooseMethod } from '../dist/nn/conv.js';
import { convolve3x3 } from '../dist/nn/winograd.js';
import { ortBackend } from '../dist/platform/node/ortBackend.js';

const ROUNDS = 10;
const layers = (
  process.argv[2] ??
  '4,512,2048,4;8,1024,2048,8;8,1024,704,8;8,512,512,16;8,176,352,16;8,256,256,32;8,88,176,32;8,128,128,64;8,44,88,64;8,128,12,64;8,12,64,64'
)
  .split(';')
  .map((text) => text.split(',').map(Number));

const noise = (shape) => ({ shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.random() - 0.5) });

for (const [n, c, k, side] of layers) {
  const x = input('x', [side, side, n, c]);
  const w = input('w', [3, 3, c, k]);
  const trials = [];
  for (const method of ['patches', 'winograd2', 'winograd4']) {
    const y = convolve3x3(x, w, method);
    const dy = input('dy', y.shape);
    const [dx, dw] = gradients([[y, dy]], [x, w]);
    const program = await ortBackend().compile(encodeModel(lower({ y: sumAll(y), dx: sumAll(dx), dw: sumAll(dw) }), 17));
    trials.push({ method, program, feeds: { x: noise(x.shape), w: noise(w.shape), dy: noise(dy.shape) }, ms: Number.POSITIVE_INFINITY });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const trial of trials) {
      const from = performance.now();
      await trial.program.run(trial.feeds);
      trial.ms = Math.min(trial.ms, performance.now() - from);
    }
  }
  const chosen = chooseMethod(x, w);
  const cells = trials.map(({ method, ms }) => `${method === chosen ? '*' : ' '}${method} ${ms.toFixed(1)} ms`.padEnd(24));
  console.log(`${[n, c, k, side].join(', ').padEnd(20)} ${cells.join('')}`);
  for (const { program } of trials) await program[Symbol.asyncDispose]();
}
console.log('* chosen by the cost rule');
