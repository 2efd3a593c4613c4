/**
 * The port to the files of one model. Paths are relative to the model's folder, with slashes; "" is the folder itself.
 * The steps are small on purpose: crash safety is decided by their order in checkpoints.ts, so tests can cut it at any of them.
 */

export interface FileStore {
  /** The path as messages show it. */
  describe(path: string): string;
  /** Names in a folder, sorted; empty if the folder does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** Bytes of a file; undefined if there is none. */
  size(path: string): Promise<number | undefined>;
  /** Makes a folder and those above it; fine if it exists. */
  makeFolder(path: string): Promise<void>;
  /**
   * Creates or replaces a file and flushes its content to disk. A failure can leave a part of it.
   *
   * @throws ResourceError if the disk is full.
   */
  write(path: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /** Adds to the end of a file, not flushed. @throws ResourceError if the disk is full; a part may have been added. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Cuts a file to a length, not flushed. */
  truncate(path: string, bytes: number): Promise<void>;
  /** Flushes a file's content, or a folder's entries, to disk. */
  sync(path: string): Promise<void>;
  /** Hands a file to `visit` in order; a piece holds only until `visit` returns. @throws if there is no such file. */
  read(path: string, visit: (piece: Uint8Array) => void): Promise<void>;
  /** Moves a file or folder in one step; a file that is there is replaced, a folder that is there is an error. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file that never changes: a hard link where the disk has them, else a flushed copy. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; fine if there is none. */
  remove(path: string): Promise<void>;
  /** Free bytes for this user on the disk; undefined if it cannot be known. */
  freeBytes(): Promise<number | undefined>;
}

/** SHA-256 of what update() is given in turn. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** 64 hexadecimal digits; ends the hash. */
  hex(): string;
}

/** The first `bytes` of a file, or all of it if it is shorter. The caller bounds `bytes`. */
export async function readWhole(files: FileStore, path: string, bytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  await files.read(path, (piece) => {
    const fitting = piece.subarray(0, bytes - at);
    whole.set(fitting, at);
    at += fitting.length;
  });
  return whole.subarray(0, at);
}

/** A folder of a store as a store of its own. */
export function storeIn(files: FileStore, folder: string): FileStore {
  const at = (path: string): string => (path === '' ? folder : `${folder}/${path}`);
  return {
    describe: (path) => files.describe(at(path)),
    list: async (path) => await files.list(at(path)),
    size: async (path) => await files.size(at(path)),
    makeFolder: async (path) => await files.makeFolder(at(path)),
    write: async (path, pieces) => await files.write(at(path), pieces),
    append: async (path, bytes) => await files.append(at(path), bytes),
    truncate: async (path, bytes) => await files.truncate(at(path), bytes),
    sync: async (path) => await files.sync(at(path)),
    read: async (path, visit) => await files.read(at(path), visit),
    rename: async (from, to) => await files.rename(at(from), at(to)),
    link: async (from, to) => await files.link(at(from), at(to)),
    remove: async (path) => await files.remove(at(path)),
    freeBytes: async () => await files.freeBytes(),
  };
}
