/** DeepFaceLab's model files: the golden model byte for byte, all kinds of parts, and what must be refused by name. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pythonReads, pythonWithNumpy } from '../../test/python.ts';
import type { Tensor } from '../base/index.ts';
import { concatenate, isDict, type PyDict, type PyValue, pyScalar, readPickle, typeText, writePickle } from '../faceset/index.ts';
import { generatorVariables, parseArchi } from '../models/index.ts';
import { nodeFolder } from '../platform/node/files.ts';
import {
  dflFiles,
  listDflModels,
  optionsDict,
  optionsOf,
  pythonText,
  readDefaultOptions,
  readDflData,
  readDflState,
  writeDflModel,
} from './index.ts';

const golden = new URL('../../test/golden/files/', import.meta.url).pathname;
const modelFiles = readdirSync(golden).filter((name) => name.startsWith('tiny_SAEHD_') && !name.endsWith('.dfm'));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'liae-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const copyModel = (as: string): void => {
  for (const name of modelFiles) copyFileSync(join(golden, name), join(folder, name.replace('tiny', as)));
};

test('the golden model is written back: data, summary and a network of an older NumPy byte for byte, no file more or less', async () => {
  const data = await readDflData(nodeFolder(golden), 'tiny');
  const state = await readDflState(nodeFolder(golden), 'tiny');
  await writeDflModel(nodeFolder(folder), { ...data, state, original: data.dict });
  expect(readdirSync(folder).sort()).toEqual([...modelFiles].sort());
  for (const name of ['tiny_SAEHD_data.dat', 'tiny_SAEHD_summary.txt', 'tiny_SAEHD_encoder.npy']) {
    expect(Buffer.compare(readFileSync(join(folder, name)), readFileSync(join(golden, name))), name).toBe(0);
  }
});

test('tensors have the names of the training engine', async () => {
  const { tensors, counters, ignored } = await readDflState(nodeFolder(golden), 'tiny');
  expect(counters).toEqual({ src_dst_opt: 3 });
  expect(ignored).toEqual([]);
  expect(tensors.get('encoder/down1/downs_0/conv1/weight')?.shape).toEqual([5, 5, 3, 2]);
  expect(tensors.get('src_dst_opt/ms/encoder/down1/downs_0/conv1/weight')?.shape).toEqual([5, 5, 3, 2]);
  expect(tensors.get('src_dst_opt/vs/decoder/out_convm/bias')?.shape).toEqual([1]);
  expect(
    [...tensors.keys()].every((name) => /^(src_dst_opt\/(ms|vs)\/)?(encoder|inter_AB|inter_B|decoder)\/.+\/(weight|bias)$/.test(name)),
  ).toBe(true);
});

test('the networks of this program have the names, shapes and order of the files', async () => {
  const { options } = await readDflData(nodeFolder(golden), 'tiny');
  const [resolution, aeDims, eDims, dDims, dMaskDims] = ['resolution', 'ae_dims', 'e_dims', 'd_dims', 'd_mask_dims'].map((key) =>
    Number(options[key]),
  );
  const sizes = { resolution: resolution!, aeDims: aeDims!, eDims: eDims!, dDims: dDims!, dMaskDims: dMaskDims! };
  const variables = generatorVariables({ ...parseArchi(String(options.archi)), ...sizes });
  const { tensors, ignored } = await readDflState(nodeFolder(golden), 'tiny', variables);
  expect(ignored).toEqual(['src_dst_opt']);
  const inFiles = [...(await readDflState(nodeFolder(golden), 'tiny')).tensors.keys()].filter((name) => !name.startsWith('src_dst_opt'));
  expect([...tensors.keys()]).toEqual(inFiles);
});

test('with expected tensors exactly these are returned, in that order, and what else is there is named', async () => {
  const expected = [
    { name: 'inter_B/dense1/bias', shape: [4] },
    { name: 'inter_B/dense1/weight', shape: [256, 4] },
  ];
  const { tensors, ignored } = await readDflState(nodeFolder(golden), 'tiny', expected);
  expect([...tensors.keys()]).toEqual(expected.map(({ name }) => name));
  expect(ignored).toEqual(expect.arrayContaining(['encoder', 'src_dst_opt', 'inter_B/dense2/weight']));
});

test.each([
  [
    'a tensor that is not in its file',
    { name: 'encoder/down9/conv1/weight', shape: [1] },
    'tiny_SAEHD_encoder.npy: the tensor encoder/down9/conv1/weight is missing',
  ],
  [
    'a tensor whose file is not there',
    { name: 'D_src/in_conv/weight', shape: [1] },
    'tiny_SAEHD_GAN.npy: the tensor D_src/in_conv/weight is missing',
  ],
  ['another shape', { name: 'inter_B/dense1/weight', shape: [4, 256] }, 'the tensor inter_B/dense1/weight has another shape'],
  [
    'slots of another optimizer',
    { name: 'src_dst_opt/acc/inter_B/dense1/bias', shape: [4] },
    'the tensor src_dst_opt/acc/inter_B/dense1/bias is missing',
  ],
])('%s is refused by name, never made up', async (_, tensor, message) => {
  await expect(readDflState(nodeFolder(golden), 'tiny', [tensor])).rejects.toThrow(message);
});

test('of several models one must be named', async () => {
  copyModel('tiny');
  copyModel('other model');
  writeFileSync(join(folder, 'third_AMP_data.dat'), '');
  expect(await listDflModels(nodeFolder(folder))).toEqual(['other model', 'tiny']);
  await expect(readDflData(nodeFolder(folder))).rejects.toThrow('which model?');
  await expect(readDflData(nodeFolder(folder), 'tinny')).rejects.toThrow('which model?');
  expect((await readDflData(nodeFolder(folder), 'other model')).iteration).toBe(3);
  rmSync(join(folder, 'tiny_SAEHD_data.dat'));
  expect((await readDflData(nodeFolder(folder))).name).toBe('other model');
  rmSync(join(folder, 'other model_SAEHD_data.dat'));
  await expect(readDflData(nodeFolder(folder))).rejects.toThrow('no DeepFaceLab model of class SAEHD');
});

test('discriminators and their optimizers have files of their own, and every bit comes back', async () => {
  const variables = ['encoder/down1/conv1/weight', 'inter/dense1/weight', 'decoder_src/out_conv/bias', 'decoder_dst/out_conv/bias'];
  const values = Float32Array.of(1.5, -0, Number.NaN, Infinity, 1e-45, -3);
  new Uint32Array(values.buffer)[2] = 0x7fc12345; // a NaN with a payload
  const tensor = (): Tensor => ({ shape: [2, 3], data: values.slice() });
  const names = [
    ...variables,
    'D_src/in_conv/weight',
    'dis/convs_0/weight',
    ...variables.flatMap((name) => [`src_dst_opt/ms/${name}`, `src_dst_opt/vs/${name}`]), // slot by slot only in the file
    'GAN_opt/ms/D_src/in_conv/weight',
    'GAN_opt/vs/D_src/in_conv/weight',
    'D_code_opt/acc/dis/convs_0/weight',
  ];
  const state = { tensors: new Map(names.map((name) => [name, tensor()])), counters: { src_dst_opt: 7, GAN_opt: 6, D_code_opt: 2 ** 40 } };
  await writeDflModel(nodeFolder(folder), { name: 'df', iteration: 7, options: { archi: 'df-ud' }, lossHistory: [[1, 2]], state });
  expect(readdirSync(folder).sort()).toEqual(
    [
      'D_code_opt.npy',
      'GAN.npy',
      'GAN_opt.npy',
      'code_discriminator.npy',
      'data.dat',
      'decoder_dst.npy',
      'decoder_src.npy',
      'encoder.npy',
      'inter.npy',
      'src_dst_opt.npy',
      'summary.txt',
    ].map((file) => `df_SAEHD_${file}`),
  );
  const again = await readDflState(
    nodeFolder(folder),
    'df',
    names.map((name) => ({ name, shape: [2, 3] })),
  );
  expect(again.counters).toEqual(state.counters);
  expect(again.ignored).toEqual([]);
  for (const { data } of again.tensors.values()) expect([...new Uint32Array(data.buffer)]).toEqual([...new Uint32Array(values.buffer)]);
  const optimizer = readPickle(readFileSync(join(folder, 'df_SAEHD_src_dst_opt.npy')), 'x') as PyDict;
  expect([...optimizer.keys()]).toEqual([
    'iters:0',
    ...variables.map((name) => `ms_${name}_0:0`),
    ...variables.map((name) => `vs_${name}_0:0`),
  ]);
  expect(typeText(optimizer.get('iters:0'))).toBe('numpy.int64');
});

test('options keep their Python types where they do not change; new ones get those that DeepFaceLab gives them', () => {
  const original = new Map<string, PyValue>([
    ['batch_size', pyScalar('i8', 8)],
    ['gan_power', pyScalar('f8', 0.5)],
    ['lr_dropout', true],
    ['eyes_prio', true],
    ['ae_dims', 256n],
    ['odd', [1n]],
  ]);
  const options = optionsOf(original);
  expect(options).toEqual({ batch_size: 8, gan_power: 0.5, lr_dropout: 'y', ae_dims: 256 });
  const types = (dict: PyDict): Record<string, string> =>
    Object.fromEntries([...dict].map(([key, value]) => [String(key), typeText(value)]));
  expect(types(optionsDict(options, original))).toEqual({
    batch_size: 'numpy.int64',
    gan_power: 'numpy.float64',
    lr_dropout: 'bool',
    eyes_prio: 'bool',
    ae_dims: 'int',
    odd: 'list',
  });
  expect(types(optionsDict({ ...options, batch_size: 4, face_style_power: 0, random_warp: false }, original))).toMatchObject({
    batch_size: 'int',
    gan_power: 'numpy.float64',
    face_style_power: 'float',
    random_warp: 'bool',
  });
});

test('default options of the last new model are read; a folder without them has none', async () => {
  expect(await readDefaultOptions(nodeFolder(golden))).toMatchObject({ archi: 'liae-ud', ae_dims: 4, random_dst_flip: true, gan_power: 0 });
  expect(await readDefaultOptions(nodeFolder(folder))).toBeUndefined();
});

test.each([
  ['iter', -1n],
  ['iter', 1.5],
  ['iter', null],
  ['options', []],
  ['loss_history', [[1]]],
  ['loss_history', 'long'],
])('a damaged %s is refused', async (key, value) => {
  copyModel('tiny');
  const file = join(folder, 'tiny_SAEHD_data.dat');
  const dict = new Map(readPickle(readFileSync(file), file) as PyDict).set(key, value as PyValue);
  writeFileSync(file, concatenate(writePickle(dict, 3)));
  await expect(readDflData(nodeFolder(folder))).rejects.toThrow('not a file of a DeepFaceLab model');
});

test('a cut or swapped file is refused with its name', async () => {
  copyModel('tiny');
  const file = join(folder, 'tiny_SAEHD_decoder.npy');
  writeFileSync(file, readFileSync(join(golden, 'tiny_SAEHD_decoder.npy')).subarray(0, 100000));
  await expect(readDflState(nodeFolder(folder), 'tiny')).rejects.toThrow('tiny_SAEHD_decoder.npy: not a pickle');
  renameSync(join(folder, 'tiny_SAEHD_inter_B.npy'), file);
  const expected = [{ name: 'decoder/out_conv/bias', shape: [3] }];
  await expect(readDflState(nodeFolder(folder), 'tiny', expected)).rejects.toThrow('decoder/out_conv/bias is missing');
});

test('a name that would leave the folder is refused', () => {
  expect(() => dflFiles({ name: '../x', iteration: 0, options: {}, lossHistory: [], state: { tensors: new Map(), counters: {} } })).toThrow(
    'cannot be',
  );
});

test.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [0.1, '0.1'],
  [1e16, '1e+16'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e-5, '1e-05'],
  [0.0001, '0.0001'],
  [1.5e-10, '1.5e-10'],
  [1e100, '1e+100'],
  [Number.NaN, 'nan'],
  [-Infinity, '-inf'],
])('the float %f is printed as Python does', (value, text) => {
  expect(pythonText(value)).toBe(text);
});

const python = pythonWithNumpy();

test.skipIf(python === undefined)('Python loads the written model to what it loads from the golden one', async () => {
  const data = await readDflData(nodeFolder(golden), 'tiny');
  const state = await readDflState(nodeFolder(golden), 'tiny');
  await writeDflModel(nodeFolder(folder), { ...data, state, original: data.dict });
  const pickles = modelFiles.filter((name) => !name.endsWith('.txt'));
  const loaded = (where: string): unknown[] =>
    pythonReads(
      python!,
      pickles.map((name) => join(where, name)),
    ).map(({ pickle }) => pickle);
  expect(loaded(folder)).toEqual(loaded(golden));
  expect(isDict(data.dict)).toBe(true);
});
