/** `liae faces cluster`: the persons of a set, by the identity network. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { cluster, isMeasured, type Move, openImages, SAME_PERSON, trashMoves } from '../../curate/index.ts';
import { fileStamps } from '../../platform/node/curateWorkers.ts';
import { nodeFolder, replaceFile } from '../../platform/node/files.ts';
import { optional } from '../args.ts';
import type { Command } from '../command.ts';
import { interruptible, progressOf, wholeNumber } from './longRun.ts';
import { measureImages } from './measure.ts';
import { carryOut, counted, dryRunFlag, folderOf, openWorkplace, refusePacked, someOf, undoHint } from './workplace.ts';

export const clusterFaces: Command = {
  name: 'faces cluster',
  summary: 'group faces by person',
  usage: 'DIR [--threshold X] [--split | --keep N] [--out FILE] [--json] [--dry-run]',
  about:
    'Groups faces by vectors of identity: those that extraction kept in the files, else computed by the optional network. Without --split or --keep it only reports.',
  flags: [
    {
      name: 'threshold',
      kind: 'value',
      shape: 'X',
      help: 'largest distance of a face to the mean of its person',
      default: String(SAME_PERSON),
    },
    { name: 'split', kind: 'switch', help: 'move each person into a sub-folder person_1, person_2…, the largest first' },
    { name: 'keep', kind: 'value', shape: 'N', help: 'keep the N-th largest person, the others to the trash' },
    { name: 'out', kind: 'value', shape: 'FILE', help: 'write the groups into this JSON file, with their mean vectors' },
    { name: 'json', kind: 'switch', help: 'print one JSON object' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    const text = optional(args, 'threshold') ?? String(SAME_PERSON);
    const threshold = Number(text);
    if (!(threshold > 0 && threshold <= 2))
      throw new OptionError(`--threshold ${text}: not in its range`, { expected: 'above 0, up to 2' });
    const split = args.values.split === true;
    const kept = optional(args, 'keep');
    if (split && kept !== undefined) throw new OptionError('--split and --keep exclude each other');
    return await interruptible(async (signal) => {
      const path = await folderOf(args);
      const changes = split || kept !== undefined;
      await using place = changes ? await openWorkplace(args, terminal) : undefined;
      if (place !== undefined) await refusePacked(place);
      await using images = await openImages(nodeFolder(path));
      const measures = await measureImages(path, images, ['identity'], { signal, terminal });
      const faces = Array.from({ length: images.count }, (_, i) => i).filter((i) => isMeasured(measures, 'identity', i));
      const unknown = images.count - faces.length;
      if (unknown > 0) terminal.note(`${counted(unknown, 'picture')} without identity`);
      const people = cluster(measures.values('identity') as Float32Array, faces, { threshold, progress: progressOf('grouping', terminal) });
      const named = people.map((person) => ({ ...person, names: [...person.faces].sort((a, b) => a - b).map((i) => images.name(i)) }));
      const out = optional(args, 'out');
      if (out !== undefined) {
        const stamps = await fileStamps(path, images);
        const persons = named.map(({ names, faces: members, spread, mean }) => ({
          ...{ names, spread, mean: [...mean] },
          stamps: [...members].sort((a, b) => a - b).map((i) => stamps[i]!),
        }));
        await replaceFile(resolve(out), [new TextEncoder().encode(`${JSON.stringify({ persons, unknown })}\n`)]);
      }
      if (args.values.json === true) {
        terminal.out(`${JSON.stringify({ folder: path, persons: named.map(({ names, spread }) => ({ names, spread })), unknown })}\n`);
      } else {
        for (const [i, { names, spread }] of named.entries()) {
          terminal.out(`person ${i + 1}: ${counted(names.length, 'face')}, spread ${spread.toFixed(2)}: ${someOf(names, 3)}\n`);
        }
      }
      if (place === undefined) return 0;
      let moves: readonly Move[];
      let what: string;
      if (kept !== undefined) {
        const number = wholeNumber(kept, '--keep', [1, Math.max(1, named.length)]);
        const others = named.flatMap(({ names }, i) => (i === number - 1 ? [] : names));
        moves = await trashMoves(place.area, others);
        what = `person ${number} of ${named.length} kept, ${counted(others.length, 'face')} to the trash`;
      } else {
        moves = named.flatMap(({ names }, i) => names.map((name) => ({ from: name, to: `person_${i + 1}/${name}` })));
        what = `${counted(named.length, 'person', 'persons')} in folders of their own`;
      }
      const done = await carryOut(place, { tool: 'cluster', what, moves }, args, terminal);
      if (done !== undefined) terminal.out(`${what}\n${undoHint(path)}\n`);
      return 0;
    }, terminal);
  },
};
