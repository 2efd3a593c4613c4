/**
 * Milliseconds to merge one face of a 256 model into a frame, the prediction left out: cropping for the predictor, then everything behind
 * it, on one core. The face's crop is 40 % of the frame's height. CPU time, so that other load disturbs little: median and
 * spread of the runs for each mode and frame size.
 *
 *   npm run bench -- merge [runs] [words that modes must contain]
 *
 * With LIAE_PYTHON, a Python that has OpenCV and NumPy, the same work there (bench/peers/merge_ops.py), a few runs here and a few there in turn, and
 * ours / theirs: the ratio of the medians, and the least and most of the turns'; LOST above 1.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { floatImage } from '../dist/image/index.js';
import { cropFace, mergeFrame, mergeTools, resolveMergeSettings } from '../dist/merge/index.js';
import { nodeCodec } from '../dist/platform/node/codec.js';

const [runs = '25', ...words] = process.argv.slice(2);
const RESOLUTION = 256;
const SHARE = 0.4;
/** Runs of one side before it is the other's turn. */
const TURN = 5;

/** Nothing done to the mask but what a case says. */
const plain = { erode_mask_modifier: 0, blur_mask_modifier: 0 };
const worked = { erode_mask_modifier: 10, blur_mask_modifier: 30 };
const cases = {
  original: { mode: 'original' },
  overlay: { mode: 'overlay' },
  'hist-match': { mode: 'hist-match' },
  seamless: { mode: 'seamless', color_transfer_mode: 'none' },
  'seamless, rct': { mode: 'seamless' },
  'seamless-hist-match': { mode: 'seamless-hist-match' },
  'overlay, erode 10 blur 30': { mode: 'overlay', ...worked },
  'seamless, erode 10 blur 30': { mode: 'seamless', color_transfer_mode: 'none', ...worked },
  'overlay, erode 60 blur 120': { mode: 'overlay', erode_mask_modifier: 60, blur_mask_modifier: 120 },
  multiband: { mode: 'multiband', ...worked },
  'linear light': { mode: 'overlay', linear_light: true, ...worked },
  'motion 50, sharpen 4': { mode: 'overlay', motion_blur_power: 50, sharpen_mode: 'gaussian', blursharpen_amount: 4, ...worked },
  'denoise 100': { mode: 'overlay', image_denoise_power: 100 },
  'bicubic 50': { mode: 'overlay', bicubic_degrade_power: 50 },
  'color degrade 50': { mode: 'overlay', color_degrade_power: 50 },
};

const { landmarks } = JSON.parse(readFileSync(new URL('../test/golden/tools/merge/cases.json', import.meta.url), 'utf8'));
const tools = mergeTools();
const codec = nodeCodec();
const prediction = {
  face: smooth(RESOLUTION, 3, 5),
  mask: oval(RESOLUTION, 0.36, 0.45),
  dstMask: oval(RESOLUTION, 0.38, 0.44),
};

const scratch = mkdtempSync(join(tmpdir(), 'liae-bench-'));
const peer = await openPeer();
console.log(`${cpus()[0]?.model.trim()}, Node ${process.version}; ${runs} runs a line, times in ms: median (least … most)`);
if (peer !== undefined) console.log(peer.about);
try {
  for (const [width, height] of [
    [1280, 720],
    [1920, 1080],
  ]) {
    const frame = scene(width, height);
    const points = scaled(landmarks, width, height);
    const png = await codec.encodePng(frame);
    const file = join(scratch, `${width}x${height}.png`);
    writeFileSync(file, png);
    console.log(`\n${width}×${height}`);
    if (words.length === 0) await report(file, 'PNG read', () => codec.decode(png, 'frame'));
    for (const [name, asked] of Object.entries(cases)) {
      if (!words.every((word) => name.includes(word))) continue;
      const settings = resolveMergeSettings({ ...plain, ...asked });
      await report(file, name, (i) => {
        const crop = cropFace(frame, points, { resolution: RESOLUTION, faceType: 'whole_face' }, settings, tools.simd);
        return mergeFrame(frame, [{ crop, prediction }], settings, { motion: { power: 14, angleDeg: 30 }, seed: 1, frame: i, tools });
      });
    }
  }
} finally {
  peer?.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function report(file, name, work) {
  for (let i = 0; i < 20; i++) await work(i); // until everything is compiled
  await peer?.times(file, name, 2);
  const [ours, theirs, ratios] = [[], [], []];
  for (let left = Number(runs); left > 0; left -= TURN) {
    const turn = [];
    for (let i = 0; i < Math.min(left, TURN); i++) {
      const before = process.cpuUsage();
      await work(i);
      const { user, system } = process.cpuUsage(before);
      turn.push((user + system) / 1000);
    }
    ours.push(...turn);
    const other = (await peer?.times(file, name, turn.length)) ?? [];
    theirs.push(...other);
    if (other.length > 0) ratios.push(median(turn) / median(other));
  }
  const spread = (values, digits) => `${Math.min(...values).toFixed(digits)} … ${Math.max(...values).toFixed(digits)}`;
  const ratio = median(ours) / median(theirs);
  const beside =
    theirs.length === 0
      ? ''
      : `  OpenCV ${median(theirs).toFixed(1)}, ratio ${ratio.toFixed(2)} (${spread(ratios, 2)})${ratio > 1 ? ' LOST' : ''}`;
  console.log(`  ${name.padEnd(28)} ${median(ours).toFixed(1).padStart(7)}  (${spread(ours, 1)})${beside}`);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** OpenCV in a process of its own, which works when it is asked; none without LIAE_PYTHON. */
async function openPeer() {
  const python = process.env.LIAE_PYTHON;
  if (!python) return undefined;
  const child = spawn(python, [fileURLToPath(new URL('peers/merge_ops.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('bench/peers/merge_ops.py ended');
    return value;
  };
  return {
    about: await next(),
    async times(file, name, count) {
      child.stdin.write(`${file}\t${name}\t${count}\n`);
      return (await next()).split(' ').filter(Boolean).map(Number);
    },
    close: () => child.stdin.end(),
  };
}

/** The landmarks moved so that their crop has its share of the frame. */
function scaled(points, width, height) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const crop = (bottom - top) * 1.6;
  const scale = (height * SHARE) / crop;
  return Float64Array.from(
    points.flatMap(([x, y]) => [width / 2 + (x - (left + right) / 2) * scale, height / 2 + (y - (top + bottom) / 2) * scale]),
  );
}

function scene(width, height) {
  const data = new Uint8Array(width * height * 3);
  let noise = 1;
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
      const grain = (noise >>> 28) - 8;
      data[p++] = 120 + 60 * Math.sin(x / 90) + grain;
      data[p++] = 110 + 50 * Math.cos(y / 70) + grain;
      data[p++] = 100 + 40 * Math.sin((x + y) / 110) + grain;
    }
  }
  return { width, height, channels: 3, data };
}

function smooth(side, channels, waves) {
  const image = floatImage(side, side, channels);
  for (let p = 0; p < image.data.length; p++) {
    const i = Math.floor(p / channels);
    image.data[p] = 0.5 + 0.3 * Math.sin(((i % side) * waves) / side + (p % channels)) * Math.cos((Math.floor(i / side) * waves) / side);
  }
  return image;
}

/** A soft oval that, like a network's, is nowhere quite 0 or 1. */
function oval(side, rx, ry) {
  const image = floatImage(side, side, 1);
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      const r = Math.hypot((x / side - 0.5) / rx, (y / side - 0.5) / ry);
      image.data[i] = 1 / (1 + Math.exp((r - 1) * 30));
    }
  }
  return image;
}
