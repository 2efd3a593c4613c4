/** `liae faces trash`: takes faces out of a folder, into the folder NAME_trash beside it. */
import { FormatError, OptionError } from '../../base/index.ts';
import { trashMoves } from '../../curate/index.ts';
import type { Command } from '../command.ts';
import { carryOut, counted, dryRunFlag, openWorkplace, refusePacked, undoHint } from './workplace.ts';

const MANY = 1_000_000;

export const trash: Command = {
  name: 'faces trash',
  summary: 'move faces to the trash beside their folder',
  usage: 'DIR NAME… [--dry-run]',
  about:
    'Moves files of DIR to DIR_trash. The trash is added to and never emptied; a name that is there already becomes NAME-2. liae faces restore brings files back.',
  flags: [dryRunFlag],
  words: MANY,
  async run(args, terminal) {
    const [, ...names] = args.rest;
    if (names.length === 0)
      throw new OptionError('which files? their names come after the folder', { expected: 'liae faces trash DIR NAME…' });
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    const there = new Set(await place.folder.list());
    const unknown = names.find((name) => !there.has(name));
    if (unknown !== undefined)
      throw new FormatError(`${unknown}: no such file in ${place.path}`, { next: 'names are without their folder' });
    const moves = await trashMoves(place.area, [...new Set(names)]);
    const what = `${counted(moves.length, 'file')} to the trash`;
    const done = await carryOut(place, { tool: 'trash', what, moves }, args, terminal);
    if (done !== undefined) terminal.out(`${what}\n${undoHint(place.path)}\n`);
    return 0;
  },
};
