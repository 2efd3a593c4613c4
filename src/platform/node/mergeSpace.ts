/** Room on the disk that a film is made on: whether it looks enough beforehand, and what is said when it was not. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ResourceError } from '../../base/index.ts';
import type { MergeOutput } from './mergeOutput.ts';
import type { MergeJob } from './mergePlan.ts';

/** Space that must stay free on the disk. */
export const LEAST_FREE = 64 * 2 ** 20;

export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Bytes that may be written to the disk of a folder; undefined where it does not say. */
export async function freeSpace(folder: string): Promise<number | undefined> {
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? undefined : found.bavail * found.bsize;
}

/** Says beforehand if the disk looks too small. What frames will take is not known yet: losslessly kept ones half of their pixels, others a twentieth. */
export async function tellSpace(
  { source, deep, parts, output, mask }: MergeJob,
  frames: number,
  report: (event: { readonly event: 'trouble'; readonly message: string }) => void,
): Promise<void> {
  const free = await freeSpace(dirname(parts));
  if (free === undefined) return;
  const pixels = source.info.width * source.info.height * 3 * (deep ? 2 : 1);
  const share = (one: MergeOutput): number => (one.lossless ? 0.5 : 0.05) * (one.joins ? 2 : 1);
  const needed = frames * pixels * (share(output) + (mask === undefined ? 0 : share(mask) / 10));
  if (free > needed) return;
  const message = `the disk may be too small: ${mebibytes(free)} free, perhaps ${mebibytes(needed)} needed; if it fills up, what is done stays`;
  report({ event: 'trouble', message });
}

/** A full disk told with the frame at which it was found, and that nothing is lost. */
export function diskFull(error: unknown, frame: number | undefined, parts: string): unknown {
  const isFull = error instanceof ResourceError && /no space left|disk is full/i.test(`${error.message} ${error.details.found ?? ''}`);
  if (!isFull) return error;
  return new ResourceError(`the disk is full${frame === undefined ? '' : ` at frame ${frame}`}`, {
    found: `what is done stays in ${parts}`,
    next: 'free some space; the same command goes on from there',
    cause: error,
  });
}
