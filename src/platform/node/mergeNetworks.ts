/** ONNX files that users bring for merging: read with a bound, run by ONNX Runtime, checked before a frame is made. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormatError, OptionError } from '../../base/index.ts';
import { enhancerNetwork, type FaceNetwork, type MergeSettings, maskNetwork, mergeDefaults, type PixelForm } from '../../merge/index.ts';
import type { Program } from '../../runtime/index.ts';
import { ortBackend } from './ortBackend.ts';

/** Plain data: it travels to a thread. */
export interface NetworkFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly pixels: PixelForm;
  /** SHA-256, hexadecimal. */
  readonly hash: string;
}

const MOST_BYTES = 2 ** 31;

/** @throws OptionError if settings ask for a network that is not given. */
export function checkNetworks(settings: MergeSettings, given: { readonly masker: boolean; readonly enhancer: boolean }): void {
  if (settings.mask_mode.includes('xseg-prd') && !given.masker) {
    throw new OptionError(`mask_mode: ${settings.mask_mode} needs a network that masks the predicted face`, {
      next: `give one with --xseg-model FILE.onnx, or use xseg-dst with masks that are stored in the faces, or ${mergeDefaults.mask_mode}`,
    });
  }
  if (settings.super_resolution_power !== 0 && !given.enhancer) {
    throw new OptionError('super_resolution_power: needs a network that makes faces finer, and none comes with liae', {
      next: 'give one with --enhancer FILE.onnx, or --super-resolution-power 0',
    });
  }
}

/** @param flag  that named it.  @throws OptionError if there is no such file. */
export async function readNetwork(path: string, pixels: PixelForm, flag: string): Promise<NetworkFile> {
  const failed = (found: string, cause?: unknown): OptionError =>
    new OptionError(`${flag} ${path}: cannot be read`, { found, expected: 'an ONNX file', cause });
  const found = await stat(path).catch((cause: unknown) => {
    throw failed(cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (!found.isFile()) throw failed('no file');
  if (found.size > MOST_BYTES) throw failed(`${found.size} bytes; at most ${MOST_BYTES} are read`);
  const bytes = new Uint8Array(await readFile(path));
  return { name: basename(path), bytes, pixels, hash: createHash('sha256').update(bytes).digest('hex') };
}

export const openMasker = async (file: NetworkFile): Promise<FaceNetwork> => maskNetwork(await compiled(file), file);

/** @param side  of the model that predicts faces. */
export const openEnhancer = async (file: NetworkFile, side: number): Promise<FaceNetwork> =>
  enhancerNetwork(await compiled(file), { ...file, side });

async function compiled({ name, bytes }: NetworkFile): Promise<Program> {
  try {
    return await ortBackend().compile(bytes);
  } catch (cause) {
    throw new FormatError(`${name}: ONNX Runtime does not take it`, {
      found: cause instanceof Error ? cause.message.slice(0, 300) : String(cause),
      expected: 'an ONNX network in one file, without weights beside it',
      cause,
    });
  }
}
