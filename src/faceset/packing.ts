/** Packs the faces of a folder into faceset.pak, and takes them out again. Neither removes what it was made from. */
import { FormatError } from '../base/index.ts';
import { type FaceEntry, looseFaces, type SkippedFile } from './faceset.ts';
import type { Folder } from './folder.ts';
import { type PakEntry, pakHeader, pakName, readPak } from './pak.ts';

/**
 * Writes faceset.pak of all loose faces of the folder, in the order of their names. A pak that is there is replaced.
 *
 * @returns the number of faces, and the files that are none.
 * @throws FormatError if there is no face, or a file changes meanwhile; then the old pak stays.
 */
export async function packFaces(folder: Folder): Promise<{ readonly count: number; readonly skipped: readonly SkippedFile[] }> {
  const { entries, skipped } = await looseFaces(folder);
  await folder.write(pakName, pakPieces(entries));
  return { count: entries.length, skipped };
}

/** The pieces of a pak, one file in memory at a time. */
export async function* pakPieces(faces: readonly FaceEntry[]): AsyncGenerator<Uint8Array> {
  yield pakHeader(
    faces,
    faces.map(({ length }) => length),
  );
  for (const { filename, length, bytes } of faces) {
    const file = await bytes();
    if (file.length !== length) {
      throw new FormatError(`${filename}: the file changed while it was packed`, {
        found: `${file.length} bytes`,
        expected: `${length} bytes`,
      });
    }
    yield file;
  }
}

/**
 * Writes every file of faceset.pak into the folder, byte for byte; those of a person into a sub-folder of that name.
 *
 * @returns the names that were written.
 * @throws FormatError if the pak is damaged or two of its files have one name.
 */
export async function unpackFaces(folder: Folder): Promise<readonly string[]> {
  await using file = await folder.open(pakName);
  const entries = await readPak(file, folder.describe(pakName));
  const pathOf = ({ personName, filename }: PakEntry): string => (personName === undefined ? filename : `${personName}/${filename}`);
  const paths = new Set<string>();
  for (const path of entries.map(pathOf)) {
    if (paths.has(path))
      throw new FormatError(`${folder.describe(pakName)}: two faces are called ${path}`, {
        next: 'unpack it with the program that made it',
      });
    paths.add(path);
  }
  for (const entry of entries) await folder.write(pathOf(entry), [await file.read(entry.offset, entry.length)]);
  return [...paths];
}
