/** Clips of the workspace: what is known of them, a picture of each, and new ones that arrive from the page. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, mkdir, readFile, rm, stat, statfs, unlink } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { replaceFile } from '../../platform/node/files.ts';
import { openClip } from '../../platform/node/video.ts';
import type { ClipInfo } from '../protocol.ts';
import type { Places } from './places.ts';

const kinds = ['.mp4', '.mov', '.mkv', '.webm', '.avi', '.m4v', '.mxf', '.ts', '.mts', '.m2ts', '.mpg', '.mpeg', '.wmv', '.flv'];
export const isClipName = (name: string): boolean => kinds.includes(extname(name).toLowerCase()) && !name.startsWith('.');

const THUMBNAIL = 320;
/** Left on the disk after an upload, so that saves still fit. */
const SPARE_BYTES = 512 * 1024 * 1024;

/** Changes when the file does. */
export async function stampOf(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${Math.round(mtimeMs).toString(36)}-${size.toString(36)}`;
}

type About = Pick<ClipInfo, 'about' | 'problem'>;
const known = new Map<string, About>();

/** Opened once, then remembered while the file stays as it is. */
export async function aboutClip(file: string): Promise<About> {
  const key = `${file}\0${await stampOf(file)}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const about = await readAbout(file);
  known.set(key, about);
  return about;
}

async function readAbout(file: string): Promise<About> {
  try {
    await using clip = await openClip(file);
    const { width, height, frames = null, rate = null, duration = null } = clip.info;
    return { about: { width, height, frames, rate, seconds: duration }, problem: null };
  } catch (error) {
    if (error instanceof LiaeError) return { about: null, problem: error.brief() };
    throw error;
  }
}

/** One clip is decoded at a time. */
let turn: Promise<unknown> = Promise.resolve();

/** The first frame that is not nearly black, of the first few, as a small JPEG; kept for the next time. */
export async function thumbnailOf(places: Places, file: string): Promise<Uint8Array> {
  const name = createHash('sha256')
    .update(`${places.nameOf(file)}\0${await stampOf(file)}`)
    .digest('hex')
    .slice(0, 32);
  const kept = places.own('thumbnails', `${name}.jpg`);
  const before = await readFile(kept).catch(() => undefined);
  if (before !== undefined) return before;
  const mine = turn.then(() => makeThumbnail(file));
  turn = mine.catch(() => undefined);
  const bytes = await mine;
  await replaceFile(kept, [bytes]);
  return bytes;
}

async function makeThumbnail(file: string): Promise<Uint8Array> {
  await using clip = await openClip(file);
  let best: ByteImage | undefined;
  for await (const { image } of clip.frames({ from: 0, to: 60, every: 12 })) {
    best = shrunk(image, THUMBNAIL);
    if (mean(best.data) > 24) break;
  }
  if (best === undefined) throw new ResourceError(`${file}: no frame could be read`);
  return await nodeCodec().encodeJpeg(best, 80);
}

const mean = (data: Uint8Array): number => data.reduce((sum, value) => sum + value, 0) / data.length;

/** Means over blocks, to at most this width. */
export function shrunk({ width, height, channels, data }: ByteImage, most: number): ByteImage {
  const w = Math.min(width, most);
  const h = Math.max(1, Math.round((height * w) / width));
  const out = new Uint8Array(w * h * channels);
  for (let y = 0; y < h; y++) {
    const [y0, y1] = [Math.floor((y * height) / h), Math.max(Math.floor(((y + 1) * height) / h), Math.floor((y * height) / h) + 1)];
    for (let x = 0; x < w; x++) {
      const [x0, x1] = [Math.floor((x * width) / w), Math.max(Math.floor(((x + 1) * width) / w), Math.floor((x * width) / w) + 1)];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let v = y0; v < y1; v++) for (let u = x0; u < x1; u++) sum += data[(v * width + u) * channels + c]!;
        out[(y * w + x) * channels + c] = Math.round(sum / ((y1 - y0) * (x1 - x0)));
      }
    }
  }
  return { width: w, height: h, channels, data: out };
}

/**
 * Writes a clip that is sent into the workspace, under a free name.
 *
 * @param name  as the sender calls it, a file name.
 * @param length  bytes that were announced.
 * @returns its place in the workspace.
 * @throws OptionError if it is no clip by its name, or other bytes come than announced. @throws ResourceError if there is no room.
 */
export async function receiveClip(
  places: Places,
  name: string,
  body: ReadableStream<Uint8Array>,
  length: number,
  signal: AbortSignal,
): Promise<string> {
  if (!isClipName(name)) throw new OptionError(`${name}: not a clip by its name`, { expected: `a name that ends in ${kinds.join(', ')}` });
  await places.at(name);
  const { bavail, bsize } = await statfs(places.root);
  if (length + SPARE_BYTES > bavail * bsize)
    throw new ResourceError(`${name}: no room for it`, {
      found: `${length} bytes to come, ${bavail * bsize} free`,
      next: 'free some space',
    });
  await mkdir(places.own('incoming'), { recursive: true });
  const draft = places.own('incoming', randomUUID());
  try {
    let received = 0;
    const counted = async function* (pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const piece of pieces) {
        received += piece.length;
        if (received > length) throw new OptionError(`${name}: more bytes came than were announced`, { expected: `${length} bytes` });
        yield piece;
      }
    };
    await pipeline(Readable.fromWeb(body as never), counted, createWriteStream(draft, { flags: 'wx' }), { signal });
    if (received !== length)
      throw new OptionError(`${name}: it broke off`, { found: `${received} of ${length} bytes`, next: 'send it again' });
    return places.nameOf(await settleAs(draft, places.root, name));
  } finally {
    await rm(draft, { force: true });
  }
}

/** Gives the draft its name, or NAME-2 and so on; never over another file. */
async function settleAs(draft: string, folder: string, name: string): Promise<string> {
  const kind = extname(name);
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? name : `${name.slice(0, -kind.length)}-${n}${kind}`);
    try {
      await link(draft, path);
      await unlink(draft);
      return path;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
