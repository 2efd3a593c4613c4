/** The faces of a folder, loose or packed, with all that merging needs of them; and what extraction told of their clip. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, LiaeError } from '../../base/index.ts';
import { decodeMask } from '../../curate/index.ts';
import { type FaceMetadata, liaeFields, openFaces, readFace } from '../../faceset/index.ts';
import type { Affine } from '../../image/index.ts';
import type { KnownFace, StoredMask } from '../../merge/index.ts';
import type { ClipInfo } from '../../video/index.ts';
import { nodeCodec } from './codec.ts';
import { storedAlignments } from './extractFiles.ts';
import { nodeFolder } from './files.ts';
import type { PlacedMask } from './mergeHand.ts';

/** Files that are read at the same time. */
const TOGETHER = 16;

export interface FolderFaces {
  readonly faces: readonly KnownFace[];
  /** Files that are no usable faces, a sentence each. */
  readonly skipped: readonly string[];
}

/**
 * @param folder  of faces; or with `person`, one in which that person's faces have a folder of their own, or a name in the pak.
 * @param masks  whether the masks that are stored in them are wanted.
 */
export async function readFaces(folder: string, { person, masks }: { person?: string | undefined; masks: boolean }): Promise<FolderFaces> {
  const own = person === undefined ? undefined : join(folder, person);
  // Packing leaves a person's folder empty.
  const apart = own !== undefined && (await readdir(own).catch(() => [])).some((name) => /\.(jpe?g|pak)$/i.test(name));
  await using set = await openFaces(nodeFolder(apart ? own : folder));
  const faces: KnownFace[] = [];
  for (let i = 0; i < set.count; i += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, set.count - i) }, (_, k) => i + k);
    const read = await Promise.all(
      some.map(async (k): Promise<KnownFace | undefined> => {
        if (!apart && person !== undefined && set.person(k) !== person) return undefined;
        const known = { name: set.name(k), person: set.person(k) };
        const entry = set.metadata(k);
        try {
          const { bytes } = await set.read(k);
          const { dict, metadata } = readFace(bytes, set.name(k));
          // The list of a pak, as DeepFaceLab writes it, leaves out where the face was; its file says so.
          const all = {
            ...metadata,
            sourceFilename: entry.sourceFilename ?? metadata.sourceFilename,
            xsegMask: entry.xsegMask ?? metadata.xsegMask,
          };
          return { ...known, ...placesOf(all, set.size(k), masks), fields: liaeFields(dict) };
        } catch (error) {
          if (!(error instanceof LiaeError)) throw error;
          return { ...known, ...placesOf(entry, set.size(k), masks), fields: {} }; // a pak may keep the face's data apart from its image
        }
      }),
    );
    faces.push(...read.filter((face) => face !== undefined));
  }
  return { faces, skipped: set.skipped.map(({ name, cause }) => `${name}: ${cause}`) };
}

const placesOf = (
  metadata: FaceMetadata,
  size: readonly [number, number],
  masks: boolean,
): Pick<KnownFace, 'sourceFilename' | 'sourceLandmarks' | 'mask'> => ({
  sourceFilename: metadata.sourceFilename,
  sourceLandmarks: metadata.sourceLandmarks,
  mask: masks ? storedMask(metadata, size) : undefined,
});

/** A face's mask and where it lies in the frame; undefined if it has none, or does not say where it was cut out. */
function storedMask({ xsegMask, imageToFace }: FaceMetadata, [width, height]: readonly [number, number]): StoredMask | undefined {
  if (xsegMask === undefined || imageToFace?.length !== 6) return undefined;
  const [a, b, tx, c, d, ty] = imageToFace as [number, number, number, number, number, number];
  // Pixel centres are whole numbers: the picture goes from -½ to its width - ½.
  return {
    bytes: xsegMask.slice(), // not a window of the whole file
    unitFromFrame: [a / width, b / width, (tx + 0.5) / width, c / height, d / height, (ty + 0.5) / height],
  };
}

/** A stored mask as it is used. @throws FormatError if its bytes are no square picture. */
export async function placedMask({ bytes, unitFromFrame: [a, b, tx, c, d, ty] }: StoredMask): Promise<PlacedMask> {
  const { width, data } = await decodeMask(bytes, nodeCodec(), 'a face');
  const height = data.length / width;
  if (width !== height) throw new FormatError('a face: its mask is not square', { found: `${width}×${height}` });
  const unit = [a, b, tx, c, d, ty].map((v, i) => v * width - (i % 3 === 2 ? 0.5 : 0));
  return { side: width, data, maskFromFrame: unit as unknown as Affine };
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
