/**
 * A film made in parts: each part is a stretch of frames that an encoder of its own makes, kept as packets; in the end they are put into one
 * file without being encoded again. What is made once stays, so a run that was cut off goes on behind its last whole part.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { SinkFrame } from '../../video/index.ts';
import type { MergeOutput } from './mergeOutput.ts';
import { PacketReader, PacketWriter, type StoredPacket } from './packetFile.ts';
import type { PictureShape } from './videoCodecs.ts';
import { type ClipPlan, type Origin, originOf, PictureEncoder } from './videoEncoder.ts';
import { clipHash } from './videoFile.ts';
import { AV_LOG_QUIET, type AVPacketFlag, Log, Packet } from './videoLibrary.ts';
import { ClipMuxer } from './videoMuxer.ts';

/** What all parts of a film share. */
export interface Film {
  /** Where it will be. */
  readonly path: string;
  readonly plan: ClipPlan;
  readonly origin: Origin;
  readonly shape: PictureShape;
}

export async function filmOf(path: string, plan: ClipPlan, shape: PictureShape): Promise<Film> {
  Log.setLevel(AV_LOG_QUIET);
  return { path, plan, origin: await originOf(plan), shape };
}

/** One part while it is written. */
export class FilmPart implements AsyncDisposable {
  readonly #encoder: PictureEncoder;
  readonly #packets: PacketWriter;

  private constructor(encoder: PictureEncoder, packets: PacketWriter) {
    this.#encoder = encoder;
    this.#packets = packets;
  }

  static async create({ path, plan, origin, shape }: Film, file: string): Promise<FilmPart> {
    const encoder = await PictureEncoder.open(basename(path), plan, origin, shape);
    try {
      return new FilmPart(encoder, await PacketWriter.create(file));
    } catch (error) {
      encoder[Symbol.dispose]();
      throw error;
    }
  }

  write(frame: SinkFrame): Promise<void> {
    return this.#encoder.encode(frame, this.#take);
  }

  /** @returns the bytes of the part. */
  async finish(): Promise<number> {
    await this.#encoder.flush(this.#take);
    await this.#packets.finish();
    return this.#packets.bytes;
  }

  readonly #take = (packet: Packet): Promise<void> => this.#packets.write(packet);

  async [Symbol.asyncDispose](): Promise<void> {
    this.#encoder[Symbol.dispose]();
    await this.#packets[Symbol.asyncDispose]();
  }
}

/**
 * Puts the parts into one file, with sound and subtitles of the clip it is like.
 *
 * @param files  the parts in order of time.
 * @returns frames, and what could not be carried over, a sentence each.
 */
export async function joinFilm(
  { path, plan, origin, shape }: Film,
  files: readonly string[],
): Promise<{ frames: number; trouble: readonly string[] }> {
  const heads: StoredPacket[][] = [];
  for (const file of files) {
    await using part = await PacketReader.open(file);
    heads.push([...part.packets]);
  }
  const stamps = decodingTimes(heads.flat());
  if (stamps.length === 0) throw new ResourceError(`${basename(path)}: no frame was written`);
  using encoder = await PictureEncoder.open(basename(path), plan, origin, shape); // for what a container must know of it
  await using muxer = await ClipMuxer.open(path, plan, origin, encoder);
  using packet = new Packet();
  packet.alloc();
  const unit = origin.unit.num / origin.unit.den;
  const timeOf = (pts: number): number => (plan.start === undefined ? (pts - origin.pts) * unit : pts * unit + plan.start);
  let count = 0;
  for (const file of files) {
    await using part = await PacketReader.open(file);
    for (const stored of part.packets) {
      packet.data = await part.read(stored);
      packet.pts = BigInt(stored.pts);
      packet.dts = BigInt(stamps[count++]!);
      packet.duration = BigInt(stored.duration);
      packet.flags = stored.flags as AVPacketFlag;
      await muxer.write(packet);
      packet.unref();
      await muxer.copyUntil(timeOf(stored.pts));
    }
  }
  await muxer.finish();
  return { frames: count, trouble: muxer.trouble };
}

/** @param parts  folder of the parts.  @param tag  tells the parts of several films apart. */
export function filmOutput(film: Film, parts: string, tag: string): MergeOutput {
  const fileOf = (part: string): string => join(parts, `${part}.${tag}.packets`);
  return {
    path: film.path,
    joins: true,
    lossless: film.plan.codec === 'ffv1' || film.plan.codec === 'prores' || film.plan.quality === 'lossless',
    begin: (part) => FilmPart.create(film, fileOf(part)),
    holds: async (part) => (await stat(fileOf(part)).catch(() => undefined)) !== undefined,
    mark: () => clipHash(film.path).catch(() => undefined),
    async finish(names) {
      return (await joinFilm(film, names.map(fileOf))).trouble;
    },
  };
}

/**
 * Times at which packets are to be decoded, growing over all parts: those of presentation in order, as much earlier as the most delayed packet needs.
 * Each encoder knows only its own part, so that where parts meet its times may fall back.
 */
export function decodingTimes(packets: readonly Pick<StoredPacket, 'pts' | 'duration'>[]): readonly number[] {
  const shown = packets.map(({ pts }) => pts).sort((a, b) => a - b);
  const place = new Map(shown.map((pts, i) => [pts, i]));
  const delay = packets.reduce((most, { pts }, i) => Math.max(most, i - place.get(pts)!), 0);
  const step = Math.max(1, shown.length > 1 ? shown[1]! - shown[0]! : (packets[0]?.duration ?? 1));
  return packets.map((_, i) => (i < delay ? shown[0]! - (delay - i) * step : shown[i - delay]!));
}
