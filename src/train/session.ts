/**
 * A training session from its folder and the options asked for: resume or begin, put the parts together, run the loop.
 * This is all of `liae train` that is not a terminal, a thread or a disk.
 */
import { OptionError, type Tensor } from '../base/index.ts';
import type { ImageCodec } from '../image/index.ts';
import { type CheckpointPorts, Checkpoints, type LoadedSave } from './checkpoints.ts';
import type { Engine } from './engine.ts';
import type { BatchEvent, TrainEvent } from './events.ts';
import type { FileStore } from './fileStore.ts';
import { withFirstWeights } from './firstWeights.ts';
import { fitState } from './fitState.ts';
import { Journal } from './journal.ts';
import { type BatchSource, type LoopEnd, type LoopPorts, type LoopStart, runLoop } from './loop.ts';
import { LossHistory, settleHistory } from './lossHistory.ts';
import { resolveOptions } from './options.ts';
import type { OptionName, TrainOptions } from './optionTable.ts';
import { facesOf, keepFaces, keepPreview, loadFaces, type PreviewFaces, paintPreview, previewRows } from './previews.ts';

export interface SessionPorts extends Pick<LoopPorts, 'nowMs' | 'peakBytes' | 'emit' | 'commands' | 'files'>, CheckpointPorts {
  readonly codec: ImageCodec;
  /** An engine with fresh weights drawn from the seed. */
  readonly createEngine: (options: TrainOptions) => Promise<Engine>;
  /** The weights under a path: a model's folder, or a safetensors file. Optimizer state among them is ignored. */
  readonly readWeights: (path: string) => Promise<ReadonlyMap<string, Tensor>>;
  /** @param report told of faces that cannot be used, then and later. */
  readonly createBatches: (options: TrainOptions, report: (event: BatchEvent) => void) => Promise<BatchSource>;
}

/**
 * Trains the model of a folder, new or saved, until its target or a stop.
 *
 * @param asked options as given: name or alias → value.
 * @throws OptionError for a bad option, FormatError if no save is whole, and what the parts throw.
 */
export async function runSession(asked: Readonly<Record<string, unknown>>, outside: SessionPorts): Promise<LoopEnd> {
  const journal = new Journal(outside.files, outside.time);
  const emit = (event: TrainEvent): void => {
    journal.hear(event);
    outside.emit(event);
  };
  try {
    return await inSession(asked, { ...outside, emit, noted: () => journal.flush() });
  } finally {
    await journal.flush();
  }
}

async function inSession(asked: Readonly<Record<string, unknown>>, ports: SessionPorts & Pick<LoopPorts, 'noted'>): Promise<LoopEnd> {
  const { files, emit } = ports;
  const checkpoints = new Checkpoints(files, ports);
  let loaded: LoadedSave | undefined;
  if (await checkpoints.exists()) {
    await checkpoints.tidy();
    loaded = await checkpoints.load();
    for (const { name, why } of loaded.rejected) emit({ event: 'rejected', save: name, why });
  }
  const { options, rounded, changed } = resolveOptions(asked, loaded?.manifest.options);
  for (const rounding of rounded) emit({ event: 'rounded', ...rounding });
  for (const change of changed) emit({ event: 'changed', ...change });
  needFacesets(options, loaded?.name ?? `no saved model in ${files.describe('')}`);

  await using batches = await ports.createBatches(options, emit);
  await using engine = await ports.createEngine(options);
  const start =
    loaded === undefined
      ? await begin(engine, options, ports)
      : adopt(engine, loaded, { options, emit, changed: changed.map(({ option }) => option) });
  await files.makeFolder('');
  const history = await openHistory(files, loaded, emit);
  emit({ event: 'started', iteration: start.iteration, resumed: loaded?.name ?? null, options });
  await ports.noted();
  loaded = undefined; // the engine has its own copy

  let faces: PreviewFaces | undefined;
  const preview = async (iteration: number): Promise<string> => {
    faces ??= (await loadFaces(files, options)) ?? (await chooseFaces(batches, files, options));
    return keepPreview(files, await paintPreview({ engine, codec: ports.codec }, faces, { iteration, options }), iteration);
  };
  return await runLoop({ ...ports, engine, batches, checkpoints, history, preview }, start);
}

/** @param found the save that does not name them either, or where there is none. */
function needFacesets({ src, dst }: TrainOptions, found: string): void {
  const missing = [src === '' ? '--src' : '', dst === '' ? '--dst' : ''].filter((flag) => flag !== '');
  if (missing.length === 0) return;
  throw new OptionError(`${missing.join(' and ')}: training needs both facesets, and the model does not say where they are`, {
    found,
    next: 'liae train --model … --src <folder of aligned faces> --dst <folder of aligned faces>',
  });
}

async function begin(engine: Engine, options: TrainOptions, { readWeights, emit }: SessionPorts): Promise<LoopStart> {
  if (options.from !== '') {
    const { state, fresh } = withFirstWeights(engine.state(), await readWeights(options.from), options.from);
    engine.load(state);
    emit({ event: 'weights', from: options.from, fresh });
  }
  return { iteration: 0, restores: 0, options, onDisk: 'nothing' };
}

/** Puts a saved state into the engine, also where options have changed its variables. */
function adopt(
  engine: Engine,
  { manifest, state }: LoadedSave,
  { options, emit, changed }: { options: TrainOptions; emit: SessionPorts['emit']; changed: readonly OptionName[] },
): LoopStart {
  const restart = changed.some((name) => name === 'gan_patch_size' || name === 'gan_dims') ? ['D_src'] : [];
  const { state: fitted, reset, dropped } = fitState(state, engine.state(), new Set(restart));
  engine.load(fitted);
  if (reset.length + dropped.length > 0) emit({ event: 'reset', what: reset, dropped });
  const { iteration, random } = manifest;
  return { iteration, restores: random.restores, options, onDisk: reset.length > 0 ? 'nothing' : changed.length > 0 ? 'other' : 'same' };
}

async function openHistory(files: FileStore, loaded: LoadedSave | undefined, emit: SessionPorts['emit']): Promise<LossHistory> {
  if (loaded === undefined) return LossHistory.create(files, 1);
  await settleHistory(files, loaded.name);
  const { history, repair } = await LossHistory.open(files, loaded.manifest.history);
  if (repair.cut + repair.lost > 0) emit({ event: 'history', ...repair });
  return history;
}

/** The first faces of the first batch: drawn from the seed, and the same for every start. */
async function chooseFaces(batches: BatchSource, files: FileStore, options: TrainOptions): Promise<PreviewFaces> {
  const { batch } = await batches.next(0, 0); // attempt 0 of iteration 0, whenever that is asked
  const faces = facesOf(batch, options.resolution, previewRows(options));
  await keepFaces(files, faces);
  return faces;
}
