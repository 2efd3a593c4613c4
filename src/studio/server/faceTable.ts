/** Faces of one folder as the page lists them: names, numbers that were measured, and the file of each. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../base/index.ts';
import { lastUndoable, readActions } from '../../curate/index.ts';
import { type Faceset, openFaces, pakName } from '../../faceset/index.ts';
import { fileStamps } from '../../platform/node/curateWorkers.ts';
import { nodeFaceArea } from '../../platform/node/faceArea.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { type FaceList, type FaceMeasure, faceMeasures } from '../protocol.ts';
import type { Places } from './places.ts';

const MAX_FACE = 64 * 1024 * 1024;
const MAX_NUMBERS = 1024 * 1024 * 1024;

/** Where the numbers of a faceset are kept between servers. */
export const numbersFile = (places: Places, faces: string): string =>
  places.own('measures', `${createHash('sha256').update(faces).digest('hex').slice(0, 32)}.json`);

export async function listFaces(places: Places, path: string): Promise<FaceList> {
  const folder = await places.at(path);
  const names = await namesIn(folder);
  const stamps = await fileStamps(folder, { count: names.length, name: (i) => names[i]! });
  const known = await readNumbers(numbersFile(places, path));
  const area = nodeFaceArea(folder);
  const undoable = lastUndoable(readActions(await area.readJournal()));
  const row = names.map((name, i) => {
    const at = known?.rows.get(name);
    return at !== undefined && known!.stamps[at] === stamps[i] ? at : known?.renamed.get(stamps[i]!);
  });
  const measures =
    known === undefined
      ? {}
      : Object.fromEntries(
          faceMeasures.map((name) => [name, row.map((at) => (at === undefined ? null : (known.columns[name][at] ?? null)))]),
        );
  return {
    ...{ path, packed: names.packed, names: [...names], stamps, measures, measured: row.filter((at) => at !== undefined).length },
    trashed: (await area.list('@trash')).filter((name) => /\.jpe?g$/i.test(name)).length,
    undo: undoable === undefined ? null : undoable.what,
  };
}

type Names = readonly string[] & { readonly packed: boolean };

export async function namesIn(folder: string): Promise<Names> {
  const files = await readdir(folder).catch(() => undefined);
  if (files === undefined) throw new FormatError(`${folder}: there is no such folder`);
  const packed = files.includes(pakName);
  if (!packed) return Object.assign(files.filter((name) => /\.jpe?g$/i.test(name) && !name.startsWith('.')).sort(), { packed });
  await using faces = await openFaces(nodeFolder(folder));
  return Object.assign(
    Array.from({ length: faces.count }, (_, i) => faces.name(i)),
    { packed },
  );
}

interface Numbers {
  readonly rows: ReadonlyMap<string, number>;
  /** Rows by stamp, of stamps that only one file had: such a face is known under another name too. */
  readonly renamed: ReadonlyMap<string, number>;
  readonly stamps: readonly string[];
  readonly columns: Readonly<Record<FaceMeasure, readonly (number | null)[]>>;
}

/** Undefined if nothing was measured, or by a version that kept it otherwise: it is measured anew then. */
export async function readNumbers(file: string): Promise<Numbers | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || found.size > MAX_NUMBERS) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { names, stamps, measures } = parsed as Record<string, unknown>;
  if (!isTexts(names) || !isTexts(stamps) || typeof measures !== 'object' || measures === null) return undefined;
  const columns: Record<string, readonly (number | null)[]> = {};
  for (const name of faceMeasures) {
    const column = (measures as Record<string, unknown>)[name];
    if (!Array.isArray(column) || column.length !== names.length) return undefined;
    columns[name] = column.map((value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null));
  }
  return { rows: new Map(names.map((name, i) => [name, i])), renamed: uniqueRows(stamps), stamps, columns: columns as Numbers['columns'] };
}

function uniqueRows(stamps: readonly string[]): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  const twice = new Set<string>();
  for (const [i, stamp] of stamps.entries()) {
    if (rows.has(stamp)) twice.add(stamp);
    rows.set(stamp, i);
  }
  for (const stamp of twice) rows.delete(stamp);
  return rows;
}

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((entry) => typeof entry === 'string');

/** The picture of a face, byte for byte. @param name  of a file in the folder, without any folder. */
export async function facePicture(places: Places, path: string, name: string): Promise<Uint8Array> {
  const folder = await places.at(path);
  if (await isThere(join(folder, pakName))) {
    const faces = await packedFaces(folder);
    const at = faces.index.get(name);
    if (at === undefined) throw noFace(name);
    return (await faces.set.read(at)).bytes;
  }
  if (!/\.jpe?g$/i.test(name)) throw noFace(name);
  const file = await places.at(`${path}/${name}`);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) throw noFace(name);
  if (found.size > MAX_FACE) throw new FormatError(`${name}: too large for a face`, { found: `${found.size} bytes` });
  return await readFile(file);
}

export const isThere = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;
export const noFace = (name: string): FormatError =>
  new FormatError(`${name}: no such face`, { next: 'it may have been moved; reload the list' });

interface Packed {
  readonly key: string;
  readonly set: Faceset;
  readonly index: ReadonlyMap<string, number>;
}
let opened: Promise<Packed> | undefined;

/** The pak that was looked at last stays open. */
async function packedFaces(folder: string): Promise<Packed> {
  const { mtimeMs, size } = await stat(join(folder, pakName));
  const key = `${folder}\0${mtimeMs}\0${size}`;
  const before = await opened?.catch(() => undefined);
  if (before?.key === key) return before;
  opened = openFaces(nodeFolder(folder)).then((set) => ({
    ...{ key, set },
    index: new Map(Array.from({ length: set.count }, (_, i) => [set.name(i), i])),
  }));
  await before?.set[Symbol.asyncDispose]();
  return await opened;
}
