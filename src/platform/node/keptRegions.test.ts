/**
 * Regions that a hand drew on faces survive that the faces are made anew: they lie on the same pixels of the frame, whatever the crop, the name
 * or the order of the faces; what is erased stays erased.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeFace, fakeClip, fakeImage, fakeLandmarks, fakeModels } from '../../../test/support/fakeFaces.ts';
import { expectClose } from '../../../test/support.ts';
import { encodeMask, polygonMask, storedMask } from '../../curate/index.ts';
import { editsText, parseEdits } from '../../extract/index.ts';
import { type FaceMetadata, liaeFields, type MaskPolygon, readFace, writeFace } from '../../faceset/index.ts';
import { type Affine, invertAffine, mapPoints } from '../../image/index.ts';
import { nodeCodec } from './codec.ts';
import { clipFiles } from './extractClip.ts';
import { type ExtractJob, type ExtractTools, extract, realign } from './extractRun.ts';

let folder = '';
let out = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae regions-'));
  out = join(folder, 'faces');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const left: FakeFace = { x: 80, y: 100, side: 50, angle: 0.2 };
const right: FakeFace = { x: 240, y: 120, side: 60 };
const FRAMES = 4;

const toolsFor = (hash = 'fake.mp4'): ExtractTools => {
  const clip = fakeClip(FRAMES, () => fakeImage([left, right]));
  return { open: async () => ({ ...clip, info: { ...clip.info, hash } }), models: async () => fakeModels(), now: () => 0 };
};
const jobFor = (more: Partial<ExtractJob> = {}): ExtractJob => ({
  ...{ inputs: ['/clips/fake.mp4'], out, make: { faceType: 'whole_face', size: 64, quality: 90 }, tiles: 1, turned: false },
  choose: { maxFaces: 0, minSize: 20, minScore: 0 },
  ...{ smooth: true, fill: true, debug: false, again: false, workers: 0, tool: 'test' },
  ...more,
});
const run = (more: Partial<ExtractJob> = {}, tools = toolsFor()) => extract(jobFor(more), tools, () => {}, new AbortController().signal);
const again = { again: true, make: { faceType: 'full_face', size: 96, quality: 90 } } as const;

const face = async (name: string, where = out) => readFace(await readFile(join(where, name)), name);
async function draw(name: string, change: Partial<FaceMetadata>): Promise<void> {
  const { metadata, dict } = await face(name);
  const path = join(out, name);
  await writeFile(path, writeFace(await readFile(path), { ...metadata, ...change }, name, dict));
}
const triangle: MaskPolygon = { include: true, points: Float32Array.of(10, 12, 50, 14, 30, 52) };
const hole: MaskPolygon = { include: false, points: Float32Array.of(20, 20, 30, 20, 30, 30, 20, 30) };

/** Where the corners of its regions are in the frame. */
const inFrame = ({ metadata }: { metadata: FaceMetadata }): number[] =>
  metadata.polygons.flatMap(({ points }) => [...mapPoints(invertAffine(metadata.imageToFace as unknown as Affine), points)]);
const editsOf = async () => parseEdits(await readFile(clipFiles(out, 'fake.mp4').edits, 'utf8'), 'edits');

test('regions lie on the same pixels of the frame after --again with another crop, on the face that they were drawn on', async () => {
  await run();
  await draw('00002_1.jpg', { polygons: [triangle, hole] });
  const before = inFrame(await face('00002_1.jpg'));
  await run(again);
  const made = await face('00002_1.jpg');
  expect(made.jpeg.width).toBe(96);
  expect(made.metadata.polygons.map(({ include }) => include)).toEqual([true, false]);
  expectClose(Float64Array.from(inFrame(made)), before, { abs: 0.011 });
  for (const name of ['00002_0.jpg', '00001_1.jpg', '00003_1.jpg']) expect((await face(name)).metadata.polygons).toEqual([]);
  // And again, now from a face that the edits drew on: it does not wander.
  await run({ again: true });
  expectClose(Float64Array.from(inFrame(await face('00002_1.jpg'))), before, { abs: 0.021 });
  expect(await editsOf()).toHaveLength(1);
});

test('regions that were erased do not come back', async () => {
  await run();
  await draw('00002_1.jpg', { polygons: [triangle] });
  await run({ again: true });
  expect((await face('00002_1.jpg')).metadata.polygons).toHaveLength(1);
  await draw('00002_1.jpg', { polygons: [] });
  await run({ again: true });
  expect((await face('00002_1.jpg')).metadata.polygons).toEqual([]);
  expect(await editsOf()).toEqual([]);
});

test('regions follow a face that tools renamed, and one that another order gives another name', async () => {
  await run();
  await draw('00002_1.jpg', { polygons: [triangle] });
  await draw('00003_1.jpg', { polygons: [hole] });
  const [first, second] = [inFrame(await face('00002_1.jpg')), inFrame(await face('00003_1.jpg'))];
  await rename(join(out, '00002_1.jpg'), join(out, 'sorted.jpg'));
  await run({ again: true });
  expectClose(Float64Array.from(inFrame(await face('00002_1.jpg'))), first, { abs: 0.011 });
  // The left face drawn larger by hand is the first of its frame now.
  const edits = [...(await editsOf()), { frame: 2, kind: 'set', at: [80, 100], landmarks: fakeLandmarks({ ...left, side: 80 }) } as const];
  await writeFile(clipFiles(out, 'fake.mp4').edits, editsText(edits));
  await run();
  expect((await face('00003_0.jpg')).metadata.sourceLandmarks![0]).toBeLessThan(120);
  expectClose(Float64Array.from(inFrame(await face('00003_0.jpg'))), second, { abs: 0.011 });
  expect((await face('00003_1.jpg')).metadata.polygons).toEqual([]);
});

test('a stored mask is made again from its regions, another is in the trash; on another clip of this name no regions are drawn', async () => {
  await run();
  const maskOf = (polygons: readonly MaskPolygon[], side: number) => encodeMask(storedMask(polygonMask(polygons, side, side)), nodeCodec());
  await draw('00001_0.jpg', { polygons: [triangle], xsegMask: await maskOf([triangle], 64) });
  await draw('00003_0.jpg', { polygons: [triangle], xsegMask: await maskOf([{ ...hole, include: true }], 64) });
  await run({ again: true });
  const [first, third] = [await face('00001_0.jpg'), await face('00003_0.jpg')];
  expect(Buffer.from(first.metadata.xsegMask!)).toEqual(Buffer.from(await maskOf(first.metadata.polygons, 64)));
  expect(third.metadata.polygons).toHaveLength(1); // its regions are there, and its own mask in the trash
  expect(third.metadata.xsegMask).toBeUndefined();
  expect((await readdir(`${out}_trash`)).join()).toContain('00003_0');

  await run({ again: true }, toolsFor('another clip of this name'));
  const made = await face('00001_0.jpg');
  expect(liaeFields(made.dict).sourceHash).toBe('another clip of this name');
  expect(made.metadata.polygons).toEqual([]);
  expect((await readdir(`${out}_trash`)).filter((name) => name.startsWith('00001_0'))).toHaveLength(2);
});

test('realign takes regions along to another folder, and over faces of its own', async () => {
  await run();
  await draw('00002_1.jpg', { polygons: [triangle] });
  const before = inFrame(await face('00002_1.jpg'));
  const other = join(folder, 'other');
  const job = { faces: out, out: other, size: 96, faceType: 'head', debug: false, again: false, workers: 0 } as const;
  const signal = new AbortController().signal;
  await realign(job, toolsFor(), () => {}, signal);
  expectClose(Float64Array.from(inFrame(await face('00002_1.jpg', other))), before, { abs: 0.011 });
  expect(existsSync(clipFiles(out, 'fake.mp4').edits)).toBe(false); // the faces have them still
  await realign({ ...job, out, again: true }, toolsFor(), () => {}, signal);
  const made = await face('00002_1.jpg');
  expect(made.metadata.faceType).toBe('head');
  expectClose(Float64Array.from(inFrame(made)), before, { abs: 0.011 });
});
