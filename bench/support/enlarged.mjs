/** A scene for benchmarks of merging: a test clip scaled to any size and length, a face for each frame from landmarks that are known exactly, and a model. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFace } from '../../dist/extract/index.js';
import { openClip } from '../../dist/platform/node/video.js';
import { createClip } from '../../dist/platform/node/videoWriter.js';

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { clips } = JSON.parse(readFileSync(here('test/clips/landmarks.json'), 'utf8'));

/** A liae-ud model after one iteration. @param sizes  more flags of liae train. */
export function freshModel(model, side, sizes = []) {
  const form = ['--archi', 'liae-ud', '--resolution', String(side), '--face-type', 'f', '--batch-size', '2', '--target', '1'];
  const facesets = ['--src', here('test/faces/src'), '--dst', here('test/faces/dst')];
  execFileSync(process.execPath, [here('dist/cli/main.js'), 'train', '--model', model, ...facesets, ...form, ...sizes]);
}

/** The clip scaled to fill the size, forwards and backwards, as an H.264 film, and a folder with a face for each frame. */
export async function enlargedScene(clip, faces, { width, height, count, quality }) {
  mkdirSync(faces, { recursive: true });
  const source = await openClip(here('test/clips/dst_rotated.mp4'));
  const originals = [];
  for await (const { image } of source.frames()) originals.push(image); // 50 small ones
  const scale = width / originals[0].width;
  const top = (originals[0].height * scale - height) / 2;
  const sink = await createClip(clip, { codec: 'h264', depth: 8, rate: 25, quality });
  const large = originals.map((image) => scaled(image, width, height, scale, top));
  for (let i = 0; i < count; i++) await sink.write({ time: i / 25, image: large[turn(i)] });
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
      makeFace({ x: 0, y: 0, image: small }, plan, { faceType: 'full_face', size: 64, quality: 80 }),
    );
  }
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
