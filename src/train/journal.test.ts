/** The journal of a model: what is noted, what survives crashes and full disks, how it stays small, and which of it belongs to the present. */
import { expect, test } from 'vitest';
import { diskFull, MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import type { TrainEvent } from './events.ts';
import { JOURNAL_FILE, Journal, type JournalEntry, presentCourse, readJournal } from './journal.ts';
import { resolveOptions } from './options.ts';

const { options } = resolveOptions({});
const started = (iteration: number): TrainEvent => ({ event: 'started', iteration, resumed: null, options });
const saved = (iteration: number): TrainEvent => ({ event: 'saved', iteration, save: 's', bytes: 1, ms: 1 });
const iteration = (n: number): TrainEvent => ({ event: 'iteration', iteration: n, ms: 1, waitMs: 0, loss: { src: 1, dst: 1 } });
const words = (entries: readonly JournalEntry[]): string[] => entries.map(({ what, iteration: at }) => `${what} ${at}`);

async function noted(files: MemoryFileStore, events: readonly TrainEvent[]): Promise<readonly JournalEntry[]> {
  const journal = new Journal(files, () => 'now');
  for (const event of events) journal.hear(event);
  await journal.flush();
  return await readJournal(files);
}

test('changes that are told before the start stand at its iteration, later ones where they were made', async () => {
  const entries = await noted(new MemoryFileStore(), [
    { event: 'changed', option: 'batch_size', from: 4, to: 8 },
    started(100),
    iteration(101),
    iteration(102),
    { event: 'changed', option: 'learning_rate', from: 5e-5, to: 1e-5 },
    saved(102),
    { event: 'backup', iteration: 102, folder: 'backups/01' },
    { event: 'nonfinite', iteration: 110, save: 's', back: 102 },
    { event: 'done', iteration: 102, reason: 'stopped', saved: true, peakBytes: 0 },
  ]);
  expect(entries.map(({ time: _, ...entry }) => entry)).toEqual([
    { what: 'started', iteration: 100 },
    { what: 'changed', iteration: 100, option: 'batch_size', from: 4, to: 8 },
    { what: 'changed', iteration: 102, option: 'learning_rate', from: 5e-5, to: 1e-5 },
    { what: 'saved', iteration: 102 },
    { what: 'backup', iteration: 102, folder: 'backups/01' },
    { what: 'rollback', iteration: 102, failed: 110 },
    { what: 'ended', iteration: 102, reason: 'stopped' },
  ]);
});

test('a line that a crash cut off costs that line and no other', async () => {
  const files = new MemoryFileStore();
  await noted(files, [started(0), saved(1)]);
  await files.truncate(JOURNAL_FILE, files.bytesOf(JOURNAL_FILE).length - 5);
  expect(words(await noted(files, [started(1), saved(9)]))).toEqual(['started 0', 'started 1', 'saved 9']);
});

test('a full disk stops nothing, and what could not be written is written when it can', async () => {
  const files = new MemoryFileStore();
  const journal = new Journal(files, () => 'now');
  journal.hear(started(0));
  await journal.flush();
  files.error = diskFull;
  files.failAt = files.steps;
  journal.hear(saved(1));
  await journal.flush();
  journal.hear(saved(2));
  await journal.flush();
  expect(words(await readJournal(files)).slice(-2)).toEqual(['saved 1', 'saved 2']);
});

test('a million saves stay under a megabyte and keep every change of options', async () => {
  const files = new MemoryFileStore();
  const journal = new Journal(files, () => '2026-01-01T00:00:00.000Z');
  journal.hear(started(0));
  journal.hear({ event: 'changed', option: 'random_warp', from: true, to: false });
  for (let n = 1; n <= 40_000; n++) {
    journal.hear(saved(n));
    if (n % 500 === 0) await journal.flush(); // as saves come one at a time
  }
  await journal.flush();
  expect(files.bytesOf(JOURNAL_FILE).length).toBeLessThan(1024 * 1024);
  const entries = await readJournal(files);
  expect(entries.filter(({ what }) => what === 'changed')).toHaveLength(1);
  expect(words(entries).at(-1)).toBe('saved 40000');
});

test('what strangers wrote is left out', async () => {
  const files = new MemoryFileStore();
  const lines = ['x', '{}', '[]', 'null', '{"time":"t","iteration":-1,"what":"saved"}', '{"time":"t","iteration":1,"what":"toString"}'];
  const good = '{"time":"t","iteration":1,"what":"changed","option":"a","from":1,"to":true}';
  await files.write(JOURNAL_FILE, [new TextEncoder().encode([...lines, good, '{"time":"t","iteration":1,"what":"changed"}'].join('\n'))]);
  expect(words(await readJournal(files))).toEqual(['changed 1']);
});

test('what was undone is not part of the present course', () => {
  const at = (what: 'started' | 'saved', n: number): JournalEntry => ({ time: 't', what, iteration: n });
  const course = presentCourse([
    ...[at('started', 0), at('saved', 100), at('saved', 200)],
    { time: 't', what: 'changed', iteration: 200, option: 'gan_power', from: 0, to: 0.1 },
    { time: 't', what: 'rollback', iteration: 200, failed: 250 },
    at('saved', 300),
    { time: 't', what: 'restored', iteration: 100, backup: '02', before: 300, kept: 'backups/01' },
    ...[at('started', 100), at('saved', 150)],
  ]);
  expect(words(course)).toEqual(['started 0', 'saved 100', 'rollback 200', 'restored 100', 'started 100', 'saved 150']);
});
