/** What a golden model case says: the network, the options of the step, weights, batch and reference numbers, read from its files. */
import { FormatError, type StoredTensor, type Tensor } from '../base/index.ts';
import { type ModelConfig, parseArchi } from '../models/index.ts';
import type { StepOptions } from '../train/index.ts';
import type { GoldenCase } from './case.ts';
import { hwncFromNhwc, tensorOf } from './layout.ts';
import { numberOf, textOf } from './pictures.ts';

export type Record_ = Readonly<Record<string, unknown>>;

/** The reference's summary of one array. */
export interface Summary {
  readonly l2: number;
  readonly idx: readonly number[];
  readonly val: readonly number[];
  readonly deltaL2: number | undefined;
}

export interface ModelCase {
  readonly config: ModelConfig;
  readonly options: StepOptions;
  /** Samples per side. */
  readonly n: number;
  /** Arrays of the batch under the step's input names, [h, w, n, c]. */
  readonly batch: ReadonlyMap<string, Tensor>;
  /** By variable. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Reference arrays, of the case itself or of the one whose weights it shares. */
  readonly find: (name: string) => StoredTensor | undefined;
  /** Their names. */
  readonly names: readonly string[];
}

const batchNames = {
  'src/warped': 'warped_src',
  'src/target': 'target_src',
  'src/mask': 'target_srcm',
  'src/em': 'target_srcm_em',
  'dst/warped': 'warped_dst',
  'dst/target': 'target_dst',
  'dst/mask': 'target_dstm',
  'dst/em': 'target_dstm_em',
} as const;

/** Predictions and masks follow from weights, inputs and these: another case's arrays hold where they are equal. */
const sharedPrefixes = ['w/', 'out/', 'mid/', 'mask_blur/'];

export async function modelCase(golden: GoldenCase): Promise<ModelCase> {
  const options = objectOf(golden.index, 'options');
  const lent = await lentBy(golden, golden.index);
  const arrays = new Map([...lent.arrays, ...golden.arrays.tensors]);
  const inputs = (await golden.open(typeof golden.index.inputs === 'string' ? golden.index.inputs : lent.inputs)).tensors;
  const batch = new Map(
    Object.entries(batchNames).map(([name, stored]) => {
      const tensor = inputs.get(stored);
      if (tensor === undefined) throw new FormatError(`${golden.name}: the inputs lack ${stored}`);
      return [name, hwncFromNhwc(tensorOf(tensor))] as const;
    }),
  );
  const weights = new Map([...arrays].filter(([name]) => name.startsWith('w/')).map(([name, w]) => [name.slice(2), tensorOf(w)] as const));
  return {
    config: configOf(options),
    options: stepOptionsOf(options),
    n: batch.get('src/warped')!.shape[2]!,
    batch,
    weights,
    find: (name) => arrays.get(name),
    names: [...arrays.keys()],
  };
}

interface Lent {
  readonly arrays: ReadonlyMap<string, StoredTensor>;
  /** The lender's file of inputs; empty without a lender. */
  readonly inputs: string;
}

/** Arrays of the case whose weights an index uses, which may itself have borrowed them. */
async function lentBy(golden: GoldenCase, borrower: Record_, depth = 0): Promise<Lent> {
  if (typeof borrower.weights_of !== 'string') return { arrays: new Map(), inputs: '' };
  if (depth > 8) throw new FormatError(`${golden.name}: weights_of goes round in circles`);
  const index = JSON.parse(new TextDecoder().decode(await golden.read(`${borrower.weights_of}.json`))) as Record_;
  const further = await lentBy(golden, index, depth + 1);
  const own = index.tensors === null ? new Map<string, StoredTensor>() : (await golden.open(`${borrower.weights_of}.safetensors`)).tensors;
  const inputs = typeof index.inputs === 'string' ? index.inputs : further.inputs;
  const prefixes = borrower.inputs === undefined || borrower.inputs === inputs ? sharedPrefixes : ['w/'];
  const shared = [...further.arrays, ...own].filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)));
  return { arrays: new Map(shared), inputs };
}

export function configOf(options: Record_): ModelConfig {
  return {
    ...parseArchi(textOf(options, 'archi')),
    resolution: numberOf(options, 'resolution'),
    aeDims: numberOf(options, 'ae_dims'),
    eDims: numberOf(options, 'e_dims'),
    dDims: numberOf(options, 'd_dims'),
    dMaskDims: numberOf(options, 'd_mask_dims'),
  };
}

/** Options of the reference under its names; pretraining forces some off. */
function stepOptionsOf(options: Record_): StepOptions {
  const flag = (name: string, otherwise: boolean): boolean => (typeof options[name] === 'boolean' ? options[name] : otherwise);
  const number = (name: string, otherwise: number): number => (typeof options[name] === 'number' ? options[name] : otherwise);
  const pretrain = flag('pretrain', false);
  return {
    maskedTraining: flag('masked_training', true),
    eyesMouthPriority: flag('eyes_mouth_prio', false),
    blurOutMask: flag('blur_out_mask', false),
    faceStylePower: pretrain ? 0 : number('face_style_power', 0),
    bgStylePower: pretrain ? 0 : number('bg_style_power', 0),
    ganPower: pretrain ? 0 : number('gan_power', 0),
    ganPatchSize: number('gan_patch_size', Math.floor(numberOf(options, 'resolution') / 8)),
    ganDims: number('gan_dims', 16),
    trueFacePower: number('true_face_power', 0),
    variationAxes: 'rows-columns', // the cases were made on a CPU
    randomWarp: flag('random_warp', true) && !pretrain,
    optimizer: flag('adabelief', true) ? 'adabelief' : 'rmsprop',
    clipGradients: flag('clipgrad', false),
    learningRateDropout: false, // the cases' steps have none
  };
}

export function objectOf(record: Record_, key: string): Record_ {
  const value = record[key];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormatError(`golden index: ${key} is not a table`);
  return value as Record_;
}

export function listOf(record: Record_, key: string): readonly unknown[] {
  const value = record[key];
  if (!Array.isArray(value)) throw new FormatError(`golden index: ${key} is not a list`);
  return value;
}

export const numberList = (record: Record_, key: string): readonly number[] => listOf(record, key).map(Number);

/** A table of summaries, by variable. */
export function summariesOf(record: Record_, key: string): ReadonlyMap<string, Summary> {
  return new Map(
    Object.entries(objectOf(record, key)).map(([name, entry]) => {
      const summary = entry as Record_;
      const sampled = summary.idx !== undefined;
      return [
        name,
        {
          l2: numberOf(summary, 'l2'),
          idx: sampled ? numberList(summary, 'idx') : [],
          val: sampled ? numberList(summary, 'val') : [],
          deltaL2: typeof summary.delta_l2 === 'number' ? summary.delta_l2 : undefined,
        },
      ] as const;
    }),
  );
}
