// Random people and random moments of theirs: pictures from which a base model learns faces in general.
//
//     node bench/people/strangers.mjs OUT --people 60 --faces 20 [--seed 1] [--part 0/2]
//
// Each face is rendered alone, aligned as full_face from its exact landmarks at 112 pixels, and written with DeepFaceLab metadata and its
// exact mask. People and moments depend on the seed alone; `--part i/n` renders every n-th person, so that n processes share the work.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faceFromImage } from '../../dist/face/index.js';
import { writeFace } from '../../dist/faceset/index.js';
import { mapPoints, warpAffine } from '../../dist/image/index.js';
import { nodeCodec } from '../../dist/platform/node/codec.js';
import { replaceFile } from '../../dist/platform/node/files.js';
import { HeadModel, Person } from './head.mjs';
import { generator, makeBackground, Renderer } from './render.mjs';
import { makeLight, makeTrack } from './tracks.mjs';

const [WIDTH, SIZE] = [288, 112];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    people: { type: 'string', default: '60' },
    faces: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    part: { type: 'string', default: '0/1' },
  },
});
const out = positionals[0];
if (out === undefined) {
  console.error('usage: node bench/people/strangers.mjs OUT --people N --faces N [--seed N] [--part i/n]');
  process.exit(2);
}

const model = new HeadModel();
const details = [...model.targets.keys()].filter((name) => /^(cheek|chin|eyes|forehead|head|mouth|nose|eyebrows)\//.test(name));

/** A shape, a complexion and hair, drawn so that no two people are alike and none is a caricature. */
function stranger(seed) {
  const random = generator(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const between = (a, b) => a + (b - a) * random();
  const shape = {};
  const sex = pick(['male', 'female']);
  const origins = ['african', 'asian', 'caucasian'].sort(() => random() - 0.5);
  const share = random() < 0.5 ? 1 : between(0.5, 0.9);
  const old = random() < 0.3 ? between(0.2, 0.8) : 0;
  for (const [origin, weight] of [
    [origins[0], share],
    [origins[1], 1 - share],
  ]) {
    if (weight === 0) continue;
    shape[`${origin}-${sex}-young`] = weight * (1 - old);
    if (old > 0) shape[`${origin}-${sex}-old`] = weight * old;
  }
  // left and right alike, up to a little
  for (let i = 0; i < 14; i++) {
    const name = pick(details);
    const weight = between(0.1, 0.55);
    if (name.includes('/l-') || name.includes('/r-')) {
      for (const side of ['/l-', '/r-']) shape[name.replace(/\/[lr]-/, side)] = weight * between(0.9, 1.1);
    } else shape[name] = weight;
  }
  const tone = between(0, 1) * (origins[0] === 'african' ? 0.5 : 1) + (origins[0] === 'african' ? 0 : 0.15);
  const skin = [0.1 + 0.48 * tone, 0.045 + 0.29 * tone, 0.025 + 0.22 * tone].map((v) => v * between(0.92, 1.08));
  const dark = between(0, 1) ** 2;
  const hair = [0.012 + 0.25 * dark, 0.01 + 0.16 * dark, 0.008 + 0.08 * dark];
  return {
    skin,
    lips: [skin[0] * between(0.75, 1), skin[1] * between(0.5, 0.75), skin[2] * between(0.6, 0.9)],
    brow: hair.map((v) => v * between(0.6, 1.1)),
    hair,
    iris: pick([
      [0.12, 0.06, 0.028],
      [0.07, 0.12, 0.17],
      [0.09, 0.12, 0.06],
      [0.05, 0.03, 0.02],
    ]),
    cloth: [between(0.01, 0.3), between(0.01, 0.3), between(0.01, 0.3)],
    stubble: sex === 'male' ? between(0, 0.8) : 0,
    blush: between(0.2, 0.7),
    hairline: { front: between(0.6, 0.78), temple: between(0.05, 0.25), side: 0.5, nape: between(0.75, 0.9) },
    hairThickness: between(0.06, 0.14),
    hairTop: between(0.8, 1.2),
    neckline: between(-1.9, -1.8),
    browShape: { lift: between(-0.01, 0.02), arch: between(0.7, 1.3), thick: between(0.7, 1.3) },
    shape,
  };
}

const renderer = new Renderer(WIDTH, WIDTH);
const codec = nodeCodec();
const [people, faces, seed] = [Number(values.people), Number(values.faces), Number(values.seed)];
const [part, parts] = values.part.split('/').map(Number);
mkdirSync(out, { recursive: true });
for (let i = part; i < people; i += parts) {
  const own = seed * 7919 + i;
  const random = generator(own ^ 0x2545);
  const person = new Person(model, stranger(own));
  const seconds = 24;
  const track = makeTrack({ seed: own, seconds, yaw: 48, pitch: 19, roll: 12 });
  const light = makeLight({ seed: own, from: [random() * 1.6 - 0.8, 0.3 + 0.5 * random(), 0.8] });
  const background = makeBackground(WIDTH, WIDTH, {
    seed: own,
    tint: [0.1 + 0.4 * random(), 0.1 + 0.4 * random(), 0.1 + 0.4 * random()],
    lamp: [random(), random()],
  });
  for (let k = 0; k < faces; k++) {
    const name = `p${String(i).padStart(3, '0')}_${String(k).padStart(3, '0')}.jpg`;
    if (existsSync(join(out, name))) continue;
    const t = ((k + random()) / faces) * seconds;
    const camera = { scale: 70, distance: 11 + 5 * random(), x: WIDTH / 2, y: WIDTH / 2 + 6 };
    const frame = renderer.render(person, track.state(t), {
      camera,
      light: light(t),
      background,
      grain: 1.1 * random(),
      seed: own * 1009 + k,
    });
    const source = Float64Array.from(frame.landmarks.flat());
    const matrix = faceFromImage(source, SIZE, 'full_face');
    const warp = (data, channels) =>
      warpAffine({ width: WIDTH, height: WIDTH, channels, data: Float32Array.from(data) }, matrix, {
        ...{ width: SIZE, height: SIZE, filter: 'linear', border: 'zero' },
      });
    const bytes = (image) => Uint8Array.from(image.data, (v) => Math.round(v));
    const rgb = { width: SIZE, height: SIZE, channels: 3, data: bytes(warp(frame.rgb, 3)) };
    const mask = { width: SIZE, height: SIZE, channels: 1, data: bytes(warp(frame.mask, 1)) };
    const metadata = {
      faceType: 'full_face',
      landmarks: mapPoints(matrix, source),
      sourceFilename: name,
      sourceRect: [0, 0, WIDTH, WIDTH],
      sourceLandmarks: source,
      imageToFace: [...matrix],
      eyebrowsExpandMod: 1,
      polygons: [],
      xsegMask: await codec.encodePng(mask),
    };
    await replaceFile(join(out, name), [writeFace(await codec.encodeJpeg(rgb, 92), metadata, name)]);
  }
}
