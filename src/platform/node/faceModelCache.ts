/**
 * Converted networks on disk, so that the conversion is paid once. A file is the SHA-256 of an ONNX file and the file itself; it is
 * written beside its name and renamed, so that processes may race. What cannot be kept is made again: a cache is never in the way.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LiaeError } from '../../base/index.ts';
import { replaceFile } from './files.ts';

/** Raise it when the converter writes other bytes. */
const CONVERTER = 2;
const DIGEST = 32;

/** LIAE_CACHE, or the folder where the system keeps what can be made again. */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.LIAE_CACHE) return env.LIAE_CACHE;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'liae');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'liae');
}

/**
 * What `make` gives, from the cache if it was made before.
 *
 * @param checksums of the files it is made of.
 * @param note told if the result cannot be kept.
 */
export async function cached(
  folder: string,
  name: string,
  checksums: readonly string[],
  make: () => Uint8Array,
  note: (line: string) => void,
): Promise<Uint8Array> {
  const key = createHash('sha256')
    .update(`${CONVERTER}\n${checksums.join('\n')}`)
    .digest('hex')
    .slice(0, 16);
  const path = join(folder, `${name}-${key}.onnx`);
  const kept = await readFile(path).catch(() => undefined);
  if (kept !== undefined && digestOf(kept.subarray(DIGEST)).equals(kept.subarray(0, DIGEST))) return new Uint8Array(kept.subarray(DIGEST));
  const made = make();
  try {
    await replaceFile(path, [digestOf(made), made]);
  } catch (error) {
    const why = error instanceof LiaeError ? error.brief() : String(error);
    note(`converted networks cannot be kept and are made anew each time: ${why}`);
  }
  return made;
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
