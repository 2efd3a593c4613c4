/** Where a file's content credentials are: inside JPEG, PNG, MP4 and MOV, else in a file beside it that ends in .c2pa. */
import { access } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { FormatError, LiaeError } from '../../../base/index.ts';
import type { RandomAccess } from '../../../faceset/index.ts';
import { openFile } from '../files.ts';
import { type BoxFile, maxStore, readBoxFile } from './bmff.ts';
import { field } from './cbor.ts';
import { readStore } from './manifest.ts';
import { type PictureFile, readPicture } from './pictureFiles.ts';

export type Container =
  | { readonly kind: 'picture'; readonly bytes: Uint8Array; readonly picture: PictureFile }
  | { readonly kind: 'boxes'; readonly boxFile: BoxFile }
  /** Anything else: only a file beside it can hold its credentials. */
  | { readonly kind: 'other' };

export interface Found {
  readonly store: Uint8Array;
  readonly where: 'embedded' | 'sidecar';
  /** The file that they lie in. */
  readonly path: string;
}

const maxPicture = 2 ** 29;
const HEAD = 16;

/** Reads what is needed of a file to find its credentials. @throws FormatError if it is damaged. */
export async function readContainer(file: RandomAccess, name: string): Promise<Container> {
  const head = await file.read(0, HEAD);
  if ((head[0] === 0xff && head[1] === 0xd8) || (head[0] === 0x89 && head[1] === 0x50)) {
    if (file.size > maxPicture)
      throw new FormatError(`${name}: a picture too large`, { found: `${file.size} bytes`, expected: `at most ${maxPicture}` });
    const bytes = await file.read(0, file.size);
    const picture = readPicture(bytes, name);
    if (picture !== undefined) return { kind: 'picture', bytes, picture };
  }
  const boxFile = await readBoxFile(file, name);
  return boxFile === undefined ? { kind: 'other' } : { kind: 'boxes', boxFile };
}

/** Those inside the file if there are any, else those beside it. */
export async function findStore(path: string, container: Container): Promise<Found | undefined> {
  const store = container.kind === 'picture' ? container.picture.store : container.kind === 'boxes' ? container.boxFile.store : undefined;
  if (store !== undefined) return { store, where: 'embedded', path };
  for (const beside of sidecarPaths(path)) {
    if (beside === path || !(await isThere(beside))) continue;
    await using file = await openFile(beside);
    if (file.size > maxStore)
      throw new FormatError(`${beside}: content credentials too large`, { found: `${file.size} bytes`, expected: `at most ${maxStore}` });
    return { store: await file.read(0, file.size), where: 'sidecar', path: beside };
  }
  return undefined;
}

/** Where the credentials of a file go that cannot hold them: film.c2pa, as other tools expect; film.mkv.c2pa if that belongs to another film. */
export async function sidecarFor(path: string): Promise<string> {
  const [full, short] = sidecarPaths(path);
  if (await isThere(full)) return full;
  if (!(await isThere(short))) return short;
  try {
    await using file = await openFile(short);
    const title = field(readStore(await file.read(0, Math.min(file.size, maxStore)), short).at(-1)!.claim, 'dc:title');
    return title === basename(path) ? short : full;
  } catch (error) {
    briefly(error); // not credentials: nothing of ours, and not to be written over
    return full;
  }
}

/** film.mkv.c2pa, which no other file can claim, then film.c2pa. */
const sidecarPaths = (path: string): readonly [full: string, short: string] => [
  `${path}.c2pa`,
  join(dirname(path), `${basename(path, extname(path))}.c2pa`),
];

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** The media type that a manifest calls a file by, from its ending. */
export const mediaType = (path: string): string | undefined => mediaTypes[extname(path).toLowerCase()];

const mediaTypes: Readonly<Record<string, string>> = {
  ...{
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.png': 'image/png',
    '.webp': 'image/webp',
    '.tif': 'image/tiff',
    '.tiff': 'image/tiff',
  },
  ...{ '.mp4': 'video/mp4', '.m4v': 'video/mp4', '.mov': 'video/quicktime', '.mkv': 'video/x-matroska', '.webm': 'video/webm' },
  ...{ '.avi': 'video/avi', '.mpg': 'video/mpeg', '.mpeg': 'video/mpeg', '.ts': 'video/mp2t' },
};

/** A user's error as one line. */
export const briefly = (error: unknown): string => {
  if (error instanceof LiaeError) return error.brief();
  throw error;
};
