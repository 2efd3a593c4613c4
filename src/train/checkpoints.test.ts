/** Saves: what they hold, and that no crash, power cut or damaged byte can cost more than the save in progress. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { diskFull, MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import type { LiaeError } from '../base/index.ts';
import { backUp } from './backups.ts';
import { type CheckpointPorts, Checkpoints } from './checkpoints.ts';
import type { EngineState } from './engine.ts';
import type { Sha256 } from './fileStore.ts';
import { HISTORY_FILE, LossHistory } from './lossHistory.ts';
import { resolveOptions } from './options.ts';

const sha256 = (): Sha256 => {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
};
const ports: CheckpointPorts = { sha256, time: () => '2024-01-01T00:00:00Z', tool: '0.1.0' };
const { options } = resolveOptions({ seed: 7 });

/** A state in which every element tells its iteration. */
const stateAt = (iteration: number): EngineState => ({
  tensors: new Map([
    ['encoder/a/weight', { shape: [3, 2], data: new Float32Array(6).fill(iteration) }],
    ['src_dst_opt/ms/encoder/a/weight', { shape: [3, 2], data: new Float32Array(6).map((_, i) => iteration + i / 8) }],
    ['decoder/b/bias', { shape: [1], data: new Float32Array([-iteration]) }],
  ]),
  counters: { src_dst_opt: iteration },
});

const request = (iteration: number) => ({
  iteration,
  options,
  state: stateAt(iteration),
  restores: 2,
  history: { first: 1, records: iteration },
});

const plain = (state: EngineState): unknown => [
  [...state.tensors].map(([key, { shape, data }]) => [key, [...shape], [...data]]).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  state.counters,
];

async function withSaves(...iterations: number[]): Promise<{ files: MemoryFileStore; saves: Checkpoints; names: string[] }> {
  const files = new MemoryFileStore();
  const saves = new Checkpoints(files, ports);
  const names: string[] = [];
  for (const iteration of iterations) names.push((await saves.save(request(iteration))).name);
  return { files, saves, names };
}

const rejection = async (run: Promise<unknown>): Promise<LiaeError> =>
  run.then(
    () => Promise.reject(new Error('expected an error')),
    (error) => error,
  );

test('a save gives back what it was given', async () => {
  const { files } = await withSaves(1204);
  const loaded = await new Checkpoints(files, ports).load();
  expect(loaded.name).toBe('0001204-1');
  expect(plain(loaded.state)).toEqual(plain(stateAt(1204)));
  expect(loaded.manifest).toMatchObject({
    ...{ iteration: 1204, options, counters: { src_dst_opt: 1204 }, random: { seed: 7, restores: 2 } },
    ...{ history: { first: 1, records: 1204 }, tool: '0.1.0', time: '2024-01-01T00:00:00Z' },
  });
  expect(loaded.rejected).toEqual([]);
});

test('a state larger than one file is split and joined', async () => {
  const files = new MemoryFileStore();
  await new Checkpoints(files, { ...ports, shardBytes: 28 }).save(request(5));
  expect(await files.list('saves/0000005-1')).toEqual(['manifest.json', 'state-2.safetensors', 'state.safetensors']);
  expect(plain((await new Checkpoints(files, ports).load()).state)).toEqual(plain(stateAt(5)));
});

test('the two latest saves are kept, and a save at the same iteration does not replace one', async () => {
  const { files } = await withSaves(10, 20, 20);
  expect(await files.list('saves')).toEqual(['0000020-2', '0000020-3']);
});

test('current decides: pointing it at the older save goes back', async () => {
  const { files, names } = await withSaves(10, 20);
  await files.write('current', [new TextEncoder().encode(names[0]!)]);
  const saves = new Checkpoints(files, ports);
  expect((await saves.load()).manifest.iteration).toBe(10);
  expect((await saves.save(request(11))).name).toBe('0000011-3');
  expect(await files.list('saves')).toEqual(['0000010-1', '0000011-3']);
});

describe('dying at any step of a save leaves the old or the new state whole', () => {
  const crashes = async (
    dead: boolean,
    error?: () => Error,
  ): Promise<{ name: string; files: MemoryFileStore; saves: Checkpoints; failed: boolean }[]> => {
    const outcomes = [];
    for (let step = 0; ; step++) {
      const { files, saves } = await withSaves(1, 2);
      files.steps = 0;
      files.log.length = 0;
      files.failAt = step;
      files.dead = dead;
      if (error !== undefined) files.error = error;
      let failed = false;
      await saves.save(request(3)).catch(() => (failed = true));
      if (files.steps <= step) return outcomes; // every step has had its turn
      outcomes.push({ name: files.log[step]!, files, saves, failed });
    }
  };

  test.each([false, true])('by a crash; after a power cut: %s', async (lost) => {
    const outcomes = await crashes(true);
    expect(outcomes.length).toBe(11);
    for (const { name, files, failed } of outcomes) {
      const after = files.afterCrash(lost);
      const saves = new Checkpoints(after, ports);
      const loaded = await saves.load();
      const { iteration } = loaded.manifest;
      expect([2, 3], name).toContain(iteration);
      expect(plain(loaded.state), name).toEqual(plain(stateAt(iteration)));
      expect(loaded.rejected, name).toEqual([]);
      if (!failed) expect(iteration, name).toBe(3); // what was reported as saved is there
      await saves.tidy();
      await saves.save(request(4)); // and training goes on
      expect((await new Checkpoints(after, ports).load()).manifest.iteration, name).toBe(4);
      expect((await after.list('saves')).length, name).toBe(2);
    }
  });

  test('and after a disk that was full once, the next save succeeds and leaves two saves and no rest', async () => {
    for (const { name, files, saves } of await crashes(false, diskFull)) {
      expect((await new Checkpoints(files, ports).load()).rejected, name).toEqual([]);
      expect(
        (await files.list('saves')).some((entry) => entry.startsWith('.new')),
        name,
      ).toBe(false);
      await saves.save(request(4));
      const loaded = await new Checkpoints(files, ports).load();
      expect(plain(loaded.state), name).toEqual(plain(stateAt(4)));
      await saves.tidy();
      expect((await files.list('saves')).length, name).toBe(2);
    }
  });
});

test('too little space is refused before anything is written', async () => {
  const { files, saves } = await withSaves(1);
  files.free = 10 * 1024 ** 2;
  files.steps = 0;
  expect((await rejection(saves.save(request(2)))).report()).toContain(
    'not enough space for a save\n  found    10 MiB free\n  expected 17 MiB',
  );
  expect(files.steps).toBe(0);
  expect((await saves.load()).manifest.iteration).toBe(1);
});

test('a disk that does not keep what it was given is found at once, and the old save stays', async () => {
  const { files, saves } = await withSaves(1);
  const write = files.write.bind(files);
  files.write = async (path, pieces) => {
    await write(path, pieces);
    if (path.endsWith('state.safetensors')) files.bytesOf(path)[70]! ^= 1;
  };
  expect((await rejection(saves.save(request(2)))).message).toContain('the disk gives back other bytes than were written');
  expect(await files.list('saves')).toEqual(['0000001-1']);
});

describe('damage', () => {
  test('of any single byte of the newest save is found, named, and the save before is used', async () => {
    const sizes = await withSaves(1, 2);
    for (const file of ['state.safetensors', 'manifest.json']) {
      const length = (await sizes.files.size(`saves/0000002-2/${file}`))!;
      for (let at = 0; at < length; at += 1) {
        const { files } = await withSaves(1, 2);
        const bytes = files.bytesOf(`saves/0000002-2/${file}`);
        if (bytes[at] === 0x20 || bytes[at] === 0x0a) continue; // layout of the JSON, which carries nothing
        bytes[at]! ^= 1;
        const loaded = await new Checkpoints(files, ports).load();
        expect(loaded.manifest.iteration, `${file} byte ${at}`).toBe(1);
        expect(loaded.rejected.map(({ name }) => name)).toEqual(['0000002-2']);
        expect(loaded.rejected[0]?.why).not.toBe('');
      }
    }
  });

  test('by a missing or short file is told apart', async () => {
    const cases: [(files: MemoryFileStore) => Promise<void>, RegExp][] = [
      [(files) => files.remove('saves/0000002-2/manifest.json'), /manifest is missing/],
      [(files) => files.remove('saves/0000002-2/state.safetensors'), /has no bytes, its manifest says \d+/],
      [(files) => files.truncate('saves/0000002-2/state.safetensors', 9), /has 9 bytes, its manifest says \d+/],
      [(files) => files.truncate('saves/0000002-2/manifest.json', 9), /manifest is not JSON/],
    ];
    for (const [damage, why] of cases) {
      const { files } = await withSaves(1, 2);
      await damage(files);
      const saves = new Checkpoints(files, ports);
      const loaded = await saves.load();
      expect(loaded.rejected[0]?.why).toMatch(why);
      await saves.save(request(3)); // the bad one goes, the one resumed from stays
      expect(await files.list('saves')).toEqual(['0000001-1', '0000003-3']);
    }
  });

  test('of all saves is an error that says what to do', async () => {
    const { files } = await withSaves(1, 2);
    for (const name of await files.list('saves')) await files.truncate(`saves/${name}/state.safetensors`, 10);
    const error = await rejection(new Checkpoints(files, ports).load());
    expect(error.message).toBe('model: no save of this model is whole');
    expect(error.details.found?.split('\n').map((line) => line.split(':')[0])).toEqual(['0000002-2', '0000001-1']);
    expect(error.details.next).toContain('backups/');
  });

  test('of current falls back on the newest save', async () => {
    const { files } = await withSaves(1, 2);
    for (const text of ['', '../../etc', '0000009-9', 'x'.repeat(1000)]) {
      await files.write('current', [new TextEncoder().encode(text)]);
      expect((await new Checkpoints(files, ports).load()).manifest.iteration).toBe(2);
    }
  });
});

test('a folder without a save says so', async () => {
  const saves = new Checkpoints(new MemoryFileStore(), ports);
  expect(await saves.exists()).toBe(false);
  expect((await rejection(saves.load())).message).toBe('model: no saved model here');
});

test('a manifest of a later version is not guessed at', async () => {
  const { files } = await withSaves(1);
  const path = 'saves/0000001-1/manifest.json';
  const body = JSON.parse(new TextDecoder().decode(files.bytesOf(path)));
  await files.write(path, [new TextEncoder().encode(JSON.stringify({ ...body, version: 2 }))]);
  expect((await rejection(new Checkpoints(files, ports).load())).details.found).toContain('version 2; this program reads version 1');
});

describe('backups', () => {
  async function withBackups(count: number, keep: number): Promise<MemoryFileStore> {
    const { files, saves } = await withSaves(1);
    const history = await LossHistory.create(files, 1);
    await files.makeFolder('previews');
    await files.write('previews/latest.png', [new Uint8Array([1])]);
    for (let i = 1; i <= count; i++) {
      await history.append([{ src: i, dst: i }]);
      const { name } = await saves.save({ ...request(i), history: history.mark });
      await history.flush();
      await backUp(files, name, keep);
    }
    return files;
  }

  /** The backup as a model of its own. */
  const opened = async (files: MemoryFileStore, slot: string): Promise<{ iteration: number; history: number }> => {
    const inside = new MemoryFileStore();
    inside.root = ((files.root.entries.get('backups') as typeof files.root).entries.get(slot) ?? files.root) as typeof files.root;
    return {
      iteration: (await new Checkpoints(inside, ports).load()).manifest.iteration,
      history: ((await inside.size(HISTORY_FILE))! - 16) / 8,
    };
  };

  test('01 is the newest, each is a model of its own, and the oldest goes', async () => {
    const files = await withBackups(5, 3);
    expect(await files.list('backups')).toEqual(['01', '02', '03']);
    for (const [slot, iteration] of [
      ['01', 5],
      ['02', 4],
      ['03', 3],
    ] as const) {
      expect(await opened(files, slot)).toEqual({ iteration, history: iteration });
    }
    expect(await files.list('backups/02')).toEqual(['current', 'loss.bin', 'previews', 'saves']);
  });

  test('a smaller number of backups to keep removes the others', async () => {
    const files = await withBackups(5, 24);
    await backUp(files, (await files.list('saves')).at(-1)!, 2);
    expect(await files.list('backups')).toEqual(['01', '02']);
  });

  test('dying at any step loses at most the oldest, and the next backup heals the row', async () => {
    for (let step = 0; ; step++) {
      const files = await withBackups(4, 4);
      files.steps = 0;
      files.failAt = step;
      files.dead = true;
      const save = (await files.list('saves')).at(-1)!;
      await backUp(files, save, 4).catch(() => undefined);
      if (files.steps <= step) break;
      for (const lost of [false, true]) {
        const after = files.afterCrash(lost);
        const slots = (await after.list('backups')).filter((name) => /^\d\d$/.test(name));
        const found = await Promise.all(slots.map((slot) => opened(after, slot).catch(() => ({ iteration: 0 }))));
        for (const iteration of [2, 3, 4])
          if (!lost)
            expect(
              found.map((entry) => entry.iteration),
              `step ${step}`,
            ).toContain(iteration);
        await backUp(after, save, 4);
        expect((await opened(after, '01')).iteration).toBe(4);
        expect((await after.list('backups')).filter((name) => /^\d\d$/.test(name)).length).toBeLessThanOrEqual(4);
      }
    }
  });
});
