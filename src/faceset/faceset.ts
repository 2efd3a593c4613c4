/**
 * A folder of aligned faces, loose or packed, as training and merging see it: what is known of each face is in memory, the images are
 * read when they are asked for. Broken files are set aside with their cause; a folder without any face is an error.
 */
import { FormatError, LiaeError } from '../base/index.ts';
import type { FaceType, Landmarks } from '../face/index.ts';
import type { ByteImage, ImageCodec } from '../image/index.ts';
import { type FaceFile, type FaceMetadata, readFace } from './dfljpg.ts';
import { type Folder, type RandomAccess, readWhole } from './folder.ts';
import { hasEnd } from './jpeg.ts';
import { type PakFace, pakName, readPak } from './pak.ts';

/** Enough for the segments before the image in nearly every file: face data hold at most 64 KiB. */
const HEADER_BYTES = 98304;
/** Where the end marker is looked for first. */
const TAIL_BYTES = 4096;
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
      const [cause, path] = [error.brief(), `${folder.describe(name)}: `];
      skipped.push({ name, cause: cause.startsWith(path) ? cause.slice(path.length) : cause });
    }
  }
  if (entries.length > 0) return { entries, skipped };
  throw new FormatError(`${folder.describe('')}: no faces in this folder`, {
    found:
      skipped.length === 0
        ? 'no image files'
        : `${skipped.length} image files that are no usable faces, the first: ${skipped[0]?.name}: ${skipped[0]?.cause}`,
    expected: 'aligned faces: JPEG files with landmarks, or a faceset.pak',
    next: 'check the path; liae extract makes aligned faces from clips and pictures',
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
  const { start, jpeg, metadata } = await headerOf(file, path);
  await checkEnd(file, path, { start, scan: jpeg.segments.at(-1)!.end });
  const { width, height } = jpeg;
  return { filename: name, personName: undefined, width, height, metadata, length: file.size, bytes: () => readWhole(folder, name) };
}

/** The face data, and the bytes from the start of the file that they were read from. */
async function headerOf(file: RandomAccess, path: string): Promise<FaceFile & { readonly start: Uint8Array }> {
  const start = await file.read(0, Math.min(file.size, HEADER_BYTES));
  try {
    return { ...readFace(start, path), start };
  } catch (error) {
    // Large foreign segments can push the frame header further back.
    if (file.size <= HEADER_BYTES || start[0] !== 0xff) throw error;
    const whole = await file.read(0, file.size);
    return { ...readFace(whole, path), start: whole };
  }
}

/**
 * A file that was cut off lacks its end marker. It nearly always stands at the very end; where it does not, the file is read whole.
 *
 * @param scan where the compressed data begin.
 */
async function checkEnd(
  file: RandomAccess,
  path: string,
  { start, scan }: { readonly start: Uint8Array; readonly scan: number },
): Promise<void> {
  if (start.length === file.size) {
    if (hasEnd(start, scan)) return;
  } else {
    const tail = Math.max(scan, file.size - TAIL_BYTES);
    if (hasEnd(await file.read(tail, file.size - tail), 0) || hasEnd(await file.read(0, file.size), scan)) return;
  }
  throw new FormatError(`${path}: the picture is cut off`, {
    found: `no end marker (EOI) in its ${file.size} bytes`,
    next: 'restore the file, or remove it',
  });
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
  /** What was set aside: by the reader of the set, and faces that sampling cannot use. */
  readonly skipped: readonly SkippedFile[];
  name(i: number): string;
  face(i: number): Promise<DecodedFace>;
  /** The landmarks and the image's side, without decoding. */
  shape(i: number): Promise<{ readonly landmarks: Landmarks; readonly size: number }>;
}

/**
 * The faces that are square and whose landmarks are not all one point; the others are set aside.
 *
 * @throws FormatError if none is left.
 */
export function faceSource(faces: Faceset, codec: ImageCodec): DecodedFaces {
  const skipped = [...faces.skipped];
  const usable: number[] = [];
  for (let i = 0; i < faces.count; i++) {
    const cause = unusable(faces, i);
    if (cause === undefined) usable.push(i);
    else skipped.push({ name: faces.name(i), cause });
  }
  if (usable.length === 0) {
    throw new FormatError(`none of the ${faces.count} faces is an aligned face`, {
      found: `the first: ${faces.name(0)}: ${unusable(faces, 0)}`,
      next: 'check the folder, or extract its faces again',
    });
  }
  const at = (i: number): number => {
    const index = usable[i];
    if (index === undefined) throw new RangeError(`face ${i} of ${usable.length}`);
    return index;
  };
  return {
    count: usable.length,
    skipped,
    name: (i) => faces.name(at(i)),
    shape: async (i) => ({ landmarks: faces.metadata(at(i)).landmarks, size: faces.size(at(i))[0] }),
    async face(i) {
      const { bytes, metadata, maskBytes } = await faces.read(at(i));
      const name = faces.name(at(i));
      const mask = maskBytes === undefined ? undefined : grayOf(await codec.decode(maskBytes, `${name}, its XSeg mask`));
      const { landmarks, faceType, eyebrowsExpandMod } = metadata;
      return { name, image: bgrOf(await codec.decode(bytes, name)), landmarks, faceType, eyebrowsExpandMod, mask };
    },
  };
}

/** Why a face cannot be sampled; undefined if it can. */
function unusable(faces: Faceset, i: number): string | undefined {
  const [width, height] = faces.size(i);
  const { landmarks, faceType } = faces.metadata(i);
  if (width !== height) return `not an aligned face: ${width}×${height} pixels, face type ${faceType}; expected a square image`;
  const spread = (axis: 0 | 1): number => {
    const values = landmarks.filter((_, k) => k % 2 === axis);
    return Math.max(...values) - Math.min(...values);
  };
  return Math.max(spread(0), spread(1)) < 1 ? 'its landmarks lie on one point' : undefined;
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
