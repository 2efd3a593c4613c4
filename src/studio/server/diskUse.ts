/** How much room the workspace takes: every folder with all below it. Links are not followed. */
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskUse } from '../protocol.ts';
import { ownFolder, type Places } from './places.ts';

/** Sums of folders with more files than this are kept until the folder changes. */
const MANY = 200;
/** Files that are asked for at a time. */
const AT_ONCE = 64;
const MOST_FOLDERS = 5000;
const kept = new Map<string, { readonly changed: number; readonly bytes: number; readonly inside: readonly string[] }>();

export async function diskUse(places: Places): Promise<DiskUse> {
  const folders = new Map<string, number>();
  let seen = 0;
  const visit = async (folder: string, isOwn: boolean): Promise<number> => {
    if (seen++ > MOST_FOLDERS * 4) return 0;
    const { bytes, inside } = await filesOf(folder);
    let sum = bytes;
    for (const name of inside) sum += await visit(join(folder, name), isOwn || name.startsWith('.'));
    if (!isOwn && folder !== places.root && folders.size < MOST_FOLDERS) folders.set(places.nameOf(folder), sum);
    return sum;
  };
  const total = await visit(places.root, false);
  const own = await visit(join(places.root, ownFolder), true);
  const disk = await statfs(places.root).catch(() => undefined);
  return { total, own, free: disk === undefined ? null : disk.bavail * disk.bsize, folders: Object.fromEntries(folders) };
}

/** Bytes of the files right in a folder, and the folders in it. */
async function filesOf(folder: string): Promise<{ readonly bytes: number; readonly inside: readonly string[] }> {
  const changed = (await stat(folder).catch(() => undefined))?.mtimeMs;
  if (changed === undefined) return { bytes: 0, inside: [] };
  const before = kept.get(folder);
  if (before?.changed === changed) return before;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  let bytes = 0;
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const sizes = await Promise.all(
      files.slice(at, at + AT_ONCE).map(async (file) => (await lstat(file).catch(() => undefined))?.size ?? 0),
    );
    bytes += sizes.reduce((sum, size) => sum + size, 0);
  }
  const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (files.length > MANY) kept.set(folder, { changed, bytes, inside });
  else kept.delete(folder);
  return { bytes, inside };
}
