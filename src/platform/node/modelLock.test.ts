/** One holder at a time; the dead do not hold. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockModel } from './modelLock.ts';

let scratch = '';
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'liae-lock-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const model = (): string => join(scratch, 'model');
const leave = (content: string): void => {
  mkdirSync(model(), { recursive: true });
  writeFileSync(join(model(), 'lock'), content);
};
/** A process number that was in use and no longer is. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

test('a second holder is refused while the first holds it, and not after', async () => {
  const lock = await lockModel(model());
  await expect(lockModel(model())).rejects.toThrow('another process is training this model');
  await lock[Symbol.asyncDispose]();
  expect(existsSync(model())).toBe(false); // nothing was made in it
  await (await lockModel(model()))[Symbol.asyncDispose]();
});

test('a lock of a dead process is taken over, and nothing else is left', async () => {
  leave(JSON.stringify({ pid: deadPid(), host: hostname(), started: '1', token: 'old' }));
  const lock = await lockModel(model());
  expect(JSON.parse(readFileSync(join(model(), 'lock'), 'utf8')).pid).toBe(process.pid);
  expect(readdirSync(model())).toEqual(['lock']);
  await lock[Symbol.asyncDispose]();
});

test.runIf(process.platform === 'linux')('a number that another process uses now does not hold', async () => {
  leave(JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }));
  await (await lockModel(model()))[Symbol.asyncDispose]();
});

test('a lock of another machine is believed', async () => {
  leave(JSON.stringify({ pid: 1, host: 'elsewhere' }));
  await expect(lockModel(model())).rejects.toThrow('another process is training');
});

test.each(['', '{', 'null', '{"pid":"x"}'])('a damaged lock (%s) holds nothing', async (content) => {
  leave(content);
  await (await lockModel(model()))[Symbol.asyncDispose]();
});

test('of many at once one succeeds', async () => {
  leave(JSON.stringify({ pid: deadPid(), host: hostname(), started: '1', token: 'old' }));
  // The same process many times: the refusals come from the lock itself.
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockModel(model())));
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  expect(readdirSync(model())).toEqual(['lock']);
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value[Symbol.asyncDispose]();
});

test('a folder that cannot be made is the user’s to mend', async () => {
  writeFileSync(model(), 'a file');
  await expect(lockModel(model())).rejects.toThrow('cannot write here');
});
