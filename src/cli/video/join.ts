/** `liae video join`: a clip of pictures in order. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { openInput } from '../../platform/node/openInput.ts';
import type { FrameSource } from '../../video/index.ts';
import { optional, required } from '../args.ts';
import type { Command } from '../command.ts';
import { numberIn } from '../extractFlags.ts';
import { writingFlags, writingOptions } from '../mergeFlags.ts';
import { inputOf, openSink, passFrames } from './frames.ts';

export const join: Command = {
  name: 'video join',
  summary: 'a clip of pictures in order',
  usage: 'FRAMES --out FILE [--like CLIP | --fps N] [options]',
  about:
    'Pictures in natural order of their names (img2 before img10) become a clip. With --like it gets the times, colour tags, sound and subtitles of that clip, picture by picture.',
  words: 1,
  flags: [
    { name: 'out', kind: 'value', shape: 'FILE', help: 'the clip' },
    { name: 'like', kind: 'value', shape: 'CLIP', help: 'the clip whose times and sound it gets' },
    { name: 'fps', kind: 'value', shape: 'N', help: 'frames a second', default: 'those of --like, else 25' },
    ...writingFlags,
  ],
  async run(args, terminal) {
    const input = inputOf(args, 'liae video join FRAMES --out FILE');
    const target = resolve(required(args, 'out', 'the clip'));
    const like = optional(args, 'like');
    const rate = numberIn(args, 'fps', undefined, [0.01, 1000], false);
    if (like !== undefined && rate !== undefined) throw new OptionError('--like and --fps both give times', { next: 'give one of them' });
    const writing = writingOptions(args);
    const reference = like === undefined ? undefined : await openInput(resolve(like));
    const times = reference === undefined ? undefined : await timesOf(reference);
    const fps = rate ?? 25;
    return await passFrames(
      {
        ...{ input, target, deep: writing.depth > 8 },
        range: () => ({}),
        sink: async ({ info }) => {
          if (times !== undefined && info.frames !== undefined && info.frames !== times.length) {
            throw new OptionError(`${info.name}: not a picture for every frame of ${reference?.info.name}`, {
              found: `${info.frames} pictures, ${times.length} frames`,
              next: 'give --fps in place of --like',
            });
          }
          const sink = await openSink(target, writing, { like: like === undefined ? undefined : resolve(like), rate: fps });
          let count = 0;
          return {
            write: (frame) => {
              const time = times === undefined ? count / fps : times[count]!;
              count++;
              return sink.write({ ...frame, time });
            },
            finish: () => sink.finish(),
            [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
          };
        },
      },
      terminal,
    );
  },
};

/** Seconds of every frame of a clip. */
async function timesOf(source: FrameSource): Promise<number[]> {
  const times: number[] = [];
  await using clip = source;
  for await (const { time } of clip.frames()) times.push(time);
  return times;
}
