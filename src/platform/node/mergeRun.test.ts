/**
 * The pipeline of merging with a crew that paints numbers: what is under way at the same time, what a full disk and an interruption leave, and
 * that whatever happens every frame comes out once, in order, with its own settings and faces.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fakeClip } from '../../../test/support/fakeFaces.ts';
import { ResourceError } from '../../base/index.ts';
import { type FrameFace, resolveMergeSettings, type SettingsRange } from '../../merge/index.ts';
import type { MergeCrew } from './mergeCrew.ts';
import type { MergeOutput } from './mergeOutput.ts';
import { groupSize, type MergeJob } from './mergePlan.ts';
import { type MergeEvent, merge } from './mergeRun.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae run ü-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const FRAMES = 103;
const landmarks = Float64Array.from({ length: 136 }, (_, i) => 50 + ((i * 37) % 60));
const never = new AbortController().signal;

/** What has been decoded, composed and written so far. */
interface Watch {
  decoded: number;
  written: string[];
  most: number;
  predicted: number[];
}

function sourceOf(watch: Watch) {
  return fakeClip(FRAMES, (index) => {
    watch.decoded++;
    watch.most = Math.max(watch.most, watch.decoded - watch.written.length);
    return { width: 320, height: 240, channels: 3, data: new Uint8Array(320 * 240 * 3).fill(index) };
  });
}

/** Paints number of the frame, number of faces and erosion into the first three values. */
function crewOf(watch: Watch): MergeCrew {
  return {
    hands: 2,
    async begin({ frame, faces, settings, picture }) {
      const inputs = faces.map(() => ({ face: Float32Array.of(frame), xsegPrd: false, power: 0 }));
      return {
        inputs,
        async finish(predictions) {
          await delay(frame % 3); // so that frames are ready in another order
          expect(predictions.map(({ face }) => face[0])).toEqual(faces.map(() => frame));
          const data = picture.data.slice();
          data.set([frame, faces.length, settings.erode_mask_modifier]);
          const mask = { width: 320, height: 240, channels: 1, data: new Uint8Array(320 * 240) };
          return { image: { ...picture, data } as typeof picture, mask, light: [frame, frame], ms: 1 };
        },
      };
    },
    async predict(inputs) {
      watch.predicted.push(inputs.length);
      return inputs.map(({ face }) => ({ face, mask: new Float32Array(1), dstMask: new Float32Array(1) }));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** An output that keeps what is written in a list. @param fullAt  the frame for which there is no room. */
function outputOf(watch: Watch, fullAt?: string): MergeOutput & { readonly parts: Map<string, string[]>; joined: string[] } {
  const parts = new Map<string, string[]>();
  const output = {
    path: join(folder, 'film.mp4'),
    joins: true,
    lossless: false,
    parts,
    joined: [] as string[],
    async begin(part: string) {
      const own: string[] = [];
      return {
        async write({ name, image }: { name: string; image: { data: ArrayLike<number> } }) {
          if (name === fullAt) throw new ResourceError(`${name}: cannot be written`, { found: 'no space left on device' });
          await delay(1);
          watch.written.push(name);
          own.push(`${name} ${[...Array.from(image.data).slice(0, 3)].join(' ')}`);
        },
        async finish() {
          parts.set(part, own);
          return own.length * 100;
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
    holds: async (part: string) => parts.has(part),
    mark: async () => (output.joined.length === 0 ? undefined : output.joined.join()),
    async finish(names: readonly string[]) {
      output.joined = names.flatMap((name) => parts.get(name)!);
      return [];
    },
  };
  return output;
}

const facesIn = (count: (frame: number) => number): ReadonlyMap<number, readonly FrameFace[]> =>
  new Map(Array.from({ length: FRAMES }, (_, i) => [i, Array.from({ length: count(i) }, () => ({ landmarks }))] as const));
const plain: readonly SettingsRange[] = [{ from: 0, to: Number.POSITIVE_INFINITY, settings: resolveMergeSettings({ erode: 5 }) }];
const watching = (): Watch => ({ decoded: 0, written: [], most: 0, predicted: [] });

function jobOf(watch: Watch, output: MergeOutput, more: Partial<MergeJob> = {}): MergeJob {
  return {
    ...{ source: sourceOf(watch), from: 0, deep: false, faces: facesIn(() => 1), settings: plain, seed: 1, output, covered: false },
    ...{ parts: join(folder, 'parts'), partLength: 20, identity: 'x', model: { resolution: 1, batch: 8 }, again: false },
    ...{ xsegFromFaces: false, record: join(folder, 'done.json'), finishing: 'unmarked' },
    ...more,
  };
}

/** Parts are as long as whole groups are: 24 frames. */
const PART = 24;
const expected = (face: (frame: number) => number, erode = (_: number): number => 5): string[] =>
  Array.from(
    { length: FRAMES },
    (_, i) => `${String(i + 1).padStart(5, '0')} ${i} ${face(i) === 0 ? `${i} ${i}` : `${face(i)} ${erode(i)}`}`,
  );

test('every frame once and in order, with its faces, in batches; few frames under way, and the parts are gone at the end', async () => {
  const watch = watching();
  const output = outputOf(watch);
  const count = (i: number): number => (i % 10 === 3 ? 0 : i % 7 === 0 ? 3 : 1);
  const sum = await merge(jobOf(watch, output, { faces: facesIn(count) }), crewOf(watch), () => {}, never);
  expect(output.joined).toEqual(expected(count));
  expect(sum).toMatchObject({ frames: FRAMES, withFace: FRAMES - 10, made: FRAMES, dropped: 0, stopped: false });
  expect(Math.max(...watch.predicted)).toBe(8);
  expect(watch.most).toBeLessThanOrEqual(8 * 5);
  expect(await readdir(folder)).toEqual(['done.json']);
});

test('a disk that is full at frame 60 is told with that frame; what is whole stays, and the same run goes on behind it', async () => {
  const first = watching();
  const full = outputOf(first, '00061');
  await expect(merge(jobOf(first, full), crewOf(first), () => {}, never)).rejects.toMatchObject({
    message: 'the disk is full at frame 60',
    details: { next: expect.stringContaining('the same command goes on') },
  });
  expect([...full.parts.keys()].length).toBe(2);
  const second = watching();
  const output = outputOf(second);
  for (const [part, own] of full.parts) output.parts.set(part, own);
  const events: MergeEvent[] = [];
  const sum = await merge(jobOf(second, output), crewOf(second), (event) => void events.push(event), never);
  expect(events[0]).toEqual({ event: 'resumed', frames: 2 * PART });
  expect(sum).toMatchObject({ frames: FRAMES, made: FRAMES - 2 * PART });
  expect(second.decoded).toBe(FRAMES);
  expect(output.joined).toEqual(expected(() => 1));
});

test('an interruption keeps the parts that are whole; settings and faces of other parts may change in between', async () => {
  const first = watching();
  const output = outputOf(first);
  const stop = new AbortController();
  const stopAt = (event: MergeEvent): void => {
    if (event.event === 'progress' && event.done === 80) stop.abort();
  };
  const stopped = await merge(jobOf(first, output), crewOf(first), stopAt, stop.signal);
  expect(stopped).toMatchObject({ stopped: true, frames: 3 * PART });
  const changed: SettingsRange[] = [
    { from: 0, to: 30, settings: plain[0]!.settings },
    { from: 30, to: 31, settings: resolveMergeSettings({ erode: 9 }) },
    { from: 31, to: Number.POSITIVE_INFINITY, settings: plain[0]!.settings },
  ];
  const second = watching();
  const again = outputOf(second);
  for (const [part, own] of output.parts) again.parts.set(part, own);
  const sum = await merge(jobOf(second, again, { settings: changed }), crewOf(second), () => {}, never);
  expect(sum.made).toBe(FRAMES - 2 * PART); // the second part again, and those that were missing
  expect(again.joined).toEqual(
    expected(
      () => 1,
      (i) => (i === 30 ? 9 : 5),
    ),
  );
});

test('a part whose file is gone, another identity, or --again make frames anew', async () => {
  const make = async (
    more: Partial<MergeJob>,
    before: ReadonlyMap<string, string[]> = new Map(),
  ): Promise<[number, Map<string, string[]>]> => {
    const watch = watching();
    const output = outputOf(watch);
    for (const [part, own] of before) output.parts.set(part, own);
    const finish = output.finish;
    output.finish = async (names) => {
      await finish(names);
      throw new Error('kept'); // the parts stay
    };
    await expect(merge(jobOf(watch, output, more), crewOf(watch), () => {}, never)).rejects.toThrow('kept');
    return [watch.written.length, output.parts];
  };
  const [all, parts] = await make({});
  expect(all).toBe(FRAMES);
  expect((await make({}, parts))[0]).toBe(0);
  expect((await make({}, new Map([...parts].slice(1))))[0]).toBe(PART);
  expect((await make({ identity: 'y' }, parts))[0]).toBe(FRAMES);
  expect((await make({ again: true }, parts))[0]).toBe(FRAMES);
});

test('a film that is whole is not made again, unless something of it has changed or --again asks for it', async () => {
  const output = outputOf(watching());
  const made = async (more: Partial<MergeJob> = {}): Promise<[made: number, complete: boolean, events: string[]]> => {
    const watch = watching();
    const events: string[] = [];
    const sum = await merge(jobOf(watch, output, more), crewOf(watch), ({ event }) => events.push(event), never);
    expect([sum.frames, sum.withFace]).toEqual([FRAMES, FRAMES]);
    return [sum.made, sum.complete, events.filter((event) => event !== 'progress')];
  };
  let finished = 0;
  const finishWhole = async (): Promise<void> => void finished++;
  expect(await made({ finishWhole })).toEqual([FRAMES, false, ['joining']]);
  expect(await made({ finishWhole })).toEqual([0, true, ['complete']]);
  expect(finished).toBe(1);
  expect(await readdir(folder)).toEqual(['done.json']); // no folder for parts is made
  const moved = new Map(
    [...facesIn(() => 1)].map(([frame, faces]) => [frame, frame === 60 ? [{ landmarks: landmarks.map((v) => v + 1) }] : faces]),
  );
  for (const more of [{ finishing: 'signed' }, { faces: moved }]) {
    expect((await made(more)).slice(0, 2)).toEqual([FRAMES, false]);
  }
  await made();
  expect((await made({ again: true })).slice(0, 2)).toEqual([FRAMES, false]);
  expect((await made()).slice(0, 2)).toEqual([0, true]);
  output.joined = ['cut off'];
  expect((await made()).slice(0, 2)).toEqual([FRAMES, false]);
});

test('what is held of large frames stays within half a gibibyte', () => {
  expect(groupSize(1280, 720, false, 8)).toBe(8);
  for (const [width, height, deep] of [
    [1920, 1080, false],
    [3840, 2160, false],
    [3840, 2160, true],
  ] as const) {
    const frames = groupSize(width, height, deep, 8) * 4;
    if (frames > 4) expect(frames * width * height * (deep ? 17 : 7)).toBeLessThanOrEqual(2 ** 29);
  }
  expect(groupSize(7680, 4320, true, 8)).toBe(1);
});
