/**
 * Packets into a container, with another clip's sound and subtitles, as they are or as the container takes them. It is written beside its place and moved there when
 * it is complete.
 */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import { writeChapters } from './chapterFiles.ts';
import { replaceFile } from './files.ts';
import { isText, textFormFor } from './subtitleText.ts';
import { type Chapter, chaptersBetween, chaptersOf, chapterText } from './videoChapters.ts';
import { type ClipPlan, check, type Origin, type PictureEncoder } from './videoEncoder.ts';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_QUIET,
  AVFMT_GLOBALHEADER,
  avGetCodecName,
  type CodecContext,
  Dictionary,
  FormatContext,
  Log,
  type Packet,
  reason,
  type Stream,
} from './videoLibrary.ts';
import { type Carried, SideTracks } from './videoTracks.ts';

export class ClipMuxer implements AsyncDisposable {
  readonly trouble: string[] = [];
  readonly #target: string;
  readonly #draft: string;
  readonly #plan: ClipPlan;
  readonly #origin: Origin;
  #side: SideTracks | undefined;
  #output: FormatContext | undefined;
  #stream: Stream | undefined;
  /** Codecs of tracks that are carried over otherwise than in their own, by the number of the source's stream. */
  #made: ReadonlyMap<number, string> = new Map();
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
      if (plan.like !== undefined && plan.silent !== true) muxer.#side = await SideTracks.open(resolve(plan.like), muxer.#span);
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

  /** What of the source is in the film, in seconds by the source's clock. */
  get #span(): { readonly from: number | undefined; readonly to: number } {
    const { unit, pts } = this.#origin;
    const { start, end } = this.#plan;
    const begin = (pts * unit.num) / unit.den;
    return { from: start === undefined ? undefined : begin + start, to: end === undefined ? Number.POSITIVE_INFINITY : begin + end };
  }

  async #begin({ context }: PictureEncoder): Promise<void> {
    const side = this.#side;
    const others = side?.others({ chapters: this.#chapters.length > 0 }) ?? 0;
    if (others > 0) this.trouble.push(`${others} tracks that are neither sound nor subtitles are not copied`);
    const copied = new Map(side?.tracks.map(({ stream }) => [stream.index, 'copy'] as const));
    if ((await this.#tried(context, copied)) >= 0) return;
    const bare = await this.#tried(context, new Map());
    if (bare < 0) {
      throw new ResourceError(`${this.#name}: this kind of file does not take ${this.#plan.codec}`, {
        found: reason(bare),
        next: 'mkv takes every codec; mp4 takes h264, h265, av1 and vp9; mov takes h264, h265 and prores; webm takes vp9 and av1',
      });
    }
    const code = await this.#tried(context, await this.#carried(context));
    if (code >= 0) return;
    await this.#tried(context, new Map());
    this.trouble.push(`this container does not take sound and subtitles of the source together (${reason(code)}), and they are left out`);
  }

  /** What becomes of each of the other tracks, where not all can be copied. */
  async #carried(context: CodecContext): Promise<ReadonlyMap<number, Carried>> {
    const carried = new Map<number, Carried>();
    for (const { stream, isSound } of this.#side?.tracks ?? []) {
      const { index, codecpar } = stream;
      const alternatives: readonly Carried[] = isSound
        ? ['copy', 'encode']
        : isText(codecpar.codecId) && textFormFor(this.#name) !== undefined
          ? ['copy', 'text']
          : ['copy'];
      const codec = avGetCodecName(codecpar.codecId) ?? 'of an unknown codec';
      const what = `${isSound ? 'sound' : 'subtitles'} (${codec})`;
      for (const how of alternatives) {
        if (carried.has(index) || (await this.#tried(context, new Map([[index, how]]))) < 0 || !this.#made.has(index)) continue;
        carried.set(index, how);
        const ending = extname(this.#name).slice(1);
        if (how === 'encode') this.trouble.push(`${what}: not taken by ${ending}, so encoded anew as ${this.#made.get(index)}`);
        if (how === 'text')
          this.trouble.push(`${what}: not taken by ${ending}, so kept as ${textFormFor(this.#name)!.words}, without styles`);
      }
      if (!carried.has(index)) this.trouble.push(`${what}: not taken by ${extname(this.#name).slice(1)}, and left out`);
    }
    return carried;
  }

  /** Begins the file with these of the other tracks. @returns a code below 0 if the container refuses one. */
  async #tried(context: CodecContext, carried: ReadonlyMap<number, Carried>): Promise<number> {
    await this.#close();
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
    this.#made = (await this.#side?.addTo(output, carried, this.#name)) ?? new Map();
    const opened = await output.openOutput();
    const begun = opened < 0 ? opened : await output.writeHeader(Dictionary.fromObject({ strict: 'experimental' }));
    if (begun >= 0) {
      this.#output = output;
      this.#stream = stream;
      return begun;
    }
    if (opened >= 0) await output.closeOutput();
    output.freeContext();
    if (opened < 0) check(opened, this.#target, 'the file');
    return begun;
  }

  /** @param packet  with times in the origin's unit; it is empty afterwards. */
  async write(packet: Packet): Promise<void> {
    packet.streamIndex = this.#stream!.index;
    packet.rescaleTs(this.#origin.unit, this.#stream!.timeBase);
    check(await this.#output!.interleavedWriteFrame(packet), this.#name, 'a frame');
  }

  /** Carries the other tracks over up to a time, in seconds of the source as its first frame is 0. */
  async copyUntil(time: number): Promise<void> {
    const { unit, pts } = this.#origin;
    await this.#side?.copyUntil(time + (pts * unit.num) / unit.den);
  }

  /** The rest of the other tracks, and the file under its name. */
  async finish(): Promise<void> {
    await this.#side?.finish();
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
    const { from, to } = this.#span;
    const chapters = chaptersBetween(this.#chapters, { from: from ?? Number.NEGATIVE_INFINITY, to, zero: from ?? 0 });
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
