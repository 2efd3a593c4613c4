/** What happened to a model and what there is to go back to; going back, and changing the options of a training that runs. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, OptionError } from '../../base/index.ts';
import { lockModel } from '../../platform/node/modelLock.ts';
import { NodeFileStore, nodeSha256 } from '../../platform/node/modelStore.ts';
import {
  backUpNow,
  type CheckpointPorts,
  findOption,
  listBackups,
  liveOptions,
  presentCourse,
  readJournal,
  restoreBackup,
} from '../../train/index.ts';
import type { Applied, JobInfo, ModelStory, RestoredBackup } from '../protocol.ts';
import type { Estimates } from './estimate.ts';
import { isAlive, type Jobs } from './jobs.ts';
import { modelAt } from './models.ts';
import type { Places } from './places.ts';

const MOST_EVENTS = 10_000;

const portsOf = (tool: string): CheckpointPorts => ({ sha256: nodeSha256, time: () => new Date().toISOString(), tool });

/** @throws FormatError if there is no model. */
export async function storyOf(places: Places, path: string): Promise<ModelStory> {
  const folder = await modelFolder(places, path);
  const files = new NodeFileStore(folder);
  const journal = await readJournal(files);
  // Whatever took iterations away: a return to a save, a backup, a start that found fewer than there had been.
  const returns = journal.filter(({ what }) => what === 'rollback' || what === 'restored' || what === 'started');
  const epoch = createHash('sha256').update(JSON.stringify(returns)).digest('hex').slice(0, 16);
  const backups = await Promise.all(
    (await listBackups(files, portsOf(''))).map(async ({ slot, iteration, time, bytes, problem }) => ({
      ...{ slot, iteration, saved: time, bytes, problem: problem ?? null },
      preview: (await stat(backupPreview(folder, slot)).catch(() => undefined)) !== undefined,
    })),
  );
  return { path, epoch, events: presentCourse(journal).slice(-MOST_EVENTS), backups };
}

/** The preview sheet that was the latest when a backup was made. */
export const backupPreview = (folder: string, slot: string): string => join(folder, 'backups', slot, 'previews', 'latest.png');

/** Of a model that nobody trains. @throws ResourceError if somebody does. */
export async function backUpModel(places: Places, path: string, tool: string): Promise<string> {
  const folder = await modelFolder(places, path);
  await using _lock = await lockModel(folder);
  return await backUpNow(new NodeFileStore(folder), undefined, portsOf(tool));
}

/** @throws ResourceError if the model is trained, FormatError if the backup is not whole. */
export async function restoreModel(places: Places, path: string, slot: string, tool: string): Promise<RestoredBackup> {
  const folder = await modelFolder(places, path);
  await using _lock = await lockModel(folder);
  return await restoreBackup(new NodeFileStore(folder), slot, portsOf(tool));
}

/**
 * New options for a training that runs: at once where all of them can change on the way, else by a save, a stop and a start.
 *
 * @throws OptionError if nobody trains the model, or the options are not allowed.
 */
export async function applyOptions(
  { places, jobs, estimates }: { readonly places: Places; readonly jobs: Jobs; readonly estimates: Estimates },
  path: string,
  options: Readonly<Record<string, string | number | boolean>>,
): Promise<Applied> {
  const job = trainingOf(jobs, path);
  if (job === undefined)
    throw new OptionError(`${path}: nobody trains this model now`, { next: 'continue its training with these options' });
  const { options: stored } = await modelAt(places, await places.at(path));
  await estimates.of(withoutPlaces(options), stored);
  const isLive = Object.keys(options).every((name) => liveOptions.some((live) => live === findOption(name).name));
  if (isLive) {
    await jobs.change(job.id, options);
    return { how: 'live' };
  }
  await jobs.restart(job.id, { kind: 'train', model: path, options });
  return { how: 'restart' };
}

const trainingOf = (jobs: Jobs, path: string): JobInfo | undefined =>
  jobs.list().find((job) => isAlive(job.state) && job.request.kind === 'train' && job.request.model === path);

/** Places are those of the workspace here and of the machine in a save. */
export const withoutPlaces = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => findOption(name).kind !== 'path'));

async function modelFolder(places: Places, path: string): Promise<string> {
  const folder = await places.at(path);
  const files = new NodeFileStore(folder);
  if ((await files.list('saves')).length + (await files.list('backups')).length > 0) return folder;
  throw new FormatError(`${path}: there is no model here yet`, { next: 'its first save makes it' });
}
