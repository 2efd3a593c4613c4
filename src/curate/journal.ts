/**
 * Moves of files that survive being killed, and can be undone. A series of moves is written to the journal before it begins; then every
 * file goes to a passing name in its target's folder, a mark is set, and every file goes from there to its own name. A series found
 * unfinished is rolled back if the mark is missing and completed if it is there, as then no file can be in doubt.
 */
import { FormatError } from '../base/index.ts';
import { baseOf, type FaceArea, freshPath, parentOf, trashPrefix, workPrefix } from './faceArea.ts';

export interface Move {
  readonly from: string;
  readonly to: string;
}

/** One line of the history of a folder. */
export interface Action {
  readonly id: number;
  /** ISO time. */
  readonly at: string;
  /** The tool, as it is called. */
  readonly tool: string;
  /** What it did, for people. */
  readonly what: string;
  readonly moves: readonly Move[];
  /** The action that this one takes back. */
  readonly undoes?: number | undefined;
  /** `half`: every file is at its passing name. */
  readonly state: 'begun' | 'half' | 'done' | 'cancelled';
}

export type Plan = Pick<Action, 'tool' | 'what' | 'moves' | 'undoes'>;

/** Lines that are damaged or not of this form are passed over: a kill may cut off the last one. */
export function readActions(text: string): readonly Action[] {
  const actions = new Map<number, Action>();
  for (const line of text.split('\n')) {
    const entry = entryOf(line);
    if (entry === undefined) continue;
    if ('moves' in entry) actions.set(entry.id, entry);
    else {
      const action = actions.get(entry.id);
      if (action !== undefined) actions.set(entry.id, { ...action, state: entry.state });
    }
  }
  return [...actions.values()].sort((a, b) => a.id - b.id);
}

type Entry = Action | Pick<Action, 'id' | 'state'>;

/** Far more actions than a folder ever sees, and far from where the next number would be none: an action under it could not be read back. */
const MAX_ID = 2 ** 40;

function entryOf(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined; // a line that is none costs no error
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, at, tool, what, moves, undoes, state } = value as Record<string, unknown>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id > MAX_ID) return undefined;
  if (moves === undefined) return state === 'half' || state === 'done' || state === 'cancelled' ? { id, state } : undefined;
  if (typeof at !== 'string' || typeof tool !== 'string' || typeof what !== 'string' || !Array.isArray(moves)) return undefined;
  const pairs = moves.map((pair: unknown): Move | undefined => {
    if (!Array.isArray(pair) || !pair.every(isSafePath)) return undefined;
    const [from, to] = pair as string[];
    return from === undefined || to === undefined ? undefined : { from, to };
  });
  if (!pairs.every((move) => move !== undefined) || !areOnce(pairs)) return undefined;
  return { id, at, tool, what, moves: pairs, undoes: typeof undoes === 'number' ? undoes : undefined, state: 'begun' };
}

/** Whether no file is moved twice, and none to where another goes. */
const areOnce = (moves: readonly Move[]): boolean =>
  new Set(moves.map(({ from }) => from)).size === moves.length && new Set(moves.map(({ to }) => to)).size === moves.length;

/** Inside the folder or its trash: a journal may come from strangers with the faces. */
function isSafePath(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > 1000) return false;
  const parts = (path.startsWith(trashPrefix) ? path.slice(trashPrefix.length) : path).split(/[/\\]/);
  return parts.every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
}

export interface MoveOptions {
  /** The time of day, for the journal. */
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Carries out a series of moves; names may change places. Moves from a path to itself are left out.
 *
 * @returns the action, or undefined if there was nothing to move.
 * @throws FormatError if a file is missing or a target is taken by a file that stays; nothing has moved then.
 * @throws the signal's reason if it aborts in the first half, after everything is back in its place.
 */
export async function runMoves(area: FaceArea, plan: Plan, options: MoveOptions): Promise<Action | undefined> {
  const moves = plan.moves.filter(({ from, to }) => from !== to);
  if (moves.length === 0) return undefined;
  await checkMoves(area, moves);
  const text = await area.readJournal();
  const id = await freeId(area, moves, nextId(readActions(text)));
  const action: Action = { id, at: options.now().toISOString(), ...plan, moves, state: 'begun' };
  const { state: _, ...line } = action;
  await area.appendJournal(
    `${text === '' || text.endsWith('\n') ? '' : '\n'}${JSON.stringify({ ...line, moves: moves.map(({ from, to }) => [from, to]) })}\n`,
  );
  try {
    for (const [k, { from, to }] of moves.entries()) {
      options.signal?.throwIfAborted();
      await area.move(from, passing(action, to, k));
      options.progress?.(k + 1, 2 * moves.length);
    }
  } catch (error) {
    await rollBack(area, action);
    throw error;
  }
  await complete(area, action, options.progress);
  return { ...action, state: 'done' };
}

/** The number that the next action gets. */
export function nextId(actions: readonly Action[]): number {
  const last = actions.at(-1)?.id ?? 0;
  if (last < MAX_ID) return last + 1;
  const used = new Set(actions.map(({ id }) => id));
  let id = 1;
  while (used.has(id)) id++;
  return id;
}

/** A number whose passing names are free: under those of an action that the journal has lost lie files that nothing else holds. */
async function freeId(area: FaceArea, moves: readonly Move[], from: number): Promise<number> {
  for (let id = from; ; id++) {
    let free = true;
    for (const [k, { to }] of moves.entries()) free &&= !(await area.exists(passing({ id }, to, k)));
    if (free) return id;
  }
}

/**
 * Brings to an end what a killed tool left unfinished.
 *
 * @returns what was done about it, a sentence each.
 */
export async function settle(area: FaceArea): Promise<readonly string[]> {
  const notes: string[] = [];
  const text = await area.readJournal();
  if (text !== '' && !text.endsWith('\n')) await area.appendJournal('\n'); // a line that was cut off
  for (const action of readActions(text)) {
    if (action.state === 'begun') {
      await rollBack(area, action);
      notes.push(`an earlier ${action.tool} was interrupted; its moves are taken back`);
    } else if (action.state === 'half') {
      await complete(area, action);
      notes.push(`an earlier ${action.tool} was interrupted; it is now complete: ${action.what}`);
    }
  }
  return notes;
}

const passing = ({ id }: Pick<Action, 'id'>, to: string, k: number): string => {
  const folder = parentOf(to);
  return `${folder === '' ? '' : `${folder}/`}${workPrefix}move-${id}-${k}`;
};

async function rollBack(area: FaceArea, action: Action): Promise<void> {
  for (const [k, { from, to }] of action.moves.entries()) {
    const now = passing(action, to, k);
    if (!(await area.exists(now))) continue;
    if (await area.exists(from)) throw taken(area, from);
    await area.move(now, from);
  }
  await area.flush(foldersOf(action.moves));
  await area.appendJournal(`${JSON.stringify({ id: action.id, state: 'cancelled' })}\n`);
}

async function complete(area: FaceArea, action: Action, progress?: MoveOptions['progress']): Promise<void> {
  const { id, moves } = action;
  await area.flush(foldersOf(moves));
  if (action.state !== 'half') await area.appendJournal(`${JSON.stringify({ id, state: 'half' })}\n`);
  for (const [k, { to }] of moves.entries()) {
    const now = passing(action, to, k);
    if (await area.exists(now)) {
      if (await area.exists(to)) throw taken(area, to);
      await area.move(now, to);
    }
    progress?.(moves.length + k + 1, 2 * moves.length);
  }
  await area.flush(foldersOf(moves));
  await area.appendJournal(`${JSON.stringify({ id, state: 'done' })}\n`);
}

const foldersOf = (moves: readonly Move[]): string[] => [...new Set(moves.flatMap(({ from, to }) => [parentOf(from), parentOf(to)]))];

async function checkMoves(area: FaceArea, moves: readonly Move[]): Promise<void> {
  const [froms, tos] = [new Set<string>(), new Set<string>()];
  for (const { from, to } of moves) {
    if (froms.has(from) || tos.has(to)) throw new RangeError(`${from} to ${to}: moved twice or to a name given twice`);
    if (!isSafePath(from) || !isSafePath(to)) throw new RangeError(`${from} to ${to}: outside the folder and its trash`);
    froms.add(from);
    tos.add(to);
  }
  for (const { from, to } of moves) {
    if (!(await area.exists(from))) throw new FormatError(`${area.describe(from)}: gone meanwhile`, { next: 'run the command again' });
    if (!froms.has(to) && (await area.exists(to))) throw taken(area, to);
  }
}

const taken = (area: FaceArea, to: string): FormatError =>
  new FormatError(`${area.describe(to)}: there is another file of this name`, { next: 'move it elsewhere, then run the command again' });

/** The last action that is done and not yet taken back. */
export function lastUndoable(actions: readonly Action[]): Action | undefined {
  const undone = new Set(actions.flatMap(({ undoes, state }) => (state === 'done' && undoes !== undefined ? [undoes] : [])));
  return actions.findLast(({ id, state, undoes }) => state === 'done' && undoes === undefined && !undone.has(id));
}

/**
 * The moves that take an action back. New versions of files, and packs, go to the trash, as nothing is ever removed.
 *
 * @param id  of the undoing action.
 * @returns the moves, and the files that cannot be brought back because they are gone or their name is taken.
 */
export async function undoMoves(
  area: FaceArea,
  action: Action,
  id: number,
): Promise<{ readonly moves: readonly Move[]; readonly missing: readonly string[]; readonly blocked: readonly string[] }> {
  const isNew = (path: string): boolean => path.startsWith(workPrefix);
  const undone = new Set<string>();
  const inTrash = (path: string): string => freshPath(`${trashPrefix}undone-${id}/${path.replaceAll(trashPrefix, '')}`, undone);
  let moves = action.moves.map(({ from, to }): Move => ({ from: to, to: isNew(from) ? inTrash(to) : from }));
  const missing: string[] = [];
  const blocked: string[] = [];
  for (;;) {
    const [froms, tos] = [new Set(moves.map(({ from }) => from)), new Set(moves.map(({ to }) => to))];
    const kept: Move[] = [];
    for (const move of moves) {
      const replaced = action.moves.some(({ from }) => from === move.from) && move.to.startsWith(`${trashPrefix}undone-`);
      if (!(await area.exists(move.from))) missing.push(move.to);
      else if (replaced && !tos.has(move.from))
        continue; // its earlier version is gone: the present one stays
      else if (!froms.has(move.to) && (await area.exists(move.to))) blocked.push(move.to);
      else kept.push(move);
    }
    if (kept.length === moves.length) return { moves, missing, blocked };
    moves = kept;
  }
}

/** Where the file of this name in the trash came from, as the last move there tells; undefined if no journal knows. */
export function originOf(actions: readonly Action[], trashed: string): string | undefined {
  for (const { moves, state } of [...actions].reverse()) {
    const move = state === 'done' ? moves.findLast(({ to }) => to === `${trashPrefix}${trashed}`) : undefined;
    if (move !== undefined) return move.from.startsWith(workPrefix) || move.from.startsWith(trashPrefix) ? baseOf(trashed) : move.from;
  }
  return undefined;
}
