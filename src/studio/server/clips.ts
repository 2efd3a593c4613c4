/** Clips of the workspace, and folders of pictures that stand for one: what is known of them, and a picture of each. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { LiaeError, ResourceError } from '../../base/index.ts';
import type { ByteImage } from '../../image/index.ts';
import { nodeCodec } from '../../platform/node/codec.ts';
import { explained, replaceFile } from '../../platform/node/files.ts';
import { openInput } from '../../platform/node/openInput.ts';
import type { ClipInfo } from '../protocol.ts';
import type { Places } from './places.ts';

export const clipEndings = [
  '.mp4',
  '.mov',
  '.mkv',
  '.webm',
  '.avi',
  '.m4v',
  '.mxf',
  '.ts',
  '.mts',
  '.m2ts',
  '.mpg',
  '.mpeg',
  '.wmv',
  '.flv',
];
export const isClipName = (name: string): boolean => clipEndings.includes(extname(name).toLowerCase()) && !name.startsWith('.');

const THUMBNAIL = 320;

/** Changes when the file does. @throws FormatError if it is not there, as when it was taken away meanwhile. */
export async function stampOf(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file).catch((error: unknown) => {
    throw explained(error, basename(file), 'file');
  });
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
    await using clip = await openInput(file);
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
  await using clip = await openInput(file);
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
