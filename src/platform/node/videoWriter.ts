/** A clip that is written frame by frame, with the timestamps, colour tags and sound of the clip it is made from. */
import { basename, resolve } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { FrameSink, SinkFrame } from '../../video/index.ts';
import type { PictureShape } from './videoCodecs.ts';
import { type ClipPlan, type Origin, originOf, PictureEncoder, shapeOf } from './videoEncoder.ts';
import { AV_LOG_QUIET, Log, type Packet } from './videoLibrary.ts';
import { ClipMuxer } from './videoMuxer.ts';

export type { ClipPlan } from './videoEncoder.ts';

/**
 * Begins a clip; the container follows the ending of its name (mp4, mov, mkv, …). Frames are upright with square samples, and so is what is
 * written. Colour tags of high dynamic range are kept for frames of 16 bits; those of 8 bits were mapped to BT.709, and are tagged so.
 */
export async function createClip(path: string, plan: ClipPlan): Promise<FrameSink> {
  Log.setLevel(AV_LOG_QUIET);
  return new ClipWriter(resolve(path), plan, await originOf(plan));
}

/**
 * Finds out whether such a clip can be written: encoder and container are opened for it, and nothing stays.
 *
 * @returns what will not be carried over, a sentence each.
 * @throws ResourceError, OptionError
 */
export async function tryClip(path: string, plan: ClipPlan, shape: PictureShape): Promise<readonly string[]> {
  Log.setLevel(AV_LOG_QUIET);
  const origin = await originOf(plan);
  using encoder = await PictureEncoder.open(basename(path), plan, origin, shape);
  await using muxer = await ClipMuxer.open(path, plan, origin, encoder);
  return muxer.trouble;
}

class ClipWriter implements FrameSink {
  readonly #target: string;
  readonly #plan: ClipPlan;
  readonly #origin: Origin;
  #encoder: PictureEncoder | undefined;
  #muxer: ClipMuxer | undefined;

  constructor(target: string, plan: ClipPlan, origin: Origin) {
    this.#target = target;
    this.#plan = plan;
    this.#origin = origin;
  }

  async write(frame: SinkFrame): Promise<void> {
    this.#encoder ??= await PictureEncoder.open(basename(this.#target), this.#plan, this.#origin, shapeOf(frame.image));
    this.#muxer ??= await ClipMuxer.open(this.#target, this.#plan, this.#origin, this.#encoder);
    await this.#encoder.encode(frame, this.#take);
    await this.#muxer.copyUntil(frame.time);
  }

  async finish(): Promise<readonly string[]> {
    if (this.#encoder === undefined || this.#muxer === undefined)
      throw new ResourceError(`${basename(this.#target)}: no frame was written`);
    await this.#encoder.flush(this.#take);
    await this.#muxer.finish();
    return this.#muxer.trouble;
  }

  readonly #take = (packet: Packet): Promise<void> => this.#muxer!.write(packet);

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#muxer?.[Symbol.asyncDispose]();
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = undefined;
  }
}
