/**
 * A model in DeepFaceLab's own files: read from a folder that may hold several, and written so that DeepFaceLab continues it. Nothing
 * that is missing is made up: a tensor that is absent or of another shape is an error that names it.
 */
import { FormatError, OptionError, type Shape, sameShape, shapeText, type Tensor } from '../base/index.ts';
import {
  bytesOf,
  type Folder,
  isDict,
  numberOf,
  numbersOf,
  PyArray,
  type PyDict,
  type PyValue,
  pyScalar,
  readPickle,
  readWhole,
  typeText,
  writePickle,
} from '../faceset/index.ts';
import { counterKey, fileName, modelClass, type PartFile, partFiles, placeOf, tensorName } from './names.ts';
import { type DflOptions, optionsDict, optionsOf } from './options.ts';
import { summaryText } from './summary.ts';

/** What `<model>_SAEHD_data.dat` says. */
export interface DflData {
  readonly name: string;
  readonly iteration: number;
  /** Under DeepFaceLab's names. */
  readonly options: DflOptions;
  /** One pair (src, dst) for each iteration. */
  readonly lossHistory: readonly (readonly [src: number, dst: number])[];
  /** The whole dict, from which a later write takes what it does not change. */
  readonly dict: PyDict;
}

/** Weights, optimizer slots and step counters under the names of the training engine. */
export interface DflState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Steps taken by each optimizer. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface ExpectedTensor {
  readonly name: string;
  readonly shape: Shape;
}

/** The names of the models in a folder, sorted. */
export async function listDflModels(folder: Folder): Promise<readonly string[]> {
  const suffix = fileName('', 'data.dat');
  return (await folder.list())
    .filter((name) => name.endsWith(suffix) && name.length > suffix.length)
    .map((name) => name.slice(0, -suffix.length));
}

/**
 * Reads a model's options, iteration and loss history.
 *
 * @param name which model; may be left out where the folder has only one.
 * @throws OptionError if the folder has no model, several and no name is given, or none of that name.
 * @throws FormatError if the file is damaged.
 */
export async function readDflData(folder: Folder, name?: string): Promise<DflData> {
  const models = await listDflModels(folder);
  const chosen = name ?? models[0];
  if (chosen === undefined || !models.includes(chosen) || (name === undefined && models.length > 1)) {
    const where = folder.describe('');
    throw new OptionError(models.length === 0 ? `${where}: no DeepFaceLab model of class ${modelClass}` : `${where}: which model?`, {
      found:
        models.length === 0
          ? `no file *${fileName('', 'data.dat')}`
          : `models ${models.join(', ')}${name === undefined ? '' : `; asked for ${name}`}`,
      next: models.length === 0 ? 'name the folder that holds <model>_SAEHD_data.dat' : 'name one of them',
    });
  }
  const file = fileName(chosen, 'data.dat');
  const path = folder.describe(file);
  const dict = await readDict(folder, file);
  const iteration = numberOf(dict.get('iter'));
  if (iteration === undefined || !Number.isInteger(iteration) || iteration < 0) return bad(path, `iter is ${typeText(dict.get('iter'))}`);
  const options = dict.get('options');
  if (!isDict(options)) return bad(path, `options is ${typeText(options)}`);
  const history = dict.get('loss_history') ?? [];
  if (!Array.isArray(history)) return bad(path, `loss_history is ${typeText(history)}`);
  return {
    name: chosen,
    iteration,
    options: optionsOf(options),
    lossHistory: (history as PyValue[]).map((entry) => pairOf(entry, path)),
    dict,
  };
}

/**
 * Reads weights and optimizer state.
 *
 * @param expected the tensors that the model consists of. With it, exactly these are returned, in this order; without it, all there are.
 * @returns with `ignored`: names of tensors in the files that were not expected.
 * @throws FormatError that names the first tensor that is missing or of another shape.
 */
export async function readDflState(
  folder: Folder,
  name: string,
  expected?: readonly ExpectedTensor[],
): Promise<DflState & { readonly ignored: readonly string[] }> {
  const files = new Set(await folder.list());
  const found = new Map<string, Tensor>();
  const counters: Record<string, number> = {};
  const wanted = expected === undefined ? undefined : new Set(expected.map((tensor) => tensor.name.split('/')[0]));
  const ignored: string[] = [];
  for (const place of partFiles) {
    const file = fileName(name, `${place.file}.npy`);
    if (!files.has(file)) continue;
    if (wanted?.has(place.part) === false) ignored.push(place.part);
    else await readPart(folder, file, place, found, counters);
  }
  if (expected === undefined) return { tensors: found, counters, ignored };
  const tensors = new Map(expected.map((tensor) => [tensor.name, checked(tensor, found.get(tensor.name), folder, name, files)] as const));
  for (const [key] of found) if (!tensors.has(key)) ignored.push(key);
  return { tensors, counters, ignored };
}

function checked(
  { name, shape }: ExpectedTensor,
  tensor: Tensor | undefined,
  folder: Folder,
  model: string,
  files: ReadonlySet<string>,
): Tensor {
  const place = placeOf(name);
  const file = place === undefined ? '' : fileName(model, `${place.place.file}.npy`);
  const path = folder.describe(file);
  if (tensor === undefined) {
    throw new FormatError(`${path}: the tensor ${name} is missing`, {
      found: files.has(file) ? `no key ${place?.key}` : 'no such file',
      expected: `float32${shapeText(shape)}`,
      next: 'check that archi, dims and optimizer are those of this model, and that all its files are there',
    });
  }
  if (!sameShape(tensor.shape, shape)) {
    throw new FormatError(`${path}: the tensor ${name} has another shape`, {
      found: `float32${shapeText(tensor.shape)}`,
      expected: `float32${shapeText(shape)}`,
      next: 'check that archi, resolution and dims are those of this model',
    });
  }
  return tensor;
}

async function readPart(
  folder: Folder,
  file: string,
  place: PartFile,
  tensors: Map<string, Tensor>,
  counters: Record<string, number>,
): Promise<void> {
  const path = folder.describe(file);
  for (const [key, value] of await readDict(folder, file)) {
    if (place.kind === 'optimizer' && key === counterKey) {
      const steps = value instanceof PyArray && value.shape.length === 0 ? Number(value.values()[0]) : numberOf(value);
      if (steps === undefined || !Number.isInteger(steps) || steps < 0) return bad(path, `${counterKey} is ${typeText(value)}`);
      counters[place.part] = steps;
      continue;
    }
    const name = typeof key === 'string' ? tensorName(place, key) : undefined;
    if (name === undefined) continue; // DeepFaceLab passes over keys that it does not know
    if (!(value instanceof PyArray) || value.dtype !== 'f4') return bad(path, `${key} is ${typeText(value)}`);
    // A copy, so that the file's memory is freed although some arrays in it happen to be aligned.
    const data = value.values() as Float32Array;
    tensors.set(name, { shape: value.shape, data: data.buffer === value.bytes.buffer ? new Float32Array(data) : data });
  }
}

export interface DflWrite {
  readonly name: string;
  readonly iteration: number;
  readonly options: DflOptions;
  readonly lossHistory: readonly (readonly [src: number, dst: number])[];
  /** Tensors in the order of the model's definition. */
  readonly state: DflState;
  /** The dict that an import gave: keys that are not known, and the types of unchanged options, are kept. */
  readonly original?: PyDict | undefined;
  /** For the summary; "CPU" if left out. */
  readonly device?: string | undefined;
}

/**
 * Writes all files of a model, each in one step; the one with the iteration comes last. Large arrays are not copied.
 *
 * @throws FormatError if the name cannot be part of a file name.
 */
export async function writeDflModel(folder: Folder, model: DflWrite): Promise<void> {
  for (const [file, pieces] of dflFiles(model)) await folder.write(file, pieces);
}

/** The files of a model and their contents, in the order of writing. */
export function dflFiles({
  name,
  iteration,
  options,
  lossHistory,
  state,
  original,
  device,
}: DflWrite): (readonly [file: string, pieces: readonly Uint8Array[]])[] {
  if (name === '' || /[/\\:*?"<>|\0]/.test(name))
    throw new FormatError(`"${name}" cannot be a model's name`, { next: 'use letters, digits and blanks' });
  const dict = new Map(original ?? emptyData);
  const before = dict.get('options');
  const optionValues = optionsDict(options, isDict(before) ? before : undefined);
  dict
    .set('iter', BigInt(iteration))
    .set('options', optionValues)
    .set('loss_history', historyList(lossHistory, dict.get('loss_history')));
  const summary = summaryText(`${name}_${modelClass}`, iteration, optionValues, device ?? 'CPU');
  return [
    ...partDicts(state).map(([file, values]) => [fileName(name, `${file}.npy`), writePickle(values)] as const),
    [fileName(name, 'summary.txt'), [new TextEncoder().encode(summary)]],
    // Protocol 3, as DeepFaceLab's own builds (Python 3.6) write it.
    [fileName(name, 'data.dat'), writePickle(dict, 3)],
  ];
}

const emptyData: PyDict = new Map<string, PyValue>([
  ['iter', 0n],
  ['options', new Map()],
  ['loss_history', []],
  ['sample_for_preview', null],
  ['choosed_gpu_indexes', null],
]);

/** Tensors by file. An optimizer's file begins with its counter, then holds one slot of all variables after the other. */
function partDicts({ tensors, counters }: DflState): (readonly [file: string, dict: PyDict])[] {
  const groups = new Map<PartFile, Map<string, [key: string, value: PyValue][]>>();
  for (const [name, { shape, data }] of tensors) {
    const found = placeOf(name);
    if (found === undefined)
      throw new FormatError(`DeepFaceLab has no place for the tensor ${name}`, { expected: 'a network or optimizer that it knows' });
    const slots = groups.get(found.place) ?? new Map<string, [string, PyValue][]>();
    groups.set(found.place, slots);
    const entries = slots.get(found.slot) ?? [];
    slots.set(found.slot, entries);
    entries.push([found.key, new PyArray('f4', shape, bytesOf(data))]);
  }
  return partFiles.flatMap((place) => {
    const slots = groups.get(place);
    if (slots === undefined) return [];
    const counter: [string, PyValue][] = place.kind === 'optimizer' ? [[counterKey, pyScalar('i8', counters[place.part] ?? 0)]] : [];
    return [[place.file, new Map([...counter, ...[...slots.values()].flat()])] as const];
  });
}

/** Entries that the file had before keep their types. */
function historyList(history: readonly (readonly [number, number])[], before: PyValue | undefined): PyValue {
  const old = Array.isArray(before) ? (before as readonly PyValue[]) : [];
  return history.map((pair, i) => {
    const [src, dst] = numbersOf(old[i]) ?? [];
    return src === pair[0] && dst === pair[1] ? old[i]! : pair;
  });
}

/** The options of the last model that was begun in a folder: defaults for the next one. Undefined if there are none. */
export async function readDefaultOptions(folder: Folder): Promise<DflOptions | undefined> {
  const file = `${modelClass}_default_options.dat`;
  return (await folder.list()).includes(file) ? optionsOf(await readDict(folder, file)) : undefined;
}

async function readDict(folder: Folder, file: string): Promise<PyDict> {
  const path = folder.describe(file);
  const value = readPickle(await readWhole(folder, file), path);
  return isDict(value) ? value : bad(path, `${typeText(value)} instead of a dict`);
}

function pairOf(entry: PyValue, path: string): readonly [number, number] {
  const numbers = numbersOf(entry);
  const [src, dst] = numbers ?? [];
  if (src === undefined || dst === undefined) return bad(path, `an entry of loss_history is ${typeText(entry)}`);
  return [src, dst];
}

function bad(path: string, found: string): never {
  throw new FormatError(`${path}: not a file of a DeepFaceLab model`, {
    found,
    next: 'restore it from a backup (<model>_SAEHD_autobackups)',
  });
}
