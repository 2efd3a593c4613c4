/**
 * Pictures in order as a FrameSource: a folder, a pattern or single files. JPEG and PNG are read by the image codec, the other formats by
 * FFmpeg's decoders; EXIF orientation is applied; what cannot be read is named and skipped.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { FormatError, LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import type { ByteImage, ImageCodec } from '../../image/index.ts';
import {
  type ClipInfo,
  checkRange,
  type DeepImage,
  exifOrientation,
  type Frame,
  type FrameRange,
  type FrameSource,
  orient,
  orientDeep,
  pickFrames,
} from '../../video/index.ts';
import { deepPng, nodeCodec } from './codec.ts';
import { picturePaths } from './picturePaths.ts';

/** Largest picture file that is read. */
const MAX_BYTES = 2 ** 30;

/**
 * Opens pictures; they are decoded as they are asked for.
 *
 * @param input  a folder, a pattern (`*`, `**`, `?`, `[…]`) or a file; or several of them, read one behind the other.
 * @param deep  whether frames are given in 16 bits too; pictures of 8 bits are then stretched to that.
 * @throws FormatError if there is no picture, or none of them can be read.
 */
export async function openPictures(input: string | readonly string[], deep = false): Promise<FrameSource> {
  const inputs = typeof input === 'string' ? [input] : input;
  const { paths, trouble } = await picturePaths(inputs);
  if (paths.length === 0) {
    throw new FormatError(`${inputs.join(', ')}: no pictures`, {
      found: trouble[0],
      expected: 'jpg, jpeg, png, webp, tif, tiff or bmp',
      next: 'name a folder with pictures in it, or a pattern such as photos/*.jpg',
    });
  }
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${basename(path)}\0${(await stat(path)).size}\0`);
  const name = basename(resolve(inputs.length === 1 && (await isFolder(inputs[0]!)) ? inputs[0]! : dirname(paths[0]!)));
  const pictures = new Pictures(paths, trouble, deep);
  await pictures.look(name, hash.digest('hex'));
  return pictures;
}

interface Entry {
  readonly index: number;
  readonly time: number;
  readonly path: string;
}

class Pictures implements FrameSource {
  readonly #paths: readonly string[];
  readonly #trouble: string[];
  readonly #codec: ImageCodec = nodeCodec();
  readonly #deep: boolean;
  #info: ClipInfo | undefined;
  #closed = false;

  constructor(paths: readonly string[], trouble: readonly string[], deep: boolean) {
    this.#paths = paths;
    this.#deep = deep;
    this.#trouble = [...trouble];
  }

  get info(): ClipInfo {
    return this.#info!;
  }

  get trouble(): readonly string[] {
    return this.#trouble;
  }

  /** Decodes the first picture that can be. */
  async look(name: string, hash: string): Promise<void> {
    let failure: LiaeError | undefined;
    for (const path of this.#paths) {
      try {
        const { width, height } = (await this.#read(path)).image;
        const frames = this.#paths.length;
        this.#info = { name, kind: 'pictures', width, height, frames, hash, colour: 'pictures, taken as sRGB; transparency is dropped' };
        return;
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        failure ??= error;
      }
    }
    throw new FormatError(`${name}: none of ${this.#paths.length} pictures can be read`, {
      found: failure?.brief(),
      next: 'restore the files',
    });
  }

  async *frames(range: FrameRange = {}, signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    checkRange(range);
    if (range.rate !== undefined) {
      throw new OptionError('pictures have no times to pick by', { found: `rate ${range.rate}`, next: 'pick every nth picture instead' });
    }
    for await (const { index, time, path } of pickFrames(this.#entries(), range)) {
      signal?.throwIfAborted();
      if (this.#closed) throw new LiaeError(`${this.info.name}: the pictures were closed while they were read`);
      let read: Pick<Frame, 'image' | 'deep'>;
      try {
        read = await this.#read(path);
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        if (!this.#trouble.includes(error.brief())) this.#trouble.push(error.brief());
        continue;
      }
      yield { index, time, ...read, name: basename(path) };
    }
  }

  async *#entries(): AsyncGenerator<Entry, void, undefined> {
    for (const [index, path] of this.#paths.entries()) yield { index, time: index, path };
  }

  async #read(path: string): Promise<Pick<Frame, 'image' | 'deep'>> {
    const name = basename(path);
    const { size } = await stat(path).catch((cause: unknown) => {
      throw new FormatError(`${name}: cannot be read`, { found: cause instanceof Error ? cause.message : String(cause), cause });
    });
    if (size > MAX_BYTES)
      throw new FormatError(`${name}: too large for a picture`, { found: `${size} bytes`, expected: `at most ${MAX_BYTES}` });
    const bytes = await readFile(path);
    const decoded = await this.#decode(bytes, name);
    const orientation = exifOrientation(bytes);
    const image = orient(decoded.channels === 3 ? decoded : colourOf(decoded), orientation);
    if (!this.#deep) return { image };
    const wide = deepPng(bytes, name);
    return { image, deep: wide === undefined ? stretched(image) : orientDeep(wide, orientation) };
  }

  /** JPEG and PNG through the codec, the rest through FFmpeg, which is loaded only then. */
  async #decode(bytes: Uint8Array, name: string): Promise<ByteImage> {
    const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    if (jpeg || (bytes[0] === 0x89 && bytes[1] === 0x50)) return await this.#codec.decode(bytes, name);
    const { decodePicture } = await import('./pictureDecoder.ts').catch((cause: unknown) => {
      throw new ResourceError(`${name}: the library that reads this kind of picture (node-av) does not load`, {
        next: 'convert it to PNG or JPEG',
        cause,
      });
    });
    return await decodePicture(bytes, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** 8 bits as 16: 255 becomes 65535. */
function stretched({ width, height, data }: ByteImage): DeepImage {
  return { width, height, channels: 3, data: Uint16Array.from(data, (v) => v * 257) };
}

/** A gray picture as RGB. */
function colourOf({ width, height, channels, data }: ByteImage): ByteImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, to = 0; to < rgb.length; i += channels) {
    for (let c = 0; c < 3; c++) rgb[to++] = data[i + (channels === 1 ? 0 : c)]!;
  }
  return { width, height, channels: 3, data: rgb };
}
