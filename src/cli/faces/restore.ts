/** `liae faces restore`: brings files back out of the trash. */
import { parentOf, restoreMoves, trashPrefix } from '../../curate/index.ts';
import type { Command } from '../command.ts';
import { carryOut, counted, dryRunFlag, openWorkplace, undoHint } from './workplace.ts';

const MANY = 1_000_000;

export const restore: Command = {
  name: 'faces restore',
  summary: 'bring faces back from the trash',
  usage: 'DIR [NAME…] [--list] [--dry-run]',
  about:
    'Moves files of DIR_trash back to DIR under the names that they had, or NAME-2 where another file has the name now. Without names, all of them. Files that a tool replaced or packed lie in folders of the trash; liae faces undo brings those back.',
  flags: [{ name: 'list', kind: 'switch', help: 'only list what is in the trash' }, dryRunFlag],
  words: MANY,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    const moves = await restoreMoves(place.area, await place.actions(), args.rest.slice(1));
    if (args.values.list === true) {
      for (const { from, to } of moves) terminal.out(`${from.slice(trashPrefix.length)} (${to})\n`);
      return 0;
    }
    const what = `${counted(moves.length, 'file')} back from the trash`;
    const done = await carryOut(place, { tool: 'restore', what, moves }, args, terminal);
    if (done !== undefined) terminal.out(`${what}\n${undoHint(place.path)}\n`);
    else if (moves.length === 0) terminal.note(`nothing in ${place.area.describe(parentOf(trashPrefix))}`);
    return 0;
  },
};
