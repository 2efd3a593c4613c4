/** `liae faces realign`: faces of another size or type, made from the alignments and edits that extraction left. */
import { resolve } from 'node:path';
import { OptionError } from '../../base/index.ts';
import { realign as realignFaces } from '../../platform/node/extractRun.ts';
import { optional, required } from '../args.ts';
import type { Command } from '../command.ts';
import { makeFlags, runExtraction } from '../extract.ts';
import { numberIn, sizeRange, typeOf } from '../extractFlags.ts';

const asBefore = new Set(['face-type', 'size', 'quality', 'smooth', 'fill']);

export const realign: Command = {
  name: 'faces realign',
  summary: 'make faces anew from their alignments, at another size or type',
  usage: 'DIR --out DIR2 [options]',
  about:
    'DIR is a folder that liae extract made. Its faces are cut again from the clips, along NAME.alignments.ndjson and NAME.edits.json; nothing is detected again. What is not given stays as it was. With --again DIR2 may be DIR itself.',
  words: 1,
  flags: [
    { name: 'out', kind: 'value', shape: 'DIR2', help: 'folder of the new faces' },
    ...makeFlags.slice(0, 5).map((flag) => (asBefore.has(flag.name) ? { ...flag, default: 'as before' } : flag)),
    { name: 'input', kind: 'value', shape: 'CLIP', help: 'the clip or pictures, if they are not where they were' },
    ...makeFlags.slice(5),
  ],
  async run(args, terminal) {
    const faces = args.rest[0];
    if (faces === undefined) throw new OptionError('which faces?', { next: 'liae faces realign DIR --out DIR2' });
    const out = resolve(required(args, 'out', 'a folder for the new faces'));
    const again = args.values.again === true;
    if (out === resolve(faces) && !again)
      throw new OptionError('--out is the folder itself', { next: 'name another folder, or add --again to replace its faces' });
    const type = optional(args, 'face-type');
    const choice = (name: string): boolean | undefined => (typeof args.values[name] === 'boolean' ? args.values[name] : undefined);
    const job = {
      ...{ faces, out, again, input: optional(args, 'input'), debug: args.values.debug === true },
      ...(type === undefined ? {} : { faceType: typeOf(type) }),
      size: numberIn(args, 'size', undefined, sizeRange),
      quality: numberIn(args, 'quality', undefined, [1, 100]),
      ...{ smooth: choice('smooth'), fill: choice('fill'), workers: numberIn(args, 'workers', undefined, [0, 64]) },
    };
    return await runExtraction(args, terminal, out, (tools, report, signal) => realignFaces(job, tools, report, signal));
  },
};
