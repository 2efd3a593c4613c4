/**
 * The two files that extraction keeps of a clip beside its faces: the alignments, and a journal of the faces that were written. Both only grow,
 * line by line; what a crash cut off is dropped when they are opened again.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError } from '../../base/index.ts';
import { type AlignmentsHeader, type FrameRecord, readAlignments, wholeLines } from '../../extract/index.ts';
import { explained } from './files.ts';

/** A text file that grows. */
export class GrowingFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @param length  bytes that stay; what follows them is cut off. */
  static async open(path: string, length: number): Promise<GrowingFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, 'a');
      if ((await file.stat()).size > length) await file.truncate(length);
      return new GrowingFile(path, file);
    } catch (error) {
      throw explained(error, path, 'file');
    }
  }

  /** @param flushed  waits until the disk has it. */
  async append(text: string, flushed: boolean): Promise<void> {
    try {
      await this.#file.appendFile(text);
      if (flushed) await this.#file.datasync();
    } catch (error) {
      throw explained(error, this.#path, 'file');
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}

/** What an alignments file holds that counts. */
export interface StoredAlignments {
  readonly header: AlignmentsHeader;
  /** Without meshes. */
  readonly frames: readonly FrameRecord[];
  readonly chunks: number;
  /** Bytes up to where it is whole. */
  readonly end: number;
  readonly complete: boolean;
  readonly trouble: readonly string[];
}

/** @returns undefined if there is no file, or none with a whole header. */
export async function storedAlignments(path: string): Promise<StoredAlignments | undefined> {
  if (!(await exists(path))) return undefined;
  let header: AlignmentsHeader | undefined;
  const frames: FrameRecord[] = [];
  let [chunks, end, complete, trouble]: [number, number, boolean, readonly string[]] = [0, 0, false, []];
  for await (const entry of readAlignments(createReadStream(path), path, false)) {
    end = entry.end;
    if (entry.kind === 'header') header = entry.header;
    else if (entry.kind === 'complete') [complete, trouble] = [true, entry.trouble];
    else {
      chunks++;
      frames.push(...entry.frames);
    }
  }
  return header === undefined ? undefined : { header, frames, chunks, end, complete, trouble };
}

/** Records with their meshes, chunk by chunk, as the file has them. */
export async function* alignmentChunks(path: string): AsyncGenerator<readonly FrameRecord[], void, undefined> {
  for await (const entry of readAlignments(createReadStream(path), path)) if (entry.kind === 'chunk') yield entry.frames;
}

/** What was written of a clip: how, and the files of each frame with their marks. */
export interface Journal {
  /** Options that decide the faces, as one text. */
  readonly options: string;
  readonly frames: ReadonlyMap<number, readonly (readonly [file: string, mark: string])[]>;
  readonly end: number;
}

export const journalHeader = (options: string): string => `${JSON.stringify({ liae: 'faces', version: 1, options })}\n`;

export const journalLine = (frame: number, files: readonly (readonly [string, string])[]): string =>
  `${JSON.stringify({ frame, files })}\n`;

/** @returns undefined if there is no file, or none with a whole header.  @throws FormatError for a line that is none of a journal. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  if (!(await exists(path))) return undefined;
  let options: string | undefined;
  const frames = new Map<number, readonly (readonly [string, string])[]>();
  let end = 0;
  for await (const line of wholeLines(createReadStream(path), path)) {
    const bad = (): FormatError =>
      new FormatError(`${path}: not a journal of written faces`, {
        found: line.text.slice(0, 80),
        next: 'remove the file; faces are then compared anew',
      });
    let entry: unknown;
    try {
      entry = JSON.parse(line.text);
    } catch {
      throw bad();
    }
    if (typeof entry !== 'object' || entry === null) throw bad();
    const fields = entry as Record<string, unknown>;
    if (options === undefined) {
      if (fields.liae !== 'faces' || fields.version !== 1 || typeof fields.options !== 'string' || !isJson(fields.options)) throw bad();
      options = fields.options;
    } else {
      const { frame, files } = fields;
      const isPair = (v: unknown): v is [string, string] =>
        Array.isArray(v) && v.length === 2 && v.every((t) => typeof t === 'string') && isPlainName(v[0]);
      if (typeof frame !== 'number' || !Array.isArray(files) || !files.every(isPair)) throw bad();
      frames.set(frame, files);
    }
    end = line.end;
  }
  return options === undefined ? undefined : { options, frames, end };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A journal may name files of its own folder only. */
const isPlainName = (name: unknown): boolean =>
  typeof name === 'string' && name !== '' && !/[/\\\0]/.test(name) && name !== '.' && name !== '..';

/** The text of a file; undefined if there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw explained(error, path, 'file');
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw explained(error, path, 'file');
  }
}

export const removeFile = (path: string): Promise<void> => rm(path, { force: true });
