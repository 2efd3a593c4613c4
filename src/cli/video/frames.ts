/** What the tools for clips share: where frames come from and go to, and how it is told. */
import { stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import type { Place } from '../../platform/node/extractRun.ts';
import { openInput } from '../../platform/node/openInput.ts';
import { createPictures, type SequenceOptions } from '../../platform/node/pictureSequence.ts';
import { clipWriting } from '../../platform/node/video.ts';
import { codecForName } from '../../platform/node/videoCodecs.ts';
import type { ClipPlan } from '../../platform/node/videoEncoder.ts';
import type { ClipInfo, Frame, FrameRange, FrameSink, FrameSource, SinkPicture } from '../../video/index.ts';
import type { Args } from '../args.ts';
import type { Terminal } from '../command.ts';
import { interruptible } from '../interrupts.ts';
import type { WritingOptions } from '../mergeFlags.ts';
import { mergeReporter } from '../mergeProgress.ts';
import { INTERRUPTED } from '../orders.ts';

/** The only word of a command line. */
export function inputOf({ rest }: Args, usage: string): string {
  const [path] = rest;
  if (path === undefined) throw new OptionError('no clip or pictures given', { expected: usage });
  return resolve(path);
}

export const isFilm = async (path: string): Promise<boolean> =>
  extname(path) !== '' && (await stat(path).catch(() => undefined))?.isDirectory() !== true;

/** The number of a frame that was given as a number or a time. */
export function frameOf(place: Place | undefined, info: ClipInfo): number | undefined {
  if (place === undefined || 'frame' in place) return place?.frame;
  if (info.rate === undefined) throw new OptionError(`${info.name}: pictures have no times`, { next: 'give numbers of frames' });
  return Math.round(place.seconds * info.rate);
}

/** A film or a folder of pictures, by the ending of its name. */
export async function openSink(
  path: string,
  writing: WritingOptions,
  more: Pick<ClipPlan, 'like' | 'rate' | 'start' | 'end'>,
  pictures: SequenceOptions = {},
): Promise<FrameSink> {
  if (!(await isFilm(path))) return await createPictures(path, pictures);
  const { createClip } = await clipWriting();
  const { codec = codecForName(path), quality, depth, encoder } = writing;
  return await createClip(path, { codec, quality, depth: depth === 8 ? 8 : 10, options: encoder, ...more });
}

export interface Passage {
  readonly input: string;
  readonly range: (source: FrameSource) => Promise<FrameRange> | FrameRange;
  readonly sink: (source: FrameSource, range: FrameRange) => Promise<FrameSink>;
  readonly deep: boolean;
  /** What becomes of a frame on the way. */
  readonly change?: ((frame: Frame, picture: SinkPicture) => Promise<SinkPicture>) | undefined;
  /** Where it goes. */
  readonly target: string;
}

/** Frames from one place to another, one at a time. @returns the exit code. */
export async function passFrames({ input, range, sink, deep, change, target }: Passage, { out, note }: Terminal): Promise<number> {
  using stop = interruptible((line) => note(line.replace('the same command goes on', 'nothing is left behind of a film')));
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  const told = mergeReporter({ write: (text) => void process.stdout.write(text), note, columns, now: () => performance.now() });
  await using source = await openInput(input, stop.signal, deep);
  const wanted = await range(source);
  await using to = await sink(source, wanted);
  let count = 0;
  try {
    for await (const frame of source.frames(wanted, stop.signal)) {
      const picture = deep ? frame.deep! : frame.image;
      const image = change === undefined ? picture : await change(frame, picture);
      const name = frame.name === undefined ? String(frame.index + 1).padStart(5, '0') : basename(frame.name, extname(frame.name));
      await to.write({ time: frame.time, image, name });
      count++;
      told.report({ event: 'progress', frame: frame.index, done: count, total: undefined });
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    told.end();
    return INTERRUPTED;
  }
  told.end();
  if (count === 0)
    throw new OptionError(`${source.info.name}: no frame in this range`, { found: source.trouble[0], next: 'check --from and --to' });
  for (const sentence of [...(await to.finish()), ...source.trouble]) note(sentence);
  out(`${count} frames in ${target}\n`);
  return 0;
}

/** Seconds of a frame of a clip. */
export async function secondsOf(source: FrameSource, frame: number | undefined): Promise<number | undefined> {
  if (frame === undefined || source.info.kind === 'pictures') return undefined;
  for await (const { time } of source.frames({ from: frame, to: frame + 1 })) return time;
  return undefined;
}
