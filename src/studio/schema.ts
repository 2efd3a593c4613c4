/**
 * Shapes of data that cross the border between page and server: one value gives the TypeScript type, the JSON Schema of the manual and the reader
 * that lets nothing else in. Lengths and ranges are part of a shape, so that whatever was read is bounded.
 */
import { OptionError } from '../base/index.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonSchema = { readonly [key: string]: Json };

export interface Schema<T> {
  readonly json: JsonSchema;
  /** @param at  what errors call the value. @throws OptionError if it has another shape. */
  readonly read: (value: unknown, at: string) => T;
}

/** A key of an object that may be left out. */
export interface Optional<T> extends Schema<T | undefined> {
  readonly optional: true;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

const refuse = (at: string, value: unknown, expected: string): never => {
  throw new OptionError(`${at}: not what is expected here`, { found: shortText(value), expected });
};

function shortText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function text({ max = 1000, min = 0, pattern }: { max?: number; min?: number; pattern?: RegExp } = {}): Schema<string> {
  return {
    json: { type: 'string', minLength: min, maxLength: max, ...(pattern === undefined ? {} : { pattern: pattern.source }) },
    read: (value, at) =>
      typeof value === 'string' && value.length >= min && value.length <= max && (pattern?.test(value) ?? true)
        ? value
        : refuse(at, value, pattern === undefined ? `text of ${min} to ${max} characters` : `text like ${pattern.source}`),
  };
}

export function number({ min, max }: { min?: number; max?: number } = {}): Schema<number> {
  return {
    json: { type: 'number', ...(min === undefined ? {} : { minimum: min }), ...(max === undefined ? {} : { maximum: max }) },
    read: (value, at) =>
      typeof value === 'number' && Number.isFinite(value) && value >= (min ?? -Infinity) && value <= (max ?? Infinity)
        ? value
        : refuse(at, value, `a number${min === undefined ? '' : ` from ${min}`}${max === undefined ? '' : ` to ${max}`}`),
  };
}

export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}): Schema<number> {
  return {
    json: { type: 'integer', minimum: min, maximum: max },
    read: (value, at) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
        ? value
        : refuse(at, value, `a whole number from ${min} to ${max}`),
  };
}

/** A whole number in a query, which is text. */
export function integerText(range: { min?: number; max?: number } = {}): Schema<number> {
  const inner = integer(range);
  return {
    json: inner.json,
    read: (value, at) => inner.read(typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value, at),
  };
}

export const flag = (): Schema<boolean> => ({
  json: { type: 'boolean' },
  read: (value, at) => (typeof value === 'boolean' ? value : refuse(at, value, 'true or false')),
});

export const word = <const W extends readonly string[]>(...words: W): Schema<W[number]> => ({
  json: { type: 'string', enum: words },
  read: (value, at) => words.find((known) => known === value) ?? refuse(at, value, words.join(', ')),
});

export const nullable = <T>(inner: Schema<T>): Schema<T | null> => ({
  json: { anyOf: [inner.json, { type: 'null' }] },
  read: (value, at) => (value === null ? null : inner.read(value, at)),
});

export const optional = <T>(inner: Schema<T>): Optional<T> => ({
  json: inner.json,
  optional: true,
  read: (value, at) => (value === undefined ? undefined : inner.read(value, at)),
});

/** The first of some shapes that fits. */
export const either = <const S extends readonly Schema<unknown>[]>(...shapes: S): Schema<Infer<S[number]>> => ({
  json: { anyOf: shapes.map(({ json }) => json) },
  read(value, at) {
    for (const [i, shape] of shapes.entries()) {
      try {
        return shape.read(value, at) as Infer<S[number]>;
      } catch (error) {
        if (!(error instanceof OptionError) || i === shapes.length - 1) throw error;
      }
    }
    return refuse(at, value, 'one of several shapes');
  },
});

export const list = <T>(item: Schema<T>, { max = 10_000, min = 0 } = {}): Schema<readonly T[]> => ({
  json: { type: 'array', items: item.json, minItems: min, maxItems: max },
  read: (value, at) =>
    Array.isArray(value) && value.length >= min && value.length <= max
      ? value.map((entry: unknown, i) => item.read(entry, `${at}[${i}]`))
      : refuse(at, value, `a list of ${min} to ${max}`),
});

/** Values under names that are not known in advance. */
export const table = <T>(item: Schema<T>, { max = 200 } = {}): Schema<Readonly<Record<string, T>>> => ({
  json: { type: 'object', additionalProperties: item.json, maxProperties: max },
  read(value, at) {
    if (!isTable(value) || Object.keys(value).length > max) return refuse(at, value, `an object of at most ${max} keys`);
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, item.read(entry, `${at}.${key}`)]));
  },
});

type Shape = Readonly<Record<string, Schema<unknown>>>;
type OptionalKeys<S> = { [K in keyof S]: S[K] extends Optional<unknown> ? K : never }[keyof S];
type ObjectOf<S extends Shape> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: Infer<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: Infer<S[K]>;
};

/** An object of these keys and no others. */
export function object<const S extends Shape>(shape: S): Schema<ObjectOf<S>> {
  const keys = Object.keys(shape);
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(shape).map(([key, { json }]) => [key, json])),
      required: Object.entries(shape).flatMap(([key, schema]) => ('optional' in schema ? [] : [key])),
      additionalProperties: false,
    },
    read(value, at) {
      if (!isTable(value)) return refuse(at, value, 'an object');
      const unknown = Object.keys(value).find((key) => !keys.includes(key));
      if (unknown !== undefined) throw new OptionError(`${at}: unknown key ${unknown.slice(0, 80)}`, { expected: keys.join(', ') });
      const read = keys.map((key) => [key, shape[key]!.read(Object.hasOwn(value, key) ? value[key] : undefined, `${at}.${key}`)] as const);
      return Object.fromEntries(read.filter(([, entry]) => entry !== undefined)) as ObjectOf<S>;
    },
  };
}

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
