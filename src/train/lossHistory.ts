/**
 * The loss of every iteration in one append-only file: 16 bytes of header, then two float32 for each iteration, little endian.
 *   "LIAELOSS"  u32 version = 1  u32 iteration of the first record  { f32 src  f32 dst } …
 * A save notes how many records belong to it; on resume the file is cut to that, so a crash costs nothing but the cut part.
 * A save that took the place of another brings its own history in its folder, whence it is moved to its place last.
 */
import { FormatError } from '../base/index.ts';
import { type FileStore, readWhole } from './fileStore.ts';
import { namedSave, SAVES_FOLDER } from './presentSave.ts';

export const HISTORY_FILE = 'loss.bin';

const MAGIC = 0x4c494145_4c4f5353n; // "LIAELOSS"
const HEADER_BYTES = 16;
const RECORD_BYTES = 8;
/** About 4 GB; ten years at one iteration a second. */
const MAX_RECORDS = 500_000_000;

/** Of a save that was restored, as long as its history is not in its place. */
const besideSave = (save: string): string => `${SAVES_FOLDER}/${save}/${HISTORY_FILE}`;

/** Where the history of the present save is read. */
export async function historyFile(files: FileStore): Promise<string> {
  const save = await namedSave(files);
  return save !== undefined && (await files.size(besideSave(save))) !== undefined ? besideSave(save) : HISTORY_FILE;
}

/** Puts the history that a save has brought in its place, if a death came before. For the one process that holds the model. */
export async function settleHistory(files: FileStore, save: string): Promise<void> {
  if ((await files.size(besideSave(save))) === undefined) return;
  await files.rename(besideSave(save), HISTORY_FILE);
  await files.sync(''); // where it is before where it was: what a power cut leaves is there once or twice, never nowhere
  await files.sync(`${SAVES_FOLDER}/${save}`);
}

/** A history that has lost all its records. @param first  the iteration of its first record. */
export const emptyHistory = (first: number): Uint8Array => header(first);

/** Where a history stood: the iteration of its first record and how many records it had. */
export interface HistoryMark {
  readonly first: number;
  readonly records: number;
}

export interface Losses {
  readonly src: number;
  readonly dst: number;
}

/** What a resume had to do to the file: records cut off its end, and records it should have had (they read as NaN). */
export interface HistoryRepair {
  readonly cut: number;
  readonly lost: number;
}

export class LossHistory {
  readonly #files: FileStore;
  #first: number;
  #written: number;
  /** Records that the disk would not take yet. */
  #pending: Losses[] = [];

  private constructor(files: FileStore, mark: HistoryMark) {
    this.#files = files;
    this.#first = mark.first;
    this.#written = mark.records;
  }

  /** A new file, replacing any. @param first the iteration of its first record, 1 or more. */
  static async create(files: FileStore, first: number, losses: readonly Losses[] = []): Promise<LossHistory> {
    await files.write(HISTORY_FILE, [header(first), encode(losses)]);
    return new LossHistory(files, { first, records: losses.length });
  }

  /** Opens the file as it stood at a save: what is beyond is cut, what is missing reads as NaN. */
  static async open(files: FileStore, mark: HistoryMark): Promise<{ history: LossHistory; repair: HistoryRepair }> {
    const history = new LossHistory(files, mark);
    return { history, repair: await history.rewind(mark) };
  }

  get mark(): HistoryMark {
    return { first: this.#first, records: this.#written + this.#pending.length };
  }

  /** Brings file and object back to a mark. */
  async rewind(mark: HistoryMark): Promise<HistoryRepair> {
    this.#pending = [];
    this.#first = mark.first;
    const bytes = (await this.#files.size(HISTORY_FILE)) ?? 0;
    const sound = bytes >= HEADER_BYTES && (await this.#firstOnDisk()) === mark.first;
    const present = sound ? Math.floor((bytes - HEADER_BYTES) / RECORD_BYTES) : 0;
    const lost = Math.max(0, mark.records - present);
    if (!sound) await this.#files.write(HISTORY_FILE, [header(mark.first)]);
    else await this.#files.truncate(HISTORY_FILE, HEADER_BYTES + Math.min(present, mark.records) * RECORD_BYTES);
    if (lost > 0) await this.#files.append(HISTORY_FILE, new Uint8Array(new Float32Array(lost * 2).fill(Number.NaN).buffer));
    this.#written = mark.records;
    return { cut: Math.max(0, present - mark.records), lost };
  }

  /** Adds iterations. If the disk will not take them they wait, so that a full disk does not end training. */
  async append(losses: readonly Losses[]): Promise<void> {
    this.#pending.push(...losses);
    try {
      await this.#write();
    } catch {
      // They are written by the next append; flush(), which a save calls first, does not forgive.
    }
  }

  /** Everything on disk. @throws ResourceError if the disk is full. */
  async flush(): Promise<void> {
    await this.#write();
    await this.#files.sync(HISTORY_FILE);
  }

  async #write(): Promise<void> {
    if (this.#pending.length === 0) return;
    try {
      await this.#files.append(HISTORY_FILE, encode(this.#pending));
    } catch (error) {
      await this.#files.truncate(HISTORY_FILE, HEADER_BYTES + this.#written * RECORD_BYTES);
      throw error;
    }
    this.#written += this.#pending.length;
    this.#pending = [];
  }

  async #firstOnDisk(): Promise<number | undefined> {
    try {
      return parseHeader(await readWhole(this.#files, HISTORY_FILE, HEADER_BYTES), HISTORY_FILE);
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }
}

/** The whole history of a model: losses as src, dst, src, dst… @throws FormatError if the file is not a history. */
export async function readHistory(files: FileStore): Promise<{ readonly first: number; readonly losses: Float32Array }> {
  const path = await historyFile(files);
  const name = files.describe(path);
  const bytes = await files.size(path);
  if (bytes === undefined)
    throw new FormatError(`${name}: there is no loss history`, { next: 'liae train writes it from the first iteration on' });
  if (bytes > HEADER_BYTES + MAX_RECORDS * RECORD_BYTES)
    throw new FormatError(`${name}: too long for a loss history`, { found: `${bytes} bytes` });
  const whole = await readWhole(files, path, bytes);
  const first = parseHeader(whole, name);
  const records = Math.floor((whole.length - HEADER_BYTES) / RECORD_BYTES);
  return { first, losses: new Float32Array(whole.buffer, HEADER_BYTES, records * 2) };
}

function header(first: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, false);
  view.setUint32(8, 1, true);
  view.setUint32(12, first, true);
  return bytes;
}

function parseHeader(bytes: Uint8Array, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getBigUint64(0, false) !== MAGIC || view.getUint32(8, true) !== 1) {
    throw new FormatError(`${name}: not a loss history`, { expected: '"LIAELOSS", version 1' });
  }
  return view.getUint32(12, true);
}

function encode(losses: readonly Losses[]): Uint8Array {
  const bytes = new Uint8Array(losses.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, { src, dst }] of losses.entries()) {
    view.setFloat32(i * RECORD_BYTES, src, true);
    view.setFloat32(i * RECORD_BYTES + 4, dst, true);
  }
  return bytes;
}
