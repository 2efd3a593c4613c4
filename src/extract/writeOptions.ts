/** The options that decide which faces are written and how, as a journal keeps them. A journal may come from strangers with the faces. */
import { FormatError } from '../base/index.ts';
import { type FaceType, faceTypes } from '../face/index.ts';
import type { ChooseOptions, Persons } from './choose.ts';
import type { MakeOptions } from './makeFace.ts';

export interface WriteOptions {
  readonly make: MakeOptions;
  readonly choose: Omit<ChooseOptions, 'stills' | 'faceType'>;
  readonly smooth: boolean;
  readonly fill: boolean;
}

/** What decides the faces, as a text that is compared. Identities are kept, so that the same choice can be made without the pictures. */
export const optionsText = ({ make, choose, smooth, fill }: WriteOptions): string =>
  JSON.stringify({ make, choose, smooth, fill }, (_, value: unknown) => (value instanceof Float32Array ? [...value] : value));

/** Sides of faces that any command makes, and more than the largest choice of faces in a frame. */
const [MOST_SIDE, MOST_FACES] = [2048, 1000];

/** @throws FormatError for what no command writes. */
export function readOptions(text: string, file: string): WriteOptions {
  const bad = (found: string): FormatError =>
    new FormatError(`${file}: not a journal of written faces`, { found, next: 'let liae extract make the faces again' });
  const fields = (value: unknown, name: string): Readonly<Record<string, unknown>> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${name} ${JSON.stringify(value)?.slice(0, 40)}`);
    return value as Readonly<Record<string, unknown>>;
  };
  const number = (value: unknown, name: string, low: number, high: number): number => {
    if (typeof value !== 'number' || !(value >= low && value <= high)) throw bad(`${name} ${JSON.stringify(value)?.slice(0, 40)}`);
    return value;
  };
  const whole = (value: unknown, name: string, low: number, high: number): number => {
    if (!Number.isSafeInteger(value)) throw bad(`${name} ${JSON.stringify(value)?.slice(0, 40)}`);
    return number(value, name, low, high);
  };
  const range = (value: unknown, name: string): readonly [number, number] | undefined => {
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length !== 2) throw bad(name);
    return [number(value[0], name, -360, 360), number(value[1], name, -360, 360)];
  };
  const identities = (value: unknown): Float32Array[] => {
    const isVector = (v: unknown): v is number[] => Array.isArray(v) && v.length === 128 && v.every((n) => Number.isFinite(n));
    if (!Array.isArray(value) || !value.every(isVector)) throw bad('persons that are no identities');
    return value.map((vector) => Float32Array.from(vector));
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw bad(cause instanceof Error ? cause.message : String(cause));
  }
  const options = fields(parsed, 'options');
  const [make, choose] = [fields(options.make, 'make'), fields(options.choose, 'choose')];
  const faceType = faceTypes.find((type: FaceType) => type === make.faceType);
  if (faceType === undefined) throw bad(`face type ${JSON.stringify(make.faceType)?.slice(0, 40)}`);
  const persons = choose.persons === undefined ? undefined : fields(choose.persons, 'persons');
  const chosen: Persons | undefined = persons && {
    keep: identities(persons.keep),
    drop: identities(persons.drop),
    distance: number(persons.distance, 'distance', 0, 10),
  };
  const [yaw, pitch] = [range(choose.yaw, 'yaw'), range(choose.pitch, 'pitch')];
  // In the order in which they were written, as they are compared as text.
  return {
    make: { faceType, size: whole(make.size, 'size', 1, MOST_SIDE), quality: whole(make.quality, 'quality', 1, 100) },
    choose: {
      maxFaces: whole(choose.maxFaces, 'maxFaces', 0, MOST_FACES),
      minSize: number(choose.minSize, 'minSize', 0, 16384),
      minScore: number(choose.minScore, 'minScore', 0, 1),
      ...(yaw === undefined ? {} : { yaw }),
      ...(pitch === undefined ? {} : { pitch }),
      ...(chosen === undefined ? {} : { persons: chosen }),
    },
    smooth: options.smooth === true,
    fill: options.fill === true,
  };
}
