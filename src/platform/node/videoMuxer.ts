/**
 * Packets into a container, with as much of another clip's sound and subtitles as it takes. It is written beside its place and moved there when
 * it is complete.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import { writeChapters } from './chapterFiles.ts';
import { replaceFile } from './files.ts';
import { type Chapter, chaptersBetween, chaptersOf, chapterText } from './videoChapters.ts';
import { type ClipPlan, check, type Origin, type PictureEncoder } from './videoEncoder.ts';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_QUIET,
  AVFMT_GLOBALHEADER,
  Dictionary,
  FormatContext,
  Log,
  type Packet,
  reason,
  type Stream,
} from './videoLibrary.ts';
import { COPIES, SideTracks } from './videoTracks.ts';

export class ClipMuxer implements AsyncDisposable {
  readonly trouble: string[] = [];
  readonly #target: string;
  readonly #draft: string;
  readonly #plan: ClipPlan;
  readonly #origin: Origin;
  #side: SideTracks | undefined;
  #output: FormatContext | undefined;
  #stream: Stream | undefined;
  #chapters: readonly Chapter[] = [];
  #finished = false;

  private constructor(target: string, plan: ClipPlan, origin: Origin) {
    this.#target = target;
    this.#draft = join(dirname(target), `.liae-${randomUUID()}-${basename(target)}`);
    this.#plan = plan;
    this.#origin = origin;
  }

  /** Begins the file; its container follows the ending of its name. @throws ResourceError if that does not take such pictures. */
  static async open(path: string, plan: ClipPlan, origin: Origin, encoder: PictureEncoder): Promise<ClipMuxer> {
    Log.setLevel(AV_LOG_QUIET);
    const muxer = new ClipMuxer(resolve(path), plan, origin);
    try {
      if (plan.like !== undefined && plan.silent !== true) muxer.#side = await SideTracks.open(resolve(plan.like));
      if (plan.like !== undefined && plan.plain !== true) muxer.#chapters = await chaptersOf(resolve(plan.like));
      await muxer.#begin(encoder);
      return muxer;
    } catch (error) {
      await muxer[Symbol.asyncDispose]();
      throw error;
    }
  }

  get #name(): string {
    return basename(this.#target);
  }

  async #begin({ context }: PictureEncoder): Promise<void> {
    const side = this.#side;
    const others = side?.others({ chapters: this.#chapters.length > 0 }) ?? 0;
    if (others > 0) this.trouble.push(`${others} tracks that are neither sound nor subtitles are not copied`);
    for (const copied of COPIES) {
      if (copied !== 'nothing' && side?.has(copied) !== true) continue;
      const output = new FormatContext();
      try {
        check(output.allocOutputContext2(null, null, `file:${this.#draft}`), this.#name, 'a container');
      } catch (cause) {
        throw new ResourceError(`${this.#name}: no container is known for this ending`, { expected: 'mp4, mov, mkv, avi, …', cause });
      }
      if (output.oformat !== null && (output.oformat.flags & AVFMT_GLOBALHEADER) === 0) context.clearFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      const stream = output.newStream(null);
      stream.timeBase = context.timeBase;
      stream.avgFrameRate = context.framerate;
      check(stream.codecpar.fromContext(context), this.#name, 'the pictures');
      if (this.#plan.codec === 'h265' && /\.(mp4|mov|m4v)$/i.test(this.#name)) stream.codecpar.codecTag = 'hvc1'; // as Apple's players want it
      side?.addTo(output, copied);
      const opened = await output.openOutput();
      const begun = opened < 0 ? opened : await output.writeHeader(Dictionary.fromObject({ strict: 'experimental' }));
      if (begun >= 0) {
        this.#output = output;
        this.#stream = stream;
        return;
      }
      if (opened >= 0) await output.closeOutput();
      output.freeContext();
      if (opened < 0) check(opened, this.#target, 'the file');
      if (copied === 'nothing') {
        throw new ResourceError(`${this.#name}: this kind of file does not take ${this.#plan.codec}`, {
          found: reason(begun),
          next: 'mkv takes every codec; mp4 takes h264, h265, av1 and vp9; mov takes h264, h265 and prores; webm takes vp9 and av1',
        });
      }
      this.trouble.push(`this container does not take ${copied} of the source (${reason(begun)})`);
    }
  }

  /** @param packet  with times in the origin's unit; it is empty afterwards. */
  async write(packet: Packet): Promise<void> {
    packet.streamIndex = this.#stream!.index;
    packet.rescaleTs(this.#origin.unit, this.#stream!.timeBase);
    check(await this.#output!.interleavedWriteFrame(packet), this.#name, 'a frame');
  }

  /** Copies the other tracks up to a time, in seconds of the source as its first frame is 0. */
  async copyUntil(time: number): Promise<void> {
    const { unit, pts } = this.#origin;
    const begin = (pts * unit.num) / unit.den;
    const end = Math.min(time, this.#plan.end ?? Number.POSITIVE_INFINITY);
    await this.#side?.copyUntil(end + begin, this.#output!, this.#plan.start === undefined ? undefined : this.#plan.start + begin);
  }

  /** The rest of the other tracks, and the file under its name. */
  async finish(): Promise<void> {
    await this.copyUntil(Number.POSITIVE_INFINITY);
    check(await this.#output!.writeTrailer(), this.#name, 'the end of the file');
    await this.#close();
    await this.#keepChapters();
    const file = await open(this.#draft, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#draft, this.#target);
    this.#finished = true;
  }

  /** Chapters into the file, or into a text beside it where it has no place for them. */
  async #keepChapters(): Promise<void> {
    const { unit, pts } = this.#origin;
    const { start, end } = this.#plan;
    const begin = (pts * unit.num) / unit.den;
    const span = {
      from: start === undefined ? Number.NEGATIVE_INFINITY : begin + start,
      to: end === undefined ? Number.POSITIVE_INFINITY : begin + end,
    };
    const chapters = chaptersBetween(this.#chapters, { ...span, zero: start === undefined ? 0 : begin + start });
    if (chapters.length === 0 || (await writeChapters(this.#draft, chapters))) return;
    const text = `${this.#target}.chapters.txt`;
    await replaceFile(text, [new TextEncoder().encode(chapterText(chapters))]);
    this.trouble.push(
      `this kind of file has no place for the ${chapters.length} chapters of the source; they are in ${basename(text)}, as FFmpeg reads them`,
    );
  }

  async #close(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    if (output === undefined) return;
    await output.closeOutput();
    output.freeContext();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#side?.[Symbol.asyncDispose]();
    this.#side = undefined;
    if (!this.#finished) await rm(this.#draft, { force: true }).catch(() => {}); // what led here matters more
  }
}
