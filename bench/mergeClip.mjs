/**
 * Merging a clip from end to end: frames a second and where the time goes, at several sizes and lengths, with the peak of memory, which must
 * not grow with the length. The clip is one of the test clips, scaled and repeated; the faces are known exactly; the model is made for it.
 *
 *   npm run bench -- mergeClip [frames] [model's side] [more flags of liae merge]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFace } from '../dist/extract/index.js';
import { openClip } from '../dist/platform/node/video.js';
import { createClip } from '../dist/platform/node/videoWriter.js';

const [frames = '150', side = '128', ...flags] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = here('dist/cli/main.js');
const scratch = mkdtempSync(join(tmpdir(), 'liae-bench-'));
process.env.LIAE_CONFIG = join(scratch, 'config');
const { clips } = JSON.parse(readFileSync(here('test/clips/landmarks.json'), 'utf8'));

try {
  const model = join(scratch, 'model');
  const sizes = ['--archi', 'liae-ud', '--resolution', side, '--face-type', 'f', '--batch-size', '2', '--target', '1'];
  execFileSync(process.execPath, [
    main,
    'train',
    '--model',
    model,
    '--src',
    here('test/faces/src'),
    '--dst',
    here('test/faces/dst'),
    ...sizes,
  ]);
  console.log(
    `${cpus()[0]?.model.trim()}, ${cpus().length} processors, Node ${process.version}; liae-ud ${side}, ${flags.join(' ') || 'overlay'}`,
  );
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
  ]) {
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

/** The clip scaled to fill the size, forwards and backwards, and a face for each frame. */
async function scene(width, height, count) {
  const name = `${width}-${count}`;
  const [clip, faces] = [join(scratch, `${name}.mp4`), join(scratch, name)];
  mkdirSync(faces);
  const source = await openClip(here('test/clips/dst_rotated.mp4'));
  const originals = [];
  for await (const { image } of source.frames()) originals.push(image); // 50 small ones
  const scale = width / originals[0].width;
  const top = (originals[0].height * scale - height) / 2;
  const sink = await createClip(clip, { codec: 'h264', depth: 8, rate: 25, quality: 'high' });
  for (let i = 0; i < count; i++) await sink.write({ time: i / 25, image: scaled(originals[turn(i)], width, height, scale, top) });
  await sink.finish();
  await sink[Symbol.asyncDispose]();
  const made = await openClip(clip);
  const small = originals[0];
  for (let i = 0; i < count; i++) {
    const landmarks = Float32Array.from(clips.dst[turn(i)].landmarks, (v, k) => v * scale - (k % 2 === 0 ? 0 : top));
    const fields = { frame: i, time: i / 25, sourceHash: made.info.hash };
    const plan = { file: `${i}.jpg`, sourceFilename: `${i}.png`, rect: [0, 0, 1, 1], landmarks, fields };
    writeFileSync(
      join(faces, `${String(i).padStart(5, '0')}_0.jpg`),
      makeFace(small, plan, { faceType: 'full_face', size: 64, quality: 80 }),
    );
  }
  return { clip, faces };
}

function turn(i) {
  const k = i % 98;
  return k < 50 ? k : 98 - k;
}

function scaled(image, width, height, scale, top) {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.min(image.height - 1, Math.floor((y + top) / scale)) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(x / scale)) * 3;
      for (let c = 0; c < 3; c++) data[to++] = image.data[from + c];
    }
  }
  return { width, height, channels: 3, data };
}

async function run(model, clip, faces) {
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
    '--no-provenance',
    ...flags,
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let [text, peak] = ['', 0];
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    try {
      peak = Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024) || peak;
    } catch {} // the process is gone, or this is no Linux
  });
  await new Promise((resolve) => child.on('close', resolve));
  const done = JSON.parse(text.trim().split('\n').at(-1));
  return { fps: done.made / done.seconds, stages: done.stages, peak, load };
}
