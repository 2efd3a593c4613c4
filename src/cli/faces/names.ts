/** `liae faces names`: the names that extraction gave, from what each file says of its frame. */
import { type NamedSource, originalMoves } from '../../curate/index.ts';
import { type Folder, looseFaces } from '../../faceset/index.ts';
import type { Command } from '../command.ts';
import { carryOut, counted, dryRunFlag, openWorkplace, refusePacked, someOf, undoHint } from './workplace.ts';

export const names: Command = {
  name: 'faces names',
  summary: 'recover the names that extraction gave',
  usage: 'DIR [--dry-run]',
  about: 'Renames the faces to FRAME_N, where N counts the faces of one frame in the present order of names.',
  flags: [dryRunFlag],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    const faces = await sourcesOf(place.folder);
    const nameless = faces.filter(({ source }) => source === undefined);
    if (nameless.length > 0) terminal.note(`no frame known, so they keep their names: ${someOf(nameless.map(({ name }) => name))}`);
    const moves = originalMoves(faces).filter(({ from, to }) => from !== to);
    const what = `${counted(moves.length, 'original name')} recovered`;
    const done = await carryOut(place, { tool: 'names', what, moves }, args, terminal);
    if (done !== undefined) terminal.out(`${what}\n${undoHint(place.path)}\n`);
    else if (moves.length === 0) terminal.out('all faces have their original names\n');
    return 0;
  },
};

/** The images of a folder with the frames that they come from, in the order of their names. */
async function sourcesOf(folder: Folder): Promise<readonly NamedSource[]> {
  const { entries, skipped } = await looseFaces(folder);
  const found = [
    ...entries.map(({ filename, metadata }) => ({ name: filename, source: metadata.sourceFilename })),
    ...skipped.map(({ name }) => ({ name, source: undefined })),
  ];
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
