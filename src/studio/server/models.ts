/** Models of the workspace: their saves, their losses and their previews, all read from their files while a trainer may be writing them. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, LiaeError } from '../../base/index.ts';
import { NodeFileStore, nodeSha256 } from '../../platform/node/modelStore.ts';
import { historyFile, readManifest } from '../../train/index.ts';
import type { ModelInfo, PreviewInfo } from '../protocol.ts';
import type { Places } from './places.ts';

const MAX_MANIFEST = 4 * 1024 * 1024;
const HEADER_BYTES = 16;
const RECORD_BYTES = 8;
/** Iterations in one answer; the page asks on from there. */
const MAX_RECORDS = 1_000_000;

export async function modelAt(places: Places, folder: string): Promise<ModelInfo> {
  const path = places.nameOf(folder);
  const previews = await previewsOf(folder);
  try {
    const current = (await readFile(join(folder, 'current'), 'utf8')).trim();
    if (!/^[\w-]{1,100}$/.test(current)) throw new FormatError('the file current does not name a save', { found: current.slice(0, 80) });
    const file = join(folder, 'saves', current, 'manifest.json');
    if ((await stat(file)).size > MAX_MANIFEST) throw new FormatError('its manifest is too long');
    const { iteration, time, options, files } = readManifest(await readFile(file, 'utf8'), nodeSha256);
    const bytes = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
    return { path, iteration, saved: time, bytes, options, previews, problem: null };
  } catch (error) {
    const why =
      error instanceof LiaeError ? error.brief() : error instanceof Error && 'code' in error ? 'its save cannot be read' : undefined;
    if (why === undefined) throw error;
    return { path, iteration: 0, saved: '', bytes: 0, options: {}, previews, problem: why };
  }
}

/** The first iteration first. */
async function previewsOf(folder: string): Promise<readonly PreviewInfo[]> {
  const names = (await readdir(join(folder, 'previews')).catch(() => [])).filter((name) => /^\d+\.png$/.test(name)).sort();
  const kept = names.slice(-5000);
  return await Promise.all(
    kept.map(async (file) => {
      const { mtimeMs } = await stat(join(folder, 'previews', file));
      return { file, iteration: Number.parseInt(file, 10), stamp: Math.round(mtimeMs).toString(36) };
    }),
  );
}

/** A part of the loss history: iterations and, as two float32 each, the losses of the source and destination side. */
export interface LossPart {
  /** Iteration of the first record of the whole history. */
  readonly first: number;
  /** Records in the whole history. */
  readonly records: number;
  readonly bytes: Uint8Array;
}

/** @param from  number of the first record that is wanted. */
export async function lossesOf(folder: string, from: number): Promise<LossPart> {
  const store = new NodeFileStore(folder);
  const path = await historyFile(store);
  if ((await store.size(path)) === undefined) return { first: 1, records: 0, bytes: new Uint8Array(0) };
  await using file = await open(join(folder, path), 'r');
  const header = Buffer.alloc(HEADER_BYTES);
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
  if (bytesRead < HEADER_BYTES || header.toString('latin1', 0, 8) !== 'LIAELOSS' || header.readUInt32LE(8) !== 1)
    throw new FormatError(`${store.describe(path)}: not a loss history`, { expected: '"LIAELOSS", version 1' });
  const records = Math.floor(((await file.stat()).size - HEADER_BYTES) / RECORD_BYTES);
  const count = Math.max(0, Math.min(records - from, MAX_RECORDS));
  const bytes = new Uint8Array(count * RECORD_BYTES);
  const got = await file.read(bytes, 0, bytes.length, HEADER_BYTES + from * RECORD_BYTES);
  return { first: header.readUInt32LE(12), records, bytes: bytes.subarray(0, got.bytesRead - (got.bytesRead % RECORD_BYTES)) };
}
