/**
 * What is kept beside a film, or in a folder of frames, once it is whole: what it was made of and how its files look. The same merge asked for again
 * then has nothing to do; a film that was changed, moved or cut since is made anew.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile } from './files.ts';
import type { MergeOutput } from './mergeOutput.ts';

export interface DoneRecord {
  /** SHA-256 of all that the film depends on: clip, faces, model, settings, encoder; hexadecimal. */
  readonly settings: string;
  /** Numbers of its parts. */
  readonly parts: readonly number[];
  /** Names of its frames, where they are files. */
  readonly names: readonly string[];
  /** How the files of each output look. */
  readonly marks: readonly string[];
  readonly frames: number;
  readonly withFace: number;
  readonly dropped: number;
}

const MAX_BYTES = 2 ** 26;

/** @param keys  of the parts in order.  @param finishing  what is done to the whole, such as signing. */
export const settingsHash = (keys: readonly string[], finishing: string): string =>
  createHash('sha256')
    .update(JSON.stringify([keys, finishing]))
    .digest('hex');

/** How all outputs look; undefined if something is not there. */
export async function marksOf(outputs: readonly MergeOutput[], names: readonly string[]): Promise<readonly string[] | undefined> {
  const marks = await Promise.all(outputs.map((output) => output.mark(names)));
  return marks.every((mark) => mark !== undefined) ? marks : undefined;
}

/**
 * The record of a film that is there as it was left, made of these very parts; else undefined.
 *
 * @param hashOf  the settings' hash of parts as they would be made now.
 */
export async function doneRecord(
  path: string,
  outputs: readonly MergeOutput[],
  hashOf: (parts: readonly number[]) => string,
): Promise<DoneRecord | undefined> {
  const record = await readRecord(path);
  if (record === undefined || hashOf(record.parts) !== record.settings) return undefined;
  const marks = await marksOf(outputs, record.names);
  return marks !== undefined && JSON.stringify(marks) === JSON.stringify(record.marks) ? record : undefined;
}

export const keepRecord = (path: string, record: DoneRecord): Promise<void> =>
  replaceFile(path, [new TextEncoder().encode(`${JSON.stringify(record)}\n`)]);

async function readRecord(path: string): Promise<DoneRecord | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > MAX_BYTES) return undefined;
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { settings, parts, names, marks, frames, withFace, dropped } = value as Record<string, unknown>;
    const valid =
      typeof settings === 'string' &&
      [frames, withFace, dropped].every((n) => Number.isSafeInteger(n)) &&
      [names, marks].every((list) => Array.isArray(list) && list.every((one) => typeof one === 'string')) &&
      Array.isArray(parts) &&
      parts.every((n) => Number.isSafeInteger(n) && n >= 0);
    return valid ? (value as DoneRecord) : undefined;
  } catch {
    return undefined; // none, or cut off: the film is made again
  }
}
