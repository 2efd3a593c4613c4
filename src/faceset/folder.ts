/**
 * The port to a folder of face files or of a DeepFaceLab model: names, random access, whole files, and replacing a file in one step.
 */
export interface RandomAccess extends AsyncDisposable {
  /** Bytes in the file. */
  readonly size: number;
  /**
   * `length` bytes from `offset`, fewer only where the file ends. The caller bounds `length`.
   *
   * @throws ResourceError if the disk fails.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface Folder {
  /** The path of a file in the folder, or of the folder for '', as messages show it. */
  describe(name: string): string;
  /** Names of the files in the folder, sorted; no sub-folders. @throws FormatError if there is no such folder. */
  list(): Promise<readonly string[]>;
  /** @throws FormatError if there is no such file. */
  open(name: string): Promise<RandomAccess>;
  /**
   * Creates or replaces a file in one step, with the folders above it if `name` has slashes: whatever happens, the old or the new content is there in full.
   *
   * @throws ResourceError if the disk is full.
   */
  write(name: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  remove(name: string): Promise<void>;
}

/** A whole file of the folder. */
export async function readWhole(folder: Folder, name: string): Promise<Uint8Array> {
  await using file = await folder.open(name);
  return await file.read(0, file.size); // awaited here, or the file would be closed under the read
}
