/**
 * Backups: `backups/01` is the newest. Each is a complete model folder (current, one save, loss history, latest preview), so using one
 * means copying it somewhere and training there. The files of a save never change, so they are linked, not copied.
 */
import { CURRENT_FILE, SAVES_FOLDER } from './checkpoints.ts';
import { type FileStore, readWhole } from './fileStore.ts';
import { HISTORY_FILE } from './lossHistory.ts';

const FOLDER = 'backups';
const DRAFT = `${FOLDER}/.new`;
const PREVIEW_FILES = ['previews/latest.png', 'previews/sample.safetensors'];

/**
 * Backs up one save. Older backups move up by one; those beyond `keep` go.
 *
 * @param save the name of a whole save.
 * @returns the folder of the backup.
 */
export async function backUp(files: FileStore, save: string, keep: number): Promise<string> {
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

const slot = (number: number): string => String(number).padStart(2, '0');

async function copy(files: FileStore, from: string, to: string): Promise<void> {
  const bytes = await files.size(from);
  if (bytes !== undefined) await files.write(to, [await readWhole(files, from, bytes)]);
}
