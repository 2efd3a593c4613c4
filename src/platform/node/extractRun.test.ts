/**
 * Runs of extraction on a scene whose faces are known: the same files however many hands work and wherever a run is cut off, nothing twice,
 * nothing foreign touched, edits kept, options told apart.
 */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeFace, fakeClip, fakeImage, fakeLandmarks, fakeModels } from '../../../test/support/fakeFaces.ts';
import { LiaeError } from '../../base/index.ts';
import { editsText } from '../../extract/index.ts';
import { liaeFields, readFace } from '../../faceset/index.ts';
import type { FrameSource } from '../../video/index.ts';
import { analyseClip, clipFiles, type ExtractEvent, noAnalysis, startOf } from './extractClip.ts';
import { hereHand } from './extractCrew.ts';
import { storedAlignments } from './extractFiles.ts';
import { Hand } from './extractHand.ts';
import { type ExtractJob, type ExtractTools, extract, realign } from './extractRun.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae extract ä-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const FRAMES = 90;
const left = (i: number): FakeFace => ({ x: 70 + 0.2 * i, y: 100, side: 50, angle: 0.002 * i });
const right: FakeFace = { x: 240, y: 120, side: 60 };
const sceneAt = (i: number) => fakeImage(i >= 70 && i < 75 ? [right] : [left(i), right]);

const toolsFor = (open: () => FrameSource): ExtractTools => {
  const models = fakeModels();
  return { open: async () => open(), models: async () => models, now: () => 0 };
};
const tools = (): ExtractTools => toolsFor(() => fakeClip(FRAMES, sceneAt));

const jobFor = (out: string, more: Partial<ExtractJob> = {}): ExtractJob => ({
  ...{ inputs: ['/clips/fake.mp4'], out, make: { faceType: 'whole_face', size: 64, quality: 90 }, tiles: 1, turned: false },
  choose: { maxFaces: 0, minSize: 20, minScore: 0 },
  ...{ smooth: true, fill: true, debug: false, again: false, workers: 0, tool: 'test' },
  ...more,
});

const never = new AbortController().signal;
const quiet = (): void => {};

async function contents(path: string): Promise<Map<string, string>> {
  const names = (await readdir(path)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, (await readFile(join(path, name))).toString('base64')] as const)));
}

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof LiaeError ? error.report() : String(error)),
  );

test('faces of both people, the largest first, with all their data', async () => {
  const out = join(folder, 'faces');
  const sum = await extract(jobFor(out), tools(), quiet, never);
  expect(sum.clips[0]).toMatchObject({
    frames: FRAMES,
    withFaces: FRAMES,
    faces: 2 * FRAMES,
    written: 2 * FRAMES,
    settled: { tracks: 2, filled: 5 },
  });
  const names = (await readdir(out)).filter((name) => name.endsWith('.jpg'));
  expect(names.length).toBe(2 * FRAMES);
  const { metadata, dict } = readFace(await readFile(join(out, '00011_0.jpg')), 'face');
  expect(metadata).toMatchObject({ faceType: 'whole_face', sourceFilename: '00011.png' });
  const expected = fakeLandmarks(right);
  for (const [i, v] of metadata.sourceLandmarks!.entries()) expect(Math.abs(v - expected[i]!)).toBeLessThan(0.02);
  expect(liaeFields(dict)).toMatchObject({ frame: 10, time: 0.4, sourceHash: 'fake.mp4', filled: false, landmarkScore: 1 });
  const filled = readFace(await readFile(join(out, '00073_1.jpg')), 'face');
  expect(liaeFields(filled.dict).filled).toBe(true);
  const gap = fakeLandmarks(left(72));
  for (const [i, v] of filled.metadata.sourceLandmarks!.entries()) expect(Math.abs(v - gap[i]!)).toBeLessThan(0.1);
});

test('any number of hands finds the same, byte for byte', async () => {
  const files: string[] = [];
  for (const hands of [1, 2, 5]) {
    const kit = tools();
    const source = await kit.open('');
    const options = { from: 0, tiles: 1, turned: false, identity: true };
    const header = { clip: source.info, path: 'x', prefix: '', tool: 'test', options };
    const { alignments } = clipFiles(join(folder, String(hands)), 'clip');
    const crew = Array.from({ length: hands }, () => hereHand(new Hand(startOf(header), kit), never));
    await analyseClip({ file: alignments, header }, crew, quiet, noAnalysis());
    files.push(await readFile(alignments, 'utf8'));
  }
  expect(files[1]).toBe(files[0]);
  expect(files[2]).toBe(files[0]);
});

test('a run cut off anywhere goes on to the same files, and a finished one does nothing', async () => {
  const whole = join(folder, 'whole');
  await extract(jobFor(whole), tools(), quiet, never);
  const out = join(folder, 'torn');
  const cutAt = async (stopAt: (event: ExtractEvent) => boolean): Promise<boolean> => {
    const stop = new AbortController();
    const { stopped } = await extract(jobFor(out), tools(), (event) => stopAt(event) && stop.abort(), stop.signal);
    return stopped;
  };
  expect(await cutAt((event) => event.event === 'analysed' && event.frames >= 64)).toBe(true);
  const files = clipFiles(out, 'fake.mp4');
  await truncate(files.alignments, (await stat(files.alignments)).size - 1000); // a crash in the middle of a line
  expect(await cutAt((event) => event.event === 'written' && event.faces >= 50)).toBe(true);
  const before = await contents(out);
  await appendFile(files.journal, '{"frame":14'); // a crash in the middle of a line
  const resumed: ExtractEvent[] = [];
  const sum = await extract(jobFor(out), tools(), (event) => resumed.push(event), never);
  expect(sum.clips[0]!.written).toBeLessThanOrEqual(2 * FRAMES - 50);
  const after = await contents(out);
  for (const [name, text] of before) if (name.endsWith('.jpg')) expect(after.get(name)).toBe(text);
  const expected = await contents(whole);
  for (const [name, text] of expected) if (!name.endsWith('.faces.ndjson')) expect(after.get(name) === text, name).toBe(true);
  expect([...after.keys()]).toEqual([...expected.keys()]);
  const again = await extract(jobFor(out), tools(), quiet, never);
  expect(again.clips[0]).toMatchObject({ written: 0, faces: 2 * FRAMES, gone: 0 });
  expect(await contents(out)).toEqual(after);
});

test('faces that somebody removed stay away; files of others are not overwritten', async () => {
  const out = join(folder, 'faces');
  await extract(jobFor(out), tools(), quiet, never);
  await rm(join(out, '00005_0.jpg'));
  expect((await extract(jobFor(out), tools(), quiet, never)).clips[0]).toMatchObject({ written: 0, gone: 1 });
  const other = join(folder, 'other');
  await mkdir(other);
  await writeFile(join(other, '00002_0.jpg'), 'something of value');
  expect(await failure(extract(jobFor(other), tools(), quiet, never))).toMatch(/00002_0.jpg: a file of another origin is in the way/);
  expect(await readFile(join(other, '00002_0.jpg'), 'utf8')).toBe('something of value');
});

test('other options are refused with what differs, and --again makes all anew', async () => {
  const out = join(folder, 'faces');
  await extract(jobFor(out), tools(), quiet, never);
  const smaller = { choose: { maxFaces: 1, minSize: 20, minScore: 0 } };
  expect(await failure(extract(jobFor(out, smaller), tools(), quiet, never))).toMatch(/made with other options\n {2}found {4}maxFaces 0/);
  expect(await failure(extract(jobFor(out, { tiles: 2 }), tools(), quiet, never))).toMatch(
    /begun with other options\n {2}found {4}tiles 1/,
  );
  const sum = await extract(jobFor(out, { ...smaller, again: true }), tools(), quiet, never);
  expect(sum.clips[0]).toMatchObject({ faces: FRAMES, written: FRAMES, rejected: { crowd: FRAMES } });
  expect((await readdir(out)).filter((name) => name.endsWith('.jpg')).length).toBe(FRAMES);
});

test('edits by hand make new faces and survive another analysis', async () => {
  const out = join(folder, 'faces');
  await extract(jobFor(out), tools(), quiet, never);
  const drawn = fakeLandmarks({ ...right, x: 236 });
  await writeFile(
    clipFiles(out, 'fake.mp4').edits,
    editsText([
      { frame: 3, kind: 'set', at: [240, 120], landmarks: drawn },
      { frame: 4, kind: 'remove', at: [71, 100] },
    ]),
  );
  const sum = await extract(jobFor(out), tools(), quiet, never);
  expect(sum.clips[0]).toMatchObject({ faces: 2 * FRAMES - 1, settled: { edited: 1, removed: 1 } });
  expect(sum.clips[0]!.written).toBeLessThan(60); // the frames around an edit move with it
  const face = async () => readFace(await readFile(join(out, '00004_0.jpg')), 'face').metadata.sourceLandmarks!;
  for (const [i, v] of (await face()).entries()) expect(Math.abs(v - drawn[i]!)).toBeLessThan(0.02);
  expect((await readdir(out)).includes('00005_1.jpg')).toBe(false);
  await extract(jobFor(out, { again: true }), tools(), quiet, never);
  for (const [i, v] of (await face()).entries()) expect(Math.abs(v - drawn[i]!)).toBeLessThan(0.02);
});

test('faces are made again at another size and type from the alignments alone', async () => {
  const out = join(folder, 'faces');
  const kit = tools();
  await extract(jobFor(out), kit, quiet, never);
  const models = fakeModels();
  const smaller = join(folder, 'smaller');
  const job = { faces: out, out: smaller, size: 96, faceType: 'full_face', debug: false, again: false, workers: 0 } as const;
  const sum = await realign(job, { ...kit, models: async () => models }, quiet, never);
  expect(sum.clips[0]).toMatchObject({ faces: 2 * FRAMES, written: 2 * FRAMES });
  expect(models.calls).toEqual({ detect: 0, mesh: 0 });
  const direct = join(folder, 'direct');
  await extract(jobFor(direct, { make: { faceType: 'full_face', size: 96, quality: 90 } }), tools(), quiet, never);
  const [a, b] = [await contents(smaller), await contents(direct)];
  for (const [name, text] of b) if (name.endsWith('.jpg')) expect(a.get(name) === text, name).toBe(true);
});

test('every nth frame, part of a clip and one person', async () => {
  const out = join(folder, 'faces');
  const part = jobFor(out, { from: { seconds: 1 }, to: { frame: 90 }, every: 4 });
  await extract(part, tools(), quiet, never);
  const { frames } = (await storedAlignments(clipFiles(out, 'fake.mp4').alignments))!;
  expect(frames.map(({ frame }) => frame)).toEqual(Array.from({ length: 16 }, (_, i) => 28 + 4 * i));
  const sparse = tools();
  await extract(jobFor(join(folder, 'sparse'), { every: 10 }), sparse, quiet, never);
  expect(((await sparse.models()) as ReturnType<typeof fakeModels>).calls.detect).toBe(FRAMES / 10); // too far apart to follow
  const refs: ExtractTools = {
    ...tools(),
    open: async (path) => (path.endsWith('ref.jpg') ? fakeClip(1, () => fakeImage([right])) : fakeClip(FRAMES, sceneAt)),
  };
  const persons = { keep: ['ref.jpg'], drop: [], distance: 0.6 };
  const sum = await extract(jobFor(join(folder, 'one'), { persons }), refs, quiet, never);
  expect(sum.clips[0]).toMatchObject({ faces: FRAMES, rejected: { person: FRAMES } });
});

test('two clips of one name share a folder, each with its prefix; a clip that cannot be read is counted', async () => {
  const { FormatError } = await import('../../base/index.ts');
  const out = join(folder, 'faces');
  const kit: ExtractTools = {
    ...tools(),
    open: async (path) => {
      if (path.includes('broken')) throw new FormatError('broken.mp4: not a clip');
      return fakeClip(10, sceneAt, { name: 'fake.mp4' });
    },
  };
  const sum = await extract(jobFor(out, { inputs: ['/a/fake.mp4', '/b/fake.mp4', '/c/broken.mp4'] }), kit, quiet, never);
  expect(sum.unreadable).toEqual(['/c/broken.mp4']);
  const names = await readdir(out);
  expect(names.filter((name) => name.endsWith('.jpg')).length).toBe(40);
  expect(names).toContain('fake-00001_0.jpg');
  expect(names).toContain('fake-2-00010_1.jpg');
});
