/** Weights under a path, for a new model to start from: those of a saved model, or of a safetensors file, plain or gzipped. */
import { readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { FormatError, floatsOf, OptionError, readSafetensors, type Tensor } from '../../base/index.ts';
import { Checkpoints } from '../../train/index.ts';
import { NodeFileStore, nodeSha256 } from './modelStore.ts';

const MAX_BYTES = 2 ** 32;

/** @throws OptionError if there is nothing under the path, FormatError if what is there is no model and no safetensors file. */
export async function readWeights(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new OptionError(`--from ${path}: not there`, { expected: "a model's folder or a safetensors file", cause });
  });
  if (found.isDirectory()) return (await savedState(path)).tensors;
  if (found.size > MAX_BYTES) throw new FormatError(`${path}: too large for weights`, { found: `${found.size} bytes` });
  const { tensors } = readSafetensors(unpacked(await readFile(path), path), path);
  return new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: floatsOf(tensor, `${path}: ${name}`) }]));
}

async function savedState(folder: string): Promise<{ readonly tensors: ReadonlyMap<string, Tensor> }> {
  const saves = new Checkpoints(new NodeFileStore(folder), { sha256: nodeSha256, time: () => '', tool: '' }); // it only reads
  if (!(await saves.exists())) throw new OptionError(`--from ${folder}: no saved model here`, { next: 'check the folder' });
  return (await saves.load()).state;
}

function unpacked(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new FormatError(`${path}: damaged gzip file`, { found: cause instanceof Error ? cause.message : String(cause), cause });
  }
}
