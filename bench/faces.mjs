/**
 * A large faceset: how long listing, measuring, sorting each way, finding duplicates, grouping and choosing take, and the most memory used.
 * The faces are the demo's, in several brightnesses, with landmarks moved a little and frames of their own; vectors of identity are made up.
 *
 *   npm run bench -- faces [--count 60000] [--workers 2] [--folder DIR, kept if given] [--only TEXT]
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Rng } from '../dist/base/index.js';
import { chooseFaces, cluster, dedupe, measuresOf, sortFaces, sortKinds } from '../dist/curate/index.js';
import { openFaces, readFace, writeFace } from '../dist/faceset/index.js';
import { nodeCodec } from '../dist/platform/node/codec.js';
import { measureFolder } from '../dist/platform/node/curateWorkers.js';
import { nodeFolder } from '../dist/platform/node/files.js';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '60000' },
    workers: { type: 'string', default: String(availableParallelism()) },
    folder: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const [count, workers] = [Number(options.count), Number(options.workers)];
const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'liae-faces-')));
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

console.log(`${count} faces, ${workers} threads, ${cpus()[0]?.model.trim()}, Node ${process.version}`);
console.log(`${'what'.padEnd(34)}   seconds   per face    memory now`);

async function timed(what, run) {
  const from = performance.now();
  const result = await run();
  const seconds = (performance.now() - from) / 1000;
  const each = `${((seconds / count) * 1e6).toFixed(1)} µs`;
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(2).padStart(9)} ${each.padStart(12)} ${megabytes(process.memoryUsage.rss()).padStart(10)}`,
  );
  return result;
}

await timed('making the faces', make);
const faces = await timed('listing', () => openFaces(nodeFolder(folder)));
const every = ['sharpness', 'motion', 'brightness', 'hue', 'black', 'exposure', 'maskedGrey', 'grey', 'bgr', 'thumbnail', 'pose'];
const wanted = [...every, 'sourceArea', 'expression'];
const measures = await timed('measuring everything', () => measureFolder(folder, faces, wanted, { workers }));
await timed('the same from what was kept', () => measureFolder(folder, faces, wanted, { workers }));
for (const kind of sortKinds) {
  if (kind.needs.includes('picture') || kind.needs.includes('identity') || !kind.name.includes(options.only)) continue;
  await timed(`sort ${kind.name}`, async () => sortFaces(kind, measures));
}
if ('absdiff'.includes(options.only) && count <= 2000) {
  const pictures = await timed('decoding all pictures', () => measureFolder(folder, faces, ['picture'], { workers }));
  await timed('sort absdiff', async () =>
    sortFaces(
      sortKinds.find(({ name }) => name === 'absdiff'),
      pictures,
    ),
  );
}
const { duplicates } = await timed('dedupe', async () => dedupe(measures));
console.log(`  ${duplicates.length} repeat another`);
await timed('choose 2000', async () => chooseFaces(measures, Math.min(2000, count / 2)));
const identity = madeUpIdentities();
const people = await timed('cluster', async () =>
  cluster(
    identity,
    Array.from({ length: count }, (_, i) => i),
  ),
);
console.log(`  ${people.length} persons, the largest with ${people[0].faces.length} faces`);
await timed('sort identity', async () =>
  sortFaces(
    sortKinds.find(({ name }) => name === 'identity'),
    measuresOf(
      Array.from({ length: count }, (_, i) => faces.name(i)),
      { identity },
      Array.from({ length: count }, (_, i) => faces.metadata(i)),
    ),
  ),
);
console.log(`most memory ${megabytes(process.resourceUsage().maxRSS * 1024)}`);
await faces[Symbol.asyncDispose]();
if (options.folder === undefined) await rm(folder, { recursive: true });

/** The demo's faces, brightened by a few levels again and again, until there are enough; only the metadata of each is its own. */
async function make() {
  await mkdir(folder, { recursive: true });
  const codec = nodeCodec();
  const bases = [];
  for (const side of ['src', 'dst']) {
    const from = fileURLToPath(new URL(`../test/faces/${side}/`, import.meta.url));
    for (const name of await readdir(from)) {
      const bytes = new Uint8Array(await readFile(join(from, name)));
      const { metadata } = readFace(bytes, name);
      const image = await codec.decode(bytes, name);
      for (let shift = 0; shift < 4; shift++) {
        const data = image.data.map((v) => Math.min(255, v + shift * 8));
        bases.push({ bytes: await codec.encodeJpeg({ ...image, data }, 90), metadata });
      }
    }
  }
  const rng = new Rng(1);
  for (let i = 0; i < count; i++) {
    const { bytes, metadata } = bases[rng.integer(0, bases.length)];
    const landmarks = metadata.landmarks.map((v) => v + rng.normal());
    const [left, top] = [rng.integer(0, 900), rng.integer(0, 500)];
    const sourceRect = [left, top, left + rng.integer(80, 400), top + rng.integer(80, 400)];
    const name = `${String(i).padStart(5, '0')}_0.jpg`;
    await writeFile(join(folder, name), writeFace(bytes, { ...metadata, landmarks, sourceRect, sourceFilename: name }, name));
  }
}

/** Forty persons of unlike share. */
function madeUpIdentities() {
  const rng = new Rng(2);
  const people = Array.from({ length: 40 }, () => Array.from({ length: 128 }, () => rng.normal() * 0.07));
  const vectors = new Float32Array(count * 128);
  for (let i = 0; i < count; i++) {
    const person = people[Math.floor(40 * rng.uniform() ** 2)];
    for (let d = 0; d < 128; d++) vectors[i * 128 + d] = person[d] + rng.normal() * 0.025;
  }
  return vectors;
}
