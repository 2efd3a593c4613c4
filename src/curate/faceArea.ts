/**
 * The port to a folder of faces as the tools change it: files are moved and added, never removed. Paths are relative to the folder, with
 * slashes; those that begin with `@trash/` lie in the folder NAME_trash beside it.
 */
export interface FaceArea {
  /** A path as messages show it. */
  describe(path: string): string;
  exists(path: string): Promise<boolean>;
  /** Names of the files in a folder, sorted, without those of a tool at work; none if there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /**
   * Moves a file in one step; folders above the target are made. What lies at the target is lost, so the caller looks first.
   *
   * @throws ResourceError if the target is on another disk or may not be written.
   */
  move(from: string, to: string): Promise<void>;
  /** Writes a new file, flushed to the disk; folders above it are made. @throws ResourceError if the disk is full. */
  write(path: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes a folder of work files, whose name begins with workPrefix; nothing happens if there is none. */
  clear(folder: string): Promise<void>;
  /** Flushes moves: the entries of these folders are on the disk. */
  flush(folders: readonly string[]): Promise<void>;
  /** The text of the journal; empty if there is none. */
  readJournal(): Promise<string>;
  /** Adds to the journal, flushed to the disk. */
  appendJournal(text: string): Promise<void>;
}

/** The prefix of paths in the folder NAME_trash. */
export const trashPrefix = '@trash/';

/** The prefix of files and folders that exist only while a tool works. */
export const workPrefix = '.liae-';

/** The folder of a path; '' for the folder of faces itself. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** A name that is not taken: NAME-2.ext, NAME-3.ext… It is added to those taken. */
export function freshPath(path: string, taken: Set<string>): string {
  const dot = path.lastIndexOf('.') > path.lastIndexOf('/') + 1 ? path.lastIndexOf('.') : path.length;
  let free = path;
  for (let n = 2; taken.has(free); n++) free = `${path.slice(0, dot)}-${n}${path.slice(dot)}`;
  taken.add(free);
  return free;
}
