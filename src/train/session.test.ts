/** Whole sessions with a toy engine: chunks, saves, resume, commands, and what happens when numbers or disks fail. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { diskFull, MemoryFileStore } from '../../test/support/memoryFileStore.ts';
import { ToyBatches, ToyEngine } from '../../test/support/toyEngine.ts';
import { FormatError, LiaeError, Rng, type Tensor } from '../base/index.ts';
import type { ImageCodec } from '../image/index.ts';
import { Checkpoints } from './checkpoints.ts';
import type { TrainCommand, TrainEvent } from './events.ts';
import type { Sha256 } from './fileStore.ts';
import { readJournal } from './journal.ts';
import type { LoopEnd } from './loop.ts';
import { HISTORY_FILE, readHistory } from './lossHistory.ts';
import { previewPeriod, resolveOptions } from './options.ts';
import { runSession } from './session.ts';

const sha256 = (): Sha256 => {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
};
const codec: Pick<ImageCodec, 'encodePng'> = { encodePng: async () => new Uint8Array([1, 2, 3]) };
const small = { src: '/src', dst: '/dst', archi: 'liae', resolution: 64, batch_size: 1, seed: 3 };

interface Bench {
  readonly files: MemoryFileStore;
  /** Milliseconds that an iteration takes. */
  stepMs: number;
  readonly events: TrainEvent[];
  readonly commands: TrainCommand[];
  engine: ToyEngine;
  batches: ToyBatches;
  /** What lies under the path of --from. */
  weights: ReadonlyMap<string, Tensor>;
  /** Called with the parts of a session before it runs. */
  prepare: (bench: Bench) => void;
  nowMs: number;
  run(asked?: Record<string, unknown>): Promise<LoopEnd>;
}

function bench(files = new MemoryFileStore(), prepare: (bench: Bench) => void = () => undefined): Bench {
  const self: Bench = {
    ...{ files, weights: new Map(), stepMs: 1000, events: [], commands: [], nowMs: 0, prepare },
    ...{ engine: new ToyEngine(), batches: new ToyBatches(resolveOptions(small).options) },
    run: (asked = small) =>
      runSession(asked, {
        ...{ files, sha256, tool: '0', time: () => 'now', codec: codec as ImageCodec, nowMs: () => self.nowMs, peakBytes: () => 7 },
        emit: (event) => self.events.push(event),
        commands: () => self.commands.splice(0),
        readWeights: async () => self.weights,
        createEngine: async (options) => {
          self.engine = new ToyEngine(options);
          self.engine.during = (count) => (self.nowMs += count * self.stepMs);
          return self.engine;
        },
        createBatches: async (options) => {
          self.batches = new ToyBatches(options);
          self.prepare(self);
          return self.batches;
        },
      }),
  };
  return self;
}

const of = <K extends TrainEvent['event']>(events: readonly TrainEvent[], kind: K): Extract<TrainEvent, { event: K }>[] =>
  events.filter((event): event is Extract<TrainEvent, { event: K }> => event.event === kind);

const loaded = async (files: MemoryFileStore) => new Checkpoints(files, { sha256, tool: '0', time: () => 'now' }).load();

/** Everything that decides how training goes on, as text. */
async function essence(files: MemoryFileStore): Promise<string> {
  const { manifest, state } = await loaded(files);
  const tensors = [...state.tensors].map(([key, { data }]) => [key, [...data]]).sort();
  return JSON.stringify([manifest.iteration, state.counters, tensors, [...files.bytesOf(HISTORY_FILE)]]);
}

describe('chunks', () => {
  test('never cross a save, a preview or the target, whatever the periods and the speed', async () => {
    const rng = new Rng(11);
    for (let trial = 0; trial < 40; trial++) {
      const asked = {
        ...small,
        ...{ target: rng.integer(1, 60), save_every: rng.integer(0, 20), preview_every: rng.integer(1, 20) },
      };
      const b = bench();
      b.stepMs = rng.integer(1, 5000);
      await b.run(asked);
      const { options } = resolveOptions(asked);
      let done = 0;
      for (const { iteration, count } of b.engine.calls) {
        expect(iteration).toBe(done);
        for (let inside = iteration + 1; inside < iteration + count; inside++) {
          expect(inside % previewPeriod(options), 'preview').not.toBe(0);
          if (options.save_every > 0) expect(inside % options.save_every, 'save').not.toBe(0);
          expect(inside, 'first save').not.toBe(1);
        }
        expect(count).toBeLessThanOrEqual(8);
        done += count;
      }
      expect(done).toBe(options.target);
      const saves = new Set(of(b.events, 'saved').map(({ iteration }) => iteration));
      const previews = of(b.events, 'preview').map(({ iteration }) => iteration);
      const multiples = (period: number): number[] =>
        Array.from({ length: Math.floor(options.target / period) }, (_, i) => (i + 1) * period);
      for (const due of [0, 1, options.target, ...(options.save_every > 0 ? multiples(options.save_every) : [])])
        expect(saves).toContain(due);
      expect(previews).toEqual([...new Set([0, ...multiples(options.preview_every), options.target])]);
    }
  });

  test.each([
    [900, 8],
    [2500, 3],
    [5000, 1],
    [20_000, 1],
  ])('at %i ms an iteration are %i long after two single ones', async (ms, length) => {
    const b = bench();
    b.stepMs = ms;
    await b.run({ ...small, target: 30 });
    const counts = b.engine.calls.map(({ count }) => count);
    expect(counts.slice(0, 2)).toEqual([1, 1]);
    expect(counts.slice(2, -1).every((count) => count === length)).toBe(true);
  });

  test('do not change a bit of the result', async () => {
    const results = [];
    for (const ms of [1, 2500, 9000]) {
      const b = bench();
      b.stepMs = ms;
      await b.run({ ...small, target: 25 });
      results.push(await essence(b.files));
    }
    expect(new Set(results).size).toBe(1);
  });

  test('report each iteration with its share of the time and its own wait and losses', async () => {
    const b = bench();
    await b.run({ ...small, target: 9 });
    const iterations = of(b.events, 'iteration');
    expect(iterations.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(iterations.every(({ ms, waitMs }) => ms === 1000 && waitMs === 0.5)).toBe(true);
    const { losses } = await readHistory(b.files);
    expect([...losses]).toEqual(iterations.flatMap(({ loss }) => [Math.fround(loss.src), Math.fround(loss.dst)]));
  });
});

describe('resuming', () => {
  test('gives exactly what an unbroken run gives, wherever it was stopped', async () => {
    const whole = bench();
    await whole.run({ ...small, target: 24 });
    const expected = await essence(whole.files);
    for (const at of [1, 2, 7, 23]) {
      const files = new MemoryFileStore();
      await bench(files).run({ ...small, target: at });
      const second = bench(files);
      const end = await second.run({ target: 24 });
      expect(end).toEqual({ iteration: 24, reason: 'target', saved: true });
      expect(await essence(files), `stopped at ${at}`).toBe(expected);
      expect(of(second.events, 'started')[0]).toMatchObject({ iteration: at, resumed: expect.stringMatching(/^\d{7}-\d+$/) });
      expect(of(second.events, 'changed')).toEqual([{ event: 'changed', option: 'target', from: at, to: 24 }]);
    }
  });

  test('after a crash at any step loses no more than what came after the last reported save', async () => {
    const asked = { ...small, target: 6, save_every: 2, preview_every: 3 };
    const whole = bench();
    await whole.run(asked);
    const expected = await essence(whole.files);
    for (let step = 0; step < whole.files.steps; step++) {
      for (const lost of [false, true]) {
        const b = bench();
        b.files.failAt = step;
        b.files.dead = true;
        await b.run(asked).catch(() => undefined);
        const files = b.files.afterCrash(lost);
        const again = bench(files);
        await again.run(asked);
        const reported = of(b.events, 'saved').at(-1);
        if (reported !== undefined) expect(of(again.events, 'started')[0]?.iteration).toBeGreaterThanOrEqual(reported.iteration);
        expect(await essence(files), `step ${step} ${b.files.log[step]}`).toBe(expected);
      }
    }
  });

  test('needs nothing but the folder, and facesets only if none are stored', async () => {
    const b = bench();
    await b.run({ ...small, target: 2 });
    await bench(b.files).run({});
    const error: unknown = await bench()
      .run({ ...small, dst: '' })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LiaeError);
    expect((error as LiaeError).message).toContain('--dst: training needs both facesets');
  });

  test('a target that is reached already does nothing but say so', async () => {
    const b = bench();
    await b.run({ ...small, target: 3 });
    const again = bench(b.files);
    expect(await again.run({})).toEqual({ iteration: 3, reason: 'target', saved: true });
    expect(again.engine.calls).toEqual([]);
    expect(of(again.events, 'saved')).toEqual([]);
  });

  test('a damaged save is named and the one before is used', async () => {
    const b = bench();
    await b.run({ ...small, target: 4, save_every: 2 });
    const newest = of(b.events, 'saved').at(-1)!.save;
    b.files.bytesOf(`saves/${newest}/state.safetensors`)[100]! ^= 1;
    const again = bench(b.files);
    await again.run({ target: 5 });
    expect(of(again.events, 'rejected')).toEqual([
      { event: 'rejected', save: newest, why: 'state.safetensors does not match its checksum' },
    ]);
    expect(of(again.events, 'started')[0]?.iteration).toBe(2);
    expect(of(again.events, 'history')).toEqual([{ event: 'history', cut: 2, lost: 0 }]);
  });

  test('a new model starts from given weights with slots of its own', async () => {
    const b = bench();
    await b.run({ ...small, target: 2 });
    const { tensors } = (await loaded(b.files)).state;
    const next = bench();
    next.weights = tensors;
    next.commands.push('stop');
    await next.run({ ...small, from: '/other' });
    expect(of(next.events, 'weights')).toEqual([{ event: 'weights', from: '/other', fresh: [] }]);
    const { state } = await loaded(next.files);
    expect(next.engine.calls).toEqual([]);
    expect(state.tensors.get('net/a/weight')?.data).toEqual(tensors.get('net/a/weight')?.data);
    expect(state.tensors.get('src_dst_opt/ms/net/a/weight')?.data).toEqual(new Float32Array(3));
    expect(state.counters).toEqual({ src_dst_opt: 0 });
  });

  test('weights of another network are refused, and named', async () => {
    const b = bench();
    b.weights = new Map([['net/a/weight', { shape: [4], data: new Float32Array(4) }]]);
    await expect(b.run({ ...small, from: '/other' })).rejects.toThrow('weights of another network');
    b.weights = new Map([['encoder/weight', { shape: [3], data: new Float32Array(3) }]]);
    await expect(b.run({ ...small, from: '/other' })).rejects.toThrow('no weights of this model');
    expect(await b.files.list('saves')).toEqual([]);
  });

  test('with another optimizer keeps the weights, starts its slots afresh and saves at once', async () => {
    const b = bench();
    await b.run({ ...small, target: 4 });
    const before = await loaded(b.files);
    const again = bench(b.files);
    await again.run({ adabelief: 'n' });
    expect(of(again.events, 'reset')).toEqual([{ event: 'reset', what: ['src_dst_opt/acc'], dropped: ['src_dst_opt/ms'] }]);
    const after = await loaded(b.files);
    expect(after.name).not.toBe(before.name);
    expect(after.state.tensors.get('net/a/weight')?.data).toEqual(before.state.tensors.get('net/a/weight')?.data);
    expect([...after.state.tensors.keys()].sort()).toEqual(['net/a/weight', 'src_dst_opt/acc/net/a/weight']);
    expect(after.manifest.options.adabelief).toBe(false);
  });

  test('changed options are stored even if nothing is trained', async () => {
    const b = bench();
    await b.run({ ...small, target: 2 });
    await bench(b.files).run({ clipgrad: 'y' });
    expect((await loaded(b.files)).manifest.options.clipgrad).toBe(true);
  });
});

describe('saves', () => {
  test('come at the start, after the first iteration, every 25 minutes and at the end', async () => {
    const b = bench();
    b.stepMs = 60_000;
    await b.run({ ...small, target: 60 });
    expect(of(b.events, 'saved').map(({ iteration }) => iteration)).toEqual([0, 1, 26, 51, 60]);
  });

  test('that fail leave training running and the old save in place, and the next one succeeds', async () => {
    const b = bench();
    b.files.error = diskFull;
    b.prepare = ({ batches, files }) => {
      batches.before = (iteration) => {
        files.failAt = iteration === 3 ? files.steps + 1 : undefined; // 0 is the append of this iteration's losses
        files.dead = iteration === 3;
      };
    };
    const end = await b.run({ ...small, target: 8, save_every: 4 });
    expect(of(b.events, 'savefailed').map(({ iteration }) => iteration)).toEqual([4]);
    expect(of(b.events, 'saved').map(({ iteration }) => iteration)).toEqual([0, 1, 8]);
    expect(end.saved).toBe(true);
    expect((await readHistory(b.files)).losses.length).toBe(16);
  });

  test('a last save that fails is reported', async () => {
    const b = bench();
    b.files.error = diskFull;
    b.prepare = ({ batches, files }) => {
      batches.before = (iteration) => {
        if (iteration === 2) [files.failAt, files.dead] = [files.steps, true];
      };
    };
    expect(await b.run({ ...small, target: 4 })).toEqual({ iteration: 4, reason: 'target', saved: false });
    expect((await loaded(b.files.afterCrash(false))).manifest.iteration).toBe(1);
  });

  test('backups follow the clock', async () => {
    const b = bench();
    b.stepMs = 20 * 60_000;
    await b.run({ ...small, target: 13, backup_every: 1 });
    // Saves come every second iteration (40 minutes), backups with those that complete an hour.
    expect(of(b.events, 'backup').map(({ iteration }) => iteration)).toEqual([3, 7, 9, 13]);
    expect(await b.files.list('backups')).toEqual(['01', '02', '03', '04']);
  });
});

describe('commands', () => {
  test('stop saves and ends, within the chunk that is being collected', async () => {
    const b = bench();
    b.prepare = ({ batches, commands }) => {
      batches.before = (iteration) => {
        if (iteration === 12) commands.push('stop');
      };
    };
    expect(await b.run()).toEqual({ iteration: 13, reason: 'stopped', saved: true });
    expect(b.engine.calls.at(-1)).toEqual({ iteration: 10, count: 3 });
    expect((await loaded(b.files)).manifest.iteration).toBe(13);
    expect(b.engine.disposed).toBe(true);
  });

  test('save, backup and preview are done between chunks', async () => {
    const b = bench();
    b.prepare = ({ batches, commands }) => {
      batches.before = (iteration) => {
        if (iteration === 4) commands.push('save', 'backup', 'preview');
        if (iteration === 9) commands.push('stop');
      };
    };
    await b.run();
    const kinds = b.events
      .filter(({ event }) => ['saved', 'backup', 'preview'].includes(event))
      .map((event) => [event.event, 'iteration' in event && event.iteration]);
    expect(kinds).toEqual([
      ['saved', 0],
      ['preview', 0],
      ['saved', 1],
      ['saved', 5],
      ['backup', 5],
      ['preview', 5],
      ['saved', 10],
    ]);
  });

  test('stop before the first iteration leaves a model that can be resumed', async () => {
    const b = bench();
    b.commands.push('stop');
    expect(await b.run()).toEqual({ iteration: 0, reason: 'stopped', saved: true });
    expect((await bench(b.files).run({ target: 2 })).iteration).toBe(2);
  });
});

describe('options changed while training runs', () => {
  test('hold from the next iteration on, are told, journalled and saved; the learning rate reaches the engine', async () => {
    const b = bench(undefined, ({ batches, commands }) => {
      batches.before = (iteration) => {
        if (iteration === 5) commands.push({ set: { learning_rate: 1e-5, target: 20, save_every: 4 } });
      };
    });
    await b.run({ ...small, target: 50 });
    expect(b.engine.rates).toEqual([1e-5]);
    expect(of(b.events, 'done')).toMatchObject([{ iteration: 20, reason: 'target', saved: true }]);
    expect(of(b.events, 'saved').map(({ iteration }) => iteration)).toEqual([0, 1, 8, 12, 16, 20]);
    expect(of(b.events, 'changed').map(({ option }) => option)).toEqual(['target', 'learning_rate', 'save_every']);
    expect((await loaded(b.files)).manifest.options).toMatchObject({ learning_rate: 1e-5, target: 20, save_every: 4 });
    const told = (await readJournal(b.files)).filter(({ what }) => what === 'changed');
    expect(told.map(({ iteration }) => iteration)).toEqual([6, 6, 6]); // the iteration under way was finished first
  });

  test('are refused where they need a new start, or are not allowed, and training goes on', async () => {
    const b = bench();
    b.commands.push({ set: { batch_size: 2 } }, { set: { target: -1 } }, { set: { resolution: 128 } }, { set: { nonsense: 1 } });
    await b.run({ ...small, target: 3 });
    expect(of(b.events, 'warning').map(({ message }) => message.split(':')[0])).toEqual(['batch_size', 'target', 'resolution', 'nonsense']);
    expect(of(b.events, 'changed')).toEqual([]);
    expect(of(b.events, 'done')).toMatchObject([{ iteration: 3, reason: 'target' }]);
  });

  test('an option that was changed and changed back leaves nothing to save', async () => {
    const b = bench();
    b.commands.push({ set: { learning_rate: 5e-5 } });
    await b.run({ ...small, target: 3 });
    expect(b.engine.rates).toEqual([]);
  });
});

test('the time of an iteration and the memory are told once it runs at full speed, and with every save', async () => {
  const b = bench();
  await b.run({ ...small, target: 12, save_every: 10 });
  expect(of(b.events, 'measured')).toEqual([10, 10, 12].map((iteration) => ({ event: 'measured', iteration, ms: 1000, peakBytes: 7 })));
});

describe('a loss that is not a number', () => {
  test('takes training back to the last save, on other samples, and leaves no trace', async () => {
    const b = bench();
    b.prepare = ({ batches }) => {
      batches.spoil = (iteration, attempt) => (iteration === 6 && attempt === 0 ? Number.NaN : undefined);
    };
    await b.run({ ...small, target: 9, save_every: 4 });
    expect(of(b.events, 'nonfinite')).toEqual([{ event: 'nonfinite', iteration: 7, save: '0000004-3', back: 4 }]);
    expect(b.batches.asked.filter(([iteration]) => iteration === 6)).toEqual([
      [6, 0],
      [6, 1],
    ]);
    const { losses } = await readHistory(b.files);
    expect([losses.length, losses.every(Number.isFinite)]).toEqual([18, true]);
    const { manifest, state } = await loaded(b.files);
    expect(manifest.random.restores).toBe(1);
    expect([...state.tensors.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
    // And the new course is kept by a resume.
    const whole = bench(undefined, b.prepare);
    await whole.run({ ...small, target: 12, save_every: 4 });
    await bench(b.files, b.prepare).run({ target: 12 });
    expect(await essence(b.files)).toBe(await essence(whole.files));
  });

  test('that comes back again and again ends training at the last good save', async () => {
    const b = bench();
    b.prepare = ({ batches }) => {
      batches.spoil = (iteration) => (iteration === 6 ? Number.POSITIVE_INFINITY : undefined);
    };
    expect(await b.run({ ...small, save_every: 4 })).toEqual({ iteration: 4, reason: 'diverged', saved: true });
    expect(of(b.events, 'nonfinite')).toHaveLength(4);
    expect((await loaded(b.files)).manifest.iteration).toBe(4);
  });

  test('that has not come yet, in weights that are no longer finite, is found before a save', async () => {
    const b = bench();
    b.prepare = ({ batches }) => {
      batches.spoil = (iteration, attempt) => (iteration === 7 && attempt === 0 ? 1000 : undefined);
    };
    await b.run({ ...small, target: 10, save_every: 4 });
    expect(of(b.events, 'nonfinite')).toEqual([{ event: 'nonfinite', iteration: 8, save: '0000004-3', back: 4 }]);
    expect(of(b.events, 'saved').map(({ iteration }) => iteration)).toEqual([0, 1, 4, 8, 10]);
  });
});

test('an error of the sample source saves what was learned and is passed on', async () => {
  const b = bench();
  b.prepare = ({ batches }) => {
    batches.before = (iteration) => {
      if (iteration === 5) throw new FormatError('/src/3.jpg: gone');
    };
  };
  await expect(b.run()).rejects.toThrow('/src/3.jpg: gone');
  expect((await loaded(b.files)).manifest.iteration).toBe(2);
  expect(b.engine.disposed).toBe(true);
});

test('a preview that cannot be written is a warning', async () => {
  const b = bench();
  b.files.error = diskFull;
  const write = b.files.write.bind(b.files);
  b.files.write = async (path, pieces) => (path.endsWith('.png.tmp') ? Promise.reject(diskFull()) : write(path, pieces));
  await b.run({ ...small, target: 2 });
  expect(of(b.events, 'warning').map(({ message }) => message)).toEqual([
    'preview failed: model: the disk is full',
    'preview failed: model: the disk is full',
  ]);
});

test('the faces of the preview are drawn once and kept', async () => {
  const b = bench();
  await b.run({ ...small, target: 2 });
  const kept = b.files.bytesOf('previews/sample.safetensors').slice();
  const again = bench(b.files);
  await again.run({ target: 4, preview_every: 1 });
  expect(again.batches.asked.map(([iteration]) => iteration)).toEqual([2, 3]);
  expect(b.files.bytesOf('previews/sample.safetensors')).toEqual(kept);
  expect(await b.files.list('previews')).toEqual([
    '0000000.png',
    '0000002.png',
    '0000003.png',
    '0000004.png',
    'latest.png',
    'sample.safetensors',
  ]);
});
