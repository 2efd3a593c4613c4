/**
 * manifest.json of a save: what it holds, from which options, and the SHA-256 of every file beside it. The manifest carries a
 * checksum of itself too, over its compact JSON without that field, so a single wrong bit anywhere in a save is found.
 */
import { FormatError } from '../base/index.ts';
import type { Sha256 } from './fileStore.ts';
import type { HistoryMark } from './lossHistory.ts';
import type { OptionValue } from './optionTable.ts';

export const MANIFEST_FILE = 'manifest.json';
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const FORMAT = 'liae-model';
const VERSION = 1;

export interface SavedFile {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  /** The version of liae that saved, for people. */
  readonly tool: string;
  /** When, ISO 8601, for people. */
  readonly time: string;
  readonly iteration: number;
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Steps taken by each optimizer. */
  readonly counters: Readonly<Record<string, number>>;
  /** All random streams follow from the seed, the iteration and the number of restores after a non-finite loss. */
  readonly random: { readonly seed: number; readonly restores: number };
  readonly history: HistoryMark;
  readonly files: Readonly<Record<string, SavedFile>>;
}

/** The file's text. */
export function writeManifest(manifest: Manifest, sha256: () => Sha256): string {
  const body = { format: FORMAT, version: VERSION, ...manifest };
  return `${JSON.stringify({ ...body, checksum: checksum(body, sha256) }, null, 2)}\n`;
}

/** @throws FormatError that says what is wrong with the text. */
export function readManifest(text: string, sha256: () => Sha256): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FormatError('its manifest is not JSON', { cause });
  }
  const bad = (what: string): never => {
    throw new FormatError(`its manifest has no valid ${what}`);
  };
  if (!isTable(parsed)) return bad('content');
  const { checksum: noted, ...body } = parsed;
  if (body.format !== FORMAT) bad('format');
  if (body.version !== VERSION)
    throw new FormatError(`its manifest is of version ${String(body.version)}; this program reads version ${VERSION}`);
  if (checksum(body, sha256) !== noted) throw new FormatError('its manifest does not match its checksum');
  const { tool, time, iteration, options, counters, random, history, files } = body;
  if (typeof tool !== 'string' || typeof time !== 'string') return bad('tool and time');
  if (!isCount(iteration)) return bad('iteration');
  if (!isTable(options) || !Object.values(options).every((value) => ['number', 'boolean', 'string'].includes(typeof value)))
    return bad('options');
  if (!isTable(counters) || !Object.values(counters).every(isCount)) return bad('counters');
  if (!isTable(random) || !isCount(random.seed) || !isCount(random.restores)) return bad('random state');
  if (!isTable(history) || !isCount(history.first) || !isCount(history.records)) return bad('history');
  if (!isTable(files) || !Object.entries(files).every(([name, file]) => /^[a-z0-9][a-z0-9.-]{0,99}$/.test(name) && isSavedFile(file)))
    return bad('files');
  return body as unknown as Manifest; // every field was checked above
}

function checksum(body: object, sha256: () => Sha256): string {
  const hash = sha256();
  hash.update(new TextEncoder().encode(JSON.stringify(body)));
  return hash.hex();
}

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isSavedFile = (value: unknown): boolean =>
  isTable(value) && isCount(value.bytes) && typeof value.sha256 === 'string' && /^[0-9a-f]{64}$/.test(value.sha256);
