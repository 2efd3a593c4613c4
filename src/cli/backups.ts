/** `liae backups`: what there is to go back to, and going back. */
import { resolve } from 'node:path';
import { FormatError, OptionError } from '../base/index.ts';
import { programVersion } from '../platform/node/machine.ts';
import { lockModel } from '../platform/node/modelLock.ts';
import { NodeFileStore, nodeSha256 } from '../platform/node/modelStore.ts';
import { backUpNow, type CheckpointPorts, listBackups, restoreBackup } from '../train/index.ts';
import { optional, required } from './args.ts';
import type { Command } from './command.ts';

export const backups: Command = {
  name: 'backups',
  summary: 'list, make and restore the backups of a model',
  usage: '--model DIR [--make | --restore NN]',
  about: [
    'Without more, lists the backups of a model: number, iteration, time and size.',
    '--restore puts one in the place of the present save, with its loss history. That save becomes backup 01 and the others move up by one, so --restore 01 undoes it. Not while the model is trained.',
  ].join('\n'),
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'make', kind: 'switch', help: 'back up the present save' },
    { name: 'restore', kind: 'value', shape: 'NN', help: 'number of the backup that takes the place of the present save' },
  ],
  async run(args, { out, note }) {
    const model = resolve(required(args, 'model', 'the folder of the model'));
    const [make, restore] = [args.values.make === true, optional(args, 'restore')];
    if (make && restore !== undefined) throw new OptionError('--make and --restore: one at a time');
    const ports: CheckpointPorts = { sha256: nodeSha256, time: () => new Date().toISOString(), tool: programVersion() };
    const files = new NodeFileStore(model);
    if ((await files.list('saves')).length + (await files.list('backups')).length === 0)
      throw new FormatError(`${model}: no saved model here`, { next: 'check --model' });
    if (make || restore !== undefined) {
      await using _lock = await lockModel(model);
      if (make) note(`backup made: ${await backUpNow(files, undefined, ports)}`);
      if (restore !== undefined) {
        const { iteration, before, kept } = await restoreBackup(files, restore.padStart(2, '0'), ports);
        note(`the model is at iteration ${iteration} again${kept === null ? '' : `; what it was, at ${before}, is ${kept}`}`);
      }
    }
    for (const { slot, iteration, time, bytes, problem } of await listBackups(files, ports)) {
      const text = problem === undefined ? `${iteration}\t${time}\t${Math.ceil(bytes / 1024 ** 2)} MiB` : `cannot be used: ${problem}`;
      out(`${slot}\t${text}\n`);
    }
    return 0;
  },
};
