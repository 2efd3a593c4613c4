/**
 * A run of merging: frames are decoded, their faces predicted in batches, composed in threads and encoded, all at the same time and with a few
 * frames in memory. The film is made in parts, so that a run that was cut off, or whose settings were changed for a few frames, makes only what
 * is missing.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { FrameSource } from '../../video/index.ts';
import { explained } from './files.ts';
import type { MergeCrew } from './mergeCrew.ts';
import { doneRecord, keepRecord, marksOf, settingsHash } from './mergeDone.ts';
import { type Composed, Composer, grouped, type MergeStages, prefetched } from './mergeFrames.ts';
import { forgetParts } from './mergeOutput.ts';
import { PartsWriter } from './mergeParts.ts';
import { AHEAD, type MergeJob, type PartRecord, Plan } from './mergePlan.ts';
import { diskFull, tellSpace } from './mergeSpace.ts';
import { lockFilm } from './modelLock.ts';

export type MergeEvent =
  | { readonly event: 'complete'; readonly path: string; readonly frames: number; readonly settings: string }
  | { readonly event: 'resumed'; readonly frames: number }
  | { readonly event: 'progress'; readonly frame: number; readonly done: number; readonly total: number | undefined }
  | { readonly event: 'joining'; readonly path: string }
  | { readonly event: 'trouble'; readonly message: string };

export interface MergeSum {
  readonly frames: number;
  readonly withFace: number;
  /** Frames that were made by this run. */
  readonly made: number;
  /** Mean light inside the mask of each frame, before and after. */
  readonly light: readonly (readonly [number, number] | undefined)[];
  /** Numbers that the decoder left out. */
  readonly dropped: number;
  readonly trouble: readonly string[];
  readonly stages: MergeStages;
  readonly seconds: number;
  readonly stopped: boolean;
  /** Hash of all that the film depends on; undefined if it was stopped. */
  readonly settings?: string | undefined;
  /** Whether it was there already, and nothing was done. */
  readonly complete: boolean;
}

/**
 * @returns what was done, also if `signal` ended it: the same call goes on then.
 * @throws ResourceError if the disk is full or a place cannot be written; what is whole stays.
 */
export async function merge(job: MergeJob, crew: MergeCrew, report: (event: MergeEvent) => void, signal: AbortSignal): Promise<MergeSum> {
  const began = performance.now();
  const { source, parts } = job;
  const plan = new Plan(job);
  const outputs = [job.output, ...(job.mask === undefined ? [] : [job.mask])];
  const hashOf = (numbers: readonly number[]): string =>
    settingsHash(
      numbers.map((part) => plan.keyOf(part)),
      job.finishing,
    );
  const stages: MergeStages = { decode: 0, predict: 0, compose: 0, encode: 0 };
  const whole = job.again ? undefined : await doneRecord(job.record, outputs, hashOf);
  if (whole !== undefined) {
    const { frames, withFace, dropped, settings } = whole;
    report({ event: 'complete', path: job.output.path, frames, settings });
    const rest = { made: 0, light: [], trouble: [], stages, seconds: (performance.now() - began) / 1000, stopped: false };
    return { frames, withFace, dropped, settings, complete: true, ...rest };
  }
  await makeFolder(parts);
  await using _lock = await lockFilm(parts);
  if (job.again) await emptyFolder(parts);
  const done = await plan.doneParts();
  const doneFrames = [...done.values()].reduce((sum, { names }) => sum + names.length, 0);
  if (doneFrames > 0) report({ event: 'resumed', frames: doneFrames });
  await tellSpace(job, (plan.total ?? 0) - doneFrames, report);
  const total = plan.total;
  const writer = new PartsWriter(job, plan, done, (frame, count) => {
    report({ event: 'progress', frame, done: doneFrames + count, total });
  });
  const composer = new Composer(job, crew, plan.motions, stages);
  try {
    const wanted = { from: job.from, to: job.to, skip: (index: number) => done.has(plan.partOf(index)) };
    const groups = prefetched(grouped(source.frames(wanted, signal), plan), stages);
    const ahead: Promise<readonly Composed[]>[] = [];
    const write = async (group: Promise<readonly Composed[]>): Promise<void> => {
      const composed = await group;
      const start = performance.now();
      for (const frame of composed) await writer.write(frame);
      stages.encode += performance.now() - start;
    };
    for await (const group of groups) {
      signal.throwIfAborted();
      const composing = composer.compose(group);
      composing.catch(() => {}); // told when its turn comes
      ahead.push(composing);
      if (ahead.length > AHEAD) await write(ahead.shift()!);
    }
    for (const group of ahead) {
      signal.throwIfAborted();
      await write(group);
    }
    signal.throwIfAborted();
    await writer.finish();
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    if (!signal.aborted) throw diskFull(error, writer.lastFrame, parts);
    return { ...sumOf(done, writer.made, source), stages, seconds: (performance.now() - began) / 1000, stopped: true, complete: false };
  }
  const sum = sumOf(done, writer.made, source);
  if (sum.frames === 0) {
    throw new ResourceError('no frame was merged', { found: source.trouble[0], next: 'check --from and --to' });
  }
  const order = [...done.keys()].sort((a, b) => a - b).map((part) => plan.keyOf(part));
  const trouble = [...sum.trouble];
  for (const output of outputs) {
    report({ event: 'joining', path: output.path });
    try {
      trouble.push(...(await output.finish(order)).map((sentence) => `${basename(output.path)}: ${sentence}`));
    } catch (error) {
      throw diskFull(error, writer.lastFrame, parts);
    }
  }
  await job.finishWhole?.();
  const numbers = [...done.keys()].sort((a, b) => a - b);
  const names = job.output.joins && job.mask?.joins !== false ? [] : numbers.flatMap((part) => done.get(part)!.names);
  const marks = await marksOf(outputs, names);
  const settings = hashOf(numbers);
  const { frames, withFace, dropped } = sum;
  if (marks !== undefined) await keepRecord(job.record, { settings, parts: numbers, names, marks, frames, withFace, dropped });
  await forgetParts(parts);
  return { ...sum, trouble, stages, seconds: (performance.now() - began) / 1000, stopped: false, settings, complete: false };
}

function sumOf(
  done: ReadonlyMap<number, PartRecord>,
  made: number,
  source: FrameSource,
): Omit<MergeSum, 'stages' | 'seconds' | 'stopped' | 'settings' | 'complete'> {
  const records = [...done.entries()].sort(([a], [b]) => a - b).map(([, record]) => record);
  return {
    frames: records.reduce((sum, { names }) => sum + names.length, 0),
    withFace: records.reduce((sum, { withFace }) => sum + withFace, 0),
    made,
    light: records.flatMap(({ light }) => light.map((pair) => pair ?? undefined)),
    dropped: records.reduce((sum, { dropped }) => sum + dropped, 0),
    trouble: source.trouble,
  };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw explained(error, path, 'folder');
  }
}

async function emptyFolder(path: string): Promise<void> {
  for (const name of await readdir(path)) if (/\.(packets|json)$/.test(name)) await rm(join(path, name), { force: true });
}
