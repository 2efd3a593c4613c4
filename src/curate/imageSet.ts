/**
 * All pictures of a folder, with the face data of those that have any: what sorting, checking and looking at a folder begin with. A Faceset,
 * in contrast, holds usable faces only.
 */
import { LiaeError } from '../base/index.ts';
import { type FaceMetadata, type Folder, looseFaces, openFaces, pakName, readWhole } from '../faceset/index.ts';
import type { MeasurableFaces } from './measureFaces.ts';

export interface ImageSet extends MeasurableFaces, AsyncDisposable {
  /** Whether they are read from faceset.pak. */
  readonly packed: boolean;
  /** Pictures that are no usable faces, by name, and why. */
  readonly problems: ReadonlyMap<string, string>;
  /** Sub-folder that a packed face came from. */
  person(i: number): string | undefined;
}

const isPicture = (name: string): boolean => /\.(jpe?g|png|tiff?)$/i.test(name);

/** Sorted by name. @throws FormatError if the folder holds no picture or its pak is damaged. */
export async function openImages(folder: Folder): Promise<ImageSet> {
  const names = await folder.list();
  if (names.includes(pakName)) {
    const faces = await openFaces(folder);
    return {
      ...{ count: faces.count, packed: true, problems: new Map() },
      ...{ name: faces.name, metadata: faces.metadata, size: faces.size, person: faces.person, read: faces.read },
      [Symbol.asyncDispose]: () => faces[Symbol.asyncDispose](),
    };
  }
  const pictures = names.filter(isPicture);
  const problems = new Map<string, string>();
  const known = new Map<string, { readonly metadata: FaceMetadata; readonly size: readonly [number, number] }>();
  // One by one, so that a folder without any face is read as well; looseFaces would refuse it as a whole.
  for (const name of pictures) {
    try {
      const { entries, skipped } = await looseFaces({ ...folder, list: async () => [name] });
      for (const { metadata, width, height } of entries) known.set(name, { metadata, size: [width, height] });
      for (const { cause } of skipped) problems.set(name, cause);
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      problems.set(name, causeIn(error.details.found ?? error.message, name));
    }
  }
  if (pictures.length === 0) await looseFaces(folder); // explains what is missing
  return {
    ...{ count: pictures.length, packed: false, problems },
    name: (i) => pictures[i]!,
    metadata: (i) => known.get(pictures[i]!)?.metadata,
    size: (i) => known.get(pictures[i]!)?.size ?? [0, 0],
    person: () => undefined,
    read: async (i) => ({ bytes: await readWhole(folder, pictures[i]!) }),
    async [Symbol.asyncDispose]() {},
  };
}

/** What the message says after the name of the file. */
function causeIn(text: string, name: string): string {
  const at = text.indexOf(`${name}: `);
  return at < 0 ? text : text.slice(at + name.length + 2);
}
