/** `liae faces save-metadata` and `restore-metadata`: face data kept apart while the pictures are edited in other programs. */
import { FormatError, LiaeError, ResourceError } from '../../base/index.ts';
import {
  metadataFile,
  readMetadata,
  restoreFace,
  runMoves,
  type SavedFace,
  stagingFor,
  trashPrefix,
  writeMetadata,
} from '../../curate/index.ts';
import { readFace, readWhole, type SkippedFile } from '../../faceset/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, progressOf } from './longRun.ts';
import { jpegsOf } from './runEdit.ts';
import { counted, dryRunFlag, isDry, openWorkplace, refusePacked, undoHint, type Workplace } from './workplace.ts';

export const saveMetadata: Command = {
  name: 'faces save-metadata',
  summary: 'keep face data apart while pictures are edited elsewhere',
  usage: 'DIR',
  about: `Writes the face data of all faces to DIR/${metadataFile}. Edit the pictures in any program, keep their names, then put the data back with restore-metadata.`,
  flags: [],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    return await interruptible((signal) => save(place, signal, terminal), terminal);
  },
};

async function save(place: Workplace, signal: AbortSignal, terminal: Terminal): Promise<number> {
  const { area, folder } = place;
  const saved = new Map<string, SavedFace>();
  const names = await jpegsOf(place);
  const progress = progressOf('reading', terminal);
  for (const [i, name] of names.entries()) {
    signal.throwIfAborted();
    try {
      const { jpeg, dict } = readFace(await readWhole(folder, name), folder.describe(name));
      saved.set(name, { width: jpeg.width, height: jpeg.height, dict });
    } catch (error) {
      terminal.note(`left out ${name}: ${causeOf(error)}`);
    }
    progress(i + 1, names.length);
  }
  if (saved.size === 0) throw new FormatError(`${place.path}: no face data to save`, { found: counted(names.length, 'JPEG file') });
  const staging = await stagingFor(area);
  await area.write(`${staging.path}/${metadataFile}`, writeMetadata(saved));
  const old = (await area.exists(metadataFile)) ? [{ from: metadataFile, to: `${trashPrefix}replaced-${staging.id}/${metadataFile}` }] : [];
  const moves = [...old, { from: `${staging.path}/${metadataFile}`, to: metadataFile }];
  const what = `face data of ${counted(saved.size, 'face')} in ${metadataFile}`;
  await runMoves(area, { tool: 'save-metadata', what, moves }, { now: () => new Date() });
  await area.clear(staging.path);
  terminal.out(`${what}\n`);
  return 0;
}

export const restoreMetadata: Command = {
  name: 'faces restore-metadata',
  summary: 'put face data back into edited pictures',
  usage: 'DIR [--dry-run]',
  about: `Puts the data of DIR/${metadataFile} into the pictures of the same names. A picture whose size changed is brought back to it (Lanczos, quality 100). The file then goes to the trash.`,
  flags: [dryRunFlag],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    await refusePacked(place);
    return await interruptible((signal) => putBack(place, isDry(args), signal, terminal), terminal);
  },
};

async function putBack(place: Workplace, dry: boolean, signal: AbortSignal, terminal: Terminal): Promise<number> {
  const { area, folder, path } = place;
  if (!(await area.exists(metadataFile)))
    throw new FormatError(`${folder.describe(metadataFile)}: there is no such file`, { next: `liae faces save-metadata ${path} makes it` });
  const saved = readMetadata(await readWhole(folder, metadataFile), folder.describe(metadataFile));
  const names = (await jpegsOf(place)).filter((name) => saved.has(name));
  const gone = saved.size - names.length;
  const codec = nodeCodec();
  const staging = await stagingFor(area);
  const [changed, skipped]: [string[], SkippedFile[]] = [[], []];
  const progress = progressOf('restoring', terminal);
  try {
    for (const [i, name] of names.entries()) {
      signal.throwIfAborted();
      try {
        const made = await restoreFace(await readWhole(folder, name), saved.get(name)!, codec, folder.describe(name));
        if (made !== undefined) {
          if (!dry) await area.write(`${staging.path}/${name}`, made);
          changed.push(name);
        }
      } catch (error) {
        skipped.push({ name, cause: causeOf(error) });
      }
      progress(i + 1, names.length);
    }
    for (const { name, cause } of skipped) terminal.note(`left out ${name}: ${cause}`);
    if (gone > 0) terminal.note(`${counted(gone, 'picture')} of ${metadataFile} are no longer in the folder`);
    const what = `face data put back into ${counted(changed.length, 'picture')}, ${names.length - changed.length - skipped.length} had them`;
    if (dry) {
      terminal.note(`${what}; nothing is changed`);
      return 0;
    }
    const replaced = `${trashPrefix}replaced-${staging.id}/`;
    const moves = [
      ...changed.flatMap((name) => [
        { from: name, to: `${replaced}${name}` },
        { from: `${staging.path}/${name}`, to: name },
      ]),
      // Data that found no picture would be lost with the file.
      ...(gone === 0 && skipped.length === 0 ? [{ from: metadataFile, to: `${replaced}${metadataFile}` }] : []),
    ];
    await runMoves(area, { tool: 'restore-metadata', what, moves }, { now: () => new Date(), signal });
    terminal.out(`${what}\n${moves.length > 0 ? `${undoHint(path)}\n` : ''}`);
    return 0;
  } finally {
    await area.clear(staging.path);
  }
}

/** The cause of a failure that one file may have. @throws whatever else it is. */
function causeOf(error: unknown): string {
  if (error instanceof LiaeError && !(error instanceof ResourceError)) return error.brief();
  throw error;
}
