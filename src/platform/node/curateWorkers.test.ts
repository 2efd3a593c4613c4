/** Measuring a folder: threads, the calling thread and kept measures say the same; renaming loses nothing, writing a file anew measures it again. */
import { copyFile, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../../../test/support/built.ts';
import { ResourceError } from '../../base/index.ts';
import type { MeasurableFaces, Measures } from '../../curate/index.ts';
import { type Faceset, openFaces } from '../../faceset/index.ts';
import type { FaceModels } from '../../vision/index.ts';
import { measureFolder } from './curateWorkers.ts';
import { nodeFolder } from './files.ts';

const demo = fileURLToPath(new URL('../../../test/faces/src/', import.meta.url));
const workerUrl = built('platform/node/curateWorker.js');
const wanted = ['sharpness', 'pose', 'thumbnail', 'bgr'] as const;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae-measure-'));
  for (const file of (await readdir(demo)).slice(0, 70)) await copyFile(join(demo, file), join(folder, file));
});
afterAll(() => rm(folder, { recursive: true }));

/** The faces, with a count of those that are read. */
function counted(faces: Faceset): MeasurableFaces & { reads: number } {
  const watched = {
    reads: 0,
    count: faces.count,
    name: (i: number) => faces.name(i),
    metadata: (i: number) => faces.metadata(i),
    size: (i: number) => faces.size(i),
    read(i: number) {
      watched.reads++;
      return faces.read(i);
    },
  };
  return watched;
}

const byName = (measures: Measures): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: measures.count }, (_, i) => [
      measures.name(i),
      wanted.map((name) => Array.from(measures.values(name).subarray(i * measures.width(name), (i + 1) * measures.width(name)))),
    ]),
  );

test('threads measure what the calling thread measures', async () => {
  await using faces = await openFaces(nodeFolder(folder));
  const here = await measureFolder(folder, faces, wanted, { workers: 0, fresh: true });
  const there = await measureFolder(folder, faces, wanted, { workers: 2, fresh: true, workerUrl });
  expect(byName(there)).toEqual(byName(here));
  expect(here.broken.size).toBe(0);
});

/** A network that sees the same person in every face. */
const models = (identity: FaceModels['identity']): FaceModels => ({
  detect: () => Promise.reject(new Error('not asked for')),
  mesh: () => Promise.reject(new Error('not asked for')),
  glance: () => Promise.reject(new Error('not asked for')),
  person: () => Promise.reject(new Error('not asked for')),
  identity,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

test('identity comes from the network on this thread, all else from the workers; without the network the run ends', async () => {
  await using faces = await openFaces(nodeFolder(folder));
  const one = models(() => Promise.resolve(new Float32Array(128).fill(0.5)));
  const measures = await measureFolder(folder, faces, ['identity', 'hue'], { workers: 1, fresh: true, workerUrl, models: one });
  expect(measures.values('identity').every((v) => v === 0.5)).toBe(true);
  expect(measures.values('hue').every((v) => v >= 0 && v < 180)).toBe(true);
  const none = models(() => Promise.reject(new ResourceError('the package is not installed')));
  await expect(measureFolder(folder, faces, ['identity'], { workers: 0, fresh: true, models: none })).rejects.toThrow('not installed');
});

test('what was kept is found again after renaming; what is new or written anew is measured', async () => {
  await using before = await openFaces(nodeFolder(folder));
  const first = byName(await measureFolder(folder, before, wanted, { workers: 0 }));
  const [a, b] = [before.name(3), before.name(4)];
  await rename(join(folder, a), join(folder, 'held'));
  await rename(join(folder, b), join(folder, a));
  await rename(join(folder, 'held'), join(folder, b));
  await utimes(join(folder, before.name(7)), 1, 1);
  await using after = await openFaces(nodeFolder(folder));
  const faces = counted(after);
  const second = byName(await measureFolder(folder, faces, wanted, { workers: 0 }));
  expect(faces.reads).toBe(1);
  expect(second).toEqual({ ...first, [a]: first[b], [b]: first[a] });
  expect((await nodeFolder(folder).list()).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a damaged cache is of no use and does no harm; a damaged picture is told', async () => {
  await writeFile(join(folder, '.liae-measures.bgr'), 'rubbish');
  const victim = (await openFaces(nodeFolder(folder))).name(0);
  const bytes = await readFile(join(folder, victim));
  await writeFile(join(folder, victim), Buffer.concat([bytes.subarray(0, bytes.length >> 1), Buffer.from([0xff, 0xd9])]));
  await using faces = await openFaces(nodeFolder(folder));
  const measures = await measureFolder(folder, faces, wanted, { workers: 0 });
  expect([...measures.broken.keys()]).toEqual([0]);
  expect(measures.values('sharpness')[0]).toBeNaN();
  expect(
    measures
      .values('bgr')
      .subarray(768)
      .every((v) => v >= 0),
  ).toBe(true);
});
