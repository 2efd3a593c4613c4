/** What lies in a workspace: clips, folders of faces and models, found by what they contain, at most a few folders deep. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { LiaeError } from '../../base/index.ts';
import { fileName as dflFileName } from '../../dfl/index.ts';
import { pakName, readFace, readPak } from '../../faceset/index.ts';
import { openFile } from '../../platform/node/files.ts';
import { isPictureName } from '../../platform/node/picturePaths.ts';
import type { ClipInfo, FacesetInfo, ForeignModels, ModelInfo, WorkspaceInfo } from '../protocol.ts';
import { aboutClip, isClipName, stampOf } from './clips.ts';
import { modelAt } from './models.ts';
import type { Places } from './places.ts';

const DEEPEST = 4;
/** More folders than this are not looked into. */
const MOST_FOLDERS = 2000;
const SAMPLES = 5;

export async function scanWorkspace(places: Places, name: string): Promise<WorkspaceInfo> {
  const found: { clips: ClipInfo[]; facesets: FacesetInfo[]; models: ModelInfo[]; foreign: ForeignModels[] } = {
    ...{ clips: [], facesets: [], models: [], foreign: [] },
  };
  let folders = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (folders++ > MOST_FOLDERS) return;
    const entries = (await readdir(folder, { withFileTypes: true }).catch(() => [])).sort((a, b) => (a.name < b.name ? -1 : 1));
    const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    const inside = entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !isAside(entry.name))
      .map((entry) => entry.name);
    if (files.includes('current') && inside.includes('saves')) {
      found.models.push(await modelAt(places, folder));
      return;
    }
    const foreign = files.filter((file) => file.endsWith(foreignEnding) && file.length > foreignEnding.length);
    if (foreign.length > 0 && folder !== places.root) {
      found.foreign.push({ path: places.nameOf(folder), names: foreign.slice(0, 100).map((file) => file.slice(0, -foreignEnding.length)) });
      return;
    }
    const faceset = await facesetAt(places, folder, files);
    if (faceset !== undefined) found.facesets.push(faceset);
    else if (folder !== places.root && files.some((file) => isPictureName(file) && !file.startsWith('.')))
      found.clips.push(...(await ifThere(picturesAt(places, folder))));
    for (const file of files.filter(isClipName)) found.clips.push(...(await ifThere(clipAt(places, join(folder, file)))));
    if (depth < DEEPEST) for (const child of inside) await visit(join(folder, child), depth + 1);
  };
  await visit(places.root, 0);
  const free = await statfs(places.root).catch(() => undefined);
  return { name, folder: places.root, ...found, freeBytes: free === undefined ? null : free.bavail * free.bsize };
}

/** Folders that tools make beside others. */
const isAside = (name: string): boolean => /_(trash|debug)$/.test(name) || name === 'node_modules';

/** The file by which DeepFaceLab's models are known. */
const foreignEnding = dflFileName('', 'data.dat');

async function picturesAt(places: Places, folder: string): Promise<ClipInfo> {
  return { path: places.nameOf(folder), kind: 'pictures', bytes: null, stamp: await stampOf(folder), ...(await aboutClip(folder)) };
}

async function clipAt(places: Places, file: string): Promise<ClipInfo> {
  const stamp = await stampOf(file);
  const { size } = await stat(file);
  return { path: places.nameOf(file), kind: 'clip', bytes: size, stamp, ...(await aboutClip(file)) };
}

/** Nothing of what was taken away while the workspace was looked at. */
async function ifThere(clip: Promise<ClipInfo>): Promise<readonly ClipInfo[]> {
  try {
    return [await clip];
  } catch (error) {
    const cause = error instanceof LiaeError ? error.details.cause : error;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw error;
  }
}

const isJpeg = (name: string): boolean => /\.jpe?g$/i.test(name);

async function facesetAt(places: Places, folder: string, files: readonly string[]): Promise<FacesetInfo | undefined> {
  const packed = files.includes(pakName);
  const jpegs = files.filter((name) => isJpeg(name) && !name.startsWith('.'));
  if (!packed && !(await holdsFaces(folder, jpegs))) return undefined;
  const names = packed ? await packedNames(folder) : jpegs;
  const trash = await readdir(`${folder}_trash`, { withFileTypes: true }).catch(() => []);
  const samples = Array.from(
    { length: Math.min(SAMPLES, names.length) },
    (_, i) => names[Math.floor(((i + 0.5) * names.length) / Math.min(SAMPLES, names.length))]!,
  );
  return {
    path: places.nameOf(folder),
    ...{ count: names.length, packed, samples },
    trashed: trash.filter((entry) => entry.isFile() && isJpeg(entry.name)).length,
  };
}

/** Whether one of the first few pictures holds face data. */
async function holdsFaces(folder: string, jpegs: readonly string[]): Promise<boolean> {
  for (const name of jpegs.slice(0, 3)) {
    try {
      await using file = await openFile(join(folder, name));
      readFace(await file.read(0, Math.min(file.size, 98304)), name);
      return true;
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
    }
  }
  return false;
}

async function packedNames(folder: string): Promise<readonly string[]> {
  try {
    await using file = await openFile(join(folder, pakName));
    return (await readPak(file, pakName)).map(({ filename }) => filename);
  } catch (error) {
    if (error instanceof LiaeError) return []; // its page says what is wrong
    throw error;
  }
}
