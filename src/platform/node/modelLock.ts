/**
 * One trainer a model, one tool a folder of faces: a file `lock` with the process that holds it. A lock left by a process that no longer runs is taken over; on Linux
 * the start time of the process tells it from a later one with the same number.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ResourceError } from '../../base/index.ts';
import { isRunning, type ProcessName, processNamed } from './processName.ts';

interface Owner extends ProcessName {
  /** Tells locks of one process apart. */
  readonly token?: string | undefined;
}

/** How a lock is called, and what is said if it cannot be had. */
interface LockText {
  readonly file: string;
  readonly busy: string;
  /** What else to do than wait. */
  readonly instead: string;
}

/** Takes the lock of a model's folder, which is made if need be. @throws ResourceError if a running process holds it. */
export const lockModel = (folder: string): Promise<AsyncDisposable> =>
  lockFolder(folder, { file: 'lock', busy: 'another process is training this model', instead: 'use another --model folder' });

/** Takes the lock of a folder of faces. @throws ResourceError if a running process holds it. */
export const lockFaces = (folder: string): Promise<AsyncDisposable> =>
  lockFolder(folder, { file: '.liae-lock', busy: 'another process is working on these faces', instead: 'wait for it' });

/** Takes the lock of the folder in which a film grows. @throws ResourceError if a running process holds it. */
export const lockFilm = (folder: string): Promise<AsyncDisposable> =>
  lockFolder(folder, { file: '.liae-lock', busy: 'another process is merging to this place', instead: 'wait for it' });

async function lockFolder(folder: string, words: LockText): Promise<AsyncDisposable> {
  const lock = join(folder, words.file);
  const token = randomUUID();
  const self: Owner = { ...(await processNamed(process.pid)), token };
  const text = JSON.stringify(self);
  const draft = `${lock}.${token}`;
  try {
    await mkdir(folder, { recursive: true });
    await using file = await open(draft, 'w');
    await file.writeFile(text);
  } catch (cause) {
    throw new ResourceError(`${folder}: cannot write here`, {
      found: messageOf(cause),
      next: `check its rights, or ${words.instead}`,
      cause,
    });
  }
  try {
    // A link to a finished file is the one step that both creates the lock and fails if it is there.
    for (let tries = 0; !((await linked(draft, lock)) && (tries === 0 || (await settled(lock, text)))); tries++) {
      const holder = await ownerOf(lock);
      if (holder !== undefined && (await isRunning(holder))) throw busy(folder, holder, words);
      if (tries > 20)
        throw new ResourceError(`${lock}: cannot be taken`, { next: 'if no other process of liae runs on this folder, remove the file' });
      await retire(lock, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readFile(lock, 'utf8').catch(() => '')) === text) await rm(lock, { force: true });
      await rmdir(folder).catch(() => undefined); // a folder in which nothing was made leaves no trace
    },
  };
}

function busy(folder: string, { pid, host }: Owner, words: LockText): ResourceError {
  return new ResourceError(`${folder}: ${words.busy}`, {
    found: `process ${pid} on ${host}`,
    next:
      host === hostname()
        ? `stop that process, or ${words.instead}`
        : `stop that process; if it no longer runs, remove the file ${words.file} in the folder`,
  });
}

/** Moves a dead lock aside; if another process was faster and the lock moved is a new one, it is put back. */
async function retire(lock: string, dead: Owner | undefined): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch {
    return; // gone already
  }
  const moved = await ownerOf(aside);
  if (moved !== undefined && moved.token !== dead?.token) await linked(aside, lock);
  await rm(aside, { force: true });
}

/** Whether a lock taken over is still ours once others, who saw the dead one too, have had their turn. */
async function settled(lock: string, text: string): Promise<boolean> {
  await delay(50);
  return (await readFile(lock, 'utf8').catch(() => '')) === text;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'ENOTSUP' && codeOf(error) !== 'ENOSYS') throw error;
  }
  try {
    await using file = await open(to, 'wx'); // a disk without links
    await file.writeFile(await readFile(from, 'utf8'));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function ownerOf(lock: string): Promise<Owner | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(lock, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { pid, host, started, token } = parsed as Record<string, unknown>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1 || typeof host !== 'string') return undefined;
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return { pid, host, started: text(started), token: text(token) };
  } catch {
    return undefined; // gone, or cut off by a crash: nobody's
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
