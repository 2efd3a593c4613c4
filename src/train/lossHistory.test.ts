/** The loss history: every iteration, cut to the save resumed from, whatever happened to the file's end. */
import { expect, test } from 'vitest';
import { diskFull, MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import { HISTORY_FILE, LossHistory, readHistory } from './lossHistory.ts';

const loss = (i: number) => ({ src: i, dst: i / 2 });
const losses = async (files: MemoryFileStore): Promise<number[]> => [...(await readHistory(files)).losses];
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => [from + i, (from + i) / 2]).flat();

async function grown(records: number): Promise<{ files: MemoryFileStore; history: LossHistory }> {
  const files = new MemoryFileStore();
  const history = await LossHistory.create(files, 1);
  for (let i = 1; i <= records; i++) await history.append([loss(i)]);
  return { files, history };
}

test('the file is what its description says', async () => {
  const { files, history } = await grown(2);
  expect(history.mark).toEqual({ first: 1, records: 2 });
  const bytes = files.bytesOf(HISTORY_FILE);
  expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe('LIAELOSS');
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(8, true), view.getUint32(12, true), bytes.length]).toEqual([1, 1, 32]);
  expect([16, 20, 24, 28].map((at) => view.getFloat32(at, true))).toEqual([1, 0.5, 2, 1]);
});

test('a history can begin late, with what was known before', async () => {
  const files = new MemoryFileStore();
  const history = await LossHistory.create(files, 101, [loss(101)]);
  await history.append([loss(102)]);
  expect(await readHistory(files)).toEqual({ first: 101, losses: new Float32Array(upTo(101, 102)) });
});

test('resuming cuts what came after the save, also a half-written record', async () => {
  const { files } = await grown(5);
  await files.append(HISTORY_FILE, new Uint8Array(3));
  const { history, repair } = await LossHistory.open(files, { first: 1, records: 3 });
  expect(repair).toEqual({ cut: 2, lost: 0 });
  await history.append([loss(4)]);
  expect(await losses(files)).toEqual(upTo(1, 4));
});

test('records that are missing read as NaN, so that later ones keep their place', async () => {
  const { files } = await grown(2);
  const { history, repair } = await LossHistory.open(files, { first: 1, records: 4 });
  expect(repair).toEqual({ cut: 0, lost: 2 });
  await history.append([loss(5)]);
  expect(await losses(files)).toEqual([1, 0.5, 2, 1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5, 2.5]);
});

test.each([[undefined], ['LIAELOSX'], ['short']])('a lost or foreign file (%s) is replaced', async (content) => {
  const files = new MemoryFileStore();
  if (content !== undefined) await files.write(HISTORY_FILE, [new TextEncoder().encode(content.padEnd(16, '\0'))]);
  expect((await LossHistory.open(files, { first: 1, records: 1 })).repair).toEqual({ cut: 0, lost: 1 });
  expect(await losses(files)).toEqual([Number.NaN, Number.NaN]);
});

test('a full disk delays records and loses none; a flush says so', async () => {
  const { files, history } = await grown(2);
  files.error = diskFull;
  for (const i of [3, 4]) {
    files.failAt = files.steps;
    await history.append([loss(i)]);
  }
  files.failAt = files.steps;
  await expect(history.flush()).rejects.toThrow('the disk is full');
  expect(await losses(files)).toEqual(upTo(1, 2));
  await history.append([loss(5)]);
  await history.flush();
  expect(history.mark.records).toBe(5);
  expect(await losses(files)).toEqual(upTo(1, 5));
});

test('going back to a mark forgets what came after, written or not', async () => {
  const { files, history } = await grown(4);
  await history.rewind({ first: 1, records: 2 });
  await history.append([loss(3)]);
  expect(await losses(files)).toEqual(upTo(1, 3));
});
