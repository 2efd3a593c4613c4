/**
 * What happened to a model, kept with it: starts, changed options, saves, backups, returns to a save, restored backups. One line of JSON each, added
 * to the end of journal.ndjson. Losses are elsewhere; training never waits for the journal, and goes on without it if the disk will not take it.
 */
import { LiaeError } from '../base/index.ts';
import type { DoneReason, TrainEvent } from './events.ts';
import { type FileStore, readWhole } from './fileStore.ts';
import type { OptionValue } from './optionTable.ts';

export const JOURNAL_FILE = 'journal.ndjson';

/** A longer file is thinned: of what repeats only the latest stay. */
const MAX_BYTES = 1024 * 1024;
/** What stays of it: of saves, starts and ends; and of everything. */
const [MOST_REPEATED, MOST] = [500, 4000];

interface OptionChange {
  readonly option: string;
  readonly from: OptionValue;
  readonly to: OptionValue;
}

/** At which iteration something happened, and when (ISO 8601). */
export type JournalEntry = { readonly time: string; readonly iteration: number } & (
  | { readonly what: 'started' | 'saved' }
  | ({ readonly what: 'changed' } & OptionChange)
  | { readonly what: 'backup'; readonly folder: string }
  /** The iteration `failed` was not a number: training went back to `iteration`. */
  | { readonly what: 'rollback'; readonly failed: number }
  /** A save could not be used, and one before it was. */
  | { readonly what: 'rejected'; readonly save: string; readonly why: string }
  /** A backup took the place of a save that stood at `before`, which is now the backup `kept`; null if there was none. */
  | { readonly what: 'restored'; readonly backup: string; readonly before: number | null; readonly kept: string | null }
  | { readonly what: 'ended'; readonly reason: DoneReason }
);

type Untimed<E> = E extends unknown ? Omit<E, 'time'> : never;

export class Journal {
  readonly #files: FileStore;
  readonly #time: () => string;
  readonly #waiting: JournalEntry[] = [];
  /** Heard before the iteration is known. */
  #early: ((iteration: number) => Untimed<JournalEntry>)[] = [];
  #iteration: number | undefined;
  /** Bytes of the file; undefined before it was looked at. */
  #bytes: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param time  now, ISO 8601. */
  constructor(files: FileStore, time: () => string) {
    this.#files = files;
    this.#time = time;
  }

  /** Notes what is worth it of a run's events. */
  hear(event: TrainEvent): void {
    switch (event.event) {
      case 'changed': {
        const { option, from, to } = event;
        this.#once((iteration) => ({ what: 'changed', iteration, option, from, to }));
        break;
      }
      case 'rejected': {
        const { save, why } = event;
        this.#once((iteration) => ({ what: 'rejected', iteration, save, why: why.slice(0, 1000) }));
        break;
      }
      case 'started': {
        const { iteration } = event;
        this.#iteration = iteration;
        const early = this.#early.splice(0);
        this.#note({ what: 'started', iteration }, ...early.map((make) => make(iteration)));
        break;
      }
      case 'iteration':
        this.#iteration = event.iteration;
        break;
      case 'saved':
        this.#note({ what: 'saved', iteration: event.iteration });
        break;
      case 'backup':
        this.#note({ what: 'backup', iteration: event.iteration, folder: event.folder });
        break;
      case 'nonfinite':
        this.#iteration = event.back;
        this.#note({ what: 'rollback', iteration: event.back, failed: event.iteration });
        break;
      case 'done':
        this.#note({ what: 'ended', iteration: event.iteration, reason: event.reason });
        break;
    }
  }

  restored(entry: {
    readonly iteration: number;
    readonly backup: string;
    readonly before: number | null;
    readonly kept: string | null;
  }): void {
    this.#note({ what: 'restored', ...entry });
  }

  /** Settles when all that was noted is written, or was given up. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  #once(make: (iteration: number) => Untimed<JournalEntry>): void {
    if (this.#iteration === undefined) this.#early.push(make);
    else this.#note(make(this.#iteration));
  }

  #note(...entries: readonly Untimed<JournalEntry>[]): void {
    const time = this.#time();
    this.#waiting.push(...entries.map((entry) => ({ time, ...entry })));
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const text = linesOf(this.#waiting);
    try {
      this.#bytes ??= await this.#open();
      if (this.#bytes + text.length > MAX_BYTES) this.#bytes = await this.#thin();
      await this.#files.append(JOURNAL_FILE, text);
      this.#bytes += text.length;
      this.#waiting.length = 0;
    } catch (error) {
      this.#bytes = undefined; // a part may be there: look again
      if (!(error instanceof LiaeError)) this.#waiting.length = 0; // not a matter of room; what belongs to the model is elsewhere
    }
  }

  /** Makes the file if there is none; a line that a crash has cut off is ended. */
  async #open(): Promise<number> {
    const files = this.#files;
    const bytes = await files.size(JOURNAL_FILE);
    if (bytes === undefined) {
      await files.makeFolder('');
      await files.write(JOURNAL_FILE, []);
      return 0;
    }
    if (bytes === 0) return 0;
    let last = 0;
    await files.read(JOURNAL_FILE, (piece) => {
      last = piece.at(-1) ?? last;
    });
    if (last === NEWLINE) return bytes;
    await files.append(JOURNAL_FILE, Uint8Array.of(NEWLINE));
    return bytes + 1;
  }

  async #thin(): Promise<number> {
    const entries = await readJournal(this.#files);
    const repeats = ({ what }: JournalEntry): boolean => what === 'saved' || what === 'started' || what === 'ended';
    let over = Math.max(0, entries.filter(repeats).length - MOST_REPEATED);
    const kept = entries.filter((entry) => !repeats(entry) || over-- <= 0).slice(-MOST);
    const text = linesOf(kept);
    await this.#files.write(`${JOURNAL_FILE}.tmp`, [text]);
    await this.#files.rename(`${JOURNAL_FILE}.tmp`, JOURNAL_FILE);
    return text.length;
  }
}

const NEWLINE = 10;

const linesOf = (entries: readonly JournalEntry[]): Uint8Array =>
  new TextEncoder().encode(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));

/** All entries, the oldest first; none if there is no journal. Lines that are damaged are left out. */
export async function readJournal(files: FileStore): Promise<readonly JournalEntry[]> {
  const bytes = await files.size(JOURNAL_FILE);
  if (bytes === undefined) return [];
  const text = new TextDecoder().decode(await readWhole(files, JOURNAL_FILE, Math.min(bytes, 2 * MAX_BYTES)));
  return text.split('\n').flatMap((line) => {
    const entry = line === '' ? undefined : entryOf(line);
    return entry === undefined ? [] : [entry];
  });
}

/**
 * The entries that belong to the model as it is now: where training went back, by itself, after a crash or to a backup, what it did beyond that point
 * is left out. Returns and restorations themselves stay.
 */
export function presentCourse(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  let course: JournalEntry[] = [];
  for (const entry of entries) {
    if (entry.what === 'started' || entry.what === 'rollback' || entry.what === 'restored') {
      const { iteration } = entry;
      course = course.filter((one) => one.iteration <= iteration || one.what === 'rollback' || one.what === 'restored');
    }
    course.push(entry);
  }
  return course;
}

/** @returns undefined for what is no entry. */
function entryOf(line: string): JournalEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  if (typeof fields.time !== 'string' || !isCount(fields.iteration)) return undefined;
  const fit = typeof fields.what === 'string' && Object.hasOwn(shapes, fields.what) && shapes[fields.what as JournalEntry['what']](fields);
  return fit ? (fields as unknown as JournalEntry) : undefined; // every field was checked
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 4096;
const isValue = (value: unknown): boolean => isText(value) || typeof value === 'boolean' || Number.isFinite(value);

const shapes: Readonly<Record<JournalEntry['what'], (fields: Readonly<Record<string, unknown>>) => boolean>> = {
  started: () => true,
  saved: () => true,
  changed: ({ option, from, to }) => isText(option) && isValue(from) && isValue(to),
  backup: ({ folder }) => isText(folder),
  rollback: ({ failed }) => isCount(failed),
  rejected: ({ save, why }) => isText(save) && isText(why),
  restored: ({ backup, before, kept }) => isText(backup) && (before === null || isCount(before)) && (kept === null || isText(kept)),
  ended: ({ reason }) => reason === 'target' || reason === 'stopped' || reason === 'diverged',
};
