/** What is prepared for a run of merging: faces of a clip without alignments are smoothed within its shots, and never over a cut. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fakeClip, fakeImage, fakeLandmarks } from '../../../test/support/fakeFaces.ts';
import { makeFace } from '../../extract/index.ts';
import { steadyFaces } from '../../merge/index.ts';
import type { MergeAsk } from './mergeAsk.ts';
import { prepareMerge } from './mergePrepare.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae prepares ü '));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const [FRAMES, CUT] = [24, 11];
/** A face that trembles by a pixel, and from the cut on is a fifth of its side further on: near enough to be taken for the same. */
const faceAt = (frame: number) => ({ x: 150 + (frame % 2) + (frame < CUT ? 0 : 14), y: 120 - ((frame * 7) % 3), side: 60 });
const landmarksAt = (frame: number): Float64Array => fakeLandmarks(faceAt(frame));

const faces = join(scratch, 'faces');
mkdirSync(faces);
for (let frame = 0; frame < FRAMES; frame++) {
  const plan = {
    file: `${frame}_0.jpg`,
    sourceFilename: `${frame}.png`,
    rect: [0, 0, 9, 9],
    landmarks: Float32Array.from(landmarksAt(frame)),
  } as const;
  const image = fakeImage([faceAt(frame)]);
  writeFileSync(
    join(faces, plan.file),
    makeFace(
      { x: 0, y: 0, image },
      { ...plan, fields: { frame, sourceHash: 'fake.mp4' } },
      { faceType: 'whole_face', size: 128, quality: 90 },
    ),
  );
}

/** @param cut  whether the second shot looks otherwise. */
async function smoothed(cut: boolean, more: Partial<MergeAsk> = {}): Promise<{ landmarks: Float64Array[]; opened: number }> {
  let opened = 0;
  const open = async () => {
    opened++;
    return fakeClip(FRAMES, (i) => fakeImage([faceAt(i)], cut && i >= CUT ? 190 : 60));
  };
  const ask: MergeAsk = {
    ...{ input: join(scratch, 'fake.mp4'), faces, output: join(scratch, 'frames'), covered: false, settings: {}, personDistance: 0.6 },
    ...{ smooth: true, fill: false, depth: 8, quality: 'high', silent: false, seed: 1, batch: 1, partLength: 20, again: false, ...more },
  };
  const archi = { type: 'liae', u: false, d: false, t: false, c: false } as const;
  const config = { ...archi, resolution: 64, aeDims: 8, eDims: 8, dDims: 8, dMaskDims: 8 };
  const model = { config, faceType: 'full_face', lowering: 'fast', weights: new Map(), hash: 'none' } as const;
  const tools = { open, models: () => Promise.reject(new Error('not asked for')), tool: 'test', finishing: 'none' };
  await using prepared = await prepareMerge(ask, model, tools, new AbortController().signal);
  const { job } = prepared;
  return { landmarks: Array.from({ length: FRAMES }, (_, i) => Float64Array.from(job.faces.get(i)![0]!.landmarks)), opened };
}

/** Each shot as if the other were not there. */
function apart(): Float64Array[] {
  const shots = [
    [0, CUT],
    [CUT, FRAMES],
  ] as const;
  return shots.flatMap(([from, to]) => {
    const own = new Map(Array.from({ length: to - from }, (_, i) => [from + i, [{ landmarks: landmarksAt(from + i) }]] as const));
    const { frames } = steadyFaces(own, { rate: 25, faceType: 'full_face', smooth: true, fill: false });
    return [...frames.values()].map(([face]) => Float64Array.from(face!.landmarks));
  });
}

const furthest = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  Math.max(...a.map((points, i) => Math.max(...points.map((v, k) => Math.abs(v - b[i]![k]!)))));

test('without an alignments file the cuts are looked for, and each shot is smoothed as if it were alone', async () => {
  const raw = Array.from({ length: FRAMES }, (_, i) => landmarksAt(i));
  const { landmarks } = await smoothed(true);
  expect(furthest(landmarks, apart())).toBeLessThan(1e-3);
  expect(furthest(landmarks, raw)).toBeGreaterThan(0.3); // it is smoothed
  const { landmarks: without } = await smoothed(false);
  expect(furthest(without, apart())).toBeGreaterThan(2); // and what the cut prevents is no trifle
});

test('the clip is looked through once for smoothing and a session, and not at all for neither', async () => {
  expect((await smoothed(true, { session: join(scratch, 'merge.json') })).opened).toBe(2);
  expect((await smoothed(true, { smooth: false })).opened).toBe(1);
});
