/**
 * Options as DeepFaceLab stores them: a dict of Python values, where an int, a float and a NumPy scalar are different things. Values
 * that do not change keep the type that they had.
 */
import { isDict, numberOf, type PyDict, PyScalar, type PyValue } from '../faceset/index.ts';

export type DflOption = boolean | number | string | null;
export type DflOptions = Readonly<Record<string, DflOption>>;

/** Options that are floats also where their value is whole. */
const floats: ReadonlySet<string> = new Set(['random_hsv_power', 'true_face_power', 'face_style_power', 'bg_style_power', 'gan_power']);

/** Left over from older versions, and without effect. */
const dropped: ReadonlySet<string> = new Set(['eyes_prio', 'random_flip']);

/**
 * Options under DeepFaceLab's names. Numbers lose their Python type; lr_dropout is a letter also where an old file has a bool; entries
 * that are no plain value are left out.
 */
export function optionsOf(dict: PyDict): DflOptions {
  const options: [string, DflOption][] = [];
  for (const [key, value] of dict) {
    if (typeof key !== 'string' || dropped.has(key)) continue;
    const plain = plainOf(value);
    if (plain === undefined) continue;
    options.push([key, key === 'lr_dropout' && typeof plain === 'boolean' ? (plain ? 'y' : 'n') : plain]);
  }
  return Object.fromEntries(options);
}

/** The dict for options, in their order after those of `original`; of `original`, what has another value or is gone is replaced. */
export function optionsDict(options: DflOptions, original: PyDict = new Map()): PyDict {
  const before = optionsOf(original);
  const dict = new Map<string, PyValue>();
  for (const [key, value] of original) {
    if (typeof key !== 'string') continue;
    if (!Object.hasOwn(before, key)) dict.set(key, value);
    else if (Object.hasOwn(options, key)) dict.set(key, options[key] === before[key] ? value : pythonOf(key, options[key]!));
  }
  for (const [key, value] of Object.entries(options)) if (!dict.has(key)) dict.set(key, pythonOf(key, value));
  return dict;
}

function pythonOf(key: string, value: DflOption): PyValue {
  if (typeof value !== 'number') return value;
  return floats.has(key) || !Number.isInteger(value) ? value : BigInt(value);
}

function plainOf(value: PyValue): DflOption | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  return value instanceof PyScalar && typeof value.value === 'boolean' ? value.value : isDict(value) ? undefined : numberOf(value);
}

/** A value as Python prints it. */
export function pythonText(value: PyValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof PyScalar) return pythonText(value.value);
  return typeof value === 'number' ? floatText(value) : String(value);
}

/** repr() of a float: always with a point or an exponent, the exponent from 1e16 and below 1e-4, with two digits. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}
