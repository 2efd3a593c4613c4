/** `liae video denoise`: grain taken from a clip or from pictures. */
import { resolve } from 'node:path';
import { OptionError, ResourceError } from '../../base/index.ts';
import { required } from '../args.ts';
import type { Command } from '../command.ts';
import { numberIn } from '../extractFlags.ts';
import { writingFlags, writingOptions } from '../mergeFlags.ts';
import { inputOf, openSink, passFrames } from './frames.ts';

export const denoise: Command = {
  name: 'video denoise',
  summary: 'take grain from a clip or from pictures',
  usage: 'CLIP|FRAMES --out PATH [--power N] [options]',
  about:
    "Smooths each pixel over its neighbours and over time (FFmpeg's hqdn3d), before faces are extracted from grainy footage. The result is a film if its name has an ending, else a folder of PNGs under the names they had.",
  words: 1,
  flags: [
    { name: 'out', kind: 'value', shape: 'PATH', help: 'the film, or a folder for PNGs' },
    { name: 'power', kind: 'value', shape: 'N', help: 'how strong, 1 to 20', default: '7' },
    ...writingFlags,
  ],
  async run(args, terminal) {
    const input = inputOf(args, 'liae video denoise CLIP --out PATH');
    const target = resolve(required(args, 'out', 'a film, or a folder'));
    if (input === target) throw new OptionError(`${target}: input and output need places of their own`);
    const power = numberIn(args, 'power', 7, [1, 20], false);
    const writing = writingOptions(args);
    const { Denoiser } = await import('../../platform/node/videoDenoise.ts').catch((cause: unknown) => {
      throw new ResourceError('the video library (node-av) does not load', { found: String(cause), cause });
    });
    using filter = new Denoiser(power);
    return await passFrames(
      {
        ...{ input, target, deep: writing.depth > 8 },
        range: () => ({}),
        sink: async ({ info }) => openSink(target, writing, { like: info.kind === 'video' ? input : undefined }),
        change: (frame, picture) => filter.denoise(picture, frame.name ?? `frame ${frame.index}`),
      },
      terminal,
    );
  },
};
