/** A saved model, read for use: its options, its network and its state. It only reads, so it may run beside a training. */
import { OptionError } from '../../base/index.ts';
import type { ModelConfig } from '../../models/index.ts';
import { Checkpoints, type EngineState, modelConfig, resolveOptions, type TrainOptions } from '../../train/index.ts';
import { programVersion } from './machine.ts';
import { NodeFileStore, nodeSha256 } from './modelStore.ts';

export interface OpenedModel {
  readonly files: NodeFileStore;
  readonly iteration: number;
  readonly options: TrainOptions;
  readonly config: ModelConfig;
  readonly state: EngineState;
}

/**
 * @param note told of saves that could not be used.
 * @throws OptionError if the folder holds no model, FormatError if no save of it is whole.
 */
export async function openModel(folder: string, note: (line: string) => void): Promise<OpenedModel> {
  const files = new NodeFileStore(folder);
  const saves = openSaves(files);
  if (!(await saves.exists())) {
    throw new OptionError(`${folder}: no saved model here`, { next: 'liae train makes one; liae import takes one from DeepFaceLab' });
  }
  const { manifest, state, rejected } = await saves.load();
  for (const { name, why } of rejected) note(`save ${name} cannot be used: ${why}; using the one before`);
  const { options } = resolveOptions({}, manifest.options);
  return { files, iteration: manifest.iteration, options, config: modelConfig(options), state };
}

export const openSaves = (files: NodeFileStore): Checkpoints =>
  new Checkpoints(files, { sha256: nodeSha256, time: () => new Date().toISOString(), tool: programVersion() });
