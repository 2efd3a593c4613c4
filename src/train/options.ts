/**
 * From what a user asks to a full set of options: names and aliases, types, ranges, rounding, and what may change when a model
 * is resumed. Nothing is corrected in silence: a value out of range is refused, and a rounded one is reported.
 * Source of the rounding: the network's sizes (every stage halves or doubles the side; depth-to-space needs even widths).
 */
import { FormatError, OptionError } from '../base/index.ts';
import { archiText, type ModelConfig, parseArchi, patchStrides } from '../models/index.ts';
import { nearest } from './nearest.ts';
import {
  flagOf,
  type OptionName,
  type OptionSpec,
  type OptionValue,
  optionTable,
  rangeText,
  type TrainOptions,
  valueText,
} from './optionTable.ts';

/** A value that had to be changed to fit the network, and why. */
export interface Rounding {
  readonly option: OptionName;
  readonly from: OptionValue;
  readonly to: OptionValue;
  readonly why: string;
}

export interface Resolved {
  readonly options: TrainOptions;
  readonly rounded: readonly Rounding[];
  /** `start` options whose value differs from the stored one; empty for a new model. */
  readonly changed: readonly { readonly option: OptionName; readonly from: OptionValue; readonly to: OptionValue }[];
}

const specs: readonly OptionSpec[] = optionTable;
const specOf = new Map<string, OptionSpec>(
  specs.flatMap((spec) => [spec.name, ...(spec.aliases ?? [])].map((name) => [name, spec] as const)),
);

/**
 * The option behind a name as users write it: with dashes or underscores, in any case, or an alias.
 *
 * @throws OptionError with the nearest known name.
 */
export function findOption(key: string): OptionSpec {
  const spec = specOf.get(key.replace(/^--/, '').replaceAll('-', '_').toLowerCase());
  if (spec !== undefined) return spec;
  const near = nearest(key.replace(/^--/, '').replaceAll('-', '_'), specOf.keys());
  throw new OptionError(`${key}: unknown option`, {
    next: near === undefined ? 'liae train --help lists all options' : `did you mean ${near} (${flagOf(near)})?`,
  });
}

/** Keys replaced by option names. @throws OptionError for an unknown key, or two keys that name one option. */
export function canonicalKeys(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const spelt = new Map<string, string>();
  for (const [key, value] of Object.entries(raw)) {
    const { name } = findOption(key);
    const before = spelt.get(name);
    if (before !== undefined)
      throw new OptionError(`${key}: ${before} already gives this option`, { next: `keep one of ${before} and ${key}` });
    spelt.set(name, key);
    out[name] = value;
  }
  return out;
}

/**
 * All options of a run.
 *
 * @param asked what the user gave: option or alias → text, number or boolean.
 * @param stored the options of the model's save; undefined for a new model.
 * @throws OptionError for an unknown option, a value of the wrong type or out of range, or a change of a fixed option.
 */
export function resolveOptions(asked: Readonly<Record<string, unknown>>, stored?: Readonly<Record<string, unknown>>): Resolved {
  const given = canonicalKeys(asked);
  const before = stored === undefined ? undefined : storedOptions(stored);
  const values: Record<string, OptionValue> = {};
  for (const spec of specs) {
    const value = given[spec.name];
    if (value !== undefined) values[spec.name] = parseValue(spec, value);
    else if (before !== undefined) values[spec.name] = before[spec.name as OptionName];
    else if (typeof spec.default !== 'object') values[spec.name] = spec.default;
  }
  // A size that the model has already is right as it is.
  const rounded = round(values).filter(({ option, from }) => {
    const keep = before !== undefined && given[option] === undefined && option !== 'true_face_power';
    if (keep) values[option] = from;
    return !keep;
  });
  for (const spec of specs) {
    if (values[spec.name] === undefined && typeof spec.default === 'object') values[spec.name] = spec.default.of(Number(values.resolution));
  }
  const options = values as unknown as TrainOptions; // every row of the table has a value of its kind by now
  if (options.gan_power > 0) needWholePatches(options);
  if (before === undefined) return { options, rounded, changed: [] };

  const differing = specs.filter((spec) => options[spec.name as OptionName] !== before[spec.name as OptionName]);
  const fixed = differing.filter((spec) => spec.when === 'new');
  if (fixed.length > 0) {
    const name = (spec: OptionSpec): OptionName => spec.name as OptionName;
    throw new OptionError(`${fixed.map(name).join(', ')}: fixed when the model was made`, {
      found: fixed
        .map((spec) => `${spec.name}: stored ${valueText(before[name(spec)])}, asked ${valueText(options[name(spec)])}`)
        .join('\n'),
      next: 'leave them out to resume this model, or make a new model in another --model folder',
    });
  }
  const changed = differing.map(({ name }) => ({
    option: name as OptionName,
    from: before[name as OptionName],
    to: options[name as OptionName],
  }));
  return { options, rounded, changed };
}

/** Options that can be changed while a training runs. All others are part of the graph or of how samples are made, which a start builds. */
export const liveOptions: readonly OptionName[] = [
  ...(['target', 'learning_rate', 'save_every', 'backup_every', 'keep_backups', 'preview_every', 'write_preview_history'] as const),
];

/**
 * The options of a running training with some of them changed.
 *
 * @throws OptionError for a value that is not allowed, or an option that needs a new start.
 */
export function changeLive(options: TrainOptions, asked: Readonly<Record<string, unknown>>): Resolved {
  const resolved = resolveOptions(asked, options);
  const others = resolved.changed.filter(({ option }) => !liveOptions.includes(option)).map(({ option }) => option);
  if (others.length === 0) return resolved;
  throw new OptionError(`${others.join(', ')}: cannot be changed while training runs`, { next: 'stop, and start with the new value' });
}

/** The sizes of the network. */
export function modelConfig(options: TrainOptions): ModelConfig {
  return {
    ...parseArchi(options.archi),
    resolution: options.resolution,
    aeDims: options.ae_dims,
    eDims: options.e_dims,
    dDims: options.d_dims,
    dMaskDims: options.d_mask_dims,
  };
}

/** Iterations between previews. A sheet costs about a forward pass; the dense series is the reference's. */
export function previewPeriod(options: TrainOptions): number {
  if (options.preview_every > 0) return options.preview_every;
  return options.write_preview_history ? 10 * Math.max(1, Math.floor(options.resolution / 64)) : 500;
}

function storedOptions(stored: Readonly<Record<string, unknown>>): TrainOptions {
  const unknown = Object.keys(stored).find((key) => !specs.some((spec) => spec.name === key));
  if (unknown !== undefined) {
    throw new FormatError(`the model has an option that this version does not know: ${unknown}`, {
      next: 'use the version of liae that saved the model, or a newer one',
    });
  }
  const values: Record<string, OptionValue> = {};
  for (const spec of specs) {
    const value = stored[spec.name];
    if (value !== undefined) values[spec.name] = storedValue(spec, value);
    else if (typeof spec.default !== 'object') values[spec.name] = spec.default;
  }
  for (const spec of specs) {
    if (values[spec.name] === undefined && typeof spec.default === 'object') values[spec.name] = spec.default.of(Number(values.resolution));
  }
  return values as unknown as TrainOptions;
}

/** A network that exists has the sizes it has: the limits are for making new ones. Imported models may lie outside of them. */
function storedValue(spec: OptionSpec, value: unknown): OptionValue {
  const isSize = spec.when === 'new' && spec.kind === 'int';
  return isSize && typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : parseValue(spec, value);
}

function parseValue(spec: OptionSpec, value: unknown): OptionValue {
  switch (spec.kind) {
    case 'int':
    case 'float':
      return parseNumber(spec, value);
    case 'bool': {
      const parsed = parseBool(value);
      if (parsed === undefined) throw refused(spec, value, valueText(spec.default));
      if (spec.only !== undefined && parsed !== spec.only) {
        throw new OptionError(`${spec.name}: ${spec.help}`, {
          found: valueText(parsed),
          next: `leave it out or give ${valueText(spec.only)}`,
        });
      }
      return parsed;
    }
    case 'choice': {
      const text = choiceText(spec.values, value);
      if (spec.values.includes(text)) return text;
      if (spec.unavailable?.includes(text)) {
        throw new OptionError(`${spec.name}: ${text} is not available in this version`, {
          expected: rangeText(spec),
          next: `${flagOf(spec.name)} ${spec.default}`,
        });
      }
      throw refused(spec, value, nearest(text, spec.values) ?? spec.default);
    }
    case 'archi':
      if (typeof value !== 'string') throw refused(spec, value, spec.default);
      return archiText(parseArchi(value));
    case 'path':
      if (typeof value !== 'string' || value.length > 4096 || value.includes('\0')) throw refused(spec, value, spec.default);
      return value;
  }
}

function parseNumber(spec: OptionSpec & { kind: 'int' | 'float' }, value: unknown): number {
  const isText = typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim());
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN;
  const start = typeof spec.default === 'object' ? spec.min : spec.default;
  if (Number.isNaN(number)) throw refused(spec, value, valueText(start));
  const clipped = Math.min(spec.max, Math.max(spec.min, number));
  const valid = spec.kind === 'int' ? Math.round(clipped) : clipped;
  if (valid !== number) throw refused(spec, value, String(valid));
  return valid;
}

function parseBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = String(value).toLowerCase();
  if (['y', 'yes', 'true', 'on', '1'].includes(text)) return true;
  if (['n', 'no', 'false', 'off', '0'].includes(text)) return false;
  return undefined;
}

/** lr_dropout is a choice that looks like a boolean, so true and false mean y and n where those are values. */
function choiceText(values: readonly string[], value: unknown): string {
  if (values.includes('y') && typeof value === 'boolean') return valueText(value);
  return String(value).toLowerCase();
}

function refused(spec: OptionSpec, value: unknown, nearestValue: string): OptionError {
  const kind = spec.kind === 'int' ? 'a whole number, ' : spec.kind === 'float' ? 'a number, ' : '';
  return new OptionError(`${spec.name}: ${JSON.stringify(value) ?? 'undefined'} is not allowed`, {
    expected: `${kind}${rangeText(spec)}`,
    next: `the nearest valid value is ${flagOf(spec.name)} ${nearestValue}`,
  });
}

/** The patch discriminator halves the picture again and again on its way down: each half must be whole. */
function needWholePatches({ resolution, gan_patch_size: asked }: TrainOptions): void {
  const reduction = (patch: number): number => patchStrides(patch).reduce((product: number, stride) => product * stride, 1);
  if (resolution % reduction(asked) === 0) return;
  const { min, max } = optionTable.find((row) => row.name === 'gan_patch_size')!;
  const fitting = Array.from({ length: max - min + 1 }, (_, i) => min + i).filter((patch) => resolution % reduction(patch) === 0);
  const nearestFit = fitting.reduce((best, patch) => (Math.abs(patch - asked) < Math.abs(best - asked) ? patch : best));
  throw new OptionError(`gan_patch_size: ${asked} does not fit a resolution of ${resolution}`, {
    found: `its layers halve the picture ${Math.log2(reduction(asked))} times, and ${resolution} / ${reduction(asked)} is not whole`,
    next: `the nearest valid value is ${flagOf('gan_patch_size')} ${nearestFit}`,
  });
}

/** Rounds in place what must fit the network, and says what it did. */
function round(values: Record<string, OptionValue>): Rounding[] {
  const rounded: Rounding[] = [];
  const set = (option: OptionName, to: OptionValue, why: string): void => {
    const from = values[option]!;
    if (from !== to) rounded.push({ option, from, to, why });
    values[option] = to;
  };
  const archi = parseArchi(String(values.archi));
  const step = archi.d || archi.t ? 32 : 16;
  const letters = [archi.d ? 'd' : '', archi.t ? 't' : ''].filter((letter) => letter !== '').join(' and ');
  set(
    'resolution',
    Math.floor(Number(values.resolution) / step) * step,
    `a multiple of ${step}${letters === '' ? '' : ` with the letter ${letters}`}`,
  );
  for (const option of ['e_dims', 'd_dims', 'd_mask_dims'] as const) {
    const width = Number(values[option]);
    set(option, width + (width % 2), 'an even width');
  }
  if (archi.type === 'liae') set('true_face_power', 0, 'true face exists for df only');
  return rounded;
}
