/** `liae history`: the loss history as a chart. */
import { extname, resolve } from 'node:path';
import { OptionError } from '../base/index.ts';
import { nodeCodec } from '../platform/node/codec.ts';
import { replaceFile } from '../platform/node/files.ts';
import { NodeFileStore } from '../platform/node/modelStore.ts';

import { chartImage, chartSvg, lossChart, readHistory } from '../train/index.ts';
import { optional, required } from './args.ts';
import type { Command } from './command.ts';

export const history: Command = {
  name: 'history',
  summary: 'draw the loss history of a model',
  usage: '--model DIR [--out FILE]',
  about:
    'Draws the loss of all iterations: for each side the mean as a line and its spread as a band. Without --out it writes history.png and history.svg into the folder of the model.',
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'out', kind: 'value', shape: 'FILE', help: 'a file ending in .png or .svg' },
  ],
  async run(args, { out }) {
    const model = resolve(required(args, 'model', 'the folder of the model'));
    const given = optional(args, 'out');
    if (given !== undefined && !['.png', '.svg'].includes(extname(given).toLowerCase())) {
      throw new OptionError(`--out ${given}: neither .png nor .svg`, { next: 'end the name of the file in .png or .svg' });
    }
    const { first, losses } = await readHistory(new NodeFileStore(model));
    const chart = lossChart(first, losses);
    const targets = given === undefined ? [resolve(model, 'history.png'), resolve(model, 'history.svg')] : [resolve(given)];
    for (const target of targets) {
      const isSvg = extname(target).toLowerCase() === '.svg';
      await replaceFile(target, [isSvg ? new TextEncoder().encode(chartSvg(chart)) : await nodeCodec().encodePng(chartImage(chart))]);
      out(`${target}\n`);
    }
    return 0;
  },
};
