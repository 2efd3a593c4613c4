/** The scene that the page looks at, in a process of its own: begun when it is first asked for, ended when another is, or when nobody asks for long. */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LiaeError, OptionError, ResourceError } from '../../base/index.ts';
import { errorFrom, type Failure } from '../../platform/node/workerPool.ts';
import type { PictureRequest, SceneInfo, SceneRequest } from '../protocol.ts';
import { stampOf } from './clips.ts';
import type { Bench, BenchPicture, PictureAsk } from './mergeBench.ts';
import type { BenchAsk } from './mergeOpening.ts';
import type { Places } from './places.ts';

export type BenchCall = { readonly number: number } & (
  | { readonly kind: 'open'; readonly ask: BenchAsk }
  | { readonly kind: 'facts' }
  | { readonly kind: 'picture'; readonly ask: PictureAsk }
  | { readonly kind: 'forget'; readonly other: number }
);

export type BenchReply = { readonly number: number } & ({ readonly result: unknown } | { readonly failure: Failure });

/** Unused for so long, a scene is closed; the next request opens it again. */
const IDLE_MS = 10 * 60_000;
/** Pictures that wait at the same time; more are refused. */
const MOST_WAITING = 16;

/** Opens a scene where it may crash. @param signal  ends it, also while it is opened. */
export async function processBench(ask: BenchAsk, signal: AbortSignal): Promise<Bench> {
  const bench = new ProcessBench();
  signal.addEventListener('abort', () => void bench[Symbol.asyncDispose](), { once: true });
  try {
    await bench.call({ kind: 'open', ask });
    return bench;
  } catch (error) {
    await bench[Symbol.asyncDispose]();
    throw error;
  }
}

type Asked = BenchCall extends infer C ? (C extends { readonly number: number } ? Omit<C, 'number'> : never) : never;

class ProcessBench implements Bench {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }>();
  #calls = 0;
  #ended: Error | undefined;

  constructor() {
    const script = fileURLToPath(new URL('./mergeBenchProcess.js', import.meta.url));
    this.#child = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    this.#child.on('message', (reply: BenchReply) => {
      const waiting = this.#waiting.get(reply.number);
      this.#waiting.delete(reply.number);
      if ('failure' in reply) waiting?.reject(errorFrom(reply.failure));
      else waiting?.resolve(reply.result);
    });
    this.#child.on('error', (cause) => this.#end(new ResourceError('pictures cannot be merged here', { found: cause.message, cause })));
    this.#child.on('exit', (code, signal) =>
      this.#end(
        new ResourceError('the process that merges pictures has ended', {
          found: signal === null ? `exit code ${code}` : `signal ${signal}`,
          next: 'it is started again with the next picture; with too little memory, close other programs',
        }),
      ),
    );
  }

  call(asked: Asked, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const number = this.#calls++;
      const forget = (): void => void this.#child.send({ kind: 'forget', other: number, number: this.#calls++ } satisfies BenchCall);
      signal?.addEventListener('abort', forget, { once: true });
      const done = (): void => signal?.removeEventListener('abort', forget);
      this.#waiting.set(number, {
        resolve(result) {
          done();
          resolve(result);
        },
        reject(error) {
          done();
          reject(error);
        },
      });
      this.#child.send({ ...asked, number });
    });
  }

  async facts(): Promise<SceneInfo> {
    return (await this.call({ kind: 'facts' })) as SceneInfo; // of our own process
  }

  async picture(ask: PictureAsk, signal?: AbortSignal): Promise<BenchPicture> {
    if (this.#waiting.size >= MOST_WAITING)
      throw new ResourceError('too many pictures are asked for at the same time', { next: 'wait for some' });
    return (await this.call({ kind: 'picture', ask }, signal)) as BenchPicture;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new LiaeError('the scene was closed'));
    this.#child.kill('SIGKILL'); // it holds nothing that is not kept elsewhere
  }
}

interface Held {
  readonly id: string;
  readonly bench: Promise<Bench>;
  readonly end: AbortController;
}

export type OpenBench = (ask: BenchAsk, signal: AbortSignal) => Promise<Bench>;

/** One scene at a time. */
export class Benches implements AsyncDisposable {
  readonly #open: OpenBench;
  /** Of clips that were looked through, by path and stamp: another model does not change them. */
  readonly #cuts = new Map<string, readonly number[]>();
  #held: Held | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(open: OpenBench) {
    this.#open = open;
  }

  /** What is known of a scene, which is opened if another one, or none, is. */
  async scene(places: Places, request: SceneRequest): Promise<SceneInfo> {
    const ask = await resolvedScene(places, request);
    const clip = `${ask.clip}\0${await stampOf(ask.clip)}`;
    this.#rest();
    const { bench } = await this.#inTurn(async () => {
      if (this.#held?.id === ask.id) return this.#held;
      await this.#end();
      const end = new AbortController();
      const opened = this.#open({ ...ask, cuts: this.#cuts.get(clip) }, end.signal);
      const held = { id: ask.id, bench: opened, end };
      this.#held = held;
      opened.catch(() => {
        if (this.#held === held) this.#held = undefined;
      });
      return held;
    });
    const facts = await (await bench).facts().catch((error: unknown) => this.#forget(bench, error));
    if (facts.cuts !== null) this.#cuts.set(clip, facts.cuts);
    return facts;
  }

  /** @throws OptionError unless this scene is open. */
  async picture({ scene, ...ask }: PictureRequest, signal: AbortSignal): Promise<BenchPicture> {
    const held = this.#held;
    if (held?.id !== scene) throw new ClosedScene('this scene is closed', { next: 'open it again' });
    this.#rest();
    return await (await held.bench).picture(ask, signal).catch((error: unknown) => this.#forget(held.bench, error));
  }

  /** A process that is gone is not asked again. */
  #forget(bench: Promise<Bench>, error: unknown): never {
    if (error instanceof ResourceError && this.#held?.bench === bench) this.#held = undefined;
    throw error;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#inTurn(() => this.#end());
  }

  /** One that is still being opened is ended too. */
  async #end(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    held?.end.abort();
    await (await held?.bench.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Asked for a picture of a scene that is not open. */
export class ClosedScene extends OptionError {}

/** Absolute paths, and an id that changes when what they lead to does. */
async function resolvedScene(places: Places, request: SceneRequest): Promise<BenchAsk> {
  const [model, faces, clip] = [await places.at(request.model), await places.at(request.faces), await places.at(request.clip)];
  for (const [path, shown] of [
    [model, request.model],
    [faces, request.faces],
    [clip, request.clip],
  ] as const)
    if ((await stat(path).catch(() => undefined)) === undefined) throw new OptionError(`${shown}: there is no such place`);
  const networks = {
    ...(request.xseg && { xseg: { ...request.xseg, path: await places.at(request.xseg.path) } }),
    ...(request.enhancer && { enhancer: { ...request.enhancer, path: await places.at(request.enhancer.path) } }),
  };
  const save = await readFile(join(model, 'current'), 'utf8').catch(() => '');
  const stamps = [save.slice(0, 200), await stampOf(faces), await stampOf(clip)];
  const id = createHash('sha256')
    .update(JSON.stringify([places.root, request, stamps]))
    .digest('hex')
    .slice(0, 24);
  return { ...request, ...networks, model, faces, clip, id };
}
