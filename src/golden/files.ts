/**
 * Golden cases of files/: a model in DeepFaceLab's own files. What is read is held against the index, and what is written again against
 * the files themselves: equal values and types, and the same state bit for bit. The exported .dfm has a runner of its own.
 */
import { FormatError } from '../base/index.ts';
import { dflFiles, partFiles, readDefaultOptions, readDflData, readDflState, tensorName } from '../dfl/index.ts';
import { concatenate, type Folder, readPickle, readWhole } from '../faceset/index.ts';
import { nodeFolder } from '../platform/node/files.ts';
import { type CaseRunner, type Check, compare, same } from './case.ts';
import { differs, sameBits } from './pythonSame.ts';

interface Summary {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly l2: number;
  readonly idx: readonly number[];
  readonly val: readonly number[];
}

interface FilesIndex {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly iter: number;
  readonly loss_history: readonly (readonly number[])[];
  /** Every array by network or optimizer and key, an optimizer's counter as a number. */
  readonly contents: Readonly<Record<string, Summary | number>>;
}

/** The index holds nine digits of sums and norms; samples are float32 as printed with eight. */
const printed = { abs: 1e-6, rel: 1e-6 };
const sampled = { abs: 1e-12, rel: 1e-7 };

export const files: CaseRunner = async (golden) => {
  const index = golden.index as unknown as FilesIndex;
  const folder = nodeFolder(golden.folder);
  const checks: Check[] = [];
  const data = await readDflData(folder, index.name);
  checks.push(same('iteration', data.iteration === index.iter, `${data.iteration}, expected ${index.iter}`));
  checks.push(compare('loss history', data.lossHistory.flat(), index.loss_history.flat(), { abs: 0, rel: 0 }));
  const options = sortedText(data.options);
  checks.push(same('options', options === sortedText(index.options), options));

  const arrays = Object.entries(index.contents).filter((entry): entry is [string, Summary] => typeof entry[1] !== 'number');
  const expected = arrays.map(([key, { shape }]) => ({ name: nameOf(key), shape }));
  const state = await readDflState(folder, index.name, expected);
  for (const [key, summary] of arrays) checks.push(...summaryChecks(key, state.tensors.get(nameOf(key))!.data, summary));
  for (const [key, value] of Object.entries(index.contents)) {
    if (typeof value !== 'number') continue;
    const [part = ''] = key.split('/');
    checks.push(same(key, state.counters[part] === value, `${state.counters[part]}, expected ${value}`));
  }

  const written = new Map(dflFiles({ ...data, state, original: data.dict }).map(([file, pieces]) => [file, concatenate(pieces)] as const));
  for (const [file, bytes] of written) checks.push(await writtenCheck(folder, file, bytes));
  const again = await readDflState(memoryFolder(written), index.name, expected);
  for (const [name, { data: before }] of state.tensors) {
    if (!sameBits(before, again.tensors.get(name)!.data)) checks.push(same(`${name} written and read again`, false, 'other bits'));
  }
  checks.push(
    same(
      'counters written and read again',
      JSON.stringify(again.counters) === JSON.stringify(state.counters),
      JSON.stringify(again.counters),
    ),
  );
  const afresh = await readDflData(
    memoryFolder(new Map(dflFiles({ ...data, state }).map(([file, pieces]) => [file, concatenate(pieces)]))),
  );
  checks.push(same('options without the original file', sortedText(afresh.options) === options, sortedText(afresh.options)));
  checks.push(compare('loss history without the original file', afresh.lossHistory.flat(), index.loss_history.flat(), { abs: 0, rel: 0 }));

  const defaults = await readDefaultOptions(folder);
  if (defaults !== undefined) {
    const unknown = Object.keys(defaults).filter((key) => !Object.hasOwn(index.options, key));
    checks.push(same('default options', unknown.length === 0, `unknown: ${unknown.join(', ')}`));
  }
  return checks;
};

function summaryChecks(key: string, data: Float32Array, { shape, sum, l2, idx, val }: Summary): Check[] {
  let [total, squares] = [0, 0];
  for (const value of data) {
    total += value;
    squares += value * value;
  }
  return [
    same(`${key} size`, data.length === shape.reduce((a, b) => a * b, 1), `${data.length} elements`),
    compare(`${key} sum and l2`, [total, Math.sqrt(squares)], [sum, l2], printed),
    compare(
      `${key} samples`,
      idx.map((i) => data[i] ?? Number.NaN),
      val,
      sampled,
    ),
  ];
}

/** Holds a written file against the one of the case: the same text, or the same values and types. */
async function writtenCheck(folder: Folder, file: string, bytes: Uint8Array): Promise<Check> {
  const there = (await folder.list()).includes(file);
  if (!there) return same(`${file} written again`, false, 'the case has no such file');
  const original = await readWhole(folder, file);
  if (file.endsWith('.txt')) {
    const text = new TextDecoder().decode(original);
    const ours = new TextDecoder().decode(bytes);
    return same(`${file} written again`, text === ours || !text.includes('Using device: CPU'), ours);
  }
  const difference = differs(readPickle(original, file), readPickle(bytes, file), file);
  return same(`${file} written again`, difference === undefined, difference ?? '');
}

/** The engine's name of an array of the index, whose prefix is a network, an optimizer or a file. */
function nameOf(key: string): string {
  const [prefix, ...path] = key.split('/');
  const place = partFiles.find(({ part, file }) => part === prefix || file === prefix);
  const name = place === undefined ? undefined : tensorName(place, path.join('/'));
  if (name === undefined) throw new FormatError(`golden index: no place for ${key}`);
  return name;
}

const sortedText = (table: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));

function memoryFolder(contents: ReadonlyMap<string, Uint8Array>): Folder {
  const no = (): never => {
    throw new Error('a folder that is only read');
  };
  return {
    describe: (name) => name,
    list: async () => [...contents.keys()].sort(),
    open: async (name) => {
      const bytes = contents.get(name) ?? new Uint8Array();
      return {
        size: bytes.length,
        read: async (offset, length) => bytes.subarray(offset, offset + length),
        [Symbol.asyncDispose]: async () => {},
      };
    },
    write: no,
    remove: no,
  };
}
