/** `liae video cut`: a stretch of a clip as a clip of its own. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { required } from '../args.ts';
import type { Command } from '../command.ts';
import { placeOf } from '../extractFlags.ts';
import { writingFlags, writingOptions } from '../mergeFlags.ts';
import { frameOf, inputOf, openSink, passFrames, secondsOf } from './frames.ts';

export const cut: Command = {
  name: 'video cut',
  summary: 'a stretch of a clip as a clip of its own',
  usage: 'CLIP --out FILE --from PLACE [--to PLACE] [options]',
  about:
    'Cuts at exact frames: pictures are encoded anew, sound and subtitles of the stretch are copied where the kind of file holds them, else encoded anew.',
  words: 1,
  flags: [
    { name: 'out', kind: 'value', shape: 'FILE', help: 'the new clip' },
    { name: 'from', kind: 'value', shape: 'PLACE', help: 'first frame, from 0, or a time such as 12.5s or 1:02', default: '0' },
    { name: 'to', kind: 'value', shape: 'PLACE', help: 'frame or time behind the last', default: 'the end' },
    ...writingFlags,
  ],
  async run(args, terminal) {
    const input = inputOf(args, 'liae video cut CLIP --out FILE --from PLACE');
    const target = resolve(required(args, 'out', 'the new clip'));
    if (input === target) throw new OptionError(`${target}: input and output need places of their own`);
    const [from, to] = [placeOf(args, 'from'), placeOf(args, 'to')];
    if (from === undefined && to === undefined) throw new OptionError('nothing to cut', { expected: '--from or --to' });
    const writing = writingOptions(args);
    return await passFrames(
      {
        ...{ input, target, deep: writing.depth > 8 },
        range: ({ info }) => ({ from: frameOf(from, info), to: frameOf(to, info) }),
        sink: async (source, range) => {
          if (source.info.kind !== 'video')
            throw new OptionError(`${input}: pictures, no clip`, { next: 'liae video join makes a clip of them' });
          const first = range.from ?? 0;
          const start = first === 0 ? undefined : await secondsOf(source, first);
          const end = await secondsOf(source, range.to);
          return await openSink(target, writing, { like: input, start, end });
        },
      },
      terminal,
    );
  },
};
