/** Clips as FrameSources, decoded directly from the file: whatever FFmpeg reads, a few frames in memory at a time. */
import { basename, resolve } from 'node:path';
import { FormatError, LiaeError } from '../../base/index.ts';
import { type ClipInfo, checkRange, type Frame, type FrameRange, type FrameSource, pickFrames } from '../../video/index.ts';
import { boxFacts, checkFile, clipHash } from './videoFile.ts';
import { coloursOf, PixelMaker } from './videoPixels.ts';
import { orientationOfFrame, VideoReader } from './videoReader.ts';

/**
 * Opens a clip. Its first frame is decoded to see that there is one and how its colours are told; each call of frames() reads the file anew.
 *
 * @throws FormatError if the file is missing, is no clip, has no video track or no frame that decodes.
 */
export async function openClip(path: string, signal?: AbortSignal): Promise<FrameSource> {
  await checkFile(path);
  const clip = new Clip(resolve(path), basename(path));
  await clip.look(signal);
  return clip;
}

class Clip implements FrameSource {
  readonly #path: string;
  readonly #name: string;
  readonly #trouble: string[] = [];
  #info: ClipInfo | undefined;
  #closed = false;

  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  get info(): ClipInfo {
    return this.#info!;
  }

  get trouble(): readonly string[] {
    return this.#trouble;
  }

  async look(signal?: AbortSignal): Promise<void> {
    const reader = await this.#reader();
    await using held = reader;
    for await (const first of held.frames(signal)) {
      using frame = first;
      const { facts } = reader;
      const orientation = orientationOfFrame(frame.picture) ?? facts.orientation;
      using pixels = new PixelMaker({ orientation, sampleAspect: facts.sampleAspect });
      const { width, height } = await pixels.make(frame.picture, this.#name);
      this.#info = {
        name: this.#name,
        kind: 'video',
        width,
        height,
        rate: facts.rate,
        frames: facts.frames,
        duration: facts.duration,
        hash: await clipHash(this.#path),
        colour: coloursOf(frame.picture).words,
      };
      return;
    }
    throw new FormatError(`${this.#name}: no frame of this clip can be decoded`, {
      found: `${reader.packets} packets of video (${reader.facts.codec})`,
      next: 'restore the file, or take it from the camera again',
    });
  }

  async *frames(range: FrameRange = {}, signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    checkRange(range);
    signal?.throwIfAborted();
    await using reader = await this.#reader();
    const { facts } = reader;
    using pixels = new PixelMaker({ orientation: facts.orientation, sampleAspect: facts.sampleAspect });
    for await (const picked of pickFrames(reader.frames(signal), range, (frame) => frame[Symbol.dispose]())) {
      using frame = picked;
      if (this.#closed) throw new LiaeError(`${this.#name}: the clip was closed while it was read`);
      const { index, time, damaged } = frame;
      const image = await pixels.make(frame.picture, this.#name);
      yield { index, time, image, ...(damaged ? { damaged } : {}) };
    }
  }

  #reader(): Promise<VideoReader> {
    return VideoReader.open(this.#path, this.#name, async () => {
      const facts = await boxFacts(this.#path);
      if (facts === undefined || facts.index) return undefined;
      return `the index of its frames (moov) is missing${facts.missing > 0 ? `, and ${facts.missing} bytes behind the end of the file` : ''}: the recording was cut off`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }
}
