/** `liae import`: a DeepFaceLab model becomes one of ours, with its optimizer, iteration and loss history, bit for bit. */
import { resolve } from 'node:path';
import { OptionError } from '../base/index.ts';
import { readDflData, readDflState } from '../dfl/index.ts';
import { nodeFolder } from '../platform/node/files.ts';
import { lockModel } from '../platform/node/modelLock.ts';
import { NodeFileStore } from '../platform/node/modelStore.ts';
import { openSaves } from '../platform/node/openModel.ts';
import { ortBackend } from '../platform/node/ortBackend.ts';
import { findOption, graphEngine, LossHistory, modelConfig, resolveOptions, stepOptions, type TrainOptions } from '../train/index.ts';
import { optional, required } from './args.ts';
import type { Command } from './command.ts';

/** Options that are dealt with by themselves. */
const without = new Set(['pretrain']);

export const importModel: Command = {
  name: 'import',
  summary: 'take over a DeepFaceLab model',
  usage: 'DFL_MODEL_DIR --model DIR [--name NAME] [--weights-only]',
  about:
    'Reads the SAEHD model files (*.npy, data.dat) of a folder without executing anything in them, and saves them as a model that liae train resumes: weights, optimizer state, options, iteration and loss history. A tensor that is missing or has another shape is an error that names it.',
  words: 1,
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder for the new model' },
    { name: 'name', kind: 'value', shape: 'NAME', help: 'which model, where the folder holds several' },
    { name: 'weights-only', kind: 'switch', help: 'take the networks alone and start the optimizers afresh' },
  ],
  async run(args, { out, note }) {
    const [from] = args.rest;
    if (from === undefined) throw new OptionError('import: which folder?', { expected: 'liae import DFL_MODEL_DIR --model DIR' });
    const folder = nodeFolder(resolve(from));
    const target = resolve(required(args, 'model', 'a folder for the new model'));
    const data = await readDflData(folder, optional(args, 'name'));
    const files = new NodeFileStore(target);
    const saves = openSaves(files);
    if (await saves.exists()) throw new OptionError(`${target}: holds a model already`, { next: 'give another --model folder' });

    const options = optionsFrom(data.options, note);
    if (data.options.pretrain === true) note('the model was pretraining; liae has no pretraining and continues it as ordinary training');
    const engine = graphEngine(ortBackend(), {
      ...{ config: modelConfig(options), step: stepOptions(options), lowering: 'fast', batchSize: 1 },
      ...{ learningRate: options.learning_rate, seed: options.seed },
    });
    const fresh = engine.state();
    const weightsOnly = args.values['weights-only'] === true;
    const isSlot = (name: string): boolean => Object.keys(fresh.counters).some((key) => name.startsWith(`${key}/`));
    const expected = [...fresh.tensors].filter(([name]) => !weightsOnly || !isSlot(name)).map(([name, { shape }]) => ({ name, shape }));
    const stored = await readDflState(folder, data.name, expected);
    if (stored.ignored.length > 0)
      note(`not used by this model's options: ${stored.ignored.slice(0, 8).join(', ')}${stored.ignored.length > 8 ? '…' : ''}`);
    const state = {
      tensors: new Map([...fresh.tensors].map(([name, tensor]) => [name, stored.tensors.get(name) ?? tensor])),
      counters: weightsOnly ? fresh.counters : { ...fresh.counters, ...stored.counters },
    };
    engine.load(state);

    await files.makeFolder('');
    await using _lock = await lockModel(target);
    const losses = data.lossHistory.slice(-data.iteration).map(([src, dst]) => ({ src, dst }));
    const first = data.iteration - losses.length + 1;
    const history = await LossHistory.create(files, first, losses);
    const { name } = await saves.save({ iteration: data.iteration, options, state, restores: 0, history: history.mark });
    out(`imported ${data.name}: ${options.archi} ${options.resolution}, iteration ${data.iteration}, as save ${name} of ${target}\n`);
    note(`continue it with: liae train --model ${target} --src <faces> --dst <faces>`);
    return 0;
  },
};

/** The reference's options as ours; sizes are taken as they are. */
function optionsFrom(theirs: Readonly<Record<string, unknown>>, note: (line: string) => void): TrainOptions {
  const known: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(theirs)) {
    if (without.has(key) || value === null) continue;
    try {
      known[findOption(key).name] = value;
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      unknown.push(key);
    }
  }
  if (unknown.length > 0) note(`options without a counterpart here: ${unknown.join(', ')}`);
  return resolveOptions({}, known).options;
}
