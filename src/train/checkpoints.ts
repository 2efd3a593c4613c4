/**
 * Saves of a model. One save is one folder, `saves/<iteration>-<number>/`: manifest.json and state.safetensors (more files of the kind
 * beyond 2 GiB). The order of steps makes it safe to die at any of them:
 *   write all into a temporary folder, flushing each file → read it back and compare → rename the folder → flush →
 *   point the file `current` at it by a rename → flush → remove what is older than the save before.
 * So `current` always names a save that was whole when it was named, and the one before it is still there.
 */
import {
  FormatError,
  LiaeError,
  ResourceError,
  readSafetensors,
  type StoredTensor,
  sizeOf,
  type Tensor,
  writeSafetensors,
} from '../base/index.ts';
import type { EngineState } from './engine.ts';
import { type FileStore, readWhole, type Sha256 } from './fileStore.ts';
import type { HistoryMark } from './lossHistory.ts';
import { MANIFEST_FILE, MAX_MANIFEST_BYTES, type Manifest, readManifest, type SavedFile, writeManifest } from './manifest.ts';
import type { TrainOptions } from './optionTable.ts';
import { CURRENT_FILE, namedSave, SAVE_NAME, SAVES_FOLDER } from './presentSave.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** Kept below the largest array that engines allocate without trouble. */
const SHARD_BYTES = 2 * 1024 ** 3;
/** Left free beside a save, for history, previews and the disk's own needs. */
const SPARE_BYTES = 16 * 1024 * 1024;

export interface SaveRequest {
  readonly iteration: number;
  readonly options: TrainOptions;
  readonly state: EngineState;
  /** Times that training went back to a save after a non-finite loss. */
  readonly restores: number;
  readonly history: HistoryMark;
}

export interface LoadedSave {
  readonly name: string;
  readonly manifest: Manifest;
  readonly state: EngineState;
  /** Saves that should have been used instead, and why they were not. */
  readonly rejected: readonly { readonly name: string; readonly why: string }[];
}

export interface CheckpointPorts {
  readonly sha256: () => Sha256;
  /** Now, ISO 8601. */
  readonly time: () => string;
  /** The version of this program. */
  readonly tool: string;
  readonly shardBytes?: number;
}

export class Checkpoints {
  readonly #files: FileStore;
  readonly #ports: CheckpointPorts;
  /** The last save that was read or written whole. */
  #proven: string | undefined;

  constructor(files: FileStore, ports: CheckpointPorts) {
    this.#files = files;
    this.#ports = ports;
  }

  /** The name of the last save that was read or written whole. */
  get proven(): string | undefined {
    return this.#proven;
  }

  /** Whether there is anything that load() could read. */
  async exists(): Promise<boolean> {
    return (await this.#names()).length > 0;
  }

  /** Removes what an interrupted run left behind. For the one process that holds the model. */
  async tidy(): Promise<void> {
    for (const name of await this.#files.list(SAVES_FOLDER)) {
      if (name.startsWith('.')) await this.#files.remove(`${SAVES_FOLDER}/${name}`);
    }
    await this.#files.remove(`${CURRENT_FILE}.tmp`);
  }

  /**
   * Writes a save and makes it the current one. Arrays are streamed: no second copy of the state is made.
   *
   * @throws ResourceError if the disk is full, FormatError if what was written does not read back. The saves before are untouched.
   */
  async save(request: SaveRequest): Promise<{ readonly name: string; readonly bytes: number }> {
    const files = this.#files;
    const shards = shardsOf(request.state.tensors, this.#ports.shardBytes ?? SHARD_BYTES);
    const bytes = shards.reduce((sum, shard) => sum + shard.reduce((part, [, { data }]) => part + data.byteLength, 0), 0);
    await this.#needSpace(bytes);
    const number = 1 + Math.max(0, ...(await this.#names()).map(numberOf));
    const name = `${String(request.iteration).padStart(7, '0')}-${number}`;
    const draft = `${SAVES_FOLDER}/.new-${number}`;
    try {
      await files.remove(draft);
      await files.makeFolder(draft);
      const written: Record<string, SavedFile> = {};
      for (const [i, shard] of shards.entries()) {
        const file = i === 0 ? 'state.safetensors' : `state-${i + 1}.safetensors`;
        written[file] = await this.#write(`${draft}/${file}`, writeSafetensors(shard));
      }
      const text = writeManifest(this.#manifest(request, written), this.#ports.sha256);
      await files.write(`${draft}/${MANIFEST_FILE}`, [new TextEncoder().encode(text)]);
      await files.sync(draft);
      await this.#prove(draft);
      await files.rename(draft, `${SAVES_FOLDER}/${name}`);
      await files.sync(SAVES_FOLDER);
      await this.#point(name);
    } catch (error) {
      await files.remove(draft).catch(() => undefined); // the first error tells more; tidy() removes it later
      throw error;
    }
    await this.#retire(new Set([name, this.#proven ?? name]));
    this.#proven = name;
    return { name, bytes };
  }

  /**
   * The current save, or the newest whole one before it.
   *
   * @throws FormatError if there is no save, or none is whole.
   */
  async load(): Promise<LoadedSave> {
    const rejected: { name: string; why: string }[] = [];
    for (const name of await this.#candidates()) {
      try {
        const manifest = await this.#manifestOf(`${SAVES_FOLDER}/${name}`);
        const state = await this.#read(`${SAVES_FOLDER}/${name}`, manifest);
        this.#proven = name;
        return { name, manifest, state, rejected };
      } catch (error) {
        if (!(error instanceof LiaeError)) throw error;
        rejected.push({ name, why: error.message });
      }
    }
    const where = this.#files.describe('');
    if (rejected.length === 0)
      throw new FormatError(`${where}: no saved model here`, { next: 'liae train --model … --src … --dst … starts one' });
    throw new FormatError(`${where}: no save of this model is whole`, {
      found: rejected.map(({ name, why }) => `${name}: ${why}`).join('\n'),
      next: 'a folder under backups/ is a complete model: copy it to a new place and train that',
    });
  }

  /**
   * The current save and what it holds, without its weights; undefined if there is none, or `current` names none.
   *
   * @throws FormatError if its manifest is damaged.
   */
  async current(): Promise<{ readonly name: string; readonly manifest: Manifest } | undefined> {
    const [name] = await this.#candidates();
    return name === undefined ? undefined : { name, manifest: await this.#manifestOf(`${SAVES_FOLDER}/${name}`) };
  }

  /**
   * Takes a whole save of another store of the same disk as the current one: its files are linked, then proven. The saves before stay.
   *
   * @param folder  of that save, in this store.
   * @param beside  a file that comes with it, written into its folder.
   * @throws FormatError if it is not whole; then nothing has changed.
   */
  async adopt(
    folder: string,
    {
      beside,
      beforePointing,
    }: { readonly beside: readonly [name: string, bytes: Uint8Array]; readonly beforePointing: () => Promise<void> },
  ): Promise<string> {
    const files = this.#files;
    const { iteration, files: written } = await this.#manifestOf(folder);
    const number = 1 + Math.max(0, ...(await this.#names()).map(numberOf));
    const name = `${String(iteration).padStart(7, '0')}-${number}`;
    const draft = `${SAVES_FOLDER}/.new-${number}`;
    try {
      await files.remove(draft);
      await files.makeFolder(draft);
      for (const file of [...Object.keys(written), MANIFEST_FILE]) await files.link(`${folder}/${file}`, `${draft}/${file}`);
      await files.write(`${draft}/${beside[0]}`, [beside[1]]);
      await files.sync(draft);
      await this.#prove(draft);
      await files.rename(draft, `${SAVES_FOLDER}/${name}`);
      await files.sync(SAVES_FOLDER);
      await beforePointing();
      await this.#point(name);
    } catch (error) {
      await files.remove(draft).catch(() => undefined);
      throw error;
    }
    this.#proven = name;
    return name;
  }

  #manifest({ iteration, options, state, restores, history }: SaveRequest, files: Record<string, SavedFile>): Manifest {
    const random = { seed: options.seed, restores };
    return { tool: this.#ports.tool, time: this.#ports.time(), iteration, options, counters: state.counters, random, history, files };
  }

  async #needSpace(bytes: number): Promise<void> {
    const free = await this.#files.freeBytes();
    if (free === undefined || free >= bytes + SPARE_BYTES) return;
    throw new ResourceError(`${this.#files.describe(SAVES_FOLDER)}: not enough space for a save`, {
      found: `${mib(free)} MiB free`,
      expected: `${mib(bytes + SPARE_BYTES)} MiB`,
      next: 'free some space; the saves before are untouched, and the next save tries again',
    });
  }

  async #write(path: string, parts: readonly Uint8Array[]): Promise<SavedFile> {
    const hash = this.#ports.sha256();
    await this.#files.write(path, hashed(parts, hash));
    return { bytes: parts.reduce((sum, part) => sum + part.length, 0), sha256: hash.hex() };
  }

  /** Reads a draft back. @throws FormatError if the disk did not keep what was written. */
  async #prove(folder: string): Promise<void> {
    const manifest = await this.#manifestOf(folder);
    for (const [name, { sha256 }] of Object.entries(manifest.files)) {
      const hash = this.#ports.sha256();
      await this.#files.read(`${folder}/${name}`, (piece) => hash.update(piece));
      if (hash.hex() !== sha256)
        throw new FormatError(`${this.#files.describe(`${folder}/${name}`)}: the disk gives back other bytes than were written`);
    }
  }

  async #point(name: string): Promise<void> {
    await this.#files.write(`${CURRENT_FILE}.tmp`, [new TextEncoder().encode(`${name}\n`)]);
    await this.#files.rename(`${CURRENT_FILE}.tmp`, CURRENT_FILE);
    await this.#files.sync('');
  }

  /** Removes all saves but some. A rename comes first, so that no half-removed folder looks like a save. */
  async #retire(kept: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#names()) {
      if (kept.has(name)) continue;
      const old = `${SAVES_FOLDER}/.old-${name}`;
      try {
        await this.#files.rename(`${SAVES_FOLDER}/${name}`, old);
        await this.#files.remove(old);
      } catch {
        // The new save stands; what is left over is tried again after the next one.
      }
    }
  }

  async #names(): Promise<string[]> {
    return (await this.#files.list(SAVES_FOLDER)).filter((name) => SAVE_NAME.test(name));
  }

  /** The save that `current` names, then all others, newest first. */
  async #candidates(): Promise<string[]> {
    const names = (await this.#names()).sort((a, b) => numberOf(b) - numberOf(a));
    const current = await namedSave(this.#files);
    return current !== undefined && names.includes(current) ? [current, ...names.filter((name) => name !== current)] : names;
  }

  async #manifestOf(folder: string): Promise<Manifest> {
    const path = `${folder}/${MANIFEST_FILE}`;
    const bytes = await this.#files.size(path);
    if (bytes === undefined) throw new FormatError('its manifest is missing');
    if (bytes > MAX_MANIFEST_BYTES) throw new FormatError(`its manifest has ${bytes} bytes`);
    return readManifest(new TextDecoder().decode(await readWhole(this.#files, path, bytes)), this.#ports.sha256);
  }

  async #read(folder: string, manifest: Manifest): Promise<EngineState> {
    const tensors = new Map<string, Tensor>();
    for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
      const path = `${folder}/${name}`;
      const size = await this.#files.size(path);
      if (size !== bytes) throw new FormatError(`${name} has ${size ?? 'no'} bytes, its manifest says ${bytes}`);
      const hash = this.#ports.sha256();
      const whole = await readWhole(this.#files, path, bytes);
      hash.update(whole);
      if (hash.hex() !== sha256) throw new FormatError(`${name} does not match its checksum`);
      for (const [key, { kind, shape, data }] of readSafetensors(whole, name).tensors) {
        if (kind !== 'F32' || !(data instanceof Float32Array)) throw new FormatError(`${name}: ${key} is ${kind}, not F32`);
        tensors.set(key, { shape, data });
      }
    }
    return { tensors, counters: manifest.counters };
  }
}

/** Tensors in groups of at most `limit` bytes, or of one tensor. */
function shardsOf(tensors: ReadonlyMap<string, Tensor>, limit: number): [string, StoredTensor][][] {
  const shards: [string, StoredTensor][][] = [[]];
  let filled = 0;
  for (const [key, { shape, data }] of tensors) {
    const bytes = 4 * sizeOf(shape);
    if (filled > 0 && filled + bytes > limit) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push([key, { kind: 'F32', shape, data }]);
    filled += bytes;
  }
  return shards;
}

/** The parts in pieces of a few MiB, hashed as they pass. */
function* hashed(parts: readonly Uint8Array[], hash: Sha256): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += PIECE_BYTES) {
      const piece = part.subarray(at, at + PIECE_BYTES);
      hash.update(piece);
      yield piece;
    }
  }
}

const numberOf = (name: string): number => Number(name.split('-')[1]);
const mib = (bytes: number): number => Math.ceil(bytes / 1024 ** 2);
