/** `liae faces undo`: takes back the last thing that a tool did to a folder. */
import { ResourceError } from '../../base/index.ts';
import { type Action, lastUndoable, nextId, undoMoves } from '../../curate/index.ts';
import type { Command } from '../command.ts';
import { carryOut, counted, dryRunFlag, openWorkplace, someOf } from './workplace.ts';

export const undo: Command = {
  name: 'faces undo',
  summary: 'take back the last change of a folder',
  usage: 'DIR [--list] [--dry-run]',
  about:
    'Moves every file back to where it was before the last change; again, and the change before it is taken back. New versions of files go to DIR_trash, as nothing is ever deleted.',
  flags: [{ name: 'list', kind: 'switch', help: 'only list what was done, the last first' }, dryRunFlag],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    const actions = await place.actions();
    if (args.values.list === true) {
      const undone = new Set(actions.map(({ undoes }) => undoes));
      for (const action of [...actions].reverse()) terminal.out(`${lineOf(action, undone.has(action.id))}\n`);
      return 0;
    }
    const last = lastUndoable(actions);
    if (last === undefined) {
      terminal.note(`${place.path}: nothing to take back`);
      return 0;
    }
    const { moves, missing, blocked } = await undoMoves(place.area, last, nextId(actions));
    if (missing.length > 0) terminal.note(`gone since then, and left out: ${someOf(missing)}`);
    if (blocked.length > 0) terminal.note(`another file has the name now, left out: ${someOf(blocked)}`);
    if (moves.length === 0) {
      throw new ResourceError(`${last.tool} of ${timeText(last)} can no longer be taken back`, {
        found: `${counted(missing.length, 'file')} gone, ${blocked.length} names taken`,
        next: `put the files back into ${place.area.describe('@trash')}`,
      });
    }
    const what = `taken back: ${last.tool}, ${last.what}`;
    const done = await carryOut(place, { tool: 'undo', what, moves, undoes: last.id }, args, terminal);
    if (done !== undefined) terminal.out(`${what}\n`);
    return 0;
  },
};

const timeText = ({ at }: Action): string => at.replace('T', ' ').slice(0, 16);

const lineOf = (action: Action, undone: boolean): string =>
  `${timeText(action)}  ${action.tool}: ${action.what}${action.state === 'cancelled' ? ' (interrupted, nothing changed)' : undone ? ' (taken back)' : ''}`;
