/** Values of the flags of extraction: places in a clip, ranges of degrees, sizes, face types. */
import { OptionError } from '../base/index.ts';
import { type FaceType, faceTypeFromLetter, faceTypes } from '../face/index.ts';
import type { Place } from '../platform/node/extractRun.ts';
import { type Args, optional } from './args.ts';

/** A frame number, or a time: 12.5s, 1:02.5, 0:01:02. */
export function placeOf(args: Args, name: string): Place | undefined {
  const text = optional(args, name);
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return { frame: Number(text) };
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?$/.exec(text);
  if (match === null)
    throw new OptionError(`--${name} ${text}: neither a frame nor a time`, {
      expected: 'a frame number from 0, or a time such as 12.5s or 1:02.5',
    });
  return { seconds: Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3]) };
}

/** Degrees: A:B, or N for −N:N. */
export function degreesOf(args: Args, name: string): readonly [number, number] | undefined {
  const text = optional(args, name);
  if (text === undefined) return undefined;
  const match = /^(?:(-?\d+(?:\.\d+)?):(-?\d+(?:\.\d+)?)|(\d+(?:\.\d+)?))$/.exec(text);
  const range: readonly [number, number] | undefined =
    match === null ? undefined : match[3] === undefined ? [Number(match[1]), Number(match[2])] : [-Number(match[3]), Number(match[3])];
  if (range === undefined || range[0] > range[1])
    throw new OptionError(`--${name} ${text}: no range of degrees`, { expected: 'such as -30:30, or 30 for the same' });
  return range;
}

/** A number within limits; `fallback` if it is not given. */
export function numberIn<T extends number | undefined>(
  args: Args,
  name: string,
  fallback: T,
  [low, high]: readonly [number, number],
  whole = true,
): number | T {
  const text = optional(args, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  throw new OptionError(`--${name} ${text}: out of range`, {
    expected: `${whole ? 'a whole number' : 'a number'}, ${low} to ${high === Number.MAX_SAFE_INTEGER ? 'any' : high}`,
  });
}

export function typeOf(text: string): FaceType {
  const type = faceTypeFromLetter(text) ?? faceTypes.find((name) => name === text);
  if (type !== undefined) return type;
  throw new OptionError(`--face-type ${text}: no such face type`, {
    expected: 'h, mf, f, wf, head, full_face_no_align, head_no_align or mark_only',
  });
}

export const sizeRange = [256, 2048] as const;
export const sizeFor = (type: FaceType): number => (type === 'head' || type === 'head_no_align' ? 768 : 512);
