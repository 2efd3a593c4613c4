/** The files of one model on a local disk, and SHA-256, for the checkpoints of train/. */
import { createHash } from 'node:crypto';
import { constants, copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { FileStore, Sha256 } from '../../train/index.ts';

const READ_BYTES = 4 * 1024 * 1024;

export const nodeSha256 = (): Sha256 => {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
};

/** Files under one folder, which need not exist yet. */
export class NodeFileStore implements FileStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  describe(path: string): string {
    return join(this.#root, path);
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      return (await readdir(this.describe(path))).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw this.#explained(error, path);
    }
  }

  async size(path: string): Promise<number | undefined> {
    try {
      const found = await stat(this.describe(path));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw this.#explained(error, path);
    }
  }

  async makeFolder(path: string): Promise<void> {
    await this.#do(path, () => mkdir(this.describe(path), { recursive: true }));
  }

  async write(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
    await this.#do(path, async () => {
      await using file = await open(this.describe(path), 'w');
      for (const piece of pieces) await writeAll(file, piece);
      await file.sync();
    });
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    await this.#do(path, async () => {
      await using file = await open(this.describe(path), constants.O_WRONLY | constants.O_APPEND);
      await writeAll(file, bytes);
    });
  }

  async truncate(path: string, bytes: number): Promise<void> {
    await this.#do(path, () => truncate(this.describe(path), bytes));
  }

  async sync(path: string): Promise<void> {
    await this.#do(path, async () => {
      try {
        await using file = await open(this.describe(path), 'r');
        await file.sync();
      } catch (error) {
        // Windows has no flush for folders: its renames are journalled instead.
        if (process.platform !== 'win32' || !['EPERM', 'EISDIR', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
      }
    });
  }

  async read(path: string, visit: (piece: Uint8Array) => void): Promise<void> {
    await this.#do(path, async () => {
      await using file = await open(this.describe(path), 'r');
      const piece = new Uint8Array(Math.min(READ_BYTES, (await file.stat()).size + 1));
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, piece.length);
        if (bytesRead === 0) return;
        visit(piece.subarray(0, bytesRead));
      }
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#do(to, () => rename(this.describe(from), this.describe(to)));
  }

  async link(from: string, to: string): Promise<void> {
    await this.#do(to, async () => {
      try {
        await link(this.describe(from), this.describe(to));
      } catch (error) {
        if (!['EPERM', 'EXDEV', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
        await copyFile(this.describe(from), this.describe(to), constants.COPYFILE_EXCL);
        await this.sync(to);
      }
    });
  }

  async remove(path: string): Promise<void> {
    await this.#do(path, () => rm(this.describe(path), { recursive: true, force: true }));
  }

  async freeBytes(): Promise<number | undefined> {
    try {
      const { bavail, bsize } = await statfs(this.#root);
      return bavail * bsize;
    } catch {
      return undefined; // not every file system can tell; the write itself will
    }
  }

  async #do(path: string, action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      throw this.#explained(error, path);
    }
  }

  /** Errors of the system are the user's to mend; each says how. Others are ours and pass as they are. */
  #explained(error: unknown, path: string): unknown {
    const code = codeOf(error);
    if (code === undefined || error instanceof ResourceError) return error;
    const [what, next] = remedies[code] ?? ['the system refused', 'check the disk and the folder'];
    return new ResourceError(`${this.describe(path)}: ${what}`, { found: code, next, cause: error });
  }
}

const room = ['the disk is full', 'free some space; saves before this one are untouched'] as const;
const rights = ['not allowed', 'give yourself the right to write in this folder, or choose another'] as const;
const remedies: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOSPC: room,
  EDQUOT: room,
  EACCES: rights,
  EPERM: rights,
  EROFS: rights,
  ENOTDIR: ['a file is where a folder should be', 'choose another folder'],
  EEXIST: ['a file is where a folder should be', 'choose another folder'],
  ENOENT: ['not there', 'if the folder was moved or removed, put it back'],
};

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
