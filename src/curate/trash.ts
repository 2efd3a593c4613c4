/** Taking faces out of a folder and bringing them back. The trash is the folder NAME_trash; it is added to and never emptied. */
import { FormatError } from '../base/index.ts';
import { type FaceArea, freshPath, trashPrefix } from './faceArea.ts';
import { type Action, type Move, originOf } from './journal.ts';

/** Moves to the trash; where it has a file of that name already, NAME-2 and so on. */
export async function trashMoves(area: FaceArea, names: readonly string[]): Promise<readonly Move[]> {
  const taken = new Set(await area.list(trashPrefix));
  return names.map((name) => ({ from: name, to: `${trashPrefix}${freshPath(name.replaceAll('/', '_'), taken)}` }));
}

/**
 * Moves out of the trash, to the names that the files had, or free ones like them.
 *
 * @param wanted  names in the trash or names that the files had before; all if there are none.
 * @throws FormatError if a wanted file is not in the trash.
 */
export async function restoreMoves(area: FaceArea, actions: readonly Action[], wanted: readonly string[]): Promise<readonly Move[]> {
  const files = (await area.list(trashPrefix)).map((name) => ({ name, origin: originOf(actions, name) ?? name }));
  const chosen =
    wanted.length === 0
      ? files
      : wanted.map((want) => {
          const found = files.find(({ name }) => name === want) ?? files.findLast(({ origin }) => origin === want);
          if (found !== undefined) return found;
          throw new FormatError(`${want}: not in the trash`, {
            found: `${files.length} files in ${area.describe(trashPrefix)}`,
            next: 'name files of that folder, or none to bring back all',
          });
        });
  const taken = new Map<string, Set<string>>();
  const moves: Move[] = [];
  for (const { name, origin } of new Set(chosen)) {
    const slash = origin.lastIndexOf('/') + 1;
    const folder = origin.slice(0, slash);
    const names = taken.get(folder) ?? new Set(await area.list(folder));
    taken.set(folder, names);
    moves.push({ from: `${trashPrefix}${name}`, to: `${folder}${freshPath(origin.slice(slash), names)}` });
  }
  return moves;
}
