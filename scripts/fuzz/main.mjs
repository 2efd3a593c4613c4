/**
 * The fuzz campaign against the built program: node scripts/fuzz/main.mjs [--count N] [--seed S] [--first I] [parser…]
 * Each parser runs in a process of its own with a small heap, whose peak memory is measured. Exit code 1 if anything was found.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { campaign, parserNames, parsers } from './campaign.mjs';

const maxRssMib = 512;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    child: { type: 'boolean', default: false },
  },
});
const names = positionals.length === 0 ? parserNames : positionals;
const unknown = names.find((name) => !parserNames.includes(name));
if (unknown !== undefined) {
  console.error(`${unknown}: unknown parser\n  expected ${parserNames.join(', ')}`);
  process.exit(2);
}

if (values.child) {
  const [base, faceset, tflite, dfl] = await Promise.all(
    ['base', 'faceset', 'tflite', 'dfl'].map((name) => import(`../../dist/${name}/index.js`)),
  );
  const named = {
    ...{ curate: 'curate/index', extract: 'extract/index', merge: 'merge/index', train: 'train/index', renders: 'studio/protocol/merge' },
    ...{ written: 'platform/node/extractFiles', parts: 'platform/node/mergePlan', jobs: 'studio/server/jobs', orders: 'cli/orders' },
  };
  const room = { ...base, ...faceset, ...tflite, ...dfl };
  for (const [key, path] of Object.entries(named)) room[key] = await import(`../../dist/${path}.js`);
  const [name] = names;
  const parser = parsers(room, new URL('../../test/golden/', import.meta.url))[name];
  const result = await campaign({
    name,
    parser,
    room,
    count: Number(values.count),
    seed: Number(values.seed),
    first: Number(values.first),
  });
  console.log(JSON.stringify({ ...result, rssMib: process.resourceUsage().maxRSS / 1024 }));
} else {
  let found = false;
  for (const name of names) {
    const started = performance.now();
    const args = ['--max-old-space-size=256', fileURLToPath(import.meta.url), '--child'];
    const { stdout, stderr, status, signal } = spawnSync(
      process.execPath,
      [...args, ...['count', 'seed', 'first'].flatMap((key) => [`--${key}`, values[key]]), name],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    if (status !== 0) {
      found = true;
      console.log(`${name}: the process ended with ${signal ?? status} after ${seconds} s\n${stderr}`);
      continue;
    }
    const { count, accepted, refused, slowestMs, slowest, rssMib, findings } = JSON.parse(stdout);
    if (rssMib > maxRssMib) findings.push(`peak memory ${rssMib.toFixed(0)} MiB, allowed ${maxRssMib}`);
    found ||= findings.length > 0;
    console.log(
      `${name.padEnd(12)} ${count} inputs: ${accepted} accepted, ${refused} refused; slowest ${slowestMs.toFixed(1)} ms (input ${slowest}); ` +
        `peak memory ${rssMib.toFixed(0)} MiB; ${seconds} s; ${findings.length === 0 ? 'nothing found' : `${findings.length} findings`}`,
    );
    for (const finding of findings) console.log(`  ${finding.replaceAll('\n', '\n  ')}`);
  }
  process.exitCode = found ? 1 : 0;
}
