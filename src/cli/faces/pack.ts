/** `liae faces pack` and `unpack`: many faces in one file, and back, byte for byte. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, LiaeError, OptionError } from '../../base/index.ts';
import { type Move, runMoves, stagingFor, trashPrefix, workPrefix } from '../../curate/index.ts';
import { type FaceEntry, looseFaces, openFaces, pakName, pakPieces } from '../../faceset/index.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import type { Command, Terminal } from '../command.ts';
import { interruptible, progressOf } from './longRun.ts';
import { counted, dryRunFlag, isDry, openWorkplace, someOf, undoHint, type Workplace } from './workplace.ts';

export const pack: Command = {
  name: 'faces pack',
  summary: `pack the faces of a folder into ${pakName}`,
  usage: 'DIR [--persons] [--keep] [--dry-run]',
  about: `Packs all faces into DIR/${pakName}, which training and merging read faster. Sub-folders with faces are persons: then only theirs are packed, under the folder's name, unless --no-persons. The files go to DIR_trash; pictures without face data stay.`,
  flags: [
    { name: 'persons', kind: 'switch', help: 'pack the sub-folders, one person each', default: 'if there are any' },
    { name: 'keep', kind: 'switch', help: 'leave the files where they are' },
    dryRunFlag,
  ],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    const options = { persons: args.values.persons as boolean | undefined, keep: args.values.keep === true, dry: isDry(args) };
    return await interruptible((signal) => packFolder(place, options, signal, terminal), terminal);
  },
};

/** A face and the path of its file in the folder. */
interface PackedFace extends FaceEntry {
  readonly path: string;
}

async function packFolder(
  place: Workplace,
  { persons, keep, dry }: { readonly persons: boolean | undefined; readonly keep: boolean; readonly dry: boolean },
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { area, path } = place;
  const found = persons === false ? [] : await personFaces(path, terminal);
  if (persons === true && found.length === 0)
    throw new FormatError(`${path}: no sub-folder with faces`, { expected: 'one folder for each person' });
  const faces = found.length > 0 ? found : await facesOf(path, undefined, terminal);
  if (found.length > 0)
    terminal.note(
      `${counted(new Set(found.map(({ personName }) => personName)).size, 'person', 'persons')}; faces beside their folders are left out`,
    );
  const what = `${counted(faces.length, 'face')} in ${pakName}`;
  if (dry) {
    terminal.note(`${what}${keep ? '' : `; ${counted(faces.length, 'file')} would go to the trash`}; nothing is changed`);
    return 0;
  }
  const staging = await stagingFor(area);
  try {
    const progress = progressOf('packing', terminal);
    const tell = (n: number): void => {
      signal.throwIfAborted();
      progress(n, faces.length);
    };
    await area.write(`${staging.path}/${pakName}`, counting(pakPieces(faces), tell));
    const old = (await area.exists(pakName)) ? [{ from: pakName, to: `${trashPrefix}replaced-${staging.id}/${pakName}` }] : [];
    const originals = keep ? [] : faces.map(({ path: from }): Move => ({ from, to: `${trashPrefix}packed-${staging.id}/${from}` }));
    const moves = [...old, ...originals, { from: `${staging.path}/${pakName}`, to: pakName }];
    await runMoves(area, { tool: 'pack', what, moves }, { now: () => new Date(), signal });
  } finally {
    await area.clear(staging.path);
  }
  terminal.out(`${what}\n${undoHint(path)}${keep ? '' : `; the files are in ${area.describe(`${trashPrefix}packed-${staging.id}`)}`}\n`);
  return 0;
}

/** Passes pieces on; the first is the table, the others are faces. */
async function* counting(pieces: AsyncIterable<Uint8Array>, tell: (count: number) => void): AsyncGenerator<Uint8Array> {
  let n = 0;
  for await (const piece of pieces) {
    tell(n++);
    yield piece;
  }
}

async function facesOf(folder: string, person: string | undefined, { note }: Pick<Terminal, 'note'>): Promise<readonly PackedFace[]> {
  const { entries, skipped } = await looseFaces(nodeFolder(folder));
  const before = person === undefined ? '' : `${person}/`;
  if (skipped.length > 0) note(`left out, as they are no faces: ${someOf(skipped.map(({ name }) => `${before}${name}`))}`);
  return entries.map((entry) => ({ ...entry, personName: person, path: `${before}${entry.filename}` }));
}

async function personFaces(folder: string, terminal: Pick<Terminal, 'note'>): Promise<readonly PackedFace[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(workPrefix)).map(({ name }) => name);
  const faces: PackedFace[] = [];
  for (const name of names.sort()) {
    try {
      faces.push(...(await facesOf(join(folder, name), name, terminal)));
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      terminal.note(`${name}: no faces in this folder`);
    }
  }
  return faces;
}

export const unpack: Command = {
  name: 'faces unpack',
  summary: `take the faces out of ${pakName}`,
  usage: 'DIR [--to OUT] [--dry-run]',
  about: `Writes every face of DIR/${pakName} as the file it was, byte for byte; those of a person into a sub-folder. The pak goes to DIR_trash. With --to the files go elsewhere and the pak stays.`,
  flags: [{ name: 'to', kind: 'value', shape: 'OUT', help: 'write the files into this folder instead' }, dryRunFlag],
  words: 1,
  async run(args, terminal) {
    await using place = await openWorkplace(args, terminal);
    const target = args.values.to;
    if (target === '') throw new OptionError('--to: needs a folder');
    return await interruptible(
      (signal) => unpackFolder(place, typeof target === 'string' ? target : undefined, isDry(args), signal, terminal),
      terminal,
    );
  },
};

async function unpackFolder(
  place: Workplace,
  target: string | undefined,
  dry: boolean,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { area, folder, path } = place;
  if (!(await area.exists(pakName)))
    throw new FormatError(`${folder.describe(pakName)}: there is no such file`, { next: 'these faces are not packed' });
  await using faces = await openFaces(folder);
  const paths = Array.from({ length: faces.count }, (_, i) =>
    faces.person(i) === undefined ? faces.name(i) : `${faces.person(i)}/${faces.name(i)}`,
  );
  const seen = new Set<string>();
  const twice = paths.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined)
    throw new FormatError(`${folder.describe(pakName)}: two faces are called ${twice}`, {
      next: 'unpack it with the program that made it',
    });
  const what = `${counted(faces.count, 'face')} unpacked`;
  if (dry) {
    terminal.note(`${what}: ${someOf(paths)}; nothing is changed`);
    return 0;
  }
  const progress = progressOf('unpacking', terminal);
  if (target !== undefined) {
    await mkdir(target, { recursive: true });
    const output = nodeFolder(target);
    const there = new Set(await output.list());
    const taken = paths.find((name) => there.has(name));
    if (taken !== undefined)
      throw new FormatError(`${output.describe(taken)}: there is a file of this name`, { next: 'choose an empty folder' });
    for (const [i, name] of paths.entries()) {
      signal.throwIfAborted();
      await output.write(name, [(await faces.read(i)).bytes]);
      progress(i + 1, faces.count);
    }
    terminal.out(`${what} into ${target}\n`);
    return 0;
  }
  const staging = await stagingFor(area);
  try {
    for (const [i, name] of paths.entries()) {
      signal.throwIfAborted();
      await area.write(`${staging.path}/${name}`, (await faces.read(i)).bytes);
      progress(i + 1, faces.count);
    }
    const moves = [
      ...paths.map((name): Move => ({ from: `${staging.path}/${name}`, to: name })),
      { from: pakName, to: `${trashPrefix}unpacked-${staging.id}/${pakName}` },
    ];
    await runMoves(area, { tool: 'unpack', what, moves }, { now: () => new Date(), signal });
  } finally {
    await area.clear(staging.path);
  }
  terminal.out(`${what}\n${undoHint(path)}; the pak is in ${area.describe(`${trashPrefix}unpacked-${staging.id}`)}\n`);
  return 0;
}
