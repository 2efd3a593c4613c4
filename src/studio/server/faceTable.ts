/** Faces of one folder as the page lists them: names, numbers that were measured, one face in full; and moving faces to the trash and back. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FormatError, ResourceError } from '../../base/index.ts';
import { type FaceArea, lastUndoable, nextId, readActions, runMoves, settle, trashMoves, undoMoves } from '../../curate/index.ts';
import { poseOf } from '../../face/index.ts';
import { type Faceset, liaeFields, openFaces, pakName, readFace } from '../../faceset/index.ts';
import { fileStamps } from '../../platform/node/curateWorkers.ts';
import { nodeFaceArea } from '../../platform/node/faceArea.ts';
import { nodeFolder } from '../../platform/node/files.ts';
import { lockFaces } from '../../platform/node/modelLock.ts';
import { type Changed, type FaceDetail, type FaceList, type FaceMeasure, faceMeasures } from '../protocol.ts';
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
    return at !== undefined && known!.stamps[at] === stamps[i] ? at : undefined;
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

async function namesIn(folder: string): Promise<Names> {
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
  readonly stamps: readonly string[];
  readonly columns: Readonly<Record<FaceMeasure, readonly (number | null)[]>>;
}

/** Undefined if nothing was measured, or by a version that kept it otherwise: it is measured anew then. */
async function readNumbers(file: string): Promise<Numbers | undefined> {
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
  return { rows: new Map(names.map((name, i) => [name, i])), stamps, columns: columns as Numbers['columns'] };
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

const isThere = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;
const noFace = (name: string): FormatError => new FormatError(`${name}: no such face`, { next: 'it may have been moved; reload the list' });

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

export async function faceDetail(places: Places, path: string, name: string): Promise<FaceDetail> {
  const bytes = await facePicture(places, path, name);
  const { jpeg, dict, metadata } = readFace(bytes, name);
  const fields = liaeFields(dict);
  const degrees = (radians: number): number => Math.round((radians * 1800) / Math.PI) / 10;
  const pose = fields.pose ?? poseOf(metadata.landmarks, jpeg.width);
  return {
    ...{ name, bytes: bytes.length, width: jpeg.width, height: jpeg.height, faceType: metadata.faceType },
    landmarks: [...metadata.landmarks],
    source: metadata.sourceFilename ?? null,
    sourceRect: metadata.sourceRect === undefined ? null : metadata.sourceRect.slice(0, 4),
    ...{ frame: fields.frame ?? null, seconds: fields.time ?? null },
    ...{ detectorScore: fields.detectorScore ?? null, landmarkScore: fields.landmarkScore ?? null, filled: fields.filled ?? false },
    pose: Number.isNaN(pose.pitch + pose.yaw) ? null : { pitch: degrees(pose.pitch), yaw: degrees(pose.yaw) },
    ...{ polygons: metadata.polygons.length, mask: metadata.xsegMask !== undefined },
  };
}

/** Moves faces to the trash beside their folder; undoFaces takes it back. */
export async function trashFaces(places: Places, path: string, names: readonly string[]): Promise<Changed> {
  const folder = await places.at(path);
  return await changing(folder, async (area) => {
    const there = new Set(await namesIn(folder));
    const missing = names.find((name) => !there.has(name));
    if (missing !== undefined) throw noFace(missing);
    const moves = await trashMoves(area, [...new Set(names)]);
    const what = `${moves.length} ${moves.length === 1 ? 'file' : 'files'} to the trash`;
    await runMoves(area, { tool: 'trash', what, moves }, { now: () => new Date() });
    return { what, files: moves.length };
  });
}

/** Takes the last change of a folder back, whoever made it. */
export async function undoFaces(places: Places, path: string): Promise<Changed> {
  return await changing(await places.at(path), async (area) => {
    const actions = readActions(await area.readJournal());
    const last = lastUndoable(actions);
    if (last === undefined) throw new FormatError('nothing to take back', { next: 'every change of this folder has been taken back' });
    const { moves, missing, blocked } = await undoMoves(area, last, nextId(actions));
    if (moves.length === 0) {
      throw new ResourceError(`${last.tool}: ${last.what} can no longer be taken back`, {
        found: `${missing.length} files gone, ${blocked.length} names taken`,
        next: `put the files back into ${area.describe('@trash')}`,
      });
    }
    const what = `taken back: ${last.tool}, ${last.what}`;
    await runMoves(area, { tool: 'undo', what, moves, undoes: last.id }, { now: () => new Date() });
    return { what, files: moves.length };
  });
}

/** One tool at a time changes a folder, and what a killed one left is settled first. */
async function changing(folder: string, change: (area: FaceArea) => Promise<Changed>): Promise<Changed> {
  if (await isThere(join(folder, pakName)))
    throw new FormatError(`${basename(folder)}: these faces are packed in ${pakName}`, {
      next: `liae faces unpack ${folder} takes them out`,
    });
  await using _lock = await lockFaces(folder);
  const area = nodeFaceArea(folder);
  await settle(area);
  return await change(area);
}
