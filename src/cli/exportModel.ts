/** `liae export`: a saved model for other tools: DeepFaceLab's own files, ONNX, dfm, or plain weights. */

import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OptionError, type StoredTensor, type Tensor, writeSafetensors } from '../base/index.ts';
import { type DflOptions, writeDflModel } from '../dfl/index.ts';
import { exportOnnx, generatorVariables } from '../models/index.ts';
import { nodeFolder, replaceFile } from '../platform/node/files.ts';
import { programVersion } from '../platform/node/machine.ts';
import { type OpenedModel, openModel } from '../platform/node/openModel.ts';
import { type EngineState, nearest, optionTable, readHistory, type TrainOptions } from '../train/index.ts';
import { optional, required } from './args.ts';
import type { Command } from './command.ts';

const formats = ['dfl', 'onnx', 'dfm', 'safetensors'] as const;
type Format = (typeof formats)[number];

export const exportModel: Command = {
  name: 'export',
  summary: 'write a saved model for other tools',
  usage: '--model DIR --format dfl|onnx|dfm|safetensors [--out PATH] [--name NAME]',
  about:
    'dfl: all files of a DeepFaceLab SAEHD model, with optimizer, options and loss history, into a folder. onnx: the swap network, any batch, NHWC, BGR. dfm: the same under the tensor names and in the order that real-time tools expect. safetensors: weights and optimizer state as they are.',
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'format', kind: 'value', shape: formats.join('|'), help: 'what to write' },
    { name: 'out', kind: 'value', shape: 'PATH', help: 'a folder for dfl, else a file', default: 'DIR/export/…' },
    { name: 'name', kind: 'value', shape: 'NAME', help: "the model's name in the files; no underscore", default: 'name of DIR' },
  ],
  async run(args, { out, note }) {
    const folder = resolve(required(args, 'model', 'the folder of the model'));
    const format = formatOf(required(args, 'format', formats.join(', ')));
    const name = optional(args, 'name') ?? basename(folder).replaceAll('_', ' ');
    const model = await openModel(folder, note);
    const asked = optional(args, 'out');
    if (format === 'dfl') {
      const target = resolve(asked ?? join(folder, 'export', 'dfl'));
      await mkdir(target, { recursive: true });
      await writeDfl(target, name, model);
      out(`${target}\n`);
      return 0;
    }
    const target = resolve(asked ?? join(folder, 'export', `${name}.${format}`));
    await mkdir(dirname(target), { recursive: true });
    await replaceFile(target, piecesOf(format, model));
    out(`${target}\n`);
    return 0;
  },
};

function formatOf(text: string): Format {
  const found = formats.find((format) => format === text.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(text, formats);
  throw new OptionError(`--format ${text}: unknown format`, {
    expected: formats.join(', '),
    next: near === undefined ? 'choose one of them' : `did you mean --format ${near}?`,
  });
}

function piecesOf(format: Exclude<Format, 'dfl'>, { config, state, iteration, options }: OpenedModel): Uint8Array[] {
  const metadata = { tool: `liae ${programVersion()}`, iteration: String(iteration), archi: options.archi, face_type: options.face_type };
  if (format !== 'safetensors') return [exportOnnx(config, state.tensors, format, metadata)];
  const stored = [...state.tensors].map(([key, { shape, data }]): [string, StoredTensor] => [key, { kind: 'F32', shape, data }]);
  return writeSafetensors(stored, metadata);
}

async function writeDfl(target: string, name: string, { files, config, state, iteration, options }: OpenedModel): Promise<void> {
  const { first, losses } = await readHistory(files);
  const pairs = Array.from({ length: losses.length / 2 }, (_, i) => [losses[2 * i]!, losses[2 * i + 1]!] as const);
  await writeDflModel(nodeFolder(target), {
    ...{ name, iteration, options: dflOptions(options), state: { ...state, tensors: inOrder(state, config) } },
    lossHistory: pairs.slice(0, iteration - first + 1),
  });
}

/** The order of the reference's files: variables as in a checkpoint; of each optimizer all of its first slot, then all of its second. */
function inOrder({ tensors, counters }: EngineState, config: OpenedModel['config']): ReadonlyMap<string, Tensor> {
  const generator = generatorVariables(config).map(({ name }) => name);
  const variables = new Map(
    [...generator, ...[...tensors.keys()].filter((key) => !generator.includes(key))].map((name, i) => [name, i] as const),
  );
  const slots: string[] = [];
  const rank = (key: string): number => {
    const [optimizer = '', slot = '', ...variable] = key.split('/');
    if (!Object.hasOwn(counters, optimizer)) return variables.get(key)!;
    const place = `${optimizer}/${slot}`;
    if (!slots.includes(place)) slots.push(place);
    return (slots.indexOf(place) + 1) * 2 * variables.size + (variables.get(variable.join('/')) ?? variables.size);
  };
  const ranks = new Map([...tensors.keys()].map((key) => [key, rank(key)] as const));
  return new Map([...tensors].sort((a, b) => ranks.get(a[0])! - ranks.get(b[0])!));
}

/** Ours under the reference's names; what the reference does not have is left out. */
function dflOptions(options: TrainOptions): DflOptions {
  const shared = optionTable
    .filter((spec) => !('ours' in spec && spec.ours) && spec.kind !== 'path')
    .map((spec) => [('aliases' in spec ? spec.aliases[0] : undefined) ?? spec.name, options[spec.name]] as const);
  return Object.fromEntries(shared);
}
