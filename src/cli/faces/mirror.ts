/** `liae faces mirror`: faces as in a mirror. */
import type { FaceEdit } from '../../curate/index.ts';
import { openFaceEditor } from '../../platform/node/editPool.ts';
import type { Command } from '../command.ts';
import { jpegsOf, runEdit } from './runEdit.ts';
import { counted, dryRunFlag, openWorkplace, refusePacked } from './workplace.ts';

export const mirror: Command = {
  name: 'faces mirror',
  summary: 'faces as in a mirror',
  usage: 'DIR [--add] [--dry-run]',
  about:
    'Mirrors pictures, landmarks, polygons and masks, quality 100. What a face says of its frame (name, rectangle, landmarks in the frame) stays, as the frame is not mirrored; its matrix gets the mirror added.',
  flags: [{ name: 'add', kind: 'switch', help: 'keep the faces and add the mirrored ones as NAME_mirror.jpg' }, dryRunFlag],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    await using editor = openFaceEditor({ kind: 'mirror' }, { count: (await jpegsOf(place)).length });
    const { parallel } = editor;
    const add = args.values.add === true;
    const nameOf = (name: string): string => (add ? name.replace(/(\.[^.]*)$/, '_mirror$1') : name);
    const there = new Set(await place.folder.list());
    const edit: FaceEdit = async (face) =>
      add && (/_mirror\.[^.]*$/.test(face.name) || there.has(nameOf(face.name))) ? undefined : editor.edit(face);
    const what = (count: number): string => `${counted(count, 'face')} mirrored`;
    return await runEdit(place, { tool: 'mirror', what, edit, nameOf, parallel }, args, terminal);
  },
};
