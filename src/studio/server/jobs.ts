/**
 * Jobs: commands of the command line in processes of their own, which outlive the page and the server. Everything about one is in its folder, so
 * that a server started later finds it again:
 *   job.json  what was asked, the process    events.ndjson  its stdout    notes.log  its stderr    exit  its exit code, left by the process itself
 *   orders    what it is asked to do, a line each, which it looks at: no system needs signals for that
 *   next.json what is to be started when it has ended as asked
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { appendFile, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import { replaceFile } from '../../platform/node/files.ts';
import { isRunning, type ProcessName, processNamed } from '../../platform/node/processName.ts';
import { type JobInfo, type JobOrder, type JobRequest, jobRequest } from '../protocol.ts';
import { fromNow, nothingTold, type Told, tell, wordsOf } from './jobKinds.ts';
import type { Places } from './places.ts';
import { resumedTraining } from './trainingResume.ts';

/** How often the files of running jobs are looked at. */
const LOOK_MS = 400;
/** Of the events that were written while no server looked, only the end is read. */
const TAIL_BYTES = 256 * 1024;
const MAX_LINE = 1024 * 1024;
/** Of options that are changed in one line; a process reads orders in pieces of this size. */
const MAX_CHANGE = 3000;
const NOTE_BYTES = 64 * 1024;
/** Ended jobs beyond this number are forgotten, the oldest first. */
const MAX_KEPT = 100;

interface Job {
  readonly id: string;
  readonly folder: string;
  readonly request: JobRequest;
  readonly process: ProcessName;
  readonly started: string;
  told: Told;
  state: JobInfo['state'];
  ended: string | null;
  restarts: boolean;
  /** Bytes of events.ndjson that were read, and the beginning of a line among them. */
  read: number;
  rest: string;
  /** Whether what is read first was written while nobody looked. */
  late: boolean;
  /** What was last told to the pages. */
  shown: string;
}

export interface JobsOptions {
  readonly places: Places;
  /** What runs `liae`: a program and its first arguments. */
  readonly program: readonly string[];
  /** What command lines of a kind get besides. */
  readonly moreWords: (kind: JobRequest['kind']) => Promise<readonly string[]>;
  readonly onChange: (job: JobInfo) => void;
  readonly onGone: (id: string) => void;
  /** After a job has ended, in whatever way. */
  readonly onEnd: (job: JobInfo) => void;
}

/** A job that does not exist, or no longer. */
export class MissingJob extends LiaeError {}

export class Jobs implements Disposable {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  private constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** With the jobs of earlier servers. */
  static async open(options: JobsOptions): Promise<Jobs> {
    const jobs = new Jobs(options);
    const folder = options.places.own('jobs');
    for (const id of await readdir(folder).catch(() => [])) {
      const job = await restored(join(folder, id), id);
      if (job !== undefined) jobs.#jobs.set(id, job);
    }
    await jobs.#look();
    return jobs;
  }

  /** The newest first. */
  list(): readonly JobInfo[] {
    return [...this.#jobs.values()].sort((a, b) => (a.started < b.started ? 1 : -1)).map(infoOf);
  }

  get(id: string): JobInfo {
    return infoOf(this.#job(id));
  }

  async start(request: JobRequest): Promise<JobInfo> {
    const { places, program, moreWords } = this.#options;
    const words = [...(await wordsOf(request, places)), ...(await moreWords(request.kind))];
    const started = new Date().toISOString();
    const id = `${started.replace(/\D/g, '').slice(0, 14)}-${randomUUID().slice(0, 8)}`;
    const folder = places.own('jobs', id);
    await mkdir(folder, { recursive: true });
    const [out, notes] = [openSync(join(folder, 'events.ndjson'), 'a'), openSync(join(folder, 'notes.log'), 'a')];
    const pid = await startProcess([...program, ...words], { cwd: places.root, out, notes, folder }).finally(() => {
      closeSync(out);
      closeSync(notes);
    });
    const process = await processNamed(pid);
    await replaceFile(join(folder, 'job.json'), [new TextEncoder().encode(JSON.stringify({ request, process, started }))]);
    const job: Job = {
      id,
      folder,
      request,
      process,
      started,
      told: nothingTold,
      state: 'running',
      ended: null,
      restarts: false,
      read: 0,
      rest: '',
      late: false,
      shown: '',
    };
    this.#jobs.set(id, job);
    this.#show(job);
    this.#watch();
    await this.#forget();
    return infoOf(job);
  }

  /** The same request again; a training with the options that it had in the end. */
  async resume(id: string): Promise<JobInfo> {
    const { request, state, told } = this.#job(id);
    if (isAlive(state)) throw new OptionError('this job is still running', { next: 'stop it first' });
    const isTraining = request.kind === 'train';
    const again = await this.start(
      isTraining ? await resumedTraining(this.#options.places, request, told.training?.saved != null) : request,
    );
    await this.remove(id);
    return again;
  }

  /** @throws OptionError if the job has ended. */
  async order(id: string, order: JobOrder): Promise<JobInfo> {
    const job = await this.#running(id);
    if (['save', 'backup', 'preview'].includes(order) && job.request.kind !== 'train')
      throw new OptionError(`${order} is for training`, { found: `a job of kind ${job.request.kind}` });
    if (order === 'kill') process.kill(job.process.pid, 'SIGKILL');
    else await appendFile(join(job.folder, 'orders'), `${order}\n`);
    if (order === 'stop') job.state = 'stopping';
    this.#show(job);
    return infoOf(job);
  }

  /** Changes options of a running training, those that need no new start. They are checked there again. @throws OptionError if it has ended. */
  async change(id: string, options: Readonly<Record<string, unknown>>): Promise<void> {
    const line = JSON.stringify(options);
    if (line.length > MAX_CHANGE) throw new OptionError('too many options at once');
    const job = await this.#running(id);
    await appendFile(join(job.folder, 'orders'), `set ${line}\n`);
  }

  /**
   * Stops a job, and starts another when it has ended: also if another server watches by then.
   *
   * @throws OptionError if it has ended, or the other could not be started.
   */
  async restart(id: string, next: JobRequest): Promise<JobInfo> {
    await wordsOf(next, this.#options.places);
    const job = await this.#running(id);
    await replaceFile(join(job.folder, 'next.json'), [new TextEncoder().encode(JSON.stringify(next))]);
    job.restarts = true;
    return await this.order(id, 'stop');
  }

  async #running(id: string): Promise<Job> {
    const job = this.#job(id);
    await this.#look();
    if (!isAlive(job.state)) throw new OptionError('this job has ended', { found: job.state });
    return job;
  }

  /** Starts what is to follow a job that ended as asked; after a failure, somebody has to look first. */
  async #startNext(job: Job): Promise<void> {
    if (!job.restarts) return;
    job.restarts = false;
    const text = await readFile(join(job.folder, 'next.json'), 'utf8').catch(() => 'null');
    await rm(join(job.folder, 'next.json'), { force: true });
    if (job.state !== 'stopped' && job.state !== 'done') return;
    try {
      await this.start(jobRequest.read(JSON.parse(text), 'request'));
    } catch (error) {
      if (!(error instanceof LiaeError)) throw error;
      job.told = { ...job.told, note: error.report() };
    }
  }

  /** Forgets a job that has ended. */
  async remove(id: string): Promise<void> {
    const job = this.#job(id);
    if (isAlive(job.state)) throw new OptionError('this job is still running', { next: 'stop it first' });
    this.#jobs.delete(id);
    await rm(job.folder, { recursive: true, force: true });
    this.#options.onGone(id);
  }

  /** The end of what it wrote for people. */
  async log(id: string): Promise<string> {
    return await tailOf(join(this.#job(id).folder, 'notes.log'), NOTE_BYTES);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new MissingJob(`${id.slice(0, 80)}: there is no such job`);
    return job;
  }

  #watch(): void {
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const job of this.#jobs.values()) if (isAlive(job.state)) await this.#lookAt(job);
    } finally {
      this.#looking = false;
    }
    const alive = [...this.#jobs.values()].some(({ state }) => isAlive(state));
    if (alive) this.#watch();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  async #lookAt(job: Job): Promise<void> {
    const running = await isRunning(job.process); // asked before reading, so that its last words are read
    await readEvents(job);
    if (!running) {
      const code = await readFile(join(job.folder, 'exit'), 'utf8').catch(() => undefined);
      job.ended = await endOf(job);
      job.state = code === undefined ? 'interrupted' : stateAfter(Number(code), job);
      if (job.state === 'failed' || job.state === 'stopped') {
        const last = (await tailOf(join(job.folder, 'notes.log'), 4000)).trim();
        if (job.state === 'failed' && last !== '') job.told = { ...job.told, note: lastMessage(last) };
      }
    }
    if (!running) await this.#startNext(job);
    this.#show(job);
    if (!running) this.#options.onEnd(infoOf(job));
  }

  #show(job: Job): void {
    const info = infoOf(job);
    const text = JSON.stringify(info);
    if (text === job.shown) return;
    job.shown = text;
    this.#options.onChange(info);
  }

  async #forget(): Promise<void> {
    const ended = this.list().filter(({ state }) => !isAlive(state));
    for (const { id } of ended.slice(MAX_KEPT)) await this.remove(id);
  }
}

export const isAlive = (state: JobInfo['state']): boolean => state === 'running' || state === 'stopping';

function stateAfter(code: number, { state, told }: Job): JobInfo['state'] {
  if (code === 130 || (code === 0 && told.reason === 'stopped')) return 'stopped';
  if (code === 0) return 'done';
  return state === 'stopping' && code > 128 ? 'stopped' : 'failed';
}

const infoOf = ({ id, request, state, started, ended, restarts, process, told: { progress, training, note, made } }: Job): JobInfo => ({
  ...{ id, request, state, started, ended, training, note, restarts },
  pace: state === 'done' && ended !== null && process.host === hostname() ? paceOf(made, Date.parse(ended) - Date.parse(started)) : null,
  progress: progress === null || isAlive(state) ? progress : { ...progress, perSecond: null, secondsLeft: null },
});

/** Of fewer frames, most of the time is that of the start. */
const FEWEST_PACED = 24;
const paceOf = (frames: number | null, ms: number): number | null =>
  frames !== null && frames >= FEWEST_PACED && ms > 0 ? (frames / ms) * 1000 : null;

interface Start {
  readonly cwd: string;
  readonly out: number;
  readonly notes: number;
  /** For its orders and its exit code. */
  readonly folder: string;
}

/** In a group of its own, so that neither the end of the server nor a Ctrl-C in its terminal reaches it. */
function startProcess([command, ...args]: readonly string[], { cwd, out, notes, folder }: Start): Promise<number> {
  return new Promise((resolve, reject) => {
    const own = { LIAE_EXIT_FILE: join(folder, 'exit'), LIAE_ORDERS: join(folder, 'orders'), LIAE_EVENTS: join(folder, 'events.ndjson') };
    const env = { ...process.env, ...own };
    const options = { cwd, detached: true, windowsHide: true, env };
    const child = spawn(command!, args, { ...options, stdio: ['ignore', out, notes] });
    child.once('error', (cause) => reject(new ResourceError('the job cannot be started', { found: cause.message, cause })));
    child.once('spawn', () => {
      child.unref();
      resolve(child.pid!);
    });
  });
}

async function restored(folder: string, id: string): Promise<Job | undefined> {
  try {
    const job = jobOf(await readFile(join(folder, 'job.json'), 'utf8'));
    if (job === undefined) return undefined;
    const { size } = await stat(join(folder, 'events.ndjson'));
    const read = Math.max(0, size - TAIL_BYTES);
    const isStopping = (await tailOf(join(folder, 'orders'), TAIL_BYTES)).split('\n').includes('stop');
    return {
      ...{ id, folder, ...job, told: nothingTold },
      restarts: (await stat(join(folder, 'next.json')).catch(() => undefined)) !== undefined,
      ...{ state: isStopping ? 'stopping' : 'running', ended: null, read, rest: '', late: true, shown: '' },
    };
  } catch {
    return undefined; // cut off by a crash before it began, or of another version: nothing that could be shown
  }
}

/**
 * What a job's file says of it; undefined if it was cut off. A number that names no single process would send a signal to many of them.
 *
 * @throws SyntaxError, OptionError
 */
export function jobOf(text: string): Pick<Job, 'request' | 'process' | 'started'> | undefined {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { request, process, started } = parsed as Record<string, unknown>;
  if (typeof started !== 'string' || typeof process !== 'object' || process === null) return undefined;
  const { pid, host, started: since } = process as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1 || typeof host !== 'string') return undefined;
  return {
    request: jobRequest.read(request, 'request'),
    process: { pid, host, started: typeof since === 'string' ? since : undefined },
    started,
  };
}

/** Reads what has been added to the events. */
async function readEvents(job: Job): Promise<void> {
  await using file = await open(join(job.folder, 'events.ndjson'), 'r').catch(() => undefined);
  if (file === undefined) return;
  const { size } = await file.stat();
  if (size < job.read) [job.read, job.rest] = [0, '']; // a long training has begun its file anew, with all that one has to know
  const piece = Buffer.alloc(Math.min(TAIL_BYTES, Math.max(0, size - job.read)));
  while (job.read < size) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, size - job.read), job.read);
    if (bytesRead === 0) break;
    job.read += bytesRead;
    const lines = (job.rest + piece.toString('latin1', 0, bytesRead)).split('\n');
    job.rest = lines.pop()!.slice(-MAX_LINE);
    const now = performance.now();
    for (const line of lines) job.told = tell(job.told, eventOf(line), now);
  }
  if (job.late) job.told = fromNow(job.told, performance.now());
  job.late = false;
}

function eventOf(latin: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(latin, 'latin1').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // the middle of a line, where reading began
  }
}

async function tailOf(path: string, bytes: number): Promise<string> {
  await using file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  const { size } = await file.stat();
  const piece = Buffer.alloc(Math.min(bytes, size));
  const { bytesRead } = await file.read(piece, 0, piece.length, size - piece.length);
  return piece.toString('utf8', 0, bytesRead);
}

/** When it last said something, which for a job of an earlier server is as near as one can come. */
async function endOf({ folder }: Job): Promise<string> {
  const times = await Promise.all(
    ['events.ndjson', 'notes.log', 'exit'].map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0),
  );
  return new Date(Math.max(...times)).toISOString();
}

/** The last message of a log: its last line that is not indented, with the lines under it. */
function lastMessage(log: string): string {
  const lines = log.split('\n');
  const at = lines.findLastIndex((line) => !line.startsWith(' '));
  return lines.slice(Math.max(0, at)).join('\n');
}
