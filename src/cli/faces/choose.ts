/** `liae faces best` and `liae faces dedupe`: which faces of a set are worth keeping. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { chooseFaces, chooseNeeds, dedupe, dedupeNeeds, freshPath, type ImageSet, openImages, trashMoves } from '../../curate/index.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { type Args, optional } from '../args.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, progressOf, wholeNumber } from './longRun.ts';
import { measureImages } from './measure.ts';
import { carryOut, counted, dryRunFlag, folderOf, isDry, openWorkplace, refusePacked, undoHint } from './workplace.ts';

const copyFlag = {
  name: 'copy-to',
  kind: 'value',
  shape: 'OUT',
  help: 'copy the chosen faces into this folder and leave DIR as it is',
} as const;

export const best: Command = {
  name: 'faces best',
  summary: 'keep the N most useful faces',
  usage: 'DIR N [--copy-to OUT] [--dry-run]',
  about:
    'Chooses N faces that together show as many poses, expressions and lights as they can, sharp pictures before blurred ones. The others go to the trash. For the choice that DeepFaceLab makes, use liae faces sort DIR --by final --target N.',
  flags: [copyFlag, dryRunFlag],
  words: 2,
  async run(args, terminal) {
    const count = args.rest[1];
    if (count === undefined)
      throw new OptionError('how many faces? the number comes after the folder', { expected: 'liae faces best DIR N' });
    const wanted = wholeNumber(count, 'N', [1, 10_000_000]);
    const choose = async (path: string, images: ImageSet, signal: AbortSignal): Promise<Choice> => {
      const measures = await measureImages(path, images, chooseNeeds, { signal, terminal });
      const { order, trash } = chooseFaces(measures, wanted, progressOf('choosing', terminal));
      return { kept: order, rest: trash, what: `${counted(order.length, 'best face')} of ${images.count}` };
    };
    return await keep(choose, 'best', args, terminal);
  },
};

export const dedupeFaces: Command = {
  name: 'faces dedupe',
  summary: 'take out faces that repeat others',
  usage: 'DIR [--threshold X] [--copy-to OUT] [--dry-run]',
  about:
    'Of faces that are nearly the same picture, the sharpest stays and the others go to the trash. Faces whose mouth or eyes differ are never the same.',
  flags: [
    { name: 'threshold', kind: 'value', shape: 'X', help: 'largest difference of thumbnails, in levels of 255', default: '3' },
    copyFlag,
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const text = optional(args, 'threshold') ?? '3';
    const threshold = Number(text);
    if (!(threshold > 0 && threshold <= 100))
      throw new OptionError(`--threshold ${text}: not in its range`, { expected: 'above 0, up to 100' });
    const choose = async (path: string, images: ImageSet, signal: AbortSignal): Promise<Choice> => {
      const measures = await measureImages(path, images, dedupeNeeds, { signal, terminal });
      const { kept, duplicates } = dedupe(measures, { threshold, progress: progressOf('comparing', terminal) });
      for (const { face, of, distance } of duplicates.slice(0, 10)) {
        terminal.note(`${images.name(face)} repeats ${images.name(of)} (${distance.toFixed(1)} levels)`);
      }
      if (duplicates.length > 10) terminal.note(`and ${duplicates.length - 10} more`);
      const known = new Set(duplicates.map(({ face }) => face));
      const rest = [...known].sort((a, b) => a - b);
      const others = [...measures.broken.keys()];
      return {
        kept: [...kept, ...others].sort((a, b) => a - b),
        rest,
        what: `${counted(rest.length, 'repeated face')} of ${images.count}`,
      };
    };
    return await keep(choose, 'dedupe', args, terminal);
  },
};

interface Choice {
  readonly kept: readonly number[];
  readonly rest: readonly number[];
  readonly what: string;
}

/** Chosen faces stay or are copied; the rest goes to the trash or stays. */
async function keep(
  choose: (path: string, images: ImageSet, signal: AbortSignal) => Promise<Choice>,
  tool: string,
  args: Args,
  terminal: Terminal,
): Promise<number> {
  return await interruptible(async (signal) => {
    const path = await folderOf(args);
    const target = optional(args, 'copy-to');
    if (target !== undefined) {
      await using images = await openImages(nodeFolder(path));
      const { kept, what } = await choose(path, images, signal);
      if (isDry(args)) for (const i of kept) terminal.out(`${images.name(i)}\n`);
      else terminal.out(`${what}: ${counted(await copyFaces(images, kept, resolve(target), signal), 'file')} in ${resolve(target)}\n`);
      return 0;
    }
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    await using images = await openImages(place.folder);
    const { rest, what } = await choose(path, images, signal);
    const moves = await trashMoves(
      place.area,
      rest.map((i) => images.name(i)),
    );
    const done = await carryOut(place, { tool, what, moves }, args, terminal);
    if (done !== undefined) terminal.out(`${what}; ${counted(moves.length, 'file')} to the trash\n${undoHint(path)}\n`);
    else if (!isDry(args)) terminal.out(`${what}; nothing to move\n`);
    return 0;
  }, terminal);
}

/** Copies faces, never over a file that is there. @returns how many. */
async function copyFaces(images: ImageSet, faces: readonly number[], target: string, signal: AbortSignal): Promise<number> {
  const folder = nodeFolder(target);
  const taken = new Set(await folder.list().catch(() => []));
  for (const i of faces) {
    signal.throwIfAborted();
    await folder.write(freshPath(images.name(i), taken), [(await images.read(i)).bytes]);
  }
  return faces.length;
}
