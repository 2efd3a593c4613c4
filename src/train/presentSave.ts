/** Which save of a model is the present one, by the file `current`. A save lies in saves/<iteration>-<number>/. */
import { type FileStore, readWhole } from './fileStore.ts';

export const CURRENT_FILE = 'current';
export const SAVES_FOLDER = 'saves';

/** Digits of the iteration and of the save. */
export const SAVE_NAME = /^\d{1,15}-\d{1,15}$/;
const MAX_BYTES = 100;

/** The name in `current`; undefined if it holds none. That there is such a save is not said. */
export async function namedSave(files: FileStore): Promise<string | undefined> {
  const bytes = await files.size(CURRENT_FILE);
  if (bytes === undefined || bytes > MAX_BYTES) return undefined;
  const name = new TextDecoder().decode(await readWhole(files, CURRENT_FILE, bytes)).trim();
  return SAVE_NAME.test(name) ? name : undefined;
}
