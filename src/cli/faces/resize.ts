/** `liae faces resize`: aligned faces at another size or with another crop. */
import { OptionError } from '../../base/index.ts';
import { type FaceType, faceTypeFromLetter } from '../../face/index.ts';
import { openFaceEditor } from '../../platform/node/editPool.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { wholeNumber } from './longRun.ts';
import { jpegsOf, runEdit } from './runEdit.ts';
import { counted, dryRunFlag, openWorkplace, refusePacked } from './workplace.ts';

export const resize: Command = {
  name: 'faces resize',
  summary: 'another size or crop for aligned faces',
  usage: 'DIR [--size N] [--face-type T] [--dry-run]',
  about:
    'Writes the faces at N×N pixels, quality 100. With another face type the crop is made anew from the landmarks of the aligned face, black where the old crop shows nothing. Landmarks, polygons, XSeg masks and matrices move along.',
  flags: [
    { name: 'size', kind: 'value', shape: 'N', help: 'side in pixels, 128 to 2048', default: '512' },
    { name: 'face-type', kind: 'value', shape: 'T', help: 'h, mf, f, wf or head', default: 'same' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const size = wholeNumber(optional(args, 'size') ?? '512', '--size', [128, 2048]);
    const faceType = faceTypeOf(optional(args, 'face-type') ?? 'same', '--face-type');
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    await using editor = openFaceEditor({ kind: 'resize', crop: { size, faceType } }, { count: (await jpegsOf(place)).length });
    const { edit, parallel } = editor;
    const crop = faceType === undefined ? '' : ` as ${faceType}`;
    const what = (count: number): string => `${counted(count, 'face')} at ${size}×${size} pixels${crop}`;
    return await runEdit(place, { tool: 'resize', what, edit, parallel }, args, terminal);
  },
};

/** The face type of a letter; undefined for `same`. */
export function faceTypeOf(letter: string, flag: string): FaceType | undefined {
  if (letter === 'same') return undefined;
  const type = faceTypeFromLetter(letter);
  if (type === undefined) throw new OptionError(`${flag} ${letter}: no such face type`, { expected: 'h, mf, f, wf, head or same' });
  return type;
}
