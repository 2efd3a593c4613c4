/** Frames handed out to threads: the same faces as without threads, byte for byte, and failures that reach who asked. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { built } from '../../../test/support/built.ts';
import { FormatError } from '../../base/index.ts';
import type { SeenFrame } from '../../video/index.ts';
import { type Given, GivenFeed } from './extractFeed.ts';
import { type ExtractJob, extract } from './extractRun.ts';
import { openFaceModels } from './faceModels.ts';
import { openInput } from './openInput.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae-feed-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('threads that are given their frames write what one hand writes that reads the clip', async () => {
  const clip = fileURLToPath(new URL('../../../assets/demo/dst.mp4', import.meta.url));
  await using models = await openFaceModels();
  const tools = { open: openInput, models: async () => models, now: () => 0, workerUrl: built('platform/node/extractWorker.js') };
  const made: Record<string, string>[] = [];
  for (const workers of [0, 3]) {
    const out = join(folder, String(workers));
    const job: ExtractJob = {
      ...{ inputs: [clip], out, make: { faceType: 'whole_face', size: 64, quality: 90 }, tiles: 1, turned: false },
      ...{ choose: { maxFaces: 0, minSize: 40, minScore: 0 }, smooth: true, fill: true, debug: false, again: false },
      ...{ from: { frame: 20 }, to: { frame: 140 }, every: 3, workers, tool: 'test' },
    };
    const { stopped } = await extract(job, tools, () => {}, new AbortController().signal);
    expect(stopped).toBe(false);
    const names = (await readdir(out)).filter((name) => !name.startsWith('.')).sort();
    made.push(
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await readFile(join(out, name))).toString('base64')]))),
    );
  }
  expect(Object.keys(made[0]!).length).toBeGreaterThan(40);
  expect(made[1]).toEqual(made[0]);
});

const frame = (index: number): Given => {
  const seen: SeenFrame = { index, time: index, image: { width: 1, height: 1, channels: 3, data: new Uint8Array(3) } };
  return { frame: seen, pieces: [index + 20] };
};
const span = { from: 0, to: 9 };

test('what is given comes in order, also ahead of who takes it; frames of another task do not', async () => {
  const done: number[] = [];
  const feed = new GivenFeed((number, pieces) => done.push(number, ...pieces));
  feed.begin(4);
  feed.take(3, frame(7));
  feed.take(4, frame(0));
  const seen: number[] = [];
  const ended = feed.span(span, 'all', undefined, async ({ index }) => {
    seen.push(index);
  });
  feed.take(4, frame(1));
  feed.take(4, { ended: true });
  expect(await ended).toBe(true);
  expect([seen, done]).toEqual([
    [0, 1],
    [4, 20, 4, 21],
  ]);
});

test('an error of who reads the clip, and a stop, end the span', async () => {
  const feed = new GivenFeed(() => {});
  feed.begin(0);
  const broken = feed.span(span, 'all', undefined, async () => {});
  feed.take(0, { error: new FormatError('cannot be read') });
  await expect(broken).rejects.toThrow('cannot be read');
  const stop = new AbortController();
  const waiting = feed.span(span, 'all', stop.signal, async () => {});
  stop.abort();
  await expect(waiting).rejects.toThrow('aborted');
});
