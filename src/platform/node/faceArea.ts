/** A folder of faces on a local disk as the tools change it: moves within the folder and to the folder NAME_trash beside it, and the journal. */
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError } from '../../base/index.ts';
import { type FaceArea, trashPrefix, workPrefix } from '../../curate/index.ts';
import { explained, syncFolder } from './files.ts';

const JOURNAL = '.liae-journal.ndjson';
const MAX_JOURNAL = 2 ** 28;

/** @param folder an absolute path. */
export function nodeFaceArea(folder: string): FaceArea {
  const trash = join(dirname(folder), `${basename(folder)}_trash`);
  const inTrash = trashPrefix.slice(0, -1);
  const at = (path: string): string =>
    path === inTrash || path.startsWith(trashPrefix) ? join(trash, path.slice(trashPrefix.length)) : join(folder, path);
  const journal = join(folder, JOURNAL);
  return {
    describe: at,
    async exists(path) {
      try {
        await lstat(at(path));
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw explained(error, at(path), 'file');
      }
    },
    async list(path) {
      try {
        const entries = await readdir(at(path), { withFileTypes: true });
        return entries
          .filter((entry) => !entry.isDirectory() && !entry.name.startsWith(workPrefix))
          .map((entry) => entry.name)
          .sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw explained(error, at(path), 'folder');
      }
    },
    async move(from, to) {
      try {
        await mkdir(dirname(at(to)), { recursive: true });
        await rename(at(from), at(to));
      } catch (error) {
        throw explained(error, at(to), 'file');
      }
    },
    async write(path, bytes) {
      let file: FileHandle | undefined;
      try {
        await mkdir(dirname(at(path)), { recursive: true });
        file = await open(at(path), 'w');
        if (bytes instanceof Uint8Array) await file.writeFile(bytes);
        else for await (const piece of bytes) await file.writeFile(piece);
        await file.sync();
      } catch (error) {
        throw explained(error, at(path), 'file');
      } finally {
        await file?.close();
      }
    },
    async clear(path) {
      if (!path.startsWith(workPrefix) || /[/\\]/.test(path)) throw new RangeError(`${path}: not a folder of work files`);
      await rm(at(path), { recursive: true, force: true });
    },
    async flush(folders) {
      for (const path of folders) {
        try {
          await syncFolder(at(path));
        } catch (error) {
          if (!isMissing(error)) throw explained(error, at(path), 'folder');
        }
      }
    },
    async readJournal() {
      try {
        const { size } = await lstat(journal);
        if (size > MAX_JOURNAL) {
          throw new FormatError(`${journal}: too long to be a journal`, {
            found: `${size} bytes`,
            next: 'move it elsewhere; what was done before can then no longer be undone',
          });
        }
        return await readFile(journal, 'utf8');
      } catch (error) {
        if (isMissing(error)) return '';
        throw explained(error, journal, 'file');
      }
    },
    async appendJournal(text) {
      try {
        await using file = await open(journal, 'a');
        await file.writeFile(text);
        await file.sync();
      } catch (error) {
        throw explained(error, journal, 'file');
      }
      await syncFolder(folder);
    },
  };
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
