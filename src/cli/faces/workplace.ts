/**
 * What the commands of `liae faces` share: opening a folder of faces for reading or, under its lock and after settling what a killed tool
 * left, for change; carrying out moves or only saying them.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { FormatError, OptionError } from '../../base/index.ts';
import {
  type Action,
  type FaceArea,
  type Move,
  type Plan,
  readActions,
  runMoves,
  settle,
  trashPrefix,
  workPrefix,
} from '../../curate/index.ts';
import { type Folder, pakName } from '../../faceset/index.ts';
import { nodeFaceArea } from '../../platform/node/faceArea.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { lockFaces } from '../../platform/node/modelLock.ts';
import type { Args, Flag } from '../args.ts';
import type { Terminal } from '../command.ts';

/** The folder that a command is given as its first word. */
export async function folderOf({ rest }: Args): Promise<string> {
  const [word] = rest;
  if (word === undefined || word === '')
    throw new OptionError('which faces? the folder comes after the command', { next: 'add --help for all options' });
  const path = resolve(word);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new FormatError(`${path}: there is no such folder`, { next: 'check the path' });
  if (!found.isDirectory()) throw new FormatError(`${path}: a file, not a folder of faces`, { next: 'name the folder that it is in' });
  return path;
}

export interface Workplace extends AsyncDisposable {
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  readonly folder: Folder;
  readonly area: FaceArea;
  readonly actions: () => Promise<readonly Action[]>;
}

/** Opens a folder for change. Only one tool at a time does. */
export async function openWorkplace(args: Args, { note }: Pick<Terminal, 'note'>): Promise<Workplace> {
  const path = await folderOf(args);
  const lock = await lockFaces(path);
  try {
    const area = nodeFaceArea(path);
    for (const line of await settle(area)) note(line);
    for (const name of await readdir(path)) if (name.startsWith(`${workPrefix}staged-`)) await area.clear(name);
    return {
      ...{ path, name: basename(path), folder: nodeFolder(path), area },
      actions: async () => readActions(await area.readJournal()),
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws FormatError if the folder is packed, as single files cannot be moved there. */
export async function refusePacked({ folder, path }: Pick<Workplace, 'folder' | 'path'>): Promise<void> {
  if (!(await folder.list()).includes(pakName)) return;
  throw new FormatError(`${path}: these faces are packed in ${pakName}`, {
    next: `liae faces unpack ${path} takes them out; liae faces pack puts them back afterwards`,
  });
}

/** Moves that are undoable, or, in a dry run, a list of them. */
export async function carryOut(
  { area }: Pick<Workplace, 'area'>,
  plan: Plan,
  args: Args,
  { out, note }: Terminal,
): Promise<Action | undefined> {
  if (isDry(args)) {
    const moves = plan.moves.filter(({ from, to }) => from !== to);
    for (const move of moves) out(`${moveText(area, move)}\n`);
    note(`${moves.length} files would move; nothing is changed`);
    return undefined;
  }
  return runMoves(area, plan, { now: () => new Date() });
}

export const isDry = ({ values }: Args): boolean => values['dry-run'] === true;

const moveText = (area: FaceArea, { from, to }: Move): string => {
  const text = (path: string): string => (path.startsWith(trashPrefix) ? area.describe(path) : path);
  return `${text(from)} -> ${text(to)}`;
};

export const dryRunFlag: Flag = { name: 'dry-run', kind: 'switch', help: 'only say what would change' };

/** "1 face", "2 faces". */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Says how to go back, once something has moved. */
export const undoHint = (path: string): string => `liae faces undo ${path} takes this back`;

/** Names for a line of text: the first few, and how many more. */
export function someOf(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
