/** `liae video extract`: the frames of a clip as pictures. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { createPictures } from '../../platform/node/pictureSequence.ts';
import { optional, required } from '../args.ts';
import type { Command } from '../command.ts';
import { numberIn, placeOf } from '../extractFlags.ts';
import { frameOf, inputOf, passFrames } from './frames.ts';

export const extractFrames: Command = {
  name: 'video extract',
  summary: 'the frames of a clip as pictures',
  usage: 'CLIP --out DIR [options]',
  about:
    'Writes 00001.png, 00002.png, … where the number is that of the frame in the clip, counted from 1, so that faces of these pictures fit the clip too.',
  words: 1,
  flags: [
    { name: 'out', kind: 'value', shape: 'DIR', help: 'where the pictures go' },
    { name: 'from', kind: 'value', shape: 'PLACE', help: 'first frame, from 0, or a time such as 12.5s or 1:02', default: '0' },
    { name: 'to', kind: 'value', shape: 'PLACE', help: 'frame or time behind the last', default: 'the end' },
    { name: 'fps', kind: 'value', shape: 'N', help: 'only so many frames a second' },
    { name: 'every', kind: 'value', shape: 'N', help: 'only every Nth frame' },
    { name: 'format', kind: 'value', shape: 'png|jpg', help: 'of the pictures', default: 'png' },
    { name: 'depth', kind: 'value', shape: '8|16', help: "bits of a channel; 16 keeps the clip's own colours", default: '8' },
    { name: 'quality', kind: 'value', shape: 'N', help: 'of JPEG, 1 to 100', default: '95' },
  ],
  async run(args, terminal) {
    const target = resolve(required(args, 'out', 'a folder for the pictures'));
    const format = optional(args, 'format') ?? 'png';
    if (format !== 'png' && format !== 'jpg') throw new OptionError(`--format ${format}: no such format`, { expected: 'png or jpg' });
    const depth = optional(args, 'depth') ?? '8';
    if (depth !== '8' && depth !== '16') throw new OptionError(`--depth ${depth}: no such depth`, { expected: '8 or 16' });
    if (depth === '16' && format === 'jpg') throw new OptionError('JPEG has 8 bits', { next: '--format png' });
    const quality = numberIn(args, 'quality', 95, [1, 100]);
    const [every, rate] = [
      numberIn(args, 'every', undefined, [1, Number.MAX_SAFE_INTEGER]),
      numberIn(args, 'fps', undefined, [0.001, 1000], false),
    ];
    if (every !== undefined && rate !== undefined)
      throw new OptionError('--every and --fps both pick frames', { next: 'give one of them' });
    const [from, to] = [placeOf(args, 'from'), placeOf(args, 'to')];
    return await passFrames(
      {
        ...{ input: inputOf(args, 'liae video extract CLIP --out DIR'), target, deep: depth === '16' },
        range: ({ info }) => ({ from: frameOf(from, info), to: frameOf(to, info), every, rate }),
        sink: () => createPictures(target, { format, quality }),
      },
      terminal,
    );
  },
};
