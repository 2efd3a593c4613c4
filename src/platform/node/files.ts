/**
 * A folder on a local disk: random access, and files that are replaced in one step (a temporary file in the same folder, flushed,
 * then renamed, then the folder flushed), so that a crash leaves the old content or the new one, never a part.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError, ResourceError } from '../../base/index.ts';
import type { Folder, RandomAccess } from '../../faceset/index.ts';

const PIECE_BYTES = 2 ** 30; // one read or write of the system takes less than 2 GiB

/** @param pieceBytes how much is read at once at most. */
export function nodeFolder(path: string, pieceBytes = PIECE_BYTES): Folder {
  const at = (name: string): string => (name === '' ? path : join(path, name));
  return {
    describe: at,
    async list() {
      try {
        const entries = await readdir(path, { withFileTypes: true });
        return entries
          .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(TEMPORARY))
          .map((entry) => entry.name)
          .sort();
      } catch (error) {
        throw explained(error, path, 'folder');
      }
    },
    open: (name) => openFile(at(name), pieceBytes),
    write: (name, pieces) => replaceFile(at(name), pieces),
    async remove(name) {
      await rm(at(name), { force: true });
    },
  };
}

const TEMPORARY = '.liae-';

/** Opens a file for reads at any place. @throws FormatError if there is none. */
export async function openFile(path: string, pieceBytes = PIECE_BYTES): Promise<RandomAccess> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const found = await file.stat();
    if (!found.isFile()) throw new FormatError(`${path}: not a file`);
    const { size } = found;
    const handle = file;
    return {
      size,
      async read(offset, length) {
        const bytes = allocate(Math.max(0, Math.min(length, size - offset)), path);
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(pieceBytes, bytes.length - at), offset + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return bytes.subarray(0, at);
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await file?.close();
    throw explained(error, path, 'file');
  }
}

/**
 * Creates or replaces a file in one step.
 *
 * @param flushed  whether its name is on the disk in the end too; who writes many files may flush their folder once instead.
 */
export async function replaceFile(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { flushed = true }: { readonly flushed?: boolean } = {},
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `${TEMPORARY}${randomUUID()}`);
  try {
    const file = await open(temporary, 'wx').catch(async (error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await mkdir(folder, { recursive: true });
      return await open(temporary, 'wx');
    });
    try {
      for await (const piece of pieces) await writeAll(file, piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    if (flushed) await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw explained(error, path, 'file');
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, Math.min(PIECE_BYTES, bytes.length - at))).bytesWritten;
}

export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // no flush for folders: renames are journalled
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function allocate(bytes: number, path: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new ResourceError(`${path}: too large to read at once`, {
      found: `${bytes} bytes`,
      next: 'use a newer Node, or a machine with more memory',
      cause,
    });
  }
}

/** A user's error for what the file system says; anything else passes unchanged. */
export function explained(error: unknown, path: string, kind: 'file' | 'folder'): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new FormatError(`${path}: there is no such ${kind}`, { next: 'check the path', cause: error });
    case 'EEXIST':
      return new FormatError(`${path}: a file, where a folder is to be`, { next: 'give another name', cause: error });
    case 'EISDIR':
      return new FormatError(`${path}: a folder, not a file`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new ResourceError(`${path}: the disk is full`, { next: 'free some space; the file is as it was before', cause: error });
    case 'EXDEV':
      return new ResourceError(`${path}: on another disk than the files that would move there`, {
        next: 'move the folder so that both lie on one disk',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ResourceError(`${path}: no permission`, { found: code, next: 'check the rights of the folder', cause: error });
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
      return new ResourceError(`${path}: the system cannot open or read it`, { found: code, cause: error });
    default:
      return error;
  }
}
