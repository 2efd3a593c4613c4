/** The faces of a folder, loose or packed, with all that merging needs of them; and what extraction told of their clip. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LiaeError } from '../../base/index.ts';
import { liaeFields, openFaces, readFace } from '../../faceset/index.ts';
import type { KnownFace } from '../../merge/index.ts';
import type { ClipInfo } from '../../video/index.ts';
import { storedAlignments } from './extractFiles.ts';
import { nodeFolder } from './files.ts';

/** Files that are read at the same time. */
const TOGETHER = 16;

export interface FolderFaces {
  readonly faces: readonly KnownFace[];
  /** Files that are no usable faces, a sentence each. */
  readonly skipped: readonly string[];
}

/** @param folder  of faces; or with `person`, one in which that person's faces have a folder of their own, or a name in the pak. */
export async function readFaces(folder: string, person?: string): Promise<FolderFaces> {
  const own = person === undefined ? undefined : join(folder, person);
  const apart = own !== undefined && (await stat(own).catch(() => undefined))?.isDirectory() === true;
  await using set = await openFaces(nodeFolder(apart ? own : folder));
  const faces: KnownFace[] = [];
  for (let i = 0; i < set.count; i += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, set.count - i) }, (_, k) => i + k);
    const read = await Promise.all(
      some.map(async (k): Promise<KnownFace | undefined> => {
        if (!apart && person !== undefined && set.person(k) !== person) return undefined;
        const { sourceFilename, sourceLandmarks } = set.metadata(k);
        const plain = { name: set.name(k), person: set.person(k), sourceFilename, sourceLandmarks };
        try {
          const { bytes } = await set.read(k);
          return { ...plain, fields: liaeFields(readFace(bytes, set.name(k)).dict) };
        } catch (error) {
          if (!(error instanceof LiaeError)) throw error;
          return { ...plain, fields: {} }; // a pak may keep the face's data apart from its image
        }
      }),
    );
    faces.push(...read.filter((face) => face !== undefined));
  }
  return { faces, skipped: set.skipped.map(({ name, cause }) => `${name}: ${cause}`) };
}

/** What the analysis of a clip tells beside its faces. */
export interface KnownClip {
  /** Whether it is this very clip. */
  readonly same: boolean;
  readonly size: readonly [width: number, height: number];
  /** How each frame looks. */
  readonly looks: ReadonlyMap<number, string>;
  /** Frames that were looked at. */
  readonly seen: ReadonlySet<number>;
}

/** The alignments of the clip in a folder of faces; those of the only clip of the folder if none is of this one; or undefined. */
export async function readKnownClip(folder: string, clip: Pick<ClipInfo, 'hash'>): Promise<KnownClip | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.alignments.ndjson')).sort();
  for (const name of names) {
    const stored = await storedAlignments(join(folder, name));
    if (stored === undefined || (stored.header.clip.hash !== clip.hash && names.length > 1)) continue;
    const { width, height, hash } = stored.header.clip;
    return {
      same: hash === clip.hash,
      size: [width, height],
      looks: new Map(stored.frames.map(({ frame, look }) => [frame, look])),
      seen: new Set(stored.frames.map(({ frame }) => frame)),
    };
  }
  return undefined;
}
