/** Models over the server's routes: what they will take, what happened to them, backups, and options changed while a small program stands for a training. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../test/support/until.ts';
import { lockModel } from '../../platform/node/modelLock.ts';
import { NodeFileStore, nodeSha256 } from '../../platform/node/modelStore.ts';
import { backUpNow, Checkpoints, footprint, LossHistory, resolveOptions } from '../../train/index.ts';
import type { JobInfo, ModelStory, TrainingEstimate, TrainingPreset } from '../protocol.ts';
import { modelStory, trainingEstimate, trainingPreset } from '../protocol.ts';
import { list } from '../schema.ts';
import { optionTextsEn } from '../web/messages/training.options.en.ts';
import { optionTextsZh } from '../web/messages/training.options.zh.ts';
import { Estimates } from './estimate.ts';
import { optionGroups } from './optionGroups.ts';
import { type RunningStudio, startStudio } from './serve.ts';

const scratch = mkdtempSync(join(tmpdir(), 'liae-models-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const workspace = join(scratch, 'work');
mkdirSync(join(scratch, 'page'), { recursive: true });
writeFileSync(join(scratch, 'page', 'index.html'), '');

/** Trains nothing: tells its words, empties its file as a long training does, and leaves at a stop. */
const standIn = join(scratch, 'standIn.mjs');
writeFileSync(
  standIn,
  `import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
  process.on('exit', (code) => writeFileSync(process.env.LIAE_EXIT_FILE, String(code)));
  const tell = (event) => console.log(JSON.stringify(event));
  const start = { event: 'started', iteration: 10, resumed: 's', options: { target: 1000 } };
  tell({ event: 'words', words: process.argv.slice(2) });
  tell(start);
  if (process.argv.includes('--save-every=77')) tell({ event: 'saved', iteration: 11, save: 's', bytes: 1, ms: 1 });
  tell({ event: 'nonfinite', iteration: 15, save: 's', back: 12 });
  tell({ event: 'measured', iteration: 13, ms: 250, peakBytes: 5000 });
  let n = 13;
  setInterval(() => {
    tell({ event: 'iteration', iteration: ++n, ms: 20, waitMs: 0, loss: { src: 1, dst: 2 } });
    if (n === 40) { truncateSync(process.env.LIAE_EVENTS); tell(start); tell({ event: 'changed', option: 'target', from: 1000, to: 2000 }); }
    if (!existsSync(process.env.LIAE_ORDERS)) return;
    const orders = readFileSync(process.env.LIAE_ORDERS, 'utf8');
    writeFileSync(${JSON.stringify(join(scratch, 'orders'))}, orders);
    if (!orders.includes('stop\\n')) return;
    tell({ event: 'done', iteration: n, reason: 'stopped', saved: true, peakBytes: 1 });
    process.exit(process.argv.includes('--archi=fails') ? 1 : 0);
  }, 20);`,
);

const small = { archi: 'liae-ud', resolution: 64, ae_dims: 32, e_dims: 16, d_dims: 16, d_mask_dims: 16, batch_size: 2 };
const { options } = resolveOptions(small);
const model = join(workspace, 'model');
const files = new NodeFileStore(model);
const ports = { sha256: nodeSha256, time: () => '2026-01-01T00:00:00.000Z', tool: '0' };

let studio: RunningStudio;
let cookie = '';
const start = async (): Promise<void> => {
  studio = await startStudio({
    ...{ workspace, host: '127.0.0.1', port: 0, program: [process.execPath, standIn], page: join(scratch, 'page'), version: '0' },
    settings: join(scratch, 'settings'),
    onFault: (error) => {
      throw error;
    },
  });
  cookie = (await fetch(studio.url, { redirect: 'manual' })).headers.getSetCookie()[0]!.split(';')[0]!;
};
beforeAll(async () => {
  await files.makeFolder('');
  const [saves, history] = [new Checkpoints(files, ports), await LossHistory.create(files, 1)];
  for (const iteration of [4, 9]) {
    while (history.mark.records < iteration) await history.append([{ src: history.mark.records + 1, dst: 0 }]);
    await history.flush();
    const tensors = new Map([['net/weight', { shape: [2], data: new Float32Array(2).fill(iteration) }]]);
    await saves.save({ iteration, options, restores: 0, history: history.mark, state: { tensors, counters: {} } });
    if (iteration === 4) await backUpNow(files, undefined, ports);
  }
  await start();
});
afterAll(async () => await studio[Symbol.asyncDispose]());

async function ask<T>(path: string, body?: unknown): Promise<{ status: number; value: T }> {
  const headers = { cookie, connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  const reply = await fetch(`${new URL(studio.url).origin}/api${path}`, sent);
  return { status: reply.status, value: (await reply.json()) as T };
}
const told = async <T>(path: string, body?: unknown): Promise<T> => {
  const { status, value } = await ask<T>(path, body);
  expect(status, JSON.stringify(value)).toBe(200);
  return value;
};

describe('what a training will take', () => {
  test('is told without starting anything, from the same graph', async () => {
    const found = await told<TrainingEstimate>('/training/estimate', { options: small });
    expect(trainingEstimate.read(found, 'estimate')).toEqual(found);
    const { parameters, weightBytes, optimizerBytes } = footprint(options);
    expect(found).toMatchObject({ parameters, weightBytes, optimizerBytes, adversaryParameters: 0, rounded: [] });
    expect(found.totalBytes).toBeGreaterThan(weightBytes + optimizerBytes);
    expect(readdirSync(workspace).filter((name) => !name.startsWith('.'))).toEqual(['model']);
  });

  test('holds for a model with its own options, and tells what will be rounded', async () => {
    const more = await told<TrainingEstimate>('/training/estimate', { model: 'model', options: { gan_power: 0.1 } });
    expect(more.parameters).toBe(footprint(options).parameters);
    expect(more.adversaryParameters).toBeGreaterThan(0);
    const { rounded } = await told<TrainingEstimate>('/training/estimate', { options: { ...small, resolution: 100, e_dims: 17 } });
    expect(rounded.map(({ option, from, to }) => [option, from, to])).toEqual([
      ['resolution', 100, 96],
      ['e_dims', 17, 18],
    ]);
  });

  test('is refused as training would refuse it', async () => {
    for (const body of [
      { options: { resolution: 10 } },
      { options: { archi: 'x' } },
      { options: { nonsense: 1 } },
      { model: 'model', options: { resolution: 128 } },
      { model: '../model', options: {} },
      { options: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`o${i}`, 1])) },
    ])
      expect((await ask('/training/estimate', body)).status, JSON.stringify(body).slice(0, 100)).toBe(400);
  });

  test('presets fit the machine: the larger it is, the nearer to what they are meant to be', async () => {
    const found = await told<TrainingPreset[]>('/training/presets');
    expect(list(trainingPreset).read(found, 'presets')).toEqual(found);
    const gib = 2 ** 30;
    const on = async (machine: number) => await new Estimates(() => ({ machineBytes: machine * gib, freeBytes: 0 })).presets();
    let before: readonly number[] = [0, 0, 0, 0];
    for (const machine of [4, 16, 256]) {
      const presets = await on(machine);
      for (const { estimate } of presets) {
        expect(estimate.machineBytes).toBe(machine * gib);
        expect(estimate.verdict === 'fits').toBe(estimate.totalBytes <= 0.7 * machine * gib);
      }
      const batches = presets.map(({ options: chosen }) => Number(chosen.batch_size));
      for (const [i, batch] of batches.entries()) expect(batch).toBeGreaterThanOrEqual(before[i]!);
      before = batches;
      expect(presets[0]).toMatchObject({ name: 'quick', estimate: { verdict: 'fits' } });
    }
    for (const { options: chosen, meant } of await on(256)) expect(chosen.batch_size).toBe(meant.batch);
    expect((await on(4)).find(({ name }) => name === 'film')!.estimate.verdict).toBe('tooMuch'); // and it says so
  });
});

test('every option that the form offers is explained, in every language, with what is usual and what it costs', () => {
  const offered = optionGroups().flatMap(({ options: listed }) => listed.map(({ name }) => name));
  for (const texts of [optionTextsEn, optionTextsZh]) {
    expect(Object.keys(texts).sort()).toEqual([...offered].sort());
    for (const [name, { label, does, typical, cost }] of Object.entries(texts))
      expect(
        [label, does, typical, cost].every((text) => text.length > 1),
        name,
      ).toBe(true);
  }
});

describe('backups', () => {
  test('one takes the place of the save, and that can be undone; the story tells it', async () => {
    const before = await told<ModelStory>('/models/story?path=model');
    expect(modelStory.read(before, 'story')).toEqual(before);
    expect(before.backups).toMatchObject([{ slot: '01', iteration: 4, problem: null, preview: false }]);
    expect(await told('/models/restore', { model: 'model', slot: '01' })).toEqual({ iteration: 4, before: 9, kept: 'backups/01' });
    const after = await told<ModelStory>('/models/story?path=model');
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.backups.map(({ iteration }) => iteration)).toEqual([9, 4]);
    expect(after.events.at(-1)).toMatchObject({ what: 'restored', iteration: 4, before: 9, kept: 'backups/01' });
    await told('/models/restore', { model: 'model', slot: '01' });
    expect((await told<{ models: { iteration: number }[] }>('/workspace')).models[0]!.iteration).toBe(9);
    expect(await told('/models/backup', { model: 'model' })).toEqual({ folder: 'backups/01' });
  });

  test('not while somebody trains the model, not from elsewhere, not what is no model', async () => {
    {
      await using _lock = await lockModel(model);
      expect(await ask('/models/restore', { model: 'model', slot: '01' })).toMatchObject({
        status: 400,
        value: { error: { message: expect.stringContaining('another process is training this model') } },
      });
    }
    for (const slot of ['../1', '1', '99', '']) expect((await ask('/models/restore', { model: 'model', slot })).status).toBe(400);
    for (const path of ['../work/model', '.liae', 'nothing', '']) {
      expect((await ask(`/models/story?path=${encodeURIComponent(path)}`)).status, path).toBe(400);
      expect((await ask('/models/backup', { model: path })).status, path).toBe(400);
    }
    expect((await ask('/models/backup/preview?path=model&slot=../')).status).toBe(400);
    expect(readdirSync(workspace).filter((name) => !name.startsWith('.'))).toEqual(['model']);
  });
});

describe('a training under way', () => {
  const running = async (): Promise<JobInfo | undefined> =>
    (await told<JobInfo[]>('/jobs')).find(({ state }) => state === 'running' || state === 'stopping');
  const wordsIn = (id: string): string => readFileSync(join(workspace, '.liae/jobs', id, 'events.ndjson'), 'utf8');

  test('tells what it measured, what the guard did, and all of it again when its file began anew', async () => {
    const { id } = await told<JobInfo>('/jobs', { kind: 'train', model: 'model', options: {} });
    const early = await until(async () => ((await running())?.training?.peakBytes == null ? undefined : await running()), 'measured');
    expect(early.training).toMatchObject({ steadyMs: 250, peakBytes: 5000, restores: 1, guard: { failed: 15, back: 12 } });
    expect(early.progress).toMatchObject({ total: 1000 });
    await until(async () => {
      const job = await running();
      return job?.progress?.total === 2000 && job.training!.iteration > 40 ? job : undefined;
    }, 'file anew');
    expect(wordsIn(id)).not.toContain('"words"');
  });

  test('takes some options at once, others by a stop and a start', async () => {
    const { id } = (await running())!;
    expect(await told('/models/apply', { model: 'model', options: { learning_rate: 1e-5 } })).toEqual({ how: 'live' });
    await until(
      async () => (readFileSync(join(scratch, 'orders'), { encoding: 'utf8', flag: 'a+' }).includes('set') ? true : undefined),
      'set',
    );
    expect(readFileSync(join(scratch, 'orders'), 'utf8')).toBe('set {"learning_rate":0.00001}\n');
    for (const bad of [{ resolution: 96 }, { random_warp: 'perhaps' }, { learning_rate: 9 }, { x: 1 }])
      expect((await ask('/models/apply', { model: 'model', options: bad })).status, JSON.stringify(bad)).toBe(400);
    expect((await running())!.id).toBe(id);

    expect(await told('/models/apply', { model: 'model', options: { random_warp: false, learning_rate: 2e-5 } })).toEqual({
      how: 'restart',
    });
    const next = await until(async () => {
      const job = await running();
      return job === undefined || job.id === id ? undefined : job;
    }, 'another job');
    expect(next.request).toEqual({ kind: 'train', model: 'model', options: { random_warp: false, learning_rate: 2e-5 } });
    expect((await told<JobInfo[]>('/jobs')).find((job) => job.id === id)).toMatchObject({ state: 'stopped', restarts: false });
    await until(async () => (wordsIn(next.id).includes('"--random-warp=n","--learning-rate=0.00002"') ? true : undefined), 'its words');
  });

  test('goes on with new options also if the server ended meanwhile', async () => {
    const { id } = (await running())!;
    await told('/models/apply', { model: 'model', options: { uniform_yaw: true } });
    await studio[Symbol.asyncDispose]();
    await delay(300);
    await start();
    const next = await until(async () => {
      const job = await running();
      return job === undefined || job.id === id ? undefined : job;
    }, 'another job');
    expect(next.request).toMatchObject({ options: { uniform_yaw: true } });
    await told(`/jobs/${next.id}/order`, { order: 'backup' });
    await told(`/jobs/${next.id}/order`, { order: 'stop' });
    await until(async () => ((await running()) === undefined ? true : undefined), 'stopped');
    expect((await told<JobInfo[]>('/jobs'))[0]).toMatchObject({ id: next.id, state: 'stopped', training: { reason: 'stopped' } });
    expect(readFileSync(join(scratch, 'orders'), 'utf8')).toBe('backup\nstop\n');
  });

  test('that nobody runs takes no options', async () => {
    expect(await ask('/models/apply', { model: 'model', options: { target: 9 } })).toMatchObject({
      status: 400,
      value: { error: { message: 'model: nobody trains this model now' } },
    });
  });
});

describe('a training that goes on', () => {
  test('has the options of its save, and those that were changed after it', async () => {
    const note = async (...entries: object[]): Promise<void> => {
      const lines = entries.map((entry) => `${JSON.stringify({ time: '2027-01-01T00:00:00.000Z', ...entry })}\n`);
      await files.append('journal.ndjson', new TextEncoder().encode(lines.join('')));
    };
    const change = (option: string, to: unknown) => ({ what: 'changed', iteration: 13, option, from: 0, to });
    const jobsOf = async (): Promise<JobInfo[]> => await told<JobInfo[]>('/jobs');
    /** Begins a training, ends it from outside, has it go on, and tells with which words. */
    const goneOn = async (begun: object, happened: () => Promise<void>): Promise<readonly string[]> => {
      const { id } = await told<JobInfo>('/jobs', { kind: 'train', model: 'model', options: begun });
      const isTold = async () => (await jobsOf()).find((job) => job.id === id && (job.training?.iteration ?? 0) > 13);
      await until(isTold, 'iterations');
      await happened();
      await told(`/jobs/${id}/order`, { order: 'kill' });
      await until(async () => (await jobsOf()).find((job) => job.id === id && job.state === 'interrupted'), 'the end');
      const again = await told<JobInfo>(`/jobs/${id}/resume`, {});
      expect(await jobsOf()).not.toContainEqual(expect.objectContaining({ id }));
      const words = await until(async () => {
        const line = readFileSync(join(workspace, '.liae/jobs', again.id, 'events.ndjson'), 'utf8').split('\n')[0]!;
        return line === '' ? undefined : (JSON.parse(line) as { words: string[] }).words;
      }, 'words');
      await told(`/jobs/${again.id}/order`, { order: 'kill' });
      await until(async () => (await jobsOf()).find((job) => job.id === again.id && job.state === 'interrupted'), 'the end');
      return words.filter((word) => word.startsWith('--') && !/^--(model|json)/.test(word)).sort();
    };
    // Never saved: as it was begun, with what was changed on the way.
    const first = await goneOn({ learning_rate: 0.0003, save_every: 7 }, async () => {
      await note(
        { what: 'started', iteration: 9 },
        change('learning_rate', 0.00001),
        change('src', join(workspace, 'faces')),
        change('dst', '/elsewhere'),
      );
    });
    expect(first).toEqual(['--learning-rate=0.00001', '--save-every=7', '--src='.concat(join(workspace, 'faces'))]);
    // Saved: what it was begun with, and what was changed before the save, is in the save.
    const second = await goneOn({ learning_rate: 0.0003, save_every: 77 }, async () => {
      await note(
        change('learning_rate', 0.0002),
        { what: 'saved', iteration: 20 },
        change('clipgrad', true),
        change('clipgrad', false),
        change('target', 99),
      );
    });
    expect(second).toEqual(['--clipgrad=n', '--target=99']);
    // A backup that was restored has its own options.
    const third = await goneOn({ save_every: 77 }, async () => {
      await note(change('target', 50), { what: 'restored', iteration: 4, backup: '01', before: 9, kept: 'backups/01' });
    });
    expect(third).toEqual([]);
  });
});
