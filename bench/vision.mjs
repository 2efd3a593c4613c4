/**
 * Milliseconds of each stage of the face networks on one thread: median and the middle half of the times, and the mean of the processor's
 * time, which other load on the machine disturbs less. The picture is a stored frame, as it is and enlarged to 1280×720.
 *
 *   npm run bench -- vision [times]
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { nodeCodec } from '../dist/platform/node/codec.js';
import { openFaceModels } from '../dist/platform/node/faceModels.js';
import { landmarks68, regionOfDetection, regionOfMesh } from '../dist/vision/index.js';

const times = Number(process.argv[2] ?? 60);
const file = new URL('../test/vision/frontal.jpg', import.meta.url);
const frame = await nodeCodec().decode(readFileSync(file), 'frontal.jpg');
const models = await openFaceModels();

console.log(`${cpus()[0]?.model.trim()}, Node ${process.version}, 1 thread, ${times} times each`);
for (const picture of [frame, stretched(frame, 1280, 720)]) {
  let image = picture;
  console.log(`${image.width}×${image.height}`);
  const [face] = await models.detect(image);
  const { points } = await models.mesh(image, regionOfDetection(face));
  const stages = {
    detect: () => models.detect(image),
    'detect, turned': () => models.detect(image, { turned: true }),
    'detect, 2 tiles': () => models.detect(image, { tiles: 2 }),
    glance: () => models.glance(image, regionOfMesh(points)),
    mesh: () => models.mesh(image, regionOfMesh(points)),
    'glance and mesh': async () => models.mesh(image, regionOfMesh((await models.glance(image, regionOfMesh(points))).points)),
    'detect and mesh': async () => models.mesh(image, regionOfDetection((await models.detect(image))[0])),
    person: () => models.person(image),
    identity: () => models.identity(image, landmarks68(points)),
  };
  for (const [name, stage] of Object.entries(stages)) {
    const spent = [];
    let before = process.cpuUsage();
    for (let i = -3; i < times; i++) {
      if (i === 0) before = process.cpuUsage();
      image = { ...picture }; // a new one for the networks, which share what they read of one picture
      const from = performance.now();
      await stage();
      if (i >= 0) spent.push(performance.now() - from);
    }
    const { user, system } = process.cpuUsage(before);
    const busy = ((user + system) / 1000 / times).toFixed(1).padStart(6);
    spent.sort((a, b) => a - b);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => spent[Math.floor(share * times)].toFixed(1).padStart(6));
    console.log(`  ${name.padEnd(16)} ${middle} ms  (${low} …${high})  ${busy} ms of processor`);
  }
}
await models[Symbol.asyncDispose]();

/** The nearest pixels. */
function stretched({ width, height, data }, toWidth, toHeight) {
  const out = new Uint8Array(toWidth * toHeight * 3);
  for (let i = 0; i < out.length; i++) {
    const pixel = Math.floor(i / 3);
    const x = Math.floor(((pixel % toWidth) * width) / toWidth);
    const y = Math.floor((Math.floor(pixel / toWidth) * height) / toHeight);
    out[i] = data[(y * width + x) * 3 + (i % 3)];
  }
  return { width: toWidth, height: toHeight, channels: 3, data: out };
}
