/**
 * Backups: `backups/01` is the newest. Each is a complete model folder (current, one save, loss history, latest preview), so using one
 * means copying it somewhere and training there. The files of a save never change, so they are linked, not copied.
 */
import { FormatError, LiaeError } from '../base/index.ts';
import { type CheckpointPorts, Checkpoints } from './checkpoints.ts';
import { type FileStore, readWhole, storeIn } from './fileStore.ts';
import { Journal } from './journal.ts';
import { emptyHistory, HISTORY_FILE, historyFile, settleHistory } from './lossHistory.ts';
import { CURRENT_FILE, SAVES_FOLDER } from './presentSave.ts';

const FOLDER = 'backups';
const DRAFT = `${FOLDER}/.new`;
const PREVIEW = 'previews/latest.png';
const PREVIEW_FILES = [PREVIEW, 'previews/sample.safetensors'];

/**
 * Backs up one save. Older backups move up by one; those beyond `keep` go.
 *
 * @param save the name of a whole save.
 * @returns the folder of the backup.
 */
export async function backUp(files: FileStore, save: string, keep: number): Promise<string> {
  await settleHistory(files, save);
  await files.remove(DRAFT);
  const folder = `${DRAFT}/${SAVES_FOLDER}/${save}`;
  await files.makeFolder(folder);
  for (const name of await files.list(`${SAVES_FOLDER}/${save}`)) await files.link(`${SAVES_FOLDER}/${save}/${name}`, `${folder}/${name}`);
  await files.write(`${DRAFT}/${CURRENT_FILE}`, [new TextEncoder().encode(`${save}\n`)]);
  await copy(files, HISTORY_FILE, `${DRAFT}/${HISTORY_FILE}`); // it grows, so a link would grow with it
  await files.makeFolder(`${DRAFT}/previews`);
  for (const path of PREVIEW_FILES) await copy(files, path, `${DRAFT}/${path}`);
  for (const path of [folder, `${DRAFT}/${SAVES_FOLDER}`, `${DRAFT}/previews`, DRAFT]) await files.sync(path);

  const taken = new Set(await files.list(FOLDER));
  let free = 1; // up to here all must move; a gap, left by an interrupted backup, ends the row
  while (free <= keep && taken.has(slot(free))) free++;
  if (free > keep) await files.remove(`${FOLDER}/${slot(--free)}`);
  for (let i = free; i > 1; i--) await files.rename(`${FOLDER}/${slot(i - 1)}`, `${FOLDER}/${slot(i)}`);
  await files.rename(DRAFT, `${FOLDER}/${slot(1)}`);
  for (const name of taken) if (/^\d\d$/.test(name) && Number(name) > keep) await files.remove(`${FOLDER}/${name}`);
  await files.sync(FOLDER);
  return `${FOLDER}/${slot(1)}`;
}

/** A backup, or why it cannot be used. */
export interface Backup {
  /** Two digits; 01 is the newest. */
  readonly slot: string;
  readonly iteration: number;
  /** When its save was made, ISO 8601. */
  readonly time: string;
  readonly bytes: number;
  readonly problem?: string;
}

/** The backups of a model, the newest first. Their weights are not looked at. */
export async function listBackups(files: FileStore, ports: CheckpointPorts): Promise<readonly Backup[]> {
  const slots = (await files.list(FOLDER)).filter((name) => SLOT.test(name));
  return await Promise.all(
    slots.map(async (slot) => {
      try {
        const found = await new Checkpoints(storeIn(files, `${FOLDER}/${slot}`), ports).current();
        if (found === undefined) throw new FormatError('there is no save in it');
        const { iteration, time, files: written } = found.manifest;
        return { slot, iteration, time, bytes: Object.values(written).reduce((sum, { bytes }) => sum + bytes, 0) };
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        return { slot, iteration: 0, time: '', bytes: 0, problem: error.brief() };
      }
    }),
  );
}

export interface Restored {
  readonly iteration: number;
  /** Iteration of the save that it took the place of; null if there was none. */
  readonly before: number | null;
  /** The backup that this save is now; restoring it undoes the restoration. */
  readonly kept: string | null;
}

/**
 * A backup takes the place of the current save, which becomes the newest backup: the others move up by one. For the one process that holds the model.
 * A death at any step leaves the save before or the backup's as the current one, both whole and each with its own history.
 *
 * @param slot  two digits.
 * @throws FormatError if there is no such backup or it is not whole; then nothing has changed.
 */
export async function restoreBackup(files: FileStore, slot: string, ports: CheckpointPorts): Promise<Restored> {
  const backup = storeIn(files, `${FOLDER}/${slot}`);
  const found = SLOT.test(slot) ? await new Checkpoints(backup, ports).current() : undefined;
  if (found === undefined) {
    throw new FormatError(`${files.describe(`${FOLDER}/${slot.slice(0, 20)}`)}: there is no such backup`, {
      found: (await files.list(FOLDER)).filter((name) => SLOT.test(name)).join(', ') || 'no backups',
    });
  }
  // What comes with the save is read now: its folder moves up when the current save becomes a backup.
  const [preview, history] = await Promise.all([contentOf(backup, PREVIEW), contentOf(backup, await historyFile(backup))]);
  const checkpoints = new Checkpoints(files, ports);
  await checkpoints.tidy();
  const before = await checkpoints.current().catch((error: unknown) => {
    if (error instanceof LiaeError) return undefined; // damaged: the reason to restore a backup, and nothing to keep
    throw error;
  });
  let kept: string | null = null;
  const name = await checkpoints.adopt(`${FOLDER}/${slot}/${SAVES_FOLDER}/${found.name}`, {
    beside: [HISTORY_FILE, history ?? emptyHistory(found.manifest.history.first)],
    async beforePointing() {
      if (before !== undefined) kept = await backUp(files, before.name, MOST_BACKUPS);
    },
  });
  await settleHistory(files, name);
  if (preview !== undefined) {
    await files.makeFolder('previews');
    await files.write(`${PREVIEW}.tmp`, [preview]);
    await files.rename(`${PREVIEW}.tmp`, PREVIEW);
  }
  const restored = { iteration: found.manifest.iteration, before: before?.manifest.iteration ?? null, kept };
  const journal = new Journal(files, ports.time);
  journal.restored({ ...restored, backup: slot });
  await journal.flush();
  return restored;
}

/** Backs up the current save of a model that nobody trains. @returns the folder of the backup. @throws FormatError if there is no save. */
export async function backUpNow(files: FileStore, keep: number | undefined, ports: CheckpointPorts): Promise<string> {
  const found = await new Checkpoints(files, ports).current();
  if (found === undefined) throw new FormatError(`${files.describe('')}: no saved model here`);
  const { manifest, name } = found;
  const stored = manifest.options.keep_backups;
  const folder = await backUp(files, name, keep ?? (typeof stored === 'number' ? stored : MOST_BACKUPS));
  const journal = new Journal(files, ports.time);
  journal.hear({ event: 'backup', iteration: manifest.iteration, folder });
  await journal.flush();
  return folder;
}

const SLOT = /^\d\d$/;
const MOST_BACKUPS = 99;

const slot = (number: number): string => String(number).padStart(2, '0');

async function contentOf(files: FileStore, path: string): Promise<Uint8Array | undefined> {
  const bytes = await files.size(path);
  return bytes === undefined ? undefined : await readWhole(files, path, bytes);
}

async function copy(files: FileStore, from: string, to: string): Promise<void> {
  const content = await contentOf(files, from);
  if (content !== undefined) await files.write(to, [content]);
}
