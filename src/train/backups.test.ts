/** Backups are listed and restored, and a restoration can be undone, whatever dies meanwhile. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import { backUp, backUpNow, listBackups, restoreBackup } from './backups.ts';
import { type CheckpointPorts, Checkpoints } from './checkpoints.ts';
import { type FileStore, type Sha256, storeIn } from './fileStore.ts';
import { presentCourse, readJournal } from './journal.ts';
import { LossHistory, readHistory, settleHistory } from './lossHistory.ts';
import { resolveOptions } from './options.ts';

const sha256 = (): Sha256 => {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
};
const ports: CheckpointPorts = { sha256, time: () => '2024-01-01T00:00:00Z', tool: '0.1.0' };
const { options } = resolveOptions({ seed: 7 });

/** A model saved and backed up at each of these iterations, with losses that tell their iteration. */
async function trained(...iterations: number[]): Promise<MemoryFileStore> {
  const files = new MemoryFileStore();
  await files.makeFolder('previews');
  const [saves, history] = [new Checkpoints(files, ports), await LossHistory.create(files, 1)];
  for (const iteration of iterations) {
    while (history.mark.records < iteration) await history.append([{ src: history.mark.records + 1, dst: 0 }]);
    await history.flush();
    await files.write('previews/latest.png', [Uint8Array.of(iteration)]);
    const tensors = new Map([['net/weight', { shape: [2], data: new Float32Array(2).fill(iteration) }]]);
    const { name } = await saves.save({
      ...{ iteration, options, restores: 0, history: history.mark, state: { tensors, counters: { src_dst_opt: iteration } } },
    });
    await backUp(files, name, 24);
  }
  return files;
}

async function present(files: MemoryFileStore): Promise<{ iteration: number; weight: number; records: number }> {
  const { manifest, state } = await new Checkpoints(files, ports).load();
  const { losses } = await readHistory(files);
  return { iteration: manifest.iteration, weight: state.tensors.get('net/weight')!.data[0]!, records: losses.length / 2 };
}

const iterationsOf = async (files: MemoryFileStore): Promise<number[]> =>
  (await listBackups(files, ports)).map(({ iteration }) => iteration);

test('a backup takes the place of the save, which becomes a backup; restoring that undoes it', async () => {
  const files = await trained(3, 5, 9);
  expect(await iterationsOf(files)).toEqual([9, 5, 3]);
  expect(await restoreBackup(files, '03', ports)).toEqual({ iteration: 3, before: 9, kept: 'backups/01' });
  expect(await present(files)).toEqual({ iteration: 3, weight: 3, records: 3 });
  expect([...files.bytesOf('previews/latest.png')]).toEqual([3]);
  expect(await iterationsOf(files)).toEqual([9, 9, 5, 3]);
  await restoreBackup(files, '01', ports);
  expect(await present(files)).toEqual({ iteration: 9, weight: 9, records: 9 });
  expect((await readJournal(files)).map(({ what, iteration }) => [what, iteration])).toEqual([
    ['restored', 3],
    ['restored', 9],
  ]);
});

test('a damaged backup changes nothing; a damaged save does not stand in the way', async () => {
  const files = await trained(3, 5);
  const [file] = (await files.list('backups/02/saves')).map((name) => `backups/02/saves/${name}/state.safetensors`);
  const bytes = files.bytesOf(file!); // a link: the same bytes in no other place, since that save was retired
  bytes[bytes.length - 1]! ^= 1;
  await expect(restoreBackup(files, '02', ports)).rejects.toThrow('the disk gives back other bytes');
  expect(await present(files)).toMatchObject({ iteration: 5 });
  expect(await iterationsOf(files)).toEqual([5, 3]);

  const name = (await files.list('saves')).find((entry) => entry.startsWith('0000005'))!;
  await files.write(`saves/${name}/manifest.json`, [Uint8Array.of(1)]);
  expect(await restoreBackup(files, '01', ports)).toEqual({ iteration: 5, before: null, kept: null });
  expect(await present(files)).toEqual({ iteration: 5, weight: 5, records: 5 });
});

test('places that are no backups are refused', async () => {
  const files = await trained(1);
  for (const slot of ['02', '1', '..', '../saves', '']) await expect(restoreBackup(files, slot, ports)).rejects.toThrow('no such backup');
});

test('dying at any step leaves a whole model, and what it was can be had again', async () => {
  for (let step = 0; ; step++) {
    const files = await trained(3, 5, 9);
    // The present save is of another course than the backup: none of its losses are those of the backup.
    await LossHistory.create(
      files,
      1,
      Array.from({ length: 9 }, (_, i) => ({ src: 101 + i, dst: 0 })),
    );
    await files.sync('');
    const losses: Readonly<Record<number, readonly number[]>> = { 3: [1, 2, 3], 9: [101, 102, 103, 104, 105, 106, 107, 108, 109] };
    const sources = async (of: FileStore): Promise<number[]> => [...(await readHistory(of)).losses].filter((_, i) => i % 2 === 0);
    files.steps = 0;
    files.failAt = step;
    files.dead = true;
    await restoreBackup(files, '03', ports).catch(() => undefined);
    if (files.steps <= step) break;
    for (const lost of [false, true]) {
      const after = files.afterCrash(lost);
      const { manifest, rejected, name } = await new Checkpoints(after, ports).load();
      expect([3, 9], `step ${step}`).toContain(manifest.iteration);
      expect(rejected).toEqual([]);
      // Whoever only reads finds the history of that save, and so does training, which opens it at the mark of the save.
      expect(await sources(after), `step ${step}, ${lost}`).toEqual(losses[manifest.iteration]);
      await settleHistory(after, name);
      const { history } = await LossHistory.open(after, manifest.history);
      expect(history.mark.records).toBe(manifest.iteration);
      expect(await sources(after), `step ${step}, ${lost}`).toEqual(losses[manifest.iteration]);
      await backUpNow(after, undefined, ports);
      expect(await sources(storeIn(after, 'backups/01')), `step ${step}, ${lost}`).toEqual(losses[manifest.iteration]);
      if (manifest.iteration === 3 && !lost) expect(await iterationsOf(after), `step ${step}`).toContain(9);
    }
  }
});

test('backing up now keeps as many as the model wants, and notes it', async () => {
  const files = await trained(3);
  expect(await backUpNow(files, 2, ports)).toBe('backups/01');
  expect(await iterationsOf(files)).toEqual([3, 3]);
  expect(presentCourse(await readJournal(files)).map(({ what }) => what)).toEqual(['backup']);
  await expect(backUpNow(new MemoryFileStore(), 2, ports)).rejects.toThrow('no saved model');
});
