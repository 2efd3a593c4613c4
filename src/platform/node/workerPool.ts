/**
 * Worker threads that answer requests: who is asked, which answer belongs to what, failures and the end, the same for all who have such threads.
 * What a worker does is its script's business, which calls `serve`.
 */
import { parentPort, type TransferListItem, Worker } from 'node:worker_threads';
import { FormatError, LiaeError, OptionError, ResourceError, ShapeError } from '../../base/index.ts';

/** An error on its way between threads. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: Readonly<Record<string, string>>;
}

/** An error as it can be posted. */
export function failureFrom(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, details: {} };
  const details = error instanceof LiaeError ? Object.entries(error.details).filter((entry) => typeof entry[1] === 'string') : [];
  return { name: error.name, message: error.message, stack: error.stack, details: Object.fromEntries(details) };
}

/** The error that was posted: one of the user's keeps its kind, any other its stack. */
export function errorFrom({ name, message, stack, details }: Failure): Error {
  for (const Kind of [FormatError, OptionError, ShapeError, ResourceError, LiaeError]) {
    if (name === Kind.name) return new Kind(message, details);
  }
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What goes to a worker: a request with its number, or a note, which is not answered. */
type Sent = { readonly call: number; readonly request: unknown } | { readonly note: unknown };
/** What comes back. */
type Reply =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly failure: Failure }
  | { readonly note: unknown };

export interface PoolOptions<Note> {
  /** The script of the workers. */
  readonly url: URL;
  readonly count: number;
  /** What a worker does, to be said when it ends by itself: 'edits faces'. */
  readonly does: string;
  /** Given to each worker at its start, as its `workerData`. */
  readonly data?: unknown;
  /** Memory of the data that is handed over, to a pool of one worker. */
  readonly transfer?: readonly TransferListItem[] | undefined;
  /** Told of what a worker says unasked. */
  readonly onNote?: ((note: Note, worker: number) => void) | undefined;
  /** Whether the end waits for what was asked: ONNX Runtime, ended amid a run, takes the whole process with it. */
  readonly finish?: boolean | undefined;
}

interface Waiting<Result> {
  readonly worker: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Owns its threads. If one of them fails, so does all that is asked then and afterwards. */
export class WorkerPool<Request, Result, Note = never> implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  /** Requests of each worker that are not answered. */
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting<Result>>();
  readonly #finish: boolean;
  readonly #does: string;
  #calls = 0;
  #failed: unknown;
  #idle: () => void = () => {};

  constructor({ url, count, does, data, transfer, onNote, finish = false }: PoolOptions<Note>) {
    this.#finish = finish;
    this.#does = does;
    this.#load = new Array<number>(count).fill(0);
    this.#workers = this.#load.map((_, i) => {
      const worker = new Worker(url, { workerData: data, ...(transfer && { transferList: [...transfer] }) });
      worker.on('message', (reply: Reply) => {
        if ('note' in reply) onNote?.(reply.note as Note, i);
        else this.#receive(reply);
      });
      worker.on('error', (error) => this.#fail(error));
      worker.on('exit', () => this.#fail(new Error(`a worker that ${does} ended by itself`)));
      return worker;
    });
  }

  get size(): number {
    return this.#workers.length;
  }

  /** @param worker  who is asked; whoever has least to do, if left out. */
  ask(
    request: Request,
    { worker = this.#leastLoaded(), transfer = [] }: { worker?: number; transfer?: readonly TransferListItem[] } = {},
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      const call = this.#calls++;
      this.#load[worker]!++;
      this.#waiting.set(call, { worker, resolve, reject });
      this.#workers[worker]!.postMessage({ call, request } satisfies Sent, transfer);
    });
  }

  /** Says something that is not answered. */
  tell(worker: number, note: unknown, transfer: readonly TransferListItem[] = []): void {
    this.#workers[worker]!.postMessage({ note } satisfies Sent, transfer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finish && this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    for (const worker of this.#workers) worker.removeAllListeners('exit');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#fail(new Error(`the worker that ${this.#does} was ended`));
  }

  #leastLoaded(): number {
    return this.#load.indexOf(Math.min(...this.#load));
  }

  #receive(reply: Exclude<Reply, { note: unknown }>): void {
    const waiting = this.#waiting.get(reply.call);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.call);
    this.#load[waiting.worker]!--;
    if ('failure' in reply) waiting.reject(errorFrom(reply.failure));
    else waiting.resolve(reply.result as Result);
    if (this.#waiting.size === 0) this.#idle();
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
    this.#idle();
  }
}

export interface Service<Request, Result> {
  readonly answer: (request: Request) => Promise<Result>;
  /** Memory of a result that is handed over without a copy. */
  readonly transfer?: ((result: Result) => readonly TransferListItem[]) | undefined;
  readonly onNote?: ((note: unknown) => void) | undefined;
}

/** The other side, in the worker. @returns what says something unasked to the pool. */
export function serve<Request, Result>({
  answer,
  transfer = () => [],
  onNote,
}: Service<Request, Result>): (note: unknown, transfer?: readonly TransferListItem[]) => void {
  const port = parentPort;
  if (port === null) throw new Error('this is the script of a worker thread');
  const post = (reply: Reply, list: readonly TransferListItem[] = []): void => port.postMessage(reply, list);
  port.on('message', (sent: Sent) => {
    if ('note' in sent) {
      onNote?.(sent.note);
      return;
    }
    const { call, request } = sent;
    answer(request as Request).then(
      (result) => post({ call, result }, transfer(result)),
      (error: unknown) => post({ call, failure: failureFrom(error) }),
    );
  });
  return (note, list) => post({ note }, list);
}
