/**
 * Face analysis of `liae extract` and MediaPipe's FaceMesh in Python on the same frames and cores, in turn, each time in a process of its own: frames
 * a second once both run, what the start costs, and whole runs. LIAE_PYTHON names a Python with mediapipe.
 *
 *   npm run bench -- extractPeer CLIP [--rounds N] [--workers N]
 *
 * Each round runs the first frames and the whole clip on either side. The difference counts for the pace, by the clock and by the processor; what the
 * first frames take beyond that pace is the start: loading, opening networks, compiling. Ours finds, follows and measures faces, once with and once
 * without telling people apart, which theirs does not do, and ends when the alignments file is whole; theirs ends with the last landmarks. Medians, with
 * the least and the most.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the short run: two stretches, so that two workers have one each. */
const SHORT = 128;

const asked = process.argv.slice(2);
const taken = (name) => {
  const at = asked.indexOf(`--${name}`);
  return at < 0 ? undefined : asked.splice(at, 2)[1];
};
const rounds = Number(taken('rounds') ?? 5);
const workers = Number(taken('workers') ?? cpus().length);
const frames = taken('analyse');
const identity = taken('identity') !== 'no';
const [clip] = asked;
if (clip === undefined) throw new Error('name the clip');
if (frames === undefined) await compare();
else await analyse(Number(frames));

/** One analysis, as a process that says what it took. */
async function analyse(most) {
  const { extract } = await import('../dist/platform/node/extractRun.js');
  const { openFaceModels } = await import('../dist/platform/node/faceModels.js');
  const { extractionJob, extractionTools } = await import('./support/extraction.mjs');
  const out = mkdtempSync(join(tmpdir(), 'liae-bench-'));
  const models = identity ? openFaceModels() : withoutIdentity();
  const tools = extractionTools(models);
  const job = { ...extractionJob(clip, out, { size: 512, workers }), to: { frame: most } };
  const stop = new AbortController();
  let told;
  try {
    const report = (event) => {
      if (event.event === 'analysed') told = event;
      if (event.event !== 'settled') return;
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify({ frames: told.frames, faces: told.faces, cpuSeconds: (user + system) / 1e6 }));
      stop.abort(); // faces are not written
    };
    await extract(job, tools, report, stop.signal);
  } finally {
    await (await models)[Symbol.asyncDispose]();
    rmSync(out, { recursive: true, force: true });
  }
}

/** As where the package of that network is not installed. */
async function withoutIdentity() {
  const { ResourceError } = await import('../dist/base/index.js');
  const { openFaceModels } = await import('../dist/platform/node/faceModels.js');
  const models = await openFaceModels();
  return { ...models, identity: () => Promise.reject(new ResourceError('not asked for')) };
}

async function compare() {
  const python = process.env.LIAE_PYTHON;
  if (!python) throw new Error('name a Python with mediapipe in LIAE_PYTHON');
  const here = (path) => fileURLToPath(new URL(path, import.meta.url));
  const own = [here('extractPeer.mjs'), clip, '--workers', String(workers), '--analyse'];
  const sides = {
    'liae, people told apart': (most) => run(process.execPath, [...own, String(most)]),
    liae: (most) => run(process.execPath, [...own, String(most), '--identity', 'no']),
    'FaceMesh, Python': (most) => run(python, [here('peers/facemesh.py'), clip, '2', String(most)]),
  };
  console.log(
    `${basename(clip)}; ${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}; ${rounds} rounds, ours with ${workers} workers`,
  );
  const found = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, side] of Object.entries(sides)) {
      const [few, all] = [await side(SHORT), await side(1e9)];
      const between = all.frames - few.frames;
      if (between < SHORT) throw new Error(`${basename(clip)}: ${all.frames} frames; at least ${2 * SHORT} show a pace`);
      const [pace, cpu] = [(all.seconds - few.seconds) / between, (all.cpuSeconds - few.cpuSeconds) / between];
      const start = few.seconds - pace * few.frames;
      found[name].push({
        ...all,
        pace,
        cpu,
        start,
        startCpu: few.cpuSeconds - cpu * few.frames,
        perSecond: 1 / pace,
        whole: all.frames / all.seconds,
      });
    }
  }
  for (const [name, list] of Object.entries(found)) {
    const of = (key, scale, digits) =>
      spread(
        list.map((one) => one[key] * scale),
        digits,
      );
    console.log(`${name}: ${list[0].frames} frames, ${list[0].faces} faces`);
    console.log(
      `  pace ${of('perSecond', 1, 0)} frames a second, ${of('pace', 1000, 2)} ms a frame; processor ${of('cpu', 1000, 2)} ms a frame`,
    );
    console.log(
      `  start ${of('start', 1, 2)} s, processor ${of('startCpu', 1, 2)} s; whole run ${of('seconds', 1, 2)} s, ${of('whole', 1, 0)} frames a second`,
    );
  }
  const theirs = found['FaceMesh, Python'];
  for (const [name, ours] of Object.entries(found)) {
    const ratio = (key) =>
      spread(
        ours.map((one, i) => one[key] / theirs[i][key]),
        2,
      );
    if (ours !== theirs) console.log(`${name} to theirs, round by round: pace ${ratio('perSecond')}, whole run ${ratio('whole')}`);
  }
}

/** Seconds from the start of the process to its line, and what the line says. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let [text, seconds] = ['', 0];
    child.stdout.on('data', (piece) => {
      text += piece;
      seconds ||= (performance.now() - from) / 1000;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ ...JSON.parse(text), seconds });
      else reject(new Error(`${command} ${args.join(' ')}: ended with ${code}`));
    });
  });
}

function spread(values, digits) {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, middle, most] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map((i) => sorted[i].toFixed(digits));
  return `${middle} (${least} … ${most})`;
}
