/** `liae faces sort`: renames faces to numbers in the order of a measure. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import {
  type Measures,
  numberedMoves,
  openImages,
  type SortKind,
  sortFaces,
  sortKindOf,
  sortKinds,
  trashMoves,
} from '../../curate/index.ts';
import { fileStamps } from '../../platform/node/curateWorkers.ts';
import { nodeFolder, replaceFile } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { interruptible, progressOf, wholeNumber } from './longRun.ts';
import { measureImages } from './measure.ts';
import { carryOut, counted, dryRunFlag, folderOf, openWorkplace, refusePacked, someOf, undoHint } from './workplace.ts';

export const sort: Command = {
  name: 'faces sort',
  summary: 'rename faces to numbers in the order of a measure',
  usage: 'DIR [--by KIND] [--target N] [--dissimilar] [--list [--out FILE]] [--dry-run]',
  about: [
    'Renames the pictures of DIR to 00000.jpg, 00001.jpg… Ties keep the present order. Pictures without face data, where the measure needs them, and those that a kind sets aside go to the trash.',
    ...sortKinds.map(({ name, number, label }) => `${name}${number === undefined ? '' : ` (${number})`}: ${label}`),
  ].join('\n'),
  flags: [
    { name: 'by', kind: 'value', shape: 'KIND', help: 'name or number of one of the kinds above', default: 'hist' },
    { name: 'target', kind: 'value', shape: 'N', help: 'how many faces final and final-fast choose', default: '2000' },
    { name: 'dissimilar', kind: 'switch', help: 'absdiff: the least similar next' },
    { name: 'list', kind: 'switch', help: 'only print the names in their order' },
    { name: 'out', kind: 'value', shape: 'FILE', help: 'with --list: write the order into this JSON file instead' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const kind = sortKindOf(optional(args, 'by') ?? 'hist');
    const out = optional(args, 'out');
    if (out !== undefined && args.values.list !== true)
      throw new OptionError('--out goes with --list', { next: 'add --list, which renames nothing' });
    const target = wholeNumber(optional(args, 'target') ?? '2000', '--target', [1, 10_000_000]);
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      const only = args.values.list === true;
      await using place = only ? undefined : await openWorkplace(args, terminal);
      if (place !== undefined) await refusePacked(place);
      await using images = await openImages(nodeFolder(path));
      const measures = await measureImages(path, images, kind.needs, { signal, terminal });
      const options = { target, similar: args.values.dissimilar !== true, progress: progressOf('sorting', terminal) };
      const { order, trash, notes } = sortFaces(kind, measures, options);
      for (const line of notes) terminal.note(line);
      const names = order.map((i) => images.name(i));
      if (out !== undefined) {
        const stamps = await fileStamps(path, images);
        const ordered = [...order, ...trash];
        const text = JSON.stringify({
          by: kind.name,
          aside: trash.length,
          names: ordered.map((i) => images.name(i)),
          stamps: ordered.map((i) => stamps[i]!),
        });
        await replaceFile(resolve(out), [new TextEncoder().encode(`${text}\n`)]);
        return 0;
      }
      if (place === undefined) {
        terminal.out(names.map((name) => `${name}\n`).join(''));
        return 0;
      }
      if (notes.length > 0 && names.every((name, i) => name === images.name(i))) return 0; // nothing was found to sort by
      const rejected = trash.map((i) => images.name(i));
      const ends = endsText(kind, measures, order);
      if (ends !== undefined) terminal.out(`${ends}\n`);
      if (rejected.length > 0) terminal.note(`${counted(rejected.length, 'picture')} to the trash: ${someOf(rejected)}`);
      const moves = [...numberedMoves(names), ...(await trashMoves(place.area, rejected))];
      const what = `${counted(names.length, 'face')} sorted by ${kind.name}${rejected.length > 0 ? `, ${rejected.length} to the trash` : ''}`;
      const done = await carryOut(place, { tool: 'sort', what, moves }, args, terminal);
      if (done !== undefined) terminal.out(`${what}\n${undoHint(path)}\n`);
      return 0;
    }, terminal);
  },
};

/** The first and the last face with their values, where the kind sorts by one number. */
function endsText(kind: SortKind, measures: Measures, order: readonly number[]): string | undefined {
  const [first, last] = [order[0], order.at(-1)];
  const [measure] = kind.needs;
  if (first === undefined || last === undefined || measure === undefined || kind.needs.length > 1) return undefined;
  const angle = { 'face-yaw': 1, 'face-pitch': 0 }[kind.name];
  const width = measures.width(measure);
  if (width !== 1 && angle === undefined) return undefined;
  const text = (i: number): string => {
    const value = measures.values(measure)[i * width + (angle ?? 0)]!;
    return `${measures.name(i)} ${angle === undefined ? value.toPrecision(4) : `${((value * 180) / Math.PI).toFixed(1)}°`}`;
  };
  return `first ${text(first)}, last ${text(last)}`;
}
