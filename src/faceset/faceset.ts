/**
 * A folder of aligned faces, loose or packed, as training and merging see it: what is known of each face is in memory, the images are
 * read when they are asked for. Broken files are set aside with their cause; a folder without any face is an error.
 */
import { FormatError, LiaeError } from '../base/index.ts';
import type { FaceType, Landmarks } from '../face/index.ts';
import type { ByteImage, ImageCodec } from '../image/index.ts';
import { type FaceMetadata, readFace } from './dfljpg.ts';
import { type Folder, type RandomAccess, readWhole } from './folder.ts';
import { type PakFace, pakName, readPak } from './pak.ts';

/** Enough for the segments before the image in nearly every file: face data hold at most 64 KiB. */
const HEADER_BYTES = 98304;
const MAX_FILE = 2 ** 28;

export interface SkippedFile {
  readonly name: string;
  readonly cause: string;
}

export interface FaceData {
  /** The image file, byte for byte. */
  readonly bytes: Uint8Array;
  readonly metadata: FaceMetadata;
  /** The XSeg mask, an encoded PNG or JPEG; absent if the face has none. */
  readonly maskBytes?: Uint8Array | undefined;
}

export interface Faceset extends AsyncDisposable {
  readonly count: number;
  /** Whether it is read from faceset.pak. */
  readonly packed: boolean;
  /** Files of the folder that are no usable faces, and why. */
  readonly skipped: readonly SkippedFile[];
  /** Name of the file of face i, without folder. */
  name(i: number): string;
  metadata(i: number): FaceMetadata;
  /** Width and height of the image in pixels. */
  size(i: number): readonly [width: number, height: number];
  /** Sub-folder that a packed face came from. */
  person(i: number): string | undefined;
  read(i: number): Promise<FaceData>;
}

/** A face of a folder or of a pak, with the way to its image file. */
export interface FaceEntry extends PakFace {
  /** Bytes of the image file. */
  readonly length: number;
  readonly bytes: () => Promise<Uint8Array>;
}

/**
 * Opens the faces of a folder: those of faceset.pak if it is there, else all image files sorted by name.
 *
 * @throws FormatError if there is no face in it, or the pak is damaged.
 */
export async function openFaces(folder: Folder): Promise<Faceset> {
  if ((await folder.list()).includes(pakName)) return openPak(folder);
  const { entries, skipped } = await looseFaces(folder);
  return faceset(entries, skipped, false);
}

/**
 * The faces among the image files of a folder, sorted by name.
 *
 * @throws FormatError if there is none.
 */
export async function looseFaces(
  folder: Folder,
): Promise<{ readonly entries: readonly FaceEntry[]; readonly skipped: readonly SkippedFile[] }> {
  const skipped: SkippedFile[] = [];
  const entries: FaceEntry[] = [];
  for (const name of (await folder.list()).filter((name) => /\.(jpe?g|png|tiff?)$/i.test(name))) {
    try {
      entries.push(await openLoose(folder, name));
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      skipped.push({ name, cause: [error.message, error.details.found].filter((part) => part !== undefined).join('; ') });
    }
  }
  if (entries.length > 0) return { entries, skipped };
  throw new FormatError(`${folder.describe('')}: no faces in this folder`, {
    found: skipped.length === 0 ? 'no image files' : `${skipped.length} image files without face data, the first: ${skipped[0]?.cause}`,
    expected: 'aligned faces: JPEG files with landmarks, or a faceset.pak',
    next: 'liae extract <folder> makes aligned faces from photos',
  });
}

async function openPak(folder: Folder): Promise<Faceset> {
  const file = await folder.open(pakName);
  try {
    const faces = await readPak(file, folder.describe(pakName));
    if (faces.length === 0)
      throw new FormatError(`${folder.describe(pakName)}: no faces in this pak`, { next: 'remove it to use the loose files' });
    const entries = faces.map((face) => ({ ...face, bytes: () => file.read(face.offset, face.length) }));
    return faceset(entries, [], true, file);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function openLoose(folder: Folder, name: string): Promise<FaceEntry> {
  const path = folder.describe(name);
  if (!/\.jpe?g$/i.test(name)) throw new FormatError(`${path}: only JPEG files hold face data`);
  await using file = await folder.open(name);
  if (file.size > MAX_FILE) throw new FormatError(`${path}: too large for a face`, { found: `${file.size} bytes` });
  const { jpeg, metadata } = await headerOf(file, path);
  const { width, height } = jpeg;
  return { filename: name, personName: undefined, width, height, metadata, length: file.size, bytes: () => readWhole(folder, name) };
}

async function headerOf(file: RandomAccess, path: string): Promise<ReturnType<typeof readFace>> {
  const start = await file.read(0, Math.min(file.size, HEADER_BYTES));
  try {
    return readFace(start, path);
  } catch (error) {
    // Large foreign segments can push the frame header further back.
    if (file.size <= HEADER_BYTES || start[0] !== 0xff) throw error;
    return readFace(await file.read(0, file.size), path);
  }
}

function faceset(entries: readonly FaceEntry[], skipped: readonly SkippedFile[], packed: boolean, owned?: RandomAccess): Faceset {
  const at = (i: number): FaceEntry => {
    const entry = entries[i];
    if (entry === undefined) throw new RangeError(`face ${i} of ${entries.length}`);
    return entry;
  };
  return {
    count: entries.length,
    packed,
    skipped,
    name: (i) => at(i).filename,
    metadata: (i) => at(i).metadata,
    size: (i) => [at(i).width, at(i).height],
    person: (i) => at(i).personName,
    async read(i) {
      const { bytes, metadata } = at(i);
      return { bytes: await bytes(), metadata, maskBytes: metadata.xsegMask };
    },
    async [Symbol.asyncDispose]() {
      await owned?.[Symbol.asyncDispose]();
    },
  };
}

/** A face as pixels, as sampling takes it. */
export interface DecodedFace {
  readonly name: string;
  /** 3 channels, B, G, R. */
  readonly image: ByteImage;
  /** The 68 landmarks x0, y0, x1, … in pixels of the image. */
  readonly landmarks: Landmarks;
  readonly faceType: FaceType;
  readonly eyebrowsExpandMod: number;
  /** The XSeg mask, 1 channel; often of another size than the image. */
  readonly mask?: ByteImage | undefined;
}

/** Faces for sampling, decoded one at a time; the form is that of FaceSource in sample/. */
export interface DecodedFaces {
  readonly count: number;
  face(i: number): Promise<DecodedFace>;
  /** The landmarks and the image's side, without decoding. */
  shape(i: number): Promise<{ readonly landmarks: Landmarks; readonly size: number }>;
}

/** @throws FormatError if an image is not square. */
export function faceSource(faces: Faceset, codec: ImageCodec): DecodedFaces {
  for (let i = 0; i < faces.count; i++) {
    const [width, height] = faces.size(i);
    if (width !== height) {
      throw new FormatError(`${faces.name(i)}: not an aligned face`, {
        found: `${width}×${height} pixels, face type ${faces.metadata(i).faceType}`,
        expected: 'a square image',
        next: 'remove it from the folder, or extract its faces again',
      });
    }
  }
  return {
    count: faces.count,
    shape: async (i) => ({ landmarks: faces.metadata(i).landmarks, size: faces.size(i)[0] }),
    async face(i) {
      const { bytes, metadata, maskBytes } = await faces.read(i);
      const name = faces.name(i);
      const mask = maskBytes === undefined ? undefined : grayOf(await codec.decode(maskBytes, `${name}, its XSeg mask`));
      const { landmarks, faceType, eyebrowsExpandMod } = metadata;
      return { name, image: bgrOf(await codec.decode(bytes, name)), landmarks, faceType, eyebrowsExpandMod, mask };
    },
  };
}

/** RGB or gray pixels as B, G, R. */
function bgrOf({ width, height, channels, data }: ByteImage): ByteImage {
  const bgr = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < bgr.length; from += channels, to += 3) {
    bgr[to] = data[from + (channels === 1 ? 0 : 2)]!;
    bgr[to + 1] = data[from + (channels === 1 ? 0 : 1)]!;
    bgr[to + 2] = data[from]!;
  }
  return { width, height, channels: 3, data: bgr };
}

/** RGB pixels as luma (ITU-R BT.601), which leaves gray as it is. */
function grayOf({ width, height, channels, data }: ByteImage): ByteImage {
  if (channels === 1) return { width, height, channels, data };
  const gray = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < gray.length; i++, from += channels) {
    gray[i] = Math.round(0.299 * data[from]! + 0.587 * data[from + 1]! + 0.114 * data[from + 2]!);
  }
  return { width, height, channels: 1, data: gray };
}
