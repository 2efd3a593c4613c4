/** `liae faces check`: what is wrong with the faces of a set. */
import { OptionError, ResourceError } from '../../base/index.ts';
import {
  checkFaces,
  checkNeeds,
  type Fault,
  type FaultClass,
  faultClasses,
  type ImageSet,
  isMeasured,
  type Measures,
  openImages,
  trashMoves,
} from '../../curate/index.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, oneOf } from './longRun.ts';
import { measureImages } from './measure.ts';
import { carryOut, counted, dryRunFlag, folderOf, openWorkplace, refusePacked, undoHint } from './workplace.ts';

export const check: Command = {
  name: 'faces check',
  summary: 'find broken, repeated, blurred faces, closed eyes and other persons',
  usage: 'DIR [--trash CLASS,…] [--blurred X] [--closed X] [--json] [--dry-run]',
  about: [
    'Reports, and with --trash moves to the trash, faces of these classes:',
    'broken: no picture, cut off, or without face data.',
    'duplicate: nearly the same picture as a sharper one.',
    'person: not of the largest group of alike faces; needs vectors of identity in the files or the optional network.',
    'blurred: fine detail between brows and mouth (variance of the Laplacian at 128 pixels) below a quarter of the median of the set.',
    'closed-eyes: eyes open (height over width, mean of both) less than 0.55 of the median of the set, or less than 0.12. Looking down far counts as closed.',
  ].join('\n'),
  flags: [
    { name: 'trash', kind: 'value', shape: 'CLASS,…', help: `classes to move to the trash: ${faultClasses.join(', ')} or all` },
    { name: 'blurred', kind: 'value', shape: 'X', help: 'share of the median sharpness below which a face is blurred', default: '0.25' },
    { name: 'closed', kind: 'value', shape: 'X', help: 'share of the median opening below which eyes are closed', default: '0.55' },
    { name: 'json', kind: 'switch', help: 'print one JSON object' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const classes = classesOf(optional(args, 'trash'));
    const [blurred, closed] = [shareOf(optional(args, 'blurred'), '--blurred'), shareOf(optional(args, 'closed'), '--closed')];
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      await using place = classes.length > 0 ? await openWorkplace(args, terminal) : undefined;
      if (place !== undefined) await refusePacked(place);
      await using images = await openImages(nodeFolder(path));
      const measures = await measureImages(path, images, checkNeeds, { signal, terminal });
      const { identity, reason } = await identities(path, images, signal, terminal);
      const faults = checkFaces(measures, { problems: images.problems, blurred, closed }, identity);
      if (args.values.json === true) {
        const unchecked = reason === undefined ? {} : { person: reason };
        const found = Object.fromEntries(
          faultClasses.map((name) => [name, faults[name].map(({ name: file, why }) => ({ name: file, why }))]),
        );
        terminal.out(`${JSON.stringify({ folder: path, pictures: images.count, faults: found, unchecked })}\n`);
      } else report(faults, images.count, reason, terminal);
      if (place === undefined) return 0;
      const names = new Set(classes.flatMap((name) => faults[name].map((fault) => fault.name)));
      const moves = await trashMoves(place.area, [...names].sort());
      const what = `${counted(moves.length, 'picture')} to the trash (${classes.join(', ')})`;
      const done = await carryOut(place, { tool: 'check', what, moves }, args, terminal);
      if (done !== undefined)
        (args.values.json === true ? terminal.note : (line: string) => terminal.out(`${line}\n`))(`${what}\n${undoHint(path)}`);
      return 0;
    }, terminal);
  },
};

function classesOf(text: string | undefined): readonly FaultClass[] {
  if (text === undefined) return [];
  if (text === 'all') return faultClasses;
  return text.split(',').map((word) => oneOf(word.trim(), '--trash', faultClasses));
}

function shareOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new OptionError(`${flag} ${text}: not a share`, { expected: '0 to 1' });
  return share;
}

/** Vectors of identity, or why there are none. */
async function identities(
  path: string,
  images: ImageSet,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<{ readonly identity?: Measures; readonly reason?: string }> {
  try {
    const identity = await measureImages(path, images, ['identity'], { signal, terminal });
    const some = Array.from({ length: images.count }, (_, i) => i).some((i) => isMeasured(identity, 'identity', i));
    return some ? { identity } : { reason: 'no face has a vector of identity' };
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error;
    return { reason: error.brief() };
  }
}

/** Files that are named in each class. */
const NAMED = 20;

function report(
  faults: Readonly<Record<FaultClass, readonly Fault[]>>,
  pictures: number,
  reason: string | undefined,
  { out, note }: Terminal,
): void {
  const all = new Set(faultClasses.flatMap((name) => faults[name].map(({ face }) => face)));
  out(`${counted(pictures, 'picture')}, ${all.size} with faults\n`);
  for (const name of faultClasses) {
    const found = faults[name];
    if (name === 'person' && reason !== undefined) note(`person: not checked, ${reason}`);
    else out(`${name}: ${found.length === 0 ? 'none' : found.length}\n`);
    for (const fault of found.slice(0, NAMED)) out(`  ${fault.name}: ${fault.why}\n`);
    if (found.length > NAMED) out(`  and ${found.length - NAMED} more, which --json lists\n`);
  }
}
