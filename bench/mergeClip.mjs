/**
 * Merging a clip from end to end: frames a second and where the time goes, at several sizes and lengths, with the peak of memory, which must
 * not grow with the length. The clip is one of the test clips, scaled and repeated; the faces are known exactly; the model is made for it.
 *
 *   npm run bench -- mergeClip [frames] [model's side] [more flags of liae merge]
 *   npm run bench -- mergeClip --minutes N [--side N] [more flags of liae merge]
 *
 * With minutes: one 1080p clip of that length at 25 frames a second and a small model (64 unless said), so that merging is what takes the
 * time; memory is read every second and printed for each twentieth of the run, with its growth over the second half.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enlargedScene, freshModel } from './support/enlarged.mjs';

const asked = process.argv.slice(2);
const minutes = Number(taken('--minutes') ?? 0);
const sideFlag = taken('--side');
const [frames, side, ...flags] =
  minutes > 0 ? ['0', sideFlag ?? '64', ...asked] : [asked[0] ?? '150', asked[1] ?? '128', ...asked.slice(2)];
const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = here('dist/cli/main.js');
const scratch = mkdtempSync(join(tmpdir(), 'liae-bench-'));
process.env.LIAE_CONFIG = join(scratch, 'config');

try {
  const model = join(scratch, 'model');
  freshModel(model, side, minutes > 0 ? ['--ae-dims', '32', '--e-dims', '16', '--d-dims', '16', '--d-mask-dims', '16'] : []);
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} processors, Node ${process.version}; liae-ud ${side}, ${flags.join(' ') || 'overlay'}`,
  );
  if (minutes > 0) await long(model);
  const shapes = [
    [1280, 720],
    [1920, 1080],
  ];
  for (const [width, height] of minutes > 0 ? [] : shapes) {
    for (const count of [Number(frames), Number(frames) * 2]) {
      const { clip, faces } = await scene(width, height, count);
      const { fps, stages, peak, load } = await run(model, clip, faces);
      const part = (ms) => `${(ms / count).toFixed(1)} ms`;
      console.log(
        `${width}×${height}, ${count} frames: ${fps.toFixed(1)} frames a second; a frame: decoding ${part(stages.decode)}, predicting ${part(stages.predict)}, composing ${part(stages.compose)} (all threads), encoding ${part(stages.encode)}; peak ${peak} MiB; load before ${load}`,
      );
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** An option and its value, taken out of the command line. */
function taken(name) {
  const at = asked.indexOf(name);
  return at < 0 ? undefined : asked.splice(at, 2)[1];
}

/** One long clip, and what the process holds while it is merged. */
async function long(model) {
  const count = Math.round(minutes * 60 * 25);
  const began = Date.now();
  const { clip, faces } = await scene(1920, 1080, count);
  console.log(`1920×1080, ${count} frames (${minutes} minutes); clip and faces made in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  const held = [];
  const { fps, peak, seconds } = await run(model, clip, faces, (mib) => held.push(mib));
  for (let k = 1; k <= 20; k++) {
    const part = held.slice(Math.floor(((k - 1) * held.length) / 20), Math.floor((k * held.length) / 20));
    console.log(`  ${String(k * 5).padStart(3)} %: at most ${Math.max(0, ...part)} MiB`);
  }
  const half = held.slice(held.length >> 1);
  const early = Math.max(...half.slice(0, half.length >> 1));
  const late = Math.max(...half.slice(half.length >> 1));
  console.log(
    `${fps.toFixed(1)} frames a second, ${seconds.toFixed(0)} s; peak ${peak} MiB, model's files ${sizeOf(model)} MiB; third quarter ${early}, last ${late} MiB`,
  );
}

/** MiB of the files in a folder. */
function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.round(files.reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0) / 2 ** 20);
}

async function scene(width, height, count) {
  const name = `${width}-${count}`;
  const [clip, faces] = [join(scratch, `${name}.mp4`), join(scratch, name)];
  await enlargedScene(clip, faces, { width, height, count, quality: minutes > 0 ? 'preview' : 'high' });
  return { clip, faces };
}

/** @param holds  called every second with the MiB that the process holds. */
async function run(model, clip, faces, holds = () => {}) {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  const args = [
    'merge',
    '--model',
    model,
    '--input',
    clip,
    '--faces',
    faces,
    '--output',
    `${clip}.out.mp4`,
    '--json',
    '--again',
    '--no-provenance',
    ...flags,
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let [text, peak] = ['', 0];
  const read = () => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const mib = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
      peak = mib('VmHWM') || peak;
      return mib('VmRSS') || undefined;
    } catch {} // the process is gone, or this is no Linux
  };
  const timer = setInterval(() => {
    const mib = read();
    if (mib !== undefined) holds(mib);
  }, 1000);
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    read();
  });
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  const done = JSON.parse(text.trim().split('\n').at(-1));
  return { fps: done.made / done.seconds, seconds: done.seconds, stages: done.stages, peak, load };
}
