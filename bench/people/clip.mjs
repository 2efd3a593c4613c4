// Renders a clip: node clip.mjs spec.json   (see README.md for the fields). Videos need `ffmpeg` on the path; `png` needs nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
import { HeadModel, Person } from './head.mjs';
import { occlude } from './occluder.mjs';
import { makeBackground, Renderer } from './render.mjs';
import { makeLight, makeSound, makeTrack } from './tracks.mjs';

/** BT.709 H.264; the matrix is stated, since RGB input would otherwise be converted with BT.601's. */
const H264 = (crf) => [
  '-vf',
  'scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int,format=yuv420p',
  '-c:v',
  'libx264',
  '-preset',
  'slow',
  '-threads',
  '1',
  '-crf',
  String(crf),
  '-colorspace',
  'bt709',
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
  '-color_range',
  'tv',
];
const FFV1 = ['-c:v', 'ffv1', '-level', '3', '-g', '1', '-slices', '4', '-threads', '1', '-pix_fmt', 'gray'];

export function* frames(spec, identities) {
  const { width = 640, height = 480, fps = 25, from = 0 } = spec;
  const person = new Person(new HeadModel(), identities[spec.identity]);
  const renderer = new Renderer(width, height);
  const background = makeBackground(width, height, spec.background);
  const seconds = spec.track.seconds;
  const track = makeTrack(spec.track);
  const light = makeLight(spec.light);
  for (let i = 0; i < spec.frames; i++) {
    const n = from + i;
    const t = n / fps;
    const state = track.state(t);
    const lamp = light(t);
    const r = renderer.render(person, state, {
      camera: spec.camera,
      light: lamp,
      background,
      grain: spec.grain,
      labelsOnly: !spec.video && !spec.png,
      seed: spec.track.seed * 100003 + n,
    });
    if (spec.occluder) {
      const c = r.landmarks[30];
      occlude(r, width, height, i / (spec.frames - 1), { x: c[0], y: c[1], unit: spec.camera.scale, ...spec.occluder });
    }
    yield { index: i, time: t, state, light: lamp, ...r };
  }
  return seconds;
}

const round = (x, d = 2) => Math.round(x * 10 ** d) / 10 ** d;
const rounded = (o, d) =>
  Array.isArray(o) ? o.map((x) => round(x, d)) : Object.fromEntries(Object.entries(o).map(([k, x]) => [k, round(x, d)]));

export function png(rgb, width, height) {
  const chunk = (type, data) => {
    const b = Buffer.alloc(12 + data.length);
    b.writeUInt32BE(data.length, 0);
    b.write(type, 4, 'latin1');
    data.copy(b, 8);
    b.writeUInt32BE(crc(b.subarray(4, 8 + data.length)), 8 + data.length);
    return b;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (1 + 3 * width) + 1);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', zlib.deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
function crc(b) {
  let c = ~0;
  for (const x of b) {
    c ^= x;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
  }
  return ~c >>> 0;
}

function pipe(args) {
  const p = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args], { stdio: ['pipe', 'inherit', 'inherit'] });
  const done = once(p, 'close').then(([code]) => {
    if (code) throw new Error(`ffmpeg exited with ${code}: ${args.join(' ')}`);
  });
  return {
    write: (b) => (p.stdin.write(b) ? null : once(p.stdin, 'drain')),
    end() {
      p.stdin.end();
      return done;
    },
  };
}

async function main(specFile) {
  const spec = JSON.parse(fs.readFileSync(specFile, 'utf8'));
  const here = path.dirname(path.resolve(specFile));
  const at = (f) => path.resolve(here, f);
  const { width = 640, height = 480, fps = 25, from = 0 } = spec;
  const { IDENTITIES } = await import(spec.identities ? pathToFileURL(at(spec.identities)).href : './identities.mjs');
  const raw = (format) => ['-f', 'rawvideo', '-pix_fmt', format, '-s', `${width}x${height}`, '-r', String(fps), '-i', '-'];
  let sound = [];
  if (spec.sound) {
    const pcm = makeSound(makeTrack(spec.track), spec.track.seconds, spec.sound);
    const wav = `${at(spec.video)}.pcm`;
    fs.writeFileSync(wav, pcm.subarray(Math.round((from / fps) * 48000) * 4, Math.round(((from + spec.frames) / fps) * 48000) * 4));
    sound = ['-f', 's16le', '-ar', '48000', '-ac', '2', '-i', wav, '-c:a', 'aac', '-b:a', '128k'];
  }
  const video = spec.video && pipe([...raw('rgb24'), ...sound, ...H264(spec.crf ?? 14), '-movflags', '+faststart', at(spec.video)]);
  const mask = spec.mask && pipe([...raw('gray'), ...FFV1, at(spec.mask)]);
  if (spec.png) fs.mkdirSync(at(spec.png), { recursive: true });
  const rows = [];
  const start = performance.now();
  for (const f of frames(spec, IDENTITIES)) {
    if (video) await video.write(f.rgb);
    if (mask) await mask.write(f.mask);
    if (spec.png) fs.writeFileSync(path.join(at(spec.png), `${String(f.index + 1).padStart(5, '0')}.png`), png(f.rgb, width, height));
    rows.push({
      frame: f.index,
      pose: { yaw: round(f.state.yaw), pitch: round(f.state.pitch), roll: round(f.state.roll) },
      gaze: rounded(f.state.gaze, 3),
      light: { from: rounded(f.light.from, 3), color: rounded(f.light.color, 3) },
      landmarks: f.landmarks.map((p) => rounded(p, 2)),
      expression: rounded(f.state.expression, 3),
    });
    if (f.index % 20 === 19)
      console.log(
        `${spec.video ?? spec.png ?? spec.mask} ${f.index + 1}/${spec.frames} ${((performance.now() - start) / 1000 / (f.index + 1)).toFixed(2)} s/frame`,
      );
  }
  await video?.end();
  await mask?.end();
  if (spec.sound) fs.rmSync(`${at(spec.video)}.pcm`);
  if (spec.json)
    fs.writeFileSync(
      at(spec.json),
      JSON.stringify({
        file: path.basename(spec.video ?? spec.png ?? spec.mask),
        identity: spec.identity,
        width,
        height,
        fps,
        camera: spec.camera,
        frames: rows,
      }),
    );
}
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!process.argv[2]) {
    console.error('usage: node clip.mjs spec.json');
    process.exit(2);
  }
  await main(process.argv[2]);
}
