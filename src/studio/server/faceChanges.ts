/** Changes of a folder of faces, all of them journalled so that undo brings back the very files: to the trash and back, and new versions of files. */
import { basename, join } from 'node:path';
import { FormatError, ResourceError } from '../../base/index.ts';
import {
  type FaceArea,
  lastUndoable,
  type Move,
  nextId,
  readActions,
  runMoves,
  settle,
  stagingFor,
  trashMoves,
  trashPrefix,
  undoMoves,
} from '../../curate/index.ts';
import { pakName } from '../../faceset/index.ts';
import { nodeFaceArea } from '../../platform/node/faceArea.ts';
import { lockFaces } from '../../platform/node/modelLock.ts';
import type { Changed } from '../protocol.ts';
import { isThere, namesIn, noFace } from './faceTable.ts';
import type { Places } from './places.ts';

const now = (): Date => new Date();

/** Moves faces to the trash beside their folder; undoFaces takes it back. */
export async function trashFaces(places: Places, path: string, names: readonly string[]): Promise<Changed> {
  const folder = await places.at(path);
  return await changing(folder, async (area) => {
    const there = new Set(await namesIn(folder));
    const missing = names.find((name) => !there.has(name));
    if (missing !== undefined) throw noFace(missing);
    const moves = await trashMoves(area, [...new Set(names)]);
    const what = `${moves.length} ${moves.length === 1 ? 'file' : 'files'} to the trash`;
    await runMoves(area, { tool: 'trash', what, moves }, { now });
    return { what, files: moves.length };
  });
}

/** Takes the last change of a folder back, whoever made it. A packed folder's packing can be taken back too. */
export async function undoFaces(places: Places, path: string): Promise<Changed> {
  return await locked(await places.at(path), async (area) => {
    const actions = readActions(await area.readJournal());
    const last = lastUndoable(actions);
    if (last === undefined) throw new FormatError('nothing to take back', { next: 'every change of this folder has been taken back' });
    const { moves, missing, blocked } = await undoMoves(area, last, nextId(actions));
    if (moves.length === 0) {
      throw new ResourceError(`${last.tool}: ${last.what} can no longer be taken back`, {
        found: `${missing.length} files gone, ${blocked.length} names taken`,
        next: `put the files back into ${area.describe('@trash')}`,
      });
    }
    const what = `taken back: ${last.tool}, ${last.what}`;
    await runMoves(area, { tool: 'undo', what, moves, undoes: last.id }, { now });
    return { what, files: moves.length };
  });
}

/** New versions of files by name, put in place in one step that undo takes back; the earlier ones go to the trash. */
export async function replaceFiles(
  area: FaceArea,
  { tool, what, files }: { readonly tool: string; readonly what: string; readonly files: ReadonlyMap<string, Uint8Array> },
): Promise<void> {
  const staging = await stagingFor(area);
  try {
    const moves: Move[] = [];
    for (const [name, bytes] of files) {
      await area.write(`${staging.path}/${name}`, bytes);
      if (await area.exists(name)) moves.push({ from: name, to: `${trashPrefix}replaced-${staging.id}/${name}` });
      moves.push({ from: `${staging.path}/${name}`, to: name });
    }
    await runMoves(area, { tool, what, moves }, { now });
  } finally {
    await area.clear(staging.path);
  }
}

/** Under the folder's lock; what a killed tool left is settled first. @throws FormatError if the faces are packed. */
export async function changing<T>(folder: string, change: (area: FaceArea) => Promise<T>): Promise<T> {
  if (await isThere(join(folder, pakName)))
    throw new FormatError(`${basename(folder)}: these faces are packed in ${pakName}`, { next: 'unpack them first' });
  return await locked(folder, change);
}

async function locked<T>(folder: string, change: (area: FaceArea) => Promise<T>): Promise<T> {
  if (!(await isThere(folder))) throw new FormatError(`${basename(folder)}: there is no such folder`);
  await using _lock = await lockFaces(folder);
  const area = nodeFaceArea(folder);
  await settle(area);
  return await change(area);
}
