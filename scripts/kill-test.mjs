/**
 * Kills a real training again and again, without warning and often in the middle of a save, and checks after each that the next start
 * resumes from a whole save, that nothing older than the last reported save is lost, and at the end that not one bit differs from a training
 * that nobody disturbed.
 *
 *   npm run kill-test -- [--kills 50] [--seed 1]
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } } });
const kills = Number(values.kills);
const random = randomFrom(Number(values.seed));

const folder = mkdtempSync(join(tmpdir(), 'liae-kill-'));
const tiny = [
  ...['--src', join(root, 'test/faces/src'), '--dst', join(root, 'test/faces/dst'), '--archi', 'liae', '--resolution', '64'],
  ...['--ae-dims', '32', '--e-dims', '16', '--d-dims', '16', '--d-mask-dims', '16', '--batch-size', '1', '--seed', '7'],
];
const command = (model, ...extra) => [join(root, 'dist/cli/main.js'), 'train', '--model', model, ...tiny, ...extra];
const failures = [];
const counts = { saving: 0, running: 0, starting: 0 };
let mostLost = 0;

const model = join(folder, 'killed');
let [reported, seen] = [-1, 0]; // iterations: of the last reported save, and the last one reported at all
for (let round = 1; round <= kills; round++) {
  const plan = ['saving', 'saving', 'running', 'running', 'starting'][Math.floor(random() * 5)];
  const events = await killedRun(command(model, '--json', '--save-every', String(1 + Math.floor(random() * 3))), plan);
  check(round, events);
  counts[plan]++;
  for (const event of events) {
    if (event.event === 'saved') reported = event.iteration;
    if (event.event === 'iteration') seen = event.iteration;
  }
  process.stdout.write(`kill ${round} while ${plan}: at iteration ${seen}, last reported save ${reported}\n`);
}

const target = String(seen + 3);
const last = spawnSync(process.execPath, command(model, '--json', '--target', target, '--save-every', '0'), { encoding: 'utf8' });
if (last.status !== 0) failures.push(`the last start ended with ${last.status}: ${last.stderr}`);
check(
  'last',
  last.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)),
);
const whole = join(folder, 'undisturbed');
const undisturbed = spawnSync(process.execPath, command(whole, '--json', '--target', target, '--save-every', '0'), { encoding: 'utf8' });
if (undisturbed.status !== 0) failures.push(`the undisturbed training ended with ${undisturbed.status}: ${undisturbed.stderr}`);
for (const what of [stateOf, historyOf]) {
  if (what(model) !== what(whole)) failures.push(`${what.name}: differs from the undisturbed training at iteration ${target}`);
}
const left = readdirSync(join(model, 'saves'));
if (left.length !== 2 || left.some((name) => name.startsWith('.'))) failures.push(`saves/ holds ${left.join(', ')}`);

const how = Object.entries(counts)
  .map(([plan, count]) => `${count} while ${plan}`)
  .join(', ');
process.stdout.write(`${kills} kills (${how}); iterations lost at most ${mostLost}; trained to ${target}\n`);
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
process.stdout.write(
  failures.length === 0 ? 'every start resumed from a whole save; the result is bit for bit the undisturbed one\n' : `kept: ${folder}\n`,
);
if (failures.length === 0) rmSync(folder, { recursive: true });
process.exitCode = failures.length === 0 ? 0 : 1;

/** Checks what a start resumed from against what the runs before it reported. */
function check(round, events) {
  const started = events.find((event) => event.event === 'started');
  for (const event of events)
    if (event.event === 'rejected') failures.push(`start ${round}: save ${event.save} was not whole: ${event.why}`);
  if (started === undefined) return; // killed before it came so far
  if (started.iteration < reported) failures.push(`start ${round}: resumed at ${started.iteration}, but ${reported} was reported as saved`);
  if (reported >= 0 && started.resumed === null) failures.push(`start ${round}: began anew over a saved model`);
  mostLost = Math.max(mostLost, seen - started.iteration);
}

/** Runs until a moment of the plan, kills with SIGKILL, and gives the events that came. */
function killedRun(args, plan) {
  return new Promise((done) => {
    const events = [];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text) => (complaint += text));
    const kill = () => child.kill('SIGKILL');
    const timers = [];
    if (plan === 'starting') timers.push(setTimeout(kill, random() * 1500));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.endsWith('}')) return; // cut off by the kill
      const event = JSON.parse(line);
      events.push(event);
      if (event.event !== 'iteration' || timers.length > 0) return;
      if (plan === 'running') timers.push(setTimeout(kill, random() * 1000));
      if (plan === 'saving') {
        const after = random() * 20;
        timers.push(setInterval(() => isSaving() && timers.push(setTimeout(kill, after)), 1));
      }
    });
    child.on('close', (code) => {
      for (const timer of timers) clearTimeout(timer);
      if (code !== null) failures.push(`a start ended by itself with ${code}: ${complaint}`);
      done(events);
    });
  });
}

function isSaving() {
  try {
    return readdirSync(join(model, 'saves')).some((name) => name.startsWith('.'));
  } catch {
    return false;
  }
}

function stateOf(from) {
  const current = readFileSync(join(from, 'current'), 'utf8').trim();
  const { iteration, counters, files } = JSON.parse(readFileSync(join(from, 'saves', current, 'manifest.json'), 'utf8'));
  return JSON.stringify({ iteration, counters, files });
}

function historyOf(from) {
  return existsSync(join(from, 'loss.bin')) ? readFileSync(join(from, 'loss.bin')).toString('base64') : 'none';
}

/** Mulberry32: a small generator, so that a run can be repeated. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
