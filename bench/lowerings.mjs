/**
 * Do the two lowerings train alike? A small model on the demo's faces, for a few seeds and iterations with each lowering: final losses (mean of the
 * last fifty iterations) and truth scores, and their spread over seeds.
 *
 *   npm run bench -- lowerings [--seeds 3] [--iterations 500] [--resolution 64]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    iterations: { type: 'string', default: '500' },
    resolution: { type: 'string', default: '64' },
  },
});
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const liae = (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('dist/cli/main.js'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`liae ${args.join(' ')}: exit code ${status}\n${stderr}`);
  return stdout;
};

const workspace = mkdtempSync(join(tmpdir(), 'liae-lowerings-'));
const rows = [];
try {
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    for (const lowering of ['fast', 'direct']) {
      const model = join(workspace, `${lowering}-${seed}`);
      const args = [
        '--model',
        model,
        '--src',
        at('test/faces/src'),
        '--dst',
        at('test/faces/dst'),
        '--seed',
        String(seed),
        '--lowering',
        lowering,
      ];
      const sizes = [
        '--resolution',
        options.resolution,
        '--ae-dims',
        '64',
        '--e-dims',
        '32',
        '--d-dims',
        '32',
        '--d-mask-dims',
        '16',
        '--batch-size',
        '4',
      ];
      liae(
        'train',
        ...args,
        ...sizes,
        '--learning-rate',
        '3e-4',
        '--no-adabelief',
        '--random-src-flip',
        '--target',
        options.iterations,
        '--preview-every',
        '100000',
      );
      const bytes = readFileSync(join(model, 'loss.bin'));
      const losses = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 16, bytes.byteOffset + bytes.length));
      const last = losses.subarray(-100);
      const mean = (side) => last.filter((_, i) => i % 2 === side).reduce((a, b) => a + b, 0) / (last.length / 2);
      const { swap } = JSON.parse(
        liae('score', '--model', model, '--faces', at('test/faces/dst'), '--truth', at('test/faces/truth'), '--json'),
      );
      rows.push({ seed, lowering, src: mean(0), dst: mean(1), dssim: swap.dssim, psnr: swap.psnr });
      const r = rows.at(-1);
      console.log(`| ${seed} | ${lowering} | ${r.src.toFixed(4)} | ${r.dst.toFixed(4)} | ${r.dssim.toFixed(4)} | ${r.psnr.toFixed(2)} |`);
      rmSync(model, { recursive: true });
    }
  }
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
for (const key of ['src', 'dst', 'dssim', 'psnr']) {
  const of = (lowering) => rows.filter((r) => r.lowering === lowering).map((r) => r[key]);
  const spread = (xs) => Math.max(...xs) - Math.min(...xs);
  const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
  const [fast, direct] = [of('fast'), of('direct')];
  const difference = Math.abs(mean(fast) - mean(direct));
  const seeds = Math.max(spread(fast), spread(direct));
  console.log(
    `${key}: means differ by ${difference.toFixed(4)}; spread over seeds ${seeds.toFixed(4)}: ${difference <= seeds ? 'inside' : 'OUTSIDE'}`,
  );
}
