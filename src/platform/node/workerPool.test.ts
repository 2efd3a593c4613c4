/** Worker threads that are asked: answers, errors of either kind, notes both ways, and ends. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../../../test/support/built.ts';
import { FormatError } from '../../base/index.ts';
import { WorkerPool } from './workerPool.ts';

/** Waits so many milliseconds and answers who it is; or does what the word says. */
interface Request {
  readonly ms?: number;
  readonly word?: 'fail' | 'blame' | 'end';
}

let folder = '';
let url = new URL('file:///');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liae-pool-'));
  const script = `
    import { workerData } from 'node:worker_threads';
    import { FormatError } from ${JSON.stringify(built('base/index.js').href)};
    import { serve } from ${JSON.stringify(built('platform/node/workerPool.js').href)};
    let notes = 0;
    const tell = serve({
      async answer({ ms = 0, word }) {
        if (word === 'fail') throw new TypeError('ours');
        if (word === 'blame') throw new FormatError('yours', { next: 'mend it' });
        if (word === 'end') process.exit(3);
        await new Promise((go) => setTimeout(go, ms));
        return { bytes: new Uint8Array([workerData, notes]) };
      },
      transfer: ({ bytes }) => [bytes.buffer],
      onNote: (note) => { notes++; tell({ heard: note }); },
    });`;
  await writeFile(join(folder, 'worker.mjs'), script);
  url = pathToFileURL(join(folder, 'worker.mjs'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (count: number, more: { finish?: boolean; onNote?: (note: unknown, worker: number) => void } = {}) =>
  new WorkerPool<Request, { readonly bytes: Uint8Array }, unknown>({ url, count, does: 'waits', data: 7, ...more });

test('answers come to who asked, however long they take', async () => {
  await using pool = open(2);
  const order: number[] = [];
  await Promise.all([60, 1, 30].map((ms) => pool.ask({ ms }).then(({ bytes }) => order.push(ms, bytes[0]!))));
  expect(order).toEqual([1, 7, 30, 7, 60, 7]);
});

test('an error keeps its kind, and the next request is answered', async () => {
  await using pool = open(1);
  await expect(pool.ask({ word: 'blame' })).rejects.toThrow(FormatError);
  const ours = await pool.ask({ word: 'fail' }).catch((error: unknown) => error);
  expect(ours).toMatchObject({ name: 'TypeError', message: 'ours' });
  expect((await pool.ask({})).bytes[0]).toBe(7);
});

test('notes go both ways, to the worker that is meant', async () => {
  const heard: unknown[] = [];
  await using pool = open(2, { onNote: (note, worker) => heard.push([note, worker]) });
  pool.tell(1, 'hello');
  expect((await pool.ask({}, { worker: 1 })).bytes[1]).toBe(1);
  expect((await pool.ask({}, { worker: 0 })).bytes[1]).toBe(0);
  expect(heard).toEqual([[{ heard: 'hello' }, 1]]);
});

test('a worker that ends by itself fails what waits and what comes', async () => {
  await using pool = open(1);
  const waiting = pool.ask({ ms: 5000 });
  await expect(pool.ask({ word: 'end' })).rejects.toThrow('a worker that waits ended by itself');
  await expect(waiting).rejects.toThrow('ended by itself');
  await expect(pool.ask({})).rejects.toThrow('ended by itself');
});

test.each([true, false])('the end waits for what was asked only where that is wanted: %s', async (finish) => {
  const pool = open(1, { finish });
  const outcome = pool.ask({ ms: 200 }).then(
    () => 'answered',
    () => 'ended',
  );
  await pool[Symbol.asyncDispose]();
  expect(await outcome).toBe(finish ? 'answered' : 'ended');
  await expect(pool.ask({})).rejects.toThrow('was ended');
});
