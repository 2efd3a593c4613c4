/** Where merged frames go, part by part: a film, or a folder of PNGs. A part that is whole stays, whatever happens to the run. */
import { createHash } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../../base/index.ts';
import type { SinkPicture } from '../../video/index.ts';
import { explained, replaceFile } from './files.ts';
import { pngBytes } from './pngFile.ts';

export interface OutputFrame {
  /** Seconds. */
  readonly time: number;
  /** For a picture of its own, without ending. */
  readonly name: string;
  readonly image: SinkPicture;
}

export interface OutputPart extends AsyncDisposable {
  write(frame: OutputFrame): Promise<void>;
  /** @returns the bytes of the part. */
  finish(): Promise<number>;
}

export interface MergeOutput {
  readonly path: string;
  /** Whether the whole is made of the parts in the end, and takes their space once more. */
  readonly joins: boolean;
  /** Whether frames are kept bit by bit, or nearly so, which takes much space. */
  readonly lossless: boolean;
  begin(part: string): Promise<OutputPart>;
  /** Whether what a part has made is still there. */
  holds(part: string, names: readonly string[]): Promise<boolean>;
  /** How its files look now, to tell later whether they are as they were: for frames of these names. Undefined if one is not there. */
  mark(names: readonly string[]): Promise<string | undefined>;
  /** Makes the whole of its parts. @returns what could not be carried over, a sentence each. */
  finish(parts: readonly string[]): Promise<readonly string[]>;
}

/** PNGs that are compressed at the same time. */
const TOGETHER = 4;

/** @param seal  what is done to each file's bytes before it is written. */
export async function folderOutput(
  folder: string,
  seal: (png: Uint8Array, name: string) => Uint8Array = (png) => png,
): Promise<MergeOutput> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw explained(error, folder, 'folder');
  }
  const fileOf = (name: string): string => {
    if (/[\\/]|^\./.test(name)) throw new OptionError(`${name}: not a name for a picture`);
    return join(folder, `${name}.png`);
  };
  return {
    path: folder,
    joins: false,
    lossless: true,
    async begin() {
      let bytes = 0;
      const pending = new Set<Promise<void>>();
      let failure: { readonly error: unknown } | undefined;
      return {
        async write({ name, image }) {
          const path = fileOf(name);
          const work = (async () => {
            const png = seal(await pngBytes(image), `${name}.png`);
            bytes += png.length;
            await replaceFile(path, [png]);
          })().catch((error: unknown) => {
            failure ??= { error };
          });
          pending.add(work);
          void work.then(() => pending.delete(work));
          if (pending.size >= TOGETHER) await Promise.race(pending);
          if (failure !== undefined) throw failure.error;
        },
        async finish() {
          await Promise.all(pending);
          if (failure !== undefined) throw failure.error;
          return bytes;
        },
        async [Symbol.asyncDispose]() {
          await Promise.all(pending);
        },
      };
    },
    async holds(_part, names) {
      const found = await Promise.all(names.map(async (name) => (await stat(fileOf(name)).catch(() => undefined)) !== undefined));
      return found.every((there) => there);
    },
    async mark(names) {
      const hash = createHash('sha256');
      for (const name of names) {
        const found = await stat(fileOf(name)).catch(() => undefined);
        if (found === undefined) return undefined;
        hash.update(`${name} ${found.size} ${found.mtimeMs}\n`);
      }
      return hash.digest('hex');
    },
    finish: async () => [],
  };
}

/** Takes the folder of the parts away. */
export const forgetParts = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
