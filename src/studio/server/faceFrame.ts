/**
 * The frame that a face was cut from: looked for in the workspace by the fingerprint that extraction left in the face, decoded once, kept for a while.
 * A clip of another content is never taken for it; where the frame is not to be had, the reason is told.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError, LiaeError, ResourceError } from '../../base/index.ts';
import { type AlignmentsHeader, readAlignments } from '../../extract/index.ts';
import { type FaceFile, liaeFields } from '../../faceset/index.ts';
import { type Affine, type ByteImage, invertAffine, mapPoints } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { clipFiles } from '../../platform/node/extractClip.ts';
import { openInput } from '../../platform/node/openInput.ts';
import { isPictureName } from '../../platform/node/picturePaths.ts';
import type { FrameAnswer } from '../protocol.ts';
import { isClipName, shrunk, stampOf } from './clips.ts';
import type { Places } from './places.ts';

/** Folders deep in which clips are looked for, and how many files are opened at most. */
const DEEPEST = 4;
const MOST_FILES = 200;
/** Decoded frames that are kept. */
const KEPT = 3;
/** Frames that may wait to be decoded. */
const MOST_WAITING = 4;
/** Width of the whole frame as it is shown, and the longest side of the part around the face. */
const [WHOLE, NEAR] = [1280, 1536];
/** Of the crop's side, on each side around it. */
const AROUND = 0.5;
const QUALITY = 90;

/** Files that extraction keeps beside the faces of a clip. */
export interface ClipOfFaces {
  readonly header: AlignmentsHeader;
  readonly files: ReturnType<typeof clipFiles>;
}

/** The clip of this fingerprint among those that a folder of faces has alignments of. */
export async function clipOfFaces(folder: string, hash: string | undefined): Promise<ClipOfFaces | undefined> {
  if (hash === undefined) return undefined;
  const ending = '.alignments.ndjson';
  for (const file of (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending)).sort()) {
    const header = await headerOf(join(folder, file));
    if (header?.clip.hash === hash) return { header, files: clipFiles(folder, file.slice(0, -ending.length)) };
  }
  return undefined;
}

async function headerOf(file: string): Promise<AlignmentsHeader | undefined> {
  const stream = createReadStream(file);
  try {
    for await (const entry of readAlignments(stream, file, false)) return entry.kind === 'header' ? entry.header : undefined;
  } catch (error) {
    if (!(error instanceof LiaeError)) throw error; // of another version, or damaged: no help here
  } finally {
    stream.destroy();
  }
  return undefined;
}

interface Found {
  /** Absolute. */
  readonly file: string;
  readonly frame: number;
}

/** @throws FormatError if the workspace does not hold it. */
async function sourceOf(places: Places, folder: string, { dict, metadata }: FaceFile): Promise<Found> {
  const { frame, sourceHash } = liaeFields(dict);
  if (frame !== undefined && sourceHash !== undefined) {
    const near = (await clipOfFaces(folder, sourceHash))?.header;
    const candidates = [...(near === undefined ? [] : [near.path]), ...(await clipsIn(places.root, near?.clip.name))];
    for (const file of candidates) {
      if (await isInside(places, file)) if ((await hashOf(file)) === sourceHash) return { file, frame };
    }
    throw new FormatError('the clip of this face is not in the workspace', {
      found: near === undefined ? `no clip of fingerprint ${sourceHash.slice(0, 12)}` : `${near.clip.name} is not where it was`,
      next: 'put the clip into the workspace; it may have another name',
    });
  }
  const name = metadata.sourceFilename;
  if (name !== undefined && !/[/\\\0]/.test(name)) {
    for (const file of [join(dirname(folder), name), join(folder, name)]) {
      if (isPictureName(name) && (await isInside(places, file)) && (await stat(file).catch(() => undefined))?.isFile())
        return { file, frame: 0 };
    }
  }
  throw new FormatError('the frame of this face is not in the workspace', {
    found: name === undefined ? 'a face that does not name its frame' : `no ${name} beside the folder of faces`,
    next: 'keep the frames, or extract the clip anew here',
  });
}

async function isInside(places: Places, file: string): Promise<boolean> {
  const place = places.nameOf(file);
  return await places.at(place).then(
    () => true,
    () => false,
  );
}

/** Clips and folders of pictures, those of a name first. */
async function clipsIn(root: string, name: string | undefined): Promise<readonly string[]> {
  const found: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isFile() && isClipName(entry.name)) found.push(join(folder, entry.name));
    if (depth > 0 && entries.some((entry) => entry.isFile() && isPictureName(entry.name))) found.push(folder);
    if (depth === DEEPEST) return;
    for (const entry of entries) {
      if (entry.isDirectory() && !entry.name.startsWith('.') && found.length < MOST_FILES) await visit(join(folder, entry.name), depth + 1);
    }
  };
  await visit(root, 0);
  const isNamed = (file: string): number => (name !== undefined && file.endsWith(`/${name}`) ? 0 : 1);
  return found.slice(0, MOST_FILES).sort((a, b) => isNamed(a) - isNamed(b));
}

const hashes = new Map<string, string | undefined>();

/** Of a clip's content; undefined if it cannot be read. */
async function hashOf(file: string): Promise<string | undefined> {
  const stamp = await stampOf(file).catch(() => undefined);
  if (stamp === undefined) return undefined;
  const key = `${file}\0${stamp}`;
  if (hashes.has(key)) return hashes.get(key);
  let hash: string | undefined;
  try {
    await using source = await openInput(file);
    hash = source.info.hash;
  } catch (error) {
    if (!(error instanceof LiaeError)) throw error;
  }
  hashes.set(key, hash);
  return hash;
}

const decoded = new Map<string, Promise<ByteImage>>();
/** Keys of frames that wait to be decoded, the newest last. One is decoded at a time. */
const waiting: string[] = [];
let turn: Promise<unknown> = Promise.resolve();

/** The frame of a face. @throws FormatError if it is not in the workspace or cannot be decoded; ResourceError if newer ones were asked for meanwhile. */
export async function frameOf(places: Places, folder: string, face: FaceFile): Promise<Found & { readonly image: ByteImage }> {
  const found = await sourceOf(places, folder, face);
  const key = `${found.file}\0${await stampOf(found.file)}\0${found.frame}`;
  const image = decoded.get(key) ?? queued(key, found);
  decoded.delete(key);
  decoded.set(key, image);
  for (const oldest of decoded.keys()) if (decoded.size > KEPT + waiting.length) decoded.delete(oldest);
  try {
    return { ...found, image: await image };
  } catch (error) {
    if (decoded.get(key) === image) decoded.delete(key);
    throw error;
  }
}

/** Who pages through faces faster than frames are decoded is not kept waiting for those that have passed. */
function queued(key: string, found: Found): Promise<ByteImage> {
  waiting.push(key);
  if (waiting.length > MOST_WAITING) waiting.shift();
  const image = turn.then(async () => {
    if (!waiting.includes(key)) throw new ResourceError('other frames were asked for meanwhile', { next: 'open the face again' });
    waiting.splice(waiting.indexOf(key), 1);
    return await decode(found);
  });
  turn = image.catch(() => undefined);
  return image;
}

async function decode({ file, frame }: Found): Promise<ByteImage> {
  await using source = await openInput(file);
  for await (const { index, image } of source.frames({ from: frame, to: frame + 1 })) if (index === frame) return image;
  throw new FormatError(`${file}: frame ${frame} cannot be read`, { found: source.trouble[0] ?? 'the clip ends before it' });
}

/** Square around the crop of a face, with some room: left, top, width, height, inside the frame. */
function nearOf({ metadata, jpeg }: FaceFile, { width, height }: ByteImage): readonly [number, number, number, number] {
  const { imageToFace, sourceRect } = metadata;
  let box: readonly [number, number, number, number] = [0, 0, width, height];
  if (metadata.faceType !== 'mark_only' && imageToFace !== undefined) {
    const corners = mapPoints(invertAffine(imageToFace as unknown as Affine), [
      0,
      0,
      jpeg.width,
      0,
      jpeg.width,
      jpeg.height,
      0,
      jpeg.height,
    ]);
    const [xs, ys] = [corners.filter((_, i) => i % 2 === 0), corners.filter((_, i) => i % 2 === 1)];
    box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  } else if (sourceRect !== undefined && sourceRect.length === 4) box = [sourceRect[0]!, sourceRect[1]!, sourceRect[2]!, sourceRect[3]!];
  const room = AROUND * Math.max(box[2] - box[0], box[3] - box[1]);
  const clamp = (value: number, most: number): number => Math.min(most, Math.max(0, Math.round(value)));
  const [left, top] = [clamp(box[0] - room, width - 1), clamp(box[1] - room, height - 1)];
  return [left, top, Math.max(1, clamp(box[2] + room, width) - left), Math.max(1, clamp(box[3] + room, height) - top)];
}

/** Where the frame is, or why it is not to be had. */
export async function frameAnswer(places: Places, folder: string, face: FaceFile): Promise<FrameAnswer> {
  try {
    const { file, frame, image } = await frameOf(places, folder, face);
    const { width, height } = image;
    return { frame: { clip: places.nameOf(file), width, height, frame, near: [...nearOf(face, image)] }, lacking: null };
  } catch (error) {
    if (!(error instanceof LiaeError)) throw error;
    return { frame: null, lacking: { message: error.message, ...error.details } };
  }
}

/** A JPEG of the whole frame, made smaller, or of the part around the face. */
export async function framePicture(places: Places, folder: string, face: FaceFile, part: 'whole' | 'near'): Promise<Uint8Array> {
  const { image } = await frameOf(places, folder, face);
  if (part === 'whole') return await nodeCodec().encodeJpeg(image.width > WHOLE ? shrunk(image, WHOLE) : image, QUALITY);
  const cut = cutOut(image, nearOf(face, image));
  const longest = Math.max(cut.width, cut.height);
  const most = Math.round((cut.width * NEAR) / longest);
  return await nodeCodec().encodeJpeg(longest > NEAR ? shrunk(cut, most) : cut, QUALITY);
}

function cutOut({ width, channels, data }: ByteImage, [left, top, w, h]: readonly [number, number, number, number]): ByteImage {
  const out = new Uint8Array(w * h * channels);
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * channels;
    out.set(data.subarray(from, from + w * channels), y * w * channels);
  }
  return { width: w, height: h, channels, data: out };
}
